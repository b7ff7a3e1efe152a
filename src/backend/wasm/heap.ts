// Tensors in WebAssembly memory. Note [Room]: the collector does not know how much memory a block stands for, and in a loop that never
// waits it reports none that died. So blocks fill the heap up to a limit and later storages are ArrayBuffers, which the collector
// frees anywhere; kernels copy them in and out (engine.ts). What died is found at the next task, and the heap has room again.
import { type Block, type Heap, viewsAreFree } from '../../core/storage.ts';
import type { WasmMemory } from './module.ts';

const MB = 1024 * 1024;
/** Blocks of less than LARGE may fill SMALL_ROOM, those that the engine made for itself OWNED_ROOM; all blocks together ROOM. */
const [LARGE, SMALL_ROOM, OWNED_ROOM, ROOM] = [16 * MB, 192 * MB, 256 * MB, 1024 * MB];

/** The allocator in the module. */
export interface Allocator {
  /** 0 where there is no room. The memory may grow if that is allowed. */
  allocate(nbytes: number, growing: boolean): number;
  release(address: number): void;
}
/** What is left of a block when it dies. */
interface Place {
  address: number;
  readonly nbytes: number;
}

export class WasmHeap implements Heap {
  buffer: ArrayBufferLike;
  private used = 0;
  private small = 0;
  private readonly collected = new FinalizationRegistry<Place>((place) => this.free(place));

  constructor(
    private readonly memory: WasmMemory,
    private readonly allocator: Allocator,
  ) {
    this.buffer = memory.buffer;
  }
  /** The memory has grown. */
  refresh(): void {
    this.buffer = this.memory.buffer;
  }
  allocate(nbytes: number, owned: boolean): Block | null {
    if (this.used + nbytes > ROOM) return null;
    if (nbytes < LARGE && this.small + nbytes > (owned ? OWNED_ROOM : SMALL_ROOM)) return null;
    return this.place(nbytes);
  }
  /** A block beyond the limits. */
  place(nbytes: number): Block | null {
    const address = this.take(nbytes);
    if (address === 0) return null;
    this.used += nbytes;
    if (nbytes < LARGE) this.small += nbytes;
    const place: Place = { address, nbytes };
    const block: Block = { heap: this, address, release: () => this.free(place) };
    this.collected.register(block, place);
    return block;
  }
  /** Memory that the caller releases; 0 where there is none. */
  take(nbytes: number): number {
    const address = this.allocator.allocate(nbytes, viewsAreFree()) >>> 0;
    // A worker's kernel may have grown the memory.
    if (address + nbytes > this.buffer.byteLength) this.refresh();
    return address;
  }
  private free(place: Place): void {
    if (place.address === 0) return;
    this.allocator.release(place.address);
    place.address = 0;
    this.used -= place.nbytes;
    if (place.nbytes < LARGE) this.small -= place.nbytes;
  }
}
