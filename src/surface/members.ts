// Members of Tensor that are no operators: properties, conversion to JavaScript, autograd's part, indexing.
import { backward as runBackward } from '../autograd/engine.ts';
import { escape, type Node, type RemovableHandle, type TensorHook } from '../autograd/node.ts';
import { accumulatorOf, edgeOf, gradFn, registerHook, requiresGrad, viewRecord } from '../autograd/views.ts';
import { complexes, integers, reals } from '../backend/reference/arrays.ts';
import { outliveAll } from '../autograd/scope.ts';
import { Category, type DType, isDifferentiable } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { formatTensor } from '../core/format.ts';
import { Complex, type Scalar } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import type { Size } from '../core/size.ts';
import { isCompressed, isCoo } from '../core/sparse.ts';
import { readable, Tensor } from '../core/tensor.ts';
import type { Level } from '../dispatch/state.ts';
import { type Index, at, setAt } from './index-syntax.ts';

export type Nested<T> = T | Nested<T>[];
declare module '../core/tensor.js' {
  interface Tensor {
    /** Whether operations on the tensor are recorded. */
    requires_grad: boolean;
    /** The accumulated gradient of a leaf, or of a tensor that retains it. */
    grad: Tensor | null;
    readonly grad_fn: Node | null;
    readonly is_leaf: boolean;
    readonly retains_grad: boolean;
    /** The same memory without history, with a version counter of its own. */
    data: Tensor;
    readonly _base: Tensor | null;
    readonly is_cuda: boolean;
    readonly is_sparse: boolean;
    readonly itemsize: number;
    readonly nbytes: number;
    readonly names: readonly null[];
    requires_grad_(requires_grad?: boolean): this;
    backward(
      gradient?: Tensor | null,
      options?: {
        retain_graph?: boolean | null;
        create_graph?: boolean;
        inputs?: Tensor | readonly Tensor[] | null;
        gradient?: Tensor | null;
      },
    ): void;
    backward(options?: {
      gradient?: Tensor | null;
      retain_graph?: boolean | null;
      create_graph?: boolean;
      inputs?: Tensor | readonly Tensor[] | null;
    }): void;
    register_hook(hook: TensorHook): RemovableHandle;
    register_post_accumulate_grad_hook(hook: (t: Tensor) => void): RemovableHandle;
    retain_grad(): void;
    /** x[…] in Python. */
    at(...indices: Index[]): Tensor;
    /** x[…] = value in Python. */
    set(indices: readonly Index[] | Index, value: Tensor | Scalar | readonly unknown[]): this;
    /** The value of a one-element tensor. */
    item<T extends number | bigint | boolean = number>(): T;
    tolist(): unknown;
    dim(): number;
    ndimension(): number;
    nelement(): number;
    numel(): number;
    size(): Size;
    size(dim: number): number;
    stride(): number[];
    stride(dim: number): number;
    storage_offset(): number;
    element_size(): number;
    data_ptr(): number;
    is_contiguous(options?: unknown): boolean;
    is_floating_point(): boolean;
    is_complex(): boolean;
    is_signed(): boolean;
    is_conj(): boolean;
    is_neg(): boolean;
    is_inference(): boolean;
    get_device(): number;
    type(): string;
    readonly length: number;
    [Symbol.iterator](): IterableIterator<Tensor>;
  }
}

const P = Tensor.prototype;
function getter<K extends keyof Tensor>(name: K, get: (t: Tensor) => Tensor[K], set?: (t: Tensor, v: Tensor[K]) => void): void {
  Object.defineProperty(P, name, {
    get(this: Tensor) {
      return get(this);
    },
    ...(set && {
      set(this: Tensor, v: Tensor[K]) {
        set(this, v);
      },
    }),
    configurable: true,
  });
}
function method(name: string, body: (this: Tensor, ...args: never[]) => unknown): void {
  Object.defineProperty(P, name, { value: body, writable: true, configurable: true });
}

