// torch.save and torch.load: PyTorch's checkpoint files. A zip archive holds a pickle of the object and one entry a storage; before
// PyTorch 1.6 the pickle was followed by the storages' bytes. Python objects are never made: see globals.ts.
import { Device, meta } from '../core/device.ts';
import { type DType, DType as DTypeClass } from '../core/dtype.ts';
import { EOFError, RuntimeError, UnpicklingError, ValueError } from '../core/errors.ts';
import { Storage } from '../core/storage.ts';
import { aliasOf, Tensor } from '../core/tensor.ts';
import { Layout } from '../core/layout.ts';
import { Parameter } from '../nn/parameter.ts';
import { safeGlobal, storageClass } from './globals.ts';
import { Cursor, type Environment, SafeFunction, unpickle } from './pickle-reader.ts';
import { PickleWriter } from './pickle-writer.ts';
import { deliver, type FileLike, isPath, type Source, swapBytes, withSource } from './source.ts';
import { isCoo, partsOf } from '../core/sparse.ts';
import { LoadedStorage, type MapLocation, memoryOf, type StorageId, storageId, Storages, StorageType } from './storages.ts';
import { startsZip, type ZipEntry, zipParts, type ZipItem, ZipReader } from './zip.ts';

// ---- reading ----------------------------------------------------------------------------------------------------------
export interface LoadOptions {
  /** Where storages are placed: see `MapLocation`. */
  map_location?: MapLocation;
  /** Accepted for PyTorch's sake: files never run code here, whatever it says. */
  weights_only?: boolean | null;
  /** Maps the file, so that only what is used is read; needs its name and the native backend, otherwise it is read at once. */
  mmap?: boolean | null;
}
const CORRUPTED =
  'If you are seeing this error, there is a high likelihood that your checkpoint file is corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the file was modified after saving.';
/** Of storages that are used where they lie. */
const ALIGNMENT = 16;
const MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/**
 * Loads what `torch.save` wrote, here or in PyTorch: zip checkpoints and the format before them. Dicts become plain objects (Maps where
 * their keys are neither all text nor all indices), tuples frozen arrays, sets Sets, bytes Uint8Arrays, ints beyond 2⁵³ bigints.
 * A bare storage gives a vector over it.
 * See https://pytorch.org/docs/stable/generated/torch.load.html.
 * @param f The file's name (Node.js), its bytes, or a Blob; of a Blob a promise is returned.
 * @throws UnpicklingError naming any class or function that is not in `torch.serialization.get_safe_globals()`, and for damaged pickles;
 * RuntimeError for damaged archives, TorchScript archives and tensors that do not fit their storage; EOFError for files that end early.
 */
export function load<T = unknown>(f: FileLike, map_location?: MapLocation, options?: LoadOptions): T;
export function load<T = unknown>(f: FileLike, options?: LoadOptions): T;
export function load<T = unknown>(f: Blob, options?: LoadOptions): Promise<T>;
export function load<T>(f: FileLike | Blob, second?: MapLocation | LoadOptions, third?: LoadOptions): T | Promise<T> {
  const options = third ?? (isOptions(second) ? second : {});
  const map = options.map_location ?? (isOptions(second) ? null : (second ?? null));
  if (typeof Blob !== 'undefined' && f instanceof Blob)
    return f.arrayBuffer().then((buffer) => load<T>(buffer, { ...options, map_location: map }));
  if (options.mmap && !isPath(f)) throw new ValueError('f must be a file path in order to use the mmap argument');
  return withSource(f as FileLike, (source) => read(source, map, options.mmap ?? false) as T);
}
const OPTIONS = ['map_location', 'weights_only', 'mmap', 'pickle_module', 'encoding'];
const isOptions = (x: unknown): x is LoadOptions =>
  typeof x === 'object' &&
  x !== null &&
  !(x instanceof Device) &&
  !(x instanceof Map) &&
  Object.keys(x).every((key) => OPTIONS.includes(key));

