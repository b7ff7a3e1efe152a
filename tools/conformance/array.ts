// Tensor contents as plain numbers: what expected and actual results are compared in.

/** A dense tensor, row-major. Integers of 64 bits are bigints; complex numbers have an imaginary part. */
export interface Values {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly real: Float64Array | BigInt64Array | BigUint64Array;
  readonly imag: Float64Array | null;
}

// biome-ignore format: by size
const ITEM_SIZES: Readonly<Record<string, number>> = {
  bool: 1, uint8: 1, int8: 1, float8_e4m3fn: 1, float8_e5m2: 1, float8_e4m3fnuz: 1, float8_e5m2fnuz: 1,
  int16: 2, uint16: 2, float16: 2, bfloat16: 2,
  int32: 4, uint32: 4, float32: 4, complex32: 4,
  int64: 8, uint64: 8, float64: 8, complex64: 8,
  complex128: 16,
};
const PARTS: Readonly<Record<string, string>> = { complex32: 'float16', complex64: 'float32', complex128: 'float64' };

/** Bytes of an element. */
export function itemSize(dtype: string): number {
  const size = ITEM_SIZES[dtype];
  if (!size) throw new Error(`the runner does not know the dtype ${dtype}`);
  return size;
}

export const elements = (shape: readonly number[]): number => shape.reduce((n, s) => n * s, 1);

const scratch = new DataView(new ArrayBuffer(4));
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}
function bfloat(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** 8-bit floats of e exponent bits; the `fnuz` variants have one NaN, no infinities and one more exponent. */
function quarter(bits: number, e: 4 | 5, variant: 'ieee' | 'fn' | 'fnuz'): number {
  const m = 7 - e;
  const [exponent, fraction] = [(bits & 0x7f) >> m, bits & ((1 << m) - 1)];
  if (variant === 'fnuz' && bits === 0x80) return Number.NaN;
  if (variant === 'fn' && (bits & 0x7f) === 0x7f) return Number.NaN;
  if (variant === 'ieee' && exponent === 31)
    return fraction ? Number.NaN : bits & 0x80 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const bias = 2 ** (e - 1) - (variant === 'fnuz' ? 0 : 1);
  const size = exponent === 0 ? fraction * 2 ** (1 - bias - m) : (2 ** m + fraction) * 2 ** (exponent - bias - m);
  return bits & 0x80 ? -size : size;
}

type Reader = (view: DataView, at: number) => number;
const READERS: Readonly<Record<string, Reader>> = {
  bool: (v, at) => (v.getUint8(at) ? 1 : 0),
  uint8: (v, at) => v.getUint8(at),
  int8: (v, at) => v.getInt8(at),
  float8_e4m3fn: (v, at) => quarter(v.getUint8(at), 4, 'fn'),
  float8_e5m2: (v, at) => quarter(v.getUint8(at), 5, 'ieee'),
  float8_e4m3fnuz: (v, at) => quarter(v.getUint8(at), 4, 'fnuz'),
  float8_e5m2fnuz: (v, at) => quarter(v.getUint8(at), 5, 'fnuz'),
  int16: (v, at) => v.getInt16(at, true),
  uint16: (v, at) => v.getUint16(at, true),
  int32: (v, at) => v.getInt32(at, true),
  uint32: (v, at) => v.getUint32(at, true),
  float16: (v, at) => half(v.getUint16(at, true)),
  bfloat16: (v, at) => bfloat(v.getUint16(at, true)),
  float32: (v, at) => v.getFloat32(at, true),
  float64: (v, at) => v.getFloat64(at, true),
};

/** The numbers of row-major, little-endian bytes. */
export function decode(dtype: string, shape: readonly number[], bytes: Uint8Array): Values {
  const n = elements(shape);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === 'int64')
    return { dtype, shape, real: BigInt64Array.from({ length: n }, (_, i) => view.getBigInt64(8 * i, true)), imag: null };
  if (dtype === 'uint64')
    return { dtype, shape, real: BigUint64Array.from({ length: n }, (_, i) => view.getBigUint64(8 * i, true)), imag: null };
  const part = PARTS[dtype];
  const size = itemSize(dtype);
  const read = READERS[part ?? dtype]!;
  const real = Float64Array.from({ length: n }, (_, i) => read(view, size * i));
  return { dtype, shape, real, imag: part ? Float64Array.from({ length: n }, (_, i) => read(view, size * i + size / 2)) : null };
}

/** The row-major bytes of a strided view of memory. Strides and offset count elements. */
export function gather(memory: Uint8Array, size: number, shape: readonly number[], stride: readonly number[], offset: number): Uint8Array {
  const n = elements(shape);
  const out = new Uint8Array(n * size);
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < n; i++) {
    for (let b = 0; b < size; b++) out[i * size + b] = memory[at * size + b]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += stride[d]!;
      if (++index[d]! < shape[d]!) break;
      at -= stride[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  return out;
}

export const contiguousStride = (shape: readonly number[]): number[] =>
  shape.map((_, d) => elements(shape.slice(d + 1).map((s) => Math.max(s, 1))));
