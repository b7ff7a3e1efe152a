// The engine's compiled kernels for bytes of images; false where the engine has none and TypeScript does the work.
import * as d from '../../backend/compiled/descriptor.ts';
import { tensorOf } from '../../backend/reference/arrays.ts';
import { float32, int32, uint8 } from '../../core/dtype.ts';

/** Weighted sums along the middle one of three dimensions, (outer, n, inner) → (outer, count.length, inner); see resample.ts. */
export function resampleNative(
  x: ArrayBufferView,
  out: ArrayBufferView,
  first: Int32Array,
  count: Int32Array,
  weight: Int32Array,
  n: number,
  inner: number,
): boolean {
  const id = d.kernelId('resample_bytes');
  if (id < 0) return false;
  const [from, to] = [x as Uint8Array, out as Uint8Array];
  const result = tensorOf(to, [to.length], uint8);
  d.begin();
  d.tensor(tensorOf(from, [from.length], uint8));
  d.result(result);
  for (const a of [first, count, weight]) d.tensor(tensorOf(a, [a.length], int32));
  d.list([n, inner]);
  return d.run(id, [result]);
}
/** Bytes of pixels of several bands as planes of numbers of 0 to 1. */
export function unitPlanesNative(x: ArrayBufferView, out: Float32Array, bands: number): boolean {
  const id = d.kernelId('unit_planes');
  if (id < 0) return false;
  const from = x as Uint8Array;
  const result = tensorOf(out, [out.length], float32);
  d.begin();
  d.tensor(tensorOf(from, [from.length], uint8));
  d.result(result);
  d.list([bands]);
  return d.run(id, [result]);
}
