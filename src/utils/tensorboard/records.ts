// TFRecord framing: length (uint64), masked CRC-32C of the length, data, masked CRC-32C of the data; little-endian.
// See https://www.tensorflow.org/tutorials/load_data/tfrecord.
import { EOFError, RuntimeError } from '../../core/errors.ts';
import type { Source } from '../../serialization/source.ts';
import { masked_crc32c } from './crc32c.ts';

const HEADER = 12;
const FOOTER = 4;

/** One record, framed. */
export function encodeRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER + data.length + FOOTER);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked_crc32c(record.subarray(0, 8)), true);
  record.set(data, HEADER);
  view.setUint32(HEADER + data.length, masked_crc32c(data), true);
  return record;
}

/** A record as it lies in its file. */
export interface RawRecord {
  /** Where the record begins, in bytes. */
  readonly offset: number;
  /** Bytes of data. */
  readonly length: number;
  readonly length_crc: number;
  readonly data_crc: number;
  readonly data: Uint8Array;
}

/**
 * The record at `offset`; null at the end of the file.
 * @throws EOFError if the file ends within the record; RuntimeError if a checksum does not match.
 */
export function recordAt(source: Source, offset: number): RawRecord | null {
  const left = source.size - offset;
  if (left === 0) return null;
  const place = `the record at byte ${offset}`;
  if (left < HEADER) throw new EOFError(`${place} is cut short: the file ends within its header`);
  const header = source.bytes(offset, HEADER);
  const view = new DataView(header.buffer, header.byteOffset, HEADER);
  const length_crc = view.getUint32(8, true);
  if (masked_crc32c(header.subarray(0, 8)) !== length_crc)
    throw new RuntimeError(`${place} is corrupt: its length does not match the checksum`);
  const length = Number(view.getBigUint64(0, true));
  if (left < HEADER + length + FOOTER)
    throw new EOFError(`${place} is cut short: it claims ${length} bytes, the file ends after ${Math.max(0, left - HEADER)}`);
  const body = source.bytes(offset + HEADER, length + FOOTER);
  const data = body.subarray(0, length);
  const data_crc = new DataView(body.buffer, body.byteOffset + length, FOOTER).getUint32(0, true);
  if (masked_crc32c(data) !== data_crc) throw new RuntimeError(`${place} is corrupt: its data does not match the checksum`);
  return { offset, length, length_crc, data_crc, data };
}
/** Bytes that a record takes in its file. */
export const recordSize = (record: RawRecord): number => HEADER + record.length + FOOTER;
