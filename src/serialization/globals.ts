// The globals that a checkpoint may name, and what each makes here. Nothing else is ever called.
import * as dtypes from '../core/dtype.ts';
import { DType, isDifferentiable } from '../core/dtype.ts';
import { device } from '../core/device.ts';
import { RuntimeError, UnpicklingError } from '../core/errors.ts';
import { sparse_coo, sparse_csc, sparse_csr, TensorLayout } from '../core/formats.ts';
import { Layout } from '../core/layout.ts';
import { Complex } from '../core/scalar.ts';
import { Size } from '../core/size.ts';
import { Storage } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { Parameter } from '../nn/parameter.ts';
import { sparse_compressed_tensor, sparse_coo_tensor } from '../surface/sparse.ts';
import { Dict, SafeFunction } from './pickle-reader.ts';
import { LoadedStorage, StorageType } from './storages.ts';

const fail = (why: string): never => {
  throw new UnpicklingError(`Weights only load failed. ${why}`);
};
function expect<T>(x: unknown, right: (x: unknown) => x is T, what: string): T {
  return right(x) ? x : fail(`A ${what} was expected.`);
}
const isSizes = (x: unknown): x is readonly number[] => Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
const isStorage = (x: unknown): x is LoadedStorage => x instanceof LoadedStorage;
const isIterable = (x: unknown): x is Iterable<unknown> => Array.isArray(x) || x instanceof Set || x instanceof Dict;

function tensorOver(
  source: LoadedStorage,
  dtype: DType,
  offset: unknown,
  size: unknown,
  stride: unknown,
  requiresGrad: unknown,
  metadata: unknown,
): Tensor {
  const shape = [...expect(size, isSizes, 'list of sizes')];
  const strides = [...expect(stride, isSizes, 'list of strides')];
  if (strides.length !== shape.length) fail(`A tensor has ${shape.length} sizes and ${strides.length} strides.`);
  if (!Number.isSafeInteger(offset) || (offset as number) < 0) throw new RuntimeError(`Tensor: invalid storage offset ${String(offset)}`);
  const flag = (name: string): boolean => metadata instanceof Dict && metadata.get(name) === true;
  if (source.offset % dtype.itemsize) fail('A tensor begins between two elements.');
  const from = source.offset / dtype.itemsize;
  const layout = new Layout(shape, strides, (offset as number) + from, dtype, source.device, flag('conj'), flag('neg'));
  if (layout.conj && !dtype.is_complex) fail('A tensor of real numbers is marked as conjugated.');
  const required = (layout.extent - from) * dtype.itemsize;
  if (!Number.isSafeInteger(layout.numel) || !Number.isSafeInteger(required) || (layout.numel > 0 && required > source.nbytes))
    throw new RuntimeError(
      `setStorage: sizes [${shape.join(', ')}], strides [${strides.join(', ')}], storage offset ${String(offset)}, and itemsize ${dtype.itemsize} requiring a storage size of ${required} are out of bounds for storage of size ${source.nbytes}`,
    );
  return differentiable(new Tensor(layout, source.storage, source.storage), requiresGrad);
}
function differentiable(t: Tensor, requiresGrad: unknown): Tensor {
  if (requiresGrad === true) {
    if (!isDifferentiable(t.dtype)) throw new RuntimeError('only Tensors of floating point dtype can require gradients');
    t._requires_grad = true;
  }
  return t;
}
function parameter([data, requiresGrad]: readonly unknown[]): Parameter {
  const t = expect(data, isTensor, 'tensor');
  if (requiresGrad === true) differentiable(t, true);
  return new Parameter(t, requiresGrad === true);
}
/** Its indices are always checked, as the weights-only loader of PyTorch does. */
function sparse([layout, data]: readonly unknown[]): Tensor {
  const parts = expect(data, (x): x is unknown[] => Array.isArray(x), 'tuple');
  const tensors = parts.slice(0, layout === sparse_coo ? 2 : 3).map((x) => expect(x, isTensor, 'tensor'));
  const size = [...expect(parts[tensors.length], isSizes, 'list of sizes')];
  const values = tensors[tensors.length - 1]!;
  const check_invariants = values.device.type !== 'meta';
  const [outer, inner] = tensors as [Tensor, Tensor];
  if (layout === sparse_coo) return sparse_coo_tensor(outer, values, size, { is_coalesced: parts[3] === true, check_invariants });
  if (layout !== sparse_csr && layout !== sparse_csc) return fail(`Sparse tensors of layout ${String(layout)} are not read.`);
  return sparse_compressed_tensor(outer, inner, values, size, { layout: layout as TensorLayout, check_invariants });
}
/** Python 2's and 3's way of pickling bytes with protocol 2: text in Latin-1. */
function encode([text, encoding]: readonly unknown[]): Uint8Array {
  if (typeof text !== 'string' || (encoding !== 'latin1' && encoding !== 'utf-8' && encoding !== undefined))
    return fail(`Bytes are encoded as ${String(encoding)}.`);
  if (encoding !== 'latin1') return new TextEncoder().encode(text);
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) fail('Bytes are no Latin-1 text.');
  return bytes;
}
function dict([items]: readonly unknown[]): Dict {
  const found = new Dict();
  if (items === undefined) return found;
  for (const pair of items instanceof Dict ? items : expect(items, isIterable, 'list of pairs')) {
    if (!Array.isArray(pair) || pair.length !== 2 || (typeof pair[0] === 'object' && pair[0] !== null))
      return fail('A dict is made of something other than pairs.');
    found.set(pair[0], pair[1]);
  }
  return found;
}

