// Where a FileClient's files are: on a disk, in an LMDB database, on the web or in memory.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, posix } from 'node:path';
import { KeyError, NotImplementedError, RuntimeError } from '../../core/errors.ts';
import { writeAtomically } from '../../serialization/source.ts';
import { LMDB } from './lmdb.ts';
import { pathOf, textBytes } from './paths.ts';

/** What a backend reads: at once, or as a promise where that takes a network. */
export type Fetched<T> = T | Promise<T>;
export interface ListOptions {
  list_dir?: boolean;
  list_file?: boolean;
  /** Only files whose names end so. */
  suffix?: string | readonly string[] | null;
  recursive?: boolean;
}
/** A place that files are kept in. Subclasses read; those that can also write, list or delete override the rest. */
export abstract class BaseStorageBackend {
  /** The content of a file. */
  abstract get(filepath: string | URL): Fetched<Uint8Array>;
  /** The content of a file as text. */
  abstract get_text(filepath: string | URL, encoding?: string): Fetched<string>;
  /** Writes a file, and makes the directories that it needs. */
  put(_obj: Uint8Array, _filepath: string | URL): Fetched<void> {
    return this.missing('put');
  }
  put_text(_obj: string, _filepath: string | URL): Fetched<void> {
    return this.missing('put_text');
  }
  remove(_filepath: string | URL): Fetched<void> {
    return this.missing('remove');
  }
  exists(_filepath: string | URL): Fetched<boolean> {
    return this.missing('exists');
  }
  isdir(_filepath: string | URL): Fetched<boolean> {
    return this.missing('isdir');
  }
  isfile(_filepath: string | URL): Fetched<boolean> {
    return this.missing('isfile');
  }
  join_path(filepath: string | URL, ...filepaths: string[]): string {
    return posix.join(pathOf(filepath), ...filepaths);
  }
  list_dir_or_file(_dir_path: string | URL, _options?: ListOptions): Iterable<string> {
    return this.missing('list_dir_or_file');
  }
  /** Calls `use` with the name of a file on the disk that has the content; a temporary one is deleted afterwards. */
  async with_local_path<T>(filepath: string | URL, use: (path: string) => T | Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), 'flambeau-'));
    try {
      const local = join(folder, basename(pathOf(filepath)) || 'file');
      writeFileSync(local, await this.get(filepath));
      return await use(local);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  private missing(method: string): never {
    throw new NotImplementedError(`Currently, \`FileClient.${method}\` is not supported in ${this.constructor.name}`);
  }
}

/** Files of the disk. Writing replaces a file only when the new one is complete. */
export class HardDiskBackend extends BaseStorageBackend {
  override get(filepath: string | URL): Uint8Array {
    return readFileSync(filepath);
  }
  override get_text(filepath: string | URL, encoding = 'utf-8'): string {
    return decoded(this.get(filepath), encoding);
  }
  override put(obj: Uint8Array, filepath: string | URL): void {
    mkdirSync(dirname(pathOf(filepath)), { recursive: true });
    writeAtomically(filepath, [obj]);
  }
  override put_text(obj: string, filepath: string | URL): void {
    this.put(textBytes(obj), filepath);
  }
  override remove(filepath: string | URL): void {
    rmSync(filepath);
  }
  override exists(filepath: string | URL): boolean {
    return existsSync(filepath);
  }
  override isdir(filepath: string | URL): boolean {
    return statSync(filepath, { throwIfNoEntry: false })?.isDirectory() ?? false;
  }
  override isfile(filepath: string | URL): boolean {
    return statSync(filepath, { throwIfNoEntry: false })?.isFile() ?? false;
  }
  override join_path(filepath: string | URL, ...filepaths: string[]): string {
    return join(pathOf(filepath), ...filepaths);
  }
  override *list_dir_or_file(dir_path: string | URL, options: ListOptions = {}): Generator<string> {
    checkList(options);
    yield* this.listed(pathOf(dir_path), '', options);
  }
  private *listed(root: string, below: string, options: ListOptions): Generator<string> {
    const { list_dir = true, list_file = true, recursive = false } = options;
    for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && this.isdir(join(root, path)));
      if (!isFolder) {
        if (list_file && !entry.name.startsWith('.') && endsAsWanted(path, options)) yield path;
        continue;
      }
      if (list_dir) yield path;
      if (recursive) yield* this.listed(root, path, options);
    }
  }
  override async with_local_path<T>(filepath: string | URL, use: (path: string) => T | Promise<T>): Promise<T> {
    return await use(pathOf(filepath));
  }
}