// ---- autograd -----------------------------------------------------------------------------------------------------
getter('requires_grad', requiresGrad, (t, on) => {
  setRequiresGrad(t, on);
});
getter(
  'grad',
  (t) => t._grad && escape(t._grad),
  (t, g) => {
    if (g !== null && !(g instanceof Tensor))
      throw new TypeError(`assigned grad expected to be a Tensor or None but got grad of type ${typeof g}`);
    if (g && g.layout.shape.join() !== t.layout.shape.join()) {
      throw new RuntimeError(`assigned grad has data of a different size`);
    }
    t._grad = g && escape(g);
    outliveAll(g);
  },
);
getter('grad_fn', gradFn);
getter('is_leaf', (t) => gradFn(t) === null);
getter('retains_grad', (t) => {
  const e = t._node && edgeOf(t);
  return Boolean(e?.node.retained?.has(e.nr));
});
getter(
  'data',
  (t) => {
    const r = new Tensor(t.layout, t.storage, { version: 0 });
    r.level = t.level;
    r.value = t.value;
    r.bdim = t.bdim;
    return r;
  },
  (t, v) => {
    t.layout = v.layout;
    t.storage = v.storage;
    outliveAll(v);
    t.value = v.value;
  },
);
getter('_base', (t) => viewRecord(t)?.base ?? null);
getter('is_cuda', () => false);
getter('is_sparse', isCoo);
getter('itemsize', (t) => t.dtype.itemsize);
getter('nbytes', (t) => {
  if (t.layout.sparse)
    throw new RuntimeError(
      'nbytes is not defined for sparse tensors.  If you want the size of the constituent tensors, add the nbytes of the indices and values.  If you want the size of the  equivalent dense tensor, multiply numel() by element_size()',
    );
  return t.layout.numel * t.dtype.itemsize;
});
getter('names', (t) => t.layout.shape.map(() => null));
Object.defineProperty(P, 'length', {
  get(this: Tensor) {
    if (this.ndim === 0) throw new TypeError('len() of a 0-d tensor');
    return this.layout.shape[0];
  },
  configurable: true,
});

function setRequiresGrad(t: Tensor, on: boolean): void {
  if (on && !isDifferentiable(t.dtype)) throw new RuntimeError('only Tensors of floating point dtype can require gradients');
  if (!on && gradFn(t) !== null) {
    throw new RuntimeError(
      "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
    );
  }
  if (gradFn(t) === null) t._requires_grad = on;
}
method('requires_grad_', function (this: Tensor, on = true) {
  setRequiresGrad(this, on);
  return this;
});
interface BackwardOptions {
  gradient?: Tensor | null;
  retain_graph?: boolean | null;
  create_graph?: boolean;
  inputs?: Tensor | readonly Tensor[] | null;
}
method(
  'backward',
  function (this: Tensor, first?: Tensor | BackwardOptions | null, second?: BackwardOptions | boolean | null, third?: boolean) {
    const positional: BackwardOptions = first instanceof Tensor ? { gradient: first } : (first ?? {});
    const options: BackwardOptions =
      typeof second === 'boolean'
        ? { ...positional, retain_graph: second, create_graph: third ?? false }
        : { ...positional, ...(second ?? {}) };
    const { gradient, retain_graph, create_graph, inputs } = options;
    if (!requiresGrad(this)) throw new RuntimeError('element 0 of tensors does not require grad and does not have a grad_fn');
    const list = inputs instanceof Tensor ? [inputs] : inputs;
    runBackward([this], [gradient ?? null], this.level as Level | null, {
      create_graph: create_graph ?? false,
      ...(retain_graph == null ? {} : { retain_graph }),
      ...(list ? { inputs: list, accumulate: true } : {}),
    });
  },
);
method('register_hook', function (this: Tensor, hook: TensorHook) {
  return registerHook(this, hook);
});
method('register_post_accumulate_grad_hook', function (this: Tensor, hook: (t: Tensor) => void) {
  if (!this.requires_grad) throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  if (this.grad_fn) throw new RuntimeError('post accumulate grad hooks cannot be registered on non-leaf tensors');
  const n = accumulatorOf(this);
  n.postAccumulate ??= [];
  n.postAccumulate.push(hook);
  return {
    remove: () => {
      n.postAccumulate = n.postAccumulate?.filter((h) => h !== hook) ?? null;
    },
  };
});
method('retain_grad', function (this: Tensor) {
  if (!this.requires_grad) throw new RuntimeError("can't retain_grad on Tensor that has requires_grad=False");
  if (this.is_leaf) return;
  const { node, nr } = edgeOf(this)!;
  node.retained ??= new Map();
  node.retained.set(nr, (g) => {
    this._grad = g.clone();
    outliveAll(this._grad);
  });
});

