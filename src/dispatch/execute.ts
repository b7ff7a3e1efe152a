// Execution of plain tensors: kernel-level interceptors, views, formulas, kernels.
import { backend } from '../backend/interface.ts';

import { Category, type DType, uint8 } from '../core/dtype.ts';
import { cpu, type Device, meta as metaDevice } from '../core/device.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { Layout } from '../core/layout.ts';
import { isScalar, toBigInt, toNumber } from '../core/scalar.ts';
import { broadcastShapes, expandStrides, showShape } from '../core/shape.ts';
import { contiguousStrides, sameShape, type Shape } from '../core/size.ts';
import { holdingViews, memory, type OperatorMemory } from '../core/storage.ts';
import { aliasOf, emptyLike, Tensor } from '../core/tensor.ts';
import { compile, type InputType, type Program } from '../pointwise/compile.ts';
import { registerType } from '../pointwise/types.ts';
import { type Formula, type Geometry, named, type Op, scatterParts, type Spec } from './operator.ts';
import { computeDtype, formulaResultDtype } from './promotion.ts';
import { quietly, state } from './state.ts';

export function execute(o: Op, args: unknown[]): unknown {
  return memory.operators === null ? intercepted(o, args) : counted(memory.operators, o, args);
}
/** What is allocated meanwhile counts for this operator, unless another one runs inside it. */
function counted(operators: Map<string, OperatorMemory>, o: Op, args: unknown[]): unknown {
  const before = memory.operator;
  const own = operators.get(o.name) ?? { calls: 0, allocations: 0, bytes: 0 };
  operators.set(o.name, own);
  own.calls++;
  memory.operator = own;
  try {
    return intercepted(o, args);
  } finally {
    memory.operator = before;
  }
}
function intercepted(o: Op, args: unknown[]): unknown {
  if (state.kernel.length === 0 || !o.isPrimitive) return perform(o, args);
  const saved = state.kernel;
  const step = (i: number): unknown => (i < saved.length ? saved[i]!.call(o, args, () => step(i + 1)) : perform(o, args));
  state.kernel = [];
  try {
    return step(0);
  } finally {
    state.kernel = saved;
  }
}

function perform(o: Op, args: unknown[]): unknown {
  if (o.functional !== null) return mutate(o, args);
  if (o.isPointwise) return runFormula(o, args);
  const d = o.decl;
  if (d.view) return view(o, args);
  if (d.kernel) return runKernel(o, args);
  if (d.produce) return holdingViews(() => d.produce!(named(o, resolved(o, args))));
  if (!d.decompose) throw new NotImplementedError(`Could not run '${o.name}'`);
  const saved = state.grad;
  state.grad = false;
  try {
    return quietly(() => d.decompose!(named(o, args)));
  } finally {
    state.grad = saved;
  }
}

function view(o: Op, args: unknown[]): Tensor {
  const self = args[0] as Tensor;
  const g: Geometry = o.decl.view!(named(o, args));
  const l = self.layout;
  return aliasOf(self, new Layout(g.shape, g.stride, g.offset, g.dtype ?? l.dtype, l.device, g.conj ?? l.conj, g.neg ?? l.neg));
}

