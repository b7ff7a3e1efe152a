// Full backward hooks: identities around a module's inputs and outputs, whose nodes see its gradients.
import { Function as AutogradFunction, type FunctionCtx } from '../autograd/function.ts';
import type { Node } from '../autograd/node.ts';
import { requiresGrad } from '../autograd/views.ts';
import { RuntimeError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import { state } from '../dispatch/state.ts';
import type { BackwardHookFunction, BackwardPreHook, Module } from './module.ts';

class BackwardHookFunctionNode extends AutogradFunction {
  static forward(ctx: FunctionCtx, ...args: Tensor[]): Tensor[] {
    ctx.mark_non_differentiable(...args.filter((t) => !requiresGrad(t)));
    return args;
  }
  static backward(_ctx: FunctionCtx, ...grads: Tensor[]): Tensor[] {
    return grads;
  }
}
type Grads = readonly (Tensor | null)[];
const asList = (r: Grads | Tensor): Grads => (r instanceof Tensor ? [r] : r);

/** The hooks of one call of a module. */
export class BackwardHook {
  private gradOutputs: Grads | null = null;
  private inputNode: Node | null = null;
  constructor(
    private readonly module: Module,
    private readonly hooks: readonly BackwardHookFunction[],
    private readonly preHooks: readonly BackwardPreHook[],
  ) {}
  /** The arguments behind an identity. */
  inputs(args: readonly unknown[]): unknown[] {
    const { list, node } = this.behindIdentity(args);
    this.inputNode = node;
    node?.register_hook((gradInputs) => {
      if (this.gradOutputs === null) {
        throw new RuntimeError(
          `Module backward hook for grad_input is called before the grad_output one. This happens because the gradient in your nn.Module flows to the Module's input without passing through the Module's output. Make sure that the output depends on the input and that the loss is computed based on the output.`,
        );
      }
      const places = tensorPlaces(args);
      const full = args.map((_, i) => (places.includes(i) ? gradInputs[places.indexOf(i)]! : null));
      let current: Grads = full;
      for (const hook of this.hooks) {
        const r = hook(this.module, current, this.gradOutputs!);
        if (r !== undefined && r !== null) current = asList(r);
      }
      this.gradOutputs = null;
      return places.map((i) => current[i] ?? null);
    });
    return list;
  }
  /** The outputs behind an identity. */
  outputs(output: unknown): unknown {
    const single = !Array.isArray(output);
    const all = single ? [output] : (output as unknown[]);
    const { list, node } = this.behindIdentity(all);
    node?.register_prehook((grads) => {
      let current: Grads = grads;
      for (const hook of this.preHooks) {
        const r = hook(this.module, current);
        if (r !== undefined && r !== null) current = asList(r);
      }
      this.gradOutputs = current;
      if (this.inputNode === null) {
        // No input needs a gradient: the hooks run now, with none.
        for (const hook of this.hooks) {
          const r = hook(this.module, [], current);
          if (r !== undefined && r !== null)
            throw new RuntimeError(
              'Backward hook for Modules where no input requires gradient should always return None or None for all gradients.',
            );
        }
        this.gradOutputs = null;
      }
      return current;
    });
    return single ? list[0] : list;
  }
  private behindIdentity(values: readonly unknown[]): { list: unknown[]; node: Node | null } {
    const places = tensorPlaces(values);
    const tensors = places.map((i) => values[i] as Tensor);
    if (!state.grad || !tensors.some(requiresGrad)) return { list: [...values], node: null };
    const wrapped = BackwardHookFunctionNode.apply(...tensors) as Tensor[];
    const list = [...values];
    places.forEach((i, k) => {
      list[i] = wrapped[k];
    });
    const node = wrapped.find((t) => t._node !== null)?._node as Node | undefined;
    return { list, node: node ?? null };
  }
}
const tensorPlaces = (values: readonly unknown[]): number[] => values.flatMap((v, i) => (v instanceof Tensor ? [i] : []));
