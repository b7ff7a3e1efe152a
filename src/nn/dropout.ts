// Dropout in its forms: zeroes with probability p while training, and scales what is left by 1 / (1 − p).
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as F from './functional.ts';
import { configured, python } from './simple.ts';

const DropoutNd = configured(
  (p = 0.5, inplace = false) => ({ p, inplace }),
  null,
  (m) => {
    if (!(m.p >= 0 && m.p <= 1)) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${python(m.p, true)}`);
  },
);
abstract class AnyDropout extends DropoutNd {
  override extra_repr(): string {
    return `p=${python(this.p, true)}, inplace=${python(this.inplace)}`;
  }
}
/** Zeroes elements. */
export class Dropout extends AnyDropout {
  static override readonly __name__: string = 'Dropout';
  forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}
/** Zeroes whole channels of sequences. */
export class Dropout1d extends AnyDropout {
  static override readonly __name__: string = 'Dropout1d';
  forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}
/** Zeroes whole channels of images. */
export class Dropout2d extends AnyDropout {
  static override readonly __name__: string = 'Dropout2d';
  forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}
/** Zeroes whole channels of volumes. */
export class Dropout3d extends AnyDropout {
  static override readonly __name__: string = 'Dropout3d';
  forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}
/** Dropout that keeps the mean and variance of SELU's activations; Klambauer et al. 2017. */
export class AlphaDropout extends AnyDropout {
  static override readonly __name__: string = 'AlphaDropout';
  forward(input: Tensor): Tensor {
    return F.alpha_dropout(input, this.p, this.training);
  }
}
/** AlphaDropout of whole channels. */
export class FeatureAlphaDropout extends AnyDropout {
  static override readonly __name__: string = 'FeatureAlphaDropout';
  forward(input: Tensor): Tensor {
    return F.feature_alpha_dropout(input, this.p, this.training);
  }
}
