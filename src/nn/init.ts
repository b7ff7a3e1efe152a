// Initialisation in PyTorch's exact draws; see https://pytorch.org/docs/stable/nn.init.html.
import { no_grad } from '../autograd/modes.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Generator } from '../core/generator.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import * as linalg from '../surface/generated/linalg.ts';

export type FanMode = 'fan_in' | 'fan_out';
interface Options {
  generator?: Generator | null;
}

/** The gain that keeps variance through a nonlinearity. */
export function calculate_gain(nonlinearity: string, param: number | null = null): number {
  if (['linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d', 'sigmoid'].includes(nonlinearity)) return 1;
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
    case 'selu':
      return 3 / 4;
    default:
      throw new ValueError(`Unsupported nonlinearity ${nonlinearity}`);
  }
}
/** Inputs and outputs of one unit of a weight. */
export function _calculate_fan_in_and_fan_out(tensor: Tensor): [fan_in: number, fan_out: number] {
  const shape = tensor.layout.shape;
  if (shape.length < 2) throw new ValueError('Fan in and fan out can not be computed for tensor with fewer than 2 dimensions');
  const field = shape.slice(2).reduce((a, b) => a * b, 1);
  return [shape[1]! * field, shape[0]! * field];
}
export function _calculate_correct_fan(tensor: Tensor, mode: string): number {
  const lower = mode.toLowerCase();
  if (lower !== 'fan_in' && lower !== 'fan_out') throw new ValueError(`Mode ${lower} not supported, please use one of ['fan_in', 'fan_out']`);
  const [fan_in, fan_out] = _calculate_fan_in_and_fan_out(tensor);
  return lower === 'fan_in' ? fan_in : fan_out;
}

