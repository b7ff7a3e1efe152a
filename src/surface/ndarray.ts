// Tensors over memory that JavaScript has: typed arrays, and objects of the npm package `ndarray` (https://github.com/scijs/ndarray).
import { cpu } from '../core/device.ts';
import { type DType, type DTypeName, dtypes } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import { Layout } from '../core/layout.ts';
import { contiguousStrides, numel } from '../core/size.ts';
import { Storage, type TypedArray } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';

/** An array in the convention of the npm package `ndarray`. Strides and offset count elements; complex numbers are pairs in `data`. */
export interface NDArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
  readonly dtype: string;
}

export const isTypedArray = (x: unknown): x is TypedArray => ArrayBuffer.isView(x) && !(x instanceof DataView);
export function typedArrayDtype(a: TypedArray): DType {
  if (a instanceof Float32Array) return dtypes.float32;
  if (a instanceof Float64Array) return dtypes.float64;
  if (a instanceof BigInt64Array) return dtypes.int64;
  if (a instanceof BigUint64Array) return dtypes.uint64;
  if (a instanceof Int32Array) return dtypes.int32;
  if (a instanceof Int16Array) return dtypes.int16;
  if (a instanceof Int8Array) return dtypes.int8;
  if (a instanceof Uint16Array) return dtypes.uint16;
  if (a instanceof Uint32Array) return dtypes.uint32;
  // Of runtimes that have it: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Float16Array.
  return (a[Symbol.toStringTag] as string) === 'Float16Array' ? dtypes.float16 : dtypes.uint8;
}

/** An object that says how its data are to be read: what `Tensor.numpy()` gives, and objects of the npm package `ndarray`. */
export const isNDArray = (x: unknown): x is NDArray =>
  typeof x === 'object' && x !== null && !(x instanceof Tensor) && Array.isArray((x as Partial<NDArray>).shape) && 'data' in x;

/**
 * A tensor over the memory of a typed array or an ndarray: changes of one show in the other. The array's `dtype` decides where it
 * names one (`'float16'` over a Uint16Array); otherwise the kind of its data does.
 * @throws TypeError if it is no array, or its data is no typed array; ValueError for negative strides, and if the data is too short for
 * the shape.
 */
export function from_numpy(array: NDArray | TypedArray): Tensor {
  if (!isTypedArray(array) && !isNDArray(array)) throw new TypeError(`expected np.ndarray (got ${typeName(array)})`);
  const source: Partial<NDArray> & Pick<NDArray, 'data'> = isTypedArray(array) ? { data: array } : array;
  const { data } = source;
  if (!isTypedArray(data))
    throw new TypeError(
      "can't convert np.ndarray of type numpy.object_. The only supported types are: float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool.",
    );
  const dtype = namedDtype(source.dtype, data) ?? typedArrayDtype(data);
  const unit = dtype.is_complex ? 2 : 1;
  const shape = source.shape ?? [data.length / unit];
  const stride = source.stride ?? contiguousStrides(shape);
  const offset = source.offset ?? 0;
  if (stride.some((step) => step < 0)) {
    throw new ValueError(
      'At least one stride in the given numpy array is negative, and tensors with negative strides are not currently supported. (You can probably work around this by making a copy of your array  with array.copy().) ',
    );
  }
  const isWhole = [...shape, ...stride, offset].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!isWhole || stride.length !== shape.length)
    throw new ValueError(`shape [${shape.join(', ')}], stride [${stride.join(', ')}] and offset ${offset} describe no array`);
  const layout = new Layout([...shape], [...stride], offset, dtype, cpu);
  if (numel(shape) > 0 && layout.extent * unit > data.length)
    throw new ValueError(`an array of ${data.length} numbers is too short for the shape [${shape.join(', ')}]`);
  const storage = new Storage(data.buffer, data.byteOffset, data.byteLength);
  storage.exposed = true;
  return new Tensor(layout, storage, storage);
}
/** The dtype of that name, if its elements are as long as the data's. */
function namedDtype(name: string | undefined, data: TypedArray): DType | null {
  const found = name === undefined ? undefined : dtypes[name as DTypeName];
  return found && found.itemsize === data.BYTES_PER_ELEMENT * (found.is_complex ? 2 : 1) ? found : null;
}
/** What Python would call the type of a value. */
export function typeName(x: unknown): string {
  if (x === null || x === undefined) return 'NoneType';
  if (Array.isArray(x)) return 'list';
  if (typeof x === 'number') return Number.isInteger(x) ? 'int' : 'float';
  const names: Partial<Record<string, string>> = { string: 'str', boolean: 'bool', bigint: 'int', function: 'function' };
  return names[typeof x] ?? (Object.getPrototypeOf(x) === Object.prototype ? 'dict' : (x.constructor?.name ?? 'object'));
}
