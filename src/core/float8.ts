// 8-bit floating point as bits: the four formats of Micikevicius et al., FP8 Formats for Deep Learning, 2022, and their variants without −0.
interface Format {
  readonly fraction: number;
  readonly bias: number;
  /** The code of the largest finite value. */
  readonly largest: number;
  readonly nan: number;
  /** The code beyond the largest value: infinity, NaN, or the largest value again. */
  readonly overflow: number;
  readonly unsignedZero: boolean;
}
const FORMATS = {
  float8_e4m3fn: { fraction: 3, bias: 7, largest: 0x7e, nan: 0x7f, overflow: 0x7e, unsignedZero: false },
  float8_e5m2: { fraction: 2, bias: 15, largest: 0x7b, nan: 0x7f, overflow: 0x7c, unsignedZero: false },
  float8_e4m3fnuz: { fraction: 3, bias: 8, largest: 0x7f, nan: 0x80, overflow: 0x80, unsignedZero: true },
  float8_e5m2fnuz: { fraction: 2, bias: 16, largest: 0x7f, nan: 0x80, overflow: 0x80, unsignedZero: true },
} as const satisfies Record<string, Format>;
export type Float8Name = keyof typeof FORMATS;

function magnitude({ fraction, bias }: Format, code: number): number {
  const exponent = code >> fraction;
  const rest = code & ((1 << fraction) - 1);
  return exponent === 0 ? rest * 2 ** (1 - bias - fraction) : ((1 << fraction) + rest) * 2 ** (exponent - bias - fraction);
}
function decoded(format: Format, code: number): number {
  const positive = code & 0x7f;
  if (format.unsignedZero ? code === format.nan : positive > Math.max(format.largest, format.overflow)) return Number.NaN;
  const size = positive > format.largest ? Number.POSITIVE_INFINITY : magnitude(format, positive);
  return code & 0x80 ? -size : size;
}
function encoded(format: Format, values: Float64Array, v: number): number {
  if (Number.isNaN(v)) return format.nan;
  const size = Math.abs(Math.fround(v));
  const sign = v < 0 || Object.is(v, -0) ? 0x80 : 0;
  let [low, high] = [0, format.largest];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle]! <= size) low = middle;
    else high = middle - 1;
  }
  // To the nearest, ties to the even code; past the largest value as if the next one existed.
  const gap = magnitude(format, low + 1) - values[low]!;
  const up = 2 * (size - values[low]!) - gap;
  const code = up > 0 || (up === 0 && low & 1) ? low + 1 : low;
  if (code > format.largest) return format.overflow === format.nan ? format.nan : sign | format.overflow;
  return code === 0 && format.unsignedZero ? 0 : sign | code;
}

/** How to read and write the bits of each format. A double is rounded to float32 first, as PyTorch's conversions do. */
export const float8Codecs: Readonly<Record<Float8Name, { decode(bits: number): number; encode(v: number): number }>> = Object.fromEntries(
  Object.entries(FORMATS).map(([name, format]) => {
    const values = Float64Array.from({ length: 256 }, (_, code) => decoded(format, code));
    return [name, { decode: (bits: number) => values[bits]!, encode: (v: number) => encoded(format, values, v) }];
  }),
) as Record<Float8Name, { decode(bits: number): number; encode(v: number): number }>;
