import { columnReflector, type Reflector, reflectAll, reflectColumns, reflectRows, rowReflector } from './householder.ts';
import { copyOf, EPSILON, identity, type Matrix, matrix, rotate, SAFE_MIN, scale, scaleExponent, transpose, withSign } from './matrix.ts';
import { multiplyByQ, qrFactor, upperFactor } from './qr.ts';
import { makeSignedRotation, singularValues2x2, svd2x2 } from './rotation.ts';

/** A = U·diag(S)·Vᴴ with S descending and not negative. */
export interface SVD {
  /** m × k, or m × m in full. */
  readonly u: Matrix;
  readonly values: Float64Array;
  /** k × n, or n × n in full. */
  readonly vh: Matrix;
  /** 0; −4 (LAPACK's number for the matrix argument of gesdd) if A has entries that are not finite; else how many values failed to converge. */
  readonly info: number;
}

/**
 * The singular value decomposition: reduction to bidiagonal form (after a QR factorisation if the matrix is long, an LQ if it is wide),
 * then implicit zero-shift QR (LAPACK's gebrd and bdsqr), which finds small singular values of bidiagonals to full relative accuracy.
 */
export function svd(a: Matrix, full = false): SVD {
  const { rows: m, columns: n, complex } = a;
  const k = Math.min(m, n);
  if (a.data.some((v) => !Number.isFinite(v))) return { ...emptySVD(m, n, complex, full), info: -4 };
  if (k === 0) return emptySVD(m, n, complex, full);
  const exponent = scaleExponent(a);
  if (exponent !== 0) {
    const scaled = copyOf(a);
    scale(false, scaled.data.length, 2 ** -exponent, 0, scaled.data, 0);
    const result = svd(scaled, full);
    scale(false, k, 2 ** exponent, 0, result.values, 0);
    return result;
  }
  const long = complex ? Math.trunc((k * 17) / 9) : Math.trunc((k * 11) / 6);
  if (m > n && m >= long) {
    const factored = qrFactor(a);
    const inner = bidiagonalSVD(upperFactor(factored), false);
    const u = identityAround(inner.u, m, full ? m : k);
    return { ...inner, u: multiplyByQ(factored.packed, factored.tau, u) };
  }
  if (n > m && n >= long) {
    const factored = qrFactor(transpose(a, true));
    const inner = bidiagonalSVD(transpose(upperFactor(factored), true), false);
    const v = identityAround(transpose(inner.vh, true), n, full ? n : k);
    return { ...inner, vh: transpose(multiplyByQ(factored.packed, factored.tau, v), true) };
  }
  return bidiagonalSVD(copyOf(a), full);
}

/** The singular values alone, descending. */
export function singularValues(a: Matrix): { values: Float64Array; info: number } {
  const { values, info } = svd(a);
  return { values, info };
}

function emptySVD(m: number, n: number, complex: boolean, full: boolean): SVD {
  const k = Math.min(m, n);
  return { u: identity(m, full ? m : k, complex), values: new Float64Array(k), vh: identity(full ? n : k, n, complex), info: 0 };
}

/** diag(inner, I) with `rows` rows and `columns` columns. */
function identityAround(inner: Matrix, rows: number, columns: number): Matrix {
  const result = identity(rows, columns, inner.complex);
  const width = inner.complex ? 2 : 1;
  for (let i = 0; i < inner.rows; i++) {
    result.data.set(inner.data.subarray(i * inner.columns * width, (i + 1) * inner.columns * width), i * columns * width);
  }
  return result;
}

/** Overwrites a. */
function bidiagonalSVD(a: Matrix, full: boolean): SVD {
  const { rows: m, columns: n, complex } = a;
  const k = Math.min(m, n);
  const { diagonal, offDiagonal, left, right } = bidiagonalize(a);
  const core = new BidiagonalIteration(diagonal, offDiagonal, m < n);
  const info = core.run();
  const u = identityAround(realToMatrix(core.left, k, complex, true), m, full ? m : k);
  reflectAll(u, left, false);
  const v = identityAround(realToMatrix(core.right, k, complex, true), n, full ? n : k);
  reflectAll(v, right, false);
  return { u, values: diagonal, vh: transpose(v, true), info };
}

