// Compiled kernels in place of reference kernels, by operator name. Each entry writes the kernel's slots (native/kernels/README.md);
// false means that the kernel does not take these arguments, and the reference kernel runs.
import type { Tensor } from '../../core/tensor.ts';
import * as d from './descriptor.ts';

export type Acceleration = (args: never, ...out: Tensor[]) => boolean;
/** What an operator offers to a backend. */
interface Acceleratable {
  accelerated: Acceleration | null;
  /** Arguments that it changes. */
  readonly mutates: readonly number[];
}
const entries: { operator: string; kernel: string; make: (id: number, mutates: boolean) => Acceleration }[] = [];

/** Declares that `operator` runs as `kernel`, whose slots `write` writes; false if it cannot. */
export function accelerate<A>(operator: string, kernel: string, write: (args: A, ...out: Tensor[]) => boolean | void): void {
  entries.push({
    operator,
    kernel,
    make:
      (id, mutates) =>
      (args, ...out) => {
        d.begin();
        return write(args as A, ...out) !== false && d.run(id, mutates ? null : out);
      },
  });
}
/** Declares that `operator` runs by calling kernels itself; `run` gives the kernel's number. */
export function accelerateWith<A>(
  operator: string,
  kernel: string,
  body: (run: () => boolean, args: A, ...out: Tensor[]) => boolean,
): void {
  entries.push({
    operator,
    kernel,
    make:
      (id) =>
      (args, ...out) =>
        body(() => d.run(id), args as A, ...out),
  });
}
/** Connects the entries with the operators that exist. */
export function installAccelerations(registry: ReadonlyMap<string, Acceleratable>): void {
  for (const { operator, kernel, make } of entries) {
    const o = registry.get(operator);
    const id = d.kernelId(kernel);
    if (!o) throw new Error(`no operator is called ${operator}`);
    if (id >= 0) o.accelerated = make(id, o.mutates.length > 0);
  }
}
/** Back to the reference kernels. */
export function removeAccelerations(registry: ReadonlyMap<string, Acceleratable>): void {
  for (const { operator } of entries) {
    const o = registry.get(operator);
    if (o) o.accelerated = null;
  }
}

/** Sizes before, at and after a dimension. */
export function split(shape: readonly number[], dim: number): readonly [outer: number, n: number, inner: number] {
  const at = dim < 0 ? dim + shape.length : dim;
  let [outer, inner] = [1, 1];
  for (let i = 0; i < at; i++) outer *= shape[i]!;
  for (let i = at + 1; i < shape.length; i++) inner *= shape[i]!;
  return [outer, shape[at] ?? 1, inner];
}
