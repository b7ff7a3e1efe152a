// The values of an LMDB database as samples.
import { IndexError, KeyError } from '../../core/errors.ts';
import { Dataset } from '../data/dataset.ts';
import { closed, opened } from './lazy.ts';
import { LMDB } from './lmdb.ts';
import { bytesText, pathOf } from './paths.ts';

export interface LMDBDatasetOptions<T> {
  /** The keys of the samples in their order; all keys of the database, in its order, if left out. */
  keys?: readonly string[];
  /** What a sample is made of; the bytes of the value if left out. May return a promise. */
  transform?: (value: Uint8Array, key: string) => T;
}
/**
 * The values of an LMDB database, written here (`LMDBWriter`) or with Python's lmdb: sample i is the value of the i-th key, as bytes or as
 * what `transform` makes of it. Each worker thread opens the file for itself.
 * @throws KeyError if a key is not in the database; LMDBError if the file is no database, or damaged.
 */
export class LMDBDataset<T = Uint8Array> extends Dataset<T> {
  readonly path: string;
  readonly keys: readonly string[];
  readonly transform: ((value: Uint8Array, key: string) => T) | null;
  constructor(path: string | URL, { keys, transform }: LMDBDatasetOptions<T> = {}) {
    super();
    this.path = pathOf(path);
    this.transform = transform ?? null;
    this.keys = keys ?? Array.from(this.database.keys(), bytesText);
  }
  private get database(): LMDB {
    return opened(this, () => new LMDB(this.path));
  }
  override get length(): number {
    return this.keys.length;
  }
  override get(index: number): T {
    const key = this.keys.at(index);
    if (key === undefined) throw new IndexError('list index out of range');
    const value = this.database.get(key);
    if (value === null) throw new KeyError(`'${key}'`);
    return this.transform ? this.transform(value, key) : (value as T);
  }
  /** Closes the file; the next sample opens it again. */
  close(): void {
    closed(this);
  }
}
