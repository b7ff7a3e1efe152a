// Reading event files.
import { fromBinary } from '@bufbuild/protobuf';
import { EOFError, RuntimeError } from '../../core/errors.ts';
import { type FileLike, type Source, withSource } from '../../serialization/source.ts';
import { type Event as EventMessage, EventSchema } from './generated/tensorboard_pb.ts';
import { plain } from './messages.ts';
import { type RawRecord, recordAt, recordSize } from './records.ts';

/** A histogram: `bucket[i]` values lie below `bucket_limit[i]` and not below the limit before. */
export interface HistogramProto {
  readonly min?: number;
  readonly max?: number;
  readonly num?: number;
  readonly sum?: number;
  readonly sum_squares?: number;
  readonly bucket_limit?: readonly number[];
  readonly bucket?: readonly number[];
}
export interface TensorShapeProto {
  readonly dim?: readonly { readonly size?: bigint; readonly name?: string }[];
}
export interface TensorProto {
  /** `'DT_FLOAT'`, `'DT_STRING'`, … */
  readonly dtype?: string;
  readonly tensor_shape?: TensorShapeProto;
  readonly tensor_content?: Uint8Array;
  readonly float_val?: readonly number[];
  readonly double_val?: readonly number[];
  readonly int_val?: readonly number[];
  readonly int64_val?: readonly bigint[];
  readonly bool_val?: readonly boolean[];
  readonly string_val?: readonly Uint8Array[];
  readonly [field: string]: unknown;
}
export interface SummaryValue {
  readonly tag?: string;
  readonly metadata?: {
    readonly plugin_data?: { readonly plugin_name?: string; readonly content?: Uint8Array };
    readonly display_name?: string;
    readonly summary_description?: string;
    readonly data_class?: string;
  };
  readonly simple_value?: number;
  readonly image?: {
    readonly height?: number;
    readonly width?: number;
    readonly colorspace?: number;
    readonly encoded_image_string?: Uint8Array;
  };
  readonly histo?: HistogramProto;
  readonly audio?: {
    readonly sample_rate?: number;
    readonly num_channels?: bigint;
    readonly length_frames?: bigint;
    readonly encoded_audio_string?: Uint8Array;
    readonly content_type?: string;
  };
  readonly tensor?: TensorProto;
}
export interface NodeDef {
  readonly name?: string;
  readonly op?: string;
  readonly input?: readonly string[];
  readonly device?: string;
  readonly attr?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
/** TensorBoard's `Event`. Besides `step`, a field that is not set (or 0) is not there. */
export interface Event {
  /** Seconds since 1970. */
  readonly wall_time?: number;
  readonly step: bigint;
  readonly file_version?: string;
  readonly source_metadata?: { readonly writer?: string };
  readonly summary?: { readonly value?: readonly SummaryValue[] };
  readonly graph_def?: { readonly node?: readonly NodeDef[]; readonly versions?: { readonly producer?: number } };
  readonly session_log?: { readonly status?: string; readonly checkpoint_path?: string; readonly msg?: string };
  readonly tagged_run_metadata?: { readonly tag?: string; readonly run_metadata?: Uint8Array };
  readonly [field: string]: unknown;
}
/** An event, and where and how it lies in its file. */
export interface EventRecord {
  /** Where the record begins, in bytes. */
  readonly offset: number;
  /** Bytes of the event. */
  readonly length: number;
  /** The stored checksums. */
  readonly length_crc: number;
  readonly data_crc: number;
  readonly event: Event;
}
export interface ReadEventsOptions {
  /** Whether a damaged or unfinished record is an error (the default), or the end, as for TensorBoard. */
  readonly strict?: boolean;
}

/**
 * The events of an event file (`events.out.tfevents.…`), in order.
 *
 * @throws EOFError where a record is cut short, RuntimeError where a checksum does not match or the data is no event; with
 * `{ strict: false }` the records before it are the result.
 */
export function read_events(file: FileLike, { strict = true }: ReadEventsOptions = {}): EventRecord[] {
  return withSource(file, (source) => {
    const records: EventRecord[] = [];
    const read = readRecords(source, 0, ({ data, ...record }) => {
      records.push({ ...record, event: { step: 0n, ...plain(EventSchema, decodeEvent(data, record.offset)) } });
    });
    if (read.error && strict) throw read.error;
    return records;
  });
}

/** Calls `use` on each whole record from `offset` on; tells where it stopped and, unless that is the end, why. */
function readRecords(source: Source, offset: number, use: (record: RawRecord) => void): { end: number; error: Error | null } {
  for (;;) {
    try {
      const record = recordAt(source, offset);
      if (!record) return { end: offset, error: null };
      use(record);
      offset += recordSize(record);
    } catch (error) {
      if (!(error instanceof EOFError || error instanceof RuntimeError)) throw error;
      return { end: offset, error };
    }
  }
}
function decodeEvent(data: Uint8Array, offset: number): EventMessage {
  try {
    return fromBinary(EventSchema, data);
  } catch (error) {
    throw new RuntimeError(`the record at byte ${offset} is no event: ${(error as Error).message}`);
  }
}

/**
 * Follows an event file that grows: each `read` gives the whole events that were added since. An unfinished record at the end is
 * read later; a damaged one ends the file for good, as for TensorBoard.
 */
export class EventFileReader {
  /** Why nothing more will be read. */
  error: Error | null = null;
  private offset = 0;
  constructor(readonly path: string) {}

  read(): EventMessage[] {
    if (this.error) return [];
    const events: EventMessage[] = [];
    const { end, error } = withSource(this.path, (source) => {
      if (source.size < this.offset) this.offset = 0; // the file was replaced
      return readRecords(source, this.offset, ({ data, offset }) => events.push(decodeEvent(data, offset)));
    });
    this.offset = end;
    if (error && !(error instanceof EOFError)) this.error = error;
    return events;
  }
}