/** Values of an LMDB database; the file's name is the key. Read only, as in mmcv. */
export class LmdbBackend extends BaseStorageBackend {
  readonly db_path: string;
  private readonly client: LMDB;
  constructor({ db_path }: { db_path: string | URL }) {
    super();
    if (db_path === undefined) throw new TypeError("LmdbBackend.__init__() missing 1 required positional argument: 'db_path'");
    this.db_path = pathOf(db_path);
    this.client = new LMDB(db_path);
  }
  /** @throws KeyError if there is no such key. */
  override get(filepath: string | URL): Uint8Array {
    const key = pathOf(filepath);
    const value = this.client.get(key);
    if (value === null) throw new KeyError(`'${key}' is not in ${this.db_path}`);
    return value;
  }
  override get_text(filepath: string | URL, encoding = 'utf-8'): string {
    return decoded(this.get(filepath), encoding);
  }
  override exists(filepath: string | URL): boolean {
    return this.client.has(pathOf(filepath));
  }
  override isfile(filepath: string | URL): boolean {
    return this.exists(filepath);
  }
}

/** Files of the web. What it reads are promises. */
export class HTTPBackend extends BaseStorageBackend {
  /** @throws RuntimeError if the server answers with an error. */
  override async get(filepath: string | URL): Promise<Uint8Array> {
    const response = await fetch(filepath);
    if (!response.ok) throw new RuntimeError(`HTTP Error ${response.status}: ${response.statusText} (${String(filepath)})`);
    return new Uint8Array(await response.arrayBuffer());
  }
  override async get_text(filepath: string | URL, encoding = 'utf-8'): Promise<string> {
    return decoded(await this.get(filepath), encoding);
  }
  override join_path(filepath: string | URL, ...filepaths: string[]): string {
    return [String(filepath).replace(/\/$/, ''), ...filepaths].join('/');
  }
}

/** Files that live in this process alone: small data sets, and tests. */
export class MemoryBackend extends BaseStorageBackend {
  private readonly files = new Map<string, Uint8Array>();
  /** @throws KeyError if there is no such file. */
  override get(filepath: string | URL): Uint8Array {
    const found = this.files.get(pathOf(filepath));
    if (!found) throw new KeyError(`'${pathOf(filepath)}'`);
    return found;
  }
  override get_text(filepath: string | URL, encoding = 'utf-8'): string {
    return decoded(this.get(filepath), encoding);
  }
  override put(obj: Uint8Array, filepath: string | URL): void {
    this.files.set(pathOf(filepath), obj);
  }
  override put_text(obj: string, filepath: string | URL): void {
    this.put(textBytes(obj), filepath);
  }
  override remove(filepath: string | URL): void {
    if (!this.files.delete(pathOf(filepath))) throw new KeyError(`'${pathOf(filepath)}'`);
  }
  override exists(filepath: string | URL): boolean {
    return this.isfile(filepath) || this.isdir(filepath);
  }
  override isfile(filepath: string | URL): boolean {
    return this.files.has(pathOf(filepath));
  }
  override isdir(filepath: string | URL): boolean {
    return this.below(pathOf(filepath)).length > 0;
  }
  override *list_dir_or_file(dir_path: string | URL, options: ListOptions = {}): Generator<string> {
    checkList(options);
    const { list_dir = true, list_file = true, recursive = false } = options;
    const folders = new Set<string>();
    for (const path of this.below(pathOf(dir_path)).sort()) {
      const parts = path.split('/');
      for (let depth = 1; depth < parts.length && (recursive || depth === 1); depth++) {
        const folder = parts.slice(0, depth).join('/');
        if (list_dir && !folders.has(folder)) yield folder;
        folders.add(folder);
      }
      if (list_file && (recursive || parts.length === 1) && !posix.basename(path).startsWith('.') && endsAsWanted(path, options))
        yield path;
    }
  }
  /** Names of the files below a directory, seen from it. */
  private below(folder: string): string[] {
    const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
    return [...this.files.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }
}

const decoded = (bytes: Uint8Array, encoding: string): string => new TextDecoder(encoding).decode(bytes);
function checkList({ list_dir = true, suffix = null }: ListOptions): void {
  if (list_dir && suffix !== null) throw new TypeError('`list_dir` should be False when `suffix` is not None');
  if (suffix !== null && typeof suffix !== 'string' && !Array.isArray(suffix))
    throw new TypeError('`suffix` must be a string or tuple of strings');
}
function endsAsWanted(path: string, { suffix = null }: ListOptions): boolean {
  return suffix === null || (typeof suffix === 'string' ? [suffix] : suffix).some((end) => path.endsWith(end));
}
