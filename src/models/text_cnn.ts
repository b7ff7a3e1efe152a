// Texts by one-dimensional convolutions over an embedding.
import type { Tensor } from '../core/tensor.ts';
import * as nn from '../nn/index.ts';

export interface TextCNNOptions {
  num_embeddings?: number;
  embedding_dim?: number;
  padding_idx?: number;
  /** Tokens of a text. */
  length?: number;
}
/** Tokens (N, length) → the probability of the class (N, 1). */
export class TextCNN extends nn.Module {
  static override readonly __name__: string = 'TextCNN';
  embedding: nn.Embedding;
  conv: nn.Sequential;
  dense: nn.Sequential;
  constructor({ num_embeddings = 10_000, embedding_dim = 3, padding_idx = 1, length = 200 }: TextCNNOptions = {}) {
    super();
    this.embedding = new nn.Embedding(num_embeddings, embedding_dim, { padding_idx });
    this.conv = new nn.Sequential({
      conv_1: new nn.Conv1d(embedding_dim, 16, 5),
      pool_1: new nn.MaxPool1d(2),
      relu_1: new nn.ReLU(),
      conv_2: new nn.Conv1d(16, 128, 2),
      pool_2: new nn.MaxPool1d(2),
      relu_2: new nn.ReLU(),
    });
    const left = Math.floor((Math.floor((length - 4) / 2) - 1) / 2);
    this.dense = new nn.Sequential({ flatten: new nn.Flatten(), linear: new nn.Linear(128 * left, 1), sigmoid: new nn.Sigmoid() });
  }
  forward(tokens: Tensor): Tensor {
    return this.dense(this.conv(this.embedding(tokens).transpose(1, 2)));
  }
}