/** U(a, b), in place. */
export function uniform_(tensor: Tensor, a = 0, b = 1, options: Options = {}): Tensor {
  return no_grad(() => tensor.uniform_(a, b, { generator: options.generator ?? null }));
}
/** N(mean, std²), in place. */
export function normal_(tensor: Tensor, mean = 0, std = 1, options: Options = {}): Tensor {
  return no_grad(() => tensor.normal_(mean, std, { generator: options.generator ?? null }));
}
/** N(mean, std²) within [a, b], in place. */
export function trunc_normal_(tensor: Tensor, mean = 0, std = 1, a = -2, b = 2, options: Options = {}): Tensor {
  return no_grad(() => truncated(tensor, mean, std, a, b, options.generator ?? null));
}
export function constant_(tensor: Tensor, val: number): Tensor {
  return no_grad(() => tensor.fill_(val));
}
export const ones_ = (tensor: Tensor): Tensor => constant_(tensor, 1);
export const zeros_ = (tensor: Tensor): Tensor => constant_(tensor, 0);
/** The identity matrix, in place. */
export function eye_(tensor: Tensor): Tensor {
  if (tensor.ndim !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  const [n, m] = tensor.layout.shape as readonly [number, number];
  return no_grad(() => tensor.copy_(torch.eye(n, m)));
}
/** The Dirac delta of a convolution weight: it keeps its inputs. */
export function dirac_(tensor: Tensor, groups = 1): Tensor {
  const n = tensor.ndim;
  if (![3, 4, 5].includes(n)) throw new ValueError('Only tensors with 3, 4, or 5 dimensions are supported');
  const shape = tensor.layout.shape;
  if (shape[0]! % groups !== 0) throw new ValueError('dim 0 must be divisible by groups');
  const per = shape[0]! / groups;
  const least = Math.min(per, shape[1]!);
  return no_grad(() => {
    tensor.zero_();
    for (let g = 0; g < groups; g++) {
      for (let d = 0; d < least; d++) tensor.set([g * per + d, d, ...shape.slice(2).map((s) => Math.floor(s / 2))], 1);
    }
    return tensor;
  });
}
/** Glorot and Bengio 2010, uniform. */
export function xavier_uniform_(tensor: Tensor, gain = 1, options: Options = {}): Tensor {
  const [fan_in, fan_out] = _calculate_fan_in_and_fan_out(tensor);
  const a = Math.sqrt(3) * (gain * Math.sqrt(2 / (fan_in + fan_out)));
  return uniform_(tensor, -a, a, options);
}
/** Glorot and Bengio 2010, normal. */
export function xavier_normal_(tensor: Tensor, gain = 1, options: Options = {}): Tensor {
  const [fan_in, fan_out] = _calculate_fan_in_and_fan_out(tensor);
  return normal_(tensor, 0, gain * Math.sqrt(2 / (fan_in + fan_out)), options);
}
/** He et al. 2015, uniform. */
export function kaiming_uniform_(tensor: Tensor, a = 0, mode: FanMode = 'fan_in', nonlinearity = 'leaky_relu', options: Options = {}): Tensor {
  if (tensor.layout.shape.includes(0)) {
    console.warn('Initializing zero-element tensors is a no-op');
    return tensor;
  }
  const std = calculate_gain(nonlinearity, a) / Math.sqrt(_calculate_correct_fan(tensor, mode));
  const bound = Math.sqrt(3) * std;
  return uniform_(tensor, -bound, bound, options);
}
/** He et al. 2015, normal. */
export function kaiming_normal_(tensor: Tensor, a = 0, mode: FanMode = 'fan_in', nonlinearity = 'leaky_relu', options: Options = {}): Tensor {
  if (tensor.layout.shape.includes(0)) {
    console.warn('Initializing zero-element tensors is a no-op');
    return tensor;
  }
  const std = calculate_gain(nonlinearity, a) / Math.sqrt(_calculate_correct_fan(tensor, mode));
  return normal_(tensor, 0, std, options);
}
/** A (semi-)orthogonal matrix; Saxe et al. 2013. */
export function orthogonal_(tensor: Tensor, gain = 1, options: Options = {}): Tensor {
  if (tensor.ndim < 2) throw new ValueError('Only tensors with 2 or more dimensions are supported');
  if (tensor.layout.numel === 0) return tensor;
  const rows = tensor.layout.shape[0]!;
  const cols = tensor.layout.numel / rows;
  return no_grad(() => {
    let flat = torch.empty([rows, cols], { dtype: tensor.dtype }).normal_(0, 1, { generator: options.generator ?? null });
    if (rows < cols) flat = flat.t_();
    const { Q, R } = linalg.qr(flat);
    let q = Q.mul(torch.diag(R, 0).sign());
    if (rows < cols) q = q.t();
    return tensor.copy_(q.reshape(tensor.layout.shape)).mul_(gain);
  });
}
/** Every column has a fraction of zeros; Martens 2010. */
export function sparse_(tensor: Tensor, sparsity: number, std = 0.01, options: Options = {}): Tensor {
  if (tensor.ndim !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  const [rows, cols] = tensor.layout.shape as readonly [number, number];
  const zeros = Math.ceil(sparsity * rows);
  return no_grad(() => {
    tensor.normal_(0, std, { generator: options.generator ?? null });
    for (let c = 0; c < cols; c++) {
      const order = torch.randperm(rows);
      tensor.set([order.slice(0, 0, zeros), c], 0);
    }
    return tensor;
  });
}
function truncated(tensor: Tensor, mean: number, std: number, a: number, b: number, generator: Generator | null): Tensor {
  if (mean < a - 2 * std || mean > b + 2 * std) {
    console.warn('mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.');
  }
  const { draw } = truncation;
  if (!draw) throw new RuntimeError('trunc_normal_ is not installed');
  return draw(tensor, mean, std, a, b, generator);
}
/** @internal The drawing itself (rejection), beside the other random operators. */
export const truncation: { draw: ((t: Tensor, mean: number, std: number, a: number, b: number, g: Generator | null) => Tensor) | null } = { draw: null };
