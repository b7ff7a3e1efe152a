import { luFactor, luSolve } from './lu.ts';
import { addScaled, copyOf, identity, type Matrix, matrix, product, scale, taxicab, at } from './matrix.ts';

/** Padé approximants of exp: the 1-norm up to which each degree is accurate to double precision, and its numerator (N. Higham, 2005). */
const APPROXIMANTS: readonly { readonly norm: number; readonly coefficients: readonly number[] }[] = [
  { norm: 1.495585217958292e-2, coefficients: [120, 60, 12, 1] },
  { norm: 2.53939833006323e-1, coefficients: [30240, 15120, 3360, 420, 30, 1] },
  { norm: 9.504178996162932e-1, coefficients: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1] },
  { norm: 2.097847961257068, coefficients: [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1] },
  {
    norm: 5.371920351148152,
    coefficients: [
      64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800, 33522128640,
      1323241920, 40840800, 960960, 16380, 182, 1,
    ],
  },
];

/** The exponential of a square matrix, by scaling and squaring. */
export function matrixExp(a: Matrix): Matrix {
  const norm = oneNorm(a);
  if (!Number.isFinite(norm)) return matrix(a.rows, a.columns, a.complex, new Float64Array(a.data.length).fill(Number.NaN));
  const approximant = APPROXIMANTS.find((p) => norm <= p.norm);
  if (approximant) return pade(a, approximant.coefficients);
  const { norm: limit, coefficients } = APPROXIMANTS.at(-1)!;
  const squarings = Math.ceil(Math.log2(norm / limit));
  const scaled = copyOf(a);
  scale(a.complex, a.rows * a.columns, 2 ** -squarings, 0, scaled.data, 0);
  let result = pade(scaled, coefficients);
  for (let i = 0; i < squarings; i++) result = product(result, result);
  return result;
}

function oneNorm(a: Matrix): number {
  let norm = 0;
  for (let j = 0; j < a.columns; j++) {
    let sum = 0;
    for (let i = 0; i < a.rows; i++) {
      const z = at(a, i, j);
      sum += a.complex ? Math.hypot(z.re, z.im) : taxicab(z);
    }
    if (!(sum <= norm)) norm = sum;
  }
  return norm;
}

/** q(−a)⁻¹·q(a), the polynomial q split into its even and its odd part. */
function pade(a: Matrix, coefficients: readonly number[]): Matrix {
  const { rows: n, complex } = a;
  const square = product(a, a);
  const even = matrix(n, n, complex);
  const odd = matrix(n, n, complex);
  let power = identity(n, n, complex);
  for (let k = 0; k < coefficients.length; k += 2) {
    if (k > 0) power = product(power, square);
    addScaled(complex, n * n, coefficients[k]!, 0, power.data, 0, even.data, 0);
    addScaled(complex, n * n, coefficients[k + 1]!, 0, power.data, 0, odd.data, 0);
  }
  const u = product(a, odd);
  const numerator = copyOf(even);
  addScaled(complex, n * n, 1, 0, u.data, 0, numerator.data, 0);
  addScaled(complex, n * n, -1, 0, u.data, 0, even.data, 0);
  const { factors, pivots } = luFactor(even);
  return luSolve(factors, pivots, numerator);
}
