// Zip archives as checkpoints and .npz files use them. The container is read and written here, because checkpoints need stored entries at
// aligned positions, read one by one from files of any size; fflate compresses. APPNOTE.TXT of PKWARE has the format.
import { deflateSync, Inflate, inflateSync } from 'fflate';
import { ValueError } from '../core/errors.ts';
import { builtin } from '../core/host.ts';
import type { Source } from './source.ts';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const MAX16 = 0xffff;
const MAX32 = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;

const fail = (why: string): never => {
  throw new ValueError(`invalid zip archive: ${why}`);
};
const viewOf = (b: Uint8Array): DataView => new DataView(b.buffer, b.byteOffset, b.byteLength);
const big = (v: DataView, at: number): number => Number(v.getBigUint64(at, true));

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  /** Bytes in the archive, and after decompression. */
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
  readonly header: number;
}

/** Whether bytes start like an archive's. */
export const startsZip = (head: Uint8Array): boolean =>
  head.length >= 4 && (viewOf(head).getUint32(0, true) === LOCAL || viewOf(head).getUint32(0, true) === END);

/** An archive's entries, in order. Entries that overlap or lie outside the archive are refused: what is read is never more than the file holds. */
export class ZipReader {
  readonly entries = new Map<string, ZipEntry>();

  constructor(private readonly source: Source) {
    const { start, length, count } = this.directory();
    if (count * CENTRAL_BYTES > length) fail(`its directory of ${length} bytes cannot have ${count} entries`);
    const bytes = source.bytes(start, length);
    let at = 0;
    for (let i = 0; i < count; i++) at += this.add(bytes, at);
    const inOrder = [...this.entries.values()].sort((a, b) => a.header - b.header);
    for (const [i, e] of inOrder.entries())
      if (e.header + LOCAL_BYTES + e.packed > (inOrder[i + 1]?.header ?? start)) fail(`the entry ${e.name} reaches into what follows it`);
  }

  private directory(): { start: number; length: number; count: number } {
    const { source } = this;
    const tail = source.bytes(Math.max(0, source.size - END_BYTES - MAX16), Math.min(source.size, END_BYTES + MAX16));
    const v = viewOf(tail);
    let end = tail.length - END_BYTES;
    while (end >= 0 && !(v.getUint32(end, true) === END && end + END_BYTES + v.getUint16(end + 20, true) <= tail.length)) end--;
    if (end < 0) return fail('failed finding central directory');
    let [count, length, start] = [v.getUint16(end + 10, true), v.getUint32(end + 12, true), v.getUint32(end + 16, true)] as [
      number,
      number,
      number,
    ];
    if (count === MAX16 || length === MAX32 || start === MAX32) {
      const locator = end - 20;
      if (locator < 0 || v.getUint32(locator, true) !== LOCATOR64) fail('its zip64 directory is missing');
      const at = big(v, locator + 8);
      if (at + 56 > source.size) fail('its zip64 directory lies outside the file');
      const record = viewOf(source.bytes(at, 56));
      if (record.getUint32(0, true) !== END64) fail('its zip64 directory is damaged');
      [count, length, start] = [big(record, 32), big(record, 40), big(record, 48)];
    }
    if (start + length > source.size) fail('its directory lies outside the file');
    return { start, length, count };
  }