function read(source: Source, map: MapLocation, mmap: boolean): unknown {
  if (source.size === 0) throw new EOFError('Ran out of input: the file is empty');
  const head = source.bytes(0, Math.min(source.size, 512));
  if (startsZip(head)) return readArchive(source, map, mmap);
  if (new TextDecoder('latin1').decode(head.subarray(257, 262)) === 'ustar')
    throw new UnpicklingError('the checkpoint is a tar archive, from before PyTorch 0.1.10: load and save it once in Python');
  if (head[0] !== 0x80)
    throw new UnpicklingError(`invalid load key, '\\x${head[0]!.toString(16).padStart(2, '0')}': this is no file of torch.save`);
  if (mmap) throw new RuntimeError('mmap can only be used with files in the zip format of torch.save');
  return readLegacy(source, map);
}

function readArchive(source: Source, map: MapLocation, mmap: boolean): unknown {
  const zip = opened(source);
  const file = mmap ? (source.map?.() ?? null) : null;
  const prefix = [...zip.entries.keys()][0]?.split('/')[0] ?? '';
  const entry = (name: string): ZipEntry => {
    const found = zip.entries.get(`${prefix}/${name}`);
    if (!found) throw new RuntimeError(`PytorchStreamReader failed locating file ${name}: file not found. ${CORRUPTED}`);
    return found;
  };
  if (zip.entries.has(`${prefix}/constants.pkl`))
    throw new RuntimeError(
      'this is a TorchScript archive (torch.jit.save): it holds a program. Save the state_dict() of the module with torch.save instead.',
    );
  const pickle = entry('data.pkl');
  const order = zip.entries.get(`${prefix}/byteorder`);
  const isBig = order !== undefined && order.size < 16 && new TextDecoder().decode(zip.read(order)) === 'big';
  const storages = new Storages(map, (id) => {
    const record = entry(`data/${id.key}`);
    const { itemsize, scalarName } = id.type.dtype;
    if (record.size !== id.nbytes)
      throw new RuntimeError(
        `record size (${record.size} bytes) does not match expected size (${id.nbytes} bytes = ${id.nbytes / itemsize} elements * ${itemsize} bytes/element) for dtype ${scalarName}`,
      );
    const at = file && !isBig && id.nbytes > 0 ? zip.position(record) : null;
    return {
      fill: (storage) => filled(storage, isBig, id, (into) => zip.fill(record, into)),
      mapped: file && at !== null && at % ALIGNMENT === 0 ? new Storage(file, at, id.nbytes) : null,
    };
  });
  return unpickle(new Cursor(memory(zip.read(pickle))), { global: safeGlobal, persistent: (id) => storages.get(storageId(id)), leaf });
}
function opened(source: Source): ZipReader {
  try {
    return new ZipReader(source);
  } catch (e) {
    if (e instanceof ValueError)
      throw new RuntimeError(
        `PytorchStreamReader failed reading zip archive: ${e.message.replace(/^invalid zip archive: /, '')}. ${CORRUPTED}`,
      );
    throw e;
  }
}
const memory = (data: Uint8Array): Source => ({
  size: data.length,
  fill: (into, from) => into.set(data.subarray(from, from + into.length)),
  bytes: (from, length) => data.subarray(from, from + length),
});
function filled(storage: Storage, isBig: boolean, { type, nbytes }: StorageId, fill: (into: Uint8Array) => void): void {
  const into = memoryOf(storage).subarray(0, nbytes);
  fill(into);
  if (isBig) swapBytes(into, type.dtype.is_complex ? type.dtype.itemsize / 2 : type.dtype.itemsize);
}
/** A storage on its own becomes a vector over it; functions and classes are no data. */
function leaf(x: unknown): unknown {
  if (x instanceof LoadedStorage)
    return new Tensor(
      new Layout([Math.floor(x.nbytes / x.dtype.itemsize)], [1], x.offset / x.dtype.itemsize, x.dtype, x.device),
      x.storage,
      x.storage,
    );
  if (x instanceof SafeFunction || x instanceof StorageType) return refuse(`it holds ${x.name} itself, which is no data`);
  return x;
}

