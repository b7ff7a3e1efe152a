// Arguments of constructors and functions: positional as in Python, and a last plain object gives any of them by name.
import { isKwargs } from '../surface/bind.ts';

/** The constructor's arguments by name; see bindCall. */
export function bindArguments<T extends object>(
  owner: string,
  given: readonly unknown[],
  names: readonly (keyof T & string)[],
  defaults: Partial<T>,
): T {
  return bindCall(`${owner}.__init__`, given, names, defaults, 1);
}
/**
 * Arguments by name. `names` lists the parameters in Python's order, `defaults` those that may be left out; `before` parameters
 * (self) come before them and count in messages.
 * @throws TypeError in Python's words for unknown, missing or surplus arguments.
 */
export function bindCall<T extends object>(
  callable: string,
  given: readonly unknown[],
  names: readonly (keyof T & string)[],
  defaults: Partial<T>,
  before = 0,
): T {
  const last = given[given.length - 1];
  const kwargs = given.length > 0 && isKwargs(last) ? last : null;
  const positional = kwargs ? given.slice(0, -1) : given;
  if (positional.length > names.length) {
    throw new TypeError(
      `${callable}() takes from ${names.length - Object.keys(defaults).length + before} to ${names.length + before} positional arguments but ${positional.length + before} were given`,
    );
  }
  const out: Record<string, unknown> = { ...defaults };
  positional.forEach((v, i) => {
    if (v !== undefined) out[names[i]!] = v;
  });
  for (const [key, v] of Object.entries(kwargs ?? {})) {
    const i = (names as readonly string[]).indexOf(key);
    if (i < 0) throw new TypeError(`${callable}() got an unexpected keyword argument '${key}'`);
    if (i < positional.length) throw new TypeError(`${callable}() got multiple values for argument '${key}'`);
    if (v !== undefined) out[key] = v;
  }
  const missing = names.filter((n) => !(n in out));
  if (missing.length) {
    const list = missing.map((n) => `'${n}'`);
    const text = list.length > 1 ? `${list.slice(0, -1).join(', ')} and ${list[list.length - 1]}` : list[0];
    throw new TypeError(`${callable}() missing ${list.length} required positional argument${list.length > 1 ? 's' : ''}: ${text}`);
  }
  return out as T;
}
