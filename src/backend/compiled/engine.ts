// What the compiled kernels run on: the addon, or a WebAssembly instance. Both take the same calls; they differ in where memory lies.
import type { Tensor } from '../../core/tensor.ts';
import type { Program } from '../../pointwise/compile.ts';

/** Where a program lies. */
export interface ProgramAddress {
  readonly code: number;
  readonly consts: number;
}
export interface Engine {
  readonly name: 'native' | 'wasm';
  /** The kernels by number. */
  names(): readonly string[];
  /** Gives the place where calls are written, `slots` slots of 8 bytes, to `moved`: now and whenever it lies elsewhere. */
  connect(slots: number, moved: (buffer: ArrayBufferLike, byteOffset: number) => void): void;
  /** A call begins: what an unfinished one prepared is given up. */
  begin(): void;
  /**
   * The address of a tensor's first element. `overwritten`: the kernel reads none of its elements and writes them all.
   * @throws RuntimeError if the memory was given back or detached.
   */
  locate(t: Tensor, overwritten: boolean): number;
  /** The address of an array that kernels change. */
  array(a: Uint32Array): number;
  program(p: Program): ProgramAddress;
  /** Runs a kernel on what was written; gives a status. `results`: the tensors that it may change (null: any of the call's). */
  run(kernel: number, results: readonly Tensor[] | null): number;
}
/** What kernels return (native/kernels/descriptor.hpp). */
export const DONE = 0;
export const DECLINED = 1;
export const OUT_OF_MEMORY = 2;
export const OUT_OF_RANGE = 3;
