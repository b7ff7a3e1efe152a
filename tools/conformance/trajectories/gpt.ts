import type { nn as NN, Tensor } from '../../../src/index.ts';
import type { Script } from './log.ts';

/** A character-level transformer with tied weights: both ways to write attention, two parameter groups, sampling at the end. */
export const gpt: Script = (torch, log) => {
  const { nn } = torch;
  const F = nn.functional;

  torch.manual_seed(5);
  const text = 'a flambeau is a burning torch, carried in processions by night; the torch burns, the night recedes. '.repeat(8);
  const chars = [...new Set(text)].sort();
  const ids = torch.tensor(
    [...text].map((c) => chars.indexOf(c)),
    { dtype: torch.int64 },
  );
  const [vocab, width, heads, block] = [chars.length, 24, 3, 16];

  class Attention extends nn.Module {
    qkv = new nn.Linear(width, 3 * width, { bias: false });
    proj = new nn.Linear(width, width);
    override forward(x: Tensor): Tensor {
      const [b, t] = x.shape as unknown as [number, number];
      const [q, k, v] = this.qkv(x)
        .view(b, t, 3, heads, width / heads)
        .permute(2, 0, 3, 1, 4)
        .unbind(0);
      const y = F.scaled_dot_product_attention(q!, k!, v!, { is_causal: true });
      return this.proj(y.transpose(1, 2).reshape(b, t, width));
    }
  }

  class TorchAttention extends nn.Module {
    mha = new nn.MultiheadAttention(width, heads, { batch_first: true });
    override forward(x: Tensor): Tensor {
      const t = x.shape[1]!;
      const mask = torch.triu(torch.ones(t, t, { dtype: torch.bool }), { diagonal: 1 });
      return this.mha(x, x, x, { attn_mask: mask, need_weights: false })[0];
    }
  }

  class Block extends nn.Module {
    ln1 = new nn.LayerNorm(width);
    attention: Attention | TorchAttention;
    ln2: NN.LayerNorm;
    mlp: NN.Sequential;
    constructor(attention: Attention | TorchAttention) {
      super();
      this.attention = attention;
      this.ln2 = new nn.LayerNorm(width);
      this.mlp = new nn.Sequential(new nn.Linear(width, 4 * width), new nn.GELU({ approximate: 'tanh' }), new nn.Linear(4 * width, width));
    }
    override forward(x: Tensor): Tensor {
      x = x.add(this.attention(this.ln1(x)));
      return x.add(this.mlp(this.ln2(x)));
    }
  }

  class GPT extends nn.Module {
    wte = new nn.Embedding(vocab, width);
    wpe = new nn.Embedding(block, width);
    blocks = new nn.ModuleList([new Block(new Attention()), new Block(new TorchAttention())]);
    ln_f = new nn.LayerNorm(width);
    head = new nn.Linear(width, vocab, { bias: false });
    constructor() {
      super();
      this.apply((m) => this.init(m));
      this.head.weight = this.wte.weight; // tied
    }
    init(m: NN.Module): void {
      if (m instanceof nn.Linear || m instanceof nn.Embedding) nn.init.normal_(m.weight, { mean: 0.0, std: 0.02 });
      if (m instanceof nn.Linear && m.bias !== null) nn.init.zeros_(m.bias);
    }
    override forward(x: Tensor): Tensor {
      let h = this.wte(x).add(this.wpe(torch.arange(x.shape[1]!)));
      for (const b of this.blocks as Iterable<Block>) h = b(h);
      return this.head(this.ln_f(h));
    }
  }

  const model = new GPT();
  const decay = [...model.parameters()].filter((p) => p.dim() >= 2);
  const other = [...model.parameters()].filter((p) => p.dim() < 2);
  const groups = [
    { params: decay, weight_decay: 0.1 },
    { params: other, weight_decay: 0.0 },
  ];
  const optimizer = new torch.optim.AdamW(groups, { lr: 3e-3, betas: [0.9, 0.95] });
  log.checkpoint('start', model);
  for (let step = 0; step < 30; step++) {
    const starts = torch.randint(0, ids.shape[0]! - block - 1, [8]).tolist() as number[];
    const x = torch.stack(starts.map((i) => ids.at(torch.slice(i, i + block))));
    const y = torch.stack(starts.map((i) => ids.at(torch.slice(i + 1, i + 1 + block))));
    if (step === 0) log.log_tensor('first x', x);
    const loss = F.cross_entropy(model(x).view(-1, vocab), y.view(-1));
    optimizer.zero_grad({ set_to_none: true });
    loss.backward();
    nn.utils.clip_grad_norm_(model.parameters(), 1.0);
    optimizer.step();
    log.log_loss(loss);
    if (step === 0) log.checkpoint('step 1', model);
  }
  log.checkpoint('end', model);
  model.eval();
  let out = ids.at(':4').at(null);
  torch.no_grad(() => {
    for (let i = 0; i < 20; i++) {
      const logits = model(out.at(':', torch.slice(-block, null))).at(':', -1);
      out = torch.cat([out, torch.multinomial(F.softmax(logits, { dim: -1 }), 1)], { dim: 1 });
    }
  });
  log.log_tensor('sampled', out);
  log.log_metrics({ text: (out.at(0).tolist() as number[]).map((i) => chars[i]).join('') });
};
