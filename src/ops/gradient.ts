// torch.gradient: derivatives of sampled functions by differences.
import { uint8 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import type { Scalar } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';

type Spacing = Scalar | Tensor;
/** The dimensions to differentiate along, and the spacing of each. */
function plan(
  self: Tensor,
  spacing: Spacing | readonly Spacing[] | null,
  dim: number | readonly number[] | null,
  order: number,
): { dims: number[]; spacings: readonly Spacing[] } {
  if (self.dtype === uint8) throw new NotImplementedError('torch.gradient does not support uint8 input.');
  const given = dim === null ? null : typeof dim === 'number' ? [dim] : dim;
  if (Array.isArray(spacing)) {
    if (given && spacing.length !== given.length) {
      throw new RuntimeError(
        `torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same length, but got a spacing argument of length ${spacing.length} and a dim argument of length ${given.length}.`,
      );
    }
    if (!given && spacing.length !== self.ndim) {
      throw new RuntimeError(
        `torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = ${self.ndim}', since dim argument was not given, but got a list of length ${spacing.length}`,
      );
    }
  }
  if (order !== 1 && order !== 2) throw new RuntimeError('torch.gradient only supports edge_order=1 and edge_order=2.');
  const dims = given ? given.map((d) => wrapDim(d, self.ndim)) : [...self.shape.keys()];
  dims.forEach((d, i) => {
    if (dims.indexOf(d) !== i) throw new RuntimeError(`dim ${d} appears multiple times in the list of dims`);
    if (self.shape[d]! < order + 1) throw new RuntimeError('torch.gradient expected each dimension size to be at least edge_order+1');
  });
  return { dims, spacings: Array.isArray(spacing) ? (spacing as Spacing[]) : dims.map(() => (spacing as Spacing | null) ?? 1) };
}
/** The derivative along one dimension: central differences inside, one-sided ones of the given order at the edges. */
function derivative(x: Tensor, dim: number, spacing: Spacing, order: number): Tensor {
  const n = x.shape[dim]!;
  const part = (from: number, count: number): Tensor => x.narrow(dim, from, count);
  if (!(spacing instanceof Tensor)) {
    const inside = part(2, n - 2)
      .sub(part(0, n - 2))
      .div(2)
      .div(spacing);
    const edge = (from: number, ...weights: number[]): Tensor =>
      weights
        .map((w, i) => part(from + i, 1).mul(w))
        .reduce((a, b) => a.add(b))
        .div(spacing);
    const [first, last] =
      order === 1
        ? [
            part(1, 1).sub(part(0, 1)).div(spacing),
            part(n - 1, 1)
              .sub(part(n - 2, 1))
              .div(spacing),
          ]
        : [edge(0, -1.5, 2, -0.5), edge(n - 3, 0.5, -2, 1.5)];
    return F.cat([first, inside, last], dim);
  }
  if (spacing.ndim !== 1)
    throw new RuntimeError(
      `torch.gradient expected each element of spacing to have one dimension, but got an element with ${spacing.ndim} dimensions!`,
    );
  const steps = spacing.diff().reshape(x.shape.map((_, d) => (d === dim ? -1 : 1)));
  const step = (from: number, count: number): Tensor => steps.narrow(dim, from, count);
  const [before, after] = [step(0, n - 2), step(1, n - 2)];
  const both = before.add(after);
  const inside = part(0, n - 2)
    .mul(after.neg().div(before.mul(both)))
    .add(part(1, n - 2).mul(after.sub(before).div(before.mul(after))))
    .add(part(2, n - 2).mul(before.div(after.mul(both))));
  if (order === 1) {
    const edge = (from: number): Tensor =>
      part(from + 1, 1)
        .sub(part(from, 1))
        .div(step(from, 1));
    return F.cat([edge(0), inside, edge(n - 2)], dim);
  }
  // Of the parabola through the three points next to the edge; the nearest step is `near`.
  const edge = (at: readonly [number, number, number], near: Tensor, far: Tensor, sign: number): Tensor => {
    const sum = near.add(far);
    return part(at[0], 1)
      .mul(near.mul(2).add(far).neg().div(near.mul(sum)))
      .add(part(at[1], 1).mul(sum.div(near.mul(far))))
      .add(part(at[2], 1).mul(near.neg().div(far.mul(sum))))
      .mul(sign);
  };
  return F.cat([edge([0, 1, 2], step(0, 1), step(1, 1), 1), inside, edge([n - 1, n - 2, n - 3], step(n - 2, 1), step(n - 3, 1), -1)], dim);
}
const OVERLOADS = {
  array: 'int[] dim',
  scalararray: 'Scalar spacing, int[] dim',
  scalarint: 'Scalar? spacing=None, int? dim=None',
  scalarrayint: 'Scalar[] spacing, int? dim=None',
  scalarrayarray: 'Scalar[] spacing, int[] dim',
  tensorarrayint: 'Tensor[] spacing, int? dim=None',
  tensorarray: 'Tensor[] spacing, int[] dim',
};
for (const [overload, params] of Object.entries(OVERLOADS)) {
  op(`gradient.${overload}(Tensor self, *, ${params}, int edge_order=1) -> Tensor[]` as string, {
    doc: 'The derivative of a function sampled on a grid, along each dimension; spacing is a step or the coordinates.',
    decompose: ((a: {
      self: Tensor;
      spacing?: Spacing | readonly Spacing[] | null;
      dim: number | readonly number[] | null;
      edge_order: number;
    }) => {
      const { dims, spacings } = plan(a.self, a.spacing ?? null, a.dim, a.edge_order);
      return dims.map((d, i) => derivative(a.self, d, spacings[i]!, a.edge_order));
    }) as never,
    surface: ['function'],
    inplace: false,
  });
}
