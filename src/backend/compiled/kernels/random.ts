// Random fills: the generator's state is advanced in C++, to the same bits.
import { float32, float64 } from '../../../core/dtype.ts';
import type { Generator } from '../../../core/generator.ts';
import { currentGenerator } from '../../../core/default-generator.ts';
import type { Tensor } from '../../../core/tensor.ts';
import { accelerate } from '../accelerate.ts';
import * as d from '../descriptor.ts';

interface Drawn {
  readonly generator: object | null;
}
const state = ({ generator }: Drawn): void => d.array(((generator ?? currentGenerator()) as Generator).memory);
/** Kernels fill dense memory; other layouts have a stream order of their own. */
const isDense = (t: Tensor): boolean => t.layout.contiguous && t.layout.numel > 0;
function uniform(a: Drawn, out: Tensor, from: number, to: number): boolean {
  if (!isDense(out) || (out.dtype !== float32 && out.dtype !== float64)) return false;
  if (
    !(Number.isFinite(from) && Number.isFinite(to) && from <= to && to - from <= 3.4e38 && Math.abs(from) < 3.4e38 && Math.abs(to) < 3.4e38)
  )
    return false;
  state(a);
  d.result(out);
  d.number(from);
  d.number(to);
  return true;
}
for (const name of ['rand', 'rand_like']) accelerate<Drawn>(name, 'random_uniform', (a, out) => uniform(a, out!, 0, 1));
accelerate<Drawn & { from: number; to: number }>('uniform', 'random_uniform', (a, out) => uniform(a, out!, a.from, a.to));
function normal(a: Drawn, out: Tensor, mean: number, std: number): boolean {
  if (!isDense(out) || out.dtype !== float32 || out.layout.numel < 16 || !(std >= 0)) return false;
  state(a);
  d.result(out);
  d.number(mean);
  d.number(std);
  return true;
}
for (const name of ['randn', 'randn_like']) accelerate<Drawn>(name, 'random_normal', (a, out) => normal(a, out!, 0, 1));
accelerate<Drawn & { self: Tensor; mean: number; std: number }>(
  'normal',
  'random_normal',
  (a, out) => isDense(a.self) && normal(a, out!, a.mean, a.std),
);
for (const name of ['bernoulli.p', 'bernoulli.float']) {
  accelerate<Drawn & { p: number }>(name, 'random_bernoulli', (a, out) => {
    if (!isDense(out!) || out!.dtype.is_complex || !(a.p >= 0 && a.p <= 1)) return false;
    state(a);
    d.result(out!);
    d.number(a.p);
    return true;
  });
}
accelerate<Drawn>('randperm', 'random_permutation', (a, out) => {
  if (!isDense(out!)) return false;
  state(a);
  d.tensor(out!);
  return true;
});
