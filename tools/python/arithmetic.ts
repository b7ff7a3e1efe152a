// Python's operators on its own values.
import { isNumeric, PyComplex, PyError, PyRange, PyTuple, type PyValue } from './values.ts';

type Real = bigint | number;

const real = (x: bigint | number | boolean): Real => (typeof x === 'boolean' ? BigInt(x) : x);
const complex = (x: bigint | number | boolean | PyComplex): PyComplex => (x instanceof PyComplex ? x : new PyComplex(Number(x), 0));

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}
function floatModulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest === 0 && b < 0 ? -0 : rest;
}

const INTEGER: Readonly<Record<string, (a: bigint, b: bigint) => PyValue>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => Number(a) / Number(b),
  '//': floorDivide,
  '%': (a, b) => a - b * floorDivide(a, b),
  '**': (a, b) => (b < 0n ? Number(a) ** Number(b) : a ** b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
};
const FLOAT: Readonly<Record<string, (a: number, b: number) => PyValue>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  '%': floatModulo,
  '**': (a, b) => a ** b,
};
const COMPLEX: Readonly<Record<string, (a: PyComplex, b: PyComplex) => PyValue>> = {
  '+': (a, b) => new PyComplex(a.re + b.re, a.im + b.im),
  '-': (a, b) => new PyComplex(a.re - b.re, a.im - b.im),
  '*': (a, b) => new PyComplex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re),
  '/': (a, b) => {
    const scale = b.re * b.re + b.im * b.im;
    return new PyComplex((a.re * b.re + a.im * b.im) / scale, (a.im * b.re - a.re * b.im) / scale);
  },
};

const typeError = (op: string, a: PyValue, b: PyValue): PyError =>
  new PyError('TypeError', `unsupported operand type(s) for ${op}: '${typeName(a)}' and '${typeName(b)}'`);

/** The name of a value's Python type. */
export function typeName(x: PyValue): string {
  if (x === null || x === undefined) return 'NoneType';
  if (x instanceof PyTuple) return 'tuple';
  if (Array.isArray(x)) return 'list';
  if (x instanceof Map) return 'dict';
  if (x instanceof Set) return 'set';
  if (x instanceof PyComplex) return 'complex';
  if (x instanceof PyRange) return 'range';
  const names: Readonly<Record<string, string>> = { bigint: 'int', number: 'float', string: 'str', boolean: 'bool', function: 'function' };
  return names[typeof x] ?? (x as object).constructor?.name ?? 'object';
}

/** `left op right`. */
export function binary(op: string, left: PyValue, right: PyValue): PyValue {
  if (isNumeric(left) && isNumeric(right)) return numeric(op, left, right);
  if (op === '+') {
    if (typeof left === 'string' && typeof right === 'string') return left + right;
    if (left instanceof PyTuple && right instanceof PyTuple) return PyTuple.from_([...left, ...right]);
    if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  }
  if (op === '*' && typeof right === 'bigint') return repeated(left, Number(right)) ?? fail(typeError(op, left, right));
  if (op === '*' && typeof left === 'bigint') return repeated(right, Number(left)) ?? fail(typeError(op, left, right));
  if (op === '|' && left instanceof Map && right instanceof Map) return new Map([...left, ...right]);
  if (left instanceof Set && right instanceof Set) return sets(op, left, right) ?? fail(typeError(op, left, right));
  throw typeError(op, left, right);
}
function fail(error: Error): never {
  throw error;
}

function numeric(op: string, left: bigint | number | boolean | PyComplex, right: bigint | number | boolean | PyComplex): PyValue {
  if (typeof left === 'boolean' && typeof right === 'boolean' && '&|^'.includes(op))
    return Boolean(INTEGER[op]!(BigInt(left), BigInt(right)));
  if (left instanceof PyComplex || right instanceof PyComplex)
    return (COMPLEX[op] ?? fail(typeError(op, left, right)))(complex(left), complex(right));
  const [a, b] = [real(left), real(right)];
  if (['/', '//', '%'].includes(op) && Number(b) === 0) throw new PyError('ZeroDivisionError', 'division by zero');
  if (typeof a === 'bigint' && typeof b === 'bigint') return (INTEGER[op] ?? fail(typeError(op, left, right)))(a, b);
  return (FLOAT[op] ?? fail(typeError(op, left, right)))(Number(a), Number(b));
}

function repeated(x: PyValue, times: number): PyValue | undefined {
  if (typeof x === 'string') return x.repeat(Math.max(0, times));
  if (!Array.isArray(x)) return undefined;
  const items = Array.from({ length: Math.max(0, times) }, () => [...x]).flat();
  return x instanceof PyTuple ? PyTuple.from_(items) : items;
}

function sets(op: string, a: Set<PyValue>, b: Set<PyValue>): Set<PyValue> | undefined {
  if (op === '|') return new Set([...a, ...b]);
  if (op === '&') return new Set([...a].filter((x) => b.has(x)));
  if (op === '-') return new Set([...a].filter((x) => !b.has(x)));
  if (op === '^') return new Set([...[...a].filter((x) => !b.has(x)), ...[...b].filter((x) => !a.has(x))]);
  return undefined;
}

/** `op operand` for + - ~. */
export function unary(op: string, x: PyValue): PyValue {
  if (isNumeric(x)) {
    if (op === '+') return x instanceof PyComplex ? x : real(x);
    if (op === '-') return x instanceof PyComplex ? new PyComplex(-x.re, -x.im) : -real(x);
    if (op === '~' && !(x instanceof PyComplex) && typeof x !== 'number') return ~BigInt(x);
  }
  throw new PyError('TypeError', `bad operand type for unary ${op}: '${typeName(x)}'`);
}

/** `a == b` by value. */
export function equal(a: PyValue, b: PyValue): boolean {
  if (a === b) return true;
  if (isNumeric(a) && isNumeric(b)) {
    if (a instanceof PyComplex || b instanceof PyComplex) return complex(a).re === complex(b).re && complex(a).im === complex(b).im;
    return order(a, b) === 0;
  }
  if (Array.isArray(a) && Array.isArray(b))
    return a instanceof PyTuple === b instanceof PyTuple && a.length === b.length && a.every((x, i) => equal(x, b[i]));
  if (a instanceof Map && b instanceof Map) return a.size === b.size && [...a].every(([key, x]) => b.has(key) && equal(x, b.get(key)));
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((x) => b.has(x));
  return false;
}

/** Negative, zero or positive as a < b, a == b or a > b. */
export function order(a: PyValue, b: PyValue): number {
  if (isNumeric(a) && isNumeric(b) && !(a instanceof PyComplex) && !(b instanceof PyComplex)) {
    const [x, y] = [real(a), real(b)];
    return x < y ? -1 : x > y ? 1 : x >= y ? 0 : Number.NaN;
  }
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (!equal(a[i], b[i])) return order(a[i], b[i]);
    return a.length - b.length;
  }
  throw new PyError('TypeError', `'<' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

/** Whether a value counts as true. */
export function truth(x: PyValue): boolean {
  if (x === null || x === undefined) return false;
  if (Array.isArray(x) || x instanceof PyRange || typeof x === 'string') return x.length > 0;
  if (x instanceof Map || x instanceof Set) return x.size > 0;
  if (x instanceof PyComplex) return x.re !== 0 || x.im !== 0;
  if (typeof x === 'bigint') return x !== 0n;
  if (typeof x === 'number') return x !== 0;
  return typeof x === 'boolean' ? x : true;
}
