// The native backend: formulas run in the C++ block interpreter, kernels are replaced by name (accelerate.ts).
import { Category } from '../../core/dtype.ts';
import { addressing } from '../../core/storage.ts';
import { FloatScalar, imaginary, toBigInt, toNumber, type Scalar } from '../../core/scalar.ts';
import { sameShape, type Shape } from '../../core/size.ts';
import { Tensor } from '../../core/tensor.ts';
import type { Program } from '../../pointwise/compile.ts';
import { WORDS } from '../../pointwise/primitives.ts';
import type { Backend, FormulaOperand } from '../interface.ts';
import { copyProgram, reference } from '../reference/index.ts';
import type { Addon } from './addon.ts';
import * as d from './descriptor.ts';
import { nativeOptimizers } from './optimizers.ts';

interface ProgramAddress {
  readonly code: number;
  readonly consts: number;
}
const SCALAR_DOUBLE = -1;
const SCALAR_INTEGER = -2;

export function makeNativeBackend(addon: Addon): Backend {
  d.connect(addon);
  addressing.of = (buffer) => addon.address(buffer);
  const kernel = d.kernelId('pointwise');
  const copyKernel = d.kernelId('copy');

  const locate = (p: Program): ProgramAddress => {
    p.native ??= { code: addon.address(p.code.buffer), consts: p.consts.length ? addon.address(p.consts.buffer) : 0 } satisfies ProgramAddress;
    return p.native as ProgramAddress;
  };
  const header = (p: Program, shape: Shape): void => {
    const at = locate(p);
    d.begin();
    d.number(at.code);
    d.number(p.code.length / WORDS);
    d.number(p.registers);
    d.number(at.consts);
    d.number(shape.length);
    d.list(shape);
  };
  const strides = (t: Tensor, shape: Shape): void => {
    const l = t.layout;
    if (l.shape === shape || sameShape(l.shape, shape)) {
      d.list(l.stride);
      return;
    }
    const skip = shape.length - l.shape.length;
    for (let i = 0; i < shape.length; i++) d.number(i < skip || (l.shape[i - skip] === 1 && shape[i] !== 1) ? 0 : l.stride[i - skip]!);
  };
  const memory = (t: Tensor, shape: Shape): void => {
    d.number(t.layout.dtype.code);
    d.number(d.dataAddress(t));
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
  const hasComplexScalar = (inputs: readonly (FormulaOperand | null)[]): boolean => inputs.some((x) => x !== null && typeof x === 'object' && !(x instanceof Tensor) && imaginary(x) !== 0);

  return {
    name: 'native',
    optimizers: nativeOptimizers,
    pointwise(p, shape, inputs, outputs) {
      if (hasComplexScalar(inputs)) return reference.pointwise(p, shape, inputs, outputs);
      header(p, shape);
      d.number(inputs.length);
      for (let i = 0; i < inputs.length; i++) {
        const x = inputs[i]!;
        if (x instanceof Tensor) memory(x, shape);
        else scalar(x ?? 0);
      }
      d.number(outputs.length);
      for (let i = 0; i < outputs.length; i++) memory(outputs[i]!, shape);
      if (!d.run(kernel)) reference.pointwise(p, shape, inputs, outputs);
    },
    copy(dst, src) {
      const shape = dst.layout.shape;
      if (src.layout.plain && copyKernel >= 0) {
        d.begin();
        d.tensor(src, shape, expandedStrides(src, shape));
        d.tensor(dst);
        if (d.run(copyKernel)) return;
      }
      header(copyProgram(src, dst.layout.dtype.category === Category.Complex), shape);
      d.number(1);
      memory(src, shape);
      d.number(1);
      memory(dst, shape);
      if (!d.run(kernel)) reference.copy(dst, src);
    },
  };
}
function expandedStrides(t: Tensor, shape: Shape): readonly number[] {
  const l = t.layout;
  if (sameShape(l.shape, shape)) return l.stride;
  const skip = shape.length - l.shape.length;
  return shape.map((s, i) => (i < skip || (l.shape[i - skip] === 1 && s !== 1) ? 0 : l.stride[i - skip]!));
}
