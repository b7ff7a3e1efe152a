// Attention that keeps no weights.
import { expandStrides } from '../../../core/shape.ts';
import { sameShape, type Shape } from '../../../core/size.ts';
import type { Tensor } from '../../../core/tensor.ts';
import { dense } from '../../reference/arrays.ts';
import { accelerate } from '../accelerate.ts';
import * as d from '../descriptor.ts';

interface Attention {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly attn_mask: Tensor | null;
  readonly is_causal: boolean;
  readonly scale: number | null;
}
/** What the kernels index without looking: equal batches, heads that divide, a mask that fits. */
function fits({ query, key, value, attn_mask }: Attention): boolean {
  const [B, H, L, D] = query.layout.shape as unknown as [number, number, number, number];
  const [batch, heads, S, size] = key.layout.shape as unknown as [number, number, number, number];
  if (batch !== B || size !== D || H % heads !== 0 || !sameShape(value.layout.shape, key.layout.shape)) return false;
  if ([query, key, value].some((t) => t.layout.numel === 0 || t.dtype !== query.dtype)) return false;
  return attn_mask === null || broadcasts(attn_mask.layout.shape, [B, H, L, S]);
}
const broadcasts = (shape: Shape, to: Shape): boolean =>
  shape.length <= to.length && shape.every((s, i) => s === 1 || s === to[to.length - shape.length + i]);
/** Writes the inputs; `more` after the mask. */
function begin(a: Attention, first: readonly Tensor[], more: readonly Tensor[]): void {
  const { query, key, attn_mask } = a;
  // A conversion runs a kernel of its own.
  const mask = attn_mask && attn_mask.dtype !== query.dtype ? dense(attn_mask, query.dtype) : attn_mask;
  d.begin();
  for (const t of first) d.tensor(t);
  const full = [...query.layout.shape.slice(0, 3), key.layout.shape[2]!];
  if (mask) d.tensor(mask, full, expandStrides(mask.layout.shape, mask.layout.stride, full));
  else d.tensor(null);
  for (const t of more) d.tensor(t);
  d.flag(a.is_causal);
  d.number(a.scale ?? 1 / Math.sqrt(query.layout.shape[3]!));
}
const NAME = '_scaled_dot_product_flash_attention_for_cpu';
accelerate<Attention>(NAME, 'attention', (a, output, logsumexp) => {
  if (!fits(a)) return false;
  begin(a, [a.query, a.key, a.value], []);
  d.result(output!);
  d.result(logsumexp!);
  return true;
});
accelerate<Attention & { grad_out: Tensor; logsumexp: Tensor }>(`${NAME}_backward`, 'attention_backward', (a, ...grads) => {
  if (!fits(a) || a.grad_out.dtype !== a.query.dtype || a.logsumexp.dtype !== a.query.dtype) return false;
  begin(a, [a.grad_out, a.query, a.key, a.value], [a.logsumexp]);
  for (const t of grads) d.result(t);
  return true;
});
