// Padding with elements of the input by position, and its adjoint.
import type { Shape } from '../../core/size.ts';
import { emptyTensor, type Tensor } from '../../core/tensor.ts';
import { fill } from './fill.ts';
import { combine, type Places, pick } from './indexing.ts';

/** What stands around a tensor; the number is the one that operators and kernels take. */
export const EDGES = { reflect: 1, replicate: 2, circular: 3 } as const;
export type Edges = keyof typeof EDGES;
const SHOWN: Readonly<Record<number, (i: number, size: number) => number>> = {
  [EDGES.reflect]: (i, size) => (i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i),
  [EDGES.replicate]: (i, size) => Math.min(Math.max(i, 0), size - 1),
  [EDGES.circular]: (i, size) => ((i % size) + size) % size,
};
/** Padding is listed from the last dimension backwards: [before, after] of dimension `dim`. */
export function sides(pad: readonly number[], ndim: number, dim: number): readonly [number, number] {
  const at = 2 * (ndim - 1 - dim);
  return at < pad.length ? [pad[at]!, pad[at + 1]!] : [0, 0];
}
/** For every element of the padded tensor the place of the one that it shows. */
function shownPlaces(shape: Shape, pad: readonly number[], edges: number): Places {
  const shown = SHOWN[edges]!;
  return shape.reduce<Places>((places, size, d) => {
    const [before, after] = sides(pad, shape.length, d);
    const length = size + before + after;
    const r = new Int32Array(places.length * length);
    for (let k = 0; k < places.length; k++)
      for (let i = 0; i < length; i++) r[k * length + i] = places[k]! * size + shown(i - before, size);
    return r;
  }, new Int32Array(1));
}
export function padInto(out: Tensor, self: Tensor, pad: readonly number[], edges: number): void {
  pick(out, self, shownPlaces(self.layout.shape, pad, edges));
}
export function unpadInto(out: Tensor, grad: Tensor, pad: readonly number[], edges: number): void {
  const zeros = emptyTensor(out.layout.shape, out.dtype);
  fill(zeros, 0);
  combine(out, zeros, shownPlaces(out.layout.shape, pad, edges), grad, 'sum');
}
