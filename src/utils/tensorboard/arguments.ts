// Arguments of the writer's methods, some of whose parameters are dicts themselves.
import { bindCall } from '../../nn/arguments.ts';
import { isKwargs } from '../../surface/bind.ts';

/** Parameters that are dicts. */
const DICTS = new Set(['tag_scalar_dict', 'hparam_dict', 'metric_dict', 'hparam_domain_discrete', 'config_dict', 'layout']);
/**
 * Like bindCall, where a plain object may also be a parameter. In the place of a dict, a last plain object gives parameters by name only if each of its keys
 * names one that is still open and every required one is then given.
 */
export function bindDicts<T extends object>(
  callable: string,
  given: readonly unknown[],
  names: readonly (keyof T & string)[],
  defaults: Partial<T>,
): T {
  const last = given.at(-1);
  if (!isKwargs(last) || given.length > names.length) return bindCall(callable, given, names, defaults, 1);
  if (ArrayBuffer.isView(last.data)) return bindCall(callable, [...given, {}], names, defaults, 1); // an array, not names
  if (!DICTS.has(names[given.length - 1]!)) return bindCall(callable, given, names, defaults, 1);
  const open: readonly string[] = names.slice(given.length - 1);
  const keys = Object.keys(last);
  const byName = keys.every((key) => open.includes(key)) && open.every((name) => name in defaults || keys.includes(name));
  return bindCall(callable, byName ? given : [...given, {}], names, defaults, 1);
}
