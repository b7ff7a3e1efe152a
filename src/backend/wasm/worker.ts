// Threads of the WebAssembly pool: workers that share the module's memory. What they run is native/worker.mjs, plain JavaScript that Node.js and pages load as it is.
import { builtin } from '../../core/host.ts';
import type { WasmMemory, WasmModule } from './module.ts';

export interface WorkerStart {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly index: number;
  /** Memory for the thread's stack and its thread-local variables. */
  readonly stack: number;
  readonly stackBytes: number;
}
interface PageWorker {
  postMessage(data: WorkerStart): void;
}

/** False where the system gives no more workers. */
export function startWorker(start: WorkerStart): boolean {
  if (start.stack === 0) return false;
  try {
    const threads = builtin<typeof import('node:worker_threads')>('worker_threads');
    if (threads) {
      const worker = new threads.Worker(new URL('../../../native/worker.mjs', import.meta.url), { workerData: start, execArgv: [] });
      worker.unref();
      worker.on('error', () => {});
    } else {
      const Page = (globalThis as unknown as { Worker: new (url: URL, options: { type: 'module' }) => PageWorker }).Worker;
      new Page(new URL('../../../native/worker.mjs', import.meta.url), { type: 'module' }).postMessage(start);
    }
    return true;
  } catch {
    return false;
  }
}
