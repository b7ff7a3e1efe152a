// Discrete Fourier transforms of one line in double precision, of any length, unscaled. Complex lines interleave real and imaginary parts.

/** Everything about a length that does not depend on the data. */
interface Plan {
  readonly length: number;
  /** Transforms `data` in place, forward: Σ x[j]·e^(−2πi·jk/n). */
  readonly run: (data: Float64Array) => void;
}

/** One pass of a mixed-radix transform: `radix` subtransforms of length `done` become one of length radix · done. */
interface Pass {
  readonly radix: number;
  readonly done: number;
  /** e^(−2πi·q·k/(radix·done)) for k < done and 1 ≤ q < radix, interleaved. */
  readonly twiddles: Float64Array;
}

/** Beyond this prime factor a generic butterfly costs more than Bluestein's convolution. */
const LARGEST_RADIX = 31;
const CACHED_PLANS = 64;
const plans = new Map<number, Plan>();

function planFor(n: number): Plan {
  const cached = plans.get(n);
  if (cached) return cached;
  const factors = radices(n);
  const plan = factors ? mixedRadixPlan(n, factors) : bluesteinPlan(n);
  if (plans.size >= CACHED_PLANS) plans.delete(plans.keys().next().value!);
  plans.set(n, plan);
  return plan;
}

/** n as a product of small radices, or null if it has a large prime factor. */
function radices(n: number): number[] | null {
  const factors: number[] = [];
  let rest = n;
  for (const radix of [4, 2, 3, 5]) {
    for (; rest % radix === 0; rest /= radix) factors.push(radix);
  }
  for (let p = 7; p <= LARGEST_RADIX; p += 2) for (; rest % p === 0; rest /= p) factors.push(p);
  return rest === 1 ? factors : null;
}

/** e^(−2πi·k/n), reduced to the first octant so that it is right to the last bit or nearly. */
function rootOfUnity(k: number, n: number): [number, number] {
  const eighths = 8 * (k % n);
  const octant = Math.floor(eighths / n);
  const angleOf = (numerator: number): number => (2 * Math.PI * numerator) / (8 * n);
  const inOctant = eighths - octant * n;
  const angle = octant % 2 === 0 ? angleOf(inOctant) : angleOf(n - inOctant);
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  switch (octant) {
    case 0:
      return [c, -s];
    case 1:
      return [s, -c];
    case 2:
      return [-s, -c];
    case 3:
      return [-c, -s];
    case 4:
      return [-c, s];
    case 5:
      return [-s, c];
    case 6:
      return [s, c];
    default:
      return [c, s];
  }
}

function mixedRadixPlan(n: number, factors: readonly number[]): Plan {
  const passes: Pass[] = [];
  let done = 1;
  for (const radix of factors) {
    const twiddles = new Float64Array(2 * done * (radix - 1));
    for (let k = 0; k < done; k++)
      for (let q = 1; q < radix; q++) twiddles.set(rootOfUnity(q * k, radix * done), 2 * (k * (radix - 1) + q - 1));
    passes.push({ radix, done, twiddles });
    done *= radix;
  }
  const roots = new Map([...new Set(factors)].filter((r) => r > 5).map((r) => [r, rootsOf(r)]));
  const scratch = new Float64Array(2 * n);
  const run = (data: Float64Array): void => {
    let from: Float64Array = data;
    let to: Float64Array = scratch;
    for (const pass of passes) {
      runPass(pass, n, from, to, roots.get(pass.radix));
      [from, to] = [to, from];
    }
    if (from !== data) data.set(from.subarray(0, 2 * n));
  };
  return { length: n, run };
}

function rootsOf(n: number): Float64Array {
  const result = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) result.set(rootOfUnity(k, n), 2 * k);
  return result;
}

/** Stockham's pass: reads with stride n / radix, writes in order, so that no reordering is left to do. */
function runPass({ radix, done, twiddles }: Pass, n: number, from: Float64Array, to: Float64Array, roots: Float64Array | undefined): void {
  const stride = 2 * (n / radix);
  const blocks = n / (radix * done);
  const v = new Float64Array(2 * radix);
  const butterfly = butterflies[radix] ?? ((x: Float64Array) => genericButterfly(x, radix, roots!));
  for (let b = 0; b < blocks; b++) {
    for (let k = 0; k < done; k++) {
      let p = 2 * (b * done + k);
      v[0] = from[p]!;
      v[1] = from[p + 1]!;
      let t = 2 * k * (radix - 1);
      for (let q = 2; q < 2 * radix; q += 2, t += 2) {
        p += stride;
        const re = from[p]!;
        const im = from[p + 1]!;
        const c = twiddles[t]!;
        const s = twiddles[t + 1]!;
        v[q] = re * c - im * s;
        v[q + 1] = re * s + im * c;
      }
      butterfly(v);
      for (let q = 0, w = 2 * (b * radix * done + k); q < 2 * radix; q += 2, w += 2 * done) {
        to[w] = v[q]!;
        to[w + 1] = v[q + 1]!;
      }
    }
  }
}

