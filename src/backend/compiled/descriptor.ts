// The buffer through which calls reach kernels: native/kernels/descriptor.hpp reads what is written here, in the same order.
import { RuntimeError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Program } from '../../pointwise/compile.ts';
import { WORDS } from '../../pointwise/primitives.ts';
import { DECLINED, DONE, type Engine, OUT_OF_MEMORY, OUT_OF_RANGE } from './engine.ts';

const SLOTS = 1 << 16;
/** Dimensions that kernels have room for (native/kernels/descriptor.hpp). */
const MAX_DIMS = 64;
let numbers: Float64Array;
let bits: BigInt64Array;
let next = 0;
/** Whether kernels have room for every tensor of the call. */
let fits = true;
let engine: Engine;
let kernels: ReadonlyMap<string, number> = new Map();

/** Sends calls to an engine from now on. */
export function connect(to: Engine): void {
  engine = to;
  to.connect(SLOTS, (buffer, byteOffset) => {
    if (engine !== to) return;
    numbers = new Float64Array(buffer, byteOffset, SLOTS);
    bits = new BigInt64Array(buffer, byteOffset, SLOTS);
  });
  kernels = new Map(to.names().map((name, id) => [name, id]));
}
/** The number of a kernel, or −1. */
export const kernelId = (name: string): number => kernels.get(name) ?? -1;

export function begin(): void {
  next = 0;
  fits = true;
  engine.begin();
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
/** An address. (Finding it may move the descriptor: it comes before the slot.) */
function address(at: number): void {
  numbers[next++] = at;
}
/** A number of dimensions. */
export function dimensions(n: number): void {
  if (n > MAX_DIMS) fits = false;
  numbers[next++] = n;
}
/** The address of a tensor's first element. `overwritten`: see Engine.locate. */
export function data(t: Tensor, overwritten = false): void {
  address(engine.locate(t, overwritten));
}
/** The address of an array that kernels change. */
export function array(a: Uint32Array): void {
  address(engine.array(a));
}
/** A program: its address, instructions, registers and constants. */
export function program(p: Program): void {
  const at = engine.program(p);
  address(at.code);
  number(p.code.length / WORDS);
  number(p.registers);
  address(at.consts);
}
/** A tensor argument; absent where null. */
export function tensor(t: Tensor | null, shape: readonly number[] | null = null, stride: readonly number[] | null = null): void {
  described(t, shape, stride, false);
}
/** A result that the kernel overwrites wholly and does not read. */
export function result(t: Tensor | null, shape: readonly number[] | null = null, stride: readonly number[] | null = null): void {
  described(t, shape, stride, true);
}
function described(t: Tensor | null, shape: readonly number[] | null, stride: readonly number[] | null, overwritten: boolean): void {
  if (t === null) {
    numbers[next++] = -1;
    return;
  }
  const l = t.layout;
  const s = shape ?? l.shape;
  const st = stride ?? l.stride;
  dimensions(s.length);
  numbers[next++] = l.dtype.code;
  data(t, overwritten);
  for (let i = 0; i < s.length; i++) numbers[next++] = s[i]!;
  for (let i = 0; i < st.length; i++) numbers[next++] = st[i]!;
}
/** How many entries of so many slots still fit, after one more number. */
export const room = (slots: number): number => Math.floor((SLOTS - next - 1) / slots);

/** Runs a kernel; false where it declined and nothing was written. `results`: see Engine.run. */
export function run(kernel: number, results: readonly Tensor[] | null = null): boolean {
  if (!fits || next > SLOTS) return false;
  const status = engine.run(kernel, results);
  if (status === DONE) return true;
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
