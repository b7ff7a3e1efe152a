// A WebAssembly instance as an engine. Tensors in its heap are used where they lie; the memory of others is copied in before a kernel and,
// where the kernel may have changed it, back.
import { RuntimeError } from '../../core/errors.ts';
import { allocateIn, GIVEN_BACK, type Block, type Storage, viewsAreFree } from '../../core/storage.ts';
import type { Tensor } from '../../core/tensor.ts';
import { DECLINED, DONE, type Engine, OUT_OF_MEMORY, type ProgramAddress } from '../compiled/engine.ts';
import { type Allocator, WasmHeap } from './heap.ts';
import type { Compiled, WasmMemory } from './module.ts';
import { wasm } from './module.ts';
import { startWorker } from './worker.ts';

/** What native/wasm.cpp exports. */
interface Exports extends Allocator {
  init(): void;
  kernel_count(): number;
  kernel_name(id: number): number;
  descriptor(): number;
  run(id: number, growing: boolean): number;
  set_threads(n: number): void;
  get_threads(): number;
  settle(): void;
  readonly __stack_pointer: { value: number };
}
/** Memory outside the heap that a call uses: `bytes` of it are copied to `address`. */
interface Staged {
  readonly storage: Storage | null;
  readonly bytes: Uint8Array;
  readonly address: number;
}
interface Located extends ProgramAddress {
  readonly heap: WasmHeap;
  readonly block: Block | null;
}
const NOWHERE: ProgramAddress = { code: 0, consts: 0 };
const PAGE = 1 << 16;
const INITIAL_PAGES = 512;
/** 4 GiB; less where the address space has no room for it. */
const MAXIMUM_PAGES = 1 << 16;

export interface WasmEngine extends Engine {
  readonly threaded: boolean;
  setNumThreads(n: number): void;
  getNumThreads(): number;
}

function makeMemory(shared: boolean, maximum = MAXIMUM_PAGES): WasmMemory {
  try {
    return new wasm!.Memory({ initial: INITIAL_PAGES, maximum, shared });
  } catch (error) {
    if (maximum / 2 < INITIAL_PAGES) throw error;
    return makeMemory(shared, maximum / 2);
  }
}

export function wasmEngine({ module, threads }: Compiled): WasmEngine {
  const threaded = threads > 1;
  const memory = makeMemory(threaded);
  let moved: () => void = () => {};
  const grown = (): void => {
    heap.refresh();
    moved();
  };
  const start_worker = (index: number): boolean =>
    threaded && startWorker({ module, memory, index, stack: heap.take(WORKER_STACK), stackBytes: WORKER_STACK });
  const exports = new wasm!.Instance(module, { env: { memory, grown, start_worker } }).exports as Exports;
  const heap = new WasmHeap(memory, exports);
  exports.init();
  exports.set_threads(threads);

  let staged: Staged[] = [];
  let isFull = false;
  const heapBytes = (address: number, nbytes: number): Uint8Array => new Uint8Array(heap.buffer, address, nbytes);
  function stage(storage: Storage | null, bytes: Uint8Array, overwritten: boolean): number {
    const address = heap.take(bytes.length);
    if (address === 0) {
      isFull = true;
      return 0;
    }
    if (!overwritten) heapBytes(address, bytes.length).set(bytes);
    staged.push({ storage, bytes, address });
    return address;
  }
  function stageTensor(t: Tensor, overwritten: boolean): number {
    const s = t.storage!;
    if (s.buffer === null) throw new RuntimeError(GIVEN_BACK);
    const l = t.layout;
    const from = s.byteOffset + l.start * l.dtype.itemsize;
    const nbytes = (l.extent - l.start) * l.dtype.itemsize;
    const lead = (l.offset - l.start) * l.dtype.itemsize;
    if (nbytes === 0) return 0; // a view of nothing may begin anywhere
    if (s.buffer.byteLength < from + nbytes)
      throw new RuntimeError('the memory of this tensor was detached (its ArrayBuffer was transferred)');
    for (const { storage, bytes, address } of staged) {
      if (storage === s && bytes.byteOffset <= from && from + nbytes <= bytes.byteOffset + bytes.length)
        return address + from - bytes.byteOffset + lead;
    }
    return stage(s, new Uint8Array(s.buffer, from, nbytes), overwritten && l.contiguous) + lead;
  }
  function unstage(results: readonly Tensor[] | null, changed: boolean): void {
    for (const { storage, bytes, address } of staged) {
      if (changed && (storage === null || results === null || results.some((t) => t.storage === storage)))
        bytes.set(heapBytes(address, bytes.length));
      exports.release(address);
    }
    staged = [];
    isFull = false;
  }

  /** Runs a kernel; a trap is how it says that memory ran out. */
  function attempt(kernel: number): number {
    const stack = exports.__stack_pointer.value;
    try {
      return exports.run(kernel, viewsAreFree());
    } catch (error) {
      if (!(error instanceof wasm!.RuntimeError)) throw error;
      exports.settle();
      exports.__stack_pointer.value = stack;
      return OUT_OF_MEMORY;
    }
  }

  return {
    name: 'wasm',
    threaded,
    names() {
      return Array.from({ length: exports.kernel_count() }, (_, id) => text(heap.buffer, exports.kernel_name(id)));
    },
    connect(_, to) {
      moved = () => to(heap.buffer, exports.descriptor());
      moved();
      allocateIn(heap, null);
    },
    begin() {
      if (staged.length > 0 || isFull) unstage(null, false);
    },
    locate(t, overwritten) {
      const s = t.storage!;
      if (s.block === null || s.block.heap !== heap) return stageTensor(t, overwritten);
      const l = t.layout;
      return s.byteOffset + l.offset * l.dtype.itemsize;
    },
    array: (a) => stage(null, new Uint8Array(a.buffer, a.byteOffset, a.byteLength), false),
    program(p) {
      const known = p.native as Located | null;
      if (known !== null && known.heap === heap) return known;
      const code = new Uint8Array(p.code.buffer, p.code.byteOffset, p.code.byteLength);
      const consts = new Uint8Array(p.consts.buffer, p.consts.byteOffset, p.consts.byteLength);
      const block = heap.place(consts.length + code.length);
      if (block === null) {
        isFull = true;
        return NOWHERE;
      }
      const to = heapBytes(block.address, consts.length + code.length);
      to.set(consts);
      to.set(code, consts.length);
      const at: Located = { heap, block, consts: block.address, code: block.address + consts.length };
      p.native = at;
      return at;
    },
    run(kernel, results) {
      if (isFull) {
        unstage(null, false);
        return DECLINED;
      }
      const status = attempt(kernel);
      if (staged.length > 0) unstage(results, status === DONE);
      // While views are held the heap cannot grow: the reference kernel needs no room in it.
      return status === OUT_OF_MEMORY && !viewsAreFree() ? DECLINED : status;
    },
    setNumThreads(n) {
      if (threaded) exports.set_threads(n);
    },
    getNumThreads: () => (threaded ? exports.get_threads() : 1),
  };
}
const WORKER_STACK = 16 * PAGE;

/** A C string. */
function text(buffer: ArrayBufferLike, at: number): string {
  const bytes = new Uint8Array(buffer, at);
  return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
}
