// Dropout in its forms.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as F from './functional.ts';
import { python } from './simple.ts';
import { bindArguments } from './arguments.ts';
import { Module } from './module.ts';

type Arguments = [p?: number, inplace?: boolean] | [p: number, options: { inplace?: boolean }] | [options: { p?: number; inplace?: boolean }];
abstract class DropoutNd extends Module {
  readonly p: number;
  readonly inplace: boolean;
  constructor(owner: string, args: readonly unknown[]) {
    super();
    const a = bindArguments<{ p: number; inplace: boolean }>(owner, args, ['p', 'inplace'], { p: 0.5, inplace: false });
    if (!(a.p >= 0 && a.p <= 1)) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${a.p}`);
    this.p = a.p;
    this.inplace = a.inplace;
  }
  override extra_repr(): string {
    return `p=${python(this.p)}, inplace=${python(this.inplace)}`;
  }
}
/** Zeroes elements with probability p while training, and scales the others by 1 / (1 − p). */
export class Dropout extends DropoutNd {
  static override readonly __name__: string = 'Dropout';
  constructor(...args: Arguments) {
    super('Dropout', args);
  }
  forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}
/** Zeroes whole channels of sequences. */
export class Dropout1d extends DropoutNd {
  static override readonly __name__: string = 'Dropout1d';
  constructor(...args: Arguments) {
    super('Dropout1d', args);
  }
  forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}
/** Zeroes whole channels of images. */
export class Dropout2d extends DropoutNd {
  static override readonly __name__: string = 'Dropout2d';
  constructor(...args: Arguments) {
    super('Dropout2d', args);
  }
  forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}
/** Zeroes whole channels of volumes. */
export class Dropout3d extends DropoutNd {
  static override readonly __name__: string = 'Dropout3d';
  constructor(...args: Arguments) {
    super('Dropout3d', args);
  }
  forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}
