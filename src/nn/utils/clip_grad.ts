// Clipping of gradients; see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html.
import { no_grad } from '../../autograd/modes.ts';
import { pythonFloat } from '../../core/dtype.ts';
import { RuntimeError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { tensor } from '../../surface/construct.ts';
import * as linalg from '../../surface/generated/linalg.ts';
import * as torch from '../../surface/generated/torch.ts';

type Tensors = Tensor | Iterable<Tensor>;
export interface ClipOptions {
  norm_type?: number;
  error_if_nonfinite?: boolean;
  foreach?: boolean | null;
}
const listOf = (t: Tensors): Tensor[] => (t instanceof Tensor ? [t] : [...t]);
const gradsOf = (parameters: readonly Tensor[]): Tensor[] => parameters.flatMap((p) => p.grad ?? []);

/** The norm of all tensors together, as if they were one vector. */
export function get_total_norm(tensors: Tensors, norm_type = 2, error_if_nonfinite = false): Tensor {
  const list = listOf(tensors);
  if (list.length === 0) return tensor(0);
  return no_grad(() => {
    const total = linalg.vector_norm(torch.stack(list.map((t) => linalg.vector_norm(t, norm_type))), norm_type);
    if (error_if_nonfinite && !Number.isFinite(total.item())) {
      throw new RuntimeError(
        `The total norm of order ${pythonFloat(norm_type)} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set \`error_if_nonfinite=False\``,
      );
    }
    return total;
  });
}
/** Scales gradients in place so that their given total norm does not exceed `max_norm`. */
export function clip_grads_with_norm_(parameters: Tensors, max_norm: number, total_norm: Tensor): void {
  const grads = gradsOf(listOf(parameters));
  no_grad(() => {
    const factor = torch.div(max_norm, total_norm.add(1e-6)).clamp({ max: 1 });
    for (const g of grads) g.mul_(factor);
  });
}
/**
 * Scales the gradients of all parameters in place so that their total norm does not exceed `max_norm`.
 * @returns the total norm before.
 * @throws RuntimeError with `error_if_nonfinite` if that is not finite.
 */
export function clip_grad_norm_(parameters: Tensors, max_norm: number, options?: ClipOptions): Tensor;
export function clip_grad_norm_(parameters: Tensors, max_norm: number, norm_type?: number, error_if_nonfinite?: boolean): Tensor;
export function clip_grad_norm_(parameters: Tensors, max_norm: number, norm: number | ClipOptions = 2, error_if_nonfinite = false): Tensor {
  const options = typeof norm === 'number' ? { norm_type: norm, error_if_nonfinite } : norm;
  const list = listOf(parameters);
  const total = get_total_norm(gradsOf(list), options.norm_type ?? 2, options.error_if_nonfinite ?? false);
  clip_grads_with_norm_(list, max_norm, total);
  return total;
}
/** Clamps every element of the gradients to [−clip_value, clip_value], in place. */
export function clip_grad_value_(parameters: Tensors, clip_value: number): void {
  no_grad(() => {
    for (const g of gradsOf(listOf(parameters))) g.clamp_(-clip_value, clip_value);
  });
}
/** The older name of clip_grad_norm_. */
export function clip_grad_norm(...args: Parameters<typeof clip_grad_norm_>): Tensor {
  console.warn('`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.');
  return clip_grad_norm_(...args);
}
