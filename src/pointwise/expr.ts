// Formula nodes. A formula is a graph of its own: structurally equal nodes are one object, so common sub-expressions need no pass.

export type Operand = Expr | number | boolean;

/** The table of shared sub-expressions of one formula and its derivatives. */
export class Graph {
  private readonly nodes = new Map<string, Expr>();
  node(op: string, args: readonly Expr[], value: number): Expr {
    let key = op;
    for (const a of args) key += `,${a.id}`;
    key += Object.is(value, -0) ? '|-0' : `|${value}`;
    let e = this.nodes.get(key);
    if (!e) {
      e = new Expr(this, this.nodes.size, op, args, value);
      this.nodes.set(key, e);
    }
    return e;
  }
  /** The i-th argument of the formula. */
  input(i: number): Expr {
    return this.node('input', [], i);
  }
  constant(value: number): Expr {
    return this.node('const', [], value);
  }
  /** `e`, which may come from another formula, with its inputs replaced. */
  adopt(es: readonly Expr[], input: (i: number) => Expr): Expr[] {
    const copies = new Map<Expr, Expr>();
    for (const e of topological(es)) {
      copies.set(
        e,
        e.op === 'input'
          ? input(e.value)
          : this.node(
              e.op,
              e.args.map((a) => copies.get(a)!),
              e.value,
            ),
      );
    }
    return es.map((e) => copies.get(e)!);
  }
}

/** A node of a formula: a primitive applied to other nodes. The methods are the vocabulary in which operators are written. */
export class Expr {
  constructor(
    readonly graph: Graph,
    readonly id: number,
    readonly op: string,
    readonly args: readonly Expr[],
    /** Of a constant its value, of an input its number. */
    readonly value: number,
  ) {}
  private wrap(o: Operand): Expr {
    return o instanceof Expr ? o : this.graph.constant(Number(o));
  }
  /** Applies any primitive by name. */
  apply(op: string, ...rest: readonly Operand[]): Expr {
    return this.graph.node(op, [this, ...rest.map((o) => this.wrap(o))], 0);
  }
  constant(v: number): Expr {
    return this.graph.constant(v);
  }
  add(o: Operand): Expr {
    return this.apply('add', o);
  }
  sub(o: Operand): Expr {
    return this.apply('sub', o);
  }
  rsub(o: Operand): Expr {
    return this.wrap(o).sub(this);
  }
  mul(o: Operand): Expr {
    const isOne = o instanceof Expr ? o.op === 'const' && o.value === 1 : o === 1;
    return isOne ? this : this.apply('mul', o);
  }
  /** this + a · b, rounded once. */
  addProduct(a: Expr, b: Operand): Expr {
    const factor = this.wrap(b);
    return factor.op === 'const' && factor.value === 1 ? this.add(a) : a.apply('fma', factor, this);
  }
  div(o: Operand): Expr {
    return this.apply('div', o);
  }
  pow(o: Operand): Expr {
    return this.apply('pow', o);
  }
  square(): Expr {
    return this.mul(this);
  }
  neg(): Expr {
    return this.apply('neg');
  }
  abs(): Expr {
    return this.apply('abs');
  }
  /** z/|z|; the sign of a real number. */
  sgn(): Expr {
    return this.apply('sign');
  }
  exp(): Expr {
    return this.apply('exp');
  }
  log(): Expr {
    return this.apply('log');
  }
  log1p(): Expr {
    return this.apply('log1p');
  }
  expm1(): Expr {
    return this.apply('expm1');
  }
  sqrt(): Expr {
    return this.apply('sqrt');
  }
  rsqrt(): Expr {
    return this.apply('rsqrt');
  }
  reciprocal(): Expr {
    return this.apply('reciprocal');
  }
  sin(): Expr {
    return this.apply('sin');
  }
  cos(): Expr {
    return this.apply('cos');
  }
  sinh(): Expr {
    return this.apply('sinh');
  }
  cosh(): Expr {
    return this.apply('cosh');
  }
  tanh(): Expr {
    return this.apply('tanh');
  }
  sigmoid(): Expr {
    return this.apply('sigmoid');
  }
  relu(): Expr {
    return this.apply('relu');
  }
  erf(): Expr {
    return this.apply('erf');
  }
  floor(): Expr {
    return this.apply('floor');
  }
  trunc(): Expr {
    return this.apply('trunc');
  }
  round(): Expr {
    return this.apply('round');
  }
  maximum(o: Operand): Expr {
    return this.apply('maximum', o);
  }
  minimum(o: Operand): Expr {
    return this.apply('minimum', o);
  }
  clamp(lo: Operand, hi: Operand): Expr {
    return this.apply('clamp', lo, hi);
  }
  eq(o: Operand): Expr {
    return this.apply('eq', o);
  }
  ne(o: Operand): Expr {
    return this.apply('ne', o);
  }
  lt(o: Operand): Expr {
    return this.apply('lt', o);
  }
  le(o: Operand): Expr {
    return this.apply('le', o);
  }
  gt(o: Operand): Expr {
    return this.apply('gt', o);
  }
  ge(o: Operand): Expr {
    return this.apply('ge', o);
  }
  and(o: Operand): Expr {
    return this.apply('bitwise_and', o);
  }
  or(o: Operand): Expr {
    return this.apply('bitwise_or', o);
  }
  /** Of a bool. */
  not(): Expr {
    return this.apply('logical_not');
  }
  isnan(): Expr {
    return this.apply('isnan');
  }
  isinf(): Expr {
    return this.abs().eq(Number.POSITIVE_INFINITY);
  }
  signbit(): Expr {
    return this.apply('signbit');
  }
  /** `this ? a : b`; only the chosen side's derivative counts. */
  where(a: Operand, b: Operand): Expr {
    return this.apply('where', a, b);
  }
  /** x ≠ 0 */
  bool(): Expr {
    return this.apply('to_bool');
  }
  conj(): Expr {
    return this.apply('conj');
  }
  real(): Expr {
    return this.apply('real');
  }
  imag(): Expr {
    return this.apply('imag');
  }
  angle(): Expr {
    return this.apply('angle');
  }
  /** The complex number with this real part and the given imaginary part. */
  complex(im: Operand): Expr {
    return this.apply('complex', im);
  }
  /** The same number for the value, none for the derivative. */
  detach(): Expr {
    return this.apply('detach');
  }
}

/** All nodes that the roots need, arguments first. */
export function topological(roots: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    for (const a of e.args) visit(a);
    order.push(e);
  };
  for (const r of roots) visit(r);
  return order;
}
/** The numbers of the inputs that the roots read. */
export function inputsOf(roots: readonly Expr[]): Set<number> {
  const found = new Set<number>();
  for (const e of topological(roots)) if (e.op === 'input') found.add(e.value);
  return found;
}
