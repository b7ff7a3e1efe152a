// torch.tensor and its relatives: tensors from JavaScript values. The dtype follows the JavaScript type, never the value.
import { bool, complex128, complex64, type DType, float32, float64, get_default_dtype, int64, uint64 } from '../core/dtype.ts';
import { type Device, device as deviceOf, placement } from '../core/device.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { Layout } from '../core/layout.ts';
import { Complex, isScalar, type Scalar, toNumber } from '../core/scalar.ts';
import type { TypedArray } from '../core/storage.ts';
import { emptyLike, emptyTensor, Tensor } from '../core/tensor.ts';
import { backend } from '../backend/interface.ts';
import { tensorOf } from '../backend/reference/arrays.ts';
import { from_numpy, isNDArray, isTypedArray, type NDArray, typedArrayDtype } from './ndarray.ts';

export type NestedArray = Scalar | Tensor | TypedArray | readonly NestedArray[];
export interface TensorOptions {
  dtype?: DType | null;
  device?: Device | string | null;
  requires_grad?: boolean;
  pin_memory?: boolean;
}

/** Shape of nested arrays, and their leaves in order. */
function flatten(data: NestedArray): { shape: number[]; leaves: Scalar[]; tensors: Tensor[] } {
  const shape: number[] = [];
  let probe: NestedArray | undefined = data;
  for (;;) {
    if (probe instanceof Tensor) {
      shape.push(...probe.layout.shape);
      break;
    }
    if (isTypedArray(probe)) {
      shape.push(probe.length);
      break;
    }
    if (!Array.isArray(probe)) break;
    shape.push(probe.length);
    if (probe.length === 0) break;
    probe = probe[0];
  }
  const leaves: Scalar[] = [];
  const tensors: Tensor[] = [];
  const visit = (x: NestedArray, depth: number): void => {
    if (x instanceof Tensor) {
      tensors.push(x);
      if (x.ndim !== shape.length - depth) throw new ValueError(`only one element tensors can be converted to Python scalars`);
      const flat = x.ndim === 0 ? [x.item() as Scalar] : (x.reshape([-1]).tolist() as Scalar[]);
      leaves.push(...flat);
    } else if (Array.isArray(x) || isTypedArray(x)) {
      if (depth >= shape.length || x.length !== shape[depth]) {
        throw new ValueError(`expected sequence of length ${shape[depth] ?? 0} at dim ${depth} (got ${x.length})`);
      }
      for (let i = 0; i < x.length; i++) visit(x[i] as NestedArray, depth + 1);
    } else if (isScalar(x)) {
      if (depth !== shape.length) throw new TypeError(`expected a sequence of length ${shape[depth]} at dim ${depth}, got a number`);
      leaves.push(x);
    } else throw new RuntimeError(`Could not infer dtype of ${x === null ? 'NoneType' : typeof x}`);
  };
  visit(data, 0);
  return { shape, leaves, tensors };
}
function inferDtype(leaves: readonly Scalar[], tensors: readonly Tensor[]): DType {
  if (tensors.length) return tensors[0]!.dtype;
  let best = -1;
  for (const v of leaves) {
    const rank = typeof v === 'boolean' ? 0 : typeof v === 'bigint' ? 1 : v instanceof Complex ? 3 : 2;
    if (rank > best) best = rank;
  }
  if (best === 0) return bool;
  if (best === 1) return int64;
  if (best === 3) return get_default_dtype() === float64 ? complex128 : complex64;
  return get_default_dtype();
}

/**
 * A new tensor with a copy of nested arrays, a typed array, a number or a tensor.
 * Numbers make the default dtype, bigints int64, booleans bool, typed arrays their own.
 * @throws ValueError if the nesting is ragged.
 */
export function tensor(data: NestedArray | NDArray | readonly unknown[], options: TensorOptions = {}): Tensor {
  if (isNDArray(data)) return tensor(from_numpy(data), options);
  const device = placement(deviceOf(options.device ?? 'cpu'));
  let result: Tensor;
  if (data instanceof Tensor)
    result = data
      .detach()
      .to({ dtype: options.dtype ?? data.dtype })
      .clone();
  else if (isTypedArray(data)) {
    const own = typedArrayDtype(data);
    result = emptyTensor([data.length], options.dtype ?? own);
    if (data.length) backend.current.copy(result, tensorOf(data.slice(), [data.length], own));
  } else {
    const { shape, leaves, tensors } = flatten(data as NestedArray);
    const dtype = options.dtype ?? inferDtype(leaves, tensors);
    result = emptyTensor(shape, dtype);
    storeScalars(result, leaves);
    if (!options.dtype && tensors.length === 0 && leaves.length > 0 && dtype.is_floating_point) markWhole(result, leaves);
  }
  if (device.type === 'meta') result = emptyLike(new Layout(result.layout.shape, result.layout.stride, 0, result.dtype, device));
  if (options.requires_grad) result.requires_grad_(true);
  return result;
}
/** Note [Whole literals]: such a tensor may stand where integers are needed, so it must hold its numbers exactly. */
function markWhole(t: Tensor, leaves: readonly Scalar[]): void {
  if (!leaves.every((v) => typeof v === 'number' && Number.isInteger(v))) return;
  t._whole = true;
  const lost =
    t.dtype === float32 && leaves.find((v) => Math.abs(v as number) <= Number.MAX_SAFE_INTEGER && Math.fround(v as number) !== v);
  if (lost !== false && lost !== undefined) {
    throw new ValueError(
      `${lost} is not exact in float32; state the dtype: torch.tensor(…, { dtype: torch.int64 }) or { dtype: torch.float64 }`,
    );
  }
}
/** Writes scalars in logical order into a dense tensor. */
function storeScalars(t: Tensor, leaves: readonly Scalar[]): void {
  const n = leaves.length;
  if (n === 0) return;
  const { dtype } = t;
  const shape = t.layout.shape;
  if (dtype.is_complex) {
    const pairs = new Float64Array(2 * n);
    leaves.forEach((v, i) => {
      pairs[2 * i] = toNumber(v);
      pairs[2 * i + 1] = v instanceof Complex ? v.im : 0;
    });
    backend.current.copy(t, tensorOf(pairs, shape, complex128));
    return;
  }
  if (leaves.some((v) => v instanceof Complex)) throw new RuntimeError(`value cannot be converted to type ${dtype.cName} without overflow`);
  if (!dtype.is_floating_point && leaves.some((v) => typeof v === 'bigint' || Math.abs(toNumber(v)) > Number.MAX_SAFE_INTEGER)) {
    const whole = BigInt64Array.from(leaves, (v) => (typeof v === 'bigint' ? v : BigInt(Math.trunc(toNumber(v)))));
    if (dtype === int64 && leaves.some((v, i) => typeof v === 'bigint' && whole[i] !== v))
      throw new RuntimeError('Overflow when unpacking long');
    backend.current.copy(t, tensorOf(whole, shape, int64));
    return;
  }
  checkRange(dtype, leaves);
  backend.current.copy(t, tensorOf(Float64Array.from(leaves, toNumber), shape, float64));
}
function checkRange(dtype: DType, leaves: readonly Scalar[]): void {
  if (dtype.is_floating_point || dtype === bool || dtype === int64 || dtype === uint64) return;
  const bits = dtype.itemsize * 8;
  const lo = -(2 ** (bits - 1));
  const hi = 2 ** bits - 1;
  for (const v of leaves) {
    const x = toNumber(v);
    if (x < lo || x > hi) throw new RuntimeError(`value cannot be converted to type ${dtype.cName} without overflow`);
  }
}