  /** Adds the entry at a position of the directory; gives its length there. */
  private add(directory: Uint8Array, at: number): number {
    const v = viewOf(directory);
    if (at + CENTRAL_BYTES > directory.length || v.getUint32(at, true) !== CENTRAL) fail('its directory is damaged');
    const [nameLength, extraLength, commentLength] = [v.getUint16(at + 28, true), v.getUint16(at + 30, true), v.getUint16(at + 32, true)];
    const total = CENTRAL_BYTES + nameLength + extraLength + commentLength;
    if (at + total > directory.length) fail('its directory is cut off');
    const name = new TextDecoder().decode(directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength));
    const fields = { size: v.getUint32(at + 24, true), packed: v.getUint32(at + 20, true), header: v.getUint32(at + 42, true) };
    wide(fields, directory.subarray(at + CENTRAL_BYTES + nameLength, at + CENTRAL_BYTES + nameLength + extraLength));
    const method = v.getUint16(at + 10, true);
    if (v.getUint16(at + 8, true) & 1) fail(`the entry ${name} is encrypted`);
    if (method !== STORED && method !== DEFLATED) fail(`the entry ${name} is compressed with method ${method}`);
    if (method === STORED && fields.packed !== fields.size) fail(`the stored entry ${name} has two sizes`);
    if (this.entries.has(name)) fail(`it has two entries ${name}`);
    this.entries.set(name, { name, method, crc: v.getUint32(at + 16, true), ...fields });
    return total;
  }

  private dataStart(e: ZipEntry): number {
    const { source } = this;
    if (e.header + LOCAL_BYTES > source.size) fail(`the entry ${e.name} lies outside the file`);
    const v = viewOf(source.bytes(e.header, LOCAL_BYTES));
    if (v.getUint32(0, true) !== LOCAL) fail(`the entry ${e.name} has no header`);
    const start = e.header + LOCAL_BYTES + v.getUint16(26, true) + v.getUint16(28, true);
    if (start + e.packed > source.size) fail(`the entry ${e.name} is cut off`);
    return start;
  }
  /** The content of an entry; `checked` compares it with the checksum of the archive. */
  read(e: ZipEntry, checked = false): Uint8Array {
    const data = this.source.bytes(this.dataStart(e), e.packed);
    const content = e.method === STORED ? data : inflate(e, data);
    if (checked && crc32(content) !== e.crc) fail(`the content of ${e.name} does not match its checksum`);
    return content;
  }
  /** Where the content of a stored entry begins. */
  position(e: ZipEntry): number | null {
    return e.method === STORED ? this.dataStart(e) : null;
  }
  /** Writes the content of an entry into memory of its size. */
  fill(e: ZipEntry, into: Uint8Array): void {
    if (e.method === STORED) this.source.fill(into, this.dataStart(e));
    else into.set(this.read(e));
  }
}
/** Sizes and positions beyond 32 bits stand in an extra field, in this order. */
function wide(fields: { size: number; packed: number; header: number }, extra: Uint8Array): void {
  const v = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + v.getUint16(at + 2, true)) {
    if (v.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    for (const key of ['size', 'packed', 'header'] as const) {
      if (fields[key] !== MAX32) continue;
      if (next + 8 > extra.length) fail('a zip64 field is cut off');
      fields[key] = big(v, next);
      next += 8;
    }
    return;
  }
}
/** Deflate cannot give more than 1032 bytes for one. A claim of far more than usual is measured before it gets its memory. */
function inflate(e: ZipEntry, data: Uint8Array): Uint8Array {
  if (e.size > data.length * 1032 + 64) fail(`the entry ${e.name} claims ${e.size} bytes in ${data.length}`);
  try {
    const length = e.size > 32 * data.length + 4096 ? inflatedLength(data, e.size) : e.size;
    if (length === e.size) {
      // One byte of room shows content that goes on.
      const content = inflateSync(data, { out: new Uint8Array(e.size + 1) });
      if (content.length === e.size) return content;
    }
  } catch (error) {
    return fail(`the entry ${e.name} cannot be decompressed (${(error as Error).message})`);
  }
  return fail(`the entry ${e.name} does not have ${e.size} bytes`);
}
/** How many bytes there are, up to one more than the limit. */
function inflatedLength(data: Uint8Array, limit: number): number {
  const piece = 4096;
  let length = 0;
  const stream = new Inflate((chunk) => {
    length += chunk.length;
  });
  for (let at = 0; at < data.length && length <= limit; at += piece) stream.push(data.subarray(at, at + piece), at + piece >= data.length);
  return Math.min(length, limit + 1);
}

/** What an archive is made of. */
export interface ZipItem {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
}
interface Written extends ZipEntry {
  readonly label: Uint8Array;
}
/**
 * The bytes of an archive, part by part: every entry's data starts at a multiple of `align`, the gap filled by PyTorch's padding field.
 * Entries and archives beyond 4 GiB take zip64 fields.
 */
