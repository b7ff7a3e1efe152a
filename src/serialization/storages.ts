// Memory of checkpoints: the storages that a pickle refers to, and where they are placed.
import { cpu, Device, device, meta, placement } from '../core/device.ts';
import * as dtypes from '../core/dtype.ts';
import type { DType } from '../core/dtype.ts';
import { RuntimeError, UnpicklingError } from '../core/errors.ts';
import { allocate, Storage } from '../core/storage.ts';

/** The class of a storage: what its elements are. An untyped one counts bytes. */
export class StorageType {
  constructor(
    readonly name: string,
    readonly dtype: DType,
    readonly untyped = false,
  ) {}
}
/** A storage of a checkpoint, perhaps a part of one (in files from before PyTorch 0.4). Offset and length in bytes. */
export class LoadedStorage {
  constructor(
    readonly storage: Storage,
    readonly dtype: DType,
    readonly device: Device,
    readonly offset = 0,
    readonly nbytes = storage.nbytes,
  ) {}
}

/**
 * Where storages go: one device for all, a device for each that the file names, or a function that is given each storage and the
 * file's name of its device, and returns the storage to use (null: as if there was no function).
 */
export type MapLocation =
  | string
  | Device
  | Readonly<Record<string, string>>
  | ReadonlyMap<string, string>
  | ((storage: Storage, location: string) => Storage | null | undefined)
  | null;

/** The device for a storage that was saved from `location`. */
function target(location: string, map: MapLocation): Device {
  if (typeof map === 'string' || map instanceof Device) return placement(device(map));
  const named =
    map instanceof Map
      ? (map as ReadonlyMap<string, string>).get(location)
      : typeof map === 'object' && map !== null && Object.hasOwn(map, location)
        ? (map as Record<string, string>)[location]
        : undefined;
  const name = named ?? location;
  if (/^cpu(:\d+)?$/.test(name)) return cpu;
  if (name === 'meta') return meta;
  if (/^cuda(:\d+)?$/.test(name))
    throw new RuntimeError(
      "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU.",
    );
  throw new RuntimeError(`don't know how to restore data location of torch.storage.UntypedStorage (tagged with ${name})`);
}

/** What a persistent id says of a storage. */
export interface StorageId {
  readonly type: StorageType;
  readonly key: string;
  readonly location: string;
  readonly nbytes: number;
  /** The rest of the id. */
  readonly more: readonly unknown[];
}
/** @throws UnpicklingError unless the id is that of a storage. */
export function storageId(id: readonly unknown[]): StorageId {
  const [kind, type, key, location, numel, ...more] = id;
  if (kind !== 'storage')
    throw new UnpicklingError(
      `Weights only load failed. The pickle refers to a ${typeof kind === 'string' ? kind : typeof kind}, not to a storage.`,
    );
  const count = typeof numel === 'number' && numel >= 0 && Number.isSafeInteger(16 * numel);
  if (!(type instanceof StorageType) || typeof key !== 'string' || typeof location !== 'string' || !count)
    throw new UnpicklingError('Weights only load failed. The pickle refers to a storage in an unknown way.');
  return { type, key, location, nbytes: numel * type.dtype.itemsize, more };
}

/** The bytes of a storage: to be read into memory, or there already in memory that maps the file. */
export interface Content {
  fill(storage: Storage): void;
  readonly mapped?: Storage | null;
}
/** The storages of one file, by key: each is read once. */
export class Storages {
  private readonly loaded = new Map<string, Storage>();
  private readonly places = new Map<Storage, Device>();
  /** `read` gives the bytes of a storage or says that there are none: memory is taken after it agreed. */
  constructor(
    private readonly map: MapLocation,
    private readonly read: (id: StorageId) => Content,
  ) {}
  get(id: StorageId): LoadedStorage {
    let storage = this.loaded.get(id.key);
    if (storage === undefined) {
      storage = this.load(id);
      this.loaded.set(id.key, storage);
    }
    return new LoadedStorage(storage, id.type.untyped ? dtypes.uint8 : id.type.dtype, this.places.get(storage)!);
  }
  private load(id: StorageId): Storage {
    const { map } = this;
    const place = typeof map === 'function' ? cpu : target(id.location, map);
    const content = this.read(id);
    let storage = place === meta ? new Storage(null, 0, id.nbytes, true) : (content.mapped ?? allocate(id.nbytes));
    if (place !== meta && !content.mapped && id.nbytes > 0) content.fill(storage);
    if (typeof map === 'function') {
      const chosen = map(storage, id.location);
      if (chosen == null) target(id.location, null);
      else if (!(chosen instanceof Storage)) throw new TypeError(`map_location must return a storage (got ${typeof chosen})`);
      else if (chosen.nbytes < id.nbytes)
        throw new RuntimeError(`map_location returned a storage of ${chosen.nbytes} bytes for one of ${id.nbytes}`);
      else storage = chosen;
    }
    this.places.set(storage, storage.isMeta ? meta : place);
    return storage;
  }
}
/** All bytes of a storage. */
export const memoryOf = (s: Storage): Uint8Array => {
  const { buffer, byteOffset } = s.view(dtypes.uint8);
  return new Uint8Array(buffer, byteOffset, s.nbytes);
};
