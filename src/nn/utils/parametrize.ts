// Tensors of modules computed from others; see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html.
import '../../surface/install.ts';
import { checkCallback, no_grad } from '../../autograd/modes.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../../core/errors.ts';
import { sameShape } from '../../core/size.ts';
import { Tensor } from '../../core/tensor.ts';
import { ModuleDict, ModuleList } from '../container.ts';
import { className, type Module } from '../module.ts';
import { Parameter } from '../parameter.ts';

/** A module that computes a tensor; `right_inverse` finds what it would compute a given one from. */
export type Parametrization = Module & { right_inverse?(x: Tensor): Tensor | readonly Tensor[] };
type Members = Record<string, unknown>;
const members = (m: object): Members => m as unknown as Members;

/** Values computed while `cached` is active, by module and name. */
let cache: Map<Module, Map<string, Tensor>> | null = null;
let depth = 0;
/** Computes each parametrized tensor once during a callback, or until the result is disposed: `using _ = parametrize.cached()`. */
export function cached(): Disposable;
export function cached<T>(body: () => T): T;
export function cached<T>(body?: () => T): T | Disposable {
  if (depth++ === 0) cache = new Map();
  const end = (): void => {
    if (--depth === 0) cache = null;
  };
  if (!body) return { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: end } as Disposable;
  try {
    return checkCallback(body(), 'cached');
  } finally {
    end();
  }
}

function register(module: Module, name: string, x: Tensor): void {
  if (x instanceof Parameter) module.register_parameter(name, x);
  else module.register_buffer(name, x);
}
/** Removes a parameter or buffer; registered again it comes last. */
function unregister(module: Module, name: string): void {
  module._internals.buffers.delete(name);
  delete members(module)[name];
}
const typeName = (x: unknown): string => (x === null || x === undefined ? 'NoneType' : (x.constructor?.name ?? typeof x));
/** Throws unless two tensors agree. */
function checkSame(what: 'dtype' | 'shape', x: Tensor, y: Tensor, rule: string, [xName, yName]: readonly [string, string]): void {
  if (what === 'dtype' ? x.dtype === y.dtype : sameShape(x.shape, y.shape)) return;
  throw new ValueError(`${rule}\n${xName}: ${x[what]}\n${yName}: ${y[what]}`);
}
const mayNotChange = (what: string, flag: string): string =>
  `Registering a parametrization may not change the ${what} of the tensor, unless ${flag} flag is enabled.`;