/** Magic number, version, system, object, the keys of its storages; then each storage: its length as int64 and its elements. */
function readLegacy(source: Source, map: MapLocation): unknown {
  const cursor = new Cursor(source);
  const plain: Environment = { global: safeGlobal, persistent: () => refuse('its head refers to storages'), leaf };
  if (unpickle(cursor, plain) !== MAGIC) refuse('it does not begin with the magic number of torch.save');
  const version = unpickle(cursor, plain);
  if (version !== LEGACY_PROTOCOL) refuse(`its version is ${String(version)}, not ${LEGACY_PROTOCOL}`);
  const system = unpickle(cursor, plain) as { little_endian?: unknown } | null;
  const isBig = system?.little_endian === false;
  // The bytes come after the pickle: memory is taken now, of what the rest of the file can hold, and filled then.
  const awaited = new Map<string, { id: StorageId; storage: Storage | null }>();
  let room = cursor.left;
  const storages = new Storages(map, (id) => {
    room -= id.nbytes;
    if (room < 0) throw new EOFError(`the storage ${id.key} of ${id.nbytes} bytes is longer than what is left of the file`);
    awaited.set(id.key, { id, storage: null });
    return {
      fill: (storage) => {
        awaited.get(id.key)!.storage = storage;
      },
    };
  });
  const object = unpickle(cursor, { global: safeGlobal, persistent: (id) => part(storages.get(storageId(id)), storageId(id)), leaf });
  const keys = unpickle(cursor, plain);
  if (!Array.isArray(keys)) return refuse('the list of its storages is missing');
  for (const key of keys) {
    const { id, storage } = awaited.get(String(key)) ?? refuse(`it has a storage ${String(key)} that nothing refers to`);
    const size = cursor.take(8);
    const count = Number(new DataView(size.buffer, size.byteOffset, 8).getBigInt64(0, true));
    if (count * id.type.dtype.itemsize !== id.nbytes)
      refuse(`the storage ${String(key)} has ${count} elements instead of ${id.nbytes / id.type.dtype.itemsize}`);
    awaited.delete(String(key));
    if (storage) filled(storage, isBig, id, (into) => cursor.fill(into));
    else cursor.skip(id.nbytes);
  }
  if ([...awaited.values()].some(({ id }) => id.nbytes > 0)) refuse(`its storage ${[...awaited.keys()][0]} is missing`);
  return object;
}
const refuse = (why: string): never => {
  throw new UnpicklingError(`invalid checkpoint: ${why}`);
};
/** Before PyTorch 0.4 a storage could be a part of another: (key, offset, size) in elements. */
function part(whole: LoadedStorage, { type, nbytes, more: [view] }: StorageId): LoadedStorage {
  if (view == null) return whole;
  const [, offset, size] = Array.isArray(view) ? (view as unknown[]) : [];
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(size) || (offset as number) < 0 || (size as number) < 0)
    refuse('a part of a storage has no position');
  const [at, length] = [(offset as number) * type.dtype.itemsize, (size as number) * type.dtype.itemsize];
  if (at + length > nbytes) refuse('a part of a storage reaches beyond it');
  return new LoadedStorage(whole.storage, whole.dtype, whole.device, at, length);
}

// ---- writing ----------------------------------------------------------------------------------------------------------
export interface SaveOptions {
  /** Only 2, which is PyTorch's default: other protocols are no better for tensors, and its safe reader refuses them. */
  pickle_protocol?: 2;
}
/**
 * Saves an object that PyTorch's `torch.load` reads: tensors with their strides and shared storages, Parameters, state dicts, numbers,
 * text, arrays, frozen arrays (tuples), Sets, Maps, plain objects, bytes, dtypes, devices. Whole numbers are ints (`torch.scalar(1,
 * { float: true })` is Python's `1.0`); keys of a plain object that are all array indices are ints, a Map says the kind of its keys.
 * A file is replaced only when the new one is complete. See https://pytorch.org/docs/stable/generated/torch.save.html.
 * @param f The file's name (Node.js). Without one the bytes are returned.
 * @throws TypeError for modules, optimizers, functions and other classes: save their `state_dict()`.
 */
