// 16-bit floating point as bits.
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The value of an IEEE half. */
export function fromHalf(h: number): number {
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : (1024 + fraction) * 2 ** (exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}
/** Rounds to the nearest half, ties to even. A double is rounded to float32 first, as PyTorch's conversions do. */
export function toHalf(v: number): number {
  float[0] = v;
  const x = bits[0]!;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: count of 2^-24, rounded to even by the float addition's own rounding.
    float[0] = Math.abs(float[0]!) + 0.5;
    return sign | (bits[0]! - 0x3f000000);
  }
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}
export function fromBfloat16(b: number): number {
  bits[0] = b << 16;
  return float[0]!;
}
export function toBfloat16(v: number): number {
  float[0] = v;
  const x = bits[0]!;
  if ((x & 0x7fffffff) > 0x7f800000) return 0x7fc0 | ((x >>> 16) & 0x8000);
  return (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
}
