// Training steps of larger networks, and a checkpoint read: the same names and work as bench/torch_training.py.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as torch from 'flambeau';
import { resnet18 } from 'flambeau/models';
import { data, type Make, type Tensor } from './make.ts';

const { nn, optim } = torch;
const F = nn.functional;

function step(model: torch.nn.Module, optimizer: torch.optim.Optimizer, loss: () => Tensor): () => Tensor {
  model.train();
  return () => {
    optimizer.zero_grad();
    const l = loss();
    l.backward();
    optimizer.step();
    return l.detach();
  };
}
/** AdamW steps towards outputs of 0. */
function training<M extends torch.nn.Module>(make: () => M, call: (model: M, x: Tensor) => Tensor, ...shape: number[]): Make {
  return () => {
    torch.manual_seed(0);
    const model = make();
    const x = data(...shape);
    return step(model, new optim.AdamW(model.parameters(), { lr: 1e-4 }), () => call(model, x).square().mean());
  };
}

class Block extends nn.Module {
  ln1 = new nn.LayerNorm(384);
  qkv = new nn.Linear(384, 3 * 384, { bias: false });
  proj = new nn.Linear(384, 384);
  ln2 = new nn.LayerNorm(384);
  fc = new nn.Linear(384, 4 * 384);
  out = new nn.Linear(4 * 384, 384);
  forward(x: Tensor): Tensor {
    const [b, t] = [x.size(0), x.size(1)];
    const [q, k, v] = this.qkv(this.ln1(x)).view(b, t, 3, 6, 64).permute(2, 0, 3, 1, 4).unbind(0);
    const y = F.scaled_dot_product_attention(q!, k!, v!, { is_causal: true });
    const z = x.add(this.proj(y.transpose(1, 2).reshape(b, t, 384)));
    return z.add(this.out(F.gelu(this.fc(this.ln2(z)), { approximate: 'tanh' })));
  }
}

const CHECKPOINT = join(tmpdir(), 'flambeau-bench-400MB.pt');
export const larger: Record<string, Make> = {
  'training: LSTM 128→256 ×2': training(
    () => new nn.LSTM(128, 256, { num_layers: 2, batch_first: true }),
    (m, x) => m(x)[0] as Tensor,
    32,
    64,
    128,
  ),
  'training: GRU 128→256 ×2': training(
    () => new nn.GRU(128, 256, { num_layers: 2, batch_first: true }),
    (m, x) => m(x)[0] as Tensor,
    32,
    64,
    128,
  ),
  'training: encoder layer 256/8/1024': training(
    () => new nn.TransformerEncoderLayer(256, 8, 1024, { batch_first: true }),
    (m, x) => m(x),
    16,
    128,
    256,
  ),
  'training: GPT block 384/6': training(
    () => new Block(),
    (m, x) => m(x),
    8,
    256,
    384,
  ),
  'training: ResNet-18 64×64': () => {
    torch.manual_seed(0);
    const model = resnet18({ num_classes: 10 });
    const x = data(16, 3, 64, 64);
    const y = torch.arange(16).remainder(10);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9 });
    return step(model, optimizer, () => F.cross_entropy(model(x), y));
  },
  'file: torch.load 400 MB and sum': () => {
    if (!existsSync(CHECKPOINT)) {
      const state = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`layer.${i}.weight`, data(1000, 1000).add(i)]));
      torch.save(state, CHECKPOINT);
    }
    return () => {
      const state = torch.load(CHECKPOINT) as Record<string, Tensor>;
      return Object.values(state).reduce((sum, t) => sum.add(t.sum()), torch.zeros([]));
    };
  },
};
