// The safetensors format: a JSON table of contents and the tensors' bytes; https://huggingface.co/docs/safetensors.
import * as dtypes from '../core/dtype.ts';
import type { DType } from '../core/dtype.ts';
import { IndexError, KeyError, ValueError } from '../core/errors.ts';
import { emptyTensor, type Tensor } from '../core/tensor.ts';
import { deliver, type FileLike, isPath, openSource, type Source, withSource, writeAtomically } from './source.ts';
import { memoryOf } from './storages.ts';

/** Names of dtypes in files. Tensors are stored in this order, reversed, so that each is aligned; then by name. */
const NAMES: readonly (readonly [name: string, dtype: DType])[] = [
  ['BOOL', dtypes.bool],
  ['U8', dtypes.uint8],
  ['I8', dtypes.int8],
  ['F8_E5M2', dtypes.float8_e5m2],
  ['F8_E4M3', dtypes.float8_e4m3fn],
  ['F8_E5M2FNUZ', dtypes.float8_e5m2fnuz],
  ['F8_E4M3FNUZ', dtypes.float8_e4m3fnuz],
  ['I16', dtypes.int16],
  ['U16', dtypes.uint16],
  ['F16', dtypes.float16],
  ['BF16', dtypes.bfloat16],
  ['I32', dtypes.int32],
  ['U32', dtypes.uint32],
  ['F32', dtypes.float32],
  ['C64', dtypes.complex64],
  ['F64', dtypes.float64],
  ['I64', dtypes.int64],
  ['U64', dtypes.uint64],
];
const BY_NAME = new Map(NAMES);
const METADATA = '__metadata__';
/** The format's own limit. */
const MAX_HEADER = 100_000_000;
const PREFIX = 8;

/** Text that goes with the tensors. */
export type Metadata = Readonly<Record<string, string>>;
export type TensorsByName = Readonly<Record<string, Tensor>>;
interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}
const fail = (why: string): never => {
  throw new ValueError(`invalid safetensors file: ${why}`);
};

// ---- writing ----------------------------------------------------------------------------------------------------------
/** The row-major bytes of a tensor. */
function contentOf(t: Tensor): Uint8Array {
  const dense = t.detach().resolve_conj().resolve_neg().contiguous();
  const { itemsize } = dense.dtype;
  return dense.layout.numel === 0
    ? new Uint8Array(0)
    : memoryOf(dense.storage!).subarray(dense.layout.offset * itemsize, (dense.layout.offset + dense.layout.numel) * itemsize);
}
const sizeOf = (t: Tensor): number => t.layout.numel * t.dtype.itemsize;
/** The parts of a file: its head, then the bytes of each tensor. */
function* encode(tensors: TensorsByName, metadata: Metadata | null): Generator<Uint8Array> {
  const rank = (t: Tensor): number => NAMES.findIndex(([, dtype]) => dtype === t.dtype);
  const ordered = Object.entries(tensors).sort(([a, s], [b, t]) => rank(t) - rank(s) || (a < b ? -1 : a > b ? 1 : 0));
  const table: Record<string, unknown> = metadata === null ? {} : { [METADATA]: metadata };
  let at = 0;
  for (const [name, t] of ordered) {
    const known = NAMES[rank(t)];
    if (!known) throw new TypeError(`safetensors cannot store ${name}: its dtype is ${t.dtype}`);
    if (name === METADATA) throw new ValueError(`a tensor cannot be called ${METADATA}`);
    const end = at + sizeOf(t);
    Object.defineProperty(table, name, {
      value: { dtype: known[0], shape: [...t.layout.shape], data_offsets: [at, end] },
      enumerable: true,
      configurable: true,
    });
    at = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(table));
  const length = Math.ceil(json.length / PREFIX) * PREFIX;
  const head = new Uint8Array(PREFIX + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, PREFIX);
  yield head;
  for (const [, t] of ordered) yield contentOf(t);
}

export interface SafetensorsOptions {
  /** Text to go with the tensors. */
  metadata?: Metadata | null;
  /** Bytes of tensors a file: more are spread over `name-00001-of-00003.safetensors`, … with a table in `name.safetensors.index.json`. */
  max_shard_size?: number | null;
}
/**
 * Saves tensors by name. An existing file is replaced only once the new one is complete.
 * @param f The file's name (Node.js). Without one the bytes are returned.
 * @throws TypeError for a dtype that the format has no name for (complex128).
 */
