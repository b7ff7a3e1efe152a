// Reference negative log likelihood over (N, C, S): one class of each example is read.
import { IndexError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { integers, reals, store } from './arrays.ts';

/** Examples × classes × positions. */
export interface Classes {
  readonly n: number;
  readonly classes: number;
  readonly positions: number;
}
/** Calls f for every example that is not ignored, with the place of its class. */
function eachTarget(
  target: Tensor,
  { n, classes, positions }: Classes,
  ignore: number,
  f: (i: number, at: number, y: number) => void,
): void {
  const t = integers(target);
  for (let i = 0; i < n * positions; i++) {
    const y = Number(t[i]!);
    if (y === ignore) continue;
    if (y < 0 || y >= classes) throw new IndexError(`Target ${y} is out of bounds.`);
    const example = Math.floor(i / positions);
    f(i, (example * classes + y) * positions + (i - example * positions), y);
  }
}
export function nllLossInto(
  out: Tensor,
  total: Tensor,
  self: Tensor,
  target: Tensor,
  weight: Tensor | null,
  c: Classes,
  ignore: number,
  reduction: number,
): void {
  const x = reals(self);
  const w = weight && reals(weight);
  const each = new Float64Array(c.n * c.positions);
  let weights = 0;
  eachTarget(target, c, ignore, (i, at, y) => {
    const v = w ? w[y]! : 1;
    each[i] = -v * x[at]!;
    weights += v;
  });
  store(total, new Float64Array([reduction === 0 ? 0 : weights]));
  if (reduction === 0) {
    store(out, each);
    return;
  }
  const sum = each.reduce((a, b) => a + b, 0);
  store(out, new Float64Array([reduction === 1 ? sum / weights : sum]));
}
export function nllLossBackwardInto(
  out: Tensor,
  grad: Tensor,
  target: Tensor,
  weight: Tensor | null,
  total: Tensor,
  c: Classes,
  ignore: number,
  reduction: number,
): void {
  const g = reals(grad);
  const w = weight && reals(weight);
  const scale = reduction === 1 ? 1 / reals(total)[0]! : 1;
  const r = new Float64Array(c.n * c.classes * c.positions);
  eachTarget(target, c, ignore, (i, at, y) => {
    r[at] = -(w ? w[y]! : 1) * g[reduction === 0 ? i : 0]! * scale;
  });
  store(out, r);
}
