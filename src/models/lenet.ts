// LeNet-5 (LeCun et al. 1998) for 28 × 28 images.
import type { Tensor } from '../core/tensor.ts';
import * as nn from '../nn/index.ts';

export interface LeNetOptions {
  in_channels?: number;
  num_classes?: number;
}
/** Two convolutions with pooling and three linear layers: (N, 1, 28, 28) → logits (N, 10). */
export class LeNet extends nn.Module {
  static override readonly __name__: string = 'LeNet';
  conv1: nn.Conv2d;
  conv2: nn.Conv2d;
  pool = new nn.MaxPool2d(2);
  fc1: nn.Linear;
  fc2: nn.Linear;
  fc3: nn.Linear;
  constructor({ in_channels = 1, num_classes = 10 }: LeNetOptions = {}) {
    super();
    this.conv1 = new nn.Conv2d(in_channels, 6, 5, { padding: 2 });
    this.conv2 = new nn.Conv2d(6, 16, 5);
    this.fc1 = new nn.Linear(16 * 5 * 5, 120);
    this.fc2 = new nn.Linear(120, 84);
    this.fc3 = new nn.Linear(84, num_classes);
  }
  forward(images: Tensor): Tensor {
    const x = this.pool(this.conv1(images).relu());
    const y = this.pool(this.conv2(x).relu()).flatten(1);
    return this.fc3(this.fc2(this.fc1(y).relu()).relu());
  }
}
