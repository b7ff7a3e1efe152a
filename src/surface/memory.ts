// torch.memory_stats: what the allocator did.
import { memory, type OperatorMemory, reserved } from '../core/storage.ts';

export interface MemoryStats {
  /** Tensors that got memory since the start or the last reset, and their bytes. */
  readonly allocations: number;
  readonly allocated_bytes: number;
  /** How many of them got memory of one that was given back, and how many were given back, before the collector found them. */
  readonly reused: number;
  readonly recycled: number;
  /** Bytes that are ready to be used again. */
  readonly pool_bytes: number;
  /** Size of the WebAssembly heap; 0 on other backends. */
  readonly heap_bytes: number;
  /** By operator, those that allocated most first. Empty unless `reset_memory_stats({ per_operator: true })` was called. */
  readonly operators: Readonly<Record<string, Readonly<OperatorMemory>>>;
}
/** Counters of the allocator of CPU tensors. */
export function memory_stats(): MemoryStats {
  const { pool, heap } = reserved();
  const operators = [...(memory.operators ?? [])].sort(([, a], [, b]) => b.bytes - a.bytes);
  return {
    allocations: memory.allocated,
    allocated_bytes: memory.allocatedBytes,
    reused: memory.reused,
    recycled: memory.recycled,
    pool_bytes: pool,
    heap_bytes: heap,
    operators: Object.fromEntries(operators.map(([name, counted]) => [name, { ...counted }])),
  };
}
/**
 * Starts the counters of `memory_stats` anew.
 * @param options.per_operator Whether allocations are counted by operator from now on; each call takes a little longer then. An operator that
 * is made of others counts what it allocates itself, not what they do.
 */
export function reset_memory_stats({ per_operator = false }: { readonly per_operator?: boolean } = {}): void {
  Object.assign(memory, { allocated: 0, allocatedBytes: 0, reused: 0, recycled: 0, operators: per_operator ? new Map() : null });
}
