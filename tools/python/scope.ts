// The names that a piece of code sees.
import { PyError, type PyValue } from './values.ts';

/** The names of a module, function or comprehension. */
export class Scope {
  private readonly elsewhere = new Map<string, Scope>();
  constructor(
    readonly names: Map<string, PyValue>,
    readonly parent: Scope | null,
  ) {}
  private holder(name: string): Scope | null {
    for (let scope: Scope | null = this.elsewhere.get(name) ?? this; scope; scope = scope.parent) if (scope.names.has(name)) return scope;
    return null;
  }
  get(name: string): PyValue {
    const scope = this.holder(name);
    if (!scope) throw new PyError('NameError', `name '${name}' is not defined`);
    return scope.names.get(name);
  }
  set(name: string, value: PyValue): void {
    (this.elsewhere.get(name) ?? this).names.set(name, value);
  }
  delete(name: string): void {
    const scope = this.elsewhere.get(name) ?? this;
    if (!scope.names.delete(name)) throw new PyError('NameError', `name '${name}' is not defined`);
  }
  declare(name: string, where: 'global' | 'nonlocal'): void {
    let scope: Scope = this.parent ?? this;
    if (where === 'global') while (scope.parent?.parent) scope = scope.parent;
    else scope = this.parent?.holder(name) ?? scope;
    this.elsewhere.set(name, scope);
  }
}
