// torch.func over the samples of every operator: vmap against rows, forward mode against reverse mode and differences, Jacobians and
// Hessians against each other, and transforms of transforms. Only the inputs come from the data; what is compared are two ways to compute.
import type * as Torch from '../../../src/index.ts';
import { PyTuple, type PyValue } from '../../python/values.ts';
import { invoke } from '../call.ts';
import { CaseRun, Missing, type Row, type RunOptions } from '../case.ts';
import { Comparison, Mismatch, type ToleranceRule } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Library, Tensor as Raw } from '../library.ts';
import { resolve, spreadIndex } from '../resolve.ts';
import { withSkips } from '../skips.ts';
import { Decoder, flatten, type Json, type JsonObject, runProgram, type TensorFile, tensorNodes } from '../values.ts';
import { familyOf } from './ops.ts';

type Tensor = Torch.Tensor;
type Tensors = readonly Tensor[];

/** How many cases of an operator are looked at, by dtype; the first group that has any, and complex ones besides. */
const SAMPLES: readonly (readonly [RegExp, number])[] = [
  [/^float64$/, 6],
  [/^complex128$/, 2],
  [/^(float|bfloat|complex)/, 4],
  [/./, 4],
];
/** The largest input and output of which whole Jacobians and Hessians are made. */
const JACOBIAN = { inputs: 24, outputs: 36, hessian: 12 };

export function* runTransforms(library: Library, folder: Folder, { only }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json') && p !== 'SUMMARY.json')) {
    const group = path.replace(/\.json$/, '');
    if (only && !only.test(`transforms/${group}/`) && !/\d/.test(only.source)) continue;
    const file = folder.json(path);
    const chosen = sampled(file.cases as readonly JsonObject[]);
    if (chosen.length === 0) continue;
    const tensors = folder.tensors(`${group}.safetensors`);
    const family = familyOf({ name: String(file.op), path: file.path as string | null });
    for (const data of chosen) {
      const id = String(data.id);
      if (only && !only.test(`transforms/${group}/${id}`)) continue;
      const run = new CaseRun();
      const applies = new TransformCase(library, tensors, file, data, run).run();
      if (applies) yield withSkips(run.row({ kind: 'transforms', family, group, id }, [], true));
    }
  }
}

function sampled(cases: readonly JsonObject[]): JsonObject[] {
  const usable = cases.filter(
    (c) =>
      c.kind === 'call' &&
      !c.source &&
      !c.uninitialized &&
      tensorNodes(c.out).length > 0 &&
      tensorNodes([c.args!, c.kwargs!]).some((n) => 't' in n) &&
      !tensorNodes([c.args!, c.kwargs!, c.out!]).some((n) => 'sparse' in n),
  );
  const some = (of: readonly JsonObject[], most: number): JsonObject[] =>
    of.filter((_, i) => of.length <= most || Math.floor((i * most) / of.length) !== Math.floor(((i - 1) * most) / of.length));
  const [wide, complex, narrow, rest] = SAMPLES.map(([dtype, most]) =>
    some(
      usable.filter((c) => dtype.test(String(c.dtype))),
      most,
    ),
  );
  const best = [...wide!, ...complex!];
  return best.length ? best : narrow!.length ? narrow! : rest!;
}

class TransformCase {
  private readonly torch: typeof Torch;
  private readonly inputs: Tensors;
  private readonly args: PyValue[];
  private readonly kwargs: ReadonlyMap<string, PyValue>;
  /** Positions of the inputs that are differentiated. */
  private readonly wanted: readonly number[];
  private seed = 1;

  constructor(
    private readonly library: Library,
    private readonly file: TensorFile,
    private readonly operator: JsonObject,
    private readonly data: JsonObject,
    private readonly checks: CaseRun,
  ) {
    this.torch = library.torch as unknown as typeof Torch;
    const decoder = new Decoder(library, file, { grad: false });
    this.args = decoder.list(data.args as Json[]);
    this.kwargs = decoder.named(data.kwargs as JsonObject);
    this.inputs = decoder.inputs as unknown as Tensors;
    const nodes = tensorNodes([data.args!, data.kwargs!]).filter((n) => 't' in n);
    this.wanted = data.mutated ? [] : nodes.flatMap((n, i) => (n.requires_grad && this.inputs[i]!.numel() > 0 ? [i] : []));
  }

