// mmcv's FileClient (https://mmcv.readthedocs.io/en/v1.7.0/understand_mmcv/io.html): files by name from a disk, an LMDB database, the web
// or memory, behind one interface, so that a dataset's code need not know where its files are.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, posix } from 'node:path';
import { AssertionError, KeyError, NotImplementedError, RuntimeError, ValueError } from '../../core/errors.ts';
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

// ---- the client -------------------------------------------------------------------------------------------------------
type BackendClass<B extends BaseStorageBackend = BaseStorageBackend> = new (options: never) => B;
/** The backends that are there from the start, by name. */
export interface Backends {
  disk: HardDiskBackend;
  lmdb: LmdbBackend;
  http: HTTPBackend;
  memory: MemoryBackend;
}
type BackendOf<N> = N extends keyof Backends ? Backends[N] : BaseStorageBackend;

/**
 * A client of one backend. `new FileClient('disk')` (the default), `new FileClient('lmdb', { db_path })`, `new FileClient('http')`,
 * `new FileClient('memory')`, or a registered one; equal arguments give the same client. With `prefix` the backend is that of a kind of URI.
 *
 *     const client = new FileClient('lmdb', { db_path: 'train.lmdb' });
 *     const bytes = client.get('cat/001.jpg');
 */
// biome-ignore lint/correctness/noUnusedVariables: the type of `client` follows from the name
export class FileClient<N extends string = 'disk'> {
  private static readonly backends = new Map<string, BackendClass>([
    ['disk', HardDiskBackend],
    ['lmdb', LmdbBackend as BackendClass],
    ['http', HTTPBackend],
    ['memory', MemoryBackend],
  ]);
  private static readonly prefixes = new Map<string, BackendClass>([
    ['http', HTTPBackend],
    ['https', HTTPBackend],
  ]);
  private static readonly instances = new Map<string, FileClient<string>>();

  readonly client!: BackendOf<N>;
  /** The name under which the backend is registered. */
  readonly name!: string;
  constructor(backend: N | null = null, { prefix = null, ...options }: { prefix?: string | null; [option: string]: unknown } = {}) {
    const name = backend ?? (prefix === null ? 'disk' : null);
    const known = (names: Iterable<string>): string => `[${[...names].map((n) => `'${n}'`).join(', ')}]`;
    if (name !== null && !FileClient.backends.has(name))
      throw new ValueError(`Backend ${name} is not supported. Currently supported ones are ${known(FileClient.backends.keys())}`);
    if (prefix !== null && !FileClient.prefixes.has(prefix))
      throw new ValueError(`prefix ${prefix} is not supported. Currently supported ones are ${known(FileClient.prefixes.keys())}`);
    const key = [name, prefix, ...Object.entries(options).map(([k, v]) => `${k}:${String(v)}`)].join(':');
    const made = FileClient.instances.get(key);
    // biome-ignore lint/correctness/noConstructorReturn: equal arguments give the same client, as in mmcv
    if (made) return made as unknown as this;
    const Backend = name !== null ? FileClient.backends.get(name)! : FileClient.prefixes.get(prefix!)!;
    this.client = new Backend(options as never) as BackendOf<N>;
    this.name = name ?? [...FileClient.backends].find(([, one]) => one === Backend)?.[0] ?? prefix!;
    FileClient.instances.set(key, this);
  }

