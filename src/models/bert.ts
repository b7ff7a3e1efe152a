// A BERT encoder (Devlin et al. 2018) with the names of transformers' BertModel, so that its weights load.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as nn from '../nn/index.ts';
import * as torch from '../surface/generated/torch.ts';

export interface BertOptions {
  vocab_size?: number;
  hidden_size?: number;
  num_hidden_layers?: number;
  num_attention_heads?: number;
  intermediate_size?: number;
  max_position_embeddings?: number;
  type_vocab_size?: number;
  pad_token_id?: number;
  dropout?: number;
}
type Settings = Required<BertOptions>;
const DEFAULTS: Settings = {
  vocab_size: 30_522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  pad_token_id: 0,
  dropout: 0.1,
};
const STD = 0.02;
const EPS = 1e-12;
type Mask = Tensor | null;

class Embeddings extends nn.Module {
  static override readonly __name__: string = 'BertEmbeddings';
  word_embeddings: nn.Embedding;
  position_embeddings: nn.Embedding;
  token_type_embeddings: nn.Embedding;
  LayerNorm: nn.LayerNorm;
  dropout: nn.Dropout;
  constructor(s: Settings) {
    super();
    this.word_embeddings = new nn.Embedding(s.vocab_size, s.hidden_size, { padding_idx: s.pad_token_id });
    this.position_embeddings = new nn.Embedding(s.max_position_embeddings, s.hidden_size);
    this.token_type_embeddings = new nn.Embedding(s.type_vocab_size, s.hidden_size);
    this.LayerNorm = new nn.LayerNorm(s.hidden_size, { eps: EPS });
    this.dropout = new nn.Dropout(s.dropout);
  }
  forward(ids: Tensor, types: Tensor): Tensor {
    const positions = this.position_embeddings(torch.arange(ids.size(1), { device: ids.device }));
    return this.dropout(this.LayerNorm(this.word_embeddings(ids).add(this.token_type_embeddings(types)).add(positions)));
  }
}
class SelfAttention extends nn.Module {
  static override readonly __name__: string = 'BertSelfAttention';
  query: nn.Linear;
  key: nn.Linear;
  value: nn.Linear;
  readonly heads: number;
  readonly dropout: number;
  constructor(s: Settings) {
    super();
    if (s.hidden_size % s.num_attention_heads !== 0)
      throw new ValueError(
        `The hidden size (${s.hidden_size}) is not a multiple of the number of attention heads (${s.num_attention_heads})`,
      );
    this.query = new nn.Linear(s.hidden_size, s.hidden_size);
    this.key = new nn.Linear(s.hidden_size, s.hidden_size);
    this.value = new nn.Linear(s.hidden_size, s.hidden_size);
    this.heads = s.num_attention_heads;
    this.dropout = s.dropout;
  }
  forward(x: Tensor, attn_mask: Mask): Tensor {
    const heads = (y: Tensor): Tensor => y.unflatten(-1, [this.heads, -1]).transpose(1, 2);
    const [q, k, v] = [this.query, this.key, this.value].map((project) => heads(project(x))) as [Tensor, Tensor, Tensor];
    const dropout_p = this.training ? this.dropout : 0;
    return nn.functional.scaled_dot_product_attention(q, k, v, { attn_mask, dropout_p }).transpose(1, 2).flatten(2);
  }
}
/** A linear layer whose output joins the residual stream, which is then normalised. */
class Output extends nn.Module {
  static override readonly __name__: string = 'BertOutput';
  dense: nn.Linear;
  LayerNorm: nn.LayerNorm;
  dropout: nn.Dropout;
  constructor(inputs: number, s: Settings) {
    super();
    this.dense = new nn.Linear(inputs, s.hidden_size);
    this.LayerNorm = new nn.LayerNorm(s.hidden_size, { eps: EPS });
    this.dropout = new nn.Dropout(s.dropout);
  }
  forward(x: Tensor, residual: Tensor): Tensor {
    return this.LayerNorm(this.dropout(this.dense(x)).add(residual));
  }
}
class Attention extends nn.Module {
  static override readonly __name__: string = 'BertAttention';
  self: SelfAttention;
  output: Output;
  constructor(s: Settings) {
    super();
    this.self = new SelfAttention(s);
    this.output = new Output(s.hidden_size, s);
  }
  forward(x: Tensor, mask: Mask): Tensor {
    return this.output(this.self(x, mask), x);
  }
}
class Intermediate extends nn.Module {
  static override readonly __name__: string = 'BertIntermediate';
  dense: nn.Linear;
  constructor(s: Settings) {
    super();
    this.dense = new nn.Linear(s.hidden_size, s.intermediate_size);
  }
  forward(x: Tensor): Tensor {
    return nn.functional.gelu(this.dense(x));
  }
}
class Layer extends nn.Module {
  static override readonly __name__: string = 'BertLayer';
  attention: Attention;
  intermediate: Intermediate;
  output: Output;
  constructor(s: Settings) {
    super();
    this.attention = new Attention(s);
    this.intermediate = new Intermediate(s);
    this.output = new Output(s.intermediate_size, s);
  }
  forward(x: Tensor, mask: Mask): Tensor {
    const y = this.attention(x, mask);
    return this.output(this.intermediate(y), y);
  }
}
class Encoder extends nn.Module {
  static override readonly __name__: string = 'BertEncoder';
  layer: nn.ModuleList<Layer>;
  constructor(s: Settings) {
    super();
    this.layer = new nn.ModuleList<Layer>(Array.from({ length: s.num_hidden_layers }, () => new Layer(s)));
  }
  forward(input: Tensor, mask: Mask): Tensor {
    let x = input;
    for (const layer of this.layer) x = layer(x, mask);
    return x;
  }
}
class Pooler extends nn.Module {
  static override readonly __name__: string = 'BertPooler';
  dense: nn.Linear;
  constructor(s: Settings) {
    super();
    this.dense = new nn.Linear(s.hidden_size, s.hidden_size);
  }
  forward(x: Tensor): Tensor {
    return this.dense(x.select(1, 0)).tanh();
  }
}

