// U-Net (Ronneberger et al. 2015), padded so that the output has the size of the input, with batch normalisation.
import type { Tensor } from '../core/tensor.ts';
import * as nn from '../nn/index.ts';
import { cat } from '../surface/generated/torch.ts';

export interface UNetOptions {
  in_channels?: number;
  num_classes?: number;
  /** Channels at full size; every halving of the sides doubles them. */
  width?: number;
  /** How often the sides are halved. */
  depth?: number;
}
const convolutions = (inputs: number, outputs: number): nn.Sequential =>
  new nn.Sequential(
    ...[inputs, outputs].flatMap((from) => [
      new nn.Conv2d(from, outputs, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(outputs),
      new nn.ReLU({ inplace: true }),
    ]),
  );

/** Images (N, C, H, W) → logits of every pixel (N, num_classes, H, W); H and W are multiples of 2^depth. */
export class UNet extends nn.Module {
  static override readonly __name__: string = 'UNet';
  down: nn.ModuleList<nn.Sequential>;
  pool = new nn.MaxPool2d(2);
  bottom: nn.Sequential;
  up: nn.ModuleList<nn.ConvTranspose2d>;
  merge: nn.ModuleList<nn.Sequential>;
  head: nn.Conv2d;
  constructor({ in_channels = 3, num_classes = 2, width = 64, depth = 4 }: UNetOptions = {}) {
    super();
    const widths = Array.from({ length: depth }, (_, i) => width << i);
    const upwards = [...widths].reverse();
    this.down = new nn.ModuleList<nn.Sequential>(widths.map((w, i) => convolutions(i === 0 ? in_channels : w / 2, w)));
    this.bottom = convolutions(upwards[0]!, 2 * upwards[0]!);
    this.up = new nn.ModuleList<nn.ConvTranspose2d>(upwards.map((w) => new nn.ConvTranspose2d(2 * w, w, 2, { stride: 2 })));
    this.merge = new nn.ModuleList<nn.Sequential>(upwards.map((w) => convolutions(2 * w, w)));
    this.head = new nn.Conv2d(width, num_classes, 1);
  }
  forward(images: Tensor): Tensor {
    let x = images;
    const skipped: Tensor[] = [];
    for (const down of this.down) {
      skipped.push(down(x));
      x = this.pool(skipped.at(-1)!);
    }
    x = this.bottom(x);
    for (let i = 0; i < this.up.size; i++) x = this.merge.at(i)(cat([skipped.pop()!, this.up.at(i)(x)], 1));
    return this.head(x);
  }
}