export function* zipParts(items: Iterable<ZipItem>, align = 1): Generator<Uint8Array> {
  const written: Written[] = [];
  let at = 0;
  for (const { name, data, deflate = false } of items) {
    const label = new TextEncoder().encode(name);
    const body = deflate ? deflateSync(data) : data;
    const entry: Written = {
      name,
      label,
      method: deflate ? DEFLATED : STORED,
      packed: body.length,
      size: data.length,
      crc: crc32(data),
      header: at,
    };
    const sizes = entry.size >= MAX32 || entry.packed >= MAX32 ? field64([entry.size, entry.packed]) : new Uint8Array(0);
    const fixed = LOCAL_BYTES + label.length + sizes.length;
    const gap = align > 1 ? paddingField((align - ((at + fixed + 4) % align)) % align) : new Uint8Array(0);
    const head = new Uint8Array(fixed + gap.length);
    const v = viewOf(head);
    v.setUint32(0, LOCAL, true);
    shared(v, 4, entry, sizes.length > 0);
    v.setUint16(26, label.length, true);
    v.setUint16(28, sizes.length + gap.length, true);
    head.set(label, LOCAL_BYTES);
    head.set(sizes, LOCAL_BYTES + label.length);
    head.set(gap, fixed);
    written.push(entry);
    at += head.length + body.length;
    yield head;
    yield body;
  }
  const start = at;
  for (const entry of written) {
    const beyond = [entry.size, entry.packed, entry.header].filter((n) => n >= MAX32);
    const extra = beyond.length ? field64(beyond) : new Uint8Array(0);
    const record = new Uint8Array(CENTRAL_BYTES + entry.label.length + extra.length);
    const v = viewOf(record);
    v.setUint32(0, CENTRAL, true);
    v.setUint16(4, extra.length ? 45 : 20, true);
    shared(v, 6, entry, entry.size >= MAX32 || entry.packed >= MAX32);
    v.setUint16(28, entry.label.length, true);
    v.setUint16(30, extra.length, true);
    v.setUint32(42, Math.min(entry.header, MAX32), true);
    record.set(entry.label, CENTRAL_BYTES);
    record.set(extra, CENTRAL_BYTES + entry.label.length);
    at += record.length;
    yield record;
  }
  yield ending(written.length, start, at - start);
}
/** What local and central headers share, from "version needed" to the two sizes. */
function shared(v: DataView, at: number, e: Written, large: boolean): void {
  v.setUint16(at, large ? 45 : 20, true);
  v.setUint16(at + 2, 0x0800, true); // names are UTF-8
  v.setUint16(at + 4, e.method, true);
  v.setUint16(at + 8, 0x21, true); // 1980-01-01: the same content gives the same bytes
  v.setUint32(at + 10, e.crc, true);
  v.setUint32(at + 14, large ? MAX32 : e.packed, true);
  v.setUint32(at + 18, large ? MAX32 : e.size, true);
}
function field64(values: readonly number[]): Uint8Array {
  const field = new Uint8Array(4 + 8 * values.length);
  const v = viewOf(field);
  v.setUint16(0, 1, true);
  v.setUint16(2, 8 * values.length, true);
  for (const [i, n] of values.entries()) v.setBigUint64(4 + 8 * i, BigInt(n), true);
  return field;
}
function paddingField(length: number): Uint8Array {
  const field = new Uint8Array(4 + length).fill(0x5a);
  field.set([0x46, 0x42, length & 0xff, length >> 8]);
  return field;
}
function ending(count: number, start: number, length: number): Uint8Array {
  const large = count >= MAX16 || start >= MAX32 || length >= MAX32;
  const at = large ? 76 : 0;
  const out = new Uint8Array(at + END_BYTES);
  const v = viewOf(out);
  if (large) {
    v.setUint32(0, END64, true);
    v.setBigUint64(4, 44n, true);
    v.setUint16(12, 45, true);
    v.setUint16(14, 45, true);
    for (const [i, n] of [count, count, length, start].entries()) v.setBigUint64(24 + 8 * i, BigInt(n), true);
    v.setUint32(56, LOCATOR64, true);
    v.setBigUint64(64, BigInt(start + length), true);
    v.setUint32(72, 1, true);
  }
  v.setUint32(at, END, true);
  v.setUint16(at + 8, Math.min(count, MAX16), true);
  v.setUint16(at + 10, Math.min(count, MAX16), true);
  v.setUint32(at + 12, Math.min(length, MAX32), true);
  v.setUint32(at + 16, Math.min(start, MAX32), true);
  return out;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
/** CRC-32, by Node's own where there is one. */
export function crc32(data: Uint8Array): number {
  const zlib = builtin<{ crc32?(data: Uint8Array): number }>('zlib');
  if (zlib?.crc32) return zlib.crc32(data);
  let c = MAX32;
  for (let i = 0; i < data.length; i++) c = TABLE[(c ^ data[i]!) & 0xff]! ^ (c >>> 8);
  return (c ^ MAX32) >>> 0;
}
