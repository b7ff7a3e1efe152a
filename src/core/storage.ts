// Memory of tensors: JavaScript ArrayBuffers, so that the collector frees them even inside a synchronous loop.
// Note [Ownership]: a buffer whose last use the engine knows is reused at once, by this rule and no other. Only an allocation inside
// an engine section (`engineSection`) sets `owned`; `slots` counts the engine's references; recycle() takes a storage that is owned
// and has no slot left; escape() clears `owned` when user code may have seen the tensor. The pool keeps memory, never Storages:
// a recycled Storage has buffer null, so a stale tensor throws instead of showing another tensor's numbers.
// Note [Scopes]: while a scope is open, `scopes.made` lists what is allocated; src/autograd/scope.ts decides what of it is given back at its
// end. What the library keeps for later (parameters, gradients of leaves, states of optimizers) is said to outlive scopes where it is kept.
// Note [Heap]: a backend with memory of its own (WebAssembly) keeps storages as blocks of its heap for as long as there is room; beyond it
// they are ArrayBuffers that the backend copies in and out. When the heap grows, views of it die: only `view` gives one, and nobody keeps
// it across an allocation, except a kernel that runs under `holdingViews`, during which the heap does not grow.
import type { DType, DTypeName } from './dtype.ts';
import { RuntimeError } from './errors.ts';
import { environment } from './host.ts';

export type TypedArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

type ViewConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;
/** The typed array of a dtype's memory: 16-bit floats as their bits, complex numbers as pairs. */
const VIEWS: Readonly<Record<DTypeName, ViewConstructor>> = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float8_e5m2: Uint8Array,
  float8_e4m3fn: Uint8Array,
  float8_e5m2fnuz: Uint8Array,
  float8_e4m3fnuz: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  complex32: Uint16Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

/** What a saved tensor's version is compared with: bumped by every write. */
export interface VersionCell {
  version: number;
}

/** Memory of a backend's own. */
export interface Heap {
  /** All of it; another object after it grew. */
  readonly buffer: ArrayBufferLike;
  /** A block, or null where an ArrayBuffer is to be used. `owned`: see Note [Ownership]. */
  allocate(nbytes: number, owned: boolean): Block | null;
}
/** A part of a heap, which gets it back when the block is released or collected. */
export interface Block {
  readonly heap: Heap;
  /** Where it begins in the heap's buffer. */
  readonly address: number;
  release(): void;
}

export const GIVEN_BACK = 'the memory of this tensor was given back: it was made inside torch.scope and not returned from it';

/** A block of memory that tensors share. `buffer` is null on the meta device and after recycling. */
export class Storage implements VersionCell {
  version = 0;
  owned = false;
  slots = 0;
  /** Native address of the first byte; 0 until a backend asks for it. */
  address = 0;
  /** User code may hold the buffer (it could be detached or transferred): backends look the address up at each call. */
  exposed = false;
  private cached: TypedArray | null = null;
  private cachedFor: DType | null = null;
  constructor(
    private own: ArrayBufferLike | null,
    public byteOffset: number,
    public nbytes: number,
    readonly isMeta = false,
    /** The heap's block in which the memory lies; null where it is an ArrayBuffer. */
    public block: Block | null = null,
  ) {}
  get buffer(): ArrayBufferLike | null {
    return this.block === null ? this.own : this.block.heap.buffer;
  }

