import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

const { nn } = torch;
const F = nn.functional;
const leaf = (...shape: number[]): torch.Tensor => torch.randn(shape, { dtype: torch.float64 }).requires_grad_();
/** Attention by its definition. */
function attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | null): torch.Tensor {
  const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.size(-1)));
  return torch.softmax(mask ? scores.add(mask) : scores, -1).matmul(v);
}
const future = (L: number, S: number): torch.Tensor => torch.full([L, S], Number.NEGATIVE_INFINITY, { dtype: torch.float64 }).triu(1);

describe.each(BACKENDS)('scaled_dot_product_attention, %s', (name) => {
  it.each([
    ['all keys', {}, null],
    ['causal', { is_causal: true }, future(35, 41)],
    ['a mask', { attn_mask: future(35, 41).roll(3, 1) }, future(35, 41).roll(3, 1)],
    ['several heads to a key', { enable_gqa: true }, null],
  ] as const)('%s: as defined, and so are its gradients', (_, options, mask) => {
    useBackend(name);
    torch.manual_seed(0);
    const heads = 'enable_gqa' in options ? 2 : 4;
    const [q, k, v] = [leaf(2, 4, 35, 6), leaf(2, heads, 41, 6), leaf(2, heads, 41, 6)] as const;
    const repeated = (t: torch.Tensor): torch.Tensor => t.repeat_interleave(4 / heads, 1);
    const [actual, expected] = [F.scaled_dot_product_attention(q, k, v, options), attention(q, repeated(k), repeated(v), mask)];
    expect(torch.allclose(actual, expected)).toBe(true);
    expect(actual.grad_fn!.name()).toBe('ScaledDotProductFlashAttentionForCpuBackward0');
    const grads = torch.autograd.grad(expected.cos().sum(), [q, k, v]);
    torch.autograd.grad(actual.cos().sum(), [q, k, v]).forEach((g, i) => {
      expect(torch.allclose(g!, grads[i]!)).toBe(true);
    });
  });
  it('gives zeros and no gradient for rows that see nothing', () => {
    useBackend(name);
    const [q, k, v] = [leaf(1, 1, 2, 3), leaf(1, 1, 2, 3), leaf(1, 1, 2, 3)] as const;
    const out = F.scaled_dot_product_attention(q, k, v, {
      attn_mask: torch.tensor([
        [false, false],
        [true, true],
      ]),
    });
    expect(out.at(0, 0, 0).tolist()).toEqual([0, 0, 0]);
    expect(torch.autograd.grad(out.sum(), [q])[0]!.at(0, 0, 0).tolist()).toEqual([0, 0, 0]);
  });
});

describe('attention', () => {
  it('has second derivatives', () => {
    torch.manual_seed(0);
    const f = (q: torch.Tensor, k: torch.Tensor, v: torch.Tensor): torch.Tensor =>
      F.scaled_dot_product_attention(q, k, v, { is_causal: true });
    expect(torch.autograd.gradgradcheck(f, [leaf(1, 2, 3, 2), leaf(1, 2, 3, 2), leaf(1, 2, 3, 2)])).toBe(true);
  });
  it('goes over a batch dimension', () => {
    torch.manual_seed(0);
    const [q, k, v] = [leaf(3, 2, 4, 5), leaf(3, 2, 4, 5), leaf(3, 2, 4, 5)] as const;
    const each = torch.func.vmap((a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) => F.scaled_dot_product_attention(a, b, c));
    expect(torch.allclose(each(q, k, v), F.scaled_dot_product_attention(q, k, v))).toBe(true);
  });
  it('skips padding at evaluation as PyTorch does: zeros', () => {
    torch.manual_seed(0);
    const encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 2, 8, { batch_first: true }), 1).eval();
    const padding = torch.tensor([[false, false, true]]);
    const x = torch.randn(1, 3, 4);
    expect(
      torch
        .no_grad(() => encoder(x, { src_key_padding_mask: padding }))
        .at(0, 2)
        .tolist(),
    ).toEqual([0, 0, 0, 0]);
    expect(encoder(x, { src_key_padding_mask: padding }).at(0, 2).abs().sum().item()).toBeGreaterThan(0);
  });
});
