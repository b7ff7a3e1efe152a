// Orthogonal polynomials of a degree given as a float, which is truncated to an integer; a negative degree gives 0.
// Regions and recurrences follow PyTorch, so that rounding does too.

/** The degree as C converts it to a 64-bit integer: NaN and what does not fit become the most negative one. */
const degree = (n: number): number => (Math.abs(n) < 2 ** 63 ? Math.trunc(n) : Number.NEGATIVE_INFINITY);
/** Rounds each step to the precision of the computation; a product that something is subtracted from is fused with it, as PyTorch's kernels do. */
type Round = (v: number) => number;
const asIs: Round = (v) => v;
const alternating = (n: number): number => (n % 2 === 0 ? 1 : -1);

/** pₙ of pₖ = 2x·pₖ₋₁ − pₖ₋₂ with p₀ = 1: the recurrence of all four kinds of Chebyshev polynomials. */
function chebyshevRecurrence(x: number, n: number, first: number, round: Round): number {
  if (n === 0) return 1;
  let previous = 1;
  let current = first;
  for (let k = 2; k <= n && !Number.isNaN(current); k++) [previous, current] = [current, round((x + x) * current - previous)];
  return current;
}

/** The first kind, for |x| ≠ 1; inside (−1, 1) the cosine serves above degree `last`. */
function firstKind(x: number, n: number, last: number, round: Round): number {
  if (n > last && Math.abs(x) < 1) return Math.cos(n * Math.acos(x));
  return chebyshevRecurrence(x, n, x, round);
}
function secondKind(x: number, n: number, last: number, round: Round): number {
  if (n > last && Math.abs(x) < 1) return Math.sin((n + 1) * Math.acos(x)) / Math.sin(Math.acos(x));
  return chebyshevRecurrence(x, n, x + x, round);
}
function thirdKind(x: number, n: number, last: number, round: Round): number {
  if (n > last && Math.abs(x) < 1) {
    const half = Math.acos(x) / 2;
    return Math.sin(half) === 1 ? alternating(n) * (n + n + 1) : Math.cos((n + 0.5) * Math.acos(x)) / Math.cos(half);
  }
  return chebyshevRecurrence(x, n, round(x + x - 1), round);
}
function fourthKind(x: number, n: number, last: number, round: Round): number {
  if (n > last && Math.abs(x) < 1) {
    const half = Math.acos(x) / 2;
    return Math.cos(half) === 1 ? (x > 0 ? n + n + 1 : alternating(n)) : Math.sin((n + 0.5) * Math.acos(x)) / Math.sin(half);
  }
  return chebyshevRecurrence(x, n, round(x + x + 1), round);
}

/** The Chebyshev polynomial of the first kind, Tₙ(x). */
export function chebyshev_polynomial_t(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (Math.abs(x) === 1) return x > 0 ? 1 : alternating(d);
  return firstKind(x, d, 6, round);
}

/** The Chebyshev polynomial of the second kind, Uₙ(x). */
export function chebyshev_polynomial_u(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (Math.abs(x) === 1) return (x > 0 ? 1 : alternating(d)) * (d + 1);
  return secondKind(x, d, 8, round);
}

/** The Chebyshev polynomial of the third kind, Vₙ(x). */
export function chebyshev_polynomial_v(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (Math.abs(x) === 1) return x > 0 ? 1 : alternating(d) * (d + d + 1);
  return thirdKind(x, d, 8, round);
}

/** The Chebyshev polynomial of the fourth kind, Wₙ(x). */
export function chebyshev_polynomial_w(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (Math.abs(x) === 1) return x > 0 ? d + d + 1 : alternating(d);
  return fourthKind(x, d, 8, round);
}

/** The shifted Chebyshev polynomial of the first kind, Tₙ(2x − 1). */
export function shifted_chebyshev_polynomial_t(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (x === 1) return 1;
  return x === 0 ? alternating(d) : firstKind(round(x + x - 1), d, 6, round);
}

/** The shifted Chebyshev polynomial of the second kind, Uₙ(2x − 1). */
export function shifted_chebyshev_polynomial_u(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (x === 1) return d + 1;
  return x === 0 ? alternating(d) * (d + 1) : secondKind(round(x + x - 1), d, 6, round);
}

/** The shifted Chebyshev polynomial of the third kind, Vₙ(2x − 1). */
export function shifted_chebyshev_polynomial_v(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (x === 1) return 1;
  return x === 0 ? alternating(d) * (d + d + 1) : thirdKind(round(x + x - 1), d, 6, round);
}

/** The shifted Chebyshev polynomial of the fourth kind, Wₙ(2x − 1). */
export function shifted_chebyshev_polynomial_w(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (x === 1) return d + d + 1;
  return x === 0 ? alternating(d) : fourthKind(round(x + x - 1), d, 4, round);
}

/** Above this degree PyTorch gives NaN for double-precision Hermite polynomials. */
const HERMITE_LIMIT = 512;

/** The physicist's Hermite polynomial Hₙ(x). */
export function hermite_polynomial_h(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (d > HERMITE_LIMIT) return Number.NaN;
  if (d === 0) return 1;
  let previous = 1;
  let current = x + x;
  for (let k = 2; k < d + d; k += 2) [previous, current] = [current, round((x + x) * current - round(k * previous))];
  return current;
}

/** The probabilist's Hermite polynomial Heₙ(x). */
export function hermite_polynomial_he(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (d > HERMITE_LIMIT) return Number.NaN;
  if (d === 0) return 1;
  let previous = 1;
  let current = x;
  for (let k = 1; k < d; k++) [previous, current] = [current, round(x * current - round(k * previous))];
  return current;
}

/** The Laguerre polynomial Lₙ(x). */
export function laguerre_polynomial_l(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (x === 0 || d === 0) return 1;
  let previous = 1;
  let current = round(1 - x);
  for (let k = 1; k < d && !Number.isNaN(current); k++)
    [previous, current] = [current, round(round(round(k + k + round(1 - x)) * current - round(k * previous)) / (k + 1))];
  return current;
}

/** The Legendre polynomial Pₙ(x). */
export function legendre_polynomial_p(x: number, n: number, round: Round = asIs): number {
  const d = degree(n);
  if (d < 0) return 0;
  if (Math.abs(x) === 1) return x > 0 ? 1 : alternating(d);
  if (d === 0) return 1;
  let previous = 1;
  let current = x;
  for (let k = 1; k < d && !Number.isNaN(current); k++)
    [previous, current] = [current, round(round(round((k + k + 1) * x) * current - round(k * previous)) / (k + 1))];
  return current;
}
