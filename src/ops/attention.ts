// Attention: scaled dot products, and the projections of several heads around them.
import { requiresGrad } from '../autograd/views.ts';
import { bool, Category, type DType, float32 } from '../core/dtype.ts';
import { AssertionError, RuntimeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op } from '../dispatch/operator.ts';
import { kernelOf } from './kernel.ts';

interface Options {
  readonly attn_mask: Tensor | null;
  readonly is_causal: boolean;
  readonly scale: number | null;
}
interface Attention extends Options {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}
const sizeAt = (t: Tensor, dim: number): number => t.shape.at(dim)!;
/** 16-bit inputs are computed with as float32, and rounded once. */
const accumulator = (dtype: DType): DType => (dtype.itemsize === 2 ? float32 : dtype);
const accumulated = (t: Tensor): Tensor => rounded(t, accumulator(t.dtype));
/** As a factor of a product in `dtype`: 16-bit weights are rounded. */
const asIn = (t: Tensor, dtype: DType): Tensor => accumulated(rounded(t, dtype));
const rounded = (t: Tensor, dtype: DType): Tensor => (t.dtype === dtype ? t : t.to(dtype));
const scaleOf = (query: Tensor, scale: number | null): number => scale ?? 1 / Math.sqrt(sizeAt(query, -1));

/** What is added to the scores: 0 where a mask of truth values is true, −∞ where it is false. */
function additive(mask: Tensor | null, dtype: DType): Tensor | null {
  if (mask?.dtype !== bool) return mask;
  return F.zeros(mask.shape, dtype, null, mask.device).masked_fill(mask.logical_not(), Number.NEGATIVE_INFINITY);
}
/** −∞ above the diagonal. */
const future = (L: number, S: number, like: Tensor): Tensor =>
  F.full([L, S], Number.NEGATIVE_INFINITY, like.dtype, null, like.device).triu(1);