/** A k × k real array, transposed if asked, as a matrix of either kind. */
function realToMatrix(data: Float64Array, k: number, complex: boolean, transposed: boolean): Matrix {
  const result = matrix(k, k, complex);
  const width = complex ? 2 : 1;
  for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) result.data[(i * k + j) * width] = data[transposed ? j * k + i : i * k + j]!;
  return result;
}

interface Bidiagonal {
  readonly diagonal: Float64Array;
  /** Above the diagonal if m ≥ n, else below it. */
  readonly offDiagonal: Float64Array;
  readonly left: Reflector[];
  readonly right: Reflector[];
}

/** A = Q·B·Pᴴ with real bidiagonal B. Overwrites a. */
function bidiagonalize(a: Matrix): Bidiagonal {
  const { rows: m, columns: n } = a;
  const k = Math.min(m, n);
  const diagonal = new Float64Array(k);
  const offDiagonal = new Float64Array(Math.max(k - 1, 0));
  const left: Reflector[] = [];
  const right: Reflector[] = [];
  const column = (i: number, j: number): number => {
    const h = columnReflector(a, i, j);
    reflectRows(a, h, true, j + 1);
    left.push(h);
    return h.beta;
  };
  const row = (i: number, j: number): number => {
    const g = rowReflector(a, i, j);
    reflectColumns(a, g, false, i + 1);
    right.push(g);
    return g.beta;
  };
  for (let i = 0; i < k; i++) {
    if (m >= n) {
      diagonal[i] = column(i, i);
      if (i < n - 1) offDiagonal[i] = row(i, i + 1);
    } else {
      diagonal[i] = row(i, i);
      if (i < m - 1) offDiagonal[i] = column(i + 1, i);
    }
  }
  return { diagonal, offDiagonal, left, right };
}

const MAX_SWEEPS = 6;
const TOLERANCE = Math.min(100, EPSILON ** -0.125) * EPSILON;

/** The singular value decomposition of a real bidiagonal matrix, in place. */
class BidiagonalIteration {
  /** Row i is the i-th left (right) singular vector. */
  readonly left: Float64Array;
  readonly right: Float64Array;
  private readonly n: number;

  constructor(
    private readonly d: Float64Array,
    private readonly e: Float64Array,
    private readonly lower: boolean,
  ) {
    this.n = d.length;
    this.left = identity(this.n).data;
    this.right = identity(this.n).data;
  }

  run(): number {
    const { d, n } = this;
    if (n === 1) {
      this.left[0] = withSign(1, d[0]!);
      d[0] = Math.abs(d[0]!);
      return 0;
    }
    const toUpper = this.lower ? this.makeUpper() : [];
    const info = this.iterate();
    for (let i = 0; i < n; i++) {
      if (d[i]! < 0 || Object.is(d[i], -0)) {
        d[i] = -d[i]!;
        for (let j = 0; j < n; j++) this.right[i * n + j] = -this.right[i * n + j]!;
      }
    }
    this.sortDescending();
    for (let i = toUpper.length - 1; i >= 0; i--) rotate(this.left, n, i, i + 1, n, toUpper[i]!.c, -toUpper[i]!.s);
    return info;
  }

  /** Rotates a lower bidiagonal into an upper one from the left. */
  private makeUpper(): { c: number; s: number }[] {
    const { d, e, n } = this;
    const rotations: { c: number; s: number }[] = [];
    for (let i = 0; i < n - 1; i++) {
      const { c, s, r } = makeSignedRotation(d[i]!, e[i]!);
      d[i] = r;
      e[i] = s * d[i + 1]!;
      d[i + 1] = c * d[i + 1]!;
      rotations.push({ c, s });
    }
    return rotations;
  }

