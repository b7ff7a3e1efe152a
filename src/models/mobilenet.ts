// MobileNetV2 (Sandler et al. 2018) with torchvision's names; https://pytorch.org/vision/stable/models/mobilenetv2.html.
import type { Tensor } from '../core/tensor.ts';
import * as nn from '../nn/index.ts';

export interface MobileNetV2Options {
  num_classes?: number;
  /** Multiplies the channels of every layer. */
  width_mult?: number;
  dropout?: number;
}
/** Expansion, channels, blocks and first stride of each stage. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
/** A multiple of 8 near `v`, never below nine tenths of it. */
function channels(v: number): number {
  const rounded = Math.max(8, Math.floor((v + 4) / 8) * 8);
  return rounded < 0.9 * v ? rounded + 8 : rounded;
}
const convolution = (inputs: number, outputs: number, kernel_size: number, stride = 1, groups = 1): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(inputs, outputs, { kernel_size, stride, padding: (kernel_size - 1) / 2, groups, bias: false }),
    new nn.BatchNorm2d(outputs),
    new nn.ReLU6({ inplace: true }),
  );

/** Widens, filters each channel, and narrows again without activation; beside the identity where shapes allow. */
export class InvertedResidual extends nn.Module {
  static override readonly __name__: string = 'InvertedResidual';
  conv: nn.Sequential;
  readonly use_res_connect: boolean;
  constructor(inputs: number, outputs: number, stride: number, expand_ratio: number) {
    super();
    const hidden = inputs * expand_ratio;
    this.use_res_connect = stride === 1 && inputs === outputs;
    this.conv = new nn.Sequential(
      ...(expand_ratio === 1 ? [] : [convolution(inputs, hidden, 1)]),
      convolution(hidden, hidden, 3, stride, hidden),
      new nn.Conv2d(hidden, outputs, 1, { bias: false }),
      new nn.BatchNorm2d(outputs),
    );
  }
  forward(x: Tensor): Tensor {
    return this.use_res_connect ? x.add(this.conv(x)) : this.conv(x);
  }
}
/** Images (N, 3, H, W) → logits (N, num_classes). */
export class MobileNetV2 extends nn.Module {
  static override readonly __name__: string = 'MobileNetV2';
  features: nn.Sequential;
  classifier: nn.Sequential;
  constructor({ num_classes = 1000, width_mult = 1, dropout = 0.2 }: MobileNetV2Options = {}) {
    super();
    let inputs = channels(32 * width_mult);
    const last = channels(1280 * Math.max(1, width_mult));
    const features: nn.Module[] = [convolution(3, inputs, 3, 2)];
    for (const [expansion, width, blocks, stride] of STAGES) {
      for (let i = 0; i < blocks; i++) {
        const outputs = channels(width * width_mult);
        features.push(new InvertedResidual(inputs, outputs, i === 0 ? stride : 1, expansion));
        inputs = outputs;
      }
    }
    this.features = new nn.Sequential(...features, convolution(inputs, last, 1));
    this.classifier = new nn.Sequential(new nn.Dropout(dropout), new nn.Linear(last, num_classes));
    for (const m of this.modules()) {
      if (m instanceof nn.Conv2d) nn.init.kaiming_normal_(m.weight, { mode: 'fan_out' });
      if (m instanceof nn.Linear) {
        nn.init.normal_(m.weight, 0, 0.01);
        nn.init.zeros_(m.bias!);
      }
    }
  }
  forward(images: Tensor): Tensor {
    return this.classifier(nn.functional.adaptive_avg_pool2d(this.features(images), [1, 1]).flatten(1));
  }
}
/** 3,504,872 parameters. */
export const mobilenet_v2 = (options: MobileNetV2Options = {}): MobileNetV2 => new MobileNetV2(options);