// ---- the fused form: no attention weights are kept ----------------------------------------------------------------
/** Each head of keys and values serves the same number of heads of queries. */
function spread(t: Tensor, heads: number): Tensor {
  const [B, H, S, D] = t.shape as unknown as [number, number, number, number];
  return H === heads
    ? t
    : t
        .unsqueeze(2)
        .expand([B, H, heads / H, S, D])
        .reshape([B, heads, S, D]);
}
function gathered(g: Tensor, heads: number): Tensor {
  const [B, H, S, D] = g.shape as unknown as [number, number, number, number];
  return H === heads ? g : g.view([B, heads, H / heads, S, D]).sum([2]);
}
const only = ({ attn_mask, is_causal, scale }: Options): Options => ({ attn_mask, is_causal, scale });
function scores({ query, key, attn_mask, is_causal, scale }: Omit<Attention, 'value'>): Tensor {
  let s = query.matmul(key.transpose(-2, -1)).mul(scaleOf(query, scale));
  if (attn_mask) s = s.add(attn_mask);
  return is_causal ? s.add(future(sizeAt(query, -2), sizeAt(key, -2), s)) : s;
}
const FLASH = 'scaled_dot_product_attention_flash_attention';
function checkFlash({ query, key, value, attn_mask, dropout_p }: Attention & { dropout_p: number }): void {
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new RuntimeError(`${FLASH}: ${what}`);
  };
  require(query.dtype.category ===
    Category.Floating, `Expected data type in FP32, FP64, BF16, FP16, but got ${query.dtype.scalarName} instead.`);
  require(query.ndim === 4 && key.ndim === 4 && value.ndim === 4, 'Accept only 4 dims inputs shape of {B, H, T, K}');
  require(dropout_p === 0, 'Currently do not support dropout > 0');
  require(sizeAt(query, 3) === sizeAt(value, 3) && sizeAt(key, 3) === sizeAt(value, 3), 'Q/K/V should have the same head size');
  require(!attn_mask || attn_mask.dtype === float32 || attn_mask.dtype === query.dtype, 'Attention mask is the same data type as query');
  require(!attn_mask || attn_mask.ndim === 2 || attn_mask.ndim === 4, 'Attention mask dim in {2, 4}');
}
/** The output, and the logarithms of the sums. */
function flash(a: Attention): [Tensor, Tensor] {
  const { query } = a;
  const heads = query.shape[1]!;
  const s = scores({ ...only(a), query: accumulated(query), key: spread(accumulated(a.key), heads) });
  const greatest = F.amax(s, [-1], true);
  const max = greatest.masked_fill(greatest.eq(Number.NEGATIVE_INFINITY), 0);
  const weights = s.sub(max).exp();
  const total = weights.sum([-1], true);
  const sum = total.masked_fill(total.eq(0), 1);
  const output = asIn(weights, query.dtype).matmul(spread(accumulated(a.value), heads));
  return [rounded(output.div(sum), query.dtype), max.add(sum.log()).squeeze(-1)];
}
/** From the inputs alone, so that it can be differentiated. */
function flashBackward(a: Attention & { readonly grad_out: Tensor }): [Tensor, Tensor, Tensor] {
  const { dtype } = a.query;
  const heads = a.query.shape[1]!;
  const scale = scaleOf(a.query, a.scale);
  const [query, g] = [accumulated(a.query), accumulated(a.grad_out)];
  const [key, value] = [a.key, a.value].map((t) => spread(accumulated(t), heads)) as [Tensor, Tensor];
  const weights = F._safe_softmax(scores({ ...only(a), query, key }), -1);
  const toWeights = g.matmul(value.transpose(-2, -1));
  const change = asIn(weights.mul(toWeights.sub(weights.mul(toWeights).sum([-1], true))), dtype);
  return [
    rounded(change.matmul(key).mul(scale), dtype),
    rounded(gathered(change.transpose(-2, -1).matmul(query).mul(scale), a.key.shape[1]!), dtype),
    rounded(gathered(asIn(weights, dtype).transpose(-2, -1).matmul(g), a.value.shape[1]!), dtype),
  ];
}
/** Strides of (B, H, L, D) with the rows of all heads together, as PyTorch's gradients lie. */
function byRow(shape: Shape): Shape {
  const [, H, L, D] = shape as unknown as [number, number, number, number];
  return [H * L * D, D, H * D, 1];
}
const FLASH_ARGUMENTS = 'float dropout_p=0., bool is_causal=False, *, Tensor? attn_mask=None, float? scale=None';
op(
  `_scaled_dot_product_flash_attention_for_cpu(Tensor query, Tensor key, Tensor value, ${FLASH_ARGUMENTS}) -> (Tensor output, Tensor logsumexp)`,
  {
    doc: 'softmax(query·keyᵀ·scale + attn_mask)·value of (B, H, L, D), and the logarithms of the sums that softmax divides by. A row that is masked wholly gives zeros.',
    decompose: (a) => {
      checkFlash(a);
      return flash(a);
    },
    meta: (a) => {
      checkFlash(a);
      const [B, H, L] = a.query.shape as unknown as [number, number, number];
      return [
        { shape: a.query.shape, dtype: a.query.dtype },
        { shape: [B, H, L], stride: [H * L, 1, H], dtype: accumulator(a.query.dtype) },
      ];
    },
    kernel: (a, ...outs) => kernelOf(() => flash(a), outs),
    grad: joint('query', 'key', 'value', 'attn_mask', 'output', 'logsumexp', ([g], a) => {
      const [query, key, value] = F._scaled_dot_product_flash_attention_for_cpu_backward(
        g!,
        a.query,
        a.key,
        a.value,
        a.output,
        a.logsumexp,
        a.dropout_p,
        a.is_causal,
        a.attn_mask,
        a.scale,
      );
      return { query, key, value };
    }),
    constants: ['logsumexp'],
    gradName: 'ScaledDotProductFlashAttentionForCpuBackward0',
    surface: ['function'],
  },
);
op(
  '_scaled_dot_product_flash_attention_for_cpu_backward(Tensor grad_out, Tensor query, Tensor key, Tensor value, Tensor out, Tensor logsumexp, float dropout_p, bool is_causal, *, Tensor? attn_mask=None, float? scale=None) -> (Tensor grad_query, Tensor grad_key, Tensor grad_value)',
  {
    doc: 'The gradients of _scaled_dot_product_flash_attention_for_cpu, which computes the attention weights again.',
    decompose: (a) => flashBackward(a),
    meta: ({ query, key, value }) => [query, key, value].map(({ shape, dtype }) => ({ shape, stride: byRow(shape), dtype })),
    kernel: (a, ...outs) => kernelOf(() => flashBackward(a), outs),
    surface: ['function'],
  },
);