  /** The size below which an off-diagonal entry counts as zero: relative to an estimate of the smallest singular value. */
  private deflationThreshold(): number {
    const { d, e, n } = this;
    let smallest = Math.abs(d[0]!);
    let mu = smallest;
    for (let i = 1; i < n && smallest !== 0; i++) {
      mu = Math.abs(d[i]!) * (mu / (mu + Math.abs(e[i - 1]!)));
      smallest = Math.min(smallest, mu);
    }
    return Math.max((TOLERANCE * smallest) / Math.sqrt(n), MAX_SWEEPS * n * n * SAFE_MIN);
  }

  private iterate(): number {
    const { d, e, n } = this;
    const threshold = this.deflationThreshold();
    let budget = MAX_SWEEPS * n * n;
    let oldFirst = -1;
    let oldLast = -1;
    let down = true;
    for (let last = n - 1; last > 0; ) {
      if (budget < 0) return e.reduce((count, v) => count + (v === 0 ? 0 : 1), 0);
      // The unreduced block that ends at `last`.
      let first = last - 1;
      let largest = Math.abs(d[last]!);
      for (; first >= 0; first--) {
        if (Math.abs(e[first]!) <= threshold) break;
        largest = Math.max(largest, Math.abs(d[first]!), Math.abs(e[first]!));
      }
      if (first >= 0) e[first] = 0;
      first++;
      if (first === last) {
        last--;
        continue;
      }
      if (first === last - 1) {
        this.solve2x2(first);
        last -= 2;
        continue;
      }
      // A new block is chased from its larger end to its smaller one.
      if (first > oldLast || last < oldFirst) down = Math.abs(d[first]!) >= Math.abs(d[last]!);
      const smallest = this.deflate(first, last, down);
      if (smallest === undefined) continue;
      oldFirst = first;
      oldLast = last;
      budget -= last - first;
      const shift = this.shiftFor(first, last, down, smallest, largest);
      if (shift === 0) this.zeroShiftSweep(first, last, down);
      else this.shiftedSweep(first, last, down, shift);
      const end = down ? last - 1 : first;
      if (Math.abs(e[end]!) <= threshold) e[end] = 0;
    }
    return 0;
  }

  private solve2x2(i: number): void {
    const { d, e, n } = this;
    const { smallest, largest, left, right } = svd2x2(d[i]!, e[i]!, d[i + 1]!);
    d[i] = largest;
    d[i + 1] = smallest;
    e[i] = 0;
    rotate(this.right, n, i * n, (i + 1) * n, 1, right.c, right.s);
    rotate(this.left, n, i * n, (i + 1) * n, 1, left.c, left.s);
  }

  /** Zeroes a negligible off-diagonal entry and returns undefined, or bounds the smallest singular value of the block from below. */
  private deflate(first: number, last: number, down: boolean): number | undefined {
    const { d, e } = this;
    const end = down ? last - 1 : first;
    if (Math.abs(e[end]!) <= TOLERANCE * Math.abs(d[down ? last : first]!)) {
      e[end] = 0;
      return undefined;
    }
    let mu = Math.abs(d[down ? first : last]!);
    let smallest = mu;
    for (let step = 0; step < last - first; step++) {
      const link = down ? first + step : last - 1 - step;
      if (Math.abs(e[link]!) <= TOLERANCE * mu) {
        e[link] = 0;
        return undefined;
      }
      mu = Math.abs(d[down ? link + 1 : link]!) * (mu / (mu + Math.abs(e[link]!)));
      smallest = Math.min(smallest, mu);
    }
    return smallest;
  }

