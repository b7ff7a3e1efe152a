import type { Tensor } from '../../../src/index.ts';
import type { Script } from './log.ts';

/** Texts classified by an embedding and one-dimensional convolutions: Adagrad, binary cross entropy. */
export const text_cnn: Script = (torch, log) => {
  const { nn } = torch;

  torch.manual_seed(2);
  const [MAX_WORDS, MAX_LEN, BATCH_SIZE] = [10000, 200, 20];
  const tokens = torch.randint(0, MAX_WORDS, [200, MAX_LEN]);
  const lengths = torch.randint(20, MAX_LEN + 1, [200]);
  tokens.set([torch.arange(MAX_LEN).lt(torch.sub(MAX_LEN, lengths).at(':', null))], 1); // left padding
  const means = tokens.at(':', '100:').float().mean(1);
  const labels = means.gt(means.mean()).float().at(':', null);

  class Net extends nn.Module {
    embedding = new nn.Embedding({ num_embeddings: MAX_WORDS, embedding_dim: 3, padding_idx: 1 });
    conv = new nn.Sequential();
    dense = new nn.Sequential();
    constructor() {
      super();
      this.conv.add_module('conv_1', new nn.Conv1d({ in_channels: 3, out_channels: 16, kernel_size: 5 }));
      this.conv.add_module('pool_1', new nn.MaxPool1d({ kernel_size: 2 }));
      this.conv.add_module('relu_1', new nn.ReLU());
      this.conv.add_module('conv_2', new nn.Conv1d({ in_channels: 16, out_channels: 128, kernel_size: 2 }));
      this.conv.add_module('pool_2', new nn.MaxPool1d({ kernel_size: 2 }));
      this.conv.add_module('relu_2', new nn.ReLU());
      this.dense.add_module('flatten', new nn.Flatten());
      this.dense.add_module('linear', new nn.Linear(6144, 1));
      this.dense.add_module('sigmoid', new nn.Sigmoid());
    }
    override forward(x: Tensor): Tensor {
      x = this.embedding(x).transpose(1, 2);
      x = this.conv(x);
      return this.dense(x);
    }
  }

  const model = new Net();
  const optimizer = new torch.optim.Adagrad(model.parameters(), { lr: 0.02 });
  const loss_func = new nn.BCELoss();
  log.checkpoint('start', model);
  for (let step = 0; step < 40; step++) {
    const begin = (step * BATCH_SIZE) % 200;
    const rows = torch.slice(begin, begin + BATCH_SIZE);
    const [x, y] = [tokens.at(rows), labels.at(rows)];
    if (step === 0) {
      log.log_tensor('first x', x);
      log.log_tensor('first y', y);
    }
    optimizer.zero_grad();
    const loss = loss_func(model(x), y);
    loss.backward();
    optimizer.step();
    log.log_loss(loss);
    if (step === 0) log.checkpoint('step 1', model);
  }
  log.checkpoint('end', model);
  log.log_tensor('padding row', model.embedding.weight.at(1));
};
