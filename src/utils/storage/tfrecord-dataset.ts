// Writing and reading TFRecord files of examples.
import { IndexError } from '../../core/errors.ts';
import { Dataset } from '../data/dataset.ts';
import { decode_example, type Description, encode_example, type ExampleRecord, type FeatureValue } from './example.ts';
import { closed, opened } from './lazy.ts';
import { pathOf } from './paths.ts';
import { type Compression, RecordWriter, TFRecordFile } from './tfrecord-file.ts';

/**
 * Writes a TFRecord file of examples, which TensorFlow and everything on its format read.
 *
 *     using writer = new TFRecordWriter('data.tfrecord', { index: 'data.index' });
 *     writer.write({ image: bytes, label: 3n });
 *     writer.commit();
 */
export class TFRecordWriter extends RecordWriter {
  /** Adds an example; see encode_example for what its features may be. */
  write(features: Readonly<Record<string, FeatureValue>>): void {
    this.write_record(encode_example(features));
  }
}

export interface TFRecordDatasetOptions<T> {
  /** An index of the file (`create_index`): large files then open at once. */
  index_path?: string | URL | null;
  /** Features to take and their kinds; all if left out. */
  description?: Description | null;
  /** What a sample is made of; the record if left out. May return a promise. */
  transform?: ((record: ExampleRecord) => T) | null;
  compression_type?: Compression;
}
/**
 * The examples of a TFRecord file. Unlike Python's namesake it is map-style: the loader's `shuffle` is a true one, and its workers share
 * the work without an index. Each worker thread opens the file for itself; compressed files are held in memory.
 * @throws EOFError or RuntimeError if the file is cut short or damaged; KeyError and TypeError if the description does not fit.
 */
export class TFRecordDataset<T = ExampleRecord> extends Dataset<T> {
  readonly data_path: string;
  readonly index_path: string | null;
  readonly description: Description | null;
  readonly transform: ((record: ExampleRecord) => T) | null;
  readonly compression_type: Compression;
  constructor(data_path: string | URL, options: TFRecordDatasetOptions<T> = {}) {
    super();
    this.data_path = pathOf(data_path);
    this.index_path = options.index_path ? pathOf(options.index_path) : null;
    this.description = options.description ?? null;
    this.transform = options.transform ?? null;
    this.compression_type = options.compression_type ?? null;
  }
  private get file(): TFRecordFile {
    return opened(this, () => new TFRecordFile(this.data_path, { index: this.index_path, compression: this.compression_type }));
  }
  override get length(): number {
    return this.file.length;
  }
  override get(index: number): T {
    const at = index < 0 ? index + this.length : index;
    if (at < 0 || at >= this.length) throw new IndexError('list index out of range');
    const record = decode_example(this.file.get(at), this.description);
    return this.transform ? this.transform(record) : (record as T);
  }
  /** Closes the file; the next sample opens it again. */
  close(): void {
    closed(this);
  }
}