  /** Whether there was anything to look at. */
  run(): boolean {
    const batches = this.batches();
    if (batches) {
      this.checks.check('vmap', () =>
        this.vmap(
          batches,
          this.inputs.map(() => 0),
        ),
      );
      this.checks.check('in_dims', () =>
        this.vmap(
          batches,
          this.inputs.map((x) => (x.ndim > 0 ? 1 : 0)),
          -1,
        ),
      );
      if (this.inputs.length > 1) this.checks.check('one', () => this.one(batches));
    }
    const live = this.differentiable();
    if (live.length === 0) return batches !== null;
    const f = this.of(live);
    this.checks.check('jvp', () => this.jvp(f));
    if (!this.operator.gradcheck_wrapper && !this.data.nondeterministic && this.isWide(live))
      this.checks.check('differences', () => this.differences(f));
    if (this.inputs[this.wanted[0]!]!.is_floating_point()) {
      this.checks.check('jacobian', () => this.jacobian(f));
      if (this.data.grad2) this.checks.check('hessian', () => this.hessian(f));
    }
    if (batches) this.checks.check('composed', () => this.composed(f, batches));
    return true;
  }

  // ------------------------------------------------------------------ the function under test

  /** The operator as a function of its inputs. */
  private readonly call = (inputs: Tensors): Tensor[] => {
    const { library, data } = this;
    const given = new Map(this.inputs.map((x, i) => [x as unknown, inputs[i] as unknown]));
    library.manualSeed(Number(data.seed ?? 0));
    const result = this.computed(given, inputs);
    const post = data.post as JsonObject | undefined;
    const tensors = flatten(library, result);
    return flatten(library, post ? runProgram(library, this.file, post, (n) => tensors[Number(n.out)]!) : result) as unknown as Tensor[];
  };
  private computed(given: ReadonlyMap<unknown, unknown>, inputs: Tensors): unknown {
    const { library, data } = this;
    const program = data.program as JsonObject | undefined;
    if (program) return runProgram(library, this.file, program, (node) => inputs[Number(node.ref)] as unknown as Raw);
    const path = (data.path ?? this.operator.path) as string | null;
    const target = path === null ? null : resolve(library, path);
    if (!target) throw new Missing(`the library has no ${path}`);
    const args = replaced(this.args, given) as PyValue[];
    return invoke(library, target, spreadIndex(library, target, args), new Map([...this.kwargs].map(([k, x]) => [k, replaced(x, given)])));
  }
  /** The given results as a function of the inputs that are differentiated. */
  private of(live: readonly number[], rest: Tensors = this.inputs): (...xs: Tensor[]) => Tensor[] {
    return (...xs) => {
      const results = this.call(rest.map((x, i) => (this.wanted.includes(i) ? xs[this.wanted.indexOf(i)]! : x)));
      return live.map((i) => results[i]!);
    };
  }
  private get primals(): Tensor[] {
    return this.wanted.map((i) => this.inputs[i]!);
  }
  private isWide(live: readonly number[]): boolean {
    const results = this.of(live)(...this.primals);
    return [...this.primals, ...results].every((x) => ['float64', 'complex128'].includes(x.dtype.name));
  }
  private differentiable(): number[] {
    if (this.wanted.length === 0) return [];
    let live: number[] = [];
    this.checks.check('forward', () => {
      const leaves = this.leaves(this.primals);
      const results = this.call(this.inputs.map((x, i) => (this.wanted.includes(i) ? leaves[this.wanted.indexOf(i)]! : x)));
      live = results.flatMap((y, i) => (y.requires_grad && y.numel() > 0 ? [i] : []));
    });
    return live;
  }
  private leaves(xs: Tensors): Tensor[] {
    return xs.map((x) => x.detach().clone().requires_grad_());
  }

  // ------------------------------------------------------------------ vmap

