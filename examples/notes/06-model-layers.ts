// 模型层: layers that there are, and a layer of one's own. Run: npx tsx examples/notes/06-model-layers.ts
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';

const { print } = torch;
const F = nn.functional;
const section = (name: string): void => print(`\n--- ${name} ---`);

torch.manual_seed(0);

/** A line of the tables below: a layer, what it makes of an input, and how many numbers it learns. */
function show<M extends nn.Module>(layer: M, output: (layer: M) => Tensor): void {
  const learned = [...layer.parameters()].reduce((n, p) => n + p.numel(), 0);
  print(`${layer}\n  ${output(layer).shape}, ${learned} parameters`);
}

section('内置模型层: 基础层');
const rows = torch.randn(8, 20);
const images = torch.randn(8, 3, 32, 32);
show(new nn.Linear(20, 30), (layer) => layer(rows)); // 20 × 30 weights + 30 biases
show(new nn.Flatten(), (layer) => layer(images));
show(new nn.BatchNorm1d(20), (layer) => layer(rows));
show(new nn.BatchNorm2d(3), (layer) => layer(images));
show(new nn.Dropout2d({ p: 0.1 }), (layer) => layer(images));
show(new nn.Threshold(0.1, 20), (layer) => layer(rows));
show(new nn.ZeroPad2d(2), (layer) => layer(images));
show(new nn.GroupNorm(3, 3), (layer) => layer(images));
show(new nn.LayerNorm(20), (layer) => layer(rows));

section('卷积网络相关层');
show(new nn.Conv1d(3, 16, { kernel_size: 5 }), (layer) => layer(torch.randn(8, 3, 200))); // 3 × 5 × 16 weights + 16 biases
show(new nn.Conv2d(3, 32, { kernel_size: 3 }), (layer) => layer(images));
show(new nn.Conv2d(3, 32, { kernel_size: 3, dilation: 2 }), (layer) => layer(images)); // 空洞卷积
show(new nn.Conv2d(3, 3, { kernel_size: 3, groups: 3 }), (layer) => layer(images)); // 深度卷积
show(new nn.MaxPool2d(2), (layer) => layer(images));
show(new nn.AdaptiveMaxPool2d([1, 1]), (layer) => layer(images));
show(new nn.ConvTranspose2d(3, 8, { kernel_size: 2, stride: 2 }), (layer) => layer(images));
show(new nn.Upsample({ scale_factor: 2, mode: 'nearest' }), (layer) => layer(images));

// A convolution is nn.Unfold, a matrix product and nn.Fold.
const conv = new nn.Conv2d(3, 4, { kernel_size: 3 });
const windows = new nn.Unfold({ kernel_size: 3 })(images);
const products = conv.weight
  .view([4, -1])
  .matmul(windows)
  .add(conv.bias!.view([-1, 1]));
const folded = new nn.Fold({ output_size: [30, 30], kernel_size: 1 })(products);
print('Unfold, Linear and Fold are a convolution:', torch.allclose(folded, conv(images), { atol: 1e-5 }));

section('循环网络相关层');
const words = torch.randint(0, 10000, [8, 50]);
const sequence = torch.randn(8, 50, 16);
show(new nn.Embedding(10000, 3, { padding_idx: 1 }), (layer) => layer(words));
show(new nn.LSTM(16, 32, { num_layers: 2, batch_first: true, bidirectional: true }), (layer) => layer(sequence)[0]);
show(new nn.GRU(16, 32, { batch_first: true }), (layer) => layer(sequence)[0]);
show(new nn.GRUCell(16, 32), (layer) => layer(sequence.at(':', 0)));

section('Transformer 相关层');
show(new nn.MultiheadAttention(16, 4, { batch_first: true }), (layer) => layer(sequence, sequence, sequence)[0]);
show(new nn.TransformerEncoderLayer(16, 4, { dim_feedforward: 32, batch_first: true }), (layer) => layer(sequence));

section('自定义模型层');
/** nn.Linear as PyTorch has it. */
class Linear extends nn.Module {
  static override readonly __constants__ = ['in_features', 'out_features'];
  static override readonly __name__ = 'Linear';
  readonly weight: nn.Parameter;
  readonly bias: nn.Parameter | null;
  constructor(
    readonly in_features: number,
    readonly out_features: number,
    bias = true,
  ) {
    super();
    this.weight = new nn.Parameter(torch.empty(out_features, in_features));
    this.bias = bias ? new nn.Parameter(torch.empty(out_features)) : null;
    this.reset_parameters();
  }
  reset_parameters(): void {
    nn.init.kaiming_uniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const [fan_in] = nn.init._calculate_fan_in_and_fan_out(this.weight);
    const bound = 1 / Math.sqrt(fan_in);
    nn.init.uniform_(this.bias, -bound, bound);
  }
  override forward(input: Tensor): Tensor {
    return F.linear(input, this.weight, this.bias);
  }
  override extra_repr(): string {
    return `in_features=${this.in_features}, out_features=${this.out_features}, bias=${this.bias === null ? 'False' : 'True'}`;
  }
}
torch.manual_seed(0);
const linear = new Linear(20, 30);
const inputs = torch.randn(128, 20);
const output = linear(inputs);
print(linear);
print(output.size());

// It is nn.Linear to the last bit.
torch.manual_seed(0);
print(torch.equal(new nn.Linear(20, 30)(inputs), output));
