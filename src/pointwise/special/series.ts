/** Evaluates c[0]·xⁿ + c[1]·xⁿ⁻¹ + … + c[n]: the highest power's coefficient comes first, as Cephes writes them. */
export function polynomial(x: number, coefficients: readonly number[]): number {
  let result = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) result = result * x + coefficients[i]!;
  return result;
}

/** Evaluates c[0] + c[1]·x + … + c[n]·xⁿ: the constant comes first, as Sun's fdlibm writes them. */
export function ascendingPolynomial(x: number, coefficients: readonly number[]): number {
  let result = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) result = result * x + coefficients[i]!;
  return result;
}

/** Sums the Chebyshev series Σ' c[n−i]·Tᵢ(x/2) by Clenshaw's recurrence; the constant comes last and counts half (Cephes' `chbevl`). */
export function chebyshevSeries(x: number, coefficients: readonly number[]): number {
  let b0 = coefficients[0]!;
  let b1 = 0;
  let b2 = 0;
  for (let i = 1; i < coefficients.length; i++) {
    b2 = b1;
    b1 = b0;
    b0 = x * b1 - b2 + coefficients[i]!;
  }
  return 0.5 * (b0 - b2);
}

/** sin(πx), the argument reduced exactly before π enters, so that it is zero at every integer. */
export function sinPi(x: number): number {
  const r = Math.abs(x) % 2;
  const s =
    r < 0.25
      ? Math.sin(Math.PI * r)
      : r < 0.75
        ? Math.cos(Math.PI * (0.5 - r))
        : r < 1.25
          ? Math.sin(Math.PI * (1 - r))
          : r < 1.75
            ? -Math.cos(Math.PI * (r - 1.5))
            : Math.sin(Math.PI * (r - 2));
  return x < 0 ? -s : s;
}
