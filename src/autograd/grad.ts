// torch.autograd.grad and torch.autograd.backward.
import { RuntimeError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import type { Level } from '../dispatch/state.ts';
import { backward as run } from './engine.ts';
import { escape } from './node.ts';
import { requiresGrad, zeros } from './views.ts';

type Tensors = Tensor | readonly Tensor[];
const list = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? (x as readonly T[]) : [x as T]);

export interface GradOptions {
  grad_outputs?: Tensor | readonly (Tensor | null)[] | null;
  retain_graph?: boolean | null;
  create_graph?: boolean;
  allow_unused?: boolean | null;
  materialize_grads?: boolean;
  is_grads_batched?: boolean;
}
/**
 * The gradients of the outputs with respect to the inputs; see https://pytorch.org/docs/stable/generated/torch.autograd.grad.html.
 * @throws RuntimeError if an input was not used, unless `allow_unused`.
 */
export function grad(
  outputs: Tensors,
  inputs: Tensors,
  grad_outputs?: Tensor | readonly (Tensor | null)[] | null | GradOptions,
  retain_graph?: boolean | null | GradOptions,
  create_graph?: boolean | GradOptions,
  allow_unused?: boolean | null | GradOptions,
): (Tensor | null)[] {
  const o: GradOptions = {};
  const place = (x: unknown, key: keyof GradOptions): void => {
    if (x === undefined) return;
    if (x !== null && typeof x === 'object' && !(x instanceof Tensor) && !Array.isArray(x)) Object.assign(o, x);
    else (o as Record<string, unknown>)[key] = x;
  };
  place(grad_outputs, 'grad_outputs');
  place(retain_graph, 'retain_graph');
  place(create_graph, 'create_graph');
  place(allow_unused, 'allow_unused');
  const outs = list(outputs);
  const ins = list(inputs);
  const given = o.grad_outputs == null ? outs.map(() => null) : list(o.grad_outputs as Tensor | readonly (Tensor | null)[]);
  if (given.length !== outs.length) throw new RuntimeError(`got ${outs.length} tensors and ${given.length} gradients`);
  for (const t of outs)
    if (!requiresGrad(t)) throw new RuntimeError('element 0 of tensors does not require grad and does not have a grad_fn');
  for (const t of ins) if (!requiresGrad(t)) throw new RuntimeError('One of the differentiated Tensors does not require grad');
  const found = run(outs, given as readonly (Tensor | null)[], outs[0]!.level as Level | null, {
    inputs: ins,
    create_graph: o.create_graph ?? false,
    ...(o.retain_graph == null ? {} : { retain_graph: o.retain_graph }),
  });
  const unused = o.allow_unused ?? o.materialize_grads ?? false;
  return found.map((g, i) => {
    if (g) return escape(g);
    if (!unused)
      throw new RuntimeError(
        'One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.',
      );
    return o.materialize_grads ? zeros(ins[i]!.layout) : null;
  });
}
/** Sums the gradients of several tensors into the leaves (torch.autograd.backward). */
export function backward(
  tensors: Tensors,
  grad_tensors: Tensor | readonly (Tensor | null)[] | null = null,
  options: { retain_graph?: boolean; create_graph?: boolean; inputs?: Tensors } = {},
): void {
  const roots = list(tensors);
  const gs = grad_tensors === null ? roots.map(() => null) : list(grad_tensors as Tensor | readonly (Tensor | null)[]);
  run(roots, gs as readonly (Tensor | null)[], roots[0]!.level as Level | null, {
    create_graph: options.create_graph ?? false,
    ...(options.retain_graph === undefined ? {} : { retain_graph: options.retain_graph }),
    ...(options.inputs ? { inputs: list(options.inputs), accumulate: true } : {}),
  });
}
