// A GPT (Radford et al. 2019) with the names and layout of transformers' GPT2LMHeadModel, so that its weights load.
import { no_grad } from '../autograd/modes.ts';
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as nn from '../nn/index.ts';
import * as torch from '../surface/generated/torch.ts';

const F = nn.functional;

export interface GPTOptions {
  vocab_size: number;
  /** The longest sequence. */
  n_positions?: number;
  n_embd?: number;
  n_layer?: number;
  n_head?: number;
  /** Of embeddings, attention weights and what joins the residual stream. */
  dropout?: number;
}
type Settings = Required<GPTOptions>;
const STD = 0.02;
const EPS = 1e-5;

/** x · weight + bias, with the weight as (in, out), which is how GPT-2's files have it. */
export class Conv1D extends nn.Module {
  static override readonly __name__: string = 'Conv1D';
  weight: nn.Parameter;
  bias: nn.Parameter;
  constructor(in_features: number, out_features: number, std = STD) {
    super();
    this.weight = new nn.Parameter(torch.empty([in_features, out_features]));
    this.bias = new nn.Parameter(torch.zeros([out_features]));
    nn.init.normal_(this.weight, 0, std);
  }
  override extra_repr(): string {
    return `in_features=${this.weight.size(0)}, out_features=${this.weight.size(1)}`;
  }
  forward(x: Tensor): Tensor {
    return F.linear(x, this.weight.t(), this.bias);
  }
}
/** What joins the residual stream begins smaller, the more layers add to it. */
const projection = (inputs: number, { n_embd, n_layer }: Settings): Conv1D => new Conv1D(inputs, n_embd, STD / Math.sqrt(2 * n_layer));

class Attention extends nn.Module {
  static override readonly __name__: string = 'Attention';
  c_attn: Conv1D;
  c_proj: Conv1D;
  resid_dropout: nn.Dropout;
  readonly heads: number;
  readonly dropout: number;
  constructor(s: Settings) {
    super();
    if (s.n_embd % s.n_head !== 0) throw new ValueError(`n_embd (${s.n_embd}) must be divisible by n_head (${s.n_head})`);
    this.c_attn = new Conv1D(s.n_embd, 3 * s.n_embd);
    this.c_proj = projection(s.n_embd, s);
    this.resid_dropout = new nn.Dropout(s.dropout);
    this.heads = s.n_head;
    this.dropout = s.dropout;
  }
  forward(x: Tensor): Tensor {
    const [n, length, width] = [x.size(0), x.size(1), x.size(2)];
    const [q, k, v] = this.c_attn(x)
      .view(n, length, 3, this.heads, width / this.heads)
      .permute(2, 0, 3, 1, 4)
      .unbind(0);
    const y = F.scaled_dot_product_attention(q!, k!, v!, { is_causal: true, dropout_p: this.training ? this.dropout : 0 });
    return this.resid_dropout(this.c_proj(y.transpose(1, 2).reshape(n, length, width)));
  }
}
class MLP extends nn.Module {
  static override readonly __name__: string = 'MLP';
  c_fc: Conv1D;
  c_proj: Conv1D;
  act = new nn.GELU({ approximate: 'tanh' });
  dropout: nn.Dropout;
  constructor(s: Settings) {
    super();
    this.c_fc = new Conv1D(s.n_embd, 4 * s.n_embd);
    this.c_proj = projection(4 * s.n_embd, s);
    this.dropout = new nn.Dropout(s.dropout);
  }
  forward(x: Tensor): Tensor {
    return this.dropout(this.c_proj(this.act(this.c_fc(x))));
  }
}
class Block extends nn.Module {
  static override readonly __name__: string = 'Block';
  ln_1: nn.LayerNorm;
  attn: Attention;
  ln_2: nn.LayerNorm;
  mlp: MLP;
  constructor(s: Settings) {
    super();
    this.ln_1 = new nn.LayerNorm(s.n_embd, { eps: EPS });
    this.attn = new Attention(s);
    this.ln_2 = new nn.LayerNorm(s.n_embd, { eps: EPS });
    this.mlp = new MLP(s);
  }
  forward(x: Tensor): Tensor {
    const y = x.add(this.attn(this.ln_1(x)));
    return y.add(this.mlp(this.ln_2(y)));
  }
}
class Decoder extends nn.Module {
  static override readonly __name__: string = 'Decoder';
  wte: nn.Embedding;
  wpe: nn.Embedding;
  drop: nn.Dropout;
  h: nn.ModuleList<Block>;
  ln_f: nn.LayerNorm;
  constructor(s: Settings) {
    super();
    this.wte = new nn.Embedding(s.vocab_size, s.n_embd);
    this.wpe = new nn.Embedding(s.n_positions, s.n_embd);
    this.drop = new nn.Dropout(s.dropout);
    this.h = new nn.ModuleList<Block>(Array.from({ length: s.n_layer }, () => new Block(s)));
    this.ln_f = new nn.LayerNorm(s.n_embd, { eps: EPS });
    for (const embedding of [this.wte, this.wpe]) nn.init.normal_(embedding.weight, 0, STD);
  }
  forward(ids: Tensor): Tensor {
    let x: Tensor = this.drop(this.wte(ids).add(this.wpe(torch.arange(ids.size(1), { device: ids.device }))));
    for (const block of this.h) x = block(x);
    return this.ln_f(x);
  }
}