  /** Two rows of inputs for which the results have the same shapes; null where there are none. */
  private batches(): readonly Tensors[] | null {
    const { inputs, data } = this;
    if (inputs.length === 0) return null;
    const smaller = (x: Tensor): Tensor => (x.is_floating_point() || x.is_complex() ? x.mul(0.75) : x);
    const turned = (x: Tensor): Tensor => (x.is_floating_point() || x.is_complex() || x.ndim === 0 ? smaller(x) : x.flip([0]));
    const shapes = (row: Tensors): string =>
      this.call(copies(row))
        .map((y) => y.shape.join())
        .join(';');
    const second = data.nondeterministic ? [inputs] : [inputs.map(turned), inputs.map(smaller), inputs];
    try {
      const wanted = shapes(inputs);
      for (const row of second) if (attempt(() => shapes(row)) === wanted) return [inputs, row];
    } catch {
      // What the call itself does wrong is for the other runner to tell.
    }
    return null;
  }
  private vmap(rows: readonly Tensors[], dims: readonly (number | null)[], outDim = 0): void {
    const stack = (): Tensor[] =>
      this.inputs.map((x, i) =>
        dims[i] === null
          ? x.clone()
          : this.torch.stack(
              rows.map((row) => row[i]!),
              dims[i]!,
            ),
      );
    // A row lies in memory as it does in the batch: what depends on strides then sees the same ones.
    const apart = stack();
    const row = (x: Tensor, i: number, b: number): Tensor => {
      const part = dims[i] === null ? x : x.select(dims[i]!, b);
      return this.torch.empty_strided([...part.shape], [...part.stride()], { dtype: x.dtype }).copy_(part);
    };
    const each = attempt(() => rows.map((_, b) => this.call(apart.map((x, i) => row(x, i, b)))));
    if (!each) return;
    const f = (...xs: Tensor[]): Tensor[] => this.call(xs);
    const results = this.torch.func.vmap(f, { in_dims: dims, out_dims: outDim, randomness: 'same' })(...stack());
    this.same(
      each[0]!.map((_, k) => this.torch.stack(each.map((row) => row[k]!))),
      results.map((y) => (outDim === 0 ? y : y.movedim(outDim, 0))),
    );
  }
  /** Only the first input has a batch. */
  private one(rows: readonly Tensors[]): void {
    const first = rows.map((row) => [row[0]!, ...rows[0]!.slice(1)]);
    const shapes = first.map((row) =>
      attempt(() =>
        this.call(copies(row))
          .map((y) => y.shape.join())
          .join(';'),
      ),
    );
    const mutated = Object.keys((this.data.mutated ?? {}) as object);
    if (shapes[0] !== shapes[1] || mutated.some((i) => i !== '0')) return;
    this.vmap(
      first,
      this.inputs.map((_, i) => (i === 0 ? 0 : null)),
    );
  }

  // ------------------------------------------------------------------ derivatives

