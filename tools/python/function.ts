// Functions and classes that a snippet defines.
import type { Parameter } from './ast.ts';
import { PyError, PyTuple, type PyValue } from './values.ts';

export type Kwargs = ReadonlyMap<string, PyValue>;
export const NO_KWARGS: Kwargs = new Map();

/** A function of a snippet, or a builtin. `self` is there when it was taken from an instance. */
export class PyFunction {
  constructor(
    readonly name: string,
    readonly invoke: (args: readonly PyValue[], kwargs: Kwargs) => PyValue,
    readonly params: readonly Parameter[] | null = null,
  ) {}
  bound(self: PyValue): PyFunction {
    return new PyFunction(this.name, (args, kwargs) => this.invoke([self, ...args], kwargs), this.params?.slice(1) ?? null);
  }
}

/** A type: a builtin one, or a class of a snippet without a library base. */
export class PyClass {
  constructor(
    readonly name: string,
    readonly bases: readonly PyClass[],
    readonly namespace: Map<string, PyValue>,
    readonly construct: ((args: readonly PyValue[], kwargs: Kwargs) => PyValue) | null = null,
    readonly test: ((value: PyValue) => boolean) | null = null,
  ) {}
  lookup(name: string): PyValue {
    if (this.namespace.has(name)) return this.namespace.get(name);
    for (const base of this.bases) {
      const found = base.lookup(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  extends(other: PyClass): boolean {
    return this === other || this.bases.some((base) => base.extends(other));
  }
}

export class PyInstance {
  readonly attributes = new Map<string, PyValue>();
  constructor(readonly type: PyClass) {}
}

/** super() of a method: looks attributes up behind the class that defines it. */
export class PySuper {
  constructor(
    readonly self: PyValue,
    readonly behind: PyValue,
  ) {}
}

/** The parameters' values of a call, by name. */
export function bind(
  name: string,
  params: readonly Parameter[],
  defaults: ReadonlyMap<string, PyValue>,
  args: readonly PyValue[],
  kwargs: Kwargs,
): Map<string, PyValue> {
  const values = new Map<string, PyValue>();
  const rest = new Map(kwargs);
  const positional = params.filter((p) => p.kind === 'plain');
  const variadic = params.find((p) => p.kind === '*');
  if (args.length > positional.length && !variadic) {
    throw new PyError('TypeError', `${name}() takes ${positional.length} positional arguments but ${args.length} were given`);
  }
  positional.forEach((p, i) => {
    if (i >= args.length) return;
    if (rest.has(p.name)) throw new PyError('TypeError', `${name}() got multiple values for argument '${p.name}'`);
    values.set(p.name, args[i]);
  });
  if (variadic) values.set(variadic.name, PyTuple.from_(args.slice(positional.length)));
  for (const p of params) {
    if (values.has(p.name) || p.kind === '**') continue;
    if (rest.has(p.name)) values.set(p.name, rest.get(p.name));
    else if (defaults.has(p.name)) values.set(p.name, defaults.get(p.name));
    else throw new PyError('TypeError', `${name}() missing a required argument: '${p.name}'`);
    rest.delete(p.name);
  }
  const keywords = params.find((p) => p.kind === '**');
  if (keywords) values.set(keywords.name, rest);
  else if (rest.size > 0) throw new PyError('TypeError', `${name}() got an unexpected keyword argument '${[...rest.keys()][0]}'`);
  return values;
}