/** A decoder-only transformer whose output layer shares the weights of the embedding: tokens (N, L) → logits (N, L, vocab_size). */
export class GPT extends nn.Module {
  static override readonly __name__: string = 'GPT';
  transformer: Decoder;
  lm_head: nn.Linear;
  readonly n_positions: number;
  constructor({ vocab_size, n_positions = 1024, n_embd = 768, n_layer = 12, n_head = 12, dropout = 0.1 }: GPTOptions) {
    super();
    this.n_positions = n_positions;
    this.transformer = new Decoder({ vocab_size, n_positions, n_embd, n_layer, n_head, dropout });
    this.lm_head = nn.utils.skip_init(nn.Linear, n_embd, vocab_size, { bias: false });
    this.lm_head.weight = this.transformer.wte.weight;
  }
  forward(ids: Tensor): Tensor {
    if (ids.size(1) > this.n_positions) throw new ValueError(`the sequence has ${ids.size(1)} tokens, n_positions is ${this.n_positions}`);
    return this.lm_head(this.transformer(ids));
  }
  /**
   * Draws tokens that go on from `ids` (N, L): (N, L + max_new_tokens).
   * `temperature` divides the logits (0: always the likeliest); `top_k` leaves only the k likeliest.
   */
  generate(
    ids: Tensor,
    { max_new_tokens, temperature = 1, top_k = null }: { max_new_tokens: number; temperature?: number; top_k?: number | null },
  ): Tensor {
    const { training } = this;
    this.eval();
    const next = (all: Tensor): Tensor => {
      const seen = all.narrow(1, Math.max(0, all.size(1) - this.n_positions), Math.min(all.size(1), this.n_positions));
      const logits = this.lm_head(this.transformer(seen).select(1, -1));
      if (temperature === 0) return logits.argmax(-1, true);
      const least = top_k === null ? null : logits.topk(Math.min(top_k, logits.size(-1))).values.narrow(-1, -1, 1);
      const kept = least === null ? logits : logits.masked_fill(logits.lt(least), Number.NEGATIVE_INFINITY);
      return kept.div(temperature).softmax(-1).multinomial(1);
    };
    try {
      return no_grad(() => {
        let all = ids;
        for (let i = 0; i < max_new_tokens; i++) all = torch.cat([all, next(all)], 1);
        return all;
      });
    } finally {
      this.train(training);
    }
  }
}