const STORAGES: Readonly<Record<string, DType>> = {
  Double: dtypes.float64,
  Float: dtypes.float32,
  Half: dtypes.float16,
  BFloat16: dtypes.bfloat16,
  Long: dtypes.int64,
  Int: dtypes.int32,
  Short: dtypes.int16,
  Char: dtypes.int8,
  Byte: dtypes.uint8,
  Bool: dtypes.bool,
  ComplexDouble: dtypes.complex128,
  ComplexFloat: dtypes.complex64,
};
/** PyTorch's storage class of a dtype; dtypes without one are saved as bytes. */
export const storageClass = (d: DType): string | null => Object.entries(STORAGES).find(([, dtype]) => dtype === d)?.[0] ?? null;

type Function = (args: readonly unknown[]) => unknown;
const functions: Readonly<Record<string, Function>> = {
  'collections.OrderedDict': dict,
  'collections.Counter': dict,
  'builtins.set': ([items = []]) => new Set(expect(items, isIterable, 'list')),
  'builtins.complex': ([re, im]) =>
    typeof re === 'number' && typeof im === 'number' ? new Complex(re, im) : fail('A complex number has other parts than numbers.'),
  'builtins.bytearray': ([bytes, encoding]) =>
    bytes instanceof Uint8Array ? bytes.slice() : bytes === undefined ? new Uint8Array(0) : encode([bytes, encoding]),
  '_codecs.encode': encode,
  'torch.Size': ([sizes]) => new Size(expect(sizes, isSizes, 'list of sizes')),
  'torch.device': ([type, index]) =>
    typeof type === 'string' ? device(type, typeof index === 'number' ? index : null) : fail('A device has no name.'),
  'torch.serialization._get_layout': ([name]) =>
    [sparse_coo, sparse_csr, sparse_csc].find((l) => String(l) === name) ?? new TensorLayout(String(name).replace(/^torch\./, '')),
  'torch._utils._rebuild_tensor': ([storage, offset, size, stride]) => rebuilt([storage, offset, size, stride, false]),
  'torch._utils._rebuild_tensor_v2': (args) => rebuilt(args),
  'torch._utils._rebuild_tensor_v3': ([storage, offset, size, stride, requires_grad, , dtype, metadata]) =>
    tensorOver(
      expect(storage, isStorage, 'storage'),
      expect(dtype, (d): d is DType => d instanceof DType, 'dtype'),
      offset,
      size,
      stride,
      requires_grad,
      metadata,
    ),
  'torch._utils._rebuild_meta_tensor_no_storage': ([dtype, size, stride, requires_grad]) => {
    const d = expect(dtype, (x): x is DType => x instanceof DType, 'dtype');
    const nowhere = new LoadedStorage(new Storage(null, 0, Number.MAX_SAFE_INTEGER, true), d, device('meta'));
    return tensorOver(nowhere, d, 0, size, stride, requires_grad, null);
  },
  'torch._utils._rebuild_parameter': parameter,
  'torch._utils._rebuild_parameter_with_state': parameter,
  'torch._utils._rebuild_sparse_tensor': sparse,
  'torch._tensor._rebuild_from_type_v2': ([make, , args]) =>
    make instanceof SafeFunction && make.name.startsWith('torch._utils._rebuild_') && Array.isArray(args)
      ? make.call(args)
      : fail('A tensor is rebuilt in an unknown way.'),
};
const rebuilt: Function = ([storage, offset, size, stride, requires_grad, , metadata]) => {
  const source = expect(storage, isStorage, 'storage');
  return tensorOver(source, source.dtype, offset, size, stride, requires_grad, metadata);
};

const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...Object.entries(functions).map(([name, call]): [string, unknown] => [name, new SafeFunction(name, call)]),
  ...Object.entries(STORAGES).flatMap(([name, dtype]) =>
    ['torch', 'torch.cuda'].map((module): [string, unknown] => [`${module}.${name}Storage`, new StorageType(name, dtype)]),
  ),
  ['torch.storage.UntypedStorage', new StorageType('Untyped', dtypes.uint8, true)],
  ...Object.values(dtypes.dtypes).map((d): [string, unknown] => [String(d), d]),
  ['torch.Tensor', 'torch.Tensor'],
  [
    'torch.nn.parameter.Parameter',
    new SafeFunction('torch.nn.parameter.Parameter', ([data, requires_grad = true]) => parameter([data, requires_grad])),
  ],
]);

/** The names of everything that `torch.load` accepts in a checkpoint: a fixed list of classes and functions that hold data. */
export const get_safe_globals = (): string[] => [...GLOBALS.keys()].sort();

/** Python 2 called the module of built-in names otherwise. */
const MODULES: Readonly<Record<string, string>> = { __builtin__: 'builtins' };
/** @throws UnpicklingError naming a global that is not on the list. */
export function safeGlobal(module: string, name: string): unknown {
  const full = `${MODULES[module] ?? module}.${name}`;
  const found = GLOBALS.get(full);
  if (found !== undefined) return found;
  const isModule = /^torch\.nn\.modules\.|^torch\.optim\./.test(full) || module === '__main__';
  return fail(
    `Unsupported global: GLOBAL ${module}.${name} was not an allowed global by default. Files run no code here: torch.serialization.get_safe_globals() lists what they may name.${isModule ? ' A whole object was saved, which needs its Python class; save its state_dict() in Python instead.' : ''}`,
  );
}
