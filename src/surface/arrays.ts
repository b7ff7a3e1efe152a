// Exchange with arrays of JavaScript: ndarray-shaped objects (https://github.com/scijs/ndarray) that share a tensor's memory.
import { cpu } from '../core/device.ts';
import { type DType, dtypes } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { TypedArray } from '../core/storage.ts';
import { layoutName } from '../core/sparse.ts';
import { Tensor } from '../core/tensor.ts';
import { type NestedArray, type TensorOptions, tensor } from './construct.ts';
import { from_numpy, isNDArray, isTypedArray, type NDArray } from './ndarray.ts';

export { from_numpy, type NDArray } from './ndarray.ts';

declare module '../core/tensor.js' {
  interface Tensor {
    /**
     * The tensor as an array over the same memory: changes of one show in the other. float16 elements are given as their bits.
     * `force` detaches, copies to the CPU and resolves conjugation and negation first.
     * @throws RuntimeError if the tensor requires a gradient or has a pending conjugation or negation; TypeError for dtypes that NumPy lacks
     * (bfloat16, complex32, float8), sparse layouts and meta.
     */
    numpy(options?: { force?: boolean }): NDArray;
    /**
     * Moves the memory, with all views of it, to a SharedArrayBuffer. What `numpy()` gives may then be posted to a worker thread, where
     * `from_numpy` makes a tensor over the same memory.
     */
    share_memory_(): this;
    /** Whether the memory is a SharedArrayBuffer. */
    is_shared(): boolean;
  }
}

/** The dtypes that NumPy has. */
const NUMPY: ReadonlySet<DType> = new Set(
  Object.values(dtypes).filter(({ name }) => name !== 'bfloat16' && name !== 'complex32' && !name.startsWith('float8')),
);
function toArray(t: Tensor): NDArray {
  if (t.requires_grad) throw new RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
  if (t.layout.conj)
    throw new RuntimeError("Can't call numpy() on Tensor that has conjugate bit set. Use tensor.resolve_conj().numpy() instead.");
  if (t.layout.neg)
    throw new RuntimeError("Can't call numpy() on Tensor that has negative bit set. Use tensor.resolve_neg().numpy() instead.");
  if (t.layout.sparse) throw new TypeError(`can't convert ${layoutName(t)} layout tensor to numpy. Use Tensor.to_dense() first.`);
  if (t.device !== cpu)
    throw new TypeError(`can't convert ${t.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.`);
  if (!NUMPY.has(t.dtype)) throw new TypeError(`Got unsupported ScalarType ${t.dtype.scalarName}`);
  if (t.storage === null) throw new RuntimeError("Cannot access data pointer of Tensor that doesn't have storage");
  const { shape, stride, offset, dtype } = t.layout;
  t.storage.expose();
  return { data: t.storage.view(dtype), shape: [...shape], stride: [...stride], offset, dtype: dtype.name };
}
Object.defineProperty(Tensor.prototype, 'numpy', {
  value(this: Tensor, options: { force?: boolean } = {}): NDArray {
    return toArray(options.force ? this.detach().cpu().resolve_conj().resolve_neg() : this);
  },
  writable: true,
  configurable: true,
});
Object.defineProperties(Tensor.prototype, {
  share_memory_: {
    value(this: Tensor): Tensor {
      this.storage?.share();
      return this;
    },
    writable: true,
    configurable: true,
  },
  is_shared: {
    value(this: Tensor): boolean {
      return this.storage?.isShared ?? false;
    },
    writable: true,
    configurable: true,
  },
});

type ArrayLike = NestedArray | NDArray;
const isArray = (x: unknown): x is NDArray | TypedArray => isTypedArray(x) || isNDArray(x);

/**
 * The data as a tensor without a copy where that is possible: a tensor of that dtype and device is returned itself, with its history,
 * and arrays share their memory. Anything else goes through `torch.tensor`.
 */
export function as_tensor(data: ArrayLike, options: Pick<TensorOptions, 'dtype' | 'device'> = {}): Tensor {
  const shared = data instanceof Tensor ? data : isArray(data) ? from_numpy(data) : tensor(data, options);
  const dtype = options.dtype ?? shared.dtype;
  const place = options.device ?? shared.device;
  return dtype === shared.dtype && String(place) === String(shared.device) ? shared : shared.to({ dtype, device: place });
}

/** Like `as_tensor`, with a say in copying: `copy` true always copies, false fails where a copy is needed. The history goes. */
export function asarray(data: ArrayLike, options: TensorOptions & { copy?: boolean | null } = {}): Tensor {
  const { copy = null, requires_grad = false, ...kind } = options;
  const given = as_tensor(data, kind);
  const isShared = data instanceof Tensor ? given.storage === data.storage : isArray(data) && given.storage?.buffer === bufferOf(data);
  if (copy === false && !isShared) throw new ValueError("can't alias arbitrary sequence into a tensor.");
  const result = copy && isShared ? given.clone() : given;
  if (requires_grad) return result.requires_grad ? result : result.detach().requires_grad_();
  return result.requires_grad ? result.detach() : result;
}
const bufferOf = (array: NDArray | TypedArray): ArrayBufferLike => (ArrayBuffer.isView(array) ? array : array.data).buffer;
