// The 2 × 2 problems inside the iterations, by LAPACK's formulas, whose signs decide those of eigen- and singular vectors.
import { EPSILON, withSign } from './matrix.ts';

/** Cosine c and sine s with c·f + s·g = r and c·g − s·f = 0. */
export interface Rotation {
  readonly c: number;
  readonly s: number;
  readonly r: number;
}

/** With r > 0, but of f's sign where |f| > |g| (lartg before LAPACK 3.10). */
export function makeRotation(f: number, g: number): Rotation {
  if (g === 0) return { c: 1, s: 0, r: f };
  if (f === 0) return { c: 0, s: 1, r: g };
  const length = hypotenuse(f, g);
  const r = Math.abs(f) > Math.abs(g) ? withSign(length, f) : length;
  return { c: f / r, s: g / r, r };
}

/** The same with r of f's sign and c ≥ 0 (lartg since LAPACK 3.10). */
export function makeSignedRotation(f: number, g: number): Rotation {
  if (g === 0) return { c: 1, s: 0, r: f };
  if (f === 0) return { c: 0, s: withSign(1, g), r: Math.abs(g) };
  const r = withSign(hypotenuse(f, g), f);
  return { c: Math.abs(f / r), s: g / r, r };
}

/** √(a² + b²), faster than Math.hypot where nothing over- or underflows. */
export function hypotenuse(a: number, b: number): number {
  const sum = a * a + b * b;
  return sum > 1e-280 && sum < 1e280 ? Math.sqrt(sum) : Math.hypot(a, b);
}

/** Eigenvalues of [[a, b], [b, c]], the one of larger magnitude first, and its unit eigenvector (c, s) (laev2). */
export function symmetric2x2(a: number, b: number, c: number): { first: number; second: number; c: number; s: number } {
  const sum = a + c;
  const difference = a - c;
  const twice = b + b;
  const root = hypotenuse(difference, twice);
  const [large, small] = Math.abs(a) > Math.abs(c) ? [a, c] : [c, a];
  let first: number;
  let second: number;
  if (sum === 0) {
    first = 0.5 * root;
    second = -0.5 * root;
  } else {
    first = 0.5 * (sum + withSign(root, sum));
    second = (large / first) * small - (b / first) * b;
  }
  const sign = sum < 0 ? -1 : 1;
  const cs = difference >= 0 ? difference + root : difference - root;
  let cosine: number;
  let sine: number;
  if (Math.abs(cs) > Math.abs(twice)) {
    const cotangent = -twice / cs;
    sine = 1 / Math.sqrt(1 + cotangent * cotangent);
    cosine = cotangent * sine;
  } else if (twice === 0) {
    cosine = 1;
    sine = 0;
  } else {
    const tangent = -cs / twice;
    cosine = 1 / Math.sqrt(1 + tangent * tangent);
    sine = tangent * cosine;
  }
  return sign === (difference >= 0 ? 1 : -1) ? { first, second, c: -sine, s: cosine } : { first, second, c: cosine, s: sine };
}

/** Singular values of [[f, g], [0, h]] (las2). */
export function singularValues2x2(f: number, g: number, h: number): { smallest: number; largest: number } {
  const fa = Math.abs(f);
  const ga = Math.abs(g);
  const ha = Math.abs(h);
  const low = Math.min(fa, ha);
  const high = Math.max(fa, ha);
  if (low === 0) return { smallest: 0, largest: hypotenuse(high, ga) };
  const a = 1 + low / high;
  const b = (high - low) / high;
  if (ga < high) {
    const u = (ga / high) ** 2;
    const c = 2 / (Math.sqrt(a * a + u) + Math.sqrt(b * b + u));
    return { smallest: low * c, largest: high / c };
  }
  const u = high / ga;
  if (u === 0) return { smallest: (low * high) / ga, largest: ga };
  const c = 1 / (Math.sqrt(1 + (a * u) ** 2) + Math.sqrt(1 + (b * u) ** 2));
  return { smallest: low * c * u * 2, largest: ga / (c + c) };
}

/** The singular value decomposition of [[f, g], [0, h]]: values with signs, and the left and right rotations (lasv2). */
export interface SVD2x2 {
  readonly smallest: number;
  readonly largest: number;
  readonly right: { readonly c: number; readonly s: number };
  readonly left: { readonly c: number; readonly s: number };
}

export function svd2x2(f: number, g: number, h: number): SVD2x2 {
  const swapped = Math.abs(h) > Math.abs(f);
  const [ft, ht] = swapped ? [h, f] : [f, h];
  const fa = Math.abs(ft);
  const ha = Math.abs(ht);
  const ga = Math.abs(g);
  let largestEntry = swapped ? 3 : 1;
  let smallest = ha;
  let largest = fa;
  let leftC = 1;
  let leftS = 0;
  let rightC = 1;
  let rightS = 0;
  if (ga !== 0) {
    if (ga > fa) largestEntry = 2;
    if (ga > fa && fa / ga < EPSILON) {
      largest = ga;
      smallest = ha > 1 ? fa / (ga / ha) : (fa / ga) * ha;
      leftS = ht / g;
      rightS = 1;
      rightC = ft / g;
    } else {
      const d = fa - ha;
      let l = d === fa ? 1 : d / fa;
      const m = g / ft;
      let t = 2 - l;
      const mm = m * m;
      const s = Math.sqrt(t * t + mm);
      const r = l === 0 ? Math.abs(m) : Math.sqrt(l * l + mm);
      const a = 0.5 * (s + r);
      smallest = ha / a;
      largest = fa * a;
      if (mm === 0) t = l === 0 ? withSign(2, ft) * withSign(1, g) : g / withSign(d, ft) + m / t;
      else t = (m / (s + t) + m / (r + l)) * (1 + a);
      l = Math.sqrt(t * t + 4);
      rightC = 2 / l;
      rightS = t / l;
      leftC = (rightC + rightS * m) / a;
      leftS = ((ht / ft) * rightS) / a;
    }
  }
  const left = swapped ? { c: rightS, s: rightC } : { c: leftC, s: leftS };
  const right = swapped ? { c: leftS, s: leftC } : { c: rightC, s: rightS };
  const sign =
    largestEntry === 1
      ? withSign(1, right.c) * withSign(1, left.c) * withSign(1, f)
      : largestEntry === 2
        ? withSign(1, right.s) * withSign(1, left.c) * withSign(1, g)
        : withSign(1, right.s) * withSign(1, left.s) * withSign(1, h);
  return {
    largest: withSign(largest, sign),
    smallest: withSign(smallest, sign * withSign(1, f) * withSign(1, h)),
    left,
    right,
  };
}
