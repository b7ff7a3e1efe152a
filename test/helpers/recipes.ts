// Tensors by recipe, for properties: any shape, layout and dtype, made anew on every backend.
import fc from 'fast-check';
import { expect } from 'vitest';
import * as torch from '../../src/index.ts';
import { type BACKENDS, useBackend } from './backends.ts';

type Tensor = torch.Tensor;
type Backend = (typeof BACKENDS)[number];
const { float32, float64, float16, bfloat16, int64, int32, uint8, bool } = torch;
export const DTYPES = [float32, float64, float16, bfloat16, int64, int32, uint8, bool];
export const FLOATS = [float32, float64];

/** How often a property is tried. */
export const RUNS = Number(process.env.FLAMBEAU_PROPERTY_RUNS ?? 24);

export interface Recipe {
  readonly shape: readonly number[];
  readonly dtype: torch.DType;
  readonly layout: 'dense' | 'transposed' | 'stepped' | 'flipped' | 'expanded' | 'offset';
  readonly seed: number;
  /** With NaN, infinities and both zeros. */
  readonly special: boolean;
}
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];

export function make({ shape, dtype, layout, seed, special }: Recipe): Tensor {
  const fill = (s: readonly number[]): Tensor => {
    const n = s.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: n }, (_, i) => {
      const k = (i * 7919 + seed * 104729) % 1009;
      return special && dtype.is_floating_point && k % 11 === 0
        ? SPECIAL[k % 5]!
        : dtype === uint8 || dtype === bool
          ? k % 7
          : (k - 500) / (dtype.is_floating_point ? 64 : 1);
    });
    return torch
      .tensor(values, { dtype: dtype.is_floating_point ? float64 : int64 })
      .reshape(s)
      .to(dtype);
  };
  switch (layout) {
    case 'dense':
      return fill(shape);
    case 'transposed':
      return fill([...shape].reverse()).permute([...shape.keys()].reverse());
    case 'stepped':
      return fill([...shape, 2]).select(-1, 1);
    case 'flipped':
      return shape.length === 0 ? fill(shape) : fill(shape).flip([0]);
    case 'expanded':
      return shape.length === 0 ? fill(shape) : fill([1, ...shape.slice(1)]).expand(shape);
    case 'offset':
      return fill([3, ...shape]).select(0, 2);
  }
}
export const dims = fc
  .array(fc.constantFrom<number[]>(0, 1, 2, 3, 5, 8, 17, 33), { minLength: 0, maxLength: 4 })
  .filter((s) => s.reduce((a, b) => a * b, 1) <= 3000);
const layout = fc.constantFrom('dense', 'transposed', 'stepped', 'flipped', 'expanded', 'offset');
export const recipe = (shape: fc.Arbitrary<readonly number[]>, dtypes: readonly torch.DType[]): fc.Arbitrary<Recipe> =>
  fc.record({ shape, dtype: fc.constantFrom(...dtypes), layout, seed: fc.nat(1000), special: fc.boolean() });
/** Finite numbers in a shape that is known. */
export const finite = (shape: readonly number[], ...dtypes: readonly torch.DType[]): fc.Arbitrary<Recipe> =>
  recipe(fc.constant(shape), dtypes).map((r) => ({ ...r, special: false }));
/** A shape that broadcasts with another one. */
export const partner = (shape: readonly number[]): fc.Arbitrary<readonly number[]> =>
  fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
    .map(([drop, ones]) => shape.map((n, i) => (ones[i] ? 1 : n)).slice(drop));

const close = (a: Tensor, b: Tensor): boolean => {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  if (!a.dtype.is_floating_point) return torch.equal(a, b);
  const [rtol, atol] = a.dtype === float64 ? [1e-11, 1e-11] : a.dtype === float32 ? [2e-5, 2e-5] : [2e-2, 2e-2];
  return torch.allclose(a.to(float64), b.to(float64), { rtol, atol, equal_nan: true });
};
/** The reference's answer, then that of the backend; an error must have the same words. */
export function agree(backend: Backend, run: () => Tensor | readonly Tensor[]): void {
  const answer = (name: Backend): { values: readonly Tensor[]; error: string } => {
    useBackend(name);
    try {
      const r = run();
      return { values: r instanceof torch.Tensor ? [r] : [...r], error: '' };
    } catch (e) {
      return { values: [], error: (e as Error).message };
    }
  };
  const wanted = answer('reference');
  const got = answer(backend);
  expect(got.error).toBe(wanted.error);
  expect(got.values.length).toBe(wanted.values.length);
  got.values.forEach((v, i) => {
    const w = wanted.values[i]!;
    if (!close(v, w)) expect.fail(`${backend} gives ${v}, the reference ${w} (result ${i})`);
  });
}
/** A function's results, then the gradients of all that may have one. */
export function withGradients(inputs: readonly (Tensor | null)[], f: (...inputs: Tensor[]) => Tensor | readonly Tensor[]): Tensor[] {
  const leaves = inputs.map((x) => (x?.dtype.is_floating_point ? x.detach().requires_grad_() : x));
  const r = f(...(leaves as Tensor[]));
  const results = r instanceof torch.Tensor ? [r] : [...r];
  const total = results
    .filter((y) => y.requires_grad)
    // Another weight for every element, in another layout than the result's.
    .map((y) =>
      torch
        .arange(y.numel(), { dtype: y.dtype })
        .remainder(7)
        .sub(2.5)
        .reshape([...y.shape].reverse())
        .permute([...y.shape.keys()].reverse())
        .mul(y)
        .sum(),
    )
    .reduce((a, b) => a.add(b));
  const gradients = torch.autograd.grad(total, leaves.filter((x) => x?.requires_grad) as Tensor[], {
    allow_unused: true,
    materialize_grads: true,
  }) as Tensor[];
  return [...results.map((y) => y.detach()), ...gradients];
}
