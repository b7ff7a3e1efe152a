// The library in a snippet's world: attributes, operators, indexing and calls of its objects in Python's terms.
import { fromLibrary, indexArguments, invoke, type Style, toLibrary } from '../conformance/call.ts';
import type { Callable, Constructor, Library, Tensor } from '../conformance/library.ts';
import { OPERATOR_METHODS, styleOf } from '../conformance/resolve.ts';
import { equal } from './arithmetic.ts';
import type { Foreign } from './foreign.ts';
import { type Kwargs, PyClass, PyFunction, PyInstance, PySuper } from './function.ts';
import { isNumeric, isPlainObject, PyError, PyTuple, type PyValue } from './values.ts';

/** A function of the library, with the object that it was taken from. */
class Member {
  constructor(
    readonly fn: Callable,
    readonly self: unknown,
    readonly name: string,
    readonly style: Style,
    /** Its path from `torch`, for functions of namespaces. */
    readonly path: string | null,
  ) {}
}
/** A namespace of the library: torch, nn, nn.functional. */
class Namespace {
  constructor(
    readonly object: object,
    readonly path: string,
  ) {}
}
/** A class of the library. */
class LibraryClass {
  constructor(
    readonly type: Constructor,
    readonly path: string | null,
  ) {}
}

const OPERATORS: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'truediv',
  '//': 'floordiv',
  '%': 'mod',
  '**': 'pow',
  '@': 'matmul',
  '&': 'and_',
  '|': 'or_',
  '^': 'xor',
  '<<': 'lshift',
  '>>': 'rshift',
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};
const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' };
const UNARY: Readonly<Record<string, string>> = { '-': 'neg', '+': 'pos', '~': 'invert' };
/** Methods that give a Python list rather than a tuple. */
const LISTS = new Set(['tolist', 'default_collate']);
const PYTHON_NAME = Symbol('the class of the snippet');

const isClass = (x: unknown): x is Constructor => typeof x === 'function' && /^class\b/.test(Function.prototype.toString.call(x));
const isNamespace = (x: unknown): x is object =>
  typeof x === 'object' && x !== null && (Object.prototype.toString.call(x) === '[object Module]' || isPlainObject(x));

export class Torch implements Foreign {
  /** Python values of attributes whose JavaScript form says less: a float that is whole, a tuple. */
  private readonly remembered = new WeakMap<object, Map<string, { stored: unknown; value: PyValue }>>();

  constructor(private readonly library: Library) {}

  /** A namespace or class by its path from `torch`; '' is torch itself. */
  at(path: string): PyValue {
    if (path === '') return new Namespace(this.library.torch, '');
    return this.member(this.library.find(path), this.library.torch, path.split('.').at(-1)!, path);
  }

  owns(value: PyValue): boolean {
    if (value instanceof Namespace || value instanceof Member || value instanceof LibraryClass) return true;
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
    if (value instanceof PyTuple || value instanceof Map || value instanceof Set || value instanceof Error || isPlainObject(value))
      return false;
    if (Array.isArray(value)) return Object.getPrototypeOf(value) !== Array.prototype || Object.hasOwn(value, 'toString');
    return !isPythons(value);
  }

  // ------------------------------------------------------------------ attributes

  private member(value: unknown, owner: unknown, name: string, path: string | null): PyValue {
    if (path !== null && isNamespace(value)) return new Namespace(value, path);
    if (isClass(value)) return new LibraryClass(value, path);
    if (typeof value !== 'function' || (owner instanceof Object && this.isModule(value))) return fromLibrary(value);
    return new Member(
      value as Callable,
      owner,
      name,
      path === null ? (this.library.isTensor(owner) ? 'operator' : 'plain') : styleOf(path),
      path,
    );
  }
  private isModule(x: unknown): boolean {
    const module = this.library.find('nn.Module');
    return typeof module === 'function' && x instanceof module;
  }

