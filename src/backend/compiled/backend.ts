// The backend of compiled kernels: formulas run in the C++ block interpreter, kernels are replaced by name (accelerate.ts).
import { Category } from '../../core/dtype.ts';
import { FloatScalar, imaginary, type Scalar, toBigInt, toNumber } from '../../core/scalar.ts';
import { sameShape, type Shape } from '../../core/size.ts';
import { Tensor } from '../../core/tensor.ts';
import type { Backend, FormulaOperand } from '../interface.ts';
import { copyProgram, reference } from '../reference/index.ts';
import * as d from './descriptor.ts';
import type { Engine } from './engine.ts';

const SCALAR_DOUBLE = -1;
const SCALAR_INTEGER = -2;

export function makeBackend(engine: Engine): Backend {
  d.connect(engine);
  const kernel = d.kernelId('pointwise');
  const flatKernel = d.kernelId('pointwise_flat');
  const eachKernel = d.kernelId('pointwise_each');
  const copyKernel = d.kernelId('copy');

  const strides = (t: Tensor, shape: Shape): void => {
    const l = t.layout;
    if (l.shape === shape || sameShape(l.shape, shape)) {
      d.list(l.stride);
      return;
    }
    const skip = shape.length - l.shape.length;
    for (let i = 0; i < shape.length; i++) d.number(i < skip || (l.shape[i - skip] === 1 && shape[i] !== 1) ? 0 : l.stride[i - skip]!);
  };
  const memory = (t: Tensor, shape: Shape, overwritten: boolean): void => {
    d.number(t.layout.dtype.code);
    d.data(t, overwritten);
    strides(t, shape);
  };
  const scalar = (s: Scalar): void => {
    if (typeof s === 'number' && !(Number.isInteger(s) && Math.abs(s) > Number.MAX_SAFE_INTEGER)) {
      d.number(SCALAR_DOUBLE);
      d.number(s);
    } else if (s instanceof FloatScalar || typeof s === 'boolean') {
      d.number(SCALAR_DOUBLE);
      d.number(toNumber(s));
    } else if (typeof s === 'bigint') {
      d.number(SCALAR_INTEGER);
      d.integer64(toBigInt(s));
    } else {
      d.number(SCALAR_DOUBLE);
      d.number(toNumber(s));
    }
  };
  const hasComplexScalar = (inputs: readonly (FormulaOperand | null)[]): boolean =>
    inputs.some((x) => x !== null && typeof x === 'object' && !(x instanceof Tensor) && imaginary(x) !== 0);

  return {
    name: engine.name,
    pointwise(p, shape, inputs, outputs) {
      if (hasComplexScalar(inputs)) return reference.pointwise(p, shape, inputs, outputs);
      d.begin();
      d.program(p);
      d.number(shape.length);
      d.list(shape);
      d.number(inputs.length);
      for (let i = 0; i < inputs.length; i++) {
        const x = inputs[i]!;
        if (x instanceof Tensor) memory(x, shape, false);
        else scalar(x ?? 0);
      }
      d.number(outputs.length);
      for (let i = 0; i < outputs.length; i++) memory(outputs[i]!, shape, true);
      if (!d.run(kernel, outputs)) reference.pointwise(p, shape, inputs, outputs);
    },
    pointwiseFlat(p, args, positions, output) {
      d.begin();
      d.program(p);
      d.number(output.layout.dtype.code);
      d.number(output.layout.numel);
      d.data(output, true);
      d.number(positions.length);
      for (let k = 0; k < positions.length; k++) {
        const x = args[positions[k]!];
        if (x instanceof Tensor) {
          d.number(0);
          d.data(x);
        } else {
          d.number(1);
          d.number(x as number);
        }
      }
      return d.run(flatKernel, [output]);
    },
    pointwiseEach: (p, dtype, numbers, outputs, lists) =>
      inParts(eachKernel, lists, () => {
        d.program(p);
        d.list([dtype.code, lists[0]!.length, numbers.length, ...numbers, outputs.length, ...outputs]);
      }),
    stepEach: (name, dtype, settings, lists) => inParts(d.kernelId(name), lists, () => d.list([dtype.code, ...settings])),
    copy(dst, src) {
      const shape = dst.layout.shape;
      if (src.layout.plain && copyKernel >= 0) {
        d.begin();
        d.tensor(src, shape, expandedStrides(src, shape));
        d.result(dst);
        if (d.run(copyKernel, [dst])) return;
      }
      d.begin();
      d.program(copyProgram(src, dst.layout.dtype.category === Category.Complex));
      d.number(shape.length);
      d.list(shape);
      d.number(1);
      memory(src, shape, false);
      d.number(1);
      memory(dst, shape, true);
      if (!d.run(kernel, [dst])) reference.copy(dst, src);
    },
  };
}
/** Runs a kernel over lists of tensors in as many calls as the descriptor needs: what `settings` writes, then the lists with their sizes. */
function inParts(kernel: number, lists: readonly (readonly Tensor[])[], settings: () => void): boolean {
  if (kernel < 0) return false;
  const slots = lists[0]!.length + 1;
  for (let from = 0; from < lists.length; ) {
    d.begin();
    settings();
    const count = Math.min(lists.length - from, d.room(slots));
    d.number(count);
    for (const to = from + count; from < to; from++) {
      const list = lists[from]!;
      d.number(list[0]!.layout.numel);
      for (let k = 0; k < list.length; k++) d.data(list[k]!);
    }
    // A kernel declines before it writes: only the first call can be refused.
    if (!d.run(kernel)) return false;
  }
  return true;
}
function expandedStrides(t: Tensor, shape: Shape): readonly number[] {
  const l = t.layout;
  if (sameShape(l.shape, shape)) return l.stride;
  const skip = shape.length - l.shape.length;
  return shape.map((s, i) => (i < skip || (l.shape[i - skip] === 1 && s !== 1) ? 0 : l.stride[i - skip]!));
}
