// Symbolic derivatives. Gradients of complex formulas are conjugate Wirtinger derivatives, as in PyTorch: a holomorphic primitive
// multiplies by the conjugate of its derivative. conj is the identity on real numbers, so the same formulas serve both.
import { NotImplementedError } from '../core/errors.ts';
import { type Expr, topological } from './expr.ts';

type Partial1 = (args: readonly Expr[], r: Expr) => readonly (Expr | null)[];

const one = (e: Expr): Expr => e.constant(1);
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
const SQRT_2_PI = Math.sqrt(2 * Math.PI);

/** slope − r/a, ½ at 0; the branch not taken stays finite, so that it can be differentiated again. */
function besselSlope(a: Expr, slope: Expr, r: Expr): Expr {
  const zero = a.eq(0);
  return zero.where(0.5, slope.sub(r.div(zero.where(1, a))));
}
/** ∂result/∂argᵢ of holomorphic primitives; null is a structural zero. Forward and reverse mode both read this table. */
const partials: Readonly<Record<string, Partial1>> = {
  mul: ([a, b]) => [b!, a!],
  div: ([, b], r) => [b!.reciprocal(), r.div(b!).neg()],
  reciprocal: (_, r) => [r.mul(r).neg()],
  pow: ([a, b], r) => [b!.eq(0).where(0, b!.mul(a!.pow(b!.sub(1)))), a!.eq(0).and(b!.real().ge(0)).where(0, r.mul(a!.log()))],
  exp: (_, r) => [r],
  exp2: (_, r) => [r.mul(Math.LN2)],
  expm1: (_, r) => [r.add(1)],
  log: ([a]) => [a!.reciprocal()],
  log2: ([a]) => [a!.mul(Math.LN2).reciprocal()],
  log10: ([a]) => [a!.mul(Math.LN10).reciprocal()],
  log1p: ([a]) => [a!.add(1).reciprocal()],
  sqrt: (_, r) => [r.mul(2).reciprocal()],
  rsqrt: (_, r) => [r.mul(r).mul(r).mul(-0.5)],
  sin: ([a]) => [a!.cos()],
  cos: ([a]) => [a!.sin().neg()],
  tan: (_, r) => [r.mul(r).add(1)],
  asin: ([a]) => [a!.mul(a!).rsub(1).rsqrt()],
  acos: ([a]) => [a!.mul(a!).rsub(1).rsqrt().neg()],
  atan: ([a]) => [a!.mul(a!).add(1).reciprocal()],
  sinh: ([a]) => [a!.cosh()],
  cosh: ([a]) => [a!.sinh()],
  tanh: (_, r) => [r.mul(r).rsub(1)],
  asinh: ([a]) => [a!.mul(a!).add(1).rsqrt()],
  acosh: ([a]) => [a!.sub(1).rsqrt().mul(a!.add(1).rsqrt())],
  atanh: ([a]) => [a!.mul(a!).rsub(1).reciprocal()],
  sigmoid: (_, r) => [r.mul(r.rsub(1))],
  erf: ([a]) => [a!.mul(a!).neg().exp().mul(TWO_OVER_SQRT_PI)],
  erfc: ([a]) => [a!.mul(a!).neg().exp().mul(-TWO_OVER_SQRT_PI)],
  erfinv: (_, r) => [
    r
      .mul(r)
      .exp()
      .mul(Math.sqrt(Math.PI) / 2),
  ],
  erfcx: ([a], r) => [a!.mul(r).mul(2).sub(TWO_OVER_SQRT_PI)],
  ndtri: (_, r) => [r.mul(r).mul(0.5).exp().mul(SQRT_2_PI)],
  log_ndtr: ([a], r) => [
    a!
      .mul(a!)
      .mul(-0.5)
      .sub(r)
      .exp()
      .mul(1 / SQRT_2_PI),
  ],
  lgamma: ([a]) => [a!.apply('digamma')],
  digamma: ([a]) => [a!.apply('trigamma')],
  trigamma: ([a]) => [a!.constant(2).apply('polygamma', a!)],
  polygamma: ([n, a]) => [null, n!.add(1).apply('polygamma', a!)],
  zeta: ([s, q]) => [null, s!.neg().mul(s!.add(1).apply('zeta', q!))],
  i0: ([a]) => [a!.apply('i1')],
  i0e: ([a], r) => [a!.apply('i1e').sub(a!.sgn().mul(r))],
  i1: ([a], r) => [besselSlope(a!, a!.apply('i0'), r)],
  i1e: ([a], r) => [besselSlope(a!, a!.apply('i0e').sub(r.mul(a!.sgn())), r)],
  bessel_j0: ([a]) => [a!.apply('bessel_j1').neg()],
  bessel_j1: ([a], r) => [besselSlope(a!, a!.apply('bessel_j0'), r)],
  bessel_y0: ([a]) => [a!.apply('bessel_y1').neg()],
  bessel_y1: ([a], r) => [a!.apply('bessel_y0').sub(r.div(a!))],
  modified_bessel_i0: ([a]) => [a!.apply('modified_bessel_i1')],
  modified_bessel_i1: ([a], r) => [besselSlope(a!, a!.apply('modified_bessel_i0'), r)],
  modified_bessel_k0: ([a]) => [a!.apply('modified_bessel_k1').neg()],
  modified_bessel_k1: ([a], r) => [a!.apply('modified_bessel_k0').neg().sub(r.div(a!))],
  silu: ([a]) => {
    const s = a!.sigmoid();
    return [s.mul(s.rsub(1).mul(a!).add(1))];
  },
  softplus_unit: ([a]) => [a!.sigmoid()],
  log_sigmoid: ([a]) => [a!.neg().sigmoid()],
  gelu: ([a]) => {
    const cdf = a!.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
    return [cdf.add(a!.mul(a!.mul(a!).mul(-0.5).exp()).mul(1 / SQRT_2_PI))];
  },
  gelu_tanh: ([a]) => {
    const beta = Math.SQRT2 * (2 / Math.sqrt(Math.PI)) * 0.5;
    const kappa = 0.044715;
    const square = a!.mul(a!);
    const t = square.mul(a!).mul(kappa).add(a!).mul(beta).tanh();
    const inner = square
      .mul(3 * kappa)
      .add(1)
      .mul(beta);
    return [
      t
        .add(1)
        .mul(0.5)
        .add(a!.mul(0.5).mul(t.mul(t).rsub(1)).mul(inner)),
    ];
  },
  mish: ([a]) => {
    const t = a!.apply('softplus_unit').tanh();
    return [t.add(a!.mul(a!.sigmoid()).mul(t.mul(t).rsub(1)))];
  },
  atan2: ([a, b]) => {
    const square = a!.mul(a!).add(b!.mul(b!));
    const scale = square.eq(0).where(0, square.reciprocal());
    return [b!.mul(scale), a!.neg().mul(scale)];
  },
  hypot: ([a, b], r) => [a!.div(r), b!.div(r)],
  copysign: ([a], r) => [a!.eq(0).where(0, r.div(a!)), null],
  xlogy: ([a, b]) => [a!.eq(0).and(b!.le(0)).where(0, b!.log()), a!.div(b!)],
  nextafter: ([a, b]) => [a!.ne(b!), null],
  remainder: ([a, b]) => [one(a!), a!.apply('floor_divide', b!).neg()],
  fmod: ([a, b]) => [one(a!), a!.div(b!).trunc().neg()],
  fma: ([a, b]) => [b!, a!, one(a!)],
  igamma: ([a, x]) => [null, x!.log().mul(a!.sub(1)).sub(x!).sub(a!.apply('lgamma')).exp()],
  igammac: ([a, x]) => [null, x!.log().mul(a!.sub(1)).sub(x!).sub(a!.apply('lgamma')).exp().neg()],
};

