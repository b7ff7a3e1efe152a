// Data types: one frozen object each, compared by identity.

export type DTypeName =
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float8_e5m2'
  | 'float8_e4m3fn'
  | 'float8_e5m2fnuz'
  | 'float8_e4m3fnuz'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'complex32'
  | 'complex64'
  | 'complex128';

/** Promotion goes by category first: bool < integral < floating < complex. */
export enum Category {
  Bool = 0,
  Integral = 1,
  Floating = 2,
  Complex = 3,
}

/** A torch.dtype. Prints as `torch.float32`. */
export class DType {
  readonly is_floating_point: boolean;
  readonly is_complex: boolean;
  /** Whether negative values exist. */
  readonly is_signed: boolean;
  constructor(
    readonly name: DTypeName,
    /** PyTorch's ScalarType number; also the native kernels' code. */
    readonly code: number,
    /** Bytes an element. */
    readonly itemsize: number,
    readonly category: Category,
    /** The name in messages of PyTorch's C++ side: Float, Long, … */
    readonly scalarName: string,
    /** Two legacy names: FloatTensor, and C's: float. */
    readonly cName: string,
  ) {
    this.is_floating_point = category === Category.Floating;
    this.is_complex = category === Category.Complex;
    this.is_signed = category >= Category.Floating || (category === Category.Integral && !name.startsWith('u'));
  }
  /** The dtype of the real part; itself if it is not complex. */
  to_real(): DType {
    return this === complex64 ? float32 : this === complex128 ? float64 : this === complex32 ? float16 : this;
  }
  to_complex(): DType {
    return this.is_complex ? this : this === float64 ? complex128 : this === float16 ? complex32 : complex64;
  }
  toString(): string {
    return `torch.${this.name}`;
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const make = (name: DTypeName, code: number, size: number, category: Category, scalarName: string, cName: string): DType =>
  new DType(name, code, size, category, scalarName, cName);

export const bool = make('bool', 11, 1, Category.Bool, 'Bool', 'bool');
export const uint8 = make('uint8', 0, 1, Category.Integral, 'Byte', 'unsigned char');
export const int8 = make('int8', 1, 1, Category.Integral, 'Char', 'signed char');
export const int16 = make('int16', 2, 2, Category.Integral, 'Short', 'short int');
export const int32 = make('int32', 3, 4, Category.Integral, 'Int', 'int');
export const int64 = make('int64', 4, 8, Category.Integral, 'Long', 'long int');
export const uint16 = make('uint16', 27, 2, Category.Integral, 'UInt16', 'short unsigned int');
export const uint32 = make('uint32', 28, 4, Category.Integral, 'UInt32', 'unsigned int');
export const uint64 = make('uint64', 29, 8, Category.Integral, 'UInt64', 'long unsigned int');
/** The 8-bit formats hold and convert values; PyTorch does not promote them. */
export const float8_e5m2 = make('float8_e5m2', 23, 1, Category.Floating, 'Float8_e5m2', 'c10::Float8_e5m2');
export const float8_e4m3fn = make('float8_e4m3fn', 24, 1, Category.Floating, 'Float8_e4m3fn', 'c10::Float8_e4m3fn');
export const float8_e5m2fnuz = make('float8_e5m2fnuz', 25, 1, Category.Floating, 'Float8_e5m2fnuz', 'c10::Float8_e5m2fnuz');
export const float8_e4m3fnuz = make('float8_e4m3fnuz', 26, 1, Category.Floating, 'Float8_e4m3fnuz', 'c10::Float8_e4m3fnuz');
export const float16 = make('float16', 5, 2, Category.Floating, 'Half', 'c10::Half');
export const bfloat16 = make('bfloat16', 15, 2, Category.Floating, 'BFloat16', 'c10::BFloat16');
export const float32 = make('float32', 6, 4, Category.Floating, 'Float', 'float');
export const float64 = make('float64', 7, 8, Category.Floating, 'Double', 'double');
export const complex32 = make('complex32', 8, 4, Category.Complex, 'ComplexHalf', 'c10::complex<c10::Half>');
export const complex64 = make('complex64', 9, 8, Category.Complex, 'ComplexFloat', 'c10::complex<float>');
export const complex128 = make('complex128', 10, 16, Category.Complex, 'ComplexDouble', 'c10::complex<double>');

export const dtypes: Readonly<Record<DTypeName, DType>> = {
  bool,
  uint8,
  int8,
  int16,
  int32,
  int64,
  uint16,
  uint32,
  uint64,
  float8_e5m2,
  float8_e4m3fn,
  float8_e5m2fnuz,
  float8_e4m3fnuz,
  float16,
  bfloat16,
  float32,
  float64,
  complex32,
  complex64,
  complex128,
};

/** Old names that stay valid: `torch.float` is `torch.float32`, … */
export const dtypeAliases = {
  half: float16,
  float: float32,
  double: float64,
  short: int16,
  int: int32,
  long: int64,
  chalf: complex32,
  cfloat: complex64,
  cdouble: complex128,
} as const;

export const isIntegral = (d: DType, withBool = false): boolean => d.category === Category.Integral || (withBool && d === bool);
const isFloat8 = (d: DType): boolean => d.itemsize === 1 && d.category === Category.Floating;
/** float16 and bfloat16: kernels compute in float32 and round at the store. */
export const isReducedFloat = (d: DType): boolean => d === float16 || d === bfloat16;
/** Only floating-point and complex tensors take part in differentiation. */
export const isDifferentiable = (d: DType): boolean => d.category >= Category.Floating;

const state = { default: float32 };
/** The dtype of float literals and factory functions (torch.get_default_dtype). */
export const get_default_dtype = (): DType => state.default;
/**
 * Sets the dtype of float literals and factory functions.
 * @throws TypeError if `d` is not floating point.
 */
export function set_default_dtype(d: DType): void {
  if (!(d instanceof DType)) throw new TypeError('invalid dtype object');
  if (!d.is_floating_point) throw new TypeError('only floating-point types are supported as the default type');
  state.default = d;
}

const U = ['uint16', 'uint32', 'uint64'];
const INT_ORDER: readonly DType[] = [int8, int16, int32, int64];
const FLOAT_ORDER: readonly DType[] = [float32, float64];

/** The smallest dtype that both convert to without changing category (torch.promote_types). */
export function promote_types(a: DType, b: DType): DType {
  if (a === b) return a;
  if (isFloat8(a) || isFloat8(b))
    throw new Error(`Promotion for Float8 Types is not supported, attempted to promote ${a.scalarName} and ${b.scalarName}`);
  if (a.category < b.category) return promote_types(b, a);
  if (a.category > b.category) {
    if (a.category !== Category.Complex || b.category !== Category.Floating) return a;
    return b === float64 || a === complex128 ? complex128 : a === complex64 || b === float32 || b === bfloat16 ? complex64 : complex32;
  }
  switch (a.category) {
    case Category.Complex:
      return a === complex128 || b === complex128 ? complex128 : complex64;
    case Category.Floating:
      return isReducedFloat(a) && isReducedFloat(b) ? float32 : isReducedFloat(a) ? b : isReducedFloat(b) ? a : widest(FLOAT_ORDER, a, b);
    default:
      if (U.includes(a.name) || U.includes(b.name)) return promoteUnsigned(a, b);
      if (a === uint8) return b === int8 ? int16 : b;
      if (b === uint8) return a === int8 ? int16 : a;
      return widest(INT_ORDER, a, b);
  }
}
const widest = (order: readonly DType[], a: DType, b: DType): DType => (order.indexOf(a) > order.indexOf(b) ? a : b);
function promoteUnsigned(a: DType, b: DType): DType {
  const bothUnsigned = !a.is_signed && !b.is_signed;
  if (bothUnsigned) return a.itemsize > b.itemsize ? a : b;
  throw new Error(`Promotion for uint16, uint32, uint64 types is not supported, attempted to promote ${a.scalarName} and ${b.scalarName}`);
}

/** Whether a cast from → to is allowed by the promotion rules (torch.can_cast). */
export function can_cast(from: DType, to: DType): boolean {
  return from.category <= to.category;
}

/** torch.finfo: the numerical properties of a floating-point (or complex) dtype. */
export class finfo {
  readonly dtype: string;
  readonly bits: number;
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  readonly tiny: number;
  readonly smallest_normal: number;
  readonly resolution: number;
  constructor(type: DType = get_default_dtype()) {
    const d = type.to_real();
    const known = FINFO[d.name];
    if (!known) throw new TypeError(`torch.finfo() requires a floating point input type. Use torch.iinfo to handle '${type.scalarName}'`);
    this.dtype = d.name;
    this.bits = d.itemsize * 8;
    [this.eps, this.max, this.tiny, this.resolution] = known as [number, number, number, number];
    this.min = -this.max;
    this.smallest_normal = this.tiny;
  }
  toString(): string {
    const s = (v: number): string => pythonFloat(v);
    return `finfo(resolution=${s(this.resolution)}, min=${s(shortest(this.min, this.dtype))}, max=${s(shortest(this.max, this.dtype))}, eps=${s(shortest(this.eps, this.dtype))}, smallest_normal=${s(shortest(this.smallest_normal, this.dtype))}, tiny=${s(shortest(this.tiny, this.dtype))}, dtype=${this.dtype})`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
const FINFO: Partial<Record<DTypeName, readonly [eps: number, max: number, tiny: number, resolution: number]>> = {
  float8_e5m2: [2 ** -2, 57344, 2 ** -14, 1],
  float8_e4m3fn: [2 ** -3, 448, 2 ** -6, 1],
  float8_e5m2fnuz: [2 ** -3, 57344, 2 ** -15, 1],
  float8_e4m3fnuz: [2 ** -3, 240, 2 ** -7, 1],
  float16: [2 ** -10, 65504, 2 ** -14, 1e-3],
  bfloat16: [2 ** -7, 3.3895313892515355e38, 2 ** -126, 1e-2],
  float32: [2 ** -23, 3.4028234663852886e38, 2 ** -126, 1e-6],
  float64: [2 ** -52, Number.MAX_VALUE, 2 ** -1022, 1e-15],
};
/** PyTorch prints these with six significant digits, except float64's with sixteen. */
const shortest = (v: number, dtype: string): number => Number(v.toPrecision(dtype === 'float64' ? 16 : 6));
export function pythonFloat(v: number): string {
  if (Number.isNaN(v)) return 'nan';
  if (!Number.isFinite(v)) return v > 0 ? 'inf' : '-inf';
  const a = Math.abs(v);
  if (a !== 0 && (a < 1e-4 || a >= 1e16)) {
    return v.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(v) ? `${Object.is(v, -0) ? '-0' : v}.0` : String(v);
}

/** Six significant digits, as C++ streams print. */
function six(v: number | bigint): string {
  const x = Number(v);
  return Math.abs(x) < 1e6
    ? String(x)
    : x
        .toExponential(5)
        .replace(/\.?0+e/, 'e')
        .replace(/e([+-])(\d)$/, 'e$10$2');
}
/** torch.iinfo: the range of an integer dtype. `min` and `max` are bigints where numbers could not hold them. */
export class iinfo {
  readonly dtype: string;
  readonly bits: number;
  readonly min: number | bigint;
  readonly max: number | bigint;
  constructor(type: DType) {
    if (type.category !== Category.Integral) {
      throw new TypeError(`torch.iinfo() requires an integer input type. Use torch.finfo to handle '${type.scalarName}'`);
    }
    this.dtype = type.name;
    this.bits = type.itemsize * 8;
    const bits = BigInt(this.bits);
    const [lo, hi] = type.is_signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
    this.min = this.bits > 32 ? lo : Number(lo);
    this.max = this.bits > 32 ? hi : Number(hi);
  }
  toString(): string {
    return `iinfo(min=${six(this.min)}, max=${six(this.max)}, dtype=${this.dtype})`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
