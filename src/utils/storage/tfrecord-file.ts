// Files of TFRecords: a sequence of records with checksums, and an index of where each begins.
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { EOFError, IndexError, ValueError } from '../../core/errors.ts';
import { NewFile, openSource, type Source, writeAtomically } from '../../serialization/source.ts';
import { encodeRecord, recordAt } from '../tensorboard/records.ts';
import { pathOf, textBytes } from './paths.ts';

export type Compression = 'gzip' | 'zlib' | null;

/**
 * The records of a TFRecord file, by number. Where they begin is taken from an index (`create_index`), or found by going from one
 * length to the next, which reads 16 bytes a record.
 * @throws EOFError if the file ends within a record; RuntimeError if a checksum does not match; ValueError for an index of another file.
 */
export class TFRecordFile implements Disposable, Iterable<Uint8Array> {
  private readonly source: Source;
  private readonly release: () => void;
  /** Where each record begins. */
  private readonly offsets: readonly number[];
  constructor(path: string | URL, { index = null, compression = null }: { index?: string | URL | null; compression?: Compression } = {}) {
    const { source, close } = openSource(compression === null ? path : expanded(path, compression));
    this.source = source;
    this.release = close;
    try {
      this.offsets = index === null ? scan(source) : readIndex(index, source.size);
    } catch (e) {
      close();
      if (e instanceof Error) e.message = `${pathOf(path)}: ${e.message}`;
      throw e;
    }
  }
  /** Number of records. */
  get length(): number {
    return this.offsets.length;
  }
  /** The data of a record, its checksums checked. */
  get(index: number): Uint8Array {
    const offset = this.offsets[index];
    if (offset === undefined) throw new IndexError('list index out of range');
    const record = recordAt(this.source, offset);
    if (!record) throw new EOFError(`the file ends before record ${index}`);
    return record.data;
  }
  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }
  /** Lines of `offset length`, as the PyPI package tfrecord keeps them. */
  indexLines(): string[] {
    const ends = [...this.offsets.slice(1), this.source.size];
    return this.offsets.map((offset, i) => `${offset} ${ends[i]! - offset}`);
  }
  close(): void {
    this.release();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
function expanded(path: string | URL, compression: 'gzip' | 'zlib'): Uint8Array {
  const packed = readFileSync(path);
  return compression === 'gzip' ? gunzipSync(packed) : inflateSync(packed);
}
const FRAME = 16;
function scan(source: Source): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < source.size; ) {
    if (at + FRAME > source.size) throw new EOFError(`the record at byte ${at} is cut short`);
    const head = source.bytes(at, 8);
    const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
    if (length > BigInt(source.size - at - FRAME))
      throw new EOFError(`the record at byte ${at} claims ${length} bytes, the file ends after ${source.size - at - 12}`);
    offsets.push(at);
    at += FRAME + Number(length);
  }
  return offsets;
}
function readIndex(path: string | URL, size: number): number[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n').filter(Boolean);
  return lines.map((line, i) => {
    const [offset, length] = line.split(/\s+/).map(Number);
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset! < 0 || offset! + length! > size)
      throw new ValueError(`line ${i + 1} of the index ${pathOf(path)} is no part of the file: ${line}`);
    return offset!;
  });
}

/** Writes the index of a TFRecord file: a line of `offset length` a record, as `python -m tfrecord.tools.tfrecord2idx` does. */
export function create_index(tfrecord: string | URL, index: string | URL): void {
  using file = new TFRecordFile(tfrecord);
  writeAtomically(index, [
    textBytes(
      file
        .indexLines()
        .map((line) => `${line}\n`)
        .join(''),
    ),
  ]);
}

/** Writes records one after the other; see TFRecordWriter for examples. `commit` puts the file in its place. */
export class RecordWriter implements Disposable {
  private readonly file: NewFile;
  private readonly lines: string[] = [];
  private readonly packed: Uint8Array[] | null;
  constructor(
    path: string | URL,
    private readonly options: { index?: string | URL | null; compression?: 'gzip' | null } = {},
  ) {
    if (options.index && options.compression)
      throw new ValueError('a compressed file has no index: records in it have no place of their own');
    this.file = new NewFile(path);
    this.packed = options.compression ? [] : null;
  }
  /** Adds a record of any bytes. */
  write_record(data: Uint8Array): void {
    const record = encodeRecord(data);
    if (this.packed) this.packed.push(record);
    else this.lines.push(`${this.file.append(record)} ${record.length}\n`);
  }
  /** Finishes the file, and its index if one is wanted. */
  commit(): void {
    if (this.packed) this.file.append(gzipSync(Buffer.concat(this.packed)));
    this.file.commit();
    if (this.options.index) writeAtomically(this.options.index, [textBytes(this.lines.join(''))]);
  }
  /** Leaves what was there before; nothing after `commit`. */
  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}