// ---- the form that is spelled out ---------------------------------------------------------------------------------
function repeatedHeads(query: Tensor, t: Tensor): Tensor {
  const [n, heads] = [sizeAt(query, -3), sizeAt(t, -3)];
  if (heads === 0 || n % heads !== 0) throw new RuntimeError('Number of heads in key and value must divide the number of heads in query');
  return heads === n ? t : F.repeat_interleave$self_int(t, n / heads, -3);
}
const BOTH_MASKS = '_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True';
op(
  '_scaled_dot_product_attention_math(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0., bool is_causal=False, Tensor? dropout_mask=None, *, float? scale=None, bool enable_gqa=False) -> (Tensor result0, Tensor result1)',
  {
    doc: 'Attention by matrix products, and its weights.',
    decompose: (a) => {
      const { dtype } = a.query;
      const [query, keys, values] = [a.query, a.key, a.value].map(accumulated) as [Tensor, Tensor, Tensor];
      // Half of the scale goes to each factor, so that their product overflows later.
      const scale = scaleOf(query, a.scale);
      const root = Math.sqrt(Math.abs(scale));
      let mask = additive(a.attn_mask, query.dtype);
      if (a.is_causal) {
        if (mask) throw new RuntimeError(BOTH_MASKS);
        mask = future(sizeAt(query, -2), sizeAt(keys, -2), query);
      }
      if (a.enable_gqa && query.ndim < 3) query.size(-3);
      const [key, value] = a.enable_gqa ? [repeatedHeads(query, keys), repeatedHeads(query, values)] : [keys, values];
      let weights = query.mul(scale < 0 ? -root : root).matmul(key.transpose(-2, -1).mul(root));
      if (mask) weights = weights.add_(mask);
      weights = F._safe_softmax(weights, -1);
      if (a.dropout_p > 0) {
        if (a.dropout_mask) return [weights.masked_fill(a.dropout_mask.logical_not(), 0).matmul(value.mul(1 / (1 - a.dropout_p))), weights];
        weights = F.dropout(weights, a.dropout_p, true);
      }
      return [rounded(weights.matmul(value), dtype), rounded(weights, dtype)];
    },
    random: true,
    surface: ['function'],
  },
);

