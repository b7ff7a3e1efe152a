import type { Tensor } from '../../../src/index.ts';
import type { Script } from './log.ts';

/** Padded sequences through a transformer encoder: AdamW, one-cycle schedule, label smoothing. */
export const transformer: Script = (torch, log) => {
  const { nn } = torch;
  const F = nn.functional;

  torch.manual_seed(4);
  const tokens = torch.randint(1, 20, [64, 10]);
  const lengths = torch.randint(4, 11, [64]);
  const padding = torch.arange(10).ge(lengths.at(':', null));
  tokens.set([padding], 0);
  const labels = tokens.remainder(3).eq(1).sum(1).clamp({ max: 3 });

  class Model extends nn.Module {
    embedding = new nn.Embedding(20, 16, { padding_idx: 0 });
    position = new nn.Parameter(torch.randn(10, 16).mul(0.02));
    encoder: InstanceType<typeof nn.TransformerEncoder>;
    head: InstanceType<typeof nn.Linear>;
    constructor() {
      super();
      const layer = new nn.TransformerEncoderLayer(16, 4, { dim_feedforward: 32, dropout: 0.1, activation: 'gelu', batch_first: true });
      this.encoder = new nn.TransformerEncoder(layer, 2, { enable_nested_tensor: false });
      this.head = new nn.Linear(16, 4);
    }
    override forward(x: Tensor, padding: Tensor): Tensor {
      let h = this.embedding(x).add(this.position);
      h = this.encoder(h, { src_key_padding_mask: padding });
      const keep = padding.logical_not().at(':', ':', null).float();
      return this.head(h.mul(keep).sum(1).div(keep.sum(1)));
    }
  }

  const model = new Model();
  const optimizer = new torch.optim.AdamW(model.parameters(), { lr: 1e-3, weight_decay: 0.05 });
  const scheduler = new torch.optim.lr_scheduler.OneCycleLR(optimizer, { max_lr: 0.01, total_steps: 31 });
  log.checkpoint('start', model);
  for (let step = 0; step < 30; step++) {
    const index = torch.randperm(64).at(':16');
    const [x, y, mask] = [tokens.at(index), labels.at(index), padding.at(index)];
    if (step === 0) {
      log.log_tensor('first x', x);
      log.log_tensor('first y', y);
    }
    optimizer.zero_grad();
    const loss = F.cross_entropy(model(x, mask), y, { label_smoothing: 0.1 });
    loss.backward();
    optimizer.step();
    scheduler.step();
    log.log_loss(loss);
    log.log_metrics({ lr: scheduler.get_last_lr()[0] });
    if (step === 0) log.checkpoint('step 1', model);
  }
  log.checkpoint('end', model);
};