export interface BertOutput {
  /** (N, L, hidden_size). */
  readonly last_hidden_state: Tensor;
  /** What the first token became, once more projected: (N, hidden_size). */
  readonly pooler_output: Tensor;
}
/** Tokens (N, L) in the light of their neighbours on both sides. */
export class BertModel extends nn.Module {
  static override readonly __name__: string = 'BertModel';
  embeddings: Embeddings;
  encoder: Encoder;
  pooler: Pooler;
  constructor(options: BertOptions = {}) {
    super();
    const s = { ...DEFAULTS, ...options };
    this.embeddings = new Embeddings(s);
    this.encoder = new Encoder(s);
    this.pooler = new Pooler(s);
    for (const m of this.modules()) {
      if (m instanceof nn.Linear || m instanceof nn.Embedding) nn.init.normal_(m.weight, 0, STD);
      if (m instanceof nn.Linear) nn.init.zeros_(m.bias!);
    }
    nn.init.zeros_(this.embeddings.word_embeddings.weight.select(0, s.pad_token_id));
  }
  /** `attention_mask` (N, L) has 1 where a token counts and 0 where it is padding; `token_type_ids` (N, L) name the segment (default: 0). */
  forward(
    input_ids: Tensor,
    { attention_mask = null, token_type_ids = null }: { attention_mask?: Mask; token_type_ids?: Mask } = {},
  ): BertOutput {
    const mask = attention_mask?.ne(0).unsqueeze(1).unsqueeze(1) ?? null;
    const x = this.embeddings(input_ids, token_type_ids ?? torch.zeros_like(input_ids));
    const last_hidden_state = this.encoder(x, mask);
    return { last_hidden_state, pooler_output: this.pooler(last_hidden_state) };
  }
}
