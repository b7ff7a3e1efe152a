import { makeReflector, type Reflector, reflectAll } from './householder.ts';
import { addScaled, copyOf, EPSILON, type Matrix, matrix, rotate, SAFE_MIN, scale, scaleExponent, swapRows, withSign } from './matrix.ts';
import { hypotenuse, makeRotation, symmetric2x2 } from './rotation.ts';

/** Eigenvalues in ascending order, and the unit eigenvectors in the columns of `vectors`. */
export interface HermitianEigen {
  readonly values: Float64Array;
  readonly vectors: Matrix;
  /** 0, or how many off-diagonal entries did not converge. */
  readonly info: number;
}

/**
 * The eigendecomposition of a Hermitian matrix, of which one triangle is read: reduction to tridiagonal form, then implicit QL and QR steps
 * (LAPACK's sytd2 and steqr, whose vectors' signs these are).
 */
export function hermitianEigen(a: Matrix, upper = false): HermitianEigen {
  const whole = mirrored(a, upper);
  // LAPACK reduces an upper triangle from its far corner: as a lower one in the reverse order of rows and columns.
  if (upper) reverseRowsAndColumns(whole);
  const exponent = scaleExponent(whole);
  if (exponent !== 0) scale(false, whole.data.length, 2 ** -exponent, 0, whole.data, 0);
  const { diagonal, offDiagonal, reflectors } = tridiagonalize(whole);
  if (upper) {
    diagonal.reverse();
    offDiagonal.reverse();
  }
  const { rows, info } = tridiagonalEigen(diagonal, offDiagonal);
  if (exponent !== 0) scale(false, diagonal.length, 2 ** exponent, 0, diagonal, 0);
  const n = a.rows;
  const width = a.complex ? 2 : 1;
  const vectors = matrix(n, n, a.complex);
  for (let i = 0; i < n; i++) {
    const place = upper ? n - 1 - i : i;
    for (let j = 0; j < n; j++) vectors.data[(place * n + j) * width] = rows[j * n + i]!;
  }
  reflectAll(vectors, reflectors, false);
  if (upper) for (let i = 0; i < n - 1 - i; i++) swapRows(vectors, i, n - 1 - i);
  return { values: diagonal, vectors, info };
}

function reverseRowsAndColumns(a: Matrix): void {
  a.data.reverse();
  if (!a.complex) return;
  for (let i = 0; i < a.data.length; i += 2) [a.data[i], a.data[i + 1]] = [a.data[i + 1]!, a.data[i]!];
}

/** The whole of a Hermitian matrix given by one triangle; its diagonal's imaginary parts are dropped. */
function mirrored(a: Matrix, upper: boolean): Matrix {
  const result = copyOf(a);
  const { data, complex, rows: n } = result;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const from = upper ? j * n + i : i * n + j;
      const to = upper ? i * n + j : j * n + i;
      if (complex) {
        data[2 * to] = data[2 * from]!;
        data[2 * to + 1] = -data[2 * from + 1]!;
      } else data[to] = data[from]!;
    }
    if (complex) data[2 * (i * n + i) + 1] = 0;
  }
  return result;
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
  readonly reflectors: Reflector[];
}

/** A = Q·T·Qᴴ, Q the product of the reflectors. Overwrites a. */
function tridiagonalize(a: Matrix): Tridiagonal {
  const { rows: n, complex, data } = a;
  const width = complex ? 2 : 1;
  const offDiagonal = new Float64Array(Math.max(n - 1, 0));
  const reflectors: Reflector[] = [];
  for (let k = 0; k < n - 1; k++) {
    const x = new Float64Array((n - k - 1) * width);
    for (let i = k + 1; i < n; i++) for (let p = 0; p < width; p++) x[(i - k - 1) * width + p] = data[(i * n + k) * width + p]!;
    const h = makeReflector(x, complex, k + 1);
    offDiagonal[k] = h.beta;
    reflectors.push(h);
    if (h.re !== 0 || h.im !== 0) reflectBothSides(a, h);
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => data[(i * n + i) * width]!), offDiagonal, reflectors };
}

/** a ← Hᴴ·a·H on the trailing block, as the rank-2 update a − v·wᴴ − w·vᴴ. */
function reflectBothSides(a: Matrix, { start, v, re, im }: Reflector): void {
  const { rows: n, complex, data } = a;
  const m = n - start;
  const w = new Float64Array(v.length);
  if (!complex) {
    let inner = 0;
    for (let i = 0; i < m; i++) {
      const row = (start + i) * n + start;
      let sum = 0;
      for (let j = 0; j < m; j++) sum += data[row + j]! * v[j]!;
      w[i] = re * sum;
      inner += w[i]! * v[i]!;
    }
    addScaled(false, m, -0.5 * re * inner, 0, v, 0, w, 0);
    for (let i = 0; i < m; i++) {
      const row = (start + i) * n + start;
      const vi = v[i]!;
      const wi = w[i]!;
      for (let j = 0; j < m; j++) data[row + j]! -= vi * w[j]! + wi * v[j]!;
    }
    return;
  }
  let innerRe = 0;
  let innerIm = 0;
  for (let i = 0; i < m; i++) {
    const row = 2 * ((start + i) * n + start);
    let sumRe = 0;
    let sumIm = 0;
    for (let j = 0; j < 2 * m; j += 2) {
      sumRe += data[row + j]! * v[j]! - data[row + j + 1]! * v[j + 1]!;
      sumIm += data[row + j]! * v[j + 1]! + data[row + j + 1]! * v[j]!;
    }
    const wRe = re * sumRe - im * sumIm;
    const wIm = re * sumIm + im * sumRe;
    w[2 * i] = wRe;
    w[2 * i + 1] = wIm;
    innerRe += wRe * v[2 * i]! + wIm * v[2 * i + 1]!;
    innerIm += wRe * v[2 * i + 1]! - wIm * v[2 * i]!;
  }
  addScaled(true, m, -0.5 * (re * innerRe - im * innerIm), -0.5 * (re * innerIm + im * innerRe), v, 0, w, 0);
  for (let i = 0; i < m; i++) {
    const row = 2 * ((start + i) * n + start);
    const vRe = v[2 * i]!;
    const vIm = v[2 * i + 1]!;
    const wRe = w[2 * i]!;
    const wIm = w[2 * i + 1]!;
    for (let j = 0; j < 2 * m; j += 2) {
      data[row + j]! -= vRe * w[j]! + vIm * w[j + 1]! + wRe * v[j]! + wIm * v[j + 1]!;
      data[row + j + 1]! -= vIm * w[j]! - vRe * w[j + 1]! + wIm * v[j]! - wRe * v[j + 1]!;
    }
  }
}

