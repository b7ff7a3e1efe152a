// Every function and class against the stored results of torchvision and Pillow.
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { datasets, Image, ops, transforms, utils } from '../../src/vision/index.ts';
import { type Case, cases, data, expectSame, restored } from './cases.ts';

type Callable = (...args: unknown[]) => unknown;
type Constructor = new (args: unknown) => Callable;
const named = (space: object, name: string): unknown => (space as Record<string, unknown>)[name];

/** Sampling at the points of a grid: an ulp of a point, in units of half the picture, is many ulps of a pixel where the picture is steep. */
const toleranceOf = (c: Case): { most: number; part: number } | undefined =>
  /rotat|affine|perspective|elastic/i.test(c.name) && c.id.includes('float') ? { most: 1e-5, part: 1 } : undefined;

describe('transforms.functional', () => {
  it.each(cases('functional').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
    const f = named(transforms.functional, c.name) as Callable;
    expectSame(f(restored(c.input), ...(restored(c.args) as unknown[])), c.output, toleranceOf(c));
  });
});
describe('transforms', () => {
  it.each(cases('class').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
    const t = new (named(transforms, c.name) as Constructor)(restored(c.args));
    torch.manual_seed(c.seed);
    expectSame(t(restored(c.input)), c.output, toleranceOf(c));
    expect(torch.rand(1).item()).toBe(c.after);
    expect(String(t)).toBe(c.repr);
  });
  it.each(cases('compose').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
    const flips = [new transforms.RandomHorizontalFlip(1), new transforms.RandomVerticalFlip(1)];
    const made: Record<string, () => Callable> = {
      notes: () =>
        new transforms.Compose([
          new transforms.RandomApply([new transforms.RandomVerticalFlip(), new transforms.RandomRotation(10)], { p: 0.6 }),
          new transforms.RandomHorizontalFlip(),
          new transforms.ToTensor(),
        ]) as Callable,
      RandomChoice: () => new transforms.RandomChoice([...flips, new transforms.Resize([10, 12])], [0.2, 0.5, 0.3]) as Callable,
      RandomOrder: () => new transforms.RandomOrder([...flips, new transforms.RandomCrop(20)]) as Callable,
    };
    const t = made[c.name]!();
    torch.manual_seed(c.seed);
    expectSame(t(restored(c.input)), c.output);
    if (c.repr !== null) expect(String(t)).toBe(c.repr);
  });
});
describe('Image', () => {
  it.each(cases('pillow').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
    const image = restored(c.input) as Image;
    const args = restored(c.args) as unknown[];
    const given = c.name === 'rotate' ? [args[0], { resample: args[1], expand: args[2] }] : args;
    expectSame((named(image, c.name) as Callable).apply(image, given), c.output);
  });
  it.each(cases('file').map((c): [string, Case] => [c.id, c]))('%s', async (_, c) => {
    const path = data(`files/${c.name}`);
    const later = await Image.open_async(path);
    expectSame(later, c.output);
    if (c.format === 'GIF') return;
    const now = Image.open(path);
    expect(now.format).toBe(c.format);
    expectSame(now, c.output);
  });
});
describe('ops', () => {
  it.each(cases('ops').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
    expectSame((named(ops, c.name) as Callable)(...(restored(c.args) as unknown[])), c.output);
  });
  it('roi_align hands gradients to the input', () => {
    const [c] = cases('gradient');
    const [x, rois, ...rest] = restored(c!.args) as [torch.Tensor, torch.Tensor, number, number, number, boolean];
    const input = x.clone().requires_grad_();
    const out = ops.roi_align(input, rois, ...rest);
    out.mul(torch.arange(out.numel()).view_as(out)).div(100).sum().backward();
    expectSame(input.grad, c!.output, { most: 1e-5, part: 1 });
  });
});
describe('utils', () => {
  it.each(cases('utils').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
    expectSame((named(utils, c.name) as Callable)(restored(c.input), restored(c.args)), c.output);
  });
  it.each(cases('draw').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
    expectSame((named(utils, c.name) as Callable)(...(restored(c.args) as unknown[])), c.output);
  });
});
it.each(cases('fake').map((c): [string, Case] => [c.id, c]))('%s', (_, c) => {
  torch.manual_seed(11);
  const before = torch.get_rng_state().tolist();
  const [picture, target] = new datasets.FakeData(5, [3, 6, 7], 4, { random_offset: 2 }).get(c.index);
  expectSame(picture, c.output);
  expect(target).toBe(c.target);
  expect(torch.get_rng_state().tolist()).toEqual(before);
});