export function save_safetensors(tensors: TensorsByName, f: string | URL, options?: SafetensorsOptions): void;
export function save_safetensors(tensors: TensorsByName, f?: undefined, options?: SafetensorsOptions): Uint8Array<ArrayBuffer>;
export function save_safetensors(
  tensors: TensorsByName,
  f?: string | URL,
  { metadata = null, max_shard_size = null }: SafetensorsOptions = {},
): Uint8Array<ArrayBuffer> | undefined {
  const shards = max_shard_size === null ? [tensors] : shardsOf(tensors, max_shard_size);
  if (shards.length === 1 || f === undefined) return deliver(encode(tensors, metadata), f);
  const stem = String(f).replace(/\.safetensors$/, '');
  const number = (n: number): string => String(n).padStart(5, '0');
  const weight_map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const path = `${stem}-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    writeAtomically(isPath(f) && f instanceof URL ? new URL(path) : path, encode(shard, metadata));
    for (const name of Object.keys(shard)) weight_map[name] = path.split(/[\\/]/).at(-1)!;
  }
  const index = { metadata: { total_size: Object.values(tensors).reduce((n, t) => n + sizeOf(t), 0) }, weight_map };
  const path = `${stem}.safetensors${INDEX}`;
  writeAtomically(f instanceof URL ? new URL(path) : path, [new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`)]);
  return undefined;
}
/** Filled in the order of the names, as Hugging Face's libraries do. */
function shardsOf(tensors: TensorsByName, limit: number): Record<string, Tensor>[] {
  const shards: Record<string, Tensor>[] = [{}];
  let used = 0;
  for (const [name, t] of Object.entries(tensors)) {
    if (used > 0 && used + sizeOf(t) > limit) {
      shards.push({});
      used = 0;
    }
    shards.at(-1)![name] = t;
    used += sizeOf(t);
  }
  return shards;
}

// ---- reading ----------------------------------------------------------------------------------------------------------
function table(source: Source): { json: Record<string, unknown>; dataStart: number } {
  if (source.size < PREFIX) fail(`it has only ${source.size} bytes`);
  const prefix = source.bytes(0, PREFIX);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) fail(`its header claims ${length} bytes`);
  if (PREFIX + Number(length) > source.size) fail(`its header claims ${length} bytes, but the file has ${source.size}`);
  return { json: jsonObject(source.bytes(PREFIX, Number(length)), 'its header'), dataStart: PREFIX + Number(length) };
}
function jsonObject(text: Uint8Array, what: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (e) {
    fail(`${what} is not JSON (${(e as Error).message})`);
  }
  return isObject(json) ? json : fail(`${what} is not an object`);
}
const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
/** The entries in the order of their bytes, which must fill the file without gaps. */
function entries(json: Record<string, unknown>, available: number): Entry[] {
  const found = Object.entries(json)
    .filter(([name]) => name !== METADATA)
    .map(([name, about]): Entry => {
      if (!isObject(about)) return fail(`the entry ${name} is not an object`);
      const dtype = BY_NAME.get(String(about.dtype)) ?? fail(`the dtype of ${name} is ${String(about.dtype)}`);
      const shape =
        Array.isArray(about.shape) && about.shape.every(isCount)
          ? (about.shape as number[])
          : fail(`the shape of ${name} is not a list of sizes`);
      const offsets =
        Array.isArray(about.data_offsets) && about.data_offsets.length === 2 && about.data_offsets.every(isCount)
          ? (about.data_offsets as number[])
          : fail(`the data_offsets of ${name} are not two numbers`);
      const [begin, end] = offsets as [number, number];
      const nbytes = shape.reduce((a, b) => a * b, 1) * dtype.itemsize;
      if (end - begin !== nbytes)
        fail(`${name} is [${shape.join(', ')}] of ${String(about.dtype)}, ${nbytes} bytes, but its data_offsets are [${begin}, ${end}]`);
      return { name, dtype, shape, begin, end };
    })
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of found) {
    if (begin !== at) fail(`the bytes of ${name} start at ${begin} instead of ${at}`);
    at = end;
  }
  if (at !== available) fail(`its tensors take ${at} bytes, but it holds ${available}: it is truncated or has something appended`);
  return found;
}
function metadataOf(json: Record<string, unknown>): Metadata {
  const found = json[METADATA] ?? {};
  return isObject(found) && Object.values(found).every((text) => typeof text === 'string')
    ? (found as Metadata)
    : fail('its metadata is not text by name');
}

/**
 * An open file whose tensors are read one at a time: `using file = safe_open('model.safetensors')`.
 * @throws ValueError saying what is wrong with a file that is truncated or no safetensors file.
 */
