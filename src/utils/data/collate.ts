// From a list of samples to a batch.
import { float64 } from '../../core/dtype.ts';
import { RuntimeError } from '../../core/errors.ts';
import { Complex, FloatScalar } from '../../core/scalar.ts';
import { Tensor } from '../../core/tensor.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';

const isObject = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && (Object.getPrototypeOf(x) === Object.prototype || Object.getPrototypeOf(x) === null);
const isTypedArray = (x: unknown): x is Float32Array => ArrayBuffer.isView(x) && !(x instanceof DataView);
/** Python's floats, which make float64: numbers with a fraction, and those that are said to be floats. */
const isFloat = (x: unknown): boolean => x instanceof FloatScalar || (typeof x === 'number' && !Number.isInteger(x));

/**
 * Makes one batch of samples: tensors are stacked, numbers become a tensor, strings stay a list; lists, objects and maps of these are
 * collated element by element. Whole numbers may stand for class targets and indices (Note [Whole literals]).
 * @throws TypeError for anything else, RuntimeError for lists of different lengths.
 */
export function default_collate(batch: readonly unknown[]): unknown {
  const [first] = batch;
  if (first instanceof Tensor) return torch.stack(batch as Tensor[]);
  if (isTypedArray(first)) return torch.stack(batch.map((x) => tensor(x as Float32Array)));
  if (batch.some(isFloat)) return tensor(batch, { dtype: float64 });
  if (first instanceof Complex || ['number', 'bigint', 'boolean'].includes(typeof first)) return tensor(batch);
  if (typeof first === 'string') return batch;
  if (Array.isArray(first)) {
    const lists = batch as unknown[][];
    if (lists.some((x) => x.length !== first.length)) throw new RuntimeError('each element in list of batch should be of equal size');
    return first.map((_, i) => default_collate(lists.map((x) => x[i])));
  }
  if (first instanceof Map) {
    const maps = batch as Map<unknown, unknown>[];
    return new Map([...first.keys()].map((key) => [key, default_collate(maps.map((m) => m.get(key)))]));
  }
  if (isObject(first)) {
    const objects = batch as Record<string, unknown>[];
    return Object.fromEntries(Object.keys(first).map((key) => [key, default_collate(objects.map((o) => o[key]))]));
  }
  throw new TypeError(
    `default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found ${first === null ? 'null' : (first?.constructor?.name ?? typeof first)}`,
  );
}
/** What a loader without batches makes of a sample: typed arrays become tensors, all else stays. */
export function default_convert(data: unknown): unknown {
  if (isTypedArray(data)) return tensor(data);
  if (Array.isArray(data)) return data.map(default_convert);
  if (data instanceof Map) return new Map([...data].map(([key, v]) => [key, default_convert(v)]));
  if (isObject(data)) return Object.fromEntries(Object.entries(data).map(([key, v]) => [key, default_convert(v)]));
  return data;
}
