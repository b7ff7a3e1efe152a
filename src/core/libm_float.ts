// PyTorch's single-precision vector functions behind float32 normal numbers, to the bit: Cephes' polynomials (Moshier) as in Pommier's
// avx_mathfun, compiled with fused multiply-add. They work on whole arrays, one step of the formula after the other: that keeps numbers
// out of function calls, where the engine would box them.
import { fma32 } from './fma.ts';

/** The most elements that one call takes. */
export const VECTOR = 512;

const bits = new Int32Array(VECTOR);
const reduced = new Float32Array(bits.buffer);
const square = new Float32Array(VECTOR);
const whole = new Float32Array(VECTOR);
const first = new Float32Array(VECTOR);
const second = new Float32Array(VECTOR);
const f = Math.fround;

/** y = y · x + c */
function horner(y: Float32Array, x: Float32Array, c: number, count: number): void {
  for (let i = 0; i < count; i++) y[i] = fma32(y[i]!, x[i]!, c);
}
/** y = x · c + y */
function addMultiple(y: Float32Array, x: Float32Array, c: number, count: number): void {
  for (let i = 0; i < count; i++) y[i] = fma32(x[i]!, c, y[i]!);
}

const SQRT_HALF = f(Math.SQRT1_2);
const LN2_LOW = f(-2.1219444e-4);
const LN2_HIGH = 0.693359375;
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
  3.3333331174e-1,
].map(f);

/** Replaces positive normal numbers by their natural logarithms. */
export function logFloat32(x: Float32Array, count: number): void {
  const y = first;
  reduced.set(x.subarray(0, count));
  for (let i = 0; i < count; i++) {
    const word = bits[i]!;
    bits[i] = (word & 0x7fffff) | 0x3f000000;
    const m = reduced[i]!; // in [1/2, 1)
    const small = m < SQRT_HALF;
    whole[i] = (word >> 23) - (small ? 127 : 126);
    const r = small ? m - 1 + m : m - 1;
    reduced[i] = r;
    square[i] = r * r;
    y[i] = LOG[0]!;
  }
  for (let k = 1; k < LOG.length; k++) horner(y, reduced, LOG[k]!, count);
  for (let i = 0; i < count; i++) y[i] = fma32(f(y[i]! * reduced[i]!), square[i]!, f(whole[i]! * LN2_LOW));
  addMultiple(y, square, -0.5, count);
  for (let i = 0; i < count; i++) x[i] = fma32(whole[i]!, LN2_HIGH, f(reduced[i]! + y[i]!));
}

const FOUR_BY_PI = f(1.27323954473516);
const QUARTERS = [-0.78515625, -2.4187564849853516e-4, f(-3.774894977445941e-8)];
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(f);
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(f);

/** Sine and cosine of numbers in [0, 8192). */
export function sinCosFloat32(x: Float32Array, sin: Float32Array, cos: Float32Array, count: number): void {
  const c = first;
  const s = second;
  for (let i = 0; i < count; i++) {
    // The nearest even number of angles π/4.
    whole[i] = (f(x[i]! * FOUR_BY_PI) + 1) & ~1;
    reduced[i] = x[i]!;
    c[i] = COS[0]!;
    s[i] = SIN[0]!;
  }
  for (const quarter of QUARTERS) addMultiple(reduced, whole, quarter, count);
  for (let i = 0; i < count; i++) square[i] = reduced[i]! * reduced[i]!;
  for (let k = 1; k < 3; k++) {
    horner(c, square, COS[k]!, count);
    horner(s, square, SIN[k]!, count);
  }
  for (let i = 0; i < count; i++) {
    const z = square[i]!;
    c[i] = fma32(f(c[i]! * z), z, f(z * -0.5));
  }
  for (let i = 0; i < count; i++) s[i] = fma32(f(s[i]! * square[i]!), reduced[i]!, reduced[i]!);
  for (let i = 0; i < count; i++) {
    const j = whole[i]!;
    const cosine = f(c[i]! + 1);
    const sine = s[i]!;
    const swap = (j & 2) !== 0;
    const p = swap ? cosine : sine;
    const q = swap ? sine : cosine;
    sin[i] = (j & 4) === 0 ? p : -p;
    cos[i] = ((j - 2) & 4) === 0 ? -q : q;
  }
}
