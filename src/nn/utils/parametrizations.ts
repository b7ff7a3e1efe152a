// Parametrizations of weights: by length and direction, by largest singular value, orthogonal.
import '../../surface/install.ts';
import { no_grad } from '../../autograd/modes.ts';
import { finfo } from '../../core/dtype.ts';
import { IndexError, NotImplementedError, ValueError } from '../../core/errors.ts';
import { sameShape } from '../../core/size.ts';
import { Tensor } from '../../core/tensor.ts';
import * as linalg from '../../surface/linalg-namespace.ts';
import * as torch from '../../surface/generated/torch.ts';
import { bindCall } from '../arguments.ts';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../conv.ts';
import * as F from '../functional.ts';
import { Module } from '../module.ts';
import type { Arguments } from '../simple.ts';
import { register_parametrization } from './parametrize.ts';

/** Transposed convolutions have their outputs second. */
export const outputDim = (module: Module): number =>
  module instanceof ConvTranspose1d || module instanceof ConvTranspose2d || module instanceof ConvTranspose3d ? 1 : 0;
export function weightOf(module: Module, name: string): Tensor {
  const weight = (module as unknown as Record<string, unknown>)[name];
  if (!(weight instanceof Tensor)) throw new ValueError(`Module '${module}' has no parameter or buffer with name '${name}'`);
  return weight;
}

class _WeightNorm extends Module {
  static override readonly __name__: string = '_WeightNorm';
  constructor(readonly dim: number) {
    super();
  }
  forward(weight_g: Tensor, weight_v: Tensor): Tensor {
    return torch._weight_norm(weight_v, weight_g, this.dim);
  }
  right_inverse(weight: Tensor): [Tensor, Tensor] {
    return [torch.norm_except_dim(weight, 2, this.dim), weight];
  }
}
interface WeightNormOptions {
  name: string;
  dim: number | null;
}
/**
 * A weight as its lengths along `dim` (`original0`) times its directions (`original1`); null: one length. State dicts of the older
 * weight_norm load.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html.
 */
export function weight_norm<M extends Module>(module: M, ...args: Arguments<[name?: string, dim?: number | null], WeightNormOptions>): M {
  const { name, dim } = bindCall<WeightNormOptions>('weight_norm', args, ['name', 'dim'], { name: 'weight', dim: 0 }, 1);
  register_parametrization(module, name, new _WeightNorm(dim ?? -1), { unsafe: true });
  module.register_load_state_dict_pre_hook((_module, state, prefix) => {
    const [g, v] = [`${prefix}${name}_g`, `${prefix}${name}_v`];
    if (!(g in state && v in state)) return;
    state[`${prefix}parametrizations.${name}.original0`] = state[g]!;
    state[`${prefix}parametrizations.${name}.original1`] = state[v]!;
    delete state[g];
    delete state[v];
  });
  return module;
}

