// Transforms made of transforms, and conversions.
import { type DType, float32 } from '../../core/dtype.ts';
import { ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Module } from '../../nn/module.ts';
import { configured } from '../../nn/simple.ts';
import type { NDArray } from '../../surface/arrays.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';
import type { Image } from '../image/image.ts';
import type { Mode } from '../image/raster.ts';
import { typeName } from './common.ts';
import { unit } from './draws.ts';
import * as F from './functional.ts';

/** Anything that is called with one picture: a transform, or a function. */
export type Step = (img: never) => unknown;
/** What the last of some steps gives. */
export type ResultOf<S extends readonly Step[]> = S extends readonly [...Step[], infer Last extends Step] ? ReturnType<Last> : unknown;
const apply = (steps: readonly Step[], img: unknown): unknown => steps.reduce((x, step) => (step as (x: unknown) => unknown)(x), img);
/** A transform as PyTorch prints it, indented; functions by their name. */
function listed(steps: readonly Step[]): string {
  return steps.map((t) => `\n    ${t instanceof Module ? String(t) : `<function ${t.name || '<lambda>'}>`}`).join('');
}
function requireList(steps: unknown): asserts steps is readonly Step[] {
  if (!Array.isArray(steps)) throw new TypeError('Argument transforms should be a sequence');
}

/** Transforms one after the other. */
export class Compose<const S extends readonly Step[] = readonly Step[]> extends Module {
  static override readonly __name__: string = 'Compose';
  readonly transforms: S;
  constructor(transforms: S | { transforms: S }) {
    super();
    this.transforms = Array.isArray(transforms) ? (transforms as unknown as S) : (transforms as { transforms: S }).transforms;
  }
  forward(img: Image | Tensor | NDArray): ResultOf<S> {
    return apply(this.transforms, img) as ResultOf<S>;
  }
  override toString(): string {
    return `Compose(${listed(this.transforms)}\n)`;
  }
}
/** All of the transforms with a probability, otherwise none. */
export class RandomApply extends configured((transforms: readonly Step[], p = 0.5) => ({ transforms, p }), null) {
  static override readonly __name__: string = 'RandomApply';
  forward<T>(img: T): T {
    return this.p < unit() ? img : (apply(this.transforms, img) as T);
  }
  override toString(): string {
    return `RandomApply(\n    p=${this.p}${listed(this.transforms)}\n)`;
  }
}
/** All transforms in random order. The order is drawn by `torch.randperm`, as in torchvision's v2 (its v1 asks Python's `random`). */
export class RandomOrder extends configured(
  (transforms: readonly Step[]) => ({ transforms }),
  null,
  (m) => requireList(m.transforms),
) {
  static override readonly __name__: string = 'RandomOrder';
  forward<T>(img: T): T {
    const order = (torch.randperm(this.transforms.length).tolist() as (number | bigint)[]).map(Number);
    return apply(
      order.map((i) => this.transforms[i]!),
      img,
    ) as T;
  }
  override toString(): string {
    return `RandomOrder(${listed(this.transforms)}\n)`;
  }
}
/**
 * One of the transforms, with probabilities in proportion to `p`. It is drawn by `torch.multinomial`, as in torchvision's v2 (its v1 asks
 * Python's `random`).
 */
export class RandomChoice extends configured(
  (transforms: readonly Step[], p: readonly number[] | null = null) => ({ transforms, p }),
  null,
  (m) => {
    requireList(m.transforms);
    if (m.p !== null && !Array.isArray(m.p)) throw new TypeError('Argument p should be a sequence');
    if (m.p !== null && m.p.length !== m.transforms.length)
      throw new ValueError(`Length of p doesn't match the number of transforms: ${m.p.length} != ${m.transforms.length}`);
  },
) {
  static override readonly __name__: string = 'RandomChoice';
  forward<T>(img: T): T {
    const p = this.p ?? this.transforms.map(() => 1);
    const total = p.reduce((a, b) => a + b, 0);
    const chosen = Number(torch.multinomial(tensor(p.map((x) => x / total)), 1).item());
    return apply([this.transforms[chosen]!], img) as T;
  }
  override toString(): string {
    return `RandomChoice(${listed(this.transforms)}\n)(p=${this.p === null ? 'None' : `[${this.p.join(', ')}]`})`;
  }
}
/** A function as a transform. */
export class Lambda<A = unknown, R = unknown> extends Module {
  static override readonly __name__: string = 'Lambda';
  readonly lambd: (img: A) => R;
  constructor(lambd: (img: A) => R) {
    super();
    if (typeof lambd !== 'function') throw new TypeError(`Argument lambd should be callable, got ${typeName(lambd)}`);
    // A module given as the function is not a child of this one.
    Object.defineProperty(this, 'lambd', { value: lambd, enumerable: true });
    this.lambd = lambd;
  }
  forward(img: A): R {
    return this.lambd(img);
  }
}

