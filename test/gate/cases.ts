// The ten operators on which the machinery is proven, as functions of float tensors.
import type { Tensor } from '../../src/core/tensor.ts';
import * as torch from '../../src/index.ts';

export type TensorFunction = (...xs: Tensor[]) => Tensor | readonly Tensor[];
export interface GateCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly f: TensorFunction;
  /** The dtypes of the results under autocast to bfloat16. */
  readonly autocast: string;
  /** Random: vmap needs the same draws in every row. */
  readonly random?: boolean;
}
const positions = (v: number[]): Tensor => torch.tensor(v, { dtype: torch.int64 });
const F = torch.nn.functional;

export const cases: readonly GateCase[] = [
  { name: 'mul', shapes: [[3, 4], [4]], f: (a, b) => a!.mul(b!), autocast: 'float32' },
  { name: 'mul_ (in place)', shapes: [[3, 4], [4]], f: (a, b) => a!.clone().mul_(b!), autocast: 'float32' },
  { name: 'lerp.Scalar', shapes: [[3, 1], [4]], f: (a, b) => a!.lerp(b!, 0.3), autocast: 'float32' },
  { name: 'lerp.Tensor', shapes: [[3, 4], [4], [3, 1]], f: (a, b, w) => a!.lerp(b!, w!), autocast: 'float32' },
  { name: 'sum', shapes: [[2, 3, 4]], f: (a) => [a!.sum([-1]), a!.sum([0, 2], true), a!.sum()], autocast: 'float32' },
  { name: 'transpose', shapes: [[2, 3, 4]], f: (a) => a!.transpose(0, -1).mul(a!.transpose(0, -1)), autocast: 'float32' },
  {
    name: 'index assignment (views)',
    shapes: [[3, 4], [2]],
    f: (a, v) => {
      const x = a!.mul(1);
      x.set([1, '1:3'], v!);
      x.at(':', 0).mul_(x.at(':', 3).clone());
      return x.mul(x);
    },
    autocast: 'float32',
  },
  {
    name: 'index assignment (positions)',
    shapes: [
      [4, 3],
      [2, 3],
    ],
    f: (a, v) =>
      a!
        .clone()
        .set([positions([2, 0])], v!)
        .mul(a!),
    autocast: 'float32',
  },
  {
    name: 'cat',
    shapes: [
      [2, 3],
      [4, 3],
    ],
    f: (a, b) => torch.cat([a!, b!, a!], 0).mul(2),
    autocast: 'float32',
  },
  {
    name: 'conv2d',
    shapes: [[2, 2, 4, 4], [4, 1, 3, 3], [4]],
    f: (x, w, b) => F.conv2d(x!, w!, b!, [2, 1], [1, 0], 1, 2),
    autocast: 'bfloat16',
  },
  { name: 'layer_norm', shapes: [[3, 4], [4], [4]], f: (x, w, b) => F.layer_norm(x!, [4], w!, b!), autocast: 'float32' },
  {
    name: 'dropout',
    shapes: [[3, 4]],
    f: (x) => {
      torch.manual_seed(7);
      return F.dropout(x!.mul(x!), 0.4);
    },
    autocast: 'float32',
    random: true,
  },
  { name: 'svd (tall)', shapes: [[4, 3]], f: (x) => torch.svd(x!) as unknown as Tensor[], autocast: 'float32' },
  { name: 'svd (wide)', shapes: [[2, 3]], f: (x) => torch.svd(x!) as unknown as Tensor[], autocast: 'float32' },
];
