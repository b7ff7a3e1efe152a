// Modules and parameters in order or by name.
import { IndexError, KeyError, RuntimeError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import { className, indented, Module } from './module.ts';
import { Parameter } from './parameter.ts';

function position(i: number, n: number): number {
  if (!Number.isInteger(i)) throw new TypeError(`index must be an integer, got ${i}`);
  if (i < -n || i >= n) throw new IndexError(`index ${i} is out of range`);
  return i < 0 ? i + n : i;
}
const isDict = <T>(x: unknown): x is Record<string, T> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** The children by name, in order; one module may be there under several names. */
const entriesOf = <M extends Module>(m: Module): [string, M][] => [...m.own('child')].filter((e): e is [string, M] => e[1] !== null);

/** A module of tensors in, one tensor out: what Sequential runs. */
export type Layer = Module & ((...inputs: Tensor[]) => Tensor);

/** Modules in order, numbered unless they were given names. */
abstract class Modules<M extends Module> extends Module {
  readonly [index: number]: M;
  get size(): number {
    return entriesOf(this).length;
  }
  /** The i-th module; a slice as `slice(i, j)`. */
  at(i: number): M {
    const all = entriesOf<M>(this);
    return all[position(i, all.length)]![1];
  }
  append(module: M): this {
    this.add_module(String(this.size), module);
    return this;
  }
  extend(modules: Iterable<M>): this {
    for (const m of modules) this.append(m);
    return this;
  }
  insert(index: number, module: M): this {
    const all = [...this];
    all.splice(index < 0 ? index + all.length : index, 0, module);
    return this.renumber(all);
  }
  /** Removes the i-th module; the others are numbered anew. */
  pop(i: number): M {
    const all = [...this];
    const [m] = all.splice(position(i, all.length), 1);
    this.renumber(all);
    return m!;
  }
  private renumber(modules: readonly M[]): this {
    for (const [name] of entriesOf(this)) this._remove_child(name);
    return this.extend(modules);
  }
  *[Symbol.iterator](): Generator<M> {
    for (const [, m] of entriesOf<M>(this)) yield m;
  }
}

/** Modules that run one after the other; the first argument may be an object or Map of names. */
export class Sequential extends Modules<Layer> {
  static override readonly __name__: string = 'Sequential';
  constructor(...modules: Module[] | [Record<string, Module> | Map<string, Module>]) {
    super();
    const first = modules[0];
    if (modules.length === 1 && (first instanceof Map || isDict<Module>(first))) {
      const entries = first instanceof Map ? first : Object.entries(first);
      for (const [name, m] of entries) this.add_module(name, m);
    } else (modules as Module[]).forEach((m, i) => void this.add_module(String(i), m));
  }
  forward(input: Tensor): Tensor {
    let x = input;
    for (const layer of this) x = layer(x);
    return x;
  }
  slice(start?: number, end?: number): Sequential {
    return new Sequential(new Map(entriesOf(this).slice(start, end)));
  }
}

/** A list of modules that a forward method uses as it likes. Its type says which, where they are not plain layers: `new ModuleList<LSTM>(…)`. */
export class ModuleList<M extends Module = Layer> extends Modules<M> {
  static override readonly __name__: string = 'ModuleList';
  constructor(modules: Iterable<NoInfer<M>> = []) {
    super();
    this.extend(modules);
  }
  forward(..._: never[]): unknown {
    throw new TypeError(`Module [${className(this)}] is missing the required "forward" function`);
  }
  slice(start?: number, end?: number): ModuleList<M> {
    return new ModuleList<M>([...this].slice(start, end));
  }
  /** Equal neighbours are counted, as in `(0-2): 3 x Linear(…)`. */
  override toString(): string {
    const texts = [...this].map(String);
    if (texts.length === 0) return `${this._get_name()}()`;
    const blocks: { from: number; to: number; text: string }[] = [];
    texts.forEach((text, i) => {
      const last = blocks[blocks.length - 1];
      if (last && last.text === text) last.to = i;
      else blocks.push({ from: i, to: i, text });
    });
    const lines = blocks.map(({ from, to, text }) =>
      indented(from === to ? `(${from}): ${text}` : `(${from}-${to}): ${to - from + 1} x ${text}`),
    );
    return `${this._get_name()}(\n  ${lines.join('\n  ')}\n)`;
  }
}

/** Modules by name, in order. */
export class ModuleDict<M extends Module = Layer> extends Module {
  static override readonly __name__: string = 'ModuleDict';
  constructor(modules: Record<string, NoInfer<M>> | Map<string, NoInfer<M>> | Iterable<readonly [string, NoInfer<M>]> = {}) {
    super();
    this.update(modules);
  }
  forward(): never {
    throw new TypeError(`Module [${className(this)}] is missing the required "forward" function`);
  }
  update(modules: Record<string, M> | Map<string, M> | Iterable<readonly [string, M]>): void {
    const entries = isDict<M>(modules) ? Object.entries(modules) : (modules as Iterable<readonly [string, M]>);
    for (const [name, m] of entries) this.add_module(name, m);
  }
  get(name: string): M {
    for (const [n, m] of entriesOf<M>(this)) if (n === name) return m;
    throw new KeyError(`'${name}'`);
  }
  set(name: string, module: M): void {
    this.add_module(name, module);
  }
  has(name: string): boolean {
    return [...this.keys()].includes(name);
  }
  pop(name: string): M {
    const m = this.get(name);
    this._remove_child(name);
    return m;
  }
  clear(): void {
    for (const name of [...this.keys()]) this._remove_child(name);
  }
  *keys(): Generator<string> {
    for (const [n] of entriesOf(this)) yield n;
  }
  *values(): Generator<M> {
    for (const [, m] of entriesOf<M>(this)) yield m;
  }
  items(): readonly [string, M][] {
    return entriesOf(this);
  }
  [Symbol.iterator](): Generator<string> {
    return this.keys();
  }
}

function describe(x: unknown, type: (p: Tensor) => string): string {
  if (x instanceof Tensor)
    return `${x instanceof Parameter ? 'Parameter' : 'Tensor'} containing: [${type(x)} of size ${x.layout.shape.join('x')}]`;
  return `Object of type: ${pythonType(x)}`;
}
function pythonType(x: unknown): string {
  if (x === null || x === undefined) return 'NoneType';
  if (typeof x === 'string') return 'str';
  if (typeof x === 'boolean') return 'bool';
  if (typeof x === 'number') return Number.isInteger(x) ? 'int' : 'float';
  if (Array.isArray(x)) return 'list';
  if (typeof x === 'function') return 'function';
  return isDict(x) || x instanceof Map ? 'dict' : x.constructor.name;
}
/** A tensor becomes a parameter; anything else stays what it is. */
const asParameter = (x: unknown): unknown => (x instanceof Tensor && !(x instanceof Parameter) ? new Parameter(x) : x);
/** Parameters in order; other values may stand between them. */
export class ParameterList extends Module {
  static override readonly __name__: string = 'ParameterList';
  readonly [index: number]: Parameter;
  constructor(values: Iterable<unknown> = []) {
    super();
    this.extend(values);
  }
  override get length(): number {
    return Object.keys(this).length;
  }
  forward(): never {
    throw new RuntimeError('ParameterList should not be called.');
  }
  at(i: number): Parameter {
    return this[position(i, this.length)]!;
  }
  append(value: unknown): this {
    Object.defineProperty(this, String(this.length), { value: asParameter(value), writable: true, enumerable: true, configurable: true });
    return this;
  }
  extend(values: Iterable<unknown>): this {
    for (const v of values) this.append(v);
    return this;
  }
  *[Symbol.iterator](): Generator<Parameter> {
    for (let i = 0; i < this.length; i++) yield this[i]!;
  }
  override extra_repr(): string {
    return [...this].map((p, i) => `  (${i}): ${describe(p, (t) => String(t.dtype))}`).join('\n');
  }
}
/** Parameters by name; other values may stand among them. */
export class ParameterDict extends Module {
  static override readonly __name__: string = 'ParameterDict';
  constructor(parameters: Record<string, unknown> | Map<string, unknown> | Iterable<readonly [string, unknown]> = {}) {
    super();
    this.update(parameters);
  }
  forward(): never {
    throw new RuntimeError('ParameterDict should not be called.');
  }
  update(parameters: Record<string, unknown> | Map<string, unknown> | Iterable<readonly [string, unknown]>): void {
    const entries = isDict<unknown>(parameters) ? Object.entries(parameters) : (parameters as Iterable<readonly [string, unknown]>);
    for (const [name, p] of entries) this.set(name, p);
  }
  get(name: string): Parameter {
    if (!this.has(name)) throw new KeyError(`'${name}'`);
    return (this as unknown as Record<string, Parameter>)[name]!;
  }
  set(name: string, value: unknown): void {
    Object.defineProperty(this, name, { value: asParameter(value), writable: true, enumerable: true, configurable: true });
  }
  has(name: string): boolean {
    return Object.hasOwn(this, name);
  }
  pop(name: string): Parameter {
    const p = this.get(name);
    delete (this as unknown as Record<string, unknown>)[name];
    return p;
  }
  keys(): readonly string[] {
    return Object.keys(this);
  }
  values(): Parameter[] {
    return this.keys().map((k) => this.get(k));
  }
  items(): [string, Parameter][] {
    return this.keys().map((k) => [k, this.get(k)]);
  }
  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }
  override extra_repr(): string {
    return this.items()
      .map(([k, p]) => `  (${k}): ${describe(p, (t) => t.type() as string)}`)
      .join('\n');
  }
}
