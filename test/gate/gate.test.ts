// The gate: every operator of cases.ts × backward, double backward, vmap, jvp, compositions, meta, autocast, on every backend.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DType } from '../../src/core/dtype.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { withAutocast } from '../../src/dispatch/call.ts';
import * as torch from '../../src/index.ts';
import { grad, hessian, jacfwd, jacrev, jvp, vmap } from '../../src/transforms/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';
import { cases, type GateCase, type TensorFunction } from './cases.ts';

const generator = { state: 1 };
const next = (): number => {
  generator.state = (Math.imul(generator.state, 1103515245) + 12345) & 0x7fffffff;
  return (generator.state / 0x7fffffff) * 2 - 1;
};
/** Away from zero, where kinks are. */
const away = (): number => {
  const v = next();
  return v + (v > 0 ? 0.3 : -0.3);
};
const randn = (shape: readonly number[], dtype: DType = torch.float64): Tensor =>
  fromValues(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, away), shape, dtype);
const fromValues = (v: ArrayLike<number>, shape: readonly number[], dtype: DType = torch.float64): Tensor =>
  torch.tensor(Float64Array.from(v)).reshape(shape).to(dtype);
const many = (r: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(r) ? (r as readonly Tensor[]) : [r as Tensor]);
const values = (t: Tensor): number[] => [t.detach().reshape([-1]).tolist()].flat(9) as number[];
const weights = new Map<string, Tensor>();
/** A fixed, asymmetric weight on every output element. */
function weight(k: number, shape: readonly number[]): Tensor {
  const key = `${k}:${shape.join()}`;
  let w = weights.get(key);
  if (!w) {
    const saved = generator.state;
    generator.state = 99 + k;
    w = randn(shape);
    generator.state = saved;
    weights.set(key, w);
  }
  return w;
}
const total = (ts: readonly Tensor[]): Tensor => ts.map((t, k) => t.mul(weight(k, t.shape)).sum()).reduce((a, b) => a.add(b));
const scalar =
  (f: TensorFunction) =>
  (...xs: Tensor[]): Tensor =>
    total(many(f(...xs)));
function error(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let e = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!) / (1 + Math.abs(b[i]!));
    if (!(d <= e)) e = d;
  }
  return e;
}
function numeric(f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[], i: number, h = 1e-5): number[] {
  const base = values(xs[i]!);
  const at = (k: number, d: number): number => {
    const v = base.slice();
    v[k]! += d;
    return f(...xs.map((x, j) => (j === i ? fromValues(v, x.shape) : x))).item();
  };
  return base.map((_, k) => (at(k, h) - at(k, -h)) / (2 * h));
}
const leaf = (x: Tensor): Tensor => x.detach().clone().requires_grad_();
const gradients = (y: Tensor, xs: readonly Tensor[], create = false): Tensor[] =>
  torch.autograd.grad(y, xs, { create_graph: create, materialize_grads: true }) as Tensor[];
const randomness = (c: GateCase): 'same' | 'error' => (c.random ? 'same' : 'error');

