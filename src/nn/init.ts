// Initialisation in PyTorch's exact draws; see https://pytorch.org/docs/stable/nn.init.html.
import '../surface/install.ts';
import { no_grad } from '../autograd/modes.ts';
import { float64 } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import type { Generator } from '../core/generator.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindCall } from './arguments.ts';
import type { Arguments } from './simple.ts';
import { tensor as tensorOf } from '../surface/construct.ts';
import * as linalg from '../surface/generated/linalg.ts';

export type FanMode = 'fan_in' | 'fan_out';
interface Drawn {
  generator: Generator | null;
}

/** The gain that keeps variance through a nonlinearity. */
export function calculate_gain(nonlinearity: string, param: number | null = null): number {
  if (
    ['linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d', 'sigmoid'].includes(nonlinearity)
  )
    return 1;
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
  if (lower !== 'fan_in' && lower !== 'fan_out')
    throw new ValueError(`Mode ${lower} not supported, please use one of ['fan_in', 'fan_out']`);
  const [fan_in, fan_out] = _calculate_fan_in_and_fan_out(tensor);
  return lower === 'fan_in' ? fan_in : fan_out;
}

/** U(a, b), in place. */
export function uniform_(
  tensor: Tensor,
  ...args: Arguments<[a?: number, b?: number, generator?: Generator | null], { a: number; b: number } & Drawn>
): Tensor {
  const { a, b, generator } = bindCall<{ a: number; b: number } & Drawn>(
    'uniform_',
    args,
    ['a', 'b', 'generator'],
    { a: 0, b: 1, generator: null },
    1,
  );
  return no_grad(() => tensor.uniform_(a, b, { generator }));
}
interface Normal extends Drawn {
  mean: number;
  std: number;
}
/** N(mean, std²), in place. */
export function normal_(tensor: Tensor, ...args: Arguments<[mean?: number, std?: number, generator?: Generator | null], Normal>): Tensor {
  const { mean, std, generator } = bindCall<Normal>('normal_', args, ['mean', 'std', 'generator'], { mean: 0, std: 1, generator: null }, 1);
  return no_grad(() => tensor.normal_(mean, std, { generator }));
}
interface TruncatedNormal extends Normal {
  a: number;
  b: number;
}
/** N(mean, std²) within [a, b], in place. */
export function trunc_normal_(
  tensor: Tensor,
  ...args: Arguments<[mean?: number, std?: number, a?: number, b?: number, generator?: Generator | null], TruncatedNormal>
): Tensor {
  const settings = bindCall<TruncatedNormal>(
    'trunc_normal_',
    args,
    ['mean', 'std', 'a', 'b', 'generator'],
    { mean: 0, std: 1, a: -2, b: 2, generator: null },
    1,
  );
  return no_grad(() => truncated(tensor, settings));
}
/** One value everywhere, in place. */
export function constant_(tensor: Tensor, ...args: Arguments<[val: number], { val: number }>): Tensor {
  const { val } = bindCall<{ val: number }>('constant_', args, ['val'], {}, 1);
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
export function dirac_(tensor: Tensor, ...args: Arguments<[groups?: number], { groups: number }>): Tensor {
  const { groups } = bindCall<{ groups: number }>('dirac_', args, ['groups'], { groups: 1 }, 1);
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
interface Xavier extends Drawn {
  gain: number;
}
type XavierArguments = Arguments<[gain?: number, generator?: Generator | null], Xavier>;
const xavier = (name: string, tensor: Tensor, args: XavierArguments): { std: number; generator: Generator | null } => {
  const { gain, generator } = bindCall<Xavier>(name, args, ['gain', 'generator'], { gain: 1, generator: null }, 1);
  const [fan_in, fan_out] = _calculate_fan_in_and_fan_out(tensor);
  return { std: gain * Math.sqrt(2 / (fan_in + fan_out)), generator };
};
/** Glorot and Bengio 2010, uniform. */
export function xavier_uniform_(tensor: Tensor, ...args: XavierArguments): Tensor {
  const { std, generator } = xavier('xavier_uniform_', tensor, args);
  const a = Math.sqrt(3) * std;
  return uniform_(tensor, -a, a, generator);
}
/** Glorot and Bengio 2010, normal. */
export function xavier_normal_(tensor: Tensor, ...args: XavierArguments): Tensor {
  const { std, generator } = xavier('xavier_normal_', tensor, args);
  return normal_(tensor, 0, std, generator);
}

interface Kaiming extends Drawn {
  a: number;
  mode: FanMode;
  nonlinearity: string;
}
type KaimingArguments = Arguments<[a?: number, mode?: FanMode, nonlinearity?: string, generator?: Generator | null], Kaiming>;
function kaiming(name: string, tensor: Tensor, args: KaimingArguments, fill: (std: number, generator: Generator | null) => Tensor): Tensor {
  const { a, mode, nonlinearity, generator } = bindCall<Kaiming>(
    name,
    args,
    ['a', 'mode', 'nonlinearity', 'generator'],
    { a: 0, mode: 'fan_in', nonlinearity: 'leaky_relu', generator: null },
    1,
  );
  if (tensor.layout.shape.includes(0)) {
    console.warn('Initializing zero-element tensors is a no-op');
    return tensor;
  }
  return fill(calculate_gain(nonlinearity, a) / Math.sqrt(_calculate_correct_fan(tensor, mode)), generator);
}
/** He et al. 2015, uniform. */
export function kaiming_uniform_(tensor: Tensor, ...args: KaimingArguments): Tensor {
  return kaiming('kaiming_uniform_', tensor, args, (std, generator) => {
    const bound = Math.sqrt(3) * std;
    return uniform_(tensor, -bound, bound, generator);
  });
}
/** He et al. 2015, normal. */
export function kaiming_normal_(tensor: Tensor, ...args: KaimingArguments): Tensor {
  return kaiming('kaiming_normal_', tensor, args, (std, generator) => normal_(tensor, 0, std, generator));
}
/** A (semi-)orthogonal matrix; Saxe et al. 2013. */
export function orthogonal_(tensor: Tensor, ...args: XavierArguments): Tensor {
  const { gain, generator } = bindCall<Xavier>('orthogonal_', args, ['gain', 'generator'], { gain: 1, generator: null }, 1);
  if (tensor.ndim < 2) throw new ValueError('Only tensors with 2 or more dimensions are supported');
  if (tensor.layout.numel === 0) return tensor;
  const rows = tensor.layout.shape[0]!;
  const cols = tensor.layout.numel / rows;
  return no_grad(() => {
    let flat = torch.empty([rows, cols], { dtype: tensor.dtype }).normal_(0, 1, { generator });
    if (rows < cols) flat = flat.t_();
    const { Q, R } = linalg.qr(flat);
    let q = Q.mul(torch.diag(R, 0).sign());
    if (rows < cols) q = q.t();
    return tensor.copy_(q.reshape(tensor.layout.shape)).mul_(gain);
  });
}
interface Sparse extends Drawn {
  sparsity: number;
  std: number;
}
/** Every column has a fraction of zeros; Martens 2010. */
export function sparse_(
  tensor: Tensor,
  ...args: Arguments<[sparsity: number, std?: number, generator?: Generator | null], Sparse>
): Tensor {
  const { sparsity, std, generator } = bindCall<Sparse>(
    'sparse_',
    args,
    ['sparsity', 'std', 'generator'],
    { std: 0.01, generator: null },
    1,
  );
  if (tensor.ndim !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  const [rows, cols] = tensor.layout.shape as readonly [number, number];
  const zeros = Math.ceil(sparsity * rows);
  return no_grad(() => {
    tensor.normal_(0, std, { generator });
    for (let c = 0; c < cols; c++) {
      const order = torch.randperm(rows);
      tensor.set([order.slice(0, 0, zeros), c], 0);
    }
    return tensor;
  });
}

/** The older name of an initialisation, without its underscore. */
function deprecated<A extends unknown[]>(name: string, fill: (...args: A) => Tensor): (...args: A) => Tensor {
  return (...args) => {
    console.warn(`\`nn.init.${name}\` is now deprecated in favor of \`nn.init.${name}_\`.`);
    return fill(...args);
  };
}
export const uniform = deprecated('uniform', uniform_);
export const normal = deprecated('normal', normal_);
export const constant = deprecated('constant', constant_);
export const eye = deprecated('eye', eye_);
export const dirac = deprecated('dirac', dirac_);
export const xavier_uniform = deprecated('xavier_uniform', xavier_uniform_);
export const xavier_normal = deprecated('xavier_normal', xavier_normal_);
export const kaiming_uniform = deprecated('kaiming_uniform', kaiming_uniform_);
export const kaiming_normal = deprecated('kaiming_normal', kaiming_normal_);
export const orthogonal = deprecated('orthogonal', orthogonal_);
export const sparse = deprecated('sparse', sparse_);

const normalCdf = (x: number): number => (1 + torch.erf(tensorOf(x / Math.sqrt(2), { dtype: float64 })).item()) / 2;
/** Draws until all lie in [a, b]: from the normal distribution where that holds enough of it, else from the uniform one by rejection. */
function truncated(tensor: Tensor, settings: TruncatedNormal): Tensor {
  const { mean, std, a, b } = settings;
  if (mean < a - 2 * std || mean > b + 2 * std) {
    console.warn('mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.');
  }
  if (tensor.device.type === 'meta') return tensor;
  const inside = normalCdf((b - mean) / std) - normalCdf((a - mean) / std);
  return inside > 0.3 ? redrawn(tensor, settings) : rejected(tensor, settings);
}
function redrawn(tensor: Tensor, { mean, std, a, b, generator }: TruncatedNormal): Tensor {
  // The bounds as the tensor's dtype has them, so that what is compared could be stored.
  const [lo, hi] = [a, b].map((v) => tensorOf(v, { dtype: tensor.dtype }).item()) as [number, number];
  let result = tensor.normal_(mean, std, { generator });
  for (;;) {
    const outside = result.lt(lo).logical_or(result.gt(hi));
    if (!outside.any().item<boolean>()) break;
    result = torch.where(outside, torch.empty_like(result).normal_(mean, std, { generator }), result);
  }
  return result === tensor ? tensor : tensor.copy_(result);
}
function rejected(tensor: Tensor, { mean, std, a, b, generator }: TruncatedNormal): Tensor {
  const mode = Math.max(a, Math.min(mean, b));
  const peak = -0.5 * ((mode - mean) / std) ** 2;
  const candidates = torch.empty_like(tensor);
  const chance = torch.empty_like(tensor);
  /** Which of the candidates are refused, in proportion to the density that they miss of its peak. */
  const refused = (): Tensor => {
    candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(peak);
    return chance.uniform_(0, 1, { generator }).log_().gt(candidates);
  };
  tensor.uniform_(a, b, { generator });
  candidates.copy_(tensor);
  let result = tensor;
  let pending = refused();
  while (pending.any().item<boolean>()) {
    candidates.uniform_(a, b, { generator });
    result = torch.where(pending, candidates, result);
    pending = torch.where(pending, refused(), pending);
  }
  return result === tensor ? tensor : tensor.copy_(result);
}
