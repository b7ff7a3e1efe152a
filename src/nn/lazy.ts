// Modules that learn the shapes of their parameters from the first input.
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { no_grad } from '../autograd/modes.ts';
import { className, type Module } from './module.ts';
import { is_lazy } from './parameter.ts';

/** What a lazy module has besides its base. */
export interface LazyModule {
  /** Gives the uninitialized parameters their shapes, from the arguments of forward. */
  initialize_parameters(...args: never[]): void;
  has_uninitialized_params(): boolean;
}
// biome-ignore lint/suspicious/noExplicitAny: TypeScript mixes in constructors of this type only
export type Constructor<T> = abstract new (...args: any[]) => T;

/**
 * A class whose parameters may be uninitialized until forward is called the first time. Subclasses define `initialize_parameters`;
 * after it ran, an instance has the class `cls_to_become`.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html.
 */
export function LazyModuleMixin<C extends Constructor<Module>>(Base: C): C & Constructor<LazyModule> {
  abstract class Lazy extends Base {
    /** The class of an initialized instance; null: it keeps its own. */
    static readonly cls_to_become: { prototype: Module } | null = null;
    // biome-ignore lint/suspicious/noExplicitAny: a mixin's constructor
    constructor(...args: any[]) {
      super(...args);
      const load = this.register_load_state_dict_pre_hook((_module, state_dict, prefix) => {
        for (const [name, t] of state(this)) {
          const given = state_dict[prefix + name];
          if (given && is_lazy(t) && !is_lazy(given)) no_grad(() => t.materialize(given.shape));
        }
      });
      const infer = this.register_forward_pre_hook((_, args) => {
        this.initialize_parameters(...(args as never[]));
        if (this.has_uninitialized_params()) throw new RuntimeError(`module ${className(this)} has not been fully initialized`);
        load.remove();
        infer.remove();
        const { cls_to_become } = this.constructor as typeof Lazy;
        if (cls_to_become) Object.setPrototypeOf(this, cls_to_become.prototype);
      });
    }
    initialize_parameters(..._args: never[]): void {
      throw new NotImplementedError(`initialize_parameters is not implemented for ${className(this)}`);
    }
    has_uninitialized_params(): boolean {
      return [...state(this)].some(([, t]) => is_lazy(t));
    }
  }
  return Lazy as unknown as C & Constructor<LazyModule>;
}
function* state(m: Module): Generator<[string, unknown]> {
  yield* m.own('parameter');
  yield* m.own('buffer');
}
