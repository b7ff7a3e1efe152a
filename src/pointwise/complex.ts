// Complex formulas are lowered to real and imaginary parts before compilation, so the interpreters know real registers only.
// In the lowered graph input 2i is the real part (or the whole) of input i, and input 2i + 1 its imaginary part.
import { type Expr, Graph, topological } from './expr.ts';

/** A value of the lowered formula; `im` is null where it is real by structure. */
export interface Parts {
  readonly re: Expr;
  readonly im: Expr | null;
}

const LN2 = Math.LN2;
const LN10 = Math.LN10;

/** Lowers formulas whose input i is complex where `isComplex(i)`. */
export function lower(roots: readonly Expr[], isComplex: (input: number) => boolean): Parts[] {
  const graph = new Graph();
  const parts = new Map<Expr, Parts>();
  for (const e of topological(roots))
    parts.set(
      e,
      lowerNode(
        graph,
        e,
        e.args.map((a) => parts.get(a)!),
        isComplex,
      ),
    );
  return roots.map((r) => parts.get(r)!);
}

function lowerNode(graph: Graph, e: Expr, args: readonly Parts[], isComplex: (input: number) => boolean): Parts {
  const real = (re: Expr): Parts => ({ re, im: null });
  if (e.op === 'input') return { re: graph.input(2 * e.value), im: isComplex(e.value) ? graph.input(2 * e.value + 1) : null };
  if (e.op === 'const') return real(graph.constant(e.value));
  const [a, b] = args as [Parts, Parts];
  switch (e.op) {
    case 'detach':
      return a;
    case 'conj':
      return a.im ? { re: a.re, im: a.im.neg() } : a;
    case 'real':
      return real(a.re);
    case 'imag':
      return real(a.im ?? graph.constant(0));
    case 'complex':
      return { re: a.re, im: b.re };
    case 'to_bool':
      return real(a.im ? a.re.ne(0).or(a.im.ne(0)) : a.re.ne(0));
    case 'angle':
      if (a.im) return real(a.im.apply('atan2', a.re));
      return real(a.re.isnan().where(a.re, a.re.lt(0).where(Math.PI, 0)));
    default:
  }
  if (args.every((x) => x.im === null))
    return real(
      graph.node(
        e.op,
        args.map((x) => x.re),
        0,
      ),
    );
  const rule = rules[e.op];
  if (!rule) throw new TypeError(`'${e.op}' is not defined for complex numbers`);
  const zero = graph.constant(0);
  return rule(...args.map((x) => new Z(x.re, x.im ?? zero)));
}

/** A complex number whose parts are formulas. */
class Z implements Parts {
  constructor(
    readonly re: Expr,
    readonly im: Expr,
  ) {}
  add(o: Z): Z {
    return new Z(this.re.add(o.re), this.im.add(o.im));
  }
  plus(v: number): Z {
    return new Z(this.re.add(v), this.im);
  }
  sub(o: Z): Z {
    return new Z(this.re.sub(o.re), this.im.sub(o.im));
  }
  neg(): Z {
    return new Z(this.re.neg(), this.im.neg());
  }
  conj(): Z {
    return new Z(this.re, this.im.neg());
  }
  mul(o: Z): Z {
    return new Z(this.re.mul(o.re).sub(this.im.mul(o.im)), this.re.mul(o.im).add(this.im.mul(o.re)));
  }
  scale(v: Expr | number): Z {
    return new Z(this.re.mul(v), this.im.mul(v));
  }
  /** i·z */
  turn(): Z {
    return new Z(this.im.neg(), this.re);
  }
  /** −i·z */
  turnBack(): Z {
    return new Z(this.im, this.re.neg());
  }
  abs(): Expr {
    return this.re.apply('hypot', this.im);
  }
  /** Smith's division: the larger part of the divisor divides first, so that nothing overflows on the way. */
  div(o: Z): Z {
    const wide = o.re.abs().ge(o.im.abs());
    const zero = o.re.eq(0).and(o.im.eq(0));
    const ratio = wide.where(o.im.div(o.re), o.re.div(o.im));
    const scale = wide.where(o.re.add(o.im.mul(ratio)), o.im.add(o.re.mul(ratio))).reciprocal();
    const re = wide.where(this.re.add(this.im.mul(ratio)), this.re.mul(ratio).add(this.im)).mul(scale);
    const im = wide.where(this.im.sub(this.re.mul(ratio)), this.im.mul(ratio).sub(this.re)).mul(scale);
    return new Z(zero.where(this.re.div(o.re.abs()), re), zero.where(this.im.div(o.im.abs()), im));
  }
  reciprocal(): Z {
    return new Z(this.re.constant(1), this.re.constant(0)).div(this);
  }
  exp(): Z {
    const r = this.re.exp();
    return new Z(r.mul(this.im.cos()), this.im.eq(0).where(this.im, r.mul(this.im.sin())));
  }
  log(): Z {
    return new Z(this.abs().log(), this.im.apply('atan2', this.re));
  }
  sqrt(): Z {
    const t = this.re.abs().add(this.abs()).mul(0.5).sqrt();
    const half = t.eq(0).where(0, this.im.div(t).mul(0.5));
    const right = this.re.ge(0);
    return new Z(right.where(t, half.abs()), right.where(half, t.apply('copysign', this.im)));
  }
  // Zero parts stay zero, whatever the other part: ∞ · 0 would be NaN.
  sinh(): Z {
    const [x, y] = [this.re, this.im];
    return new Z(x.eq(0).where(x, x.sinh().mul(y.cos())), y.eq(0).where(y, x.cosh().mul(y.sin())));
  }
  cosh(): Z {
    const [x, y] = [this.re, this.im];
    return new Z(x.cosh().mul(y.cos()), y.eq(0).where(y, x.eq(0).where(x, x.sinh().mul(y.sin()))));
  }
  sin(): Z {
    return this.turn().sinh().turnBack();
  }
  tanh(): Z {
    const far = this.re.abs().gt(20);
    const x = this.re.mul(2);
    const y = this.im.mul(2);
    const d = x.cosh().add(y.cos());
    return new Z(far.where(this.re.sgn(), x.sinh().div(d)), far.where(0, y.sin().div(d)));
  }
  // Kahan, "Branch cuts for complex elementary functions", 1987.
  asin(): Z {
    const [u, v] = [new Z(this.re.rsub(1), this.im.neg()).sqrt(), this.plus(1).sqrt()];
    return new Z(this.re.apply('atan2', u.mul(v).re), u.conj().mul(v).im.apply('asinh'));
  }
  acos(): Z {
    const [u, v] = [new Z(this.re.rsub(1), this.im.neg()).sqrt(), this.plus(1).sqrt()];
    return new Z(u.re.apply('atan2', v.re).mul(2), v.conj().mul(u).im.apply('asinh'));
  }
  acosh(): Z {
    const [u, v] = [this.plus(-1).sqrt(), this.plus(1).sqrt()];
    return new Z(u.conj().mul(v).re.apply('asinh'), u.im.apply('atan2', v.re).mul(2));
  }
  atanh(): Z {
    const [x, y] = [this.re, this.im];
    const away = x.rsub(1).square().add(y.square());
    return new Z(
      x.mul(4).div(away).log1p().mul(0.25),
      y
        .mul(2)
        .apply('atan2', x.rsub(1).mul(x.add(1)).sub(y.square()))
        .mul(0.5),
    );
  }
  log1p(): Z {
    const [x, y] = [this.re, this.im];
    return new Z(x.mul(x.add(2)).add(y.square()).log1p().mul(0.5), y.apply('atan2', x.add(1)));
  }
  expm1(): Z {
    const half = this.im.mul(0.5).sin();
    return new Z(this.re.expm1().mul(this.im.cos()).sub(half.square().mul(2)), this.re.exp().mul(this.im.sin()));
  }
  sigmoid(): Z {
    return this.neg().exp().plus(1).reciprocal();
  }
  pow(o: Z): Z {
    const p = o.mul(this.log()).exp();
    const base0 = this.re.eq(0).and(this.im.eq(0));
    const exponent0 = o.re.eq(0).and(o.im.eq(0));
    const at0 = exponent0.where(1, 0);
    return new Z(base0.where(at0, p.re), base0.where(0, p.im));
  }
}