const SIN_60 = Math.sqrt(3) / 2;
const COS_72 = (Math.sqrt(5) - 1) / 4;
const COS_144 = -(Math.sqrt(5) + 1) / 4;
const SIN_72 = 0.9510565162951535;
const SIN_144 = 0.5877852522924731;

/** Transforms of the short lengths, in place. */
const butterflies: Readonly<Record<number, (v: Float64Array) => void>> = {
  2: (v) => {
    const re = v[2]!;
    const im = v[3]!;
    v[2] = v[0]! - re;
    v[3] = v[1]! - im;
    v[0]! += re;
    v[1]! += im;
  },
  3: (v) => {
    const sumRe = v[2]! + v[4]!;
    const sumIm = v[3]! + v[5]!;
    const turnRe = SIN_60 * (v[3]! - v[5]!);
    const turnIm = SIN_60 * (v[4]! - v[2]!);
    const re = v[0]! - 0.5 * sumRe;
    const im = v[1]! - 0.5 * sumIm;
    v[0]! += sumRe;
    v[1]! += sumIm;
    v[2] = re + turnRe;
    v[3] = im + turnIm;
    v[4] = re - turnRe;
    v[5] = im - turnIm;
  },
  4: (v) => {
    const aRe = v[0]! + v[4]!;
    const aIm = v[1]! + v[5]!;
    const bRe = v[0]! - v[4]!;
    const bIm = v[1]! - v[5]!;
    const cRe = v[2]! + v[6]!;
    const cIm = v[3]! + v[7]!;
    const dRe = v[3]! - v[7]!;
    const dIm = v[6]! - v[2]!;
    v[0] = aRe + cRe;
    v[1] = aIm + cIm;
    v[2] = bRe + dRe;
    v[3] = bIm + dIm;
    v[4] = aRe - cRe;
    v[5] = aIm - cIm;
    v[6] = bRe - dRe;
    v[7] = bIm - dIm;
  },
  5: (v) => {
    const a1Re = v[2]! + v[8]!;
    const a1Im = v[3]! + v[9]!;
    const a2Re = v[4]! + v[6]!;
    const a2Im = v[5]! + v[7]!;
    const b1Re = v[3]! - v[9]!;
    const b1Im = v[8]! - v[2]!;
    const b2Re = v[5]! - v[7]!;
    const b2Im = v[6]! - v[4]!;
    const c1Re = v[0]! + COS_72 * a1Re + COS_144 * a2Re;
    const c1Im = v[1]! + COS_72 * a1Im + COS_144 * a2Im;
    const c2Re = v[0]! + COS_144 * a1Re + COS_72 * a2Re;
    const c2Im = v[1]! + COS_144 * a1Im + COS_72 * a2Im;
    const d1Re = SIN_72 * b1Re + SIN_144 * b2Re;
    const d1Im = SIN_72 * b1Im + SIN_144 * b2Im;
    const d2Re = SIN_144 * b1Re - SIN_72 * b2Re;
    const d2Im = SIN_144 * b1Im - SIN_72 * b2Im;
    v[0]! += a1Re + a2Re;
    v[1]! += a1Im + a2Im;
    v[2] = c1Re + d1Re;
    v[3] = c1Im + d1Im;
    v[4] = c2Re + d2Re;
    v[5] = c2Im + d2Im;
    v[6] = c2Re - d2Re;
    v[7] = c2Im - d2Im;
    v[8] = c1Re - d1Re;
    v[9] = c1Im - d1Im;
  },
};

function genericButterfly(v: Float64Array, radix: number, roots: Float64Array): void {
  const x = v.slice();
  for (let k = 0; k < radix; k++) {
    let re = 0;
    let im = 0;
    for (let j = 0, w = 0; j < radix; j++, w = (w + k) % radix) {
      const c = roots[2 * w]!;
      const s = roots[2 * w + 1]!;
      re += x[2 * j]! * c - x[2 * j + 1]! * s;
      im += x[2 * j]! * s + x[2 * j + 1]! * c;
    }
    v[2 * k] = re;
    v[2 * k + 1] = im;
  }
}

/** Bluestein: jk = (j² + k² − (k − j)²) / 2 turns the transform into a convolution, which a power of two serves. */
function bluesteinPlan(n: number): Plan {
  let size = 1;
  while (size < 2 * n - 1) size *= 4;
  if (size / 2 >= 2 * n - 1) size /= 2;
  const inner = planFor(size);
  const chirp = new Float64Array(2 * n);
  for (let k = 0, square = 0; k < n; k++) {
    chirp.set(rootOfUnity(square, 2 * n), 2 * k);
    square = (square + 2 * k + 1) % (2 * n);
  }
  const kernel = new Float64Array(2 * size);
  for (let k = 0; k < n; k++) {
    for (const place of k === 0 ? [0] : [k, size - k]) {
      kernel[2 * place] = chirp[2 * k]! / size;
      kernel[2 * place + 1] = -chirp[2 * k + 1]! / size;
    }
  }
  inner.run(kernel);
  const work = new Float64Array(2 * size);
  const run = (data: Float64Array): void => {
    work.fill(0);
    multiplyInto(work, data, chirp, n);
    inner.run(work);
    multiplyInto(work, work, kernel, size);
    // The inverse transform is the forward one with real and imaginary parts exchanged.
    exchangeParts(work);
    inner.run(work);
    exchangeParts(work);
    multiplyInto(data, work, chirp, n);
  };
  return { length: n, run };
}