/** Whether the fused form takes these arguments. */
function fuses({ query, key, value, attn_mask, dropout_p, enable_gqa }: Attention & { dropout_p: number; enable_gqa: boolean }): boolean {
  const n = query.ndim;
  if (dropout_p > 0 || (n !== 3 && n !== 4) || key.ndim !== n || value.ndim !== n || query.dtype.category !== Category.Floating)
    return false;
  if (![key, value].every((t) => sizeAt(t, -1) === sizeAt(query, -1)) || sizeAt(key, -2) !== sizeAt(value, -2)) return false;
  if (![query, key, value].every((t) => t.layout.numel > 0 && t.layout.stride.at(-1) === 1)) return false;
  const [heads, keyHeads] = [sizeAt(query, -3), sizeAt(key, -3)];
  if (sizeAt(value, -3) !== keyHeads || (heads !== keyHeads && !(enable_gqa && heads % keyHeads === 0))) return false;
  if (n === 4 && (key.shape[0] !== query.shape[0] || value.shape[0] !== query.shape[0])) return false;
  return attn_mask === null || (!requiresGrad(attn_mask) && maskFits(attn_mask, [...query.shape.slice(0, -1), sizeAt(key, -2)]));
}
function maskFits(mask: Tensor, full: Shape): boolean {
  const at = full.length - mask.ndim;
  return (mask.ndim === 2 || at === 0) && mask.shape.every((s, i) => s === 1 || s === full[at + i]);
}
function checkAttention({ query, key, value, attn_mask, is_causal }: Attention): void {
  const all = [query, key, value] as const;
  const [q, k, v] = all;
  if (k.dtype !== q.dtype || v.dtype !== q.dtype) {
    throw new RuntimeError(
      `Expected query, key, and value to have the same dtype, but got query.dtype: ${q.dtype.cName} key.dtype: ${k.dtype.cName} and value.dtype: ${v.dtype.cName} instead.`,
    );
  }
  if (k.device !== q.device || v.device !== q.device) {
    throw new RuntimeError(
      `Expected query, key, and value to have the same device type, but got query.device: ${q.device} key.device: ${k.device} and value.device: ${v.device} instead.`,
    );
  }
  if (all.some((t) => t.ndim < 2)) {
    throw new RuntimeError(
      `Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: ${q.ndim} key.dim: ${k.ndim} and value.dim: ${v.ndim} instead.`,
    );
  }
  if (!attn_mask) return;
  if (attn_mask.dtype !== bool && attn_mask.dtype !== float32 && attn_mask.dtype !== q.dtype) {
    throw new RuntimeError(
      `Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: ${attn_mask.dtype.cName} and  query.dtype: ${q.dtype.cName} instead.`,
    );
  }
  if (is_causal) throw new RuntimeError(BOTH_MASKS);
}
op(
  'scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0., bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor',
  {
    doc: 'softmax(query·keyᵀ·scale + attn_mask)·value: (…, L, E), (…, S, E), (…, S, Eᵥ) → (…, L, Eᵥ). The scale is 1/√E unless given; a mask of truth values tells what takes part.',
    decompose: (a) => {
      checkAttention(a);
      if (!fuses(a)) {
        return F._scaled_dot_product_attention_math(
          a.query,
          a.key,
          a.value,
          a.attn_mask,
          a.dropout_p,
          a.is_causal,
          null,
          a.scale,
          a.enable_gqa,
        )[0];
      }
      const batched = a.query.ndim === 4;
      const four = (t: Tensor): Tensor => (batched ? t : t.unsqueeze(0));
      const mask = additive(a.attn_mask, a.query.dtype);
      const [r] = F._scaled_dot_product_flash_attention_for_cpu(
        four(a.query),
        four(a.key),
        four(a.value),
        a.dropout_p,
        a.is_causal,
        mask?.ndim === 3 ? mask.unsqueeze(0) : mask,
        a.scale,
      );
      return batched ? r : r.squeeze(0);
    },
    random: true,
    autocast: 'lower',
    surface: ['nn.functional'],
  },
);

