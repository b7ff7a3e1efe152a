// What the decompositions are written in: a dense matrix and the few vector operations that their inner loops consist of.
// Each operation exists once for real and once for complex data, so that an algorithm is written once for both.

/** A dense row-major matrix. A complex one interleaves real and imaginary parts, so `data` is twice as long. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly complex: boolean;
  readonly data: Float64Array;
}

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const EPSILON = Number.EPSILON / 2;
/** The smallest number whose reciprocal does not overflow. */
export const SAFE_MIN = 2 ** -1022;

/** A matrix of zeros, or one on `data`. */
export function matrix(rows: number, columns: number, complex: boolean, data?: Float64Array): Matrix {
  return { rows, columns, complex, data: data ?? new Float64Array(rows * columns * (complex ? 2 : 1)) };
}

export function copyOf(a: Matrix): Matrix {
  return matrix(a.rows, a.columns, a.complex, a.data.slice());
}

/** The rows × columns matrix with ones on its diagonal. */
export function identity(rows: number, columns = rows, complex = false): Matrix {
  const result = matrix(rows, columns, complex);
  for (let i = 0; i < Math.min(rows, columns); i++) result.data[(i * columns + i) * (complex ? 2 : 1)] = 1;
  return result;
}

export const realAt = (a: Matrix, i: number, j: number): number => a.data[(i * a.columns + j) * (a.complex ? 2 : 1)]!;
export const imaginaryAt = (a: Matrix, i: number, j: number): number => (a.complex ? a.data[2 * (i * a.columns + j) + 1]! : 0);
export const at = (a: Matrix, i: number, j: number): Complex => ({ re: realAt(a, i, j), im: imaginaryAt(a, i, j) });
export function setAt(a: Matrix, i: number, j: number, re: number, im = 0): void {
  const k = i * a.columns + j;
  if (a.complex) {
    a.data[2 * k] = re;
    a.data[2 * k + 1] = im;
  } else a.data[k] = re;
}

/** The transpose; conjugated if asked (and complex). */
export function transpose(a: Matrix, conjugate = false): Matrix {
  const { rows, columns, complex } = a;
  const result = matrix(columns, rows, complex);
  const sign = conjugate ? -1 : 1;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (complex) {
        result.data[2 * (j * rows + i)] = a.data[2 * (i * columns + j)]!;
        result.data[2 * (j * rows + i) + 1] = sign * a.data[2 * (i * columns + j) + 1]!;
      } else result.data[j * rows + i] = a.data[i * columns + j]!;
    }
  }
  return result;
}

/** A copy of rows [top, bottom) and columns [left, right). */
export function block(a: Matrix, top: number, bottom: number, left: number, right: number): Matrix {
  const result = matrix(bottom - top, right - left, a.complex);
  const width = a.complex ? 2 : 1;
  for (let i = top; i < bottom; i++) {
    const start = i * a.columns;
    result.data.set(a.data.subarray((start + left) * width, (start + right) * width), (i - top) * (right - left) * width);
  }
  return result;
}

/** The same values as complex numbers. */
export function toComplex(a: Matrix): Matrix {
  if (a.complex) return a;
  const result = matrix(a.rows, a.columns, true);
  for (let i = 0; i < a.data.length; i++) result.data[2 * i] = a.data[i]!;
  return result;
}

/** Zeroes what lies on the other side of diagonal k, as `tril` and `triu` do. */
export function keepTriangle(a: Matrix, upper: boolean, k = 0): Matrix {
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) if (upper ? j - i < k : j - i > k) setAt(a, i, j, 0);
  }
  return a;
}

/** y ← y + α·x for n elements of the contiguous x and y, which start at elements `xAt` and `yAt`. */
export function addScaled(
  complex: boolean,
  n: number,
  re: number,
  im: number,
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
): void {
  if (!complex) {
    for (let i = 0; i < n; i++) y[yAt + i]! += re * x[xAt + i]!;
    return;
  }
  let p = 2 * xAt;
  let q = 2 * yAt;
  for (let i = 0; i < n; i++, p += 2, q += 2) {
    const a = x[p]!;
    const b = x[p + 1]!;
    y[q]! += re * a - im * b;
    y[q + 1]! += re * b + im * a;
  }
}

/** x ← α·x for n contiguous elements. */
export function scale(complex: boolean, n: number, re: number, im: number, x: Float64Array, xAt: number): void {
  if (!complex) {
    for (let i = xAt; i < xAt + n; i++) x[i]! *= re;
    return;
  }
  for (let p = 2 * xAt; p < 2 * (xAt + n); p += 2) {
    const a = x[p]!;
    const b = x[p + 1]!;
    x[p] = re * a - im * b;
    x[p + 1] = re * b + im * a;
  }
}