  getattr(object: PyValue, name: string): PyValue {
    if (object instanceof PySuper) return this.inherited(object, name);
    if (object instanceof Namespace) return this.namespaceMember(object, name);
    if (object instanceof LibraryClass)
      return name === '__name__'
        ? className(object.type)
        : this.member(
            (object.type as unknown as Record<string, unknown>)[name] ?? missing(className(object.type), name),
            object.type,
            name,
            null,
          );
    if (object instanceof Member)
      return name === '__name__'
        ? object.name
        : this.member(
            (object.fn as unknown as Record<string, unknown>)[name] ?? missing(object.name, name),
            object.fn,
            name,
            object.path && `${object.path}.${name}`,
          );
    if (name === '__class__') return this.typeOf(object);
    const target = object as Record<string, unknown>;
    const value = target[name];
    if (value === undefined && !(name in target)) missing(className(object as object), name);
    const remembered = this.remembered.get(target)?.get(name);
    if (remembered && remembered.stored === value) return remembered.value;
    if (name === 'shape') return value;
    return this.member(value, object, name, null);
  }
  private namespaceMember({ object, path }: Namespace, name: string): PyValue {
    const value = (object as Record<string, unknown>)[name];
    if (value === undefined) missing(`module 'torch${path && `.${path}`}'`, name);
    return this.member(value, object, name, path ? `${path}.${name}` : name);
  }
  /** super().name of a class that extends a library class. */
  private inherited({ self, behind }: PySuper, name: string): PyValue {
    if (name === '__init__') return new PyFunction('__init__', () => null);
    const base = Object.getPrototypeOf((behind as LibraryClass).type.prototype) as Record<string, unknown>;
    const value = Reflect.get(base, name, self);
    return value === undefined ? missing('super', name) : this.member(value, self, name, null);
  }

  setattr(object: PyValue, name: string, value: PyValue): void {
    const stored = toLibrary(this.library, unwrapped(value), 'plain');
    (object as Record<string, unknown>)[name] = stored;
    const kept = this.remembered.get(object as object) ?? new Map<string, { stored: unknown; value: PyValue }>();
    if (stored !== value) this.remembered.set(object as object, kept.set(name, { stored, value }));
  }

  // ------------------------------------------------------------------ items

  getitem(object: PyValue, index: PyValue): PyValue {
    const { library } = this;
    if (library.isTensor(object)) return library.method(object, 'at', ...indexArguments(library, index));
    const key = toLibrary(library, index, 'plain');
    if (Array.isArray(object)) return fromLibrary(object.at(Number(key)));
    const target = object as Record<string, unknown>;
    for (const name of ['get', 'at'])
      if (typeof target[name] === 'function') return fromLibrary((target[name] as Callable).call(object, key));
    throw new PyError('TypeError', `'${className(object as object)}' object is not subscriptable`);
  }
  setitem(object: PyValue, index: PyValue, value: PyValue): void {
    const { library } = this;
    const given = toLibrary(library, value, 'operator');
    if (library.isTensor(object)) library.method(object, 'set', indexArguments(library, index), given);
    else library.method(object, 'set', toLibrary(library, index, 'plain'), given);
  }
  contains(object: PyValue, item: PyValue): boolean {
    if (typeof (object as { has?: unknown }).has === 'function') return this.library.method<boolean>(object, 'has', item);
    return [...this.iterate(object)].includes(item);
  }
  *iterate(object: PyValue): Iterable<PyValue> {
    const target = object as { [Symbol.iterator]?: () => Iterator<unknown>; keys?: Callable };
    if (typeof target[Symbol.iterator] === 'function') for (const item of target as Iterable<unknown>) yield fromLibrary(item);
    else if (this.library.isTensor(object)) for (let i = 0; i < this.length(object); i++) yield this.getitem(object, BigInt(i));
    else if (typeof target.keys === 'function') for (const key of target.keys() as Iterable<unknown>) yield fromLibrary(key);
    else if (Number.isInteger((object as { length?: unknown }).length))
      for (let i = 0; i < this.length(object); i++) yield this.getitem(object, BigInt(i));
    else throw new PyError('TypeError', `'${className(object as object)}' object is not iterable`);
  }
  length(object: PyValue): number {
    if (this.library.isTensor(object)) return object.shape[0] ?? fail(new PyError('TypeError', 'len() of a 0-d tensor'));
    const { length, size } = object as { length?: unknown; size?: unknown };
    if (typeof length === 'number') return length;
    if (typeof size === 'number') return size;
    throw new PyError('TypeError', `object of type '${className(object as object)}' has no len()`);
  }
  truth(object: PyValue): boolean {
    return this.library.isTensor(object) ? Boolean(this.library.method(object, 'item')) : true;
  }

  // ------------------------------------------------------------------ operators