  /** The scheme of a URI, `s3` of `s3://…` and of `cluster:s3://…`; null of a plain path. */
  static parse_uri_prefix(uri: string | URL): string | null {
    const text = String(uri);
    if (!text.includes('://')) return null;
    return text.slice(0, text.indexOf('://')).split(':').pop()!;
  }
  /** The client that the arguments, or the scheme of a URI, ask for. @throws AssertionError without either. */
  static infer_client(
    file_client_args: { backend?: string; [option: string]: unknown } | null = null,
    uri: string | URL | null = null,
  ): FileClient<string> {
    if (file_client_args === null && uri === null) throw new AssertionError('file_client_args or uri is needed');
    if (file_client_args === null) return new FileClient<string>(null, { prefix: FileClient.parse_uri_prefix(uri!) });
    const { backend, ...options } = file_client_args;
    return new FileClient<string>(backend ?? null, options);
  }
  /**
   * Adds a backend. @throws TypeError unless it is a class over BaseStorageBackend; KeyError if the name or a prefix is taken and `force`
   * is not given.
   */
  static register_backend(
    name: string,
    backend: BackendClass,
    { force = false, prefixes = [] }: { force?: boolean; prefixes?: string | readonly string[] } = {},
  ): void {
    if (typeof name !== 'string') throw new TypeError(`the backend name should be a string, but got ${typeof name}`);
    if (typeof backend !== 'function') throw new TypeError(`backend should be a class but got ${typeof backend}`);
    if (!(backend.prototype instanceof BaseStorageBackend))
      throw new TypeError(`backend ${backend.name} is not a subclass of BaseStorageBackend`);
    if (!force && FileClient.backends.has(name))
      throw new KeyError(`${name} is already registered as a storage backend, add "force=True" if you want to override it`);
    const all = typeof prefixes === 'string' ? [prefixes] : prefixes;
    const taken = all.find((prefix) => FileClient.prefixes.has(prefix));
    if (!force && taken !== undefined)
      throw new KeyError(`${taken} is already registered as a storage backend, add "force=True" if you want to override it`);
    FileClient.backends.set(name, backend);
    for (const prefix of all) FileClient.prefixes.set(prefix, backend);
    FileClient.instances.clear(); // clients of a replaced backend are not given out again
  }

  get(filepath: string | URL): ReturnType<BackendOf<N>['get']> {
    return this.client.get(filepath) as ReturnType<BackendOf<N>['get']>;
  }
  get_text(filepath: string | URL, encoding = 'utf-8'): ReturnType<BackendOf<N>['get_text']> {
    return this.client.get_text(filepath, encoding) as ReturnType<BackendOf<N>['get_text']>;
  }
  put(obj: Uint8Array, filepath: string | URL): ReturnType<BackendOf<N>['put']> {
    return this.client.put(obj, filepath) as ReturnType<BackendOf<N>['put']>;
  }
  put_text(obj: string, filepath: string | URL): ReturnType<BackendOf<N>['put_text']> {
    return this.client.put_text(obj, filepath) as ReturnType<BackendOf<N>['put_text']>;
  }
  remove(filepath: string | URL): ReturnType<BackendOf<N>['remove']> {
    return this.client.remove(filepath) as ReturnType<BackendOf<N>['remove']>;
  }
  exists(filepath: string | URL): ReturnType<BackendOf<N>['exists']> {
    return this.client.exists(filepath) as ReturnType<BackendOf<N>['exists']>;
  }
  isdir(filepath: string | URL): ReturnType<BackendOf<N>['isdir']> {
    return this.client.isdir(filepath) as ReturnType<BackendOf<N>['isdir']>;
  }
  isfile(filepath: string | URL): ReturnType<BackendOf<N>['isfile']> {
    return this.client.isfile(filepath) as ReturnType<BackendOf<N>['isfile']>;
  }
  join_path(filepath: string | URL, ...filepaths: string[]): string {
    return this.client.join_path(filepath, ...filepaths);
  }
  list_dir_or_file(dir_path: string | URL, options?: ListOptions): Iterable<string> {
    return this.client.list_dir_or_file(dir_path, options);
  }
  /** Calls `use` with the name of a file on the disk that has the content: mmcv's `with client.get_local_path(…) as path`. */
  with_local_path<T>(filepath: string | URL, use: (path: string) => T | Promise<T>): Promise<T> {
    return this.client.with_local_path(filepath, use);
  }
}