/** Exchanges rows i and k in columns [from, to). */
export function swapRows(a: Matrix, i: number, k: number, from = 0, to = a.columns): void {
  if (i === k) return;
  const width = a.complex ? 2 : 1;
  const start = i * a.columns * width;
  const other = k * a.columns * width;
  for (let j = from * width; j < to * width; j++) {
    const t = a.data[start + j]!;
    a.data[start + j] = a.data[other + j]!;
    a.data[other + j] = t;
  }
}

/** Exchanges columns j and k in rows [from, to). */
export function swapColumns(a: Matrix, j: number, k: number, from = 0, to = a.rows): void {
  if (j === k) return;
  for (let i = from; i < to; i++) {
    const t = at(a, i, j);
    const u = at(a, i, k);
    setAt(a, i, j, u.re, u.im);
    setAt(a, i, k, t.re, t.im);
  }
}

/** The plane rotation (x, y) ← (c·x + s·y, c·y − s·x) of two real vectors of n elements with strides. */
export function rotate(data: Float64Array, n: number, xAt: number, yAt: number, stride: number, c: number, s: number): void {
  for (let i = 0, p = xAt, q = yAt; i < n; i++, p += stride, q += stride) {
    const x = data[p]!;
    const y = data[q]!;
    data[p] = c * x + s * y;
    data[q] = c * y - s * x;
  }
}

/** The Euclidean norm of numbers (the parts of a complex vector count singly), safe from overflow and underflow. */
export function norm2(x: Float64Array, from = 0, to = x.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i]! * x[i]!;
  if (sum > 1e-280 && sum < 1e280) return Math.sqrt(sum);
  let largest = 0;
  for (let i = from; i < to; i++) {
    const a = Math.abs(x[i]!);
    if (!(a <= largest)) largest = a;
  }
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  sum = 0;
  for (let i = from; i < to; i++) sum += (x[i]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** The largest magnitude of a part of an element; NaN if there is one. */
export function largestPart(a: Matrix): number {
  let largest = 0;
  for (const v of a.data) if (!(Math.abs(v) <= largest)) largest = Math.abs(v);
  return largest;
}

/**
 * The exponent of the power of two to divide a by, so that squares of its entries neither over- nor underflow: 0 for all but extreme
 * matrices.
 */
export function scaleExponent(a: Matrix): number {
  const largest = largestPart(a);
  if (largest === 0 || !Number.isFinite(largest) || (largest > 1e-100 && largest < 1e100)) return 0;
  return Math.max(-1000, Math.round(Math.log2(largest)));
}

/** a / b by Smith's method, which neither overflows nor underflows early. */
export function divide(a: Complex, b: Complex): Complex {
  if (b.im === 0) return { re: a.re / b.re, im: a.im / b.re };
  if (Math.abs(b.re) >= Math.abs(b.im)) {
    const r = b.im / b.re;
    const d = b.re + b.im * r;
    return { re: (a.re + a.im * r) / d, im: (a.im - a.re * r) / d };
  }
  const r = b.re / b.im;
  const d = b.re * r + b.im;
  return { re: (a.re * r + a.im) / d, im: (a.im * r - a.re) / d };
}

export const multiply = (a: Complex, b: Complex): Complex => ({ re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re });

/** The principal square root. */
export function squareRoot(z: Complex): Complex {
  if (z.re === 0 && z.im === 0) return { re: 0, im: 0 };
  const t = Math.sqrt((Math.abs(z.re) + Math.hypot(z.re, z.im)) / 2);
  const u = z.im / (2 * t);
  return z.re >= 0 ? { re: t, im: u } : { re: Math.abs(u), im: z.im < 0 ? -t : t };
}

/** |re| + |im|: LAPACK's cheap magnitude. */
export const taxicab = (z: Complex): number => Math.abs(z.re) + Math.abs(z.im);

/** a with b's sign; b's zero counts with its sign. */
export const withSign = (a: number, b: number): number => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a));

/** The matrix product a·b. */
export function product(a: Matrix, b: Matrix): Matrix {
  const complex = a.complex || b.complex;
  const left = complex ? toComplex(a) : a;
  const right = complex ? toComplex(b) : b;
  const result = matrix(a.rows, b.columns, complex);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      addScaled(complex, b.columns, realAt(left, i, k), imaginaryAt(left, i, k), right.data, k * b.columns, result.data, i * b.columns);
    }
  }
  return result;
}
