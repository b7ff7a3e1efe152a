// Images as tensors of planes (C, H, W).
import { tensorOf } from '../../backend/reference/arrays.ts';
import { bool, type DType, float32, int16, int32, uint8, uint16 } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { unitPlanesNative } from '../image/native.ts';
import { bandCount, type Raster, uninitialized } from '../image/raster.ts';

/** The bands of a pixel beside each other → planes after one another, each value looked up where there is a table. */
function separate<A extends Raster['data']>(from: Raster['data'], to: A, bands: number, table: ArrayLike<number> | null): A {
  const n = to.length / bands;
  if (bands === 3) {
    const [green, blue] = [n, 2 * n];
    if (table) {
      for (let i = 0, j = 0; i < n; i++, j += 3) {
        to[i] = table[from[j]!]!;
        to[green + i] = table[from[j + 1]!]!;
        to[blue + i] = table[from[j + 2]!]!;
      }
    } else {
      for (let i = 0, j = 0; i < n; i++, j += 3) {
        to[i] = from[j]!;
        to[green + i] = from[j + 1]!;
        to[blue + i] = from[j + 2]!;
      }
    }
    return to;
  }
  for (let b = 0; b < bands; b++) for (let i = 0; i < n; i++) to[b * n + i] = table ? table[from[i * bands + b]!]! : from[i * bands + b]!;
  return to;
}
const shapeOf = (r: Raster): number[] => [bandCount(r.mode), r.height, r.width];
const UNIT = Float32Array.from({ length: 256 }, (_, i) => i / 255);

/** Bytes as numbers of 0 to 1. */
export function unitPlanes(r: Raster): Tensor {
  const data = new Float32Array(uninitialized(4 * r.data.length));
  if (!unitPlanesNative(r.data, data, bandCount(r.mode))) separate(r.data, data, bandCount(r.mode), UNIT);
  return tensorOf(data, shapeOf(r), float32);
}
/** The samples as they are; bilevel images as booleans. */
export function planes(r: Raster, signed = false): Tensor {
  if (r.mode === '1')
    return tensorOf(
      (r.data as Uint8Array).map((v) => (v ? 1 : 0)),
      shapeOf(r),
      bool,
    );
  const dtypes: readonly (readonly [Function, DType])[] = [
    [Uint8Array, uint8],
    [Uint16Array, uint16],
    [Int32Array, int32],
    [Float32Array, float32],
  ];
  const dtype = dtypes.find(([type]) => r.data instanceof type)![1];
  const Type = r.data.constructor as new (n: number) => Raster['data'];
  const data = separate(r.data, new Type(r.data.length), bandCount(r.mode), null);
  if (signed && data instanceof Uint16Array) return tensorOf(new Int16Array(data.buffer), shapeOf(r), int16);
  return tensorOf(data, shapeOf(r), dtype);
}
