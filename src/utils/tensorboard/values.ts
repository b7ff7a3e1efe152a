// What the writer takes for numbers: tensors, arrays of any kind, plain numbers.
import { float64 } from '../../core/dtype.ts';
import { AssertionError, NotImplementedError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { from_numpy, type NDArray } from '../../surface/arrays.ts';
import { tensor } from '../../surface/construct.ts';

export type Nested = readonly (number | bigint | boolean | Nested)[];
/** A tensor, a NumPy-shaped array, a typed array, or numbers in (nested) arrays. */
export type ArrayLike = Tensor | NDArray | NDArray['data'] | Nested;
export type ScalarLike = ArrayLike | number | bigint | boolean;

/** Numbers in row-major order, as NumPy's float64 has them, with the dtype that they came in. */
export interface Values {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly dtype: string;
}

const DTYPES = { number: 'float64', bigint: 'int64', boolean: 'bool' };
/**
 * The numbers of what the writer was given. JavaScript's own are float64.
 * @throws NotImplementedError for anything without numbers.
 */
export function make_np(x: unknown): Values {
  if (typeof x === 'number' || typeof x === 'bigint' || typeof x === 'boolean')
    return { data: Float64Array.of(Number(x)), shape: [1], dtype: DTYPES[typeof x as keyof typeof DTYPES] };
  const t = asTensor(x).detach();
  const { data, offset } = t.to_dense().to(float64).contiguous().numpy({ force: true });
  return { data: (data as Float64Array).slice(offset, offset + t.numel()), shape: [...t.shape], dtype: t.dtype.name };
}
/** The tensor that an argument stands for. */
export function asTensor(x: unknown): Tensor {
  if (x instanceof Tensor) return x;
  if (Array.isArray(x)) return tensor(x as Nested, hasNumbers(x) ? { dtype: float64 } : {});
  if (ArrayBuffer.isView(x) || (typeof x === 'object' && x !== null && 'data' in x && 'shape' in x)) return from_numpy(x as NDArray);
  throw new NotImplementedError(`Got ${describe(x)}, but numpy array or torch tensor are expected.`);
}
const hasNumbers = (x: Nested): boolean => x.some((item) => typeof item === 'number' || (Array.isArray(item) && hasNumbers(item)));
const describe = (x: unknown): string => (x === null ? 'null' : typeof x === 'object' ? x.constructor?.name : typeof x) ?? 'an object';

/**
 * One number.
 * @throws AssertionError unless there is exactly one.
 */
export function scalarOf(x: unknown): number {
  if (typeof x === 'number') return x;
  const { data, shape } = make_np(x);
  const dims = shape.filter((n) => n !== 1).length;
  if (dims !== 0)
    throw new AssertionError(`Tensor should contain one element (0 dimensions). Was given size: ${data.length} and ${dims} dimensions.`);
  return data[0]!;
}
