// A line search that finds a step with the strong Wolfe conditions; Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6.
import { float32, float64 } from '../core/dtype.ts';
import { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';

type Rounding = (x: number) => number;
const exactly: Rounding = (x) => x;
/**
 * A number of the search. In PyTorch some are Python floats and others tensors without dimensions; what meets a tensor is rounded to its
 * type, and where a search ends depends on it.
 */
export class Real {
  private constructor(
    readonly value: number,
    /** Null: a Python float. */
    private readonly round: Rounding | null,
  ) {}
  static of(x: number | Tensor): Real {
    return x instanceof Tensor ? new Real(x.item(), x.dtype === float64 ? exactly : Math.fround) : new Real(x, null);
  }
  private with(o: Real | number, f: (a: number, b: number) => number): Real {
    const other = o instanceof Real ? o : new Real(o, null);
    const round = this.round && other.round ? (this.round === exactly ? exactly : other.round) : (this.round ?? other.round);
    return round ? new Real(round(f(round(this.value), round(other.value))), round) : new Real(f(this.value, other.value), null);
  }
  plus = (o: Real | number): Real => this.with(o, (a, b) => a + b);
  minus = (o: Real | number): Real => this.with(o, (a, b) => a - b);
  times = (o: Real | number): Real => this.with(o, (a, b) => a * b);
  over = (o: Real | number): Real => this.with(o, (a, b) => a / b);
  abs = (): Real => new Real(Math.abs(this.value), this.round);
  sqrt = (): Real => new Real((this.round ?? exactly)(Math.sqrt(this.value)), this.round);
  less = (o: Real | number): boolean => this.with(o, (a, b) => Number(a < b)).value === 1;
  least = (o: Real): Real => (o.less(this) ? o : this);
  greatest = (o: Real): Real => (this.less(o) ? o : this);
  /** What the state keeps. */
  unwrap(): number | Tensor {
    return this.round ? torch.full([], this.value, { dtype: this.round === exactly ? float64 : float32 }) : this.value;
  }
}

/** A step along the direction, with what was found there. */
interface Point {
  readonly step: Real;
  readonly loss: Real;
  readonly grad: Tensor;
  readonly slope: Real;
}
interface Found {
  readonly loss: number;
  readonly grad: Tensor;
  readonly step: Real;
  readonly evaluated: number;
}
const [SUFFICIENT, CURVATURE] = [1e-4, 0.9];

/** The minimum of the cubic through two points with their slopes, within bounds; their middle where there is none. */
function cubicMinimum(a: Point, b: Point, bounds?: readonly [Real, Real]): Real {
  const ordered = !b.step.less(a.step);
  const [low, high] = bounds ?? (ordered ? [a.step, b.step] : [b.step, a.step]);
  const secant = a.loss.minus(b.loss).times(3).over(a.step.minus(b.step));
  const d1 = a.slope.plus(b.slope).minus(secant);
  const square = d1.times(d1).minus(a.slope.times(b.slope));
  if (!(square.value >= 0)) return low.plus(high).over(2);
  const d2 = square.sqrt();
  const [from, to] = ordered ? [a, b] : [b, a];
  const part = to.slope
    .plus(d2)
    .minus(d1)
    .over(to.slope.minus(from.slope).plus(d2.times(2)));
  return to.step.minus(to.step.minus(from.step).times(part)).greatest(low).least(high);
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
  first: Real,
  d: Tensor,
  start: { readonly loss: number; readonly grad: Tensor; readonly slope: Tensor },
  tolerance: number,
  most: number,
): Found {
  let evaluated = 0;
  const at = (step: Real): Point => {
    evaluated++;
    const [loss, grad] = evaluate(step.value);
    return { step, loss: Real.of(loss), grad, slope: Real.of(grad.dot(d)) };
  };
  const origin: Point = { step: Real.of(0), loss: Real.of(start.loss), grad: start.grad.clone(), slope: Real.of(start.slope) };
  const tooHigh = (p: Point): boolean => p.step.times(SUFFICIENT).times(origin.slope).plus(origin.loss).less(p.loss);
  const flat = (p: Point): boolean => p.slope.abs().value <= origin.slope.times(-CURVATURE).value;
  const result = ({ loss, grad, step }: Point): Found => ({ loss: loss.value, grad, step, evaluated });

  // Bracketing: longer and longer steps until a good one lies between two of them.
  let previous = origin;
  let point = at(first);
  let tries = 0;
  let bracket: [Point, Point] | null = null;
  for (; tries < most; tries++) {
    if (tooHigh(point) || (tries > 1 && point.loss.value >= previous.loss.value)) bracket = [previous, point];
    else if (flat(point)) return result(point);
    else if (point.slope.value >= 0) bracket = [previous, point];
    if (bracket) break;
    const next = cubicMinimum(previous, point, [point.step.plus(point.step.minus(previous.step).times(0.01)), point.step.times(10)]);
    previous = point;
    point = at(next);
  }
  bracket ??= [origin, point];

  // Zooming into the bracket.
  const width = Real.of(d.abs().max());
  let stalled = false;
  let [low, high] = bracket[0].loss.value <= bracket[1].loss.value ? [0, 1] : [1, 0];
  while (tries < most) {
    const [a, b] = bracket;
    if (b.step.minus(a.step).abs().times(width).less(tolerance)) break;
    let step = cubicMinimum(a, b);
    const [least, greatest] = [a.step.least(b.step), a.step.greatest(b.step)];
    const margin = greatest.minus(least).times(0.1);
    if (!greatest.minus(step).least(step.minus(least)).less(margin)) stalled = false;
    else if (!stalled && step.less(greatest) && least.less(step)) stalled = true;
    else {
      step = step.minus(greatest).abs().less(step.minus(least).abs()) ? greatest.minus(margin) : least.plus(margin);
      stalled = false;
    }
    point = at(step);
    tries++;
    if (tooHigh(point) || point.loss.value >= bracket[low]!.loss.value) {
      bracket[high] = point;
      [low, high] = bracket[0].loss.value <= bracket[1].loss.value ? [0, 1] : [1, 0];
      continue;
    }
    const done = flat(point);
    if (!done && point.slope.times(bracket[high]!.step.minus(bracket[low]!.step)).value >= 0) bracket[high] = bracket[low]!;
    bracket[low] = point;
    if (done) break;
  }
  return result(bracket[low]!);
}
