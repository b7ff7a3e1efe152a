// Operators on sparse tensors. From the first sparse tensor on, `route` stands before the plain tape and looks at the arguments of
// every call; until then the call path does not know of it. See docs/decisions/006-sparse-tensors.md.
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { firstSparse, isCoo, partsOf, sparseTensor, layoutOf } from '../core/sparse.ts';
import { Tensor } from '../core/tensor.ts';
import { call } from '../dispatch/call.ts';
import { lookup, named, type Op, registry } from '../dispatch/operator.ts';
import { quietly, stage, state } from '../dispatch/state.ts';
import { asParts, checkInplace, recorded, tape } from './tape.ts';
import { requiresGrad } from './views.ts';

/** What an operator does where an argument is sparse. */
type Body<A> = (args: A, o: Op, positional: readonly unknown[]) => unknown;
interface Rule {
  readonly body: Body<never>;
  /** Differentiated by the operator's own rule; otherwise as the calls that the body makes. */
  readonly whole: boolean;
}
const rules = new Map<string, Rule>();
/** What operators do with sparse tensors, said in other operators: their gradients follow. `names`: separated by spaces. */
export function sparseRule<A>(names: string, body: Body<A>): void {
  for (const name of names.split(' ')) rules.set(name, { body, whole: false });
}
/** The same for operators whose own gradient rule holds for sparse tensors as well. */
export function sparseKernel<A>(names: string, body: Body<A>): void {
  for (const name of names.split(' ')) rules.set(name, { body, whole: true });
}

const isSparse = (x: unknown): boolean => x instanceof Tensor && x.layout.sparse;
function touchesSparse(o: Op, args: readonly unknown[]): boolean {
  for (const i of o.tensors) {
    const a = args[i];
    if (a instanceof Tensor) {
      if (a.layout.sparse) return true;
    } else if (Array.isArray(a) && a.some(isSparse)) return true;
  }
  return false;
}
firstSparse.prepare = () => {
  stage.tape = (o, args, level) => (level === null && !o.decl.sparse && touchesSparse(o, args) ? route(o, args) : tape(o, args, level));
};

/** @throws NotImplementedError for operators that do not take sparse tensors. */
function route(o: Op, args: unknown[]): unknown {
  const rule = rules.get(o.name);
  if (rule) {
    const body = (): unknown => (rule.body as Body<unknown>)(named(o, args), o, args);
    return rule.whole ? recorded(o, args, () => quietly(body)) : asParts(o, args, body);
  }
  if (o.functional) return inPlace(o, args);
  // What rules of gradients call: derivatives of formulas, and the partners of views.
  if (registry.get(o.name) !== o && o.name.includes('.vjp') && isSparse(args[0])) return overEntries(o, args);
  if (registry.get(o.name) !== o || o.name.includes('_scatter')) return call(o, args.map(densified));
  const { decompose, gradName } = o.decl;
  if (decompose) {
    const body = (): unknown => decompose(named(o, args));
    return gradName ? asParts(o, args, body) : quietly(body);
  }
  throw unsupported(o.isPointwise && !(args[1] instanceof Tensor) ? o.name.replace(/\.Tensor$/, '.Scalar') : o.name, args);
}
const toDense = lookup('to_dense') as unknown as (t: Tensor) => Tensor;
const densified = (x: unknown): unknown => (isSparse(x) ? toDense(x as Tensor) : Array.isArray(x) ? x.map(densified) : x);

const valuesOf = lookup('_sparse_values') as unknown as (t: Tensor) => Tensor;
const like = lookup('_sparse_like') as unknown as (pattern: Tensor, values: Tensor) => Tensor;
const mask = lookup('sparse_mask') as unknown as (t: Tensor, pattern: Tensor) => Tensor;
/** A derivative is linear in the gradient that comes first: 0 where a sparse one has no entry. */
function overEntries(o: Op, args: readonly unknown[]): unknown {
  const g = args[0] as Tensor;
  const { shape } = g.layout;
  const there = (x: unknown): unknown => {
    if (x === g) return valuesOf(g);
    if (!(x instanceof Tensor) || x.layout.shape.length === 0) return x;
    return valuesOf(mask((densified(x) as Tensor).expand([...shape]), g));
  };
  const r = call(o, args.map(there));
  return Array.isArray(r) ? r.map((t: Tensor) => like(g, t)) : like(g, r as Tensor);
}

/** PyTorch's words for an operator that does not take tensors of a layout. */
export function unsupported(name: string, args: readonly unknown[]): NotImplementedError {
  const sparse = args.flat().find(isSparse) as Tensor | undefined;
  const backend = sparse === undefined ? 'CPU' : isCoo(sparse) ? 'SparseCPU' : 'SparseCsrCPU';
  return new NotImplementedError(
    `Could not run 'aten::${name}' with arguments from the '${backend}' backend. This could be because the operator doesn't exist for this backend, or was omitted during the selective/custom build process (if using custom build).`,
  );
}

const copy_ = lookup('copy_') as unknown as (self: Tensor, src: Tensor) => Tensor;
/** A sparse tensor takes over the parts of the result; a dense one its elements. */
export function inPlace(o: Op, args: unknown[]): Tensor {
  const self = args[0] as Tensor;
  if (state.grad && requiresGrad(self)) checkInplace(self);
  if (!self.layout.sparse) return copy_(self, densified(call(o.functional!, args)) as Tensor);
  const { indices, values, coalesced } = partsOf(self);
  const old = sparseTensor(layoutOf(self).kind, self.layout.shape, indices, values, coalesced);
  old._node = self._node;
  old._output_nr = self._output_nr;
  const r = call(o.functional!, [old, ...args.slice(1)]) as Tensor;
  if (r.dtype !== self.dtype)
    throw new RuntimeError(`dtype of values (${r.dtype.scalarName}) must match dtype of sparse tensor (${self.dtype.scalarName})`);
  const made = partsOf(r);
  partsOf(self).hold(made.indices, made.values, made.coalesced);
  self.layout = r.layout;
  self.cell.version++;
  self._node = r._node;
  self._output_nr = r._output_nr;
  return self;
}
