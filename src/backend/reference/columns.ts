// Sliding blocks of images as columns, and columns added up to images.
import { complex128, float64 } from '../../core/dtype.ts';
import { roundTo } from '../../core/sampling_elements.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, elements, raw, reals, store } from './arrays.ts';

type Ints = readonly number[];
export interface Blocks {
  readonly size: Ints;
  readonly kernel: Ints;
  readonly dilation: Ints;
  readonly padding: Ints;
  readonly stride: Ints;
}
/** How many blocks there are along each dimension. */
export const blockCounts = (b: Blocks): number[] =>
  b.size.map((s, d) => Math.floor((s + 2 * b.padding[d]! - b.dilation[d]! * (b.kernel[d]! - 1) - 1) / b.stride[d]!) + 1);

/** Calls f with the positions of every element of the columns that is not padding, and of its pixel. */
function eachPair(planes: number, b: Blocks, f: (column: number, pixel: number) => void): void {
  const [height, width] = b.size as [number, number];
  const [rows, columns] = blockCounts(b) as [number, number];
  let at = 0;
  for (let p = 0; p < planes; p++) {
    for (let ky = 0; ky < b.kernel[0]!; ky++) {
      for (let kx = 0; kx < b.kernel[1]!; kx++) {
        for (let oy = 0; oy < rows; oy++, at += columns) {
          const y = oy * b.stride[0]! - b.padding[0]! + ky * b.dilation[0]!;
          if (y < 0 || y >= height) continue;
          for (let ox = 0; ox < columns; ox++) {
            const x = ox * b.stride[1]! - b.padding[1]! + kx * b.dilation[1]!;
            if (x >= 0 && x < width) f(at + ox, (p * height + y) * width + x);
          }
        }
      }
    }
  }
}
export function columnsInto(out: Tensor, self: Tensor, planes: number, b: Blocks): void {
  const { data, unit } = raw(self);
  const r = elements(out);
  r.fill(0 as never);
  if (unit === 2) {
    eachPair(planes, b, (column, pixel) => {
      r[2 * column] = data[2 * pixel]!;
      r[2 * column + 1] = data[2 * pixel + 1]!;
    });
  } else {
    eachPair(planes, b, (column, pixel) => {
      r[column] = data[pixel]!;
    });
  }
}
export function imagesInto(out: Tensor, self: Tensor, planes: number, b: Blocks): void {
  const unit = self.dtype.is_complex ? 2 : 1;
  const x = unit === 2 ? complexes(self) : reals(self);
  const r = new Float64Array(out.layout.numel * unit);
  const round = (v: number): number => (self.dtype === float64 || self.dtype === complex128 ? v : roundTo(v, self.dtype));
  eachPair(planes, b, (column, pixel) => {
    for (let u = 0; u < unit; u++) r[unit * pixel + u] = round(r[unit * pixel + u]! + x[unit * column + u]!);
  });
  store(out, r);
}