// ---- kernels ------------------------------------------------------------------------------------------------------
function runKernel(o: Op, args: unknown[]): unknown {
  const d = o.decl;
  const device = deviceOf(o, args);
  const specs = d.meta!(named(o, args));
  const list = (Array.isArray(specs) ? specs : [specs]) as readonly Spec[];
  const outs = list.map((s) => emptyLike(new Layout(s.shape, s.stride ?? contiguousStrides(s.shape), 0, s.dtype, device)));
  if (device !== metaDevice) runKernelInto(o, args, outs);
  for (const i of o.mutates) if (args[i] instanceof Tensor) (args[i] as Tensor).cell.version++;
  return outs.length === 1 ? outs[0] : outs;
}
function runKernelInto(o: Op, args: unknown[], outs: readonly Tensor[]): void {
  const a = named(o, resolved(o, args));
  if (o.accelerated?.(a, ...outs)) return;
  holdingViews(() => o.decl.kernel!(a, ...outs));
}
/** Kernels read memory as it is: pending conjugations and negations are carried out first. */
function resolved(o: Op, args: unknown[]): unknown[] {
  let out = args;
  for (const i of o.tensors) {
    const a = args[i];
    const fix = (t: unknown): unknown => (t instanceof Tensor && !t.layout.plain ? materialise(t) : t);
    const b = Array.isArray(a) ? (a.some((t) => t instanceof Tensor && !t.layout.plain) ? a.map(fix) : a) : fix(a);
    if (b !== a) {
      if (out === args) out = args.slice();
      out[i] = b;
    }
  }
  return out;
}
export function materialise(t: Tensor): Tensor {
  const l = t.layout;
  const r = emptyLike(Layout.dense(l.shape, l.dtype, l.device));
  if (l.device !== metaDevice) backend.current.copy(r, t);
  return r;
}
export function copyInto(dst: Tensor, src: Tensor): void {
  if (!dst.layout.plain) {
    const fixed = aliasOf(dst, dst.layout.with({ conj: false, neg: false }));
    const same = src.layout;
    const flipped = aliasOf(src, same.with({ conj: same.conj !== dst.layout.conj, neg: same.neg !== dst.layout.neg }));
    backend.current.copy(fixed, flipped);
  } else backend.current.copy(dst, overlaps(dst, src) ? materialise(src) : src);
}
/** The two share memory other than element by element. */
export function overlaps(a: Tensor, b: Tensor): boolean {
  if (a.storage === null || a.storage !== b.storage) return false;
  const [x, y] = [a.layout, b.layout];
  if (x.offset === y.offset && sameShape(x.shape, y.shape) && sameShape(x.stride, y.stride) && x.dtype === y.dtype) return false;
  return x.offset < y.extent && y.offset < x.extent;
}

// ---- formulas -----------------------------------------------------------------------------------------------------
/**
 * The layout that all tensor operands share, where nothing needs broadcasting, promotion or another order of dimensions: most calls.
 * Scalars are numbers then, and the dtype is floating.
 */
function uniformLayout(o: Op, args: readonly unknown[]): Layout | null {
  if (!o.promotesPlainly) return null;
  let common: Layout | null = null;
  const inputs = o.formulaInputs;
  for (let k = 0; k < inputs.length; k++) {
    const a = args[inputs[k]!];
    if (a instanceof Tensor) {
      const l = a.layout;
      if (l === common) continue;
      if (!l.contiguous || !l.plain || l.dtype.category !== Category.Floating || l.device !== cpu) return null;
      if (common === null) common = l;
      else if (l.dtype !== common.dtype || !sameShape(l.shape, common.shape)) return null;
    } else if (typeof a !== 'number') return null;
  }
  return common;
}
function runFormula(o: Op, args: unknown[]): unknown {
  const formula = o.formula(args);
  const uniform = uniformLayout(o, args);
  if (uniform !== null && formula.exprs.length === 1) {
    const { dtype } = uniform;
    let p = formula.uniform[dtype.code];
    if (p === undefined) {
      checkFormula(o, args, dtype);
      p = programFor(o, formula, args, dtype, dtype);
      if (!o.decl.check) formula.uniform[dtype.code] = p;
    }
    const out = emptyLike(uniform.canonical);
    if (uniform.numel > 0 && !backend.current.pointwiseFlat?.(p, args, o.formulaInputs, out))
      backend.current.pointwise(p, uniform.shape, inputsOf(o, args), [out]);
    return out;
  }
  const shape = operandShape(o, args);
  const compute = computeDtype(o, args);
  checkFormula(o, args, compute);
  const dtype = formulaResultDtype(o, args, compute);
  const device = deviceOf(o, args);
  const count = formula.exprs.length;
  const layout = resultLayout(o, args, shape, dtype, device);
  const out = emptyLike(layout);
  if (count === 1) {
    if (device !== metaDevice && layout.numel > 0)
      backend.current.pointwise(programFor(o, formula, args, compute, dtype), shape, inputsOf(o, wrapped(o, args, compute)), [out]);
    return out;
  }
  const outs = [out];
  while (outs.length < count) outs.push(emptyLike(layout));
  if (device !== metaDevice && layout.numel > 0)
    backend.current.pointwise(programFor(o, formula, args, compute, dtype), shape, inputsOf(o, wrapped(o, args, compute)), outs);
  return outs;
}
function checkFormula(o: Op, args: readonly unknown[], compute: DType): void {
  const { check, checkTypes, rejects } = o.decl;
  if (check) check(named(o, args));
  if (checkTypes) checkTypes(named(o, args));
  if (rejects?.includes(compute.category) || rejects?.includes(compute)) throw new NotImplementedError(notImplemented(o, compute));
}
const notImplemented = (o: Op, d: DType): string => `"${o.decl.kernelName ?? o.baseName}" not implemented for '${d.scalarName}'`;
/** A negative number beside uint8 tensors wraps before it is computed with; only bounds are taken as they are. */
function wrapped(o: Op, args: readonly unknown[], compute: DType): readonly unknown[] {
  if (compute !== uint8 || o.decl.decides) return args;
  return args.map((a, i) => (isScalar(a) && toNumber(a) < 0 && !o.ownTyped[i] ? Number(BigInt.asUintN(8, toBigInt(a))) : a));
}
/** The operands in the order of the formula's inputs; other positions are never read. */
const inputsOf = (o: Op, args: readonly unknown[]): readonly (Tensor | null)[] =>
  (o.formulaInputs.length === args.length
    ? args
    : args.map((a) => (a instanceof Tensor || isScalar(a) ? a : null))) as readonly (Tensor | null)[];