  /** The memory as elements of `dtype`. */
  view(dtype: DType): TypedArray {
    if (this.exposed) this.checkAttached();
    if (this.cachedFor === dtype && this.cached !== null && (this.block === null || this.cached.buffer === this.block.heap.buffer))
      return this.cached;
    if (this.buffer === null)
      throw new RuntimeError(this.isMeta ? 'Cannot access data pointer of a tensor on the meta device' : GIVEN_BACK);
    const Constructor = VIEWS[dtype.name];
    const unit = dtype.is_complex ? dtype.itemsize / 2 : dtype.itemsize;
    this.cached = new Constructor(this.buffer, this.byteOffset, Math.floor(this.nbytes / unit));
    this.cachedFor = dtype;
    return this.cached;
  }
  /** @throws RuntimeError if the user transferred the buffer. */
  checkAttached(): void {
    if (this.buffer !== null && this.nbytes > 0 && this.buffer.byteLength < this.byteOffset + this.nbytes)
      throw new RuntimeError('the memory of this tensor was detached (its ArrayBuffer was transferred)');
  }
  /** Hands the memory to the user: a storage in a slab or heap moves to a buffer of its own first. */
  expose(): ArrayBufferLike {
    if (this.block !== null || (this.buffer !== null && this.buffer.byteLength !== this.nbytes && !this.exposed && inSlab(this))) {
      const own = new Uint8Array(this.nbytes);
      own.set(new Uint8Array(this.buffer as ArrayBufferLike, this.byteOffset, this.nbytes));
      this.move(own.buffer, 0, this.nbytes, null);
    }
    this.exposed = true;
    this.owned = false;
    return this.buffer as ArrayBufferLike;
  }
  /** Moves the memory to where other threads can reach it. */
  share(): void {
    if (this.isMeta || this.isShared) return;
    const own = new SharedArrayBuffer(this.nbytes);
    new Uint8Array(own).set(new Uint8Array(this.buffer as ArrayBufferLike, this.byteOffset, this.nbytes));
    this.move(own, 0, this.nbytes, null);
    this.owned = false;
  }
  get isShared(): boolean {
    return typeof SharedArrayBuffer !== 'undefined' && this.block === null && this.own instanceof SharedArrayBuffer;
  }
  /** Takes over the memory of a storage that nobody else uses (set_, resize_). */
  adopt(other: Storage): void {
    this.move(other.own, other.byteOffset, other.nbytes, other.block);
    other.drop();
  }
  /** Without memory from now on: a tensor that still shows it throws. */
  drop(): void {
    this.move(null, 0, 0, null);
  }
  private move(own: ArrayBufferLike | null, byteOffset: number, nbytes: number, block: Block | null): void {
    this.own = own;
    this.byteOffset = byteOffset;
    this.nbytes = nbytes;
    this.block = block;
    this.address = 0;
    this.cached = null;
    this.cachedFor = null;
  }
}

/** Memory whose contents do not matter yet. Node skips the zeroing; a page cannot. */
const newBuffer: (nbytes: number) => ArrayBuffer =
  typeof Buffer !== 'undefined' && typeof Buffer.allocUnsafeSlow === 'function'
    ? (n) => (n <= 2 ** 32 ? (Buffer.allocUnsafeSlow(n).buffer as ArrayBuffer) : new ArrayBuffer(n))
    : (n) => new ArrayBuffer(n);
/** Bytes of an ArrayBuffer that begin where a vector load likes it; `address` is native, 0 where nobody knows it. */
interface Piece {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly address: number;
}
// Note [Alignment]: a 64-byte load that is not aligned touches two cache lines, and kernels in the L1 or L2 cache then take twice as long.
const ALIGNMENT = 64;
/** FLAMBEAU_SLABS=0: every tensor has a buffer of its own that ends where it ends, for memory checkers (npm run sanitize). */
const EXACT = environment('FLAMBEAU_SLABS') === '0';
function uninitialised(nbytes: number): Piece {
  place.grew?.(nbytes);
  if (place.addressOf === null || EXACT) return { buffer: bufferOf(nbytes, nbytes), byteOffset: 0, address: 0 };
  const buffer = bufferOf(nbytes + ALIGNMENT, nbytes);
  const address = place.addressOf(buffer);
  const byteOffset = (ALIGNMENT - (address % ALIGNMENT)) % ALIGNMENT;
  return { buffer, byteOffset, address: address + byteOffset };
}
function bufferOf(nbytes: number, asked: number): ArrayBuffer {
  try {
    return newBuffer(nbytes);
  } catch {
    emptyCache();
  }
  try {
    return newBuffer(nbytes);
  } catch {
    const what = `you tried to allocate ${asked} bytes. Error code 12 (Cannot allocate memory)`;
    throw new RuntimeError(`[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: ${what}`);
  }
}

