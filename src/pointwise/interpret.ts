// The reference interpreter: runs a program over blocks of elements, one loop an instruction.
import { Category, type DType } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { float8Codecs, type Float8Name } from '../core/float8.ts';
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from '../core/half.ts';
import { numel, type Shape } from '../core/size.ts';
import type { TypedArray } from '../core/storage.ts';
import type { Program } from './compile.ts';
import { floatFunctions, integerFunctions } from './functions.ts';
import { CAST, CONST, isPredicate, LOAD, PRIMITIVES, RegType, STORE, WORDS } from './primitives.ts';

/** A strided operand in memory; strides and offset count elements, and fit the iteration's shape. */
export interface MemoryOperand {
  readonly data: TypedArray;
  readonly dtype: DType;
  readonly offset: number;
  readonly stride: Shape;
}
/** A number that stands for a whole operand. */
export interface ScalarOperand {
  readonly data: null;
  readonly value: number;
  /** Set where 64 integer bits matter. */
  readonly bits: bigint | null;
  readonly imag: number;
}
export type Operand = MemoryOperand | ScalarOperand;

const BLOCK = 1024;
type Register = Uint8Array | BigInt64Array | Float32Array | Float64Array;
const makeRegister = [
  () => new Uint8Array(BLOCK),
  () => new BigInt64Array(BLOCK),
  () => new Float32Array(BLOCK),
  () => new Float64Array(BLOCK),
] as const;
const pool: Register[][] = [[], [], [], []];
function register(type: RegType, i: number): Register {
  const list = pool[type]!;
  list[i] ??= makeRegister[type]();
  return list[i]!;
}

/** Runs `p` for every element of `shape`. */
export function interpret(p: Program, shape: Shape, inputs: readonly Operand[], outputs: readonly MemoryOperand[]): void {
  const total = numel(shape);
  for (let start = 0; start < total; start += BLOCK) {
    const n = Math.min(BLOCK, total - start);
    for (let i = 0; i < p.code.length; i += WORDS) {
      const op = p.code[i]!;
      const type = p.code[i + 1]! as RegType;
      const [dst, a, b, c] = [p.code[i + 2]!, p.code[i + 3]!, p.code[i + 4]!, p.code[i + 5]!];
      switch (op) {
        case LOAD:
          load(inputs[a]!, b, shape, start, n, register(type, dst), type);
          break;
        case CONST:
          fillConstant(register(type, dst), p, a, type);
          break;
        case STORE:
          walk(outputs[dst]!, b, shape, start, n, register(type, a), type, true);
          break;
        case CAST:
          cast(register(type, a), type, register(b as RegType, dst), b as RegType, n);
          break;
        default:
          compute(PRIMITIVES[op]!, type, n, dst, a, b, c);
      }
    }
  }
}

function fillConstant(r: Register, p: Program, index: number, type: RegType): void {
  if (r instanceof BigInt64Array) r.fill(p.consts[index]!);
  else {
    const v = type === RegType.Bool ? Number(p.consts[index]!) : new Float64Array(p.consts.buffer, index * 8, 1)[0]!;
    r.fill(v);
  }
}

function cast(from: Register, type: RegType, to: Register, wanted: RegType, n: number): void {
  if (wanted === RegType.Int64) {
    const out = to as BigInt64Array;
    for (let k = 0; k < n; k++) out[k] = truncated(Number(from[k]!));
  } else if (wanted === RegType.Bool) for (let k = 0; k < n; k++) to[k] = Number(from[k]!) !== 0 ? 1 : 0;
  else if (type === RegType.Int64) for (let k = 0; k < n; k++) to[k] = Number(from[k]!);
  else for (let k = 0; k < n; k++) to[k] = from[k] as number;
}
/** A C cast from double to int64. */
export function truncated(v: number): bigint {
  return Number.isFinite(v) && Math.abs(v) < 2 ** 63 ? BigInt(Math.trunc(v)) : -9223372036854775808n;
}

/** A C cast from double to int32; narrower integers keep its low bits. */
const truncated32 = (v: number): number => (v > -2147483649 && v < 2147483648 ? Math.trunc(v) : -2147483648);

function compute(name: string, type: RegType, n: number, dst: number, a: number, b: number, c: number): void {
  const predicate = isPredicate(name);
  const out = register(predicate ? RegType.Bool : type, dst);
  if (name === 'where') {
    const cond = register(RegType.Bool, a);
    const yes = register(type, b);
    const no = register(type, c);
    for (let k = 0; k < n; k++) out[k] = (cond[k] ? yes[k] : no[k]) as never;
    return;
  }
  const A = register(type, a);
  const B = register(type, b);
  const C = register(type, c);
  if (type === RegType.Int64) {
    const f = integerFunctions[name];
    if (!f) throw new TypeError(`the primitive '${name}' does not work on integers`);
    const [x, y, z] = [A, B, C] as [BigInt64Array, BigInt64Array, BigInt64Array];
    try {
      for (let k = 0; k < n; k++) out[k] = f(x[k]!, y[k]!, z[k]!) as never;
    } catch (e) {
      if (e instanceof RangeError) throw new RuntimeError('ZeroDivisionError');
      throw e;
    }
    return;
  }
  const f = type === RegType.Bool && name === 'bitwise_not' ? floatFunctions.logical_not : floatFunctions[name];
  if (!f) throw new TypeError(`the primitive '${name}' does not work on floating-point numbers`);
  const single = type === RegType.Float32;
  const [x, y, z] = [A, B, C] as [Float64Array, Float64Array, Float64Array];
  for (let k = 0; k < n; k++) out[k] = f(x[k]!, y[k]!, z[k]!, single) as never;
}

