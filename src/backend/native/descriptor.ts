// The buffer through which calls reach kernels: native/kernels/descriptor.hpp reads what is written here, in the same order.
import { RuntimeError } from '../../core/errors.ts';
import type { Storage } from '../../core/storage.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Addon } from './addon.ts';

const SLOTS = 1 << 16;
const buffer = new ArrayBuffer(SLOTS * 8);
const numbers = new Float64Array(buffer);
const bits = new BigInt64Array(buffer);
let next = 0;
let addon: Addon;
const kernels = new Map<string, number>();

export function connect(loaded: Addon): void {
  addon = loaded;
  addon.init(buffer);
  addon.names().forEach((name, id) => kernels.set(name, id));
}
/** The number of a kernel, or −1. */
export const kernelId = (name: string): number => kernels.get(name) ?? -1;

/** The address of a storage's first byte. Memory that the user can reach is looked up at each call, for it may have been detached. */
export function addressOf(s: Storage): number {
  if (s.address !== 0 && !s.exposed) return s.address;
  if (s.buffer === null) throw new RuntimeError('Internal: the memory of this tensor was given back');
  if (s.exposed && s.nbytes > 0 && s.buffer.byteLength < s.byteOffset + s.nbytes) throw new RuntimeError('the memory of this tensor was detached (its ArrayBuffer was transferred)');
  s.address = addon.address(s.buffer) + s.byteOffset;
  return s.address;
}

/** The address of a buffer's first byte. */
export const bufferAddress = (b: ArrayBufferLike): number => addon.address(b);

export function begin(): void {
  next = 0;
}
export function number(v: number): void {
  numbers[next++] = v;
}
export function integer64(v: bigint): void {
  bits[next++] = v;
}
export function flag(v: boolean): void {
  numbers[next++] = v ? 1 : 0;
}
export function list(vs: readonly number[]): void {
  for (let i = 0; i < vs.length; i++) numbers[next++] = vs[i]!;
}
/** The address of an element of a tensor's storage. */
export function dataAddress(t: Tensor): number {
  const l = t.layout;
  return addressOf(t.storage!) + l.offset * l.dtype.itemsize;
}
/** A tensor argument; absent where null. */
export function tensor(t: Tensor | null, shape: readonly number[] | null = null, stride: readonly number[] | null = null): void {
  if (t === null) {
    numbers[next++] = -1;
    return;
  }
  const l = t.layout;
  const s = shape ?? l.shape;
  const st = stride ?? l.stride;
  numbers[next++] = s.length;
  numbers[next++] = l.dtype.code;
  numbers[next++] = dataAddress(t);
  for (let i = 0; i < s.length; i++) numbers[next++] = s[i]!;
  for (let i = 0; i < st.length; i++) numbers[next++] = st[i]!;
}
/** Whether so many more slots fit. */
export const fits = (slots: number): boolean => next + slots <= SLOTS;

const DECLINED = 1;
const OUT_OF_MEMORY = 2;
const OUT_OF_RANGE = 3;
/** The last status of `run`, where a kernel's caller tells an index error from a declined call. */
export const last = { status: 0 };
/** Runs a kernel; false where it declined and nothing was written. */
export function run(kernel: number): boolean {
  const status = addon.run(kernel);
  if (status === 0) return true;
  last.status = status;
  switch (status) {
    case DECLINED:
      return false;
    case OUT_OF_RANGE:
      return false; // the reference kernel finds the offending element and words the error
    case OUT_OF_MEMORY:
      throw new RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory");
    default:
      throw new RuntimeError('a native kernel failed');
  }
}
