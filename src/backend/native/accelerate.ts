// Kernels of the addon in place of reference kernels, by operator name. Each entry writes the kernel's slots (native/kernels/README.md);
// false means that the kernel declined, and the reference kernel runs.
import { wrapDims } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import * as d from './descriptor.ts';

type Acceleration = (args: never, ...out: Tensor[]) => boolean;
const entries: { operator: string; kernel: string; make: (id: number) => Acceleration }[] = [];

/** Declares that `operator` may run as `kernel`. */
function accelerate<A>(operator: string, kernel: string, write: (args: A, ...out: Tensor[]) => boolean | undefined): void {
  entries.push({
    operator,
    kernel,
    make: (id) => (args, ...out) => {
      d.begin();
      return write(args as A, ...out) !== false && d.run(id);
    },
  });
}
/** What an operator offers to a backend. */
interface Acceleratable {
  accelerated: Acceleration | null;
}
/** Connects the entries with the operators that exist. */
export function installAccelerations(registry: ReadonlyMap<string, Acceleratable>): void {
  for (const { operator, kernel, make } of entries) {
    const o = registry.get(operator);
    const id = d.kernelId(kernel);
    if (!o) throw new Error(`accelerate.ts: no operator is called ${operator}`);
    if (id >= 0) o.accelerated = make(id);
  }
}
/** Back to the reference kernels. */
export function removeAccelerations(registry: ReadonlyMap<string, Acceleratable>): void {
  for (const { operator } of entries) {
    const o = registry.get(operator);
    if (o) o.accelerated = null;
  }
}

// ---- reductions ---------------------------------------------------------------------------------------------------
const REDUCTIONS = { sum: 0, prod: 1, max: 2, min: 3, any: 4, all: 5, argmax: 6, argmin: 7, mean: 8, sum_of_squares: 9, var: 10 } as const;
/** An output seen with the input's dimensions: stride 0 marks a reduced one. */
function reducedOutput(out: Tensor, self: Tensor, dims: readonly number[]): void {
  const shape = self.layout.shape;
  const stride = new Array<number>(shape.length).fill(0);
  const kept = out.layout.shape.length === shape.length;
  let k = 0;
  for (let i = 0; i < shape.length; i++) {
    const reduced = dims.includes(i);
    if (!reduced) stride[i] = out.layout.stride[kept ? i : k]!;
    if (kept || !reduced) k++;
  }
  d.tensor(out, shape.map((s, i) => (dims.includes(i) ? s : s)), stride);
}
function reduction(kind: keyof typeof REDUCTIONS, self: Tensor, dims: readonly number[], out: Tensor, second: Tensor | null, correction = 0): void {
  d.number(REDUCTIONS[kind]);
  d.number(correction);
  d.tensor(self);
  reducedOutput(out, self, dims);
  if (second) reducedOutput(second, self, dims);
  else d.tensor(null);
}
interface SumArgs {
  readonly self: Tensor;
  readonly dim: readonly number[] | null;
}
accelerate<SumArgs>('sum.dim_IntList', 'reduce', ({ self, dim }, out) => reduction('sum', self, wrapDims(dim, self.ndim), out!, null) as undefined);

// ---- products -----------------------------------------------------------------------------------------------------
interface ProductArgs {
  readonly self: Tensor;
  readonly mat2: Tensor;
}
function product({ self, mat2 }: ProductArgs, out: Tensor): undefined {
  d.tensor(self);
  d.tensor(mat2);
  d.tensor(out);
  d.tensor(null);
}
accelerate<ProductArgs>('mm', 'gemm', (a, out) => product(a, out!));
accelerate<ProductArgs>('bmm', 'gemm', (a, out) => product(a, out!));
