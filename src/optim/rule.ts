// An optimizer's update, stated once as a formula. Plain parameters of a group go through it together, in one call of the backend;
// where something has to see the operators (derivatives, interceptors, unusual memory) the formula is evaluated with them.
import { backend } from '../backend/interface.ts';
import { cpu } from '../core/device.ts';
import { type DType, float32, float64 } from '../core/dtype.ts';
import { sameShape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { state } from '../dispatch/state.ts';
import { compile, type Program } from '../pointwise/compile.ts';
import { Expr, Graph, topological } from '../pointwise/expr.ts';
import { registerType } from '../pointwise/types.ts';
import * as torch from '../surface/generated/torch.ts';
import { asReal } from './optimizer.ts';

type Each<R, V> = { readonly [K in keyof R]: V };
/** The tensors of one parameter, absent ones null, and the numbers of this step. */
export interface Entry<T, N> {
  readonly tensors: Each<T, Tensor | null>;
  readonly numbers: Each<N, number>;
}
/** Entries that one call can take: the same tensors are there (bit i: the i-th), with the same numbers. */
interface Batch {
  readonly mask: number;
  readonly numbers: Readonly<Record<string, number>>;
  readonly lists: Tensor[][];
}

/**
 * What becomes of the tensors of a parameter, by name: a formula of the tensors `T`, of the numbers `N` of a step and of options `O`,
 * for each value of which there is one formula. `kernel` names a native kernel that computes the same faster.
 */
export class Rule<T extends { param: Expr; grad: Expr }, N extends object, O extends object> {
  private readonly formulas = new Map<string, Formula>();
  constructor(
    private readonly update: (tensors: T, numbers: N, options: O) => Partial<T>,
    private readonly kernel: string | null = null,
  ) {}

  /** One step of all entries. */
  step(options: O & { readonly differentiable?: boolean }, entries: readonly Entry<T, N>[]): void {
    if (entries.length === 0) return;
    const tensorNames = Object.keys(entries[0]!.tensors);
    const numberNames = Object.keys(entries[0]!.numbers);
    const batches: Batch[] = [];
    for (const entry of entries) {
      const tensors = entry.tensors as Readonly<Record<string, Tensor | null>>;
      const numbers = entry.numbers as Readonly<Record<string, number>>;
      const list: Tensor[] = [];
      let mask = 0;
      for (let i = 0; i < tensorNames.length; i++) {
        const t = tensors[tensorNames[i]!]!;
        if (t === null) continue;
        mask |= 1 << i;
        list.push(asReal(t));
      }
      let batch = batches.find(
        (b) => b.mask === mask && (b.numbers === numbers || numberNames.every((name) => b.numbers[name] === numbers[name])),
      );
      if (!batch) {
        batch = { mask, numbers, lists: [] };
        batches.push(batch);
      }
      batch.lists.push(list);
    }
    for (const { mask, numbers, lists } of batches) {
      const names = tensorNames.filter((_, i) => mask & (1 << i));
      this.formula(names, numberNames, options).run(
        numberNames.map((name) => numbers[name]!),
        lists,
        options.differentiable === true,
        this.kernel,
        mask,
      );
    }
  }
  private formula(names: readonly string[], numbers: readonly string[], options: O): Formula {
    const values = Object.values(options) as boolean[];
    const key = `${names} ${values}`;
    let f = this.formulas.get(key);
    if (!f) {
      const graph = new Graph();
      const inputs = (list: readonly string[], from: number): unknown =>
        Object.fromEntries(list.map((name, i) => [name, graph.input(from + i)]));
      const updated = this.update(inputs(names, 0) as T, inputs(numbers, names.length) as N, options);
      const outputs = Object.entries(updated).filter((e): e is [string, Expr] => e[1] instanceof Expr);
      f = new Formula(
        names.length,
        numbers.length,
        outputs.map(([name]) => names.indexOf(name)),
        outputs.map(([, e]) => e),
        values.map(Number),
      );
      this.formulas.set(key, f);
    }
    return f;
  }
}

/** A built formula: inputs are the tensors, then the numbers; `outputs[j]` is the tensor that expression j overwrites. */
class Formula {
  private readonly programs = new Map<DType, Program>();
  constructor(
    private readonly tensors: number,
    private readonly numbers: number,
    private readonly outputs: readonly number[],
    private readonly exprs: readonly Expr[],
    private readonly options: readonly number[],
  ) {}

  run(numbers: readonly number[], lists: readonly Tensor[][], differentiable: boolean, kernel: string | null, mask: number): void {
    let left = lists;
    if (state.busy === 0 && !differentiable) {
      for (const dtype of [float32, float64]) {
        const plain = left.filter((list) => isPlain(list, dtype));
        if (plain.length === 0) continue;
        this.together(dtype, numbers, plain, kernel, mask);
        left = plain.length === left.length ? [] : left.filter((list) => !plain.includes(list));
      }
    }
    for (const list of left) this.evaluate(numbers, list, differentiable);
  }
  private together(dtype: DType, numbers: readonly number[], lists: readonly Tensor[][], kernel: string | null, mask: number): void {
    const { current } = backend;
    const program = this.program(dtype);
    const done =
      (kernel !== null && current.stepEach?.(kernel, dtype, [mask, ...this.options, ...numbers], lists)) ||
      current.pointwiseEach?.(program, dtype, numbers, this.outputs, lists);
    if (!done) {
      for (const list of lists) {
        const overwritten = this.outputs.map((i) => list[i]!);
        current.pointwise(program, list[0]!.layout.shape, [...list, ...numbers], overwritten);
      }
    }
    for (const list of lists) for (const i of this.outputs) list[i]!.cell.version++;
  }
  private program(dtype: DType): Program {
    let p = this.programs.get(dtype);
    if (!p) {
      const input = { type: registerType(dtype), complex: false };
      p = compile(
        this.exprs,
        Array(this.tensors + this.numbers).fill(input),
        this.outputs.map(() => false),
      );
      this.programs.set(dtype, p);
    }
    return p;
  }
  /** Operator by operator. Derivatives need the old values, so what changes is copied first. */
  private evaluate(numbers: readonly number[], list: readonly Tensor[], differentiable: boolean): void {
    const inputs: (Tensor | number)[] = [...list, ...numbers];
    if (differentiable) for (const i of this.outputs) inputs[i] = list[i]!.clone();
    const values = new Map<Expr, Tensor | number | boolean>();
    for (const e of topological(this.exprs)) {
      const args = e.args.map((a) => values.get(a)!);
      const known = args.every((x) => typeof x === 'number') ? onNumbers : operators;
      const value = e.op === 'input' ? inputs[e.value]! : e.op === 'const' ? e.value : known[e.op]!(...args);
      values.set(e, value);
    }
    this.outputs.forEach((i, j) => {
      list[i]!.copy_(values.get(this.exprs[j]!) as Tensor);
    });
  }
}
/** from + weight · (to − from), reckoned from the nearer end as lerp does; `near`: whether weight < ½. */
export const lerp = (from: Expr, to: Expr, weight: Expr, near: boolean): Expr =>
  near ? fma(to.sub(from), weight, from) : fma(from.sub(to), weight.neg().add(1), to);
/** a · b + c, rounded once, as PyTorch's kernels do. */
export const fma = (a: Expr, b: Expr, c: Expr): Expr => a.apply('fma', b, c);
/** x + value · a · b */
export const addcmul = (x: Expr, a: Expr, b: Expr, value: Expr): Expr => fma(a.mul(value), b, x);
/** x + value · a / b */
export const addcdiv = (x: Expr, a: Expr, b: Expr, value: Expr): Expr => x.add(a.mul(value).div(b));
/** The gradient as a rule sees it: negated to maximize, with the weight decay of the L2 kind. */
export function gradient(
  { param, grad }: { param: Expr; grad: Expr },
  { weight_decay }: { weight_decay: Expr },
  { maximize, decays }: { maximize: boolean; decays: boolean },
): Expr {
  const g = maximize ? grad.neg() : grad;
  return decays ? fma(param, weight_decay, g) : g;
}

/** `f` of a count of steps, computed once for each: parameters of one age share their numbers. */
export function perStep<R>(f: (step: number) => R): (step: number) => R {
  const known = new Map<number, R>();
  return (step) => {
    if (!known.has(step)) known.set(step, f(step));
    return known.get(step)!;
  };
}
type Functions = Readonly<Record<string, (...args: unknown[]) => Tensor | number>>;
const onNumbers = { neg: (a: number) => -a, add: (a: number, b: number) => a + b } as unknown as Functions;
const operators = {
  ...torch,
  fma: (a: Tensor, b: Tensor | number, c: Tensor) => (typeof b === 'number' ? c.add(a, { alpha: b }) : c.addcmul(a, b)),
} as unknown as Functions;

/** Whether the tensors are of this dtype, in memory of the CPU, and of one dense layout. */
function isPlain(list: readonly Tensor[], dtype: DType): boolean {
  const { layout } = list[0]!;
  if (layout.dtype !== dtype || layout.device !== cpu || layout.numel === 0 || !layout.nonOverlappingAndDense) return false;
  return list.every((t) => {
    const l = t.layout;
    if (t.storage === null || t.level !== null || l.dtype !== dtype || !l.plain) return false;
    return (
      l === layout || (sameShape(l.shape, layout.shape) && (sameShape(l.stride, layout.stride) || (l.contiguous && layout.contiguous)))
    );
  });
}