const STEPS_PER_VALUE = 30;

/**
 * Overwrites the diagonal with the eigenvalues of the symmetric tridiagonal matrix, ascending; row i of the n × n array `rows` is the
 * eigenvector of value i.
 */
function tridiagonalEigen(d: Float64Array, e: Float64Array): { rows: Float64Array; info: number } {
  const n = d.length;
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  const budget = { steps: STEPS_PER_VALUE * n };
  for (let start = 0; start < n; ) {
    let end = start;
    while (end < n - 1 && !(Math.abs(e[end]!) <= Math.sqrt(Math.abs(d[end]!)) * Math.sqrt(Math.abs(d[end + 1]!)) * EPSILON)) end++;
    if (end < n - 1) e[end] = 0;
    // Starting from the smaller end keeps graded matrices accurate.
    const down = Math.abs(d[end]!) < Math.abs(d[start]!);
    const converged = down ? sweep(d, e, rows, end, start, budget) : sweep(d, e, rows, start, end, budget);
    if (!converged) return { rows, info: e.reduce((count, v) => count + (v === 0 ? 0 : 1), 0) };
    start = end + 1;
  }
  sortAscending(d, rows);
  return { rows, info: 0 };
}

/** Finds the eigenvalues of the unreduced block from `first` to `last`, one end at a time: QL steps if it ascends, QR if it descends. */
function sweep(d: Float64Array, e: Float64Array, rows: Float64Array, first: number, last: number, budget: { steps: number }): boolean {
  const n = d.length;
  const dir = first <= last ? 1 : -1;
  /** The index in e of the coupling between i and i + dir. */
  const link = (i: number): number => (dir > 0 ? i : i - 1);
  for (let l = first; dir * (last - l) >= 0; ) {
    let m = l;
    for (; m !== last; m += dir) {
      if (e[link(m)]! ** 2 <= EPSILON * EPSILON * Math.abs(d[m]!) * Math.abs(d[m + dir]!) + SAFE_MIN) break;
    }
    if (m !== last) e[link(m)] = 0;
    if (m === l) {
      l += dir;
      continue;
    }
    if (m === l + dir) {
      const low = Math.min(l, m);
      const { first: larger, second, c, s } = symmetric2x2(d[low]!, e[low]!, d[low + 1]!);
      rotate(rows, n, low * n, (low + 1) * n, 1, c, s);
      d[low] = larger;
      d[low + 1] = second;
      e[low] = 0;
      l += 2 * dir;
      continue;
    }
    if (budget.steps-- === 0) return false;
    implicitStep(d, e, rows, l, m, dir, link);
  }
  return true;
}

/** One implicitly shifted step on the block from l to m, chasing the bulge from m to l. */
function implicitStep(
  d: Float64Array,
  e: Float64Array,
  rows: Float64Array,
  l: number,
  m: number,
  dir: number,
  link: (i: number) => number,
): void {
  const n = d.length;
  const shift = d[l]!;
  let g = (d[l + dir]! - shift) / (2 * e[link(l)]!);
  g = d[m]! - shift + e[link(l)]! / (g + withSign(hypotenuse(g, 1), g));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - dir; ; i -= dir) {
    const f = s * e[link(i)]!;
    const b = c * e[link(i)]!;
    const rotation = makeRotation(g, f);
    c = rotation.c;
    s = rotation.s;
    if (i !== m - dir) e[link(i + dir)] = rotation.r;
    g = d[i + dir]! - p;
    const r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + dir] = g + p;
    g = c * r - b;
    rotate(rows, n, (i + dir) * n, i * n, 1, c, s);
    if (i === l) break;
  }
  d[l]! -= p;
  e[link(l)] = g;
}

/** Selection sort: the fewest exchanges of vectors. */
function sortAscending(d: Float64Array, rows: Float64Array): void {
  const n = d.length;
  for (let i = 0; i < n - 1; i++) {
    let k = i;
    for (let j = i + 1; j < n; j++) if (d[j]! < d[k]!) k = j;
    if (k === i) continue;
    [d[i], d[k]] = [d[k]!, d[i]!];
    const row = rows.slice(i * n, (i + 1) * n);
    rows.copyWithin(i * n, k * n, (k + 1) * n);
    rows.set(row, k * n);
  }
}
