// Models against torchvision's and transformers', from the outputs that tools/oracle/generate_models.py stored.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import type { nn, Tensor } from '../../src/index.ts';
import { BertModel, GPT, LeNet, mobilenet_v2, resnet18, resnet34, resnet50, TextCNN, UNet } from '../../src/models/index.ts';

interface Stored {
  readonly state: Record<string, number[]>;
  readonly outputs: number[][];
  readonly gradients: Record<string, number>;
  readonly initial?: number[];
}
const { models } = JSON.parse(readFileSync(new URL('outputs.json', import.meta.url), 'utf8')) as { models: Record<string, Stored> };

const mask = torch.tensor([Array(10).fill(1), [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]] as number[][]);
const images = (channels: number, size: number) => (): Tensor => torch.randn(2, channels, size, size);
const tokens = (length: number) => (): Tensor => torch.randint(2, 30, [2, length]);
/** How a model is made, what it is given, and what it gives. */
function entry<M extends nn.Module>(make: () => M, inputs: () => Tensor, call: (m: M, x: Tensor) => Tensor[]) {
  return { make, inputs, call: call as (m: nn.Module, x: Tensor) => Tensor[] };
}
type Entry = ReturnType<typeof entry>;
type Vision = nn.Module & ((x: Tensor) => Tensor);
const plain = (make: () => Vision, inputs: () => Tensor): Entry => entry(make, inputs, (m, x) => [m(x)]);

const MODELS: Record<string, Entry> = {
  LeNet: plain(() => new LeNet(), images(1, 28)),
  resnet18: plain(() => resnet18({ num_classes: 10 }), images(3, 64)),
  resnet34: plain(() => resnet34({ num_classes: 10 }), images(3, 64)),
  resnet50: plain(() => resnet50({ num_classes: 10 }), images(3, 64)),
  mobilenet_v2: plain(() => mobilenet_v2({ num_classes: 10 }), images(3, 64)),
  UNet: plain(() => new UNet({ width: 4, depth: 2 }), images(3, 16)),
  TextCNN: plain(() => new TextCNN({ num_embeddings: 100, length: 38 }), tokens(38)),
  GPT: plain(() => new GPT({ vocab_size: 30, n_positions: 12, n_embd: 24, n_layer: 2, n_head: 3 }), tokens(10)),
  BertModel: entry(
    () =>
      new BertModel({
        vocab_size: 30,
        hidden_size: 24,
        num_hidden_layers: 2,
        num_attention_heads: 3,
        intermediate_size: 40,
        max_position_embeddings: 12,
      }),
    tokens(10),
    (m, x) => Object.values(m(x, { attention_mask: mask })),
  ),
};

/** Weights in the order of the state_dict, as the generator draws them. */
function draw(model: nn.Module): void {
  torch.manual_seed(0);
  const seen = new Set<unknown>();
  for (const [key, p] of Object.entries<Tensor>(model.state_dict({ keep_vars: true }))) {
    if (!p.is_floating_point() || seen.has(p)) continue;
    seen.add(p);
    const shape = [...p.shape];
    torch.no_grad(() => {
      if (shape.length >= 2) p.copy_(torch.randn(shape).mul(Math.sqrt((2 * shape[0]!) / p.numel())));
      else if (/(bias|running_mean)$/.test(key)) p.copy_(torch.randn(shape).mul(0.1));
      else p.copy_(torch.rand(shape).add(0.5));
    });
  }
}
const size = (t: Tensor): number => t.detach().double().abs().sum().item();
/** The largest distance, in parts of the largest expected value. */
function distance(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!))) / scale;
}

describe.each(Object.entries(models))('%s', (name, stored) => {
  const { make, inputs, call } = MODELS[name]!;
  torch.manual_seed(1);
  const model = make().eval();
  const initial = [...model.parameters()].map(size);

  it('has the keys and shapes of the original', () => {
    const state = Object.entries<Tensor>(model.state_dict()).map(([key, t]) => [key, [...t.shape]]);
    expect(state).toEqual(Object.entries(stored.state));
  });
  it.skipIf(!stored.initial)('begins with the same weights from the same seed', () => {
    expect(distance(initial, stored.initial!)).toBeLessThan(1e-7);
  });
  it('gives the same outputs and gradients', () => {
    draw(model);
    // In float64: rounding in float32 moves activations across the kink of a ReLU, and with them whole gradients.
    const x = inputs();
    const outputs = call(model.double(), x.is_floating_point() ? x.double() : x);
    for (const [i, o] of outputs.entries()) expect(distance(o.flatten().tolist() as number[], stored.outputs[i]!)).toBeLessThan(1e-8);
    outputs
      .map((o) => o.square().mean())
      .reduce((a, b) => a.add(b))
      .backward();
    for (const [key, p] of model.named_parameters()) {
      const expected = stored.gradients[key]!;
      expect(Math.abs(size(p.grad!) - expected), key).toBeLessThanOrEqual(1e-8 * expected + 1e-12); // a key's bias has no gradient but rounding
    }
  });
});

describe('GPT.generate', () => {
  const gpt = new GPT({ vocab_size: 7, n_positions: 6, n_embd: 8, n_layer: 1, n_head: 2 });
  const start = torch.zeros([2, 3], { dtype: torch.int64 });
  it('goes on beyond the longest sequence and leaves the mode as it was', () => {
    const all = gpt.generate(start, { max_new_tokens: 9, top_k: 3 });
    expect([...all.shape]).toEqual([2, 12]);
    expect(gpt.training).toBe(true);
  });
  it('takes the likeliest token at temperature 0', () => {
    const [once, again] = [0, 1].map(() => gpt.generate(start, { max_new_tokens: 4, temperature: 0 }).tolist());
    expect(once).toEqual(again);
    gpt.eval();
    expect(gpt.generate(start, { max_new_tokens: 1, temperature: 0 }).select(1, -1).tolist()).toEqual(
      gpt(start).select(1, -1).argmax(-1).tolist(),
    );
  });
});