export function save(obj: unknown, f: string | URL, options?: SaveOptions): void;
export function save(obj: unknown): Uint8Array<ArrayBuffer>;
export function save(obj: unknown, f?: string | URL, { pickle_protocol = 2 }: SaveOptions = {}): Uint8Array<ArrayBuffer> | undefined {
  if (pickle_protocol !== 2) throw new ValueError(`pickle_protocol must be 2 (got ${String(pickle_protocol)})`);
  if (f !== undefined && !isPath(f)) throw new TypeError('f must be the name of a file; without it torch.save returns the bytes');
  const name =
    f === undefined
      ? ''
      : String(f)
          .split(/[\\/]/)
          .at(-1)!
          .replace(/\.[^.]*$/, '');
  return deliver(zipParts(archive(obj, name || 'archive'), 64), f);
}
function archive(obj: unknown, prefix: string): ZipItem[] {
  const storages = new Map<Storage, { key: number; dtype: DType }>();
  const pickle = new PickleWriter((x, w) => writeObject(x, w, storages)).pickle(obj);
  const text = (name: string, content: string): ZipItem => ({ name: `${prefix}/${name}`, data: new TextEncoder().encode(content) });
  return [
    { name: `${prefix}/data.pkl`, data: pickle },
    text('.format_version', '1'),
    text('.storage_alignment', '64'),
    text('byteorder', 'little'),
    ...[...storages].map(([storage, { key, dtype }]) => ({
      name: `${prefix}/data/${key}`,
      data: memoryOf(storage).subarray(0, elementsOf(storage, dtype) * dtype.itemsize),
    })),
    text('version', '3\n'),
  ];
}
function writeObject(x: object, w: PickleWriter, storages: Map<Storage, { key: number; dtype: DType }>): boolean {
  if (x instanceof DTypeClass) w.global('torch', x.name);
  else if (x instanceof Device) w.call('torch', 'device', () => [w.text(x.type), x.index === null || w.integer(x.index)]);
  else if (!(x instanceof Tensor)) return false;
  else if (x.layout.sparse) writeSparse(x, w);
  else if (x instanceof Parameter)
    w.call(
      'torch._utils',
      '_rebuild_parameter',
      () => [writeTensor(aliasOf(x, x.layout), w, storages), w.value(x.requires_grad), noHooks(w)],
      x,
    );
  else writeTensor(x, w, storages, x);
  return true;
}
const elementsOf = (s: Storage, dtype: DType): number => Math.floor(s.nbytes / dtype.itemsize);
const noHooks = (w: PickleWriter): void => w.call('collections', 'OrderedDict', () => {});
const sizes = (w: PickleWriter, list: readonly number[]): void => w.tuple(() => w.integers(list));

function writeTensor(t: Tensor, w: PickleWriter, storages: Map<Storage, { key: number; dtype: DType }>, key?: Tensor): void {
  const { shape, stride, offset, dtype, device, conj, neg } = t.layout;
  if (t.storage === null) throw new RuntimeError('cannot save a tensor of a transform: it has no memory of its own');
  if (device === meta) {
    w.call(
      'torch._utils',
      '_rebuild_meta_tensor_no_storage',
      () => [w.global('torch', dtype.name), sizes(w, shape), sizes(w, stride), w.value(t.requires_grad)],
      key,
    );
    return;
  }
  const known = storages.get(t.storage);
  if (known && known.dtype !== dtype)
    throw new RuntimeError('Cannot save multiple tensors or storages that view the same data as different types');
  if (!known) storages.set(t.storage, { key: storages.size, dtype });
  const { key: number } = storages.get(t.storage)!;
  const typed = storageClass(dtype);
  const storage = (): void => {
    w.tuple(() => {
      w.text('storage');
      typed ? w.global('torch', `${typed}Storage`) : w.global('torch.storage', 'UntypedStorage');
      w.text(String(number));
      w.text('cpu');
      w.integer(elementsOf(t.storage!, dtype) * (typed ? 1 : dtype.itemsize));
    });
    w.op(0x51);
  };
  const metadata = (): void => {
    if (conj || neg) w.value(new Map([...(conj ? [['conj', true] as const] : []), ...(neg ? [['neg', true] as const] : [])]));
  };
  w.call(
    'torch._utils',
    typed ? '_rebuild_tensor_v2' : '_rebuild_tensor_v3',
    () => {
      storage();
      w.integer(offset);
      sizes(w, shape);
      sizes(w, stride);
      w.value(t.requires_grad);
      noHooks(w);
      if (!typed) w.global('torch', dtype.name);
      metadata();
    },
    key,
  );
}
function writeSparse(t: Tensor, w: PickleWriter): void {
  const { indices, values, coalesced } = partsOf(t);
  w.call(
    'torch._utils',
    '_rebuild_sparse_tensor',
    () => [
      w.call('torch.serialization', '_get_layout', () => w.text(String(t.layout))),
      w.tuple(() => [...indices.map((x) => w.value(x)), w.value(values), w.value(t.shape), ...(isCoo(t) ? [w.value(coalesced)] : [])]),
    ],
    t,
  );
}