// Note [Slabs]: an ArrayBuffer costs about a microsecond, so tensors up to 4 kB are carved from slabs by size class; a kept scalar
// pins one slab of its class only.
const SLAB_LIMIT = EXACT ? -1 : 4096;
interface Slab {
  readonly buffer: ArrayBufferLike | null;
  readonly block: Block | null;
  readonly bytes: number;
  /** Where it begins in its buffer. */
  readonly byteOffset: number;
  /** In the heap's buffer; native where the slab is an ArrayBuffer. */
  readonly address: number;
  used: number;
}
const slabs: (Slab | null)[] = new Array<Slab | null>(13).fill(null);
const slabBytes = (sizeClass: number): number => (sizeClass <= 6 ? 4096 : sizeClass <= 9 ? 16384 : 65536);
const slabBuffers = new WeakSet<ArrayBufferLike>();
const slabBlocks = new WeakSet<Block>();
const inSlab = (s: Storage): boolean => (s.block !== null ? slabBlocks.has(s.block) : s.buffer !== null && slabBuffers.has(s.buffer));
function makeSlab(bytes: number): Slab {
  const block = place.heap?.allocate(bytes, false) ?? null;
  if (block !== null) {
    slabBlocks.add(block);
    return { buffer: null, block, bytes, byteOffset: block.address, address: block.address, used: 0 };
  }
  const { buffer, byteOffset, address } = uninitialised(bytes);
  slabBuffers.add(buffer);
  return { buffer, block, bytes, byteOffset, address, used: 0 };
}

/** Where memory comes from: the backend's heap, or ArrayBuffers, of which a native backend knows the addresses. */
const place: {
  heap: Heap | null;
  addressOf: ((buffer: ArrayBufferLike) => number) | null;
  /** Told of every new ArrayBuffer before it is made. */
  grew: ((nbytes: number) => void) | null;
} = { heap: null, addressOf: null, grew: null };
export function allocateIn(
  heap: Heap | null,
  addressOf: ((buffer: ArrayBufferLike) => number) | null,
  grew: ((nbytes: number) => void) | null = null,
): void {
  place.heap = heap;
  place.addressOf = addressOf;
  place.grew = grew;
  slabs.fill(null);
  emptyCache();
}
let held = 0;
/** Whether the heap may grow: nobody is looking at its memory. */
export const viewsAreFree = (): boolean => held === 0;
/** Runs a kernel that keeps views of tensors while it makes others. */
export function holdingViews<T>(body: () => T): T {
  held++;
  try {
    return body();
  } finally {
    held--;
  }
}

const engine = { depth: 0, ownershipOff: 0 };
/** What one operator allocated, its results and what it needed on the way. */
export interface OperatorMemory {
  calls: number;
  allocations: number;
  bytes: number;
}
/** Counters of the allocator, for `torch.memory_stats()` and tests. */
export const memory = {
  allocated: 0,
  allocatedBytes: 0,
  reused: 0,
  recycled: 0,
  poison: environment('FLAMBEAU_POISON') === '1',
  /** By operator; null while that is not counted. `operator` is the one that runs. */
  operators: null as Map<string, OperatorMemory> | null,
  operator: null as OperatorMemory | null,
};
/** Bytes that lie ready: in the pool of recycled buffers, and in the backend's heap as a whole. */
export const reserved = (): { pool: number; heap: number } => ({ pool: pooledBytes, heap: place.heap?.buffer.byteLength ?? 0 });
export const scopes = { made: null as Storage[] | null, outliving: new WeakSet<Storage>() };
/** The storage is kept for later: no scope that is open gives it back. */
export function outlive(storage: Storage | null): void {
  if (scopes.made !== null && storage !== null) scopes.outliving.add(storage);
}