/** An image or array (H, W, C) of bytes as a tensor (C, H, W) of 0 to 1; other images and arrays as they are. */
export class ToTensor extends Module {
  static override readonly __name__: string = 'ToTensor';
  forward(pic: Image | NDArray): Tensor {
    return F.to_tensor(pic);
  }
}
/** An image as a tensor (C, H, W) of its own dtype. */
export class PILToTensor extends Module {
  static override readonly __name__: string = 'PILToTensor';
  forward(pic: Image): Tensor {
    return F.pil_to_tensor(pic);
  }
}
/** A tensor (C, H, W), or an array (H, W, C), as an image. */
export class ToPILImage extends configured((mode: Mode | null = null) => ({ mode }), null) {
  static override readonly __name__: string = 'ToPILImage';
  forward(pic: Tensor | NDArray): Image {
    return F.to_pil_image(pic, this.mode);
  }
  override extra_repr(): string {
    return this.mode === null ? '' : `mode=${this.mode}`;
  }
}
/** A tensor image of another dtype, its values scaled to the dtype's range. */
export class ConvertImageDtype extends configured((dtype: DType = float32) => ({ dtype }), null) {
  static override readonly __name__: string = 'ConvertImageDtype';
  forward(image: Tensor): Tensor {
    return F.convert_image_dtype(image, this.dtype);
  }
}
/** (x − mean) / std, channel by channel. */
export class Normalize extends configured(
  (mean: readonly number[] | Tensor, std: readonly number[] | Tensor, inplace = false) => ({ mean, std, inplace }),
  null,
) {
  static override readonly __name__: string = 'Normalize';
  forward(tensor: Tensor): Tensor {
    return F.normalize(tensor, this.mean, this.std, this.inplace);
  }
  override extra_repr(): string {
    const shown = (v: readonly number[] | Tensor): string => (Array.isArray(v) ? `[${v.join(', ')}]` : String(v));
    return `mean=${shown(this.mean)}, std=${shown(this.std)}`;
  }
}
/**
 * A tensor, flattened, minus a mean, times a square matrix (whitening).
 * @throws ValueError if matrix, mean and picture do not fit.
 */
export class LinearTransformation extends configured(
  (transformation_matrix: Tensor, mean_vector: Tensor) => ({ transformation_matrix, mean_vector }),
  null,
  ({ transformation_matrix: m, mean_vector: v }) => {
    if (m.size(0) !== m.size(1))
      throw new ValueError(`transformation_matrix should be square. Got (${m.shape.join(', ')}) rectangular matrix.`);
    if (v.size(0) !== m.size(0)) {
      throw new ValueError(
        `mean_vector should have the same length ${v.size(0)} as any one of the dimensions of the transformation_matrix [(${m.shape.join(', ')})]`,
      );
    }
    if (m.dtype !== v.dtype) throw new ValueError(`Input tensors should have the same dtype. Got ${m.dtype} and ${v.dtype}`);
  },
) {
  static override readonly __name__: string = 'LinearTransformation';
  forward(tensor: Tensor): Tensor {
    const [c, h, w] = tensor.shape.slice(-3) as [number, number, number];
    if (c * h * w !== this.transformation_matrix.size(0)) {
      throw new ValueError(
        `Input tensor and transformation matrix have incompatible shape.[${c} x ${h} x ${w}] != ${this.transformation_matrix.size(0)}`,
      );
    }
    const flat = tensor.view(-1, c * h * w).sub(this.mean_vector);
    return flat.mm(this.transformation_matrix.to(flat.dtype)).view([...tensor.shape]);
  }
  override extra_repr(): string {
    const shown = (t: Tensor): string => JSON.stringify(t.tolist()).replaceAll(',', ', ');
    return `transformation_matrix=${shown(this.transformation_matrix)}, mean_vector=${shown(this.mean_vector)}`;
  }
}