function operandShape(o: Op, args: readonly unknown[]): Shape {
  let shape: Shape | null = null;
  for (const i of o.tensors) {
    const a = args[i];
    if (a instanceof Tensor)
      shape = shape === null ? a.layout.shape : sameShape(shape, a.layout.shape) ? shape : broadcastShapes(shape, a.layout.shape);
  }
  return shape ?? [];
}
/** The device asked for, or that of the tensors; 0-d CPU tensors go with any device. */
export function deviceOf(o: Op, args: readonly unknown[]): Device {
  const wanted = o.devicePosition < 0 ? null : (args[o.devicePosition] as Device | null);
  if (wanted) return wanted;
  let found: Device | null = null;
  const visit = (a: unknown): void => {
    if (a instanceof Tensor) {
      const d = a.layout.device;
      if (found === null || (found !== d && d === metaDevice)) found = d;
    } else if (Array.isArray(a)) for (const x of a) visit(x);
  };
  for (const i of o.tensors) visit(args[i]);
  return found ?? cpu;
}

/** Elementwise results keep their inputs' order of dimensions, as PyTorch's TensorIterator does. */
function resultLayout(o: Op, args: readonly unknown[], shape: Shape, dtype: DType, device: Device): Layout {
  let same: Layout | null = null;
  let simple = true;
  for (const i of o.tensors) {
    const a = args[i];
    if (!(a instanceof Tensor)) continue;
    const l = a.layout;
    if (l.shape.length === 0 && shape.length > 0) continue;
    if (same === null) same = l;
    if (!sameShape(l.shape, shape) || (l !== same && !sameShape(l.stride, same.stride))) simple = false;
  }
  if (same === null) return Layout.dense(shape, dtype, device);
  if (simple) {
    if (same.contiguous)
      return same.offset === 0 &&
        same.dtype === dtype &&
        same.plain &&
        same.device === device &&
        sameShape(same.stride, contiguousStrides(shape))
        ? same
        : Layout.dense(shape, dtype, device);
    if (same.nonOverlappingAndDense) return new Layout(shape, same.stride, 0, dtype, device);
  }
  const operands: number[][] = [];
  for (const i of o.tensors) {
    const a = args[i];
    if (a instanceof Tensor) operands.push(expandStrides(a.layout.shape, a.layout.stride, shape));
  }
  return new Layout(shape, iterationStrides(shape, operands), 0, dtype, device);
}
/** Dense strides in the order in which the operands' dimensions vary fastest; ambiguous comparisons keep the order. */
export function iterationStrides(shape: Shape, operands: readonly (readonly number[])[]): number[] {
  const perm = shape.map((_, i) => shape.length - 1 - i);
  const compare = (a: number, b: number): number => {
    for (const s of operands) {
      if (s[a] === 0 || s[b] === 0) continue;
      if (s[a] !== s[b]) return s[a]! < s[b]! ? -1 : 1;
      if (shape[a]! > shape[b]!) return 1;
    }
    return 0;
  };
  for (let i = 1; i < perm.length; i++) {
    let at = i;
    for (let j = i - 1; j >= 0; j--) {
      const c = compare(perm[j]!, perm[at]!);
      if (c > 0) {
        [perm[j], perm[at]] = [perm[at]!, perm[j]!];
        at = j;
      } else if (c < 0) break;
    }
  }
  const stride = new Array<number>(shape.length);
  let n = 1;
  for (const d of perm) {
    stride[d] = n;
    n *= Math.max(shape[d]!, 1);
  }
  return stride;
}