  /** ⟨w, J v⟩ = ⟨Jᵀ w, v⟩. */
  private jvp(f: (...xs: Tensor[]) => Tensor[]): void {
    const { torch, primals } = this;
    const vs = primals.map((x) => this.random(x));
    const [, tangents] = torch.func.jvp(f as never, primals, vs) as [Tensor[], Tensor[]];
    const ws = tangents.map((t) => this.random(t));
    const leaves = this.leaves(primals);
    const grads = torch.autograd.grad(f(...leaves), leaves, ws, { allow_unused: true, materialize_grads: true }) as Tensor[];
    const [a, b] = [inner(ws, tangents), inner(vs, grads)];
    if (![a, b].every(Number.isFinite)) {
      if (Number.isFinite(a) !== Number.isFinite(b)) throw new Mismatch(`⟨w, Jv⟩ = ${a}, ⟨Jᵀw, v⟩ = ${b}`);
      return;
    }
    const scale = 1 + ws.reduce((s, w, i) => s + size(w.mul(tangents[i]!)), 0) + vs.reduce((s, v, i) => s + size(v.mul(grads[i]!)), 0);
    if (Math.abs(a - b) > ([...ws, ...vs].every((x) => /64|128/.test(x.dtype.name) && x.dtype.name !== 'complex64') ? 1e-9 : 2e-2) * scale)
      throw new Mismatch(`⟨w, Jv⟩ = ${a}, ⟨Jᵀw, v⟩ = ${b}`);
  }
  /** The tangent is the slope, where the slopes from both sides agree. */
  private differences(f: (...xs: Tensor[]) => Tensor[]): void {
    const { torch, primals } = this;
    const h = 1e-6;
    const vs = primals.map((x) => this.random(x));
    const [ys, tangents] = torch.func.jvp(f as never, primals, vs) as [Tensor[], Tensor[]];
    const moved = (by: number): Tensor[] => f(...primals.map((x, i) => x.add(vs[i]!.mul(by))));
    const [above, below] = [moved(h), moved(-h)];
    ys.forEach((y, k) => {
      const [up, down] = [above[k]!.sub(y).div(h), y.sub(below[k]!).div(h)];
      const t = tangents[k]!;
      const bound = t.abs().add(up.abs()).add(1).mul(1e-3);
      const smooth = up.sub(down).abs().le(bound);
      const wrong = up.add(down).div(2).sub(t).abs().gt(bound).logical_and(smooth);
      if (wrong.any().item()) throw new Mismatch(`the tangent is ${text(t)}, the slope ${text(up)}`);
    });
  }
  private jacobian(f: (...xs: Tensor[]) => Tensor[]): void {
    const { torch, primals } = this;
    const x = primals[0]!;
    const g = ((y: Tensor) => f(y, ...primals.slice(1))[0]!) as never;
    if (x.numel() > JACOBIAN.inputs || f(...primals)[0]!.numel() > JACOBIAN.outputs) return;
    const y = f(...primals)[0]!;
    if (y.is_complex()) return;
    const forward = torch.func.jacfwd(g, { randomness: 'same' })(x) as Tensor;
    this.same([forward], [(torch.func.jacrev(g)(x) as Tensor).to(forward.dtype)]);
  }
  /** Second derivatives: the whole Hessian of a small input, else along one direction. */
  private hessian(f: (...xs: Tensor[]) => Tensor[]): void {
    const { torch, primals } = this;
    const { jacrev, hessian, jvp, grad } = torch.func;
    const x = primals[0]!;
    const weights = f(...primals).map((y) => this.random(y));
    const s = ((y: Tensor) => total(f(y, ...primals.slice(1)), weights)) as never;
    if (x.numel() > JACOBIAN.hessian) {
      const v = this.random(x);
      const slope = ((y: Tensor) => (grad(s)(y) as Tensor).mul(v).sum()) as never;
      this.same([grad(slope)(x) as Tensor], [(jvp(grad(s) as never, [x], [v]) as Tensor[])[1]!]);
      return;
    }
    const h = hessian(s, { randomness: 'same' })(x) as Tensor;
    this.same([jacrev(jacrev(s) as never)(x) as Tensor], [h]);
    const square = h.reshape([x.numel(), x.numel()]);
    this.same([square.t()], [square]);
  }
  /** vmap of grad, grad of vmap, vmap of vmap, vmap of jvp. */
  private composed(f: (...xs: Tensor[]) => Tensor[], rows: readonly Tensors[]): void {
    const { torch } = this;
    const { vmap, grad, jvp } = torch.func;
    const options = { randomness: 'same' } as const;
    const live = this.differentiable();
    // Only what is differentiated differs between the rows.
    const own = rows.map((row) => this.wanted.map((i) => row[i]!));
    const weights = f(...own[0]!).map((y) => this.random(y));
    const s = (...xs: Tensor[]): Tensor => total(this.of(live)(...xs), weights);
    const expected = own.map((xs) => {
      const leaves = this.leaves(xs);
      return torch.autograd.grad(s(...leaves), leaves, { allow_unused: true, materialize_grads: true }) as Tensor[];
    });
    const stacked = own[0]!.map((_, k) => torch.stack(own.map((xs) => xs[k]!)));
    const each = own[0]!.map((_, k) => torch.stack(expected.map((g) => g[k]!)));
    const argnums = own[0]!.map((_, i) => i);
    this.same(each, vmap(grad(s as never, { argnums }) as never, options)(...(stacked as never[])) as Tensor[], 'vmap of grad');
    const summed = ((...xs: Tensor[]) => (vmap(s as never, options)(...(xs as never[])) as Tensor).sum()) as never;
    this.same(each, grad(summed, { argnums })(...stacked) as Tensor[], 'grad of vmap');
    const vs = own.map((xs) => xs.map((x) => this.random(x)));
    const tangents = vs[0]!.map((_, k) => torch.stack(vs.map((v) => v[k]!)));
    const push = (xs: readonly Tensor[], v: readonly Tensor[]): Tensor => (jvp(s as never, xs, v) as Tensor[])[1]!;
    this.same(
      [torch.stack(own.map((xs, b) => push(xs, vs[b]!)))],
      [vmap(push as never, options)(stacked as never, tangents as never) as Tensor],
      'vmap of jvp',
    );
    const twice = stacked.map((x) => torch.stack([x, x]));
    const inner = (...xs: Tensor[]): unknown => vmap(s as never, options)(...(xs as never[]));
    const row = torch.stack(own.map((xs) => s(...xs)));
    this.same([torch.stack([row, row])], [vmap(inner as never, options)(...(twice as never[])) as Tensor], 'vmap of vmap');
  }