type Check = (c: GateCase) => { error: number; tolerance: number } | string;
const checks: Record<string, Check> = {
  backward(c) {
    const xs = c.shapes.map((s) => randn(s));
    const f = scalar(c.f);
    const leaves = xs.map(leaf);
    const gs = gradients(f(...leaves), leaves);
    return { error: Math.max(...xs.map((_, i) => error(values(gs[i]!), numeric(f, xs, i)))), tolerance: 1e-6 };
  },
  'double backward'(c) {
    const xs = c.shapes.map((s) => randn(s));
    const f = scalar(c.f);
    const g = (...ys: Tensor[]): Tensor => {
      const live = ys.map((y) => (y.requires_grad ? y : leaf(y)));
      return gradients(f(...live), live, true)
        .map((t, k) => t.mul(weight(k + 9, t.shape)).sum())
        .reduce((a, b) => a.add(b));
    };
    const leaves = xs.map(leaf);
    const y = g(...leaves);
    const gs = y.requires_grad ? gradients(y, leaves) : leaves.map((x) => torch.zeros_like(x));
    return {
      error: Math.max(
        ...xs.map((_, i) =>
          error(
            values(gs[i]!),
            numeric((...z) => g(...z).detach(), xs, i),
          ),
        ),
      ),
      tolerance: 1e-6,
    };
  },
  vmap(c) {
    const B = 3;
    const xs = c.shapes.map((s) => randn([B, ...s]));
    const got = many(vmap(c.f as never, { randomness: randomness(c) })(...(xs as never[])) as never);
    let worst = 0;
    for (let b = 0; b < B; b++)
      many(c.f(...xs.map((x) => x.select(0, b)))).forEach((o, k) => {
        worst = Math.max(worst, error(values(got[k]!.select(0, b)), values(o)));
      });
    return { error: worst, tolerance: 1e-9 };
  },
  'vmap of vmap'(c) {
    const [B, C] = [2, 3];
    const xs = c.shapes.map((s, i) => randn(i === 0 ? [B, C, ...s] : s));
    const options = { in_dims: c.shapes.map((_, i) => (i === 0 ? 0 : null)), randomness: randomness(c) };
    const got = many(vmap(vmap(c.f as never, options) as never, options)(...(xs as never[])) as never);
    let worst = 0;
    for (let b = 0; b < B; b++) {
      for (let d = 0; d < C; d++)
        many(c.f(xs[0]!.select(0, b).select(0, d), ...xs.slice(1))).forEach((o, k) => {
          worst = Math.max(worst, error(values(got[k]!.select(0, b).select(0, d)), values(o)));
        });
    }
    return { error: worst, tolerance: 1e-9 };
  },
  jvp(c) {
    const xs = c.shapes.map((s) => randn(s));
    const ts = c.shapes.map((s) => randn(s));
    const f = scalar(c.f);
    const h = 1e-5;
    const at = (s: number): number => f(...xs.map((x, i) => x.add(ts[i]!.mul(s)))).item();
    return {
      error: error(
        [jvp(f as never, xs, ts)[1 as never] as never].map((t: Tensor) => t.item()),
        [(at(h) - at(-h)) / (2 * h)],
      ),
      tolerance: 1e-6,
    };
  },
  'jvp of grad'(c) {
    const xs = c.shapes.map((s) => randn(s));
    const v = randn(c.shapes[0]!);
    const g = grad(scalar(c.f) as never) as (...a: Tensor[]) => Tensor;
    const h = 1e-5;
    const t = values((jvp(((x: Tensor) => g(x, ...xs.slice(1))) as never, [xs[0]!], [v]) as Tensor[])[1]!);
    const at = (s: number): number[] => values(g(xs[0]!.add(v.mul(s)), ...xs.slice(1)));
    const [p, m] = [at(h), at(-h)];
    return {
      error: error(
        t,
        p.map((x, i) => (x - m[i]!) / (2 * h)),
      ),
      tolerance: 1e-6,
    };
  },
  'vmap of grad, grad of vmap'(c) {
    const B = 3;
    const xs = c.shapes.map((s, i) => randn(i === 0 ? [B, ...s] : s));
    const f = scalar(c.f);
    const last = xs.length - 1;
    const options = { in_dims: xs.map((_, i) => (i === 0 ? 0 : null)), randomness: randomness(c) };
    const gLast = grad(f as never, last) as (...a: Tensor[]) => Tensor;
    const g0 = grad(f as never) as (...a: Tensor[]) => Tensor;
    const per = values(vmap(gLast as never, options)(...(xs as never[])) as never);
    const rows = Array.from({ length: B }, (_, b) => values(gLast(xs[0]!.select(0, b), ...xs.slice(1)))).flat();
    const summed = grad(((...ys: Tensor[]) => (vmap(f as never, options)(...(ys as never[])) as unknown as Tensor).sum()) as never) as (
      ...a: Tensor[]
    ) => Tensor;
    const parts = Array.from({ length: B }, (_, b) => values(g0(xs[0]!.select(0, b), ...xs.slice(1)))).flat();
    return { error: Math.max(error(per, rows), error(values(summed(...xs)), parts)), tolerance: 1e-9 };
  },
  'jacfwd = jacrev, hessian'(c) {
    if (c.random) return 'random';
    const xs = c.shapes.map((s) => randn(s));
    const one = (x: Tensor): Tensor => many(c.f(x, ...xs.slice(1)))[0]!;
    const s = (x: Tensor): Tensor => scalar(c.f)(x, ...xs.slice(1));
    const H = values(hessian(s as never)(xs[0]) as Tensor);
    const n = Math.sqrt(H.length);
    const transposed = H.map((_, i) => H[(i % n) * n + Math.floor(i / n)]!);
    const byReverse = values(jacrev(jacrev(s as never) as never)(xs[0]) as Tensor);
    const jacobians = error(values(jacfwd(one as never)(xs[0]) as Tensor), values(jacrev(one as never)(xs[0]) as Tensor));
    return { error: Math.max(jacobians, error(H, transposed), error(H, byReverse)), tolerance: 1e-8 };
  },
  meta(c) {
    const real = many(c.f(...c.shapes.map((s) => randn(s, torch.float32))));
    const fake = many(c.f(...c.shapes.map((s) => torch.zeros(s as number[], { device: 'meta' }))));
    real.forEach((r, i) => {
      expect(`${fake[i]!.shape} ${fake[i]!.dtype} ${fake[i]!.device}`).toBe(`${r.shape} ${r.dtype} meta`);
    });
    return real.map((r) => r.shape.join('×') || '()').join(' ');
  },
  autocast(c) {
    const xs = c.shapes.map((s) => leaf(randn(s, torch.float32)));
    const y = withAutocast(torch.bfloat16, () => many(c.f(...xs)));
    const got = [...new Set(y.map((t) => t.dtype.name))].join();
    expect(got).toBe(c.autocast);
    const gs = gradients(
      y.map((t) => t.sum()).reduce((a, b) => a.add(b)),
      xs,
    );
    for (const g of gs) expect(g.dtype).toBe(torch.float32);
    return got;
  },
};

const table: string[][] = [];
for (const name of BACKENDS) {
  describe(`gate on ${name}`, () => {
    beforeAll(() => useBackend(name));
    for (const c of cases) {
      const row = [`${c.name} (${name})`];
      table.push(row);
      for (const [title, check] of Object.entries(checks)) {
        it(`${c.name}: ${title}`, () => {
          generator.state = 4242;
          row.push('FAIL');
          const r = check(c);
          if (typeof r === 'string') row[row.length - 1] = r;
          else {
            row[row.length - 1] = r.error.toExponential(0);
            expect(r.error).toBeLessThanOrEqual(r.tolerance);
          }
        });
      }
    }
  });
}
afterAll(() => {
  useBackend(BACKENDS[BACKENDS.length - 1]!);
  const all = [['operator', ...Object.keys(checks)], ...table];
  const width = all[0]!.map((_, i) => Math.max(...all.map((r) => (r[i] ?? '').length)));
  console.log(all.map((r) => r.map((x, i) => x.padEnd(width[i]!)).join(' | ')).join('\n'));
});