function load(t: Operand, component: number, shape: Shape, start: number, n: number, r: Register, type: RegType): void {
  if (t.data === null) {
    if (r instanceof BigInt64Array) r.fill(component ? 0n : (t.bits ?? truncated(t.value)));
    else if (type === RegType.Bool) r.fill((component ? t.imag : t.value) !== 0 ? 1 : 0);
    else r.fill(component ? t.imag : t.value);
    return;
  }
  walk(t, component, shape, start, n, r, type, false);
}

/** Moves n logical elements from `start` on between a strided operand and a register. */
function walk(
  t: MemoryOperand,
  component: number,
  shape: Shape,
  start: number,
  n: number,
  r: Register,
  type: RegType,
  store: boolean,
): void {
  const scale = t.dtype.is_complex ? 2 : 1;
  if (component === 1 && scale === 1) {
    if (!store) r.fill(0 as never);
    return;
  }
  const dims = shape.length;
  const inner = dims ? shape[dims - 1]! : 1;
  const step = (dims ? t.stride[dims - 1]! : 0) * scale;
  for (let k = 0; k < n; ) {
    let at = t.offset;
    let rest = Math.floor((start + k) / inner);
    const i = (start + k) % inner;
    for (let d = dims - 2; d >= 0; d--) {
      at += (rest % shape[d]!) * t.stride[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    const m = Math.min(inner - i, n - k);
    const first = at * scale + i * step + component;
    if (store) put(t, first, step, r, k, m, type);
    else get(t, first, step, r, k, m, type);
    k += m;
  }
}

function get(t: MemoryOperand, first: number, step: number, r: Register, k: number, m: number, type: RegType): void {
  const data = t.data as Float64Array;
  const end = k + m;
  let at = first;
  if (r instanceof BigInt64Array) {
    if (t.data instanceof BigInt64Array) for (let j = k; j < end; j++, at += step) r[j] = t.data[at]!;
    else if (t.data instanceof BigUint64Array) for (let j = k; j < end; j++, at += step) r[j] = t.data[at]!;
    else if (isCoded(t.dtype)) for (let j = k; j < end; j++, at += step) r[j] = truncated(decodeBits(t.dtype, data[at]!));
    else for (let j = k; j < end; j++, at += step) r[j] = truncated(data[at]!);
    return;
  }
  if (type === RegType.Bool) {
    if (isCoded(t.dtype)) for (let j = k; j < end; j++, at += step) r[j] = decodeBits(t.dtype, data[at]!) !== 0 ? 1 : 0;
    else for (let j = k; j < end; j++, at += step) r[j] = Number(data[at]) !== 0 ? 1 : 0;
  } else if (isCoded(t.dtype)) for (let j = k; j < end; j++, at += step) r[j] = decodeBits(t.dtype, data[at]!);
  else if (t.data instanceof BigInt64Array || t.data instanceof BigUint64Array) {
    for (let j = k; j < end; j++, at += step) r[j] = Number(t.data[at]);
  } else for (let j = k; j < end; j++, at += step) r[j] = data[at]!;
}

function put(t: MemoryOperand, first: number, step: number, r: Register, k: number, m: number, type: RegType): void {
  const end = k + m;
  let at = first;
  const d = t.dtype;
  if (t.data instanceof BigInt64Array || t.data instanceof BigUint64Array) {
    const data = t.data;
    if (r instanceof BigInt64Array) for (let j = k; j < end; j++, at += step) data[at] = r[j]!;
    else for (let j = k; j < end; j++, at += step) data[at] = truncated(r[j] as number);
    return;
  }
  const data = t.data as Float64Array;
  if (d.category === Category.Bool) for (let j = k; j < end; j++, at += step) data[at] = Number(r[j]) !== 0 ? 1 : 0;
  else if (d.category === Category.Integral) {
    if (r instanceof BigInt64Array) for (let j = k; j < end; j++, at += step) data[at] = Number(BigInt.asIntN(32, r[j]!));
    else if (type === RegType.Bool) for (let j = k; j < end; j++, at += step) data[at] = r[j] as number;
    else for (let j = k; j < end; j++, at += step) data[at] = truncated32(r[j] as number);
  } else if (isCoded(d)) for (let j = k; j < end; j++, at += step) data[at] = encodeBits(d, Number(r[j]));
  else for (let j = k; j < end; j++, at += step) data[at] = Number(r[j]);
}

/** Floating point that memory holds as bits. */
const isCoded = (d: DType): boolean => (d.itemsize <= 2 ? d.category >= Category.Floating : d.name === 'complex32');
const decodeBits = (d: DType, bits: number): number =>
  d.name === 'bfloat16' ? fromBfloat16(bits) : d.itemsize === 1 ? float8Codecs[d.name as Float8Name].decode(bits) : fromHalf(bits);
const encodeBits = (d: DType, v: number): number =>
  d.name === 'bfloat16' ? toBfloat16(v) : d.itemsize === 1 ? float8Codecs[d.name as Float8Name].encode(v) : toHalf(v);