  binary(op: string, left: PyValue, right: PyValue): PyValue {
    const { library } = this;
    const name = OPERATORS[op];
    if (name === undefined) throw new PyError('TypeError', `unsupported operator ${op}`);
    if (!library.isTensor(left) && library.isTensor(right) && MIRRORED[op]) return this.binary(MIRRORED[op], right, left);
    if (library.isTensor(left)) return this.tensorMethod(left, name, right);
    if (library.isTensor(right)) {
      const fn = OPERATOR_METHODS[name]!.find((candidate) => typeof library.find(candidate) === 'function');
      return library.call(fn ?? OPERATOR_METHODS[name]!.at(-1)!, toLibrary(library, left, 'operator'), right);
    }
    return this.objects(op, left, right);
  }
  private tensorMethod(self: Tensor, name: string, ...args: PyValue[]): PyValue {
    const { library } = this;
    const method = OPERATOR_METHODS[name]!.find((candidate) => candidate in self);
    return library.method(self, method ?? OPERATOR_METHODS[name]!.at(-1)!, ...args.map((x) => toLibrary(library, x, 'operator')));
  }
  /** Operators between objects that are not tensors: sizes and data sets add, others compare. */
  private objects(op: string, left: PyValue, right: PyValue): PyValue {
    if (op === '==' || op === '!=') {
      const same =
        Array.isArray(left) && Array.isArray(right)
          ? left.length === right.length && left.every((x, i) => equal(fromLibrary(x), fromLibrary(right[i])))
          : unwrapped(left) === unwrapped(right);
      return same === (op === '==');
    }
    if (op === '+' && typeof (left as { concat?: unknown }).concat === 'function') return this.library.method(left, 'concat', right);
    throw new PyError('TypeError', `unsupported operand type(s) for ${op}`);
  }
  unary(op: string, operand: PyValue): PyValue {
    return this.tensorMethod(operand as Tensor, UNARY[op]!);
  }
  update(op: string, left: PyValue, right: PyValue): PyValue {
    if (!this.library.isTensor(left)) return this.binary(op, left, right);
    return this.tensorMethod(left, `i${OPERATORS[op]!.replace(/_$/, '')}`, right);
  }

  // ------------------------------------------------------------------ calls

  call(callee: PyValue, args: readonly PyValue[], kwargs: Kwargs): PyValue {
    const { library } = this;
    const given = args.map(unwrapped);
    const named = new Map([...kwargs].map(([name, x]) => [name, unwrapped(x)]));
    if (callee instanceof LibraryClass) return this.construct(callee, given, named);
    if (callee instanceof Member) {
      const style = callee.style;
      const result = invoke(library, { name: callee.name, style, run: (a) => callee.fn.apply(callee.self, a) }, given, named);
      return this.result(callee, result);
    }
    if (typeof callee !== 'function') throw new PyError('TypeError', `'${className(callee as object)}' object is not callable`);
    return fromLibrary(invoke(library, { name: 'forward', style: 'plain', run: (a) => (callee as Callable)(...a) }, given, named));
  }
  private construct({ type, path }: LibraryClass, args: readonly PyValue[], kwargs: Kwargs): PyValue {
    if (PYTHON_NAME in type) return new type(new PythonArguments(args, kwargs));
    return invoke(this.library, { name: path ?? type.name, style: 'plain', run: (a) => new type(...a) }, args, kwargs);
  }
  /** Numbers and lists as Python has them: an element of a float tensor is a float, several results are a tuple. */
  private result({ self, name, style }: Member, result: unknown): PyValue {
    if (this.library.isTensor(self) && (name === 'item' || name === 'tolist')) return elements(result, /float|half/.test(self.dtype.name));
    const value = fromLibrary(result);
    return style === 'operator' &&
      Array.isArray(value) &&
      Object.getPrototypeOf(value) === Array.prototype &&
      !Object.hasOwn(value, 'toString') &&
      !LISTS.has(name)
      ? PyTuple.from_(value)
      : value;
  }

  enter(context: PyValue): { value: PyValue; exit(): void } {
    const target = context as { [Symbol.dispose]?: () => void };
    if (typeof target[Symbol.dispose] !== 'function')
      throw new PyError('TypeError', `'${className(context as object)}' object is not a context manager`);
    return { value: context, exit: () => target[Symbol.dispose]!() };
  }

  // ------------------------------------------------------------------ classes

  subclass(name: string, base: PyValue, namespace: ReadonlyMap<string, PyValue>): PyValue {
    if (!(base instanceof LibraryClass)) throw new PyError('TypeError', `cannot derive ${name} from ${String(base)}`);
    const { library } = this;
    const init = namespace.get('__init__');
    const type = class extends base.type {
      static readonly __name__ = name;
      static readonly [PYTHON_NAME] = name;
      constructor(...args: unknown[]) {
        const given = args[0] instanceof PythonArguments ? args[0] : null;
        super(...(init ? [] : given ? given.args.map((x) => toLibrary(library, x, 'plain')) : args));
        if (init instanceof PyFunction) init.invoke([this, ...(given?.args ?? args.map(fromLibrary))], given?.kwargs ?? new Map());
      }
    };
    Object.defineProperty(type, 'name', { value: name });
    for (const [key, value] of namespace) {
      if (key !== '__init__')
        Object.defineProperty(type.prototype, METHOD_NAMES[key] ?? key, {
          value: value instanceof PyFunction ? this.method(value) : value,
          writable: true,
          configurable: true,
        });
    }
    if (namespace.has('__len__'))
      Object.defineProperty(type.prototype, 'length', {
        get: (type.prototype as unknown as { length_: Callable }).length_,
        configurable: true,
      });
    return new LibraryClass(type, null);
  }
  /** A method that the library calls with its own values; a last plain object names parameters. */
  private method(f: PyFunction): Callable {
    const { library } = this;
    return function (this: unknown, ...args: unknown[]) {
      const last = args.at(-1);
      const names = f.params?.map((p) => p.name) ?? [];
      const named = isPlainObject(last) && Object.keys(last).length > 0 && Object.keys(last).every((key) => names.includes(key));
      const kwargs = new Map(named ? Object.entries(last).map(([key, value]) => [key, fromLibrary(value)]) : []);
      return toLibrary(library, unwrapped(f.invoke([this, ...(named ? args.slice(0, -1) : args).map(fromLibrary)], kwargs)), 'plain');
    };
  }

