// The safetensors format: a JSON table of contents and the tensors' bytes; https://huggingface.co/docs/safetensors.
import * as dtypes from '../core/dtype.ts';
import type { DType } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import { emptyTensor, type Tensor } from '../core/tensor.ts';

/** Names of dtypes in files. Tensors are stored in this order, reversed, so that each is aligned; then by name. */
const NAMES: readonly (readonly [name: string, dtype: DType])[] = [
  ['BOOL', dtypes.bool],
  ['U8', dtypes.uint8],
  ['I8', dtypes.int8],
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

/** The row-major bytes of a tensor. */
function bytesOf(t: Tensor): Uint8Array {
  const dense = t.detach().resolve_conj().resolve_neg().contiguous();
  const { itemsize } = dense.dtype;
  if (dense.layout.numel === 0) return new Uint8Array(0);
  const view = dense.storage!.view(dense.dtype);
  return new Uint8Array(view.buffer, view.byteOffset + dense.layout.offset * itemsize, dense.layout.numel * itemsize);
}
/** The parts of a file: its head, then the bytes of each tensor. */
export function* encode(tensors: Readonly<Record<string, Tensor>>, metadata: Metadata | null = null): Generator<Uint8Array> {
  const rank = (t: Tensor): number => NAMES.findIndex(([, dtype]) => dtype === t.dtype);
  const ordered = Object.entries(tensors).sort(([a, s], [b, t]) => rank(t) - rank(s) || (a < b ? -1 : a > b ? 1 : 0));
  const table: Record<string, unknown> = metadata === null ? {} : { [METADATA]: metadata };
  let at = 0;
  for (const [name, t] of ordered) {
    const known = NAMES[rank(t)];
    if (!known) throw new TypeError(`safetensors cannot store ${name}: its dtype is ${t.dtype}`);
    if (name === METADATA) throw new ValueError(`a tensor cannot be called ${METADATA}`);
    const end = at + t.layout.numel * t.dtype.itemsize;
    Object.defineProperty(table, name, { value: { dtype: known[0], shape: [...t.layout.shape], data_offsets: [at, end] }, enumerable: true, configurable: true });
    at = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(table));
  const length = Math.ceil(json.length / PREFIX) * PREFIX;
  const head = new Uint8Array(PREFIX + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, PREFIX);
  yield head;
  for (const [, t] of ordered) yield bytesOf(t);
}

/** Reads bytes of a file into memory; fewer than asked for at its end. */
export interface Reader {
  readonly size: number;
  read(into: Uint8Array, from: number): number;
}
function readExactly(reader: Reader, into: Uint8Array, from: number): void {
  let done = 0;
  while (done < into.length) {
    const n = reader.read(into.subarray(done), from + done);
    if (n === 0) fail(`it ends after ${from + done} of at least ${from + into.length} bytes`);
    done += n;
  }
}
function table(reader: Reader): { json: Record<string, unknown>; dataStart: number } {
  if (reader.size < PREFIX) fail(`it has only ${reader.size} bytes`);
  const prefix = new Uint8Array(PREFIX);
  readExactly(reader, prefix, 0);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) fail(`its header claims ${length} bytes`);
  if (PREFIX + Number(length) > reader.size) fail(`its header claims ${length} bytes, but the file has ${reader.size}`);
  const text = new Uint8Array(Number(length));
  readExactly(reader, text, PREFIX);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (e) {
    fail(`its header is not JSON (${(e as Error).message})`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) fail('its header is not an object');
  return { json: json as Record<string, unknown>, dataStart: PREFIX + Number(length) };
}
const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
/** The entries in the order of their bytes, which must fill the file without gaps. */
function entries(json: Record<string, unknown>, available: number): Entry[] {
  const found = Object.entries(json)
    .filter(([name]) => name !== METADATA)
    .map(([name, raw]): Entry => {
      const about = raw as { dtype?: unknown; shape?: unknown; data_offsets?: unknown } | null;
      if (typeof about !== 'object' || about === null) return fail(`the entry ${name} is not an object`);
      const dtype = BY_NAME.get(String(about.dtype)) ?? fail(`the dtype of ${name} is ${String(about.dtype)}`);
      const shape = Array.isArray(about.shape) && about.shape.every(isCount) ? (about.shape as number[]) : fail(`the shape of ${name} is not a list of sizes`);
      const offsets = Array.isArray(about.data_offsets) && about.data_offsets.length === 2 && about.data_offsets.every(isCount) ? (about.data_offsets as number[]) : fail(`the data_offsets of ${name} are not two numbers`);
      const [begin, end] = offsets as [number, number];
      const nbytes = shape.reduce((a, b) => a * b, 1) * dtype.itemsize;
      if (end - begin !== nbytes) fail(`${name} is [${shape.join(', ')}] of ${String(about.dtype)}, ${nbytes} bytes, but its data_offsets are [${begin}, ${end}]`);
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
/** Reads all tensors. Nothing is allocated that the file does not hold. */
export function decode(reader: Reader): Record<string, Tensor> {
  const { json, dataStart } = table(reader);
  const pairs = entries(json, reader.size - dataStart).map(({ name, dtype, shape, begin, end }): [string, Tensor] => {
    const t = emptyTensor(shape, dtype);
    if (end > begin) {
      const view = t.storage!.view(dtype);
      readExactly(reader, new Uint8Array(view.buffer, view.byteOffset, end - begin), dataStart + begin);
    }
    return [name, t];
  });
  return Object.fromEntries(pairs);
}
/** The text that was stored with the tensors. */
export function decodeMetadata(reader: Reader): Metadata {
  return (table(reader).json[METADATA] as Metadata | undefined) ?? {};
}

const readerOf = (bytes: Uint8Array): Reader => ({
  size: bytes.length,
  read(into, from) {
    const part = bytes.subarray(from, from + into.length);
    into.set(part);
    return part.length;
  },
});
/** Tensors as the bytes of a safetensors file. */
export function save(tensors: Readonly<Record<string, Tensor>>, metadata: Metadata | null = null): Uint8Array {
  const parts = [...encode(tensors, metadata)];
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
/**
 * The tensors in the bytes of a safetensors file.
 * @throws ValueError saying what is wrong with them.
 */
export function load(bytes: Uint8Array): Record<string, Tensor> {
  return decode(readerOf(bytes));
}
