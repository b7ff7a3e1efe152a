// Reference reductions of bags of a table's rows.
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

export const [SUM, MEAN, MAX] = [0, 1, 2];
/** The row number of each index, where bags begin, and where the last one ends. */
export interface Bags {
  readonly rows: Float64Array;
  readonly starts: Float64Array;
  readonly end: number;
}
interface Results {
  readonly output: Tensor;
  readonly offset2bag: Tensor;
  readonly bagSize: Tensor;
  readonly maxima: Tensor;
}
/** Reduces each bag; rows of number `padding` do not count. An empty bag gives zeros. */
export function bagsInto(
  out: Results,
  weight: Tensor,
  { rows, starts, end }: Bags,
  mode: number,
  each: Tensor | null,
  padding: number,
): void {
  const table = reals(weight);
  const width = weight.layout.shape[1]!;
  const scale = each && reals(each);
  const r = new Float64Array(starts.length * width);
  const bagOf = new Float64Array(rows.length);
  const sizes = new Float64Array(starts.length);
  const largest = new Float64Array(starts.length * width);
  for (let bag = 0; bag < starts.length; bag++) {
    const stop = bag + 1 < starts.length ? starts[bag + 1]! : end;
    for (let i = starts[bag]!; i < stop; i++) {
      const row = rows[i]!;
      bagOf[i] = bag;
      if (row === padding) continue;
      const first = sizes[bag]!++ === 0;
      const by = scale ? scale[i]! : 1;
      for (let k = 0; k < width; k++) {
        const o = bag * width + k;
        const x = table[row * width + k]!;
        if (mode !== MAX) r[o]! += x * by;
        else if (first || x > r[o]!) {
          r[o] = x;
          largest[o] = row;
        }
      }
    }
    if (mode === MEAN && sizes[bag]! > 0) for (let k = 0; k < width; k++) r[bag * width + k]! /= sizes[bag]!;
  }
  store(out.output, r);
  store(out.offset2bag, bagOf);
  store(out.bagSize, sizes);
  store(out.maxima, mode === MAX ? largest : sizes);
}
