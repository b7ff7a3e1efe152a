// From a list of samples to a batch.
import { cpu } from '../../core/device.ts';
import { float64 } from '../../core/dtype.ts';
import { PyTypeError as TypeError, RuntimeError } from '../../core/errors.ts';
import { Layout } from '../../core/layout.ts';
import { Complex, FloatScalar } from '../../core/scalar.ts';
import { Storage } from '../../core/storage.ts';
import { Tensor } from '../../core/tensor.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';
import { running } from './worker-info.ts';

const isObject = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && (Object.getPrototypeOf(x) === Object.prototype || Object.getPrototypeOf(x) === null);
const isTypedArray = (x: unknown): x is Float32Array => ArrayBuffer.isView(x) && !(x instanceof DataView);
/** Python's floats, which make float64: numbers with a fraction, and those that are said to be floats. */
const isFloat = (x: unknown): boolean => x instanceof FloatScalar || (typeof x === 'number' && !Number.isInteger(x));

/** How the samples of a class are made a batch. */
export type CollateFunction = (batch: readonly unknown[], options: { collate_fn_map: CollateMap }) => unknown;
export type CollateMap = Map<abstract new (...args: never[]) => unknown, CollateFunction>;
/** What `default_collate` asks for samples of a class that it does not know: add your own classes. */
export const default_collate_fn_map: CollateMap = new Map();

/**
 * Makes one batch of samples: tensors are stacked, numbers become a tensor, strings stay a list; lists, objects and maps of these are
 * collated element by element. Whole numbers may stand for class targets and indices (Note [Whole literals]); bigints make int64.
 *
 * See https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate.
 * @throws TypeError for anything else, RuntimeError for lists of different lengths and for sparse tensors.
 */
export function default_collate(batch: readonly unknown[]): unknown {
  const [first] = batch;
  if (first instanceof Tensor) return stacked(batch as Tensor[]);
  if (isTypedArray(first)) return stacked(batch.map((x) => tensor(x as Float32Array)));
  if (batch.some(isFloat)) return tensor(batch, { dtype: float64 });
  if (first instanceof Complex || ['number', 'bigint', 'boolean'].includes(typeof first)) return tensor(batch);
  if (typeof first === 'string') return batch;
  for (const [kind, collate] of default_collate_fn_map) {
    if (first instanceof kind) return collate(batch, { collate_fn_map: default_collate_fn_map });
  }
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
function stacked(batch: readonly Tensor[]): Tensor {
  const first = batch[0]!;
  if (batch.some((t) => t.layout.sparse)) {
    throw new RuntimeError(
      'Batches of sparse tensors are not currently supported by the default collate_fn; please provide a custom collate_fn to handle them appropriately.',
    );
  }
  const { shape, dtype, device } = first.layout;
  const plain = batch.every(
    (t) => t.dtype === dtype && t.device === cpu && !t.requires_grad && t.layout.plain && sameShape(t.layout.shape, shape),
  );
  return plain && device === cpu && running.worker !== null
    ? torch.stack([...batch], 0, { out: sharedEmpty([batch.length, ...shape], dtype) })
    : torch.stack([...batch]);
}
const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((n, i) => n === b[i]);
/** An uninitialised tensor in memory that threads share: what a worker collates into, so that nothing is copied again. */
export function sharedEmpty(shape: readonly number[], dtype: Tensor['dtype']): Tensor {
  const layout = Layout.dense([...shape], dtype, cpu);
  const nbytes = layout.numel * dtype.itemsize;
  const storage = new Storage(new SharedArrayBuffer(nbytes), 0, nbytes);
  return new Tensor(layout, storage, storage);
}
/** What a loader without batches makes of a sample: typed arrays become tensors, all else stays. */
export function default_convert(data: unknown): unknown {
  if (isTypedArray(data)) return tensor(data);
  if (Array.isArray(data)) return data.map(default_convert);
  if (data instanceof Map) return new Map([...data].map(([key, v]) => [key, default_convert(v)]));
  if (isObject(data)) return Object.fromEntries(Object.entries(data).map(([key, v]) => [key, default_convert(v)]));
  return data;
}
