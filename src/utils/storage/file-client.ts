// mmcv's FileClient (https://mmcv.readthedocs.io/en/v1.7.0/understand_mmcv/io.html): files by name from a disk, an LMDB database, the web
// or memory, behind one interface, so that a dataset's code need not know where its files are.
import { AssertionError, KeyError, ValueError } from '../../core/errors.ts';
import { BaseStorageBackend, HardDiskBackend, HTTPBackend, type ListOptions, LmdbBackend, MemoryBackend } from './backends.ts';

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
