// A few steps of a network with kernels of every kind: products, convolutions, norms, pools, recurrent layers, attention, random numbers.
import { createHash } from 'node:crypto';
import * as torch from '../../src/index.ts';

type Tensor = torch.Tensor;
const { nn } = torch;
const F = nn.functional;

class Network extends nn.Module {
  convolution = new nn.Conv2d(3, 16, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(16);
  dropout = new nn.Dropout(0.2);
  recurrent = new nn.LSTM(16, 24, { batch_first: true });
  attention = new nn.MultiheadAttention(24, 4, { batch_first: true });
  head = new nn.Linear(24, 10);
  override forward(x: Tensor): Tensor {
    const image = F.max_pool2d(this.norm.forward(this.convolution.forward(x)).relu(), 2);
    const [sequence] = this.recurrent.forward(image.flatten(2).transpose(1, 2)) as unknown as [Tensor];
    const [mixed] = this.attention.forward(sequence, sequence, sequence) as unknown as [Tensor];
    return this.head.forward(this.dropout.forward(mixed.mean(1)));
  }
}

/** Trains from a seed; the digest of losses and parameters. */
export function train(seed: number): string {
  torch.manual_seed(seed);
  const net = new Network();
  const optimizer = new torch.optim.AdamW(net.parameters(), { lr: 0.01 });
  const hash = createHash('sha256');
  const add = (t: Tensor): void => {
    const { data } = t.detach().contiguous().numpy();
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  };
  for (let step = 0; step < 3; step++) {
    const loss = F.cross_entropy(net.forward(torch.randn([8, 3, 20, 20])), torch.randint(10, [8]));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    add(loss);
  }
  for (const p of net.parameters()) add(p);
  return hash.digest('hex').slice(0, 16);
}