// ---- several heads ------------------------------------------------------------------------------------------------
/** A mask of truth values (true: left out) as one to be added. */
export function canonicalMask(mask: Tensor | null, name: string, other: Tensor | null, otherName: string, dtype: DType): Tensor | null {
  if (!mask) return null;
  const isFloat = mask.dtype.is_floating_point;
  if (mask.dtype !== bool && !isFloat) throw new AssertionError(`only bool and floating types of ${name} are supported`);
  if (other && other.dtype !== mask.dtype)
    console.warn(`Support for mismatched ${name} and ${otherName} is deprecated. Use same type for both instead.`);
  return isFloat ? mask : F.zeros(mask.shape, dtype, null, mask.device).masked_fill_(mask, Number.NEGATIVE_INFINITY);
}
const assert = (holds: boolean, message: () => string): void => {
  if (!holds) throw new AssertionError(message());
};
const tuple = (s: Shape): string => `(${s.join(', ')}${s.length === 1 ? ',' : ''})`;
const torchSize = (s: Shape): string => `torch.Size(${showShape(s)})`;
interface Heads {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly key_padding_mask: Tensor | null;
  readonly attn_mask: Tensor | null;
  readonly num_heads: number;
}
function isBatched({ query, key, value, key_padding_mask, attn_mask, num_heads }: Heads): boolean {
  const n = query.ndim;
  if (n !== 2 && n !== 3) throw new AssertionError(`query should be unbatched 2D or batched 3D tensor but received ${n}-D query tensor`);
  const what = n === 3 ? 'batched (3-D)' : 'unbatched (2-D)';
  assert(
    key.ndim === n && value.ndim === n,
    () =>
      `For ${what} \`query\`, expected \`key\` and \`value\` to be ${n}-D but found ${key.ndim}-D and ${value.ndim}-D tensors respectively`,
  );
  if (key_padding_mask) {
    const { ndim } = key_padding_mask;
    assert(
      ndim === n - 1,
      () => `For ${what} \`query\`, expected \`key_padding_mask\` to be \`None\` or ${n - 1}-D but found ${ndim}-D tensor instead`,
    );
  }
  if (attn_mask) {
    const { ndim, shape } = attn_mask;
    assert(
      ndim === 2 || ndim === 3,
      () => `For ${what} \`query\`, expected \`attn_mask\` to be \`None\`, 2-D or 3-D but found ${ndim}-D tensor instead`,
    );
    const expected = [num_heads, query.shape[0]!, key.shape[0]!];
    if (n === 2 && ndim === 3)
      assert(sameShape(shape, expected), () => `Expected \`attn_mask\` shape to be ${tuple(expected)} but got ${torchSize(shape)}`);
  }
  return n === 3;
}

interface Projection extends Heads {
  readonly in_proj_weight: Tensor | null;
  readonly in_proj_bias: Tensor | null;
  readonly use_separate_proj_weight: boolean;
  readonly q_proj_weight: Tensor | null;
  readonly k_proj_weight: Tensor | null;
  readonly v_proj_weight: Tensor | null;
}
type Triple<T> = [T, T, T];
/** Queries, keys and values; where they come from one tensor, by one product. */
function projected(a: Projection, query: Tensor, key: Tensor, value: Tensor): Triple<Tensor> {
  const E = sizeAt(query, -1);
  const bias = (a.in_proj_bias?.chunk(3) ?? [null, null, null]) as Triple<Tensor | null>;
  if (!a.use_separate_proj_weight) {
    const { in_proj_weight: w, in_proj_bias: b } = a;
    if (!w) throw new AssertionError('use_separate_proj_weight is False but in_proj_weight is None');
    if (key !== value) {
      const parts = w.chunk(3);
      return [query, key, value].map((x, i) => F.linear(x, parts[i]!, bias[i]!)) as Triple<Tensor>;
    }
    if (query === key) return F.linear(query, w, b).chunk(3, -1) as unknown as Triple<Tensor>;
    const [wq, wkv] = F.split_with_sizes(w, [E, 2 * E]) as [Tensor, Tensor];
    const [bq, bkv] = b ? (F.split_with_sizes(b, [E, 2 * E]) as [Tensor, Tensor]) : [null, null];
    return [F.linear(query, wq, bq), ...(F.linear(key, wkv, bkv).chunk(2, -1) as unknown as [Tensor, Tensor])];
  }
  const weights = (['q', 'k', 'v'] as const).map((n) => {
    const w = a[`${n}_proj_weight`];
    if (!w) throw new AssertionError(`use_separate_proj_weight is True but ${n}_proj_weight is None`);
    return w;
  });
  const inputs = [query, key, value];
  const names = ['query', 'key', 'value'];
  weights.forEach((w, i) => {
    const expected = [E, sizeAt(inputs[i]!, -1)];
    assert(sameShape(w.shape, expected), () => `expecting ${names[i]} weights shape of ${tuple(expected)}, but got ${torchSize(w.shape)}`);
  });
  bias.forEach(
    (b, i) =>
      void (b && assert(sameShape(b.shape, [E]), () => `expecting ${names[i]} bias shape of ${tuple([E])}, but got ${torchSize(b.shape)}`)),
  );
  return inputs.map((x, i) => F.linear(x, weights[i]!, bias[i]!)) as Triple<Tensor>;
}
function checkMask(mask: Tensor, expected2: Shape, expected3: Shape): Tensor {
  if (mask.ndim !== 2 && mask.ndim !== 3) throw new RuntimeError(`attn_mask's dimension ${mask.ndim} is not supported`);
  const expected = mask.ndim === 2 ? expected2 : expected3;
  if (!sameShape(mask.shape, expected))
    throw new RuntimeError(`The shape of the ${mask.ndim}D attn_mask is ${torchSize(mask.shape)}, but should be ${tuple(expected)}.`);
  return mask.ndim === 2 ? mask.unsqueeze(0) : mask;
}
/** One more key that no mask hides. */
const widened = (mask: Tensor | null): Tensor | null => mask && F.constant_pad_nd(mask, [0, 1]);