interface SpectralNormOptions {
  name: string;
  n_power_iterations: number;
  eps: number;
  dim: number | null;
}
/** The weight as a matrix whose rows are along `dim`. */
export function asMatrix(weight: Tensor, dim: number): Tensor {
  const w = dim === 0 ? weight : weight.permute([dim, ...weight.shape.flatMap((_, d) => (d === dim ? [] : [d]))]);
  return w.flatten(1);
}
class _SpectralNorm extends Module {
  static override readonly __name__: string = '_SpectralNorm';
  readonly dim: number;
  declare _u: Tensor;
  declare _v: Tensor;
  constructor(
    weight: Tensor,
    readonly n_power_iterations: number,
    dim: number,
    readonly eps: number,
  ) {
    super();
    const n = weight.ndim;
    if (dim >= n || dim < -n) throw new IndexError(`Dimension out of range (expected to be in range of [-${n}, ${n - 1}] but got ${dim})`);
    if (n_power_iterations <= 0)
      throw new ValueError(`Expected n_power_iterations to be positive, but got n_power_iterations=${n_power_iterations}`);
    this.dim = dim < 0 ? dim + n : dim;
    if (n === 1) return;
    const matrix = asMatrix(weight, this.dim);
    for (const [i, name] of ['_u', '_v'].entries()) {
      this.register_buffer(
        name,
        no_grad(() =>
          F.normalize(torch.empty([matrix.shape[i]!], { dtype: weight.dtype, device: weight.device }).normal_(0, 1), { dim: 0, eps }),
        ),
      );
    }
    this.iterate(matrix, 15);
  }
  private iterate(matrix: Tensor, times: number): void {
    no_grad(() => {
      for (let i = 0; i < times; i++) {
        this._u.copy_(F.normalize(matrix.mv(this._v), { dim: 0, eps: this.eps }));
        this._v.copy_(F.normalize(matrix.mH.mv(this._u), { dim: 0, eps: this.eps }));
      }
    });
  }
  forward(weight: Tensor): Tensor {
    if (weight.ndim === 1) return F.normalize(weight, { dim: 0, eps: this.eps });
    const matrix = asMatrix(weight, this.dim);
    if (this.training) this.iterate(matrix, this.n_power_iterations);
    // Copies, so that a second forward does not change what the first one's gradient needs.
    const [u, v] = [this._u.clone(), this._v.clone()];
    return weight.div(u.vdot(matrix.mv(v)));
  }
  right_inverse(value: Tensor): Tensor {
    return value;
  }
}
/**
 * A weight divided by its largest singular value, as power iteration estimates it.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html.
 */
export function spectral_norm<M extends Module>(
  module: M,
  ...args: Arguments<[name?: string, n_power_iterations?: number, eps?: number, dim?: number | null], SpectralNormOptions>
): M {
  const defaults = { name: 'weight', n_power_iterations: 1, eps: 1e-12, dim: null };
  const a = bindCall<SpectralNormOptions>('spectral_norm', args, ['name', 'n_power_iterations', 'eps', 'dim'], defaults, 1);
  return register_parametrization(
    module,
    a.name,
    new _SpectralNorm(weightOf(module, a.name), a.n_power_iterations, a.dim ?? outputDim(module), a.eps),
  );
}

