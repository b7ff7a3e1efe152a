// Modules as functions of their parameters.
import '../../surface/install.ts';
import { RuntimeError, ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { isKwargs } from '../../surface/bind.ts';
import * as torch from '../../surface/generated/torch.ts';
import { className, type Module } from '../module.ts';

export type Tensors = Record<string, Tensor>;
export interface FunctionalCallOptions {
  /** Tensors that a module has under several names are replaced under all of them. */
  tie_weights?: boolean;
  /** Names must be exactly those of the parameters and buffers. */
  strict?: boolean;
}
interface Place {
  readonly owner: Record<string, unknown>;
  readonly name: string;
}
function placeOf(module: Module, path: string): Place {
  const dot = path.lastIndexOf('.');
  const owner = module.get_submodule(dot < 0 ? '' : path.slice(0, dot));
  return { owner: owner as unknown as Record<string, unknown>, name: path.slice(dot + 1) };
}
/** Assigns past setters, and keeps the property's place. */
function put({ owner, name }: Place, value: unknown): void {
  if (value === undefined) delete owner[name];
  else Object.defineProperty(owner, name, { value, writable: true, enumerable: true, configurable: true });
}
const own = ({ owner, name }: Place): unknown => (Object.hasOwn(owner, name) ? owner[name] : undefined);

/** Also the other names of tensors that the module has under several. */
function untied(module: Module, given: Tensors): Tensors {
  const names = new Map<Tensor, string[]>();
  for (const [name, t] of [...module.named_parameters('', true, false), ...module.named_buffers('', true, false)])
    names.set(t, [...(names.get(t) ?? []), name]);
  const result = { ...given };
  for (const tied of names.values()) {
    const present = tied.filter((name) => name in given);
    const values = new Set(present.map((name) => given[name]));
    if (tied.length < 2 || present.length === 0) continue;
    if (values.size > 1)
      throw new ValueError(
        `functional_call got multiple values for keys [${present.map((n) => `'${n}'`).join(', ')}], which are tied. Consider using tie_weights=False`,
      );
    for (const name of tied) result[name] = given[present[0]!]!;
  }
  return result;
}
function checkNames(module: Module, given: Tensors): void {
  const known = new Set([...module.named_parameters('', true, false), ...module.named_buffers('', true, false)].map(([name]) => name));
  const list = (names: readonly string[]): string => names.map((n) => `'${n}'`).join(', ');
  const unexpected = Object.keys(given).filter((n) => !known.has(n));
  const missing = [...known].filter((n) => !(n in given));
  const errors = [
    ...(unexpected.length ? [`Unexpected key(s): ${list(unexpected)}.`] : []),
    ...(missing.length ? [`Missing key(s): ${list(missing)}.`] : []),
  ];
  if (errors.length) throw new RuntimeError(`Error(s) in reparametrizing for ${className(module)}:\n\t${errors.join('\n\t')}`);
}
/**
 * Calls a module with other parameters and buffers. What the module assigns to them meanwhile is put into the given object.
 * @param parameter_and_buffer_dicts tensors by dotted name, or several such objects.
 * @param args the arguments of forward; an array is several.
 *
 * See https://pytorch.org/docs/stable/generated/torch.func.functional_call.html.
 */
export function functional_call<M extends Module>(
  module: M,
  parameter_and_buffer_dicts: Tensors | readonly Tensors[],
  args: unknown = [],
  kwargs: Record<string, unknown> | null = null,
  { tie_weights = true, strict = false }: FunctionalCallOptions = {},
): ReturnType<M['forward']> {
  const dicts = Array.isArray(parameter_and_buffer_dicts)
    ? (parameter_and_buffer_dicts as readonly Tensors[])
    : [parameter_and_buffer_dicts as Tensors];
  if (dicts.some((d) => !isKwargs(d))) throw new ValueError('Expected all elements of parameter_and_buffer_dicts to be dictionaries');
  const names = dicts.flatMap((d) => Object.keys(d));
  const repeated = [...new Set(names.filter((n, i) => names.indexOf(n) !== i))];
  if (repeated.length)
    throw new ValueError(
      `[${repeated.map((n) => `'${n}'`).join(', ')}] appeared in multiple dictionaries; behavior of functional call is ambiguous`,
    );
  const given: Tensors = dicts.length === 1 ? dicts[0]! : Object.assign({}, ...dicts);
  const swapped = tie_weights ? untied(module, given) : given;
  if (strict) checkNames(module, swapped);
  for (const t of Object.values(swapped))
    if (t !== null && !(t instanceof Tensor)) throw new TypeError(`${String(t)} is not an instance of torch.Tensor`);
  const places = Object.entries(swapped).map(([path, t]) => ({ path, t, place: placeOf(module, path) }));
  const before = places.map(({ place }) => own(place));
  try {
    for (const { place, t } of places) put(place, t);
    const positional = Array.isArray(args) ? args : [args];
    return (module as unknown as (...a: unknown[]) => ReturnType<M['forward']>)(...positional, ...(kwargs ? [kwargs] : []));
  } finally {
    for (const [i, { place, path }] of places.entries()) {
      const now = own(place);
      if (path in given && now instanceof Tensor) given[path] = now;
      put(place, before[i]);
    }
  }
}
/**
 * The parameters and the buffers of models of one class, stacked along a new first dimension: what vmap over functional_call takes.
 *
 * See https://pytorch.org/docs/stable/generated/torch.func.stack_module_state.html.
 */
export function stack_module_state(models: readonly Module[]): [params: Tensors, buffers: Tensors] {
  const fail = (text: string): never => {
    throw new RuntimeError(`stack_module_state: ${text}`);
  };
  const first = models[0] ?? fail('Expected at least one model, got 0.');
  if (models.some((m) => m.training !== first.training)) fail('Expected all models to have the same training/eval mode.');
  if (models.some((m) => m.constructor !== first.constructor)) fail('Expected all models to be of the same class.');
  const stacked = (all: Tensors[]): Tensors =>
    Object.fromEntries(
      Object.keys(all[0]!).map((name) => {
        const list = all.map((d) => d[name]!);
        const { requires_grad } = list[0]!;
        if (list.some((t) => t.requires_grad !== requires_grad))
          throw new RuntimeError(`Expected ${name} from each model to have the same .requires_grad`);
        return [name, torch.stack(list).detach().requires_grad_(requires_grad)];
      }),
    );
  return [
    stacked(models.map((m) => Object.fromEntries(m.named_parameters()))),
    stacked(models.map((m) => Object.fromEntries(m.named_buffers()))),
  ];
}
