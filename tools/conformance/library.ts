// The one place where the runner touches the library: its namespace, and the memory of its tensors.
import { decode, gather, itemSize, type Values } from './array.ts';

/** What the runner uses of a tensor. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: { readonly name: string };
  requires_grad: boolean;
  readonly grad: Tensor | null;
  readonly storage: { view(dtype: unknown): ArrayBufferView } | null;
  readonly layout: { readonly stride: readonly number[]; readonly offset: number; readonly conj: boolean; readonly neg: boolean };
}

export type Callable = (...args: unknown[]) => unknown;
export type Constructor = new (...args: unknown[]) => object;
type Namespace = Readonly<Record<string, unknown>>;

/** The methods that give the parts of a sparse tensor, by layout. */
export const SPARSE_PARTS: Readonly<Record<string, readonly string[]>> = {
  sparse_coo: ['_indices', '_values'],
  sparse_csr: ['crow_indices', 'col_indices', 'values'],
  sparse_csc: ['ccol_indices', 'row_indices', 'values'],
  sparse_bsr: ['crow_indices', 'col_indices', 'values'],
  sparse_bsc: ['ccol_indices', 'row_indices', 'values'],
};

export class Library {
  /** `modules` holds, by dotted path, what Python imports apart from torch itself. */
  constructor(
    readonly torch: Namespace,
    private readonly modules: Readonly<Record<string, Namespace>> = {},
  ) {}

  /** A member by its dotted path from `torch`; undefined when there is none. */
  find(path: string): unknown {
    const module = Object.keys(this.modules).find((name) => path.startsWith(`${name}.`));
    const [root, rest] = module ? [this.modules[module]!, path.slice(module.length + 1)] : [this.torch, path];
    return rest.split('.').reduce<unknown>((at, name) => (at === undefined || at === null ? undefined : (at as Namespace)[name]), root);
  }
  /** A member that has to be there. */
  get<T = Callable>(path: string): T {
    const found = this.find(path);
    if (found === undefined) throw new Error(`the library has no torch.${path}`);
    return found as T;
  }
  call<T = unknown>(path: string, ...args: unknown[]): T {
    return this.get(path)(...args) as T;
  }
  build<T = unknown>(path: string, ...args: unknown[]): T {
    return new (this.get<Constructor>(path))(...args) as T;
  }

  isTensor(x: unknown): x is Tensor {
    return x instanceof this.get<Constructor>('Tensor');
  }
  dtype(name: string): unknown {
    return this.get<unknown>(name);
  }

  /** A tensor with the given contents in memory of its own. */
  tensor(dtype: string, shape: readonly number[], bytes: Uint8Array): Tensor {
    const tensor = this.call<Tensor>('empty', [...shape], { dtype: this.dtype(dtype) });
    if (bytes.length > 0) this.memory(tensor).set(bytes);
    return tensor;
  }

  /** All bytes of a tensor's storage. */
  memory(tensor: Tensor): Uint8Array {
    if (tensor.storage === null) throw new Error('the tensor has no memory');
    const { buffer, byteOffset, byteLength } = tensor.storage.view(tensor.dtype);
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** The row-major bytes of a tensor as it lies in memory, without pending conjugation or negation. */
  bytes(tensor: Tensor): Uint8Array {
    if (/sparse/.test(String(tensor.layout))) return Buffer.concat(this.parts(tensor).map((part) => this.bytes(part)));
    const size = itemSize(tensor.dtype.name);
    if (tensor.shape.includes(0)) return new Uint8Array(0);
    return gather(this.memory(tensor), size, tensor.shape, tensor.layout.stride, tensor.layout.offset);
  }

  /** The parts of a sparse tensor. */
  parts(tensor: Tensor): Tensor[] {
    const parts = SPARSE_PARTS[String(tensor.layout).replace('torch.', '')];
    return (parts ?? []).map((name) => this.method<Tensor>(tensor, name));
  }

  /** The numbers of a tensor. */
  values(tensor: Tensor): Values {
    const { conj, neg } = tensor.layout;
    const values = decode(tensor.dtype.name, [...tensor.shape], this.bytes(tensor));
    if (values.imag && conj) for (let i = 0; i < values.imag.length; i++) values.imag[i] = -values.imag[i]!;
    if (neg)
      for (const part of [values.real, values.imag])
        if (part instanceof Float64Array) for (let i = 0; i < part.length; i++) part[i] = -part[i]!;
    return values;
  }

  sharesStorage(a: Tensor, b: Tensor): boolean {
    return a.storage !== null && a.storage === b.storage;
  }

  /** A method of a library object. */
  method<T = unknown>(object: unknown, name: string, ...args: unknown[]): T {
    const found = (object as Record<string, Callable>)[name];
    if (typeof found !== 'function') throw new Error(`the library's ${(object as object).constructor.name} has no ${name}()`);
    return found.apply(object, args) as T;
  }

  manualSeed(seed: number | bigint): void {
    this.call('manual_seed', seed);
  }

  /** The pairs of a state dict or another mapping. */
  entries(mapping: unknown): [string, unknown][] {
    return mapping instanceof Map ? [...(mapping as Map<string, unknown>)] : Object.entries(mapping as object);
  }
}

/** Loads the library, computing on one backend if it is named. */
export async function loadLibrary(backend?: string): Promise<Library> {
  if (backend) process.env.FLAMBEAU_BACKEND = backend;
  const load = async (entry: string): Promise<Namespace> => (await import(`../../src/${entry}`)) as Namespace;
  return new Library(await load('index.ts'), {
    'utils.tensorboard': await load('utils/tensorboard/index.ts'),
    keras: await load('keras/index.ts'),
  });
}