  isinstance(object: PyValue, type: PyValue): boolean {
    const isObject = (typeof object === 'object' || typeof object === 'function') && object !== null;
    if (type instanceof LibraryClass) return isObject && object instanceof type.type;
    // torch.Tensor and torch.LongTensor are functions that stand for classes.
    return type instanceof Member && isObject && typeof type.fn.prototype === 'object' && object instanceof type.fn;
  }
  typeOf(object: PyValue): PyValue {
    return new LibraryClass((object as { constructor: Constructor }).constructor, null);
  }

  module(name: string): PyValue {
    if (name === 'torch') return this.at('');
    return name.startsWith('torch.') ? this.at(name.slice('torch.'.length)) : undefined;
  }

  // ------------------------------------------------------------------ text

  repr(object: PyValue): string | null {
    if (object instanceof LibraryClass) return `<class '${qualifiedName(object)}'>`;
    if (object instanceof Member) return `<function ${object.name}>`;
    if (object instanceof Namespace) return `<module 'torch${object.path && `.${object.path}`}'>`;
    const own = (object as Record<string | symbol, unknown>).repr ?? (object as Record<string | symbol, unknown>).__repr__;
    return typeof own === 'function' ? String(own.call(object)) : this.str(object);
  }
  str(object: PyValue): string | null {
    return object instanceof LibraryClass || object instanceof Member || object instanceof Namespace ? this.repr(object) : String(object);
  }
}

/** The arguments of a snippet's constructor, on their way through the library's class. */
class PythonArguments {
  constructor(
    readonly args: readonly PyValue[],
    readonly kwargs: Kwargs,
  ) {}
}

const METHOD_NAMES: Readonly<Record<string, string>> = {
  __getitem__: 'get',
  __len__: 'length_',
  __call__: 'forward',
  __repr__: 'toString',
  __iter__: '__iter__',
};

const isPythons = (x: object): boolean =>
  x instanceof PyFunction ||
  x instanceof PyClass ||
  x instanceof PyInstance ||
  x instanceof PySuper ||
  PYTHON_CLASSES.has(x.constructor?.name ?? '') ||
  isIterator(x);
const PYTHON_CLASSES = new Set(['PyComplex', 'PySlice', 'PyRange', 'DictView', 'StandardModule']);
const isIterator = (x: object): boolean => typeof (x as { next?: unknown }).next === 'function' && !('shape' in x);

/** What the library itself has: its class for a class, its function for a function. */
function unwrapped(x: PyValue): PyValue {
  if (x instanceof LibraryClass) return x.type;
  if (x instanceof Member) return x.self === null || x.path !== null ? x.fn : x.fn.bind(x.self);
  if (x instanceof Namespace) return x.object;
  return x;
}
function elements(x: unknown, floating: boolean): PyValue {
  if (Array.isArray(x)) return x.map((item) => elements(item, floating));
  return floating && isNumeric(x) ? x : fromLibrary(x);
}
const className = (x: object): string => {
  const type = (typeof x === 'function' && isClass(x) ? x : x.constructor) as { __name__?: string; name: string };
  return type.__name__ ?? type.name;
};
/** The library states where PyTorch keeps a class in `__module__`; otherwise it is where it was found. */
function qualifiedName({ type, path }: LibraryClass): string {
  const { __module__: module } = type as unknown as { __module__?: string };
  if (module) return `${module}.${className(type)}`;
  return path === null ? `torch.${className(type)}` : `torch.${path}`;
}
function missing(owner: string, name: string): never {
  throw new PyError(
    'AttributeError',
    owner.startsWith('module') ? `${owner} has no attribute '${name}'` : `'${owner}' object has no attribute '${name}'`,
  );
}
function fail(error: Error): never {
  throw error;
}