export class SafetensorsFile implements Disposable {
  private readonly byName: ReadonlyMap<string, Entry>;
  private readonly text: Metadata;
  private readonly dataStart: number;
  constructor(
    private readonly source: Source,
    private readonly release: () => void = () => {},
  ) {
    const { json, dataStart } = table(source);
    this.dataStart = dataStart;
    this.byName = new Map(entries(json, source.size - dataStart).map((e) => [e.name, e]));
    this.text = metadataOf(json);
  }
  keys(): string[] {
    return [...this.byName.keys()];
  }
  metadata(): Metadata {
    return this.text;
  }
  private entry(name: string): Entry {
    const found = this.byName.get(name);
    if (!found) throw new KeyError(`File does not contain tensor ${name}`);
    return found;
  }
  /** @throws KeyError if the file has no tensor of that name. */
  get_tensor(name: string): Tensor {
    const { dtype, shape, begin } = this.entry(name);
    return this.read(dtype, shape, begin);
  }
  /** Rows `start` to `end` of a tensor (its first dimension); the others are not read. */
  get_slice(name: string, start = 0, end?: number): Tensor {
    const { dtype, shape, begin } = this.entry(name);
    const [rows, ...rest] = shape;
    if (rows === undefined) throw new IndexError(`${name} has no dimensions to slice`);
    const clamp = (n: number): number => Math.min(Math.max(n < 0 ? n + rows : n, 0), rows);
    const first = clamp(start);
    const rowBytes = rest.reduce((a, b) => a * b, dtype.itemsize);
    return this.read(dtype, [Math.max(0, clamp(end ?? rows) - first), ...rest], begin + first * rowBytes);
  }
  private read(dtype: DType, shape: readonly number[], begin: number): Tensor {
    const t = emptyTensor(shape, dtype);
    if (t.layout.numel > 0) this.source.fill(memoryOf(t.storage!), this.dataStart + begin);
    return t;
  }
  /** All tensors by name. */
  tensors(): Record<string, Tensor> {
    return Object.fromEntries(this.keys().map((name) => [name, this.get_tensor(name)]));
  }
  close(): void {
    this.release();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
/** Opens a file to read single tensors, or parts of them. Close it, or declare it with `using`. */
export function safe_open(f: FileLike): SafetensorsFile {
  const { source, close } = openSource(f);
  try {
    return new SafetensorsFile(source, close);
  } catch (e) {
    close();
    throw e;
  }
}

const INDEX = '.index.json';
/**
 * All tensors of a file by name; of a table `….safetensors.index.json` those of all files that it names, which lie beside it.
 * Nothing is allocated that the file does not hold.
 * @param f The file's name (Node.js), its bytes, or a Blob; of a Blob a promise is returned.
 * @throws ValueError saying what is wrong with a file that is truncated or no safetensors file.
 */
export function load_safetensors(f: FileLike): Record<string, Tensor>;
export function load_safetensors(f: Blob): Promise<Record<string, Tensor>>;
export function load_safetensors(f: FileLike | Blob): Record<string, Tensor> | Promise<Record<string, Tensor>> {
  if (typeof Blob !== 'undefined' && f instanceof Blob) return f.arrayBuffer().then((buffer) => load_safetensors(buffer));
  const file = f as FileLike;
  if (isPath(file) && String(file).endsWith(INDEX)) return loadShards(file);
  return withSource(file, (source) => new SafetensorsFile(source).tensors());
}
function loadShards(index: string | URL): Record<string, Tensor> {
  const map = withSource(index, (source) => {
    if (source.size > MAX_HEADER) fail(`the table has ${source.size} bytes`);
    const { weight_map } = jsonObject(source.bytes(0, source.size), 'the table');
    if (!isObject(weight_map)) return fail('the table has no weight_map');
    // A table names files beside it and nothing else.
    for (const [name, file] of Object.entries(weight_map))
      if (typeof file !== 'string' || !/^[^/\\]+$/.test(file) || file === '..' || file === '.')
        fail(`the table puts ${name} into ${JSON.stringify(file)}`);
    return weight_map as Record<string, string>;
  });
  const beside = (name: string): string | URL =>
    index instanceof URL ? new URL(encodeURIComponent(name), index) : index.replace(/[^/\\]*$/, () => name);
  const found = new Map<string, Tensor>();
  for (const file of new Set(Object.values(map))) {
    withSource(beside(file), (source) => {
      const shard = new SafetensorsFile(source);
      for (const [name, home] of Object.entries(map)) if (home === file) found.set(name, shard.get_tensor(name));
    });
  }
  return Object.fromEntries(Object.keys(map).map((name) => [name, found.get(name)!]));
}

// ---- the names of Python's safetensors.torch -----------------------------------------------------------------------------
/** `save_safetensors` under Python's name. */
export function save_file(tensors: TensorsByName, filename: string | URL, metadata: Metadata | null = null): void {
  save_safetensors(tensors, filename, { metadata });
}
/** `load_safetensors` under Python's name. */
export function load_file(filename: string | URL): Record<string, Tensor> {
  return load_safetensors(filename);
}
/** The text stored with the tensors of a file. */
export function load_metadata(f: FileLike): Metadata {
  return withSource(f, (source) => new SafetensorsFile(source).metadata());
}