/** The program for these operands' types, made once. */
function programFor(o: Op, formula: Formula, args: readonly unknown[], compute: DType, result: DType): Program {
  let key = result.is_complex ? 1 : 0;
  let wide = false;
  for (let k = 0; k < o.formulaInputs.length; k++) {
    const i = o.formulaInputs[k]!;
    const a = args[i];
    const own = o.ownTyped[i]! && a instanceof Tensor;
    const d = own ? a.layout.dtype : compute;
    const flags = a instanceof Tensor && !a.layout.plain ? (a.layout.conj ? 1 : 0) + (a.layout.neg ? 2 : 0) : 0;
    key = key * 32 + registerType(d) * 8 + (d.is_complex ? 4 : 0) + flags;
    if (k === 9) wide = true;
  }
  const cacheKey = wide
    ? `${key}/${o.formulaInputs.map((i) => (args[i] instanceof Tensor ? (args[i] as Tensor).layout.dtype.code : 's'))}`
    : key;
  let p = formula.programs.get(cacheKey);
  if (!p) {
    p = build(o, formula, args, compute, result);
    formula.programs.set(cacheKey, p);
  }
  return p;
}
function build(o: Op, formula: Formula, args: readonly unknown[], compute: DType, result: DType): Program {
  const types: InputType[] = o.params.map((_, i) => {
    const a = args[i];
    const d = o.ownTyped[i] && a instanceof Tensor ? a.layout.dtype : compute;
    return { type: registerType(d), complex: d.is_complex };
  });
  const exprs = formula.graph.adopt(formula.exprs, (i) => {
    let x = formula.graph.input(i);
    const a = args[i];
    if (a instanceof Tensor && a.layout.conj) x = x.conj();
    if (a instanceof Tensor && a.layout.neg) x = x.neg();
    return x;
  });
  try {
    return compile(
      exprs,
      types,
      exprs.map(() => result.is_complex),
    );
  } catch (e) {
    if (e instanceof TypeError) throw new NotImplementedError(notImplemented(o, compute));
    throw e;
  }
}

// ---- in place -----------------------------------------------------------------------------------------------------
export function checkWritable(self: Tensor): void {
  const { shape, stride } = self.layout;
  for (let i = 0; i < shape.length; i++) {
    if (stride[i] === 0 && shape[i]! > 1) {
      throw new RuntimeError(
        'unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.',
      );
    }
  }
}
function mutate(o: Op, args: unknown[]): Tensor {
  const f = o.functional!;
  const self = args[0] as Tensor;
  if (f.isPointwise) {
    const shape = operandShape(f, args);
    if (!sameShape(shape, self.layout.shape)) {
      throw new RuntimeError(`output with shape ${showShape(self.layout.shape)} doesn't match the broadcast shape ${showShape(shape)}`);
    }
    checkWritable(self);
    const compute = computeDtype(f, args);
    checkFormula(f, args, compute);
    const result = formulaResultDtype(f, args, compute);
    if (result.category > self.layout.dtype.category && f.decl.promote !== 'self') {
      throw new RuntimeError(`result type ${result.scalarName} can't be cast to the desired output type ${self.layout.dtype.scalarName}`);
    }
    if (self.layout.device !== metaDevice && self.layout.numel > 0) {
      const clash = !self.layout.plain || args.some((t, i) => i > 0 && t instanceof Tensor && overlaps(self, t));
      if (clash) copyInto(self, runFormula(f, args) as Tensor);
      else
        backend.current.pointwise(
          programFor(f, f.formula(args), args, compute, self.layout.dtype),
          shape,
          inputsOf(f, wrapped(f, args, compute)),
          [self],
        );
    }
  } else {
    const r = perform(f, args) as Tensor;
    if (!sameShape(r.layout.shape, self.layout.shape)) {
      throw new RuntimeError(
        `output with shape ${showShape(self.layout.shape)} doesn't match the broadcast shape ${showShape(r.layout.shape)}`,
      );
    }
    checkWritable(self);
    if (self.layout.device !== metaDevice) copyInto(self, r);
  }
  self.cell.version++;
  return self;
}

scatterParts.copyInto = copyInto;
scatterParts.viewOf = (v, args) => execute(v, args as unknown[]) as Tensor;