// ---- metadata -----------------------------------------------------------------------------------------------------
method('dim', function (this: Tensor) {
  return this.ndim;
});
method('ndimension', function (this: Tensor) {
  return this.ndim;
});
method('numel', function (this: Tensor) {
  return this.layout.numel;
});
method('nelement', function (this: Tensor) {
  return this.layout.numel;
});
method('size', function (this: Tensor, dim?: number) {
  return dim === undefined || dim === null ? this.layout.size : this.layout.shape[wrapDim(dim, this.ndim, false)];
});
/** @throws RuntimeError for compressed layouts, which do not have it. */
function requireStrides(t: Tensor, what: string): void {
  if (isCompressed(t)) throw new RuntimeError(`Sparse CSR tensors do not have ${what}`);
}
method('stride', function (this: Tensor, dim?: number) {
  requireStrides(this, 'strides');
  return dim === undefined || dim === null ? [...this.layout.stride] : this.layout.stride[wrapDim(dim, this.ndim, false)];
});
method('storage_offset', function (this: Tensor) {
  return this.layout.offset;
});
method('element_size', function (this: Tensor) {
  return this.dtype.itemsize;
});
method('is_floating_point', function (this: Tensor) {
  return this.dtype.is_floating_point;
});
method('is_complex', function (this: Tensor) {
  return this.dtype.is_complex;
});
method('is_signed', function (this: Tensor) {
  return this.dtype.is_signed;
});
method('is_conj', function (this: Tensor) {
  return this.layout.conj;
});
method('is_neg', function (this: Tensor) {
  return this.layout.neg;
});
method('is_inference', () => false);
method('get_device', () => -1);
method('is_contiguous', function (this: Tensor, options?: { memory_format?: unknown }) {
  requireStrides(this, 'is_contiguous');
  if (this.layout.sparse) return false;
  const format = options && 'memory_format' in options ? options.memory_format : options;
  if (!format || String(format) === 'torch.contiguous_format') return this.layout.contiguous;
  return this.contiguous({ memory_format: format as never }) === this;
});
method('type', function (this: Tensor, dtype?: DType | string) {
  if (dtype === undefined) return `torch.${TYPE_NAMES[this.dtype.name] ?? this.dtype.scalarName}Tensor`;
  if (typeof dtype === 'string') {
    const name = dtype.replace(/^torch\./, '').replace(/Tensor$/, '');
    const found = Object.entries(TYPE_NAMES).find(([, n]) => n === name)?.[0];
    if (!found) throw new ValueErrorType(`invalid type: '${dtype}'`);
    return this.to(dtypeByName(found));
  }
  return this.to(dtype);
});
class ValueErrorType extends Error {
  override name = 'ValueError';
}
const TYPE_NAMES: Readonly<Record<string, string>> = {
  bool: 'Bool',
  uint8: 'Byte',
  int8: 'Char',
  int16: 'Short',
  int32: 'Int',
  int64: 'Long',
  float16: 'Half',
  bfloat16: 'BFloat16',
  float32: 'Float',
  float64: 'Double',
  complex64: 'ComplexFloat',
  complex128: 'ComplexDouble',
};
import { dtypes } from '../core/dtype.ts';
const dtypeByName = (n: string): DType => dtypes[n as keyof typeof dtypes];

// ---- to JavaScript ------------------------------------------------------------------------------------------------
function known(given: Tensor): Tensor {
  const t = readable(given);
  if (t.device.type === 'meta') throw new RuntimeError('Tensor.item() cannot be called on meta tensors');
  if (t.layout.sparse) throw new RuntimeError("Cannot access data pointer of Tensor that doesn't have storage");
  return t;
}
function scalars(given: Tensor): (number | bigint | boolean | Complex)[] {
  const t = known(given);
  const c = t.dtype.category;
  if (c === Category.Complex) {
    const x = complexes(t);
    return Array.from({ length: t.layout.numel }, (_, i) => new Complex(x[2 * i], x[2 * i + 1]));
  }
  if (c === Category.Floating) return Array.from(reals(t));
  const x = integers(t);
  if (c === Category.Bool) return Array.from(x, (v) => v !== 0n);
  const unsigned = t.dtype.name === 'uint64';
  return Array.from(x, (v) => integerValue(unsigned ? BigInt.asUintN(64, v) : v));
}
const integerValue = (v: bigint): number | bigint =>
  v >= BigInt(Number.MIN_SAFE_INTEGER) && v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : v;
method('item', function (this: Tensor) {
  if (this.layout.numel !== 1) throw new RuntimeError(`a Tensor with ${this.layout.numel} elements cannot be converted to Scalar`);
  return scalars(this.layout.sparse ? this.detach().to_dense() : this)[0];
});
method('tolist', function (this: Tensor) {
  const flat = scalars(this);
  const shape = this.layout.shape;
  let k = 0;
  const build = (d: number): unknown => (d === shape.length ? flat[k++] : Array.from({ length: shape[d]! }, () => build(d + 1)));
  return build(0);
});
method('at', function (this: Tensor, ...indices: Index[]) {
  return at(this, indices);
});
method('set', function (this: Tensor, indices: readonly Index[] | Index, value: Tensor | Scalar) {
  return setAt(this, Array.isArray(indices) ? (indices as readonly Index[]) : [indices as Index], value);
});
Object.defineProperty(P, Symbol.iterator, {
  value: function* (this: Tensor) {
    if (this.ndim === 0) throw new TypeError('iteration over a 0-d tensor');
    for (let i = 0; i < this.layout.shape[0]!; i++) yield this.select(0, i);
  },
  configurable: true,
  writable: true,
});
method('toString', function (this: Tensor) {
  return formatTensor(this);
});
Object.defineProperty(P, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Tensor) {
    return this.toString();
  },
  configurable: true,
});
Object.defineProperty(P, Symbol.toPrimitive, {
  value(this: Tensor, hint: string) {
    if (hint === 'string') return this.toString();
    throw new TypeError('a Tensor is not a JavaScript number: use .add(), .mul(), … for arithmetic and .item() for its value');
  },
  configurable: true,
});