/** The parametrizations of one tensor, in order, and the tensors that they compute it from: `original`, or `original0`, `original1`, …. */
export class ParametrizationList extends ModuleList<Parametrization> {
  static override readonly __name__: string = 'ParametrizationList';
  declare original: Tensor;
  readonly is_tensor: boolean;
  readonly ntensors: number;
  constructor(
    modules: Iterable<Parametrization>,
    original: Tensor,
    public unsafe = false,
  ) {
    super(modules);
    if (this.size === 0) throw new ValueError('ParametrizationList requires one or more modules.');
    const { shape, dtype } = original;
    const inverse = no_grad(() => {
      let x: Tensor | readonly Tensor[] = original;
      for (const m of this.reversed()) {
        try {
          if (m.right_inverse) x = m.right_inverse(x as Tensor);
        } catch (e) {
          if (!(e instanceof NotImplementedError)) throw e;
        }
      }
      return x;
    });
    if (!(inverse instanceof Tensor) && !Array.isArray(inverse)) {
      throw new ValueError(`'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got ${typeName(inverse)}`);
    }
    this.is_tensor = inverse instanceof Tensor;
    this.ntensors = inverse instanceof Tensor ? 1 : inverse.length;
    if (inverse instanceof Tensor) {
      const names = ['original', 'right_inverse(original)'] as const;
      if (inverse.dtype !== dtype)
        throw new ValueError(
          `When \`right_inverse\` outputs one tensor, it may not change the dtype.\n${names[0]}.dtype: ${dtype}\n${names[1]}.dtype: ${inverse.dtype}`,
        );
      if (inverse.device !== original.device)
        throw new ValueError(
          `When \`right_inverse\` outputs one tensor, it may not change the device.\n${names[0]}.device: ${original.device}\n${names[1]}.device: ${inverse.device}`,
        );
      original.data = inverse;
      register(this, 'original', original);
    } else {
      inverse.forEach((x: unknown, i) => {
        if (!(x instanceof Tensor))
          throw new ValueError(
            `'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element ${i} of the sequence with type ${typeName(x)}.`,
          );
        const own = original instanceof Parameter ? new Parameter(x, original.requires_grad) : x.requires_grad_(original.requires_grad);
        register(this, `original${i}`, own);
      });
    }
    if (this.unsafe) return;
    const z = (this as unknown as () => unknown)();
    if (!(z instanceof Tensor)) throw new ValueError(`A parametrization must return a tensor. Got ${typeName(z)}.`);
    if (z.dtype !== dtype)
      throw new ValueError(`${mayNotChange('dtype', '`unsafe`')}\nunparametrized dtype: ${dtype}\nparametrized dtype: ${z.dtype}`);
    if (!sameShape(z.shape, shape))
      throw new ValueError(`${mayNotChange('shape', '`unsafe`')}\nunparametrized shape: ${shape}\nparametrized shape: ${z.shape}`);
  }
  private reversed(): Parametrization[] {
    return ([...this] as Parametrization[]).reverse();
  }
  private originals(): Tensor[] {
    if (this.is_tensor) return [this.original];
    return Array.from({ length: this.ntensors }, (_, i) => members(this)[`original${i}`] as Tensor);
  }
  /** Stores what the parametrizations compute `value` from. */
  right_inverse(value: Tensor): void {
    no_grad(() => {
      let x: Tensor | readonly Tensor[] = value;
      for (const m of this.reversed()) {
        if (!m.right_inverse) throw new RuntimeError(`parametrization ${className(m)} does not implement right_inverse.`);
        x = m.right_inverse(x as Tensor);
      }
      if (this.is_tensor) {
        if (!(x instanceof Tensor)) throw new ValueError(`\`right_inverse\` should return a tensor. Got ${typeName(x)}`);
        if (x.dtype !== this.original.dtype)
          throw new ValueError(
            `The tensor returned by \`right_inverse\` has dtype ${x.dtype} while \`original\` has dtype ${this.original.dtype}`,
          );
        this.original.data = x;
        return;
      }
      if (!Array.isArray(x)) throw new ValueError(`'right_inverse' must return a sequence of tensors. Got ${typeName(x)}.`);
      if (x.length !== this.ntensors)
        throw new ValueError(
          `'right_inverse' must return a sequence of tensors of length ${this.ntensors}. Got a sequence of length ${x.length}.`,
        );
      this.originals().forEach((original, i) => {
        const t: unknown = x[i];
        if (!(t instanceof Tensor))
          throw new ValueError(
            `'right_inverse' must return a sequence of tensors or reference-type opaques. Got element ${i} of type ${typeName(t)}.`,
          );
        if (t.dtype !== original.dtype)
          throw new ValueError(
            `Tensor ${i} returned by \`right_inverse\` has dtype ${t.dtype} while \`original${i}\` has dtype ${original.dtype}`,
          );
        original.data = t;
      });
    });
  }
  override forward(): Tensor {
    const [first, ...rest] = [...this] as unknown as ((...x: Tensor[]) => Tensor)[];
    return rest.reduce((x, m) => m(x), first!(...this.originals()));
  }
}

/** Gives a module a class of its own, on which its parametrized tensors are properties. */
function injectClass(module: Module): void {
  const Base = module.constructor as unknown as abstract new () => Module;
  abstract class Parametrized extends Base {
    static readonly __name__: string = `Parametrized${className(module)}`;
  }
  Object.setPrototypeOf(module, Parametrized.prototype);
}
function injectProperty(module: Module, name: string): void {
  Object.defineProperty(Object.getPrototypeOf(module), name, {
    get(this: Module): Tensor {
      const compute = listOf(this, name) as unknown as () => Tensor;
      if (!cache) return compute();
      let known = cache.get(this);
      if (!known) {
        known = new Map();
        cache.set(this, known);
      }
      if (!known.has(name)) known.set(name, compute());
      return known.get(name)!;
    },
    set(this: Module, value: Tensor) {
      listOf(this, name).right_inverse(value);
    },
    configurable: true,
  });
}
const dictOf = (module: Module): ModuleDict | null => {
  const dict = members(module).parametrizations;
  return dict instanceof ModuleDict ? dict : null;
};
const listOf = (module: Module, name: string): ParametrizationList => dictOf(module)!.get(name) as ParametrizationList;

/** Checks of a parametrization that comes after others. */
function checkConsistent(module: Module, name: string, parametrization: Parametrization): void {
  const y = members(module)[name] as Tensor;
  const x = (parametrization as unknown as (y: Tensor) => unknown)(y);
  if (!(x instanceof Tensor)) throw new ValueError(`A parametrization must return a tensor. Got ${typeName(x)}.`);
  for (const what of ['dtype', 'shape'] as const) {
    checkSame(what, y, x, mayNotChange(what, 'the `unsafe`'), [`module.${name}.${what}`, `parametrization(module.${name}).${what}`]);
  }
  if (!parametrization.right_inverse) return;
  let z: unknown;
  try {
    z = parametrization.right_inverse(x);
  } catch (e) {
    if (e instanceof NotImplementedError) return;
    throw e;
  }
  if (!(z instanceof Tensor)) throw new ValueError(`parametrization.right_inverse must return a tensor. Got: ${typeName(z)}`);
  for (const what of ['dtype', 'shape'] as const) {
    const rule = `The tensor returned by parametrization.right_inverse must have the same ${what} as module.${name}, unless the \`unsafe\` flag is enabled.`;
    checkSame(what, y, z, rule, [`module.${name}.${what}`, `returned ${what}`]);
  }
}

