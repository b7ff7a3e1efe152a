// Padding; amounts go from the last dimension to the first, before and after each.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { type PerDimension, perDimension } from './conv.ts';
import * as F from './functional.ts';
import { configured } from './simple.ts';

const padded = (dimensions: number) =>
  configured(
    (padding: PerDimension) => ({ padding }),
    '{padding}',
    (m) => {
      m.padding = perDimension(m.padding, 2 * dimensions);
    },
  );
const constantPadded = (dimensions: number) =>
  configured(
    (padding: PerDimension, value: number) => ({ padding, value }),
    'padding={padding}, value={value}',
    (m) => {
      m.padding = perDimension(m.padding, 2 * dimensions);
    },
  );
function checkDimensions(input: Tensor, dimensions: number): void {
  if (input.ndim !== dimensions + 1 && input.ndim !== dimensions + 2) {
    throw new ValueError(`expected ${dimensions + 1}D or ${dimensions + 2}D input (got ${input.ndim}D input)`);
  }
}
/** Pads sequences with a constant. */
export class ConstantPad1d extends constantPadded(1) {
  static override readonly __name__: string = 'ConstantPad1d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'constant', this.value);
  }
}
/** Pads images with a constant. */
export class ConstantPad2d extends constantPadded(2) {
  static override readonly __name__: string = 'ConstantPad2d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'constant', this.value);
  }
}
/** Pads volumes with a constant. */
export class ConstantPad3d extends constantPadded(3) {
  static override readonly __name__: string = 'ConstantPad3d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'constant', this.value);
  }
}
/** Pads sequences with zeros. */
export class ZeroPad1d extends padded(1) {
  static override readonly __name__: string = 'ZeroPad1d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'constant', 0);
  }
}
/** Pads images with zeros. */
export class ZeroPad2d extends padded(2) {
  static override readonly __name__: string = 'ZeroPad2d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'constant', 0);
  }
}
/** Pads volumes with zeros. */
export class ZeroPad3d extends padded(3) {
  static override readonly __name__: string = 'ZeroPad3d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'constant', 0);
  }
}
/** Pads sequences with the mirror image inside the border. */
export class ReflectionPad1d extends padded(1) {
  static override readonly __name__: string = 'ReflectionPad1d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'reflect');
  }
}
/** Pads images with the mirror image inside the border. */
export class ReflectionPad2d extends padded(2) {
  static override readonly __name__: string = 'ReflectionPad2d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'reflect');
  }
}
/** Pads volumes with the mirror image inside the border. */
export class ReflectionPad3d extends padded(3) {
  static override readonly __name__: string = 'ReflectionPad3d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'reflect');
  }
}
/** Pads sequences with the border repeated. */
export class ReplicationPad1d extends padded(1) {
  static override readonly __name__: string = 'ReplicationPad1d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'replicate');
  }
}
/** Pads images with the border repeated. */
export class ReplicationPad2d extends padded(2) {
  static override readonly __name__: string = 'ReplicationPad2d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'replicate');
  }
}
/** Pads volumes with the border repeated. */
export class ReplicationPad3d extends padded(3) {
  static override readonly __name__: string = 'ReplicationPad3d';
  forward(input: Tensor): Tensor {
    return F.pad(input, this.padding as number[], 'replicate');
  }
}
/** Pads sequences from the opposite side. */
export class CircularPad1d extends padded(1) {
  static override readonly __name__: string = 'CircularPad1d';
  forward(input: Tensor): Tensor {
    checkDimensions(input, 1);
    return F.pad(input, this.padding as number[], 'circular');
  }
}
/** Pads images from the opposite side. */
export class CircularPad2d extends padded(2) {
  static override readonly __name__: string = 'CircularPad2d';
  forward(input: Tensor): Tensor {
    checkDimensions(input, 2);
    return F.pad(input, this.padding as number[], 'circular');
  }
}
/** Pads volumes from the opposite side. */
export class CircularPad3d extends padded(3) {
  static override readonly __name__: string = 'CircularPad3d';
  forward(input: Tensor): Tensor {
    checkDimensions(input, 3);
    return F.pad(input, this.padding as number[], 'circular');
  }
}
