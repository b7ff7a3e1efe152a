// What precedes the QR iteration of the general eigenvalue problem: balancing (gebal) and reduction to Hessenberg form (gehrd).
import { makeReflector, type Reflector, reflectAll, reflectColumns, reflectRows } from './householder.ts';
import { at, identity, imaginaryAt, type Matrix, norm2, realAt, scale, swapColumns, swapRows } from './matrix.ts';

/** How a matrix was balanced: only rows and columns low … high (inclusive) are left to reduce. */
export interface Balance {
  readonly low: number;
  readonly high: number;
  /** What each row within low … high was divided by; outside, the index it was exchanged with. */
  readonly scale: Float64Array;
}

const RADIX = 2;
const LARGEST = 2 ** 970;
const SMALLEST = 2 ** -970;

/** Permutes isolated eigenvalues to the ends and equilibrates the rest by powers of two, in place. */
export function balance(a: Matrix): Balance {
  const n = a.rows;
  const scales = new Float64Array(n).fill(1);
  const isZero = (i: number, j: number): boolean => realAt(a, i, j) === 0 && imaginaryAt(a, i, j) === 0;
  let low = 0;
  let high = n - 1;
  const exchange = (j: number, m: number): void => {
    scales[m] = j;
    swapColumns(a, j, m, 0, high + 1);
    swapRows(a, j, m, low);
  };
  const isolatedRow = (): number => {
    for (let j = high; j >= 0; j--) {
      let isolated = true;
      for (let i = 0; i <= high && isolated; i++) if (i !== j && !isZero(j, i)) isolated = false;
      if (isolated) return j;
    }
    return -1;
  };
  const isolatedColumn = (): number => {
    for (let j = low; j <= high; j++) {
      let isolated = true;
      for (let i = low; i <= high && isolated; i++) if (i !== j && !isZero(i, j)) isolated = false;
      if (isolated) return j;
    }
    return -1;
  };
  for (let j = isolatedRow(); j >= 0; j = isolatedRow()) {
    exchange(j, high);
    if (high === 0) return { low: 0, high: 0, scale: scales };
    high--;
  }
  for (let j = isolatedColumn(); j >= 0; j = isolatedColumn()) exchange(j, low++);
  equilibrate(a, low, high, scales);
  return { low, high, scale: scales };
}

function equilibrate(a: Matrix, low: number, high: number, scales: Float64Array): void {
  const n = a.rows;
  const width = a.complex ? 2 : 1;
  const magnitude = (i: number, j: number): number =>
    a.complex ? Math.hypot(realAt(a, i, j), imaginaryAt(a, i, j)) : Math.abs(realAt(a, i, j));
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = low; i <= high; i++) {
      const column = new Float64Array(high - low + 1);
      for (let r = low; r <= high; r++) column[r - low] = magnitude(r, i);
      let c = norm2(column);
      let r = norm2(a.data, (i * n + low) * width, (i * n + high + 1) * width);
      let largestInColumn = 0;
      let largestInRow = 0;
      for (let k = 0; k <= high; k++) largestInColumn = Math.max(largestInColumn, magnitude(k, i));
      for (let k = low; k < n; k++) largestInRow = Math.max(largestInRow, magnitude(i, k));
      if (!(c > 0) || !(r > 0)) continue;
      const before = c + r;
      let f = 1;
      for (; c < r / RADIX && Math.max(f, c, largestInColumn) < LARGEST && Math.min(r, largestInRow) > SMALLEST; f *= RADIX) {
        c *= RADIX;
        largestInColumn *= RADIX;
        r /= RADIX;
        largestInRow /= RADIX;
      }
      for (; c / RADIX >= r && Math.max(r, largestInRow) < LARGEST && Math.min(f, c, largestInColumn) > SMALLEST; f /= RADIX) {
        c /= RADIX;
        largestInColumn /= RADIX;
        r *= RADIX;
        largestInRow *= RADIX;
      }
      if (c + r >= 0.95 * before || !Number.isFinite(c + r)) continue;
      scales[i]! *= f;
      changed = true;
      scale(a.complex, n - low, 1 / f, 0, a.data, i * n + low);
      for (let k = 0; k <= high; k++) for (let p = 0; p < width; p++) a.data[(k * n + i) * width + p]! *= f;
    }
  }
}

/** Turns eigenvectors (columns) of the balanced matrix into those of the original one, in place (gebak). */
export function undoBalance(vectors: Matrix, { low, high, scale: scales }: Balance): void {
  const n = vectors.rows;
  if (low < high)
    for (let i = low; i <= high; i++) scale(vectors.complex, vectors.columns, scales[i]!, 0, vectors.data, i * vectors.columns);
  for (let i = low - 1; i >= 0; i--) swapRows(vectors, i, scales[i]!);
  for (let i = high + 1; i < n; i++) swapRows(vectors, i, scales[i]!);
}

/** a ← Qᴴ·a·Q in Hessenberg form, in place; returns Q. */
export function reduceToHessenberg(a: Matrix, low: number, high: number): Matrix {
  const { rows: n, complex } = a;
  const width = complex ? 2 : 1;
  const reflectors: Reflector[] = [];
  for (let k = low; k < high - 1; k++) {
    const x = new Float64Array((high - k) * width);
    for (let i = k + 1; i <= high; i++) {
      const { re, im } = at(a, i, k);
      x[(i - k - 1) * width] = re;
      if (complex) x[(i - k - 1) * 2 + 1] = im;
    }
    const h = makeReflector(x, complex, k + 1);
    a.data[((k + 1) * n + k) * width] = h.beta;
    if (complex) a.data[((k + 1) * n + k) * 2 + 1] = 0;
    for (let i = k + 2; i <= high; i++) for (let p = 0; p < width; p++) a.data[(i * n + k) * width + p] = 0;
    reflectColumns(a, h, false, 0, high + 1);
    reflectRows(a, h, true, k + 1);
    reflectors.push(h);
  }
  const q = identity(n, n, complex);
  reflectAll(q, reflectors, false);
  return q;
}
