// The older weight_norm and spectral_norm: a hook computes the weight before each forward.
import { no_grad } from '../../autograd/modes.ts';
import type { RemovableHandle } from '../../autograd/node.ts';
import { RuntimeError, ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import * as torch from '../../surface/generated/torch.ts';
import { bindCall } from '../arguments.ts';
import * as F from '../functional.ts';
import type { Module } from '../module.ts';
import { is_lazy, Parameter } from '../parameter.ts';
import type { Arguments } from '../simple.ts';
import { asMatrix, outputDim } from './parametrizations.ts';

type Kind = 'weight_norm' | 'spectral_norm';
interface Hook extends RemovableHandle {
  readonly kind: Kind;
  readonly name: string;
  /** The weight as the hook last computes it. */
  final(): Tensor;
}
const hooks = new WeakMap<Module, Hook[]>();
const members = (m: Module): Record<string, unknown> => m as unknown as Record<string, unknown>;

/** Replaces a parameter by parts, from which `compute` makes it before each forward. */
function install(
  module: Module,
  kind: Kind,
  name: string,
  parts: (weight: Parameter) => Record<string, Tensor>,
  compute: (training: boolean) => Tensor,
  initial: (weight: Parameter) => Tensor,
): void {
  const own = hooks.get(module) ?? [];
  hooks.set(module, own);
  if (own.some((h) => h.kind === kind && h.name === name))
    throw new RuntimeError(`Cannot register two ${kind} hooks on the same parameter ${name}`);
  const title = kind === 'weight_norm' ? 'WeightNorm' : 'SpectralNorm';
  const weight = members(module)[name];
  if (is_lazy(weight)) {
    throw new ValueError(
      `The module passed to \`${title}\` can't have uninitialized parameters. Make sure to run the dummy forward before applying ${kind === 'weight_norm' ? 'weight' : 'spectral'} normalization`,
    );
  }
  if (!(weight instanceof Parameter)) throw new ValueError(`\`${title}\` cannot be applied as parameter \`${name}\` is None`);
  const made = parts(weight);
  delete members(module)[name];
  for (const [part, t] of Object.entries(made)) {
    if (t instanceof Parameter) module.register_parameter(part, t);
    else module.register_buffer(part, t);
  }
  members(module)[name] = initial(weight);
  const handle = module.register_forward_pre_hook(() => {
    members(module)[name] = compute(module.training);
  });
  own.push({
    kind,
    name,
    final: () => no_grad(() => compute(false)),
    remove: () => {
      handle.remove();
      for (const part of [name, ...Object.keys(made)]) {
        delete members(module)[part];
        module._internals.buffers.delete(part);
      }
    },
  });
}
function uninstall<M extends Module>(module: M, kind: Kind, name: string): M {
  const own = hooks.get(module) ?? [];
  const hook = own.find((h) => h.kind === kind && h.name === name);
  if (!hook) throw new ValueError(`${kind} of '${name}' not found in ${module}`);
  const weight = hook.final();
  hook.remove();
  own.splice(own.indexOf(hook), 1);
  module.register_parameter(name, new Parameter(weight.detach()));
  return module;
}

interface WeightNormOptions {
  name: string;
  dim: number | null;
}
/**
 * A weight as its lengths along `dim` (`weight_g`) times its directions (`weight_v`). parametrizations.weight_norm is newer.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html.
 */
export function weight_norm<M extends Module>(module: M, ...args: Arguments<[name?: string, dim?: number | null], WeightNormOptions>): M {
  const { name, dim } = bindCall<WeightNormOptions>('weight_norm', args, ['name', 'dim'], { name: 'weight', dim: 0 }, 1);
  const part = (suffix: string): Tensor => members(module)[name + suffix] as Tensor;
  const compute = (): Tensor => torch._weight_norm(part('_v'), part('_g'), dim ?? -1);
  const parts = (w: Parameter): Record<string, Tensor> => ({
    [`${name}_g`]: new Parameter(torch.norm_except_dim(w, 2, dim ?? -1).data),
    [`${name}_v`]: new Parameter(w.data),
  });
  install(module, 'weight_norm', name, parts, compute, compute);
  return module;
}
/** Makes the weight an ordinary parameter again. */
export const remove_weight_norm = <M extends Module>(module: M, name = 'weight'): M => uninstall(module, 'weight_norm', name);

interface SpectralNormOptions {
  name: string;
  n_power_iterations: number;
  eps: number;
  dim: number | null;
}
/**
 * A weight (`weight_orig`) divided by its largest singular value, as power iteration estimates it. parametrizations.spectral_norm is newer.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html.
 */
export function spectral_norm<M extends Module>(
  module: M,
  ...args: Arguments<[name?: string, n_power_iterations?: number, eps?: number, dim?: number | null], SpectralNormOptions>
): M {
  const defaults = { name: 'weight', n_power_iterations: 1, eps: 1e-12, dim: null };
  const { name, n_power_iterations, eps, ...a } = bindCall<SpectralNormOptions>(
    'spectral_norm',
    args,
    ['name', 'n_power_iterations', 'eps', 'dim'],
    defaults,
    1,
  );
  if (n_power_iterations <= 0)
    throw new ValueError(`Expected n_power_iterations to be positive, but got n_power_iterations=${n_power_iterations}`);
  const dim = a.dim ?? outputDim(module);
  const part = (suffix: string): Tensor => members(module)[name + suffix] as Tensor;
  const unit = (x: Tensor): Tensor => F.normalize(x, { dim: 0, eps });
  const compute = (training: boolean): Tensor => {
    const [weight, u, v] = ['_orig', '_u', '_v'].map(part) as [Tensor, Tensor, Tensor];
    const matrix = asMatrix(weight, dim);
    if (training) {
      no_grad(() => {
        for (let i = 0; i < n_power_iterations; i++) {
          v.copy_(unit(matrix.t().mv(u)));
          u.copy_(unit(matrix.mv(v)));
        }
      });
    }
    // Copies, so that a second forward does not change what the first one's gradient needs.
    const [x, y] = training ? [u.clone(), v.clone()] : [u, v];
    return weight.div(x.dot(matrix.mv(y)));
  };
  const parts = (w: Parameter): Record<string, Tensor> => {
    const [rows, columns] = asMatrix(w, dim).shape as unknown as [number, number];
    const drawn = (n: number): Tensor => no_grad(() => unit(torch.empty([n], { dtype: w.dtype, device: w.device }).normal_(0, 1)));
    return { [`${name}_orig`]: w, [`${name}_u`]: drawn(rows), [`${name}_v`]: drawn(columns) };
  };
  install(module, 'spectral_norm', name, parts, compute, (w) => w.data);
  return module;
}
/** Makes the weight an ordinary parameter again. */
export const remove_spectral_norm = <M extends Module>(module: M, name = 'weight'): M => uninstall(module, 'spectral_norm', name);
