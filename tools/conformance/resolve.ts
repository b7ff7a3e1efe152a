// From a Python path (`torch.add`, `Tensor.mT`, `operator.iadd`) to what the library has for it.
import type { Style, Target } from './call.ts';
import { indexArguments } from './call.ts';
import type { Callable, Library, Tensor } from './library.ts';

/** The methods behind Python's operators, best first. */
export const OPERATOR_METHODS: Readonly<Record<string, readonly string[]>> = {
  add: ['add'],
  sub: ['sub'],
  mul: ['mul'],
  truediv: ['div'],
  floordiv: ['floor_divide'],
  mod: ['remainder'],
  pow: ['pow'],
  matmul: ['matmul'],
  and_: ['__and__', 'bitwise_and'],
  or_: ['__or__', 'bitwise_or'],
  xor: ['__xor__', 'bitwise_xor'],
  lshift: ['__lshift__', 'bitwise_left_shift'],
  rshift: ['__rshift__', 'bitwise_right_shift'],
  invert: ['bitwise_not'],
  neg: ['neg'],
  pos: ['positive'],
  abs: ['abs'],
  eq: ['eq'],
  ne: ['ne'],
  lt: ['lt'],
  le: ['le'],
  gt: ['gt'],
  ge: ['ge'],
  iadd: ['add_'],
  isub: ['sub_'],
  imul: ['mul_'],
  itruediv: ['div_'],
  ifloordiv: ['floor_divide_'],
  imod: ['remainder_'],
  ipow: ['pow_'],
  iand: ['__iand__', 'bitwise_and_'],
  ior: ['__ior__', 'bitwise_or_'],
  ixor: ['__ixor__', 'bitwise_xor_'],
  ilshift: ['__ilshift__', 'bitwise_left_shift_'],
  irshift: ['__irshift__', 'bitwise_right_shift_'],
};

/** The functions behind reflected operators: `a.__rsub__(b)` is `b - a`. */
export const REFLECTED: Readonly<Record<string, string>> = {
  __radd__: 'add',
  __rsub__: 'sub',
  __rmul__: 'mul',
  __rdiv__: 'div',
  __rtruediv__: 'div',
  __rfloordiv__: 'floor_divide',
  __rmod__: 'remainder',
  __rpow__: 'pow',
  __rmatmul__: 'matmul',
  __rand__: 'bitwise_and',
  __ror__: 'bitwise_or',
  __rxor__: 'bitwise_xor',
  __rlshift__: 'bitwise_left_shift',
  __rrshift__: 'bitwise_right_shift',
};

const PLAIN = /^(nn\.(?!functional\.)|optim\.|utils\.|distributions\.)/;

/** How numbers are passed to a member of `torch`. */
export const styleOf = (path: string): Style => (PLAIN.test(path) ? 'plain' : 'operator');

/** What a path calls, or null when the library does not have it. */
export function resolve(library: Library, path: string): Target | null {
  const [space, ...names] = path.split('.');
  const name = names.join('.');
  if (space === 'Tensor') return method(library, name);
  if (space === 'operator') return operator(library, name);
  const found = library.find(name);
  if (typeof found !== 'function') return null;
  return { name: names.length === 1 ? name : names.at(-1)!, style: styleOf(name), run: (args) => (found as Callable)(...args) };
}

const prototypeOf = (library: Library): object => library.get<{ prototype: object }>('Tensor').prototype;

function method(library: Library, name: string): Target | null {
  if (name === '__getitem__') return getitem(library);
  if (!(name in prototypeOf(library))) {
    const reflected = REFLECTED[name];
    const found = reflected === undefined ? undefined : library.find(reflected);
    return typeof found === 'function'
      ? { name, style: 'operator', run: ([self, other]) => (found as Callable)(other, requireTensor(library, self, name)) }
      : null;
  }
  return {
    name,
    style: 'operator',
    run: ([self, ...args]) => {
      const member = (requireTensor(library, self, name) as unknown as Record<string, unknown>)[name];
      return typeof member === 'function' ? (member as Callable).apply(self, args) : member;
    },
  };
}

/** Only a tensor has a tensor's methods. */
function requireTensor(library: Library, self: unknown, name: string): Tensor {
  if (!library.isTensor(self)) throw new TypeError(`${name} is a method of tensors, not of ${typeof self}`);
  return self;
}

function operator(library: Library, name: string): Target | null {
  if (name === 'getitem') return getitem(library);
  const found = OPERATOR_METHODS[name]?.find((candidate) => candidate in prototypeOf(library));
  return found === undefined ? null : method(library, found);
}

/** `self[index]`: the index comes as one Python value, possibly a tuple. */
function getitem(library: Library): Target | null {
  if (!('at' in prototypeOf(library))) return null;
  return { name: '__getitem__', style: 'plain', run: ([self, ...index]) => library.method(self, 'at', ...index) };
}

/** The arguments of a call as the target takes them: a tuple index becomes several. */
export function spreadIndex(library: Library, target: Target, args: readonly unknown[]): readonly unknown[] {
  return target.name === '__getitem__' && args.length === 2 ? [args[0], ...indexArguments(library, args[1])] : args;
}
