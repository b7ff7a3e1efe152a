// Residual networks (He et al. 2015) with torchvision's names, so that its weights load; https://pytorch.org/vision/stable/models/resnet.html.
import type { Tensor } from '../core/tensor.ts';
import * as nn from '../nn/index.ts';

export interface ResNetOptions {
  num_classes?: number;
  /** The last normalisation of every block begins at 0, so that the block begins as the identity. */
  zero_init_residual?: boolean;
}
type Block = (inputs: number, planes: number, stride: number) => BasicBlock | Bottleneck;

const conv3x3 = (inputs: number, outputs: number, stride = 1): nn.Conv2d =>
  new nn.Conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false });
const conv1x1 = (inputs: number, outputs: number, stride = 1): nn.Conv2d => new nn.Conv2d(inputs, outputs, 1, { stride, bias: false });
/** What fits the input to a block's output where their shapes differ. */
const shortcut = (inputs: number, outputs: number, stride: number): nn.Sequential | null =>
  stride === 1 && inputs === outputs ? null : new nn.Sequential(conv1x1(inputs, outputs, stride), new nn.BatchNorm2d(outputs));

/** Two 3 × 3 convolutions beside the identity. */
export class BasicBlock extends nn.Module {
  static override readonly __name__: string = 'BasicBlock';
  static readonly expansion: number = 1;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  relu = new nn.ReLU({ inplace: true });
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  downsample: nn.Sequential | null;
  constructor(inputs: number, planes: number, stride = 1) {
    super();
    // In torchvision's order of drawing.
    this.downsample = shortcut(inputs, planes, stride);
    this.conv1 = conv3x3(inputs, planes, stride);
    this.bn1 = new nn.BatchNorm2d(planes);
    this.conv2 = conv3x3(planes, planes);
    this.bn2 = new nn.BatchNorm2d(planes);
  }
  get last(): nn.BatchNorm2d {
    return this.bn2;
  }
  forward(x: Tensor): Tensor {
    const y = this.relu(this.bn1(this.conv1(x)));
    return this.relu(this.bn2(this.conv2(y)).add_(this.downsample?.(x) ?? x));
  }
}
/** A 3 × 3 convolution between 1 × 1 ones, beside the identity. The stride is the 3 × 3 convolution's. */
export class Bottleneck extends nn.Module {
  static override readonly __name__: string = 'Bottleneck';
  static readonly expansion: number = 4;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  conv3: nn.Conv2d;
  bn3: nn.BatchNorm2d;
  relu = new nn.ReLU({ inplace: true });
  downsample: nn.Sequential | null;
  constructor(inputs: number, planes: number, stride = 1) {
    super();
    const outputs = planes * Bottleneck.expansion;
    this.downsample = shortcut(inputs, outputs, stride);
    this.conv1 = conv1x1(inputs, planes);
    this.bn1 = new nn.BatchNorm2d(planes);
    this.conv2 = conv3x3(planes, planes, stride);
    this.bn2 = new nn.BatchNorm2d(planes);
    this.conv3 = conv1x1(planes, outputs);
    this.bn3 = new nn.BatchNorm2d(outputs);
  }
  get last(): nn.BatchNorm2d {
    return this.bn3;
  }
  forward(x: Tensor): Tensor {
    const y = this.relu(this.bn1(this.conv1(x)));
    const z = this.relu(this.bn2(this.conv2(y)));
    return this.relu(this.bn3(this.conv3(z)).add_(this.downsample?.(x) ?? x));
  }
}

/** Images (N, 3, H, W) → logits (N, num_classes), through four stages that halve the sides and double the channels. */
export class ResNet extends nn.Module {
  static override readonly __name__: string = 'ResNet';
  conv1 = new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
  bn1 = new nn.BatchNorm2d(64);
  relu = new nn.ReLU({ inplace: true });
  maxpool = new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  layer1: nn.Sequential;
  layer2: nn.Sequential;
  layer3: nn.Sequential;
  layer4: nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d([1, 1]);
  fc: nn.Linear;
  constructor(
    block: typeof BasicBlock | typeof Bottleneck,
    layers: readonly [number, number, number, number],
    { num_classes = 1000, zero_init_residual = false }: ResNetOptions = {},
  ) {
    super();
    const make: Block = (inputs, planes, stride) => new block(inputs, planes, stride);
    let inputs = 64;
    const stage = (planes: number, blocks: number, stride: number): nn.Sequential => {
      const all = Array.from({ length: blocks }, (_, i) => {
        const made = make(inputs, planes, i === 0 ? stride : 1);
        inputs = planes * block.expansion;
        return made;
      });
      return new nn.Sequential(...all);
    };
    this.layer1 = stage(64, layers[0], 1);
    this.layer2 = stage(128, layers[1], 2);
    this.layer3 = stage(256, layers[2], 2);
    this.layer4 = stage(512, layers[3], 2);
    this.fc = new nn.Linear(512 * block.expansion, num_classes);
    for (const m of this.modules()) {
      if (m instanceof nn.Conv2d) nn.init.kaiming_normal_(m.weight, { mode: 'fan_out', nonlinearity: 'relu' });
      if (zero_init_residual && (m instanceof BasicBlock || m instanceof Bottleneck)) nn.init.zeros_(m.last.weight!);
    }
  }
  forward(images: Tensor): Tensor {
    let x: Tensor = this.maxpool(this.relu(this.bn1(this.conv1(images))));
    for (const stage of [this.layer1, this.layer2, this.layer3, this.layer4]) x = stage(x);
    return this.fc(this.avgpool(x).flatten(1));
  }
}
/** 18 layers, 11,689,512 parameters. */
export const resnet18 = (options: ResNetOptions = {}): ResNet => new ResNet(BasicBlock, [2, 2, 2, 2], options);
/** 34 layers, 21,797,672 parameters. */
export const resnet34 = (options: ResNetOptions = {}): ResNet => new ResNet(BasicBlock, [3, 4, 6, 3], options);
/** 50 layers, 25,557,032 parameters. */
export const resnet50 = (options: ResNetOptions = {}): ResNet => new ResNet(Bottleneck, [3, 4, 6, 3], options);