function multiplyInto(to: Float64Array, a: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < 2 * n; i += 2) {
    const re = a[i]! * b[i]! - a[i + 1]! * b[i + 1]!;
    to[i + 1] = a[i]! * b[i + 1]! + a[i + 1]! * b[i]!;
    to[i] = re;
  }
}

function exchangeParts(x: Float64Array): void {
  for (let i = 0; i < x.length; i += 2) {
    const re = x[i]!;
    x[i] = x[i + 1]!;
    x[i + 1] = re;
  }
}

/** Transforms an interleaved complex line in place: Σ x[j]·e^(∓2πi·jk/n), minus forward, plus inverse; nothing is divided by n. */
export function complexTransform(line: Float64Array, inverse = false): Float64Array {
  const n = line.length / 2;
  if (n <= 1) return line;
  const plan = planFor(n);
  if (inverse) exchangeParts(line);
  plan.run(line);
  if (inverse) exchangeParts(line);
  return line;
}

const halfTurns = new Map<number, Float64Array>();

/** e^(−2πi·k/n) for 0 ≤ k ≤ n/2, cached like the plans. */
function halfTurn(n: number): Float64Array {
  const cached = halfTurns.get(n);
  if (cached) return cached;
  const roots = new Float64Array(2 * (Math.floor(n / 2) + 1));
  for (let k = 0; k < roots.length / 2; k++) roots.set(rootOfUnity(k, n), 2 * k);
  if (halfTurns.size >= CACHED_PLANS) halfTurns.delete(halfTurns.keys().next().value!);
  halfTurns.set(n, roots);
  return roots;
}

/** The first ⌊n/2⌋ + 1 values of the forward transform of n real numbers, interleaved; the others are their conjugates. */
export function realToComplex(line: Float64Array): Float64Array {
  const n = line.length;
  const kept = Math.floor(n / 2) + 1;
  if (n % 2 !== 0) {
    const full = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) full[2 * i] = line[i]!;
    return complexTransform(full).slice(0, 2 * kept);
  }
  if (n === 0) return new Float64Array(0);
  // Even and odd samples travel as real and imaginary parts of a transform of half the length.
  const half = n / 2;
  const roots = halfTurn(n);
  const packed = complexTransform(line.slice());
  const result = new Float64Array(2 * kept);
  for (let k = 0; k <= half; k++) {
    const p = 2 * (k % half);
    const q = 2 * ((half - k) % half);
    const evenRe = 0.5 * (packed[p]! + packed[q]!);
    const evenIm = 0.5 * (packed[p + 1]! - packed[q + 1]!);
    const oddRe = 0.5 * (packed[p + 1]! + packed[q + 1]!);
    const oddIm = 0.5 * (packed[q]! - packed[p]!);
    const c = roots[2 * k]!;
    const s = roots[2 * k + 1]!;
    result[2 * k] = evenRe + oddRe * c - oddIm * s;
    result[2 * k + 1] = evenIm + oddRe * s + oddIm * c;
  }
  result[1] = 0;
  result[2 * half + 1] = 0;
  return result;
}

/**
 * The n real numbers whose transform begins with the given ⌊n/2⌋ + 1 interleaved values: the inverse transform, unscaled. Imaginary parts
 * that a real line cannot have (of the first value, and of the last if n is even) are ignored.
 */
export function complexToReal(values: Float64Array, n: number): Float64Array {
  if (n % 2 !== 0) {
    const full = new Float64Array(2 * n);
    full[0] = values[0]!;
    for (let k = 1; k <= (n - 1) / 2; k++) {
      full[2 * k] = full[2 * (n - k)] = values[2 * k]!;
      full[2 * k + 1] = values[2 * k + 1]!;
      full[2 * (n - k) + 1] = -values[2 * k + 1]!;
    }
    complexTransform(full, true);
    return Float64Array.from({ length: n }, (_, i) => full[2 * i]!);
  }
  const half = n / 2;
  const roots = halfTurn(n);
  const packed = new Float64Array(n);
  const at = (k: number): [number, number] => [values[2 * k]!, k === 0 || k === half ? 0 : values[2 * k + 1]!];
  for (let k = 0; k < half; k++) {
    const [re, im] = at(k);
    const [mirrorRe, mirrorIm] = at(half - k);
    const evenRe = re + mirrorRe;
    const evenIm = im - mirrorIm;
    const differenceRe = re - mirrorRe;
    const differenceIm = im + mirrorIm;
    const c = roots[2 * k]!;
    const s = roots[2 * k + 1]!;
    const oddRe = differenceRe * c + differenceIm * s;
    const oddIm = differenceIm * c - differenceRe * s;
    packed[2 * k] = evenRe - oddIm;
    packed[2 * k + 1] = evenIm + oddRe;
  }
  return complexTransform(packed, true);
}