op(
  'multi_head_attention_forward(Tensor query, Tensor key, Tensor value, int embed_dim_to_check, int num_heads, Tensor? in_proj_weight, Tensor? in_proj_bias, Tensor? bias_k, Tensor? bias_v, bool add_zero_attn, float dropout_p, Tensor out_proj_weight, Tensor? out_proj_bias, bool training=True, Tensor? key_padding_mask=None, bool need_weights=True, Tensor? attn_mask=None, bool use_separate_proj_weight=False, Tensor? q_proj_weight=None, Tensor? k_proj_weight=None, Tensor? v_proj_weight=None, Tensor? static_k=None, Tensor? static_v=None, bool average_attn_weights=True, bool is_causal=False) -> (Tensor result0, Tensor result1)',
  {
    doc: 'Attention of several heads with its projections: query (L, N, E), key and value (S, N, ·) → (L, N, E), and the weights (N, L, S), or null without need_weights.',
    decompose: (a) => {
      const { num_heads, need_weights } = a;
      const batched = isBatched(a);
      // Tensors that are one stay one: a single product projects them.
      const one = (t: Tensor): Tensor => (batched ? t : t.unsqueeze(1));
      const query = one(a.query);
      const key = a.key === a.query ? query : one(a.key);
      const value = a.value === a.key ? key : one(a.value);
      const [L, N, E] = query.shape as unknown as Triple<number>;
      let S = key.shape[0]!;
      const padded = batched || !a.key_padding_mask ? a.key_padding_mask : a.key_padding_mask.unsqueeze(0);
      let padding = canonicalMask(padded, 'key_padding_mask', a.attn_mask, 'attn_mask', query.dtype);
      let causal = a.is_causal;
      if (causal && !a.attn_mask) {
        throw new RuntimeError(
          'Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.',
        );
      }
      let mask: Tensor | null = null;
      if (!causal || padding || need_weights) {
        mask = canonicalMask(a.attn_mask, 'attn_mask', null, '', query.dtype);
        if (padding) causal = false;
      }
      assert(E === a.embed_dim_to_check, () => `was expecting embedding dimension of ${a.embed_dim_to_check}, but got ${E}`);
      const D = Math.floor(E / num_heads);
      assert(D * num_heads === E, () => `embed_dim ${E} not divisible by num_heads ${num_heads}`);
      if (a.use_separate_proj_weight) {
        const [k, v] = [key.shape.slice(0, 2), value.shape.slice(0, 2)];
        assert(sameShape(k, v), () => `key's sequence and batch dims ${torchSize(k)} do not match value's ${torchSize(v)}`);
      } else
        assert(
          sameShape(key.shape, value.shape),
          () => `key shape ${torchSize(key.shape)} does not match value shape ${torchSize(value.shape)}`,
        );
      let [q, k, v] = projected(a, query, key, value);
      if (mask) mask = checkMask(mask, [L, S], [N * num_heads, L, S]);
      if (a.bias_k && a.bias_v) {
        assert(!a.static_k, () => 'bias cannot be added to static key.');
        assert(!a.static_v, () => 'bias cannot be added to static value.');
        k = F.cat([k, a.bias_k.repeat([1, N, 1])]);
        v = F.cat([v, a.bias_v.repeat([1, N, 1])]);
        [mask, padding] = [widened(mask), widened(padding)];
      } else {
        assert(!a.bias_k, () => 'bias_k is set but bias_v is None');
        assert(!a.bias_v, () => 'bias_v is set but bias_k is None');
      }
      /** (·, N, E) → (N·heads, ·, D) */
      const split = (t: Tensor): Tensor => t.reshape([t.shape[0]!, N * num_heads, D]).transpose(0, 1);
      const given = (t: Tensor, name: string): Tensor => {
        assert(t.shape[0] === N * num_heads, () => `expecting ${name}.size(0) of ${N * num_heads}, but got ${t.shape[0]}`);
        assert(t.shape[2] === D, () => `expecting ${name}.size(2) of ${D}, but got ${t.shape[2]}`);
        return t;
      };
      q = split(q);
      k = a.static_k ? given(a.static_k, 'static_k') : split(k);
      v = a.static_v ? given(a.static_v, 'static_v') : split(v);
      if (a.add_zero_attn) {
        const zeros = F.zeros([N * num_heads, 1, D], k.dtype, null, k.device);
        [k, v] = [F.cat([k, zeros], 1), F.cat([v, zeros], 1)];
        [mask, padding] = [widened(mask), widened(padding)];
      }
      S = k.shape[1]!;
      if (padding) {
        const { shape } = padding;
        assert(shape[0] === N, () => `Expected key_padded_mask.shape[0] to be ${N}, but got ${shape[0]}`);
        assert(shape[1] === S, () => `Expected key_padded_mask.shape[1] to be ${S}, but got ${shape[1]}`);
        const rows = padding
          .view([N, 1, 1, S])
          .expand([N, num_heads, 1, S])
          .reshape([N * num_heads, 1, S]);
        mask = mask ? mask.add(rows) : rows;
      }
      const dropout_p = a.training ? a.dropout_p : 0;
      const merged = (t: Tensor): Tensor => {
        const y = F.linear(t.reshape([L * N, E]), a.out_proj_weight, a.out_proj_bias);
        const r = y.view([L, N, y.shape[1]!]);
        return batched ? r : r.squeeze(1);
      };
      if (!need_weights) {
        const heads = (t: Tensor): Tensor => t.unflatten(0, [N, num_heads]);
        if (mask) mask = mask.shape[0] === 1 ? mask.unsqueeze(0) : mask.view([N, num_heads, -1, S]);
        const out = F.scaled_dot_product_attention(heads(q), heads(k), heads(v), mask, dropout_p, causal);
        return [merged(out.permute([2, 0, 1, 3])), null];
      }
      if (causal && !mask) throw new AssertionError('FIXME: is_causal not implemented for need_weights');
      const scaled = q.mul(Math.sqrt(1 / D));
      let weights = F.softmax$int(mask ? F.baddbmm(mask, scaled, k.transpose(-2, -1)) : F.bmm(scaled, k.transpose(-2, -1)), -1);
      if (dropout_p > 0) weights = F.dropout(weights, dropout_p, true);
      const out = merged(F.bmm(weights, v).transpose(0, 1));
      weights = weights.view([N, num_heads, L, S]);
      if (a.average_attn_weights) weights = F.mean$dim(weights, [1]);
      return [out, batched ? weights : weights.squeeze(0)];
    },
    random: true,
    surface: ['nn.functional'],
  },
);