export function allocate(nbytes: number): Storage {
  memory.allocated++;
  memory.allocatedBytes += nbytes;
  if (memory.operator !== null) {
    memory.operator.allocations++;
    memory.operator.bytes += nbytes;
  }
  let storage: Storage;
  if (nbytes <= SLAB_LIMIT) {
    const sizeClass = nbytes <= 64 ? 6 : 32 - Math.clz32(nbytes - 1);
    let slab = slabs[sizeClass] ?? null;
    const unit = 1 << sizeClass;
    if (slab === null || slab.used + unit > slab.bytes) {
      slab = makeSlab(slabBytes(sizeClass));
      slabs[sizeClass] = slab;
    }
    storage = new Storage(slab.buffer, slab.byteOffset + slab.used, nbytes, false, slab.block);
    if (slab.block === null && slab.address !== 0) storage.address = slab.address + slab.used;
    slab.used += unit;
  } else {
    const owned = engine.depth > 0 && engine.ownershipOff === 0;
    const memory = takeFromPool(nbytes) ?? place.heap?.allocate(nbytes, owned) ?? uninitialised(nbytes);
    if (isBlock(memory)) storage = new Storage(null, memory.address, nbytes, false, memory);
    else {
      storage = new Storage(memory.buffer, memory.byteOffset, nbytes);
      storage.address = memory.address;
    }
  }
  if (engine.depth > 0 && engine.ownershipOff === 0) storage.owned = true;
  if (scopes.made !== null) scopes.made.push(storage);
  return storage;
}
const isBlock = (memory: Piece | Block): memory is Block => 'heap' in memory;

// ---- the pool of recycled buffers --------------------------------------------------------------------------------
const pool = new Map<number, (Piece | Block)[]>();
const POOL_LIMIT = 256 * 1024 * 1024;
let pooledBytes = 0;
function takeFromPool(nbytes: number): Piece | Block | undefined {
  const list = pool.get(nbytes);
  const found = list?.pop();
  if (found) {
    pooledBytes -= nbytes;
    memory.reused++;
  }
  return found;
}
/** Gives an owned storage without engine references back. Tensors that still hold it throw when used. */
export function recycle(storage: Storage): void {
  if (storage.owned && !inSlab(storage)) giveBack(storage);
}
/**
 * Gives the memory back, unless the engine or the user holds it, or other threads do. Tensors that still show the storage throw when used.
 * (That of a slab is free when all of the slab is.)
 */
export function giveBack(storage: Storage): void {
  const { buffer, byteOffset, address, nbytes, block } = storage;
  if (buffer === null || storage.slots > 0 || storage.exposed || storage.isShared) return;
  const isWhole = !inSlab(storage);
  storage.drop();
  if (!isWhole) return;
  memory.recycled++;
  if (memory.poison) new Uint8Array(buffer, byteOffset, nbytes).fill(0xa5);
  if (pooledBytes + nbytes > POOL_LIMIT) emptyCache();
  const freed = block ?? { buffer, byteOffset, address };
  const list = pool.get(nbytes);
  if (list) list.push(freed);
  else pool.set(nbytes, [freed]);
  pooledBytes += nbytes;
}
/** Empties the pool. */
export function emptyCache(): void {
  for (const list of pool.values()) for (const memory of list) if (isBlock(memory)) memory.release();
  pool.clear();
  pooledBytes = 0;
}
/** The memory may be seen from outside the engine from now on. */
export function escapeStorage(storage: Storage | null): void {
  if (storage !== null) storage.owned = false;
}
/** Allocations inside are owned by the engine, unless ownership is off (interceptors, create_graph, recomputation). */
export function engineSection<T>(owning: boolean, body: () => T): T {
  engine.depth++;
  if (!owning) engine.ownershipOff++;
  try {
    return body();
  } finally {
    engine.depth--;
    if (!owning) engine.ownershipOff--;
  }
}
/** User code that the engine calls (hooks, custom functions): what it allocates is its own. */
export function userSection<T>(body: () => T): T {
  const saved = engine.depth;
  engine.depth = 0;
  try {
    return body();
  } finally {
    engine.depth = saved;
  }
}
