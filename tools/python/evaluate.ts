// Runs the tree of a snippet: statements and expressions. What values can do is in objects.ts.
import * as arithmetic from './arithmetic.ts';
import type { Argument, Clause, Expr, FStringPart, Parameter, Statement } from './ast.ts';
import { builtins } from './builtins.ts';
import type { Foreign } from './foreign.ts';
import { bind, type Kwargs, PyClass, PyFunction, PyInstance, PySuper } from './function.ts';
import { standardModule } from './modules.ts';
import { Objects, position } from './objects.ts';
import { parse } from './parse.ts';
import { Scope } from './scope.ts';
import { PyError, PySlice, PyTuple, type PyValue, Unsupported } from './values.ts';

class Break extends Error {}
class Continue extends Error {}
class Return extends Error {
  constructor(readonly value: PyValue) {
    super();
  }
}

/** Where a method was defined, for super(). */
interface Method {
  readonly owner: { value: PyValue };
  readonly self: PyValue;
}

export interface Options {
  /** The library that the snippet uses; without one it is pure Python. */
  readonly foreign?: Foreign;
  /** Names that are there from the beginning. */
  readonly names?: Iterable<readonly [string, PyValue]>;
}

/** A namespace in which snippets run one after the other. `output` collects what they print. */
export class Interpreter extends Objects {
  output = '';
  readonly names = new Map<string, PyValue>();
  private readonly builtins: Map<string, PyValue>;
  private readonly scope: Scope;
  private method: Method | null = null;

  constructor(options: Options = {}) {
    super(options.foreign ?? null);
    this.builtins = new Map(builtins(this));
    this.scope = new Scope(this.names, new Scope(this.builtins, null));
    for (const [name, value] of options.names ?? []) this.names.set(name, value);
  }

  /** Runs the statements. */
  run(source: string): void {
    this.statements(parse(source), this.scope);
  }

  /** Runs the statements; the value of the last one, which is an expression. */
  evaluate(source: string): PyValue {
    const statements = parse(source);
    const last = statements.at(-1);
    if (last?.kind !== 'expression') throw new PyError('SyntaxError', 'the last statement is not an expression');
    this.statements(statements.slice(0, -1), this.scope);
    return this.expression(last.value, this.scope);
  }

  protected override builtin(name: string): PyValue {
    return this.builtins.get(name) ?? null;
  }

  /** super() without arguments, of the method that is running. */
  superOfMethod(): PySuper {
    if (!this.method) throw new PyError('RuntimeError', 'super(): no arguments');
    return new PySuper(this.method.self, this.method.owner.value);
  }

  // ------------------------------------------------------------------ statements

  private statements(statements: readonly Statement[], scope: Scope): void {
    for (const statement of statements) this.statement(statement, scope);
  }

  private statement(node: Statement, scope: Scope): void {
    switch (node.kind) {
      case 'expression':
        this.expression(node.value, scope);
        return;
      case 'assign': {
        const value = this.expression(node.value, scope);
        for (const target of node.targets) this.assign(target, value, scope);
        return;
      }
      case 'update':
        this.assign(node.target, this.update(node.op, this.expression(node.target, scope), this.expression(node.value, scope)), scope);
        return;
      case 'delete':
        for (const target of node.targets) this.remove(target, scope);
        return;
      case 'pass':
        return;
      case 'break':
        throw new Break();
      case 'continue':
        throw new Continue();
      case 'return':
        throw new Return(node.value ? this.expression(node.value, scope) : null);
      case 'raise':
        throw this.raised(node.value ? this.expression(node.value, scope) : null);
      case 'assert':
        if (!this.truth(this.expression(node.test, scope)))
          throw new PyError('AssertionError', node.message ? this.str(this.expression(node.message, scope)) : '');
        return;
      case 'import': {
        const module = this.module(node.as ? node.module : node.module.split('.')[0]!);
        scope.set(node.as ?? node.module.split('.')[0]!, module);
        return;
      }
      case 'from':
        for (const { name, as } of node.names) scope.set(as, this.getattr(this.module(node.module), name));
        return;
      case 'scope':
        for (const name of node.names) scope.declare(name, node.where);
        return;
      case 'if':
        this.statements(node.branches.find(({ test }) => test === null || this.truth(this.expression(test, scope)))?.body ?? [], scope);
        return;
      case 'while':
        while (this.truth(this.expression(node.test, scope))) if (!this.iteration(node.body, scope)) return;
        this.statements(node.otherwise, scope);
        return;
      case 'for':
        for (const item of this.iterate(this.expression(node.iterable, scope))) {
          this.assign(node.target, item, scope);
          if (!this.iteration(node.body, scope)) return;
        }
        this.statements(node.otherwise, scope);
        return;
      case 'with':
        this.with(node, scope);
        return;
      case 'try':
        this.try(node, scope);
        return;
      case 'def':
        scope.set(
          node.name,
          this.decorated(
            node.decorators,
            this.makeFunction(node.name, node.params, (inside) => this.functionBody(node.body, inside), scope),
            scope,
          ),
        );
        return;
      case 'class':
        scope.set(node.name, this.decorated(node.decorators, this.classDefinition(node, scope), scope));
        return;
    }
  }