const rules: Readonly<Record<string, (...z: Z[]) => Parts>> = {
  add: (a, b) => a!.add(b!),
  sub: (a, b) => a!.sub(b!),
  mul: (a, b) => a!.mul(b!),
  div: (a, b) => a!.div(b!),
  pow: (a, b) => a!.pow(b!),
  fma: (a, b, c) => a!.mul(b!).add(c!),
  xlogy: (a, b) => a!.mul(b!.log()),
  neg: (a) => a!.neg(),
  abs: (a) => ({ re: a!.abs(), im: null }),
  sign: (a) => {
    const r = a!.abs();
    return new Z(r.eq(0).where(0, a!.re.div(r)), r.eq(0).where(0, a!.im.div(r)));
  },
  reciprocal: (a) => a!.reciprocal(),
  exp: (a) => a!.exp(),
  exp2: (a) => a!.scale(LN2).exp(),
  expm1: (a) => a!.expm1(),
  log: (a) => a!.log(),
  log2: (a) => a!.log().scale(1 / LN2),
  log10: (a) => a!.log().scale(1 / LN10),
  log1p: (a) => a!.log1p(),
  sqrt: (a) => a!.sqrt(),
  rsqrt: (a) => a!.sqrt().reciprocal(),
  sin: (a) => a!.sin(),
  cos: (a) => a!.turn().cosh(),
  tan: (a) => a!.turn().tanh().turnBack(),
  sinh: (a) => a!.sinh(),
  cosh: (a) => a!.cosh(),
  tanh: (a) => a!.tanh(),
  asin: (a) => a!.asin(),
  acos: (a) => a!.acos(),
  atan: (a) => a!.turn().atanh().turnBack(),
  asinh: (a) => a!.turn().asin().turnBack(),
  acosh: (a) => a!.acosh(),
  atanh: (a) => a!.atanh(),
  sigmoid: (a) => a!.sigmoid(),
  silu: (a) => a!.mul(a!.sigmoid()),
  eq: (a, b) => ({ re: a!.re.eq(b!.re).and(a!.im.eq(b!.im)), im: null }),
  ne: (a, b) => ({ re: a!.re.ne(b!.re).or(a!.im.ne(b!.im)), im: null }),
  isnan: (a) => ({ re: a!.re.isnan().or(a!.im.isnan()), im: null }),
  logical_not: (a) => ({ re: a!.re.eq(0).and(a!.im.eq(0)), im: null }),
  where: (c, a, b) => new Z(c!.re.where(a!.re, b!.re), c!.re.where(a!.im, b!.im)),
};