  // ------------------------------------------------------------------ comparing

  /** Numbers of the size of one, the same in every run. */
  private random(like: Tensor): Tensor {
    const { torch } = this;
    const generator = new torch.Generator().manual_seed(this.seed++);
    return torch.randn([...like.shape], { dtype: like.dtype, generator } as never);
  }
  private same(expected: Tensors, actual: Tensors, what = 'result'): void {
    const comparison = new Comparison(this.library, this.file, tolerance);
    if (expected.length !== actual.length) throw new Mismatch(`${expected.length} results expected, ${actual.length} given`);
    expected.forEach((x, i) => {
      const [a, b] = [x, actual[i]!].map((t) => this.library.values(t.detach().resolve_conj().resolve_neg() as unknown as Raw));
      comparison.values(a!, b!, `${what} ${i}`);
    });
  }
}

/** A batch may add in another order. */
const tolerance: ToleranceRule = (dtype) => {
  if (/64$|128$/.test(dtype) && !/int|complex64/.test(dtype)) return { rtol: 1e-6, atol: 1e-7 };
  if (/float32|complex64/.test(dtype)) return { rtol: 1e-4, atol: 1e-4 };
  return /float|complex/.test(dtype) ? { rtol: 2e-2, atol: 2e-2 } : { rtol: 0, atol: 0 };
};
const copies = (row: Tensors): Tensor[] => row.map((x) => x.clone());
const total = (ys: Tensors, weights: Tensors): Tensor =>
  ys.map((y, k) => realPart(y.mul(weights[k]!)).sum()).reduce((a, b) => a.add(b.to(a.dtype)));
const realPart = (x: Tensor): Tensor => (x.is_complex() ? x.real : x);
/** Re Σ ⟨a, b⟩. */
const inner = (as: Tensors, bs: Tensors): number =>
  as.reduce(
    (s, a, i) =>
      s +
      Number(
        realPart(a.is_complex() ? a.conj().mul(bs[i]!) : a.mul(bs[i]!))
          .sum()
          .item(),
      ),
    0,
  );
const size = (x: Tensor): number => Number(x.abs().sum().item());
const text = (x: Tensor): string =>
  String(x.reshape([-1]))
    .replace(/\s+/g, ' ')
    .slice(0, 80);
function attempt<T>(body: () => T): T | null {
  try {
    return body();
  } catch {
    return null;
  }
}
/** The same Python value with other tensors in it. */
function replaced(x: PyValue, given: ReadonlyMap<unknown, unknown>): PyValue {
  if (given.has(x)) return given.get(x) as PyValue;
  if (x instanceof PyTuple)
    return PyTuple.from_(
      [...x].map((y) => replaced(y, given)),
      x.fields,
    );
  if (Array.isArray(x) && Object.getPrototypeOf(x) === Array.prototype) return x.map((y) => replaced(y as PyValue, given));
  return x instanceof Map ? new Map([...x].map(([k, y]) => [k, replaced(y as PyValue, given)])) : x;
}