/**
 * Computes the parameter or buffer `tensor_name` of a module by a parametrization from now on. What it is computed from is stored in
 * `module.parametrizations[tensor_name]`. Several parametrizations are applied in the order of their registration.
 * @throws ValueError unless it keeps shape and dtype, which `unsafe` allows it to change.
 */
export function register_parametrization<M extends Module>(
  module: M,
  tensor_name: string,
  parametrization: Parametrization,
  { unsafe = false }: { unsafe?: boolean } = {},
): M {
  parametrization.train(module.training);
  if (is_parametrized(module, tensor_name)) {
    if (!unsafe) checkConsistent(module, tensor_name, parametrization);
    const list = listOf(module, tensor_name);
    list.append(parametrization);
    list.unsafe ||= unsafe;
    return module;
  }
  const original = [...module.own('parameter'), ...module.own('buffer')].find(([name]) => name === tensor_name)?.[1] as Tensor | undefined;
  if (!original)
    throw new ValueError(`Module '${module}' does not have a parameter, a buffer, or a parametrized element with name '${tensor_name}'`);
  const list = new ParametrizationList([parametrization], original, unsafe);
  unregister(module, tensor_name);
  if (!is_parametrized(module)) {
    injectClass(module);
    members(module).parametrizations = new ModuleDict();
  }
  injectProperty(module, tensor_name);
  dictOf(module)!.set(tensor_name, list);
  return module;
}
/** Whether a module has parametrizations, of any tensor or of one. */
export function is_parametrized(module: Module, tensor_name: string | null = null): boolean {
  const names = [...(dictOf(module)?.keys() ?? [])];
  return tensor_name === null ? names.length > 0 : names.includes(tensor_name);
}
/**
 * Makes a parametrized tensor an ordinary one again: with its present value, or with `leave_parametrized` false with that of `original`.
 * @throws ValueError if there is no parametrization, or there are several originals to choose from.
 */
export function remove_parametrizations<M extends Module>(
  module: M,
  tensor_name: string,
  leave_parametrized: boolean | { leave_parametrized?: boolean } = true,
): M {
  if (!is_parametrized(module, tensor_name)) throw new ValueError(`Module ${module} does not have a parametrization on ${tensor_name}`);
  const leave = typeof leave_parametrized === 'boolean' ? leave_parametrized : (leave_parametrized.leave_parametrized ?? true);
  const list = listOf(module, tensor_name);
  let result: Tensor;
  if (list.is_tensor) {
    result = list.original;
    if (leave) result.data = no_grad(() => members(module)[tensor_name] as Tensor);
  } else {
    if (!leave)
      throw new ValueError(
        'Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of tensors.',
      );
    const t = members(module)[tensor_name] as Tensor;
    result = t.requires_grad ? new Parameter(t) : t;
  }
  const own = Object.getPrototypeOf(module) as Module;
  delete members(own)[tensor_name];
  dictOf(module)!.pop(tensor_name);
  register(module, tensor_name, result);
  if (!is_parametrized(module)) {
    delete members(module).parametrizations;
    Object.setPrototypeOf(module, Object.getPrototypeOf(own));
  }
  return module;
}
/** The class that a module had before its first parametrization. */
export function type_before_parametrizations(module: Module): Function {
  return is_parametrized(module) ? (Object.getPrototypeOf(Object.getPrototypeOf(module)) as Module).constructor : module.constructor;
}
/** Registers the parametrizations of a module, of all tensors or of one, on another and shares their originals. */
export function transfer_parametrizations_and_params<M extends Module>(
  from_module: Module,
  to_module: M,
  tensor_name: string | null = null,
): M {
  if (!is_parametrized(from_module)) return to_module;
  for (const name of tensor_name === null ? [...dictOf(from_module)!.keys()] : [tensor_name]) {
    if (members(to_module)[name] === undefined) members(to_module)[name] = new Parameter(members(from_module)[name] as Tensor);
    const list = listOf(from_module, name);
    for (const m of list) register_parametrization(to_module, name, m as Parametrization);
    const target = members(listOf(to_module, name));
    for (const key of Object.keys(list)) if (/^original\d*$/.test(key)) target[key] = members(list)[key];
  }
  return to_module;
}