export type OrthogonalMap = 'matrix_exp' | 'cayley' | 'householder';
interface OrthogonalOptions {
  name: string;
  orthogonal_map: OrthogonalMap | null;
  use_trivialization: boolean;
}
const diagonal = (x: Tensor): Tensor => x.diagonal(0, -2, -1);
function isOrthogonal(q: Tensor): boolean {
  const [n, k] = [q.shape.at(-2)!, q.shape.at(-1)!];
  return torch.allclose(q.mH.matmul(q), torch.eye(k, { dtype: q.dtype }), { atol: 10 * n * new finfo(q.dtype).eps });
}
/** The Q of the QR decomposition in which the diagonal of R is positive. */
function orthogonalised(a: Tensor): Tensor {
  const { a: x, tau } = torch.geqrf(a);
  return linalg.householder_product(x, tau).mul(diagonal(x).sgn().unsqueeze(-2));
}
class _Orthogonal extends Module {
  static override readonly __name__: string = '_Orthogonal';
  readonly shape: readonly number[];
  declare base: Tensor | null | undefined;
  constructor(
    weight: Tensor,
    readonly orthogonal_map: OrthogonalMap,
    use_trivialization: boolean,
  ) {
    super();
    if (weight.is_complex() && orthogonal_map === 'householder')
      throw new ValueError('The householder parametrization does not support complex tensors.');
    this.shape = weight.shape;
    if (use_trivialization) this.register_buffer('base', null);
  }
  forward(given: Tensor): Tensor {
    const transposed = given.shape.at(-2)! < given.shape.at(-1)!;
    const x = transposed ? given.mT : given;
    let q = this.orthogonal_map === 'householder' ? this.reflected(x) : this.mapped(x);
    if (this.base) q = this.base.matmul(q);
    return transposed ? q.mT : q;
  }
  /** The map of the skew-symmetric matrix with the lower triangle of x. */
  private mapped(x: Tensor): Tensor {
    const [n, k] = [x.shape.at(-2)!, x.shape.at(-1)!];
    const lower = x.tril();
    const square =
      n === k ? lower : torch.cat([lower, torch.zeros([...x.shape.slice(0, -2), n, n - k], { dtype: x.dtype, device: x.device })], -1);
    const a = square.sub(square.mH);
    let q: Tensor;
    if (this.orthogonal_map === 'matrix_exp') q = torch.matrix_exp(a);
    else {
      const id = torch.eye(n, { dtype: a.dtype, device: a.device });
      q = linalg.solve(id.add(a, { alpha: -0.5 }), id.add(a, { alpha: 0.5 }));
    }
    return n === k ? q : q.narrow(-1, 0, k);
  }
  private reflected(x: Tensor): Tensor {
    const a = x.tril(-1);
    const tau = torch.div(2, a.mul(a).sum(-2).add(1));
    // The diagonal's signs are those of the original's reflections.
    return linalg.householder_product(a, tau).mul(diagonal(x).int().unsqueeze(-2));
  }
  right_inverse(given: Tensor): Tensor {
    if (!sameShape(given.shape, this.shape))
      throw new ValueError(
        `Expected a matrix or batch of matrices of shape torch.Size([${this.shape.join(', ')}]). Got a tensor of shape ${given.shape}.`,
      );
    return no_grad(() => {
      const [n, k] = [given.shape.at(-2)!, given.shape.at(-1)!].sort((p, q) => q - p) as [number, number];
      const transposed = given.shape.at(-2)! < given.shape.at(-1)!;
      let q = transposed ? given.mT : given;
      if (this.base === undefined) {
        if (this.orthogonal_map !== 'householder') {
          throw new NotImplementedError(
            'It is not possible to assign to the matrix exponential or the Cayley parametrizations when use_trivialization=False.',
          );
        }
        const { a, tau } = torch.geqrf(q);
        diagonal(a).copy_(torch.where(tau.eq(0), diagonal(a).sign().neg(), diagonal(a).sign()));
        return transposed ? a.mT : a;
      }
      if (n !== k)
        q = orthogonalised(torch.cat([q, torch.randn([...q.shape.slice(0, -2), n, n - k], { dtype: q.dtype, device: q.device })], -1));
      else q = isOrthogonal(q) ? q.clone() : orthogonalised(q);
      this.base = q;
      const minusId = torch.zeros_like(given);
      diagonal(minusId).fill_(-1);
      return minusId;
    });
  }
}
/**
 * A matrix, or a batch of them, with orthonormal columns, or rows if it has fewer: by the matrix exponential or the Cayley map of a
 * skew-symmetric one, or as a product of reflections. With `use_trivialization`, relative to a base that is the initial value.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html.
 */
export function orthogonal<M extends Module>(
  module: M,
  ...args: Arguments<[name?: string, orthogonal_map?: OrthogonalMap | null], OrthogonalOptions>
): M {
  const names = ['name', 'orthogonal_map', 'use_trivialization'] as const;
  const a = bindCall<OrthogonalOptions>('orthogonal', args, names, { name: 'weight', orthogonal_map: null, use_trivialization: true }, 1);
  const weight = weightOf(module, a.name);
  if (weight.ndim < 2) throw new ValueError(`Expected a matrix or batch of matrices. Got a tensor of ${weight.ndim} dimensions.`);
  const map = a.orthogonal_map ?? (weight.shape.at(-2) === weight.shape.at(-1) || weight.is_complex() ? 'matrix_exp' : 'householder');
  if (!['matrix_exp', 'cayley', 'householder'].includes(map)) {
    throw new ValueError(`orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: ${map}`);
  }
  return register_parametrization(module, a.name, new _Orthogonal(weight, map, a.use_trivialization), { unsafe: true });
}
