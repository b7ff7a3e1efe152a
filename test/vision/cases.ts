// The stored results of torchvision and Pillow: data/cases.json, written by tools/oracle/generate_vision.py.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import * as torch from '../../src/index.ts';
import { load_file } from '../../src/serialization/index.ts';
import { Image } from '../../src/vision/index.ts';

export const data = (name: string): string => fileURLToPath(new URL(`data/${name}`, import.meta.url));
export interface Case {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly args: unknown;
  readonly input: unknown;
  readonly output: unknown;
  readonly seed: number;
  readonly after: number;
  readonly repr: string | null;
  readonly format: string;
  readonly index: number;
  readonly target: number;
}
const all = (JSON.parse(readFileSync(data('cases.json'), 'utf8')) as { cases: Case[] }).cases;
const tensors = load_file(data('tensors.safetensors'));
export const cases = (kind: string): Case[] => all.filter((c) => c.kind === kind);

type Stored = { tensor?: string; image?: string; mode?: string; dtype?: string };
/** Tensors, images and dtypes of a stored value. */
export function restored(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(restored);
  if (typeof x !== 'object' || x === null) return x;
  const { tensor, image, mode, dtype } = x as Stored;
  if (tensor !== undefined) return tensors[tensor]!;
  if (image !== undefined) return imageOf(tensors[image]!, mode!);
  if (dtype !== undefined) return (torch as unknown as Record<string, torch.DType>)[dtype];
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, restored(v)]));
}
function imageOf(pixels: torch.Tensor, mode: string): Image {
  if (mode !== 'I;16') return Image.fromarray(pixels, mode as 'RGB');
  return Image.fromarray(pixels.to(torch.uint16), mode);
}

/** What may differ: the largest difference, and the part of the elements that may differ at all. */
export interface Tolerance {
  readonly most: number;
  readonly part: number;
}
const EXACT: Tolerance = { most: 0, part: 0 };
export const FLOATS: Tolerance = { most: 2e-6, part: 1 };
const numbers = (x: torch.Tensor): Float64Array => Float64Array.from(x.to(torch.float64).reshape(-1).tolist() as number[]);
/** Compares tensors, images and lists of them with stored ones: integers and images exactly, floats to rounding, unless told otherwise. */
export function expectSame(found: unknown, stored: unknown, tolerance?: Tolerance): void {
  if (Array.isArray(stored)) {
    expect(Array.isArray(found) && found.length).toBe(stored.length);
    for (const [i, s] of stored.entries()) expectSame((found as unknown[])[i], s, tolerance);
    return;
  }
  const { mode } = (stored ?? {}) as Stored;
  const expected = restored(stored);
  if (mode !== undefined) {
    const [a, b] = [found as Image, expected as Image];
    expect([a.mode, a.size]).toEqual([b.mode, b.size]);
    close(
      Float64Array.from(a.raster.data),
      Float64Array.from(b.raster.data),
      tolerance ?? (mode === 'F' ? { most: 1e-4, part: 1 } : EXACT),
    );
  } else if (expected instanceof torch.Tensor) {
    const t = found as torch.Tensor;
    expect([t.dtype, [...t.shape]]).toEqual([expected.dtype, [...expected.shape]]);
    close(numbers(t), numbers(expected), tolerance ?? (t.dtype.is_floating_point ? FLOATS : EXACT));
  } else expect(found).toEqual(expected);
}
function close(a: Float64Array, b: Float64Array, { most, part }: Tolerance): void {
  let [worst, differ] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    if (!(d === 0 || (Number.isNaN(a[i]!) && Number.isNaN(b[i]!)))) differ++;
    if (!(d <= worst) && !Number.isNaN(b[i]!)) worst = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }
  expect(a.length).toBe(b.length);
  const message = `${differ} of ${b.length} differ, by ${worst} at most`;
  expect(worst, message).toBeLessThanOrEqual(most);
  expect(differ / Math.max(b.length, 1), message).toBeLessThanOrEqual(part);
}
