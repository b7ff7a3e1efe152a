// PyTorch's single-precision vector functions behind float32 normal numbers, to the bit: Cephes' polynomials (Moshier) as in Pommier's
// avx_mathfun, compiled with fused multiply-add.
import { fma32 as fma } from './fma.ts';
import { angle } from './libm.ts';

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);
const f = Math.fround;

const SQRT_HALF = f(0.707106781186547524);
const L0 = f(7.0376836292e-2);
const L1 = f(-1.151461031e-1);
const L2 = f(1.167699874e-1);
const L3 = f(-1.2420140846e-1);
const L4 = f(1.4249322787e-1);
const L5 = f(-1.6668057665e-1);
const L6 = f(2.0000714765e-1);
const L7 = f(-2.4999993993e-1);
const L8 = f(3.3333331174e-1);
const LN2_LOW = f(-2.1219444e-4);
const LN2_HIGH = 0.693359375;

/** Natural logarithm of a positive normal float32. */
export function logFloat32(x: number): number {
  float[0] = x;
  const word = bits[0]!;
  bits[0] = (word & 0x7fffff) | 0x3f000000;
  let m = float[0]!; // in [1/2, 1)
  let e = (word >> 23) - 126;
  if (m < SQRT_HALF) {
    e -= 1;
    m = m - 1 + m;
  } else m -= 1;
  const z = f(m * m);
  let y = fma(fma(fma(L0, m, L1), m, L2), m, L3);
  y = fma(fma(fma(fma(fma(y, m, L4), m, L5), m, L6), m, L7), m, L8);
  y = fma(f(y * m), z, f(e * LN2_LOW));
  y = fma(z, -0.5, y);
  return fma(e, LN2_HIGH, f(m + y));
}

const FOUR_BY_PI = f(1.27323954473516);
const QUARTER_1 = -0.78515625;
const QUARTER_2 = -2.4187564849853515625e-4;
const QUARTER_3 = f(-3.77489497744594108e-8);
const C0 = f(2.443315711809948e-5);
const C1 = f(-1.388731625493765e-3);
const C2 = f(4.166664568298827e-2);
const S0 = f(-1.9515295891e-4);
const S1 = f(8.3321608736e-3);
const S2 = f(-1.6666654611e-1);

/** Sine and cosine of a float32 x in [0, 8192), left in `angle`. */
export function sinCosFloat32(x: number): void {
  // The nearest even number of quarter turns of π/4.
  const j = (f(x * FOUR_BY_PI) + 1) & ~1;
  const r = fma(j, QUARTER_3, fma(j, QUARTER_2, fma(j, QUARTER_1, x)));
  const z = f(r * r);
  const c = f(fma(fma(C0, z, C1), z, C2) * z);
  const cos = f(fma(c, z, f(z * -0.5)) + 1);
  const sin = fma(f(fma(fma(S0, z, S1), z, S2) * z), r, r);
  const swap = (j & 2) !== 0;
  const s = swap ? cos : sin;
  const k = swap ? sin : cos;
  angle.sin = (j & 4) !== 0 ? -s : s;
  angle.cos = ((j - 2) & 4) === 0 ? -k : k;
}