/** Steps, predicates and index-like primitives: no derivative anywhere. */
const FLAT = new Set([
  ...['ceil', 'floor', 'trunc', 'round', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logical_not', 'bitwise_not', 'bitwise_and', 'bitwise_or'],
  ...['bitwise_xor', 'shift_left', 'shift_right', 'gcd', 'lcm', 'signbit', 'isnan', 'floor_divide', 'trunc_divide', 'to_bool', 'detach'],
]);

const plus = (a: Expr | null | undefined, b: Expr | null): Expr | null => (a ? (b ? a.add(b) : a) : b);
const isOne = (e: Expr): boolean => e.op === 'const' && e.value === 1;
function times(t: Expr, partial: Expr | null): Expr | null {
  if (partial === null || isOne(partial)) return partial && t;
  return isOne(t) ? partial : t.mul(partial);
}
function partialsOf(e: Expr): readonly (Expr | null)[] {
  const rule = partials[e.op];
  if (!rule) throw new NotImplementedError(`the derivative of the primitive '${e.op}' is not implemented`);
  return rule(e.args, e);
}
/** Which argument a selecting primitive passes on, as a chain of conditions; ties share, as in PyTorch. */
function selections(e: Expr): readonly ((t: Expr) => Expr)[] | null {
  const [a, b, c] = e.args as [Expr, Expr, Expr];
  switch (e.op) {
    case 'where':
      return [(t) => t, (t) => a.where(t, 0), (t) => a.where(0, t)];
    case 'relu':
      return [(t) => e.le(0).where(0, t)];
    case 'clamp': {
      // On a bound that is below the other, x and the bound share; of crossed bounds the upper one is the result.
      const proper = b.lt(c);
      const crossed = b.gt(c);
      const half = (t: Expr): Expr => t.div(2);
      const own = (t: Expr): Expr =>
        a
          .eq(b)
          .or(a.eq(c))
          .where(proper.where(half(t), t), t);
      return [
        (t) => crossed.or(a.lt(b)).or(a.gt(c)).where(0, own(t)),
        (t) => crossed.where(0, a.lt(b).where(t, a.eq(b).and(proper).where(half(t), 0))),
        (t) => crossed.or(a.gt(c)).where(t, a.eq(c).and(proper).where(half(t), 0)),
      ];
    }
    case 'maximum':
      return [(t) => a.eq(b).where(t.div(2), a.lt(b).where(0, t)), (t) => a.eq(b).where(t.div(2), a.gt(b).where(0, t))];
    case 'minimum':
      return [(t) => a.eq(b).where(t.div(2), a.gt(b).where(0, t)), (t) => a.eq(b).where(t.div(2), a.lt(b).where(0, t))];
    case 'fmax':
    case 'fmin': {
      const first = (e.op === 'fmax' ? a.gt(b) : a.lt(b)).or(b.isnan());
      return [(t) => a.eq(b).where(t.div(2), first.where(t, 0)), (t) => a.eq(b).where(t.div(2), first.where(0, t))];
    }
    default:
      return null;
  }
}

/** What a gradient g of e contributes to each argument. */
function pull(e: Expr, g: Expr): readonly (Expr | null)[] {
  const [a] = e.args as [Expr];
  switch (e.op) {
    case 'add':
      return [g, g];
    case 'sub':
      return [g, g.neg()];
    case 'neg':
      return [g.neg()];
    case 'abs':
      return [g.mul(a.sgn())];
    case 'conj':
      return [g.conj()];
    case 'real':
      return [g.real()];
    case 'imag':
      return [g.real().constant(0).complex(g.real())];
    case 'complex':
      return [g.real(), g.imag()];
    case 'sign': // 0 for reals; for complex z, the part of g across z, over |z|
      return [crossing(g, e, a)];
    case 'angle': {
      const square = a.real().mul(a.real()).add(a.imag().mul(a.imag()));
      const scale = square.eq(0).where(0, g.div(square));
      return [a.imag().neg().mul(scale).complex(a.real().mul(scale))];
    }
    default:
  }
  if (FLAT.has(e.op)) return e.args.map(() => null);
  const selected = selections(e);
  if (selected) return selected.map((f, i) => (e.op === 'where' && i === 0 ? null : f(g)));
  return partialsOf(e).map((p) => p && times(g, conjugated(p)));
}
const conjugated = (p: Expr): Expr => (isOne(p) ? p : p.conj());
function crossing(g: Expr, s: Expr, z: Expr): Expr {
  const across = g.sub(s.mul(s.conj().mul(g).real())); // g − s·Re(s̄ g)
  return z.abs().eq(0).where(0, across.div(z.abs()));
}

/** The tangent of e, from those of its arguments. */
function push(e: Expr, t: readonly (Expr | null)[]): Expr | null {
  const [a] = e.args as [Expr];
  const [t0 = null, t1 = null] = t;
  switch (e.op) {
    case 'add':
      return plus(t0, t1);
    case 'sub':
      return t1 ? (t0 ? t0.sub(t1) : t1.neg()) : t0;
    case 'neg':
      return t0?.neg() ?? null;
    case 'abs':
      return t0?.mul(a.sgn().conj()).real() ?? null;
    case 'conj':
      return t0?.conj() ?? null;
    case 'real':
      return t0?.real() ?? null;
    case 'imag':
      return t0?.imag() ?? null;
    case 'complex':
      return t0 || t1 ? (t0 ?? a.constant(0)).complex(t1 ?? 0) : null;
    case 'sign':
      return t0 && crossing(t0, e, a);
    case 'angle': {
      if (!t0) return null;
      const square = a.real().mul(a.real()).add(a.imag().mul(a.imag()));
      return square.eq(0).where(0, a.real().mul(t0.imag()).sub(a.imag().mul(t0.real())).div(square));
    }
    default:
  }
  if (FLAT.has(e.op)) return null;
  const selected = selections(e);
  const parts = selected
    ? selected.map((f, i) => (e.op === 'where' && i === 0 ? null : t[i] && f(t[i]!)))
    : partialsOf(e).map((p, i) => (t[i] ? times(t[i]!, p) : null));
  return parts.reduce<Expr | null>((sum, p) => plus(sum, p ?? null), null);
}

/** Reverse mode: the gradients of Σ outputs·gs with respect to `wrt`; null where an output does not depend on it. */
export function vjp(outputs: readonly Expr[], gs: readonly (Expr | null)[], wrt: readonly Expr[]): (Expr | null)[] {
  const needed = dependents(outputs, wrt);
  const adjoint = new Map<Expr, Expr | null>();
  outputs.forEach((o, i) => {
    adjoint.set(o, plus(adjoint.get(o), gs[i]!));
  });
  for (const e of topological(outputs).reverse()) {
    const g = adjoint.get(e);
    if (!g || e.args.length === 0 || !needed.has(e)) continue;
    pull(e, g).forEach((c, i) => {
      const arg = e.args[i]!;
      if (c && needed.has(arg)) adjoint.set(arg, plus(adjoint.get(arg), c));
    });
  }
  return wrt.map((x) => adjoint.get(x) ?? null);
}
const PREDICATES = new Set([
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'logical_not',
  'signbit',
  'isnan',
  'to_bool',
  'bitwise_and',
  'bitwise_or',
  'bitwise_xor',
  'bitwise_not',
]);
/** Whether the outputs look at x only in conditions: then there is no gradient, rather than one that is zero. */
export function onlyDecides(outputs: readonly Expr[], x: Expr): boolean {
  const carries = new Set<Expr>([x]);
  const nodes = topological(outputs);
  if (!nodes.includes(x)) return false;
  for (const e of nodes)
    if (!PREDICATES.has(e.op) && e.args.some((a, k) => carries.has(a) && !(e.op === 'where' && k === 0))) carries.add(e);
  return !outputs.some((o) => carries.has(o));
}
function dependents(outputs: readonly Expr[], wrt: readonly Expr[]): Set<Expr> {
  const found = new Set<Expr>(wrt);
  for (const e of topological(outputs)) if (e.args.some((a) => found.has(a))) found.add(e);
  return found;
}
/** Forward mode: the tangents of the outputs, from the tangents of some inputs. */
export function jvp(outputs: readonly Expr[], tangents: ReadonlyMap<Expr, Expr>): (Expr | null)[] {
  const t = new Map<Expr, Expr | null>(tangents);
  for (const e of topological(outputs)) {
    if (e.args.length && !t.has(e))
      t.set(
        e,
        push(
          e,
          e.args.map((a) => t.get(a) ?? null),
        ),
      );
  }
  return outputs.map((o) => t.get(o) ?? null);
}