  /** Runs a loop's body once; false if it broke out. */
  private iteration(body: readonly Statement[], scope: Scope): boolean {
    try {
      this.statements(body, scope);
    } catch (signal) {
      if (signal instanceof Break) return false;
      if (!(signal instanceof Continue)) throw signal;
    }
    return true;
  }

  private update(op: string, left: PyValue, right: PyValue): PyValue {
    if (this.owns(left)) return this.foreign!.update(op, left, right);
    if (op === '+' && Array.isArray(left) && !(left instanceof PyTuple)) {
      left.push(...this.iterate(right));
      return left;
    }
    return this.binary(op, left, right);
  }

  private assign(target: Expr, value: PyValue, scope: Scope): void {
    switch (target.kind) {
      case 'name':
        scope.set(target.id, value);
        return;
      case 'attribute':
        this.setattr(this.expression(target.object, scope), target.name, value);
        return;
      case 'subscript':
        this.setitem(this.expression(target.object, scope), this.expression(target.index, scope), value);
        return;
      case 'tuple':
      case 'list':
        this.unpack(target.items, value, scope);
        return;
      default:
        throw new Unsupported(`assignment to ${target.kind}`);
    }
  }

  private unpack(targets: readonly Expr[], value: PyValue, scope: Scope): void {
    const values = [...this.iterate(value)];
    const star = targets.findIndex((t) => t.kind === 'starred');
    if (star < 0 ? values.length !== targets.length : values.length < targets.length - 1) {
      throw new PyError(
        'ValueError',
        values.length > targets.length
          ? `too many values to unpack (expected ${targets.length})`
          : `not enough values to unpack (expected ${targets.length}, got ${values.length})`,
      );
    }
    const extra = values.length - targets.length;
    targets.forEach((t, i) => {
      if (t.kind === 'starred') this.assign(t.value, values.slice(i, i + extra + 1), scope);
      else this.assign(t, values[star >= 0 && i > star ? i + extra : i], scope);
    });
  }

  private remove(target: Expr, scope: Scope): void {
    if (target.kind === 'name') scope.delete(target.id);
    else if (target.kind === 'tuple') for (const item of target.items) this.remove(item, scope);
    else if (target.kind === 'subscript') {
      const object = this.expression(target.object, scope);
      const index = this.expression(target.index, scope);
      if (object instanceof Map) object.delete(index);
      else if (Array.isArray(object)) object.splice(position(index, object.length), 1);
      else throw new Unsupported(`del of an item of ${arithmetic.typeName(object)}`);
    } else throw new Unsupported(`del of ${target.kind}`);
  }

  private raised(value: PyValue): Error {
    if (value === null) return new PyError('RuntimeError', 'No active exception to reraise');
    if (value instanceof Error) return value;
    if (value instanceof PyClass || this.owns(value)) return this.raised(this.call(value, []));
    if (value instanceof PyInstance) return new PyError(value.type.name, this.str(value), value);
    throw new PyError('TypeError', 'exceptions must derive from BaseException');
  }