  /** The shift, or 0 if it would cost relative accuracy. */
  private shiftFor(first: number, last: number, down: boolean, smallest: number, largest: number): number {
    const { d, e, n } = this;
    if (n * TOLERANCE * (smallest / largest) <= Math.max(EPSILON, 0.01 * TOLERANCE)) return 0;
    const start = Math.abs(d[down ? first : last]!);
    const corner = down ? last - 1 : first;
    const shift = singularValues2x2(d[corner]!, e[corner]!, d[corner + 1]!).smallest;
    return start > 0 && (shift / start) ** 2 < EPSILON ? 0 : shift;
  }

  /** Rotates vectors i and k of one side, i being on the side the chase comes from. */
  private turn(vectors: Float64Array, i: number, k: number, c: number, s: number): void {
    rotate(vectors, this.n, i * this.n, k * this.n, 1, c, s);
  }

  private zeroShiftSweep(first: number, last: number, down: boolean): void {
    const { d, e } = this;
    const dir = down ? 1 : -1;
    const [from, to] = down ? [first, last] : [last, first];
    const link = (i: number): number => (down ? i : i - 1);
    const [inner, outer] = down ? [this.right, this.left] : [this.left, this.right];
    let c = 1;
    let oldC = 1;
    let oldS = 0;
    for (let i = from; i !== to; i += dir) {
      const a = makeSignedRotation(d[i]! * c, e[link(i)]!);
      if (i !== from) e[link(i - dir)] = oldS * a.r;
      const b = makeSignedRotation(oldC * a.r, d[i + dir]! * a.s);
      d[i] = b.r;
      c = a.c;
      oldC = b.c;
      oldS = b.s;
      this.turn(inner, i, i + dir, a.c, a.s);
      this.turn(outer, i, i + dir, b.c, b.s);
    }
    const h = d[to]! * c;
    d[to] = h * oldC;
    e[link(to - dir)] = h * oldS;
  }

  private shiftedSweep(first: number, last: number, down: boolean, shift: number): void {
    const { d, e } = this;
    const dir = down ? 1 : -1;
    const [from, to] = down ? [first, last] : [last, first];
    const link = (i: number): number => (down ? i : i - 1);
    const [inner, outer] = down ? [this.right, this.left] : [this.left, this.right];
    let f = (Math.abs(d[from]!) - shift) * (withSign(1, d[from]!) + shift / d[from]!);
    let g = e[link(from)]!;
    for (let i = from; i !== to; i += dir) {
      const a = makeSignedRotation(f, g);
      const k = link(i);
      if (i !== from) e[link(i - dir)] = a.r;
      f = a.c * d[i]! + a.s * e[k]!;
      e[k] = a.c * e[k]! - a.s * d[i]!;
      g = a.s * d[i + dir]!;
      d[i + dir] = a.c * d[i + dir]!;
      const b = makeSignedRotation(f, g);
      d[i] = b.r;
      f = b.c * e[k]! + b.s * d[i + dir]!;
      d[i + dir] = b.c * d[i + dir]! - b.s * e[k]!;
      if (i + dir !== to) {
        const next = link(i + dir);
        g = b.s * e[next]!;
        e[next] = b.c * e[next]!;
      }
      this.turn(inner, i, i + dir, a.c, a.s);
      this.turn(outer, i, i + dir, b.c, b.s);
    }
    e[link(to - dir)] = f;
  }

  /** Insertion of the smallest at the end, as bdsqr sorts. */
  private sortDescending(): void {
    const { d, n } = this;
    for (let end = n - 1; end > 0; end--) {
      let k = 0;
      for (let j = 1; j <= end; j++) if (d[j]! <= d[k]!) k = j;
      if (k === end) continue;
      [d[k], d[end]] = [d[end]!, d[k]!];
      for (const vectors of [this.left, this.right]) {
        const row = vectors.slice(k * n, (k + 1) * n);
        vectors.copyWithin(k * n, end * n, (end + 1) * n);
        vectors.set(row, end * n);
      }
    }
  }
}
