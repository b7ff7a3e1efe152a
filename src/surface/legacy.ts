// Names that PyTorch keeps from before dtypes were objects: torch.Tensor(2, 3), torch.FloatTensor([1, 2]) and what goes with them.
import { type Device, device as deviceOf, placement } from '../core/device.ts';
import * as dtypes from '../core/dtype.ts';
import { type DType, get_default_dtype, set_default_dtype } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { Size } from '../core/size.ts';
import { emptyTensor, Tensor as CoreTensor } from '../core/tensor.ts';
import { isKwargs } from './bind.ts';
import { type NestedArray, tensor } from './construct.ts';
import { describe } from './describe.ts';

interface LegacyOptions {
  device?: Device | string | null;
}
/**
 * Makes a tensor in the old way, with or without `new`: whole numbers are the sizes of a tensor whose contents do not matter, a
 * sequence is its data, a tensor is taken as it is, and nothing makes an empty tensor.
 */
export interface LegacyConstructor {
  new (...sizes: readonly number[]): CoreTensor;
  new (data: readonly NestedArray[] | ArrayBufferView | Size | CoreTensor, options?: LegacyOptions): CoreTensor;
  (...sizes: readonly number[]): CoreTensor;
  (data: readonly NestedArray[] | ArrayBufferView | Size | CoreTensor, options?: LegacyOptions): CoreTensor;
  readonly prototype: CoreTensor;
  /** The dtype of the tensors that it makes. */
  readonly dtype: DType;
}

/** A constructor of tensors of one dtype, or (null) of the default dtype. */
function legacyConstructor(name: string, own: DType | null): LegacyConstructor {
  function construct(this: unknown, ...args: readonly unknown[]): CoreTensor {
    const made = make(args, own);
    // Classes that extend torch.Tensor get their own prototype.
    return new.target && new.target !== construct ? Object.setPrototypeOf(made, new.target.prototype as object) : made;
  }
  Object.defineProperties(construct, {
    name: { value: name },
    prototype: { value: CoreTensor.prototype },
    dtype: { get: () => own ?? get_default_dtype() },
    ...(own && { [Symbol.hasInstance]: { value: (x: unknown) => x instanceof CoreTensor && x.dtype === own } }),
  });
  return construct as unknown as LegacyConstructor;
}

function make(args: readonly unknown[], own: DType | null): CoreTensor {
  const last = args.at(-1);
  const options = isKwargs(last) ? (last as LegacyOptions) : {};
  const given = isKwargs(last) ? args.slice(0, -1) : args;
  const dtype = own ?? get_default_dtype();
  const device = placement(deviceOf(options.device ?? 'cpu'));
  const [first] = given;
  if (given.length === 0) return emptyTensor([0], dtype, device);
  if (first instanceof Size) return empty(first, dtype, device);
  if (isWhole(first)) return empty(sizes(given), dtype, device);
  if (first instanceof CoreTensor) return taken(first, own);
  if (Array.isArray(first) || ArrayBuffer.isView(first)) return tensor(first as NestedArray, { dtype, device });
  if (typeof first === 'number' || typeof first === 'boolean')
    throw new TypeError(`new(): data must be a sequence (got ${describe(first)})`);
  throw new TypeError(`new(): invalid data type '${describe(first)}'`);
}
const isWhole = (x: unknown): x is number | bigint => typeof x === 'bigint' || (typeof x === 'number' && Number.isInteger(x));
function sizes(given: readonly unknown[]): number[] {
  return given.map((size, i) => {
    if (isWhole(size)) return Number(size);
    throw new TypeError(
      `new(): argument 'size' failed to unpack the object at pos ${i + 1} with error "type must be tuple of ints,but got ${describe(size)}"`,
    );
  });
}
function empty(shape: readonly number[], dtype: DType, device: Device): CoreTensor {
  const negative = shape.find((size) => size < 0);
  if (negative !== undefined) throw new RuntimeError(`Trying to create tensor with negative dimension ${negative}: [${shape.join(', ')}]`);
  return emptyTensor([...shape], dtype, device);
}
function taken(t: CoreTensor, own: DType | null): CoreTensor {
  if (own !== null && t.dtype !== own)
    throw new TypeError(`expected ${optionsText(own, 'cpu')} (got ${optionsText(t.dtype, t.device.type)})`);
  return t.alias();
}
const optionsText = (dtype: DType, device: string): string =>
  `TensorOptions(dtype=${dtype.cName}, device=${device}, layout=Strided, requires_grad=false (default), pinned_memory=false (default), memory_format=(nullopt))`;

/** A tensor of the default dtype: see LegacyConstructor. `x instanceof torch.Tensor` holds for every tensor. */
export const Tensor = legacyConstructor('Tensor', null);
export type Tensor = CoreTensor;

export const FloatTensor = legacyConstructor('FloatTensor', dtypes.float32);
export const DoubleTensor = legacyConstructor('DoubleTensor', dtypes.float64);
export const HalfTensor = legacyConstructor('HalfTensor', dtypes.float16);
export const BFloat16Tensor = legacyConstructor('BFloat16Tensor', dtypes.bfloat16);
export const LongTensor = legacyConstructor('LongTensor', dtypes.int64);
export const IntTensor = legacyConstructor('IntTensor', dtypes.int32);
export const ShortTensor = legacyConstructor('ShortTensor', dtypes.int16);
export const CharTensor = legacyConstructor('CharTensor', dtypes.int8);
export const ByteTensor = legacyConstructor('ByteTensor', dtypes.uint8);
export const BoolTensor = legacyConstructor('BoolTensor', dtypes.bool);

const BY_NAME: ReadonlyMap<string, LegacyConstructor> = new Map(
  [FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor, LongTensor, IntTensor, ShortTensor, CharTensor, ByteTensor, BoolTensor].map(
    (type) => [`torch.${(type as unknown as { name: string }).name}`, type],
  ),
);

/**
 * Sets the default dtype by a tensor type, `torch.DoubleTensor` or `'torch.DoubleTensor'`.
 * @throws TypeError if it is no type of tensors, or not one of floating-point numbers.
 */
export function set_default_tensor_type(type: LegacyConstructor | string): void {
  const found = typeof type === 'string' ? BY_NAME.get(type) : type;
  if (!(found?.dtype instanceof dtypes.DType)) throw new TypeError('invalid type object');
  set_default_dtype(found.dtype);
}

/** Whether a value is a tensor. */
export const is_tensor = (x: unknown): x is CoreTensor => x instanceof CoreTensor;

/** The name of a value's type: `torch.FloatTensor` of a tensor, else that of its class. */
export function typename(x: unknown): string {
  if (x instanceof CoreTensor) return x.type();
  const type = (x as { constructor?: { __module__?: string; __name__?: string } } | null)?.constructor;
  const name = type?.__name__ ?? describe(x);
  return type?.__module__ ? `${type.__module__}.${name}` : name;
}