  private with(node: Extract<Statement, { kind: 'with' }>, scope: Scope): void {
    const exits: (() => void)[] = [];
    try {
      for (const { context, as } of node.items) {
        const entered = this.enter(this.expression(context, scope));
        exits.push(entered.exit);
        if (as) this.assign(as, entered.value, scope);
      }
      this.statements(node.body, scope);
    } finally {
      for (const exit of exits.reverse()) exit();
    }
  }
  private try(node: Extract<Statement, { kind: 'try' }>, scope: Scope): void {
    try {
      let failed = true;
      try {
        this.statements(node.body, scope);
        failed = false;
      } catch (error) {
        if (
          !(error instanceof Error) ||
          error instanceof Break ||
          error instanceof Continue ||
          error instanceof Return ||
          error instanceof Unsupported
        )
          throw error;
        const handler = node.handlers.find(({ type }) => type === null || this.isinstance(error, this.expression(type, scope)));
        if (!handler) throw error;
        if (handler.as) scope.set(handler.as, error);
        this.statements(handler.body, scope);
      }
      if (!failed) this.statements(node.otherwise, scope);
    } finally {
      this.statements(node.finally, scope);
    }
  }

  private module(name: string): PyValue {
    const found = this.foreign?.module(name) ?? standardModule(this, name);
    if (found === undefined) throw new PyError('ModuleNotFoundError', `No module named '${name}'`);
    return found;
  }

  private decorated(decorators: readonly Expr[], value: PyValue, scope: Scope): PyValue {
    return [...decorators].reverse().reduce<PyValue>((inner, decorator) => {
      const wrap = this.expression(decorator, scope);
      if (wrap instanceof PyFunction || wrap instanceof PyClass) return this.call(wrap, [inner]);
      // A context manager as a decorator: each call runs inside a fresh one.
      this.enter(wrap).exit();
      const around = (args: readonly PyValue[], kwargs: Kwargs): PyValue => {
        const { exit } = this.enter(this.expression(decorator, scope));
        try {
          return this.call(inner, args, kwargs);
        } finally {
          exit();
        }
      };
      return new PyFunction(
        inner instanceof PyFunction ? inner.name : 'decorated',
        around,
        inner instanceof PyFunction ? inner.params : null,
      );
    }, value);
  }

  private makeFunction(
    name: string,
    params: readonly Parameter[],
    body: (scope: Scope) => PyValue,
    scope: Scope,
    owner?: { value: PyValue },
  ): PyFunction {
    const defaults = new Map(params.flatMap((p) => (p.default ? [[p.name, this.expression(p.default, scope)] as const] : [])));
    const invoke = (args: readonly PyValue[], kwargs: Kwargs): PyValue => {
      const outer = this.method;
      if (owner) this.method = { owner, self: args[0] };
      try {
        return body(new Scope(bind(name, params, defaults, args, kwargs), scope));
      } finally {
        this.method = outer;
      }
    };
    return new PyFunction(name, invoke, params);
  }

  private functionBody(body: readonly Statement[], scope: Scope): PyValue {
    try {
      this.statements(body, scope);
      return null;
    } catch (signal) {
      if (signal instanceof Return) return signal.value;
      throw signal;
    }
  }

  private classDefinition(node: Extract<Statement, { kind: 'class' }>, scope: Scope): PyValue {
    const bases = node.bases.filter((b) => b.name === null).map((b) => this.expression(b.value, scope));
    const owner: { value: PyValue } = { value: null };
    // Methods see the names around the class, not those in it.
    const inside = new Scope(new Map(), scope);
    for (const statement of node.body) {
      if (statement.kind !== 'def') this.statement(statement, inside);
      else {
        const method = this.makeFunction(statement.name, statement.params, (s) => this.functionBody(statement.body, s), scope, owner);
        inside.set(statement.name, this.decorated(statement.decorators, method, inside));
      }
    }
    const foreignBase = bases.find((base) => !(base instanceof PyClass));
    owner.value =
      foreignBase === undefined
        ? new PyClass(node.name, bases as PyClass[], inside.names)
        : this.foreign!.subclass(node.name, foreignBase, inside.names);
    return owner.value;
  }

  // ------------------------------------------------------------------ expressions

