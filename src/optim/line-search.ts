// A line search that finds a step with the strong Wolfe conditions; Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6.
import type { Tensor } from '../core/tensor.ts';

/** A step along the direction, with what was found there. */
interface Point {
  readonly step: number;
  readonly loss: number;
  readonly grad: Tensor;
  readonly slope: number;
}
interface Found {
  readonly loss: number;
  readonly grad: Tensor;
  readonly step: number;
  readonly evaluated: number;
}
const [SUFFICIENT, CURVATURE] = [1e-4, 0.9];

/** The minimum of the cubic through two points with their slopes, within bounds; their middle where there is none. */
function cubicMinimum(a: Point, b: Point, bounds?: readonly [number, number]): number {
  const [low, high] = bounds ?? (a.step <= b.step ? [a.step, b.step] : [b.step, a.step]);
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.step - b.step);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const at =
    a.step <= b.step
      ? b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.step - (a.step - b.step) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(at, low), high);
}

/**
 * A step along `d` that lowers the loss enough and flattens the slope enough.
 * @param evaluate Loss and gradient after a step of this size.
 * @param first The first size to try.
 * @param start Loss, gradient and slope at 0.
 * @param most How many further evaluations are allowed.
 */
export function strongWolfe(
  evaluate: (step: number) => readonly [loss: number, grad: Tensor],
  first: number,
  d: Tensor,
  start: { readonly loss: number; readonly grad: Tensor; readonly slope: number },
  tolerance: number,
  most: number,
): Found {
  let evaluated = 0;
  const at = (step: number): Point => {
    evaluated++;
    const [loss, grad] = evaluate(step);
    return { step, loss, grad, slope: grad.dot(d).item() };
  };
  const tooHigh = (p: Point): boolean => p.loss > start.loss + SUFFICIENT * p.step * start.slope;
  const flat = (p: Point): boolean => Math.abs(p.slope) <= -CURVATURE * start.slope;
  const origin: Point = { step: 0, loss: start.loss, grad: start.grad.clone(), slope: start.slope };

  // Bracketing: longer and longer steps until a good one lies between two of them.
  let previous = origin;
  let point = at(first);
  let tries = 0;
  let bracket: [Point, Point] | null = null;
  for (; tries < most; tries++) {
    if (tooHigh(point) || (tries > 1 && point.loss >= previous.loss)) bracket = [previous, point];
    else if (flat(point)) return { ...point, evaluated };
    else if (point.slope >= 0) bracket = [previous, point];
    if (bracket) break;
    const next = cubicMinimum(previous, point, [point.step + 0.01 * (point.step - previous.step), point.step * 10]);
    previous = point;
    point = at(next);
  }
  bracket ??= [origin, point];

  // Zooming into the bracket.
  const width = d.abs().max().item();
  let stalled = false;
  let [low, high] = bracket[0].loss <= bracket[1].loss ? [0, 1] : [1, 0];
  for (; tries < most; ) {
    const [a, b] = bracket;
    if (Math.abs(b.step - a.step) * width < tolerance) break;
    let step = cubicMinimum(a, b);
    const [least, greatest] = [Math.min(a.step, b.step), Math.max(a.step, b.step)];
    const margin = 0.1 * (greatest - least);
    if (Math.min(greatest - step, step - least) >= margin) stalled = false;
    else if (!stalled && step < greatest && step > least) stalled = true;
    else {
      step = Math.abs(step - greatest) < Math.abs(step - least) ? greatest - margin : least + margin;
      stalled = false;
    }
    point = at(step);
    tries++;
    if (tooHigh(point) || point.loss >= bracket[low]!.loss) {
      bracket[high] = point;
      [low, high] = bracket[0].loss <= bracket[1].loss ? [0, 1] : [1, 0];
      continue;
    }
    const done = flat(point);
    if (!done && point.slope * (bracket[high]!.step - bracket[low]!.step) >= 0) bracket[high] = bracket[low]!;
    bracket[low] = point;
    if (done) break;
  }
  return { ...bracket[low]!, evaluated };
}
