// Recurrent layers.
import type { Tensor } from '../../../core/tensor.ts';
import { dense } from '../../reference/arrays.ts';
import { accelerate } from '../accelerate.ts';
import * as d from '../descriptor.ts';

interface Layer {
  readonly gates: Tensor;
  readonly hx: Tensor;
  readonly cx: Tensor | null;
  readonly w_hh: Tensor;
  readonly b_hh: Tensor | null;
  readonly sizes: readonly number[];
  readonly reverse: boolean;
  readonly mode: number;
}
const optional = (t: Tensor | null): Tensor | null => t && dense(t);
/** Results of size 0 are absent. */
const present = (t: Tensor): Tensor | null => (t.layout.numel > 0 ? t : null);
function steps({ mode, sizes, reverse }: Layer): void {
  d.number(mode);
  d.number(sizes.length);
  d.list(sizes);
  d.flag(reverse);
}
/** The slots of the tensors beside the sizes. */
const TENSORS = 128;
const fits = ({ gates, hx, sizes }: Layer): boolean => gates.layout.numel > 0 && hx.layout.numel > 0 && d.room(1) > sizes.length + TENSORS;

accelerate<Layer>('_recurrent_layer', 'recurrent_layer', (a, output, hn, cn, saved) => {
  if (!fits(a)) return false;
  const tensors = [a.gates, a.hx, a.cx, a.w_hh, a.b_hh].map(optional);
  d.begin();
  for (const t of tensors) d.tensor(t);
  steps(a);
  d.result(output!);
  d.result(hn!);
  d.result(present(cn!));
  d.result(saved!);
  return true;
});
accelerate<Layer & { grad_output: Tensor; grad_hn: Tensor; grad_cn: Tensor; output: Tensor; saved: Tensor }>(
  '_recurrent_layer_backward',
  'recurrent_layer_backward',
  (a, ...outs) => {
    if (!fits(a)) return false;
    const tensors = [a.grad_output, a.grad_hn, present(a.grad_cn), a.hx, a.cx, a.w_hh, a.output, a.saved].map(optional);
    d.begin();
    for (const t of tensors) d.tensor(t);
    steps(a);
    for (const t of outs) d.result(present(t));
    return true;
  },
);