  private expression(node: Expr, scope: Scope): PyValue {
    switch (node.kind) {
      case 'constant':
        return node.value;
      case 'name':
        return scope.get(node.id);
      case 'attribute':
        return this.getattr(this.expression(node.object, scope), node.name);
      case 'subscript':
        return this.getitem(this.expression(node.object, scope), this.expression(node.index, scope));
      case 'slice': {
        const bound = (e: Expr | null): PyValue => (e ? this.expression(e, scope) : null);
        return new PySlice(bound(node.start), bound(node.stop), bound(node.step));
      }
      case 'call':
        return this.callExpression(node.callee, node.args, scope);
      case 'unary': {
        const operand = this.expression(node.operand, scope);
        if (node.op === 'not') return !this.truth(operand);
        return this.owns(operand) ? this.foreign!.unary(node.op, operand) : arithmetic.unary(node.op, operand);
      }
      case 'binary':
        return this.binary(node.op, this.expression(node.left, scope), this.expression(node.right, scope));
      case 'logical': {
        const left = this.expression(node.left, scope);
        return this.truth(left) === (node.op === 'or') ? left : this.expression(node.right, scope);
      }
      case 'compare':
        return this.chain(node, scope);
      case 'conditional':
        return this.expression(this.truth(this.expression(node.test, scope)) ? node.whenTrue : node.otherwise, scope);
      case 'lambda':
        return this.makeFunction('<lambda>', node.params, (inside) => this.expression(node.body, inside), scope);
      case 'tuple':
        return PyTuple.from_(this.items(node.items, scope));
      case 'list':
        return this.items(node.items, scope);
      case 'set':
        return new Set(this.items(node.items, scope));
      case 'starred':
        throw new PyError('SyntaxError', "can't use starred expression here");
      case 'dict':
        return this.dict(node.entries, scope);
      case 'comprehension':
        return this.comprehension(node, scope);
      case 'fstring':
        return this.fstring(node.parts, scope);
      case 'named': {
        const value = this.expression(node.value, scope);
        scope.set(node.id, value);
        return value;
      }
    }
  }

  private items(nodes: readonly Expr[], scope: Scope): PyValue[] {
    return nodes.flatMap((node) =>
      node.kind === 'starred' ? [...this.iterate(this.expression(node.value, scope))] : [this.expression(node, scope)],
    );
  }

  private dict(entries: readonly { key: Expr | null; value: Expr }[], scope: Scope): Map<PyValue, PyValue> {
    const map = new Map<PyValue, PyValue>();
    for (const { key, value } of entries) {
      if (key) map.set(this.expression(key, scope), this.expression(value, scope));
      else for (const [k, v] of this.entries(this.expression(value, scope))) map.set(k, v);
    }
    return map;
  }

  private callExpression(callee: Expr, nodes: readonly Argument[], scope: Scope): PyValue {
    const target = this.expression(callee, scope);
    const args: PyValue[] = [];
    const kwargs = new Map<string, PyValue>();
    for (const { star, name, value } of nodes) {
      const given = this.expression(value, scope);
      if (star === '*') args.push(...this.iterate(given));
      else if (star === '**') for (const [k, v] of this.entries(given)) kwargs.set(k as string, v);
      else if (name !== null) kwargs.set(name, given);
      else args.push(given);
    }
    return this.call(target, args, kwargs);
  }

  private chain(node: Extract<Expr, { kind: 'compare' }>, scope: Scope): PyValue {
    let left = this.expression(node.left, scope);
    let result: PyValue = true;
    for (const { op, right } of node.rest) {
      const next = this.expression(right, scope);
      result = this.compare(op, left, next);
      if (node.rest.length > 1 && !this.truth(result)) return result;
      left = next;
    }
    return result;
  }

  private comprehension(node: Extract<Expr, { kind: 'comprehension' }>, scope: Scope): PyValue {
    const inside = new Scope(new Map(), scope);
    const element = (): PyValue => this.expression(node.element, inside);
    if (node.result === 'generator') return this.produce(node.clauses, inside, element);
    if (node.result === 'dict')
      return new Map(this.produce(node.clauses, inside, () => [element(), this.expression(node.value!, inside)] as const));
    const items = this.produce(node.clauses, inside, element);
    return node.result === 'set' ? new Set(items) : [...items];
  }
  private *produce<T>(clauses: readonly Clause[], scope: Scope, element: () => T): Generator<T> {
    const [first, ...rest] = clauses;
    if (!first) {
      yield element();
      return;
    }
    for (const item of this.iterate(this.expression(first.iterable, scope))) {
      this.assign(first.target, item, scope);
      if (first.conditions.every((condition) => this.truth(this.expression(condition, scope)))) yield* this.produce(rest, scope, element);
    }
  }

  private fstring(parts: readonly FStringPart[], scope: Scope): string {
    return parts
      .map((part) => {
        if (typeof part === 'string') return part;
        const value = this.expression(part.value, scope);
        const shown = part.conversion === '' ? value : part.conversion === 's' ? this.str(value) : this.repr(value);
        return part.label + this.format(shown, this.fstring(part.spec, scope));
      })
      .join('');
  }
}
