// The network: two convolutions with batch norm, two linear layers with dropout. 206,970 parameters.
import { nn, type Tensor } from 'flambeau';

export class Net extends nn.Module {
  static override readonly __name__ = 'Net';
  features = new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
  classifier = new nn.Sequential(
    new nn.Flatten(),
    new nn.Dropout(0.25),
    new nn.Linear(32 * 7 * 7, 128),
    new nn.ReLU(),
    new nn.Dropout(0.25),
    new nn.Linear(128, 10),
  );

  /** (N, 1, 28, 28) → logits (N, 10). */
  forward(images: Tensor): Tensor {
    return this.classifier(this.features(images));
  }
}
