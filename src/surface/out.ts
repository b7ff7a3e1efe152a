// The out= argument of functions: the result is written into given tensors, which are resized if they do not fit.
import { RuntimeError, ValueError } from '../core/errors.ts';
import { Layout } from '../core/layout.ts';
import { sameShape } from '../core/size.ts';
import { Tensor } from '../core/tensor.ts';
import { requiresGrad } from '../autograd/views.ts';
import { call } from '../dispatch/call.ts';
import { checkWritable, copyInto, overlaps } from '../dispatch/execute.ts';
import { named, type Op, type Spec } from '../dispatch/operator.ts';
import { state, withGrad } from '../dispatch/state.ts';
import { allocate } from '../core/storage.ts';
import { tensorsIn } from '../core/tree.ts';
import { namedTuple, returnType } from './returns.ts';

export function writeOut(o: Op, args: unknown[], out: unknown): unknown {
  const outs = [out].flat(2) as Tensor[];
  for (const t of outs) if (!(t instanceof Tensor)) throw new TypeError(`${o.baseName}(): argument 'out' must be Tensor, not ${typeof t}`);
  if (state.grad && [...outs, ...tensorsIn(args)].some(requiresGrad)) {
    throw new RuntimeError(
      `${o.baseName}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.`,
    );
  }
  for (const t of outs) checkOverlap(o, t, tensorsIn(args));
  if (o.decl.distinctOuts && outs.length === 2 && shareMemory(outs[0]!, outs[1]!)) {
    throw new ValueError(`${o.baseName}(): the ${o.results.map((name) => `\`${name}\``).join(' and ')} out= tensors must not overlap.`);
  }
  // A failing call leaves the generator as it is.
  if (o.decl.random) checkBeforeDrawing(o, args, outs);
  const r = withGrad(false, () => call(o, args));
  const results = [r].flat(2) as Tensor[];
  results.forEach((x, i) => {
    const t = outs[i];
    if (t) checkDtype(o, t, x);
  });
  results.forEach((x, i) => {
    const t = outs[i];
    if (t) assign(t, x);
  });
  if (!Array.isArray(r)) return outs[0];
  let next = 0;
  const given = r.map((x) => (Array.isArray(x) ? x.map(() => outs[next++]) : outs[next++]));
  const named = returnType(o, given);
  return named === given ? given : namedTuple(o.baseName, o.results.slice(0, o.visible), given);
}
const shareMemory = (a: Tensor, b: Tensor): boolean => a === b || (a.storage !== null && a.storage === b.storage && overlaps(a, b));
function checkBeforeDrawing(o: Op, args: unknown[], outs: readonly Tensor[]): void {
  const specs = o.decl.outMismatch && o.decl.meta ? [o.decl.meta(named(o, args))].flat() : [];
  outs.forEach((t, i) => {
    const spec = specs[i] as Spec | undefined;
    if (spec && spec.dtype !== t.dtype) throw new RuntimeError(o.decl.outMismatch!(spec.dtype, t.dtype));
    checkWritable(t);
  });
}
function checkDtype(o: Op, out: Tensor, result: Tensor): void {
  if (o.decl.outMismatch && result.dtype !== out.dtype) throw new RuntimeError(o.decl.outMismatch(result.dtype, out.dtype));
  if (o.isPointwise && o.decl.castsOut === false && result.dtype !== out.dtype) {
    throw new RuntimeError(
      `Expected object of scalar type ${result.dtype.scalarName} but got scalar type ${out.dtype.scalarName} for argument 'out'`,
    );
  }
  if (result.dtype.category > out.dtype.category) {
    if (o.isPointwise || o.decl.castsOut)
      throw new RuntimeError(`result type ${result.dtype.scalarName} can't be cast to the desired output type ${out.dtype.scalarName}`);
    throw wrongDtype(out, result);
  }
  if (o.decl.castsOut === false && result.dtype !== out.dtype) throw wrongDtype(out, result);
}
function assign(out: Tensor, result: Tensor): void {
  if (out.layout.sparse || result.layout.sparse) {
    out.copy_(result);
    return;
  }
  checkWritable(out);
  if (!sameShape(out.layout.shape, result.layout.shape)) resizeTo(out, result.layout);
  copyInto(out, result);
  out.cell.version++;
}
const wrongDtype = (out: Tensor, result: Tensor): Error =>
  new RuntimeError(`Expected out tensor to have dtype ${result.dtype.cName}, but got ${out.dtype.cName} instead`);
/** Fails where writing a result would change an input that is still to be read. */
function checkOverlap(o: Op, out: Tensor, inputs: readonly Tensor[]): void {
  for (const t of inputs) {
    const shared = t.storage !== null && t.storage === out.storage;
    if (shared && (overlaps(out, t) || (o.decl.disjointOut && t.layout.offset === out.layout.offset))) {
      throw new RuntimeError(
        'unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.',
      );
    }
  }
}
/** Gives `out` another shape, in new memory where the old does not suffice. */
export function resizeTo(out: Tensor, like: Layout): void {
  const layout = Layout.dense(like.shape, out.dtype, out.device);
  const bytes = layout.numel * out.dtype.itemsize;
  const s = out.storage;
  if (s && s.nbytes < bytes) {
    const fresh = allocate(bytes);
    s.adopt(fresh);
  }
  out.layout = layout;
}
