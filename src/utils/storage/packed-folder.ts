// An image folder in one file: what is common to all formats. Each format's own layout is in packed-*.ts.
import type { Tensor } from '../../core/tensor.ts';
import { load_numpy } from '../../serialization/numpy.ts';
import { Image } from '../../vision/image/image.ts';
import { Dataset } from '../data/dataset.ts';
import { placeOf } from './array-datasets.ts';
import { closed, opened } from './lazy.ts';
import { pathOf } from './paths.ts';

/** What is kept of an image: its file, or its pixels as a uint8 array (height, width, 3). */
export type PackedImage = { readonly file: Uint8Array } | { readonly pixels: Tensor };
/** A packed image folder, opened. */
export interface PackedContent {
  readonly classes: readonly string[];
  /** The number of each image's class. */
  readonly targets: readonly number[];
  image(index: number): PackedImage;
  close(): void;
}
/** What the converter writes to. Images come in ImageFolder's order. */
export interface PackedSink extends Disposable {
  add(path: string, target: number, image: PackedImage): void;
  /** Puts what was written in place of what was there. */
  commit(): void;
}

export interface PackedFolderOptions<S, L> {
  /** What becomes of an image; may return a promise. */
  transform?: ((image: never) => S) | null;
  target_transform?: ((target: number) => L) | null;
  /** From a file's bytes to an image; `pil_loader`'s RGB image if left out. May return a promise if `transform` takes one. */
  loader?: ((file: Uint8Array) => unknown) | null;
}

/** An RGB image, as torchvision's pil_loader gives it. */
const readRgb = (file: Uint8Array): Image => Image.open(file).convert('RGB');

const NPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/**
 * torchvision's ImageFolder over a folder that `convert_image_folder` packed: sample i is `[image, target]` after `transform` and
 * `target_transform`. Each worker thread opens the file for itself.
 */
export abstract class PackedImageFolder<S = Image, L = number> extends Dataset<[sample: S, target: L]> {
  readonly path: string;
  readonly classes: readonly string[];
  readonly class_to_idx: Readonly<Record<string, number>>;
  /** The number of each image's class. */
  readonly targets: readonly number[];
  readonly transform: ((image: never) => S) | null;
  readonly target_transform: ((target: number) => L) | null;
  readonly loader: ((file: Uint8Array) => unknown) | null;
  constructor(path: string | URL, { transform = null, target_transform = null, loader = null }: PackedFolderOptions<S, L> = {}) {
    super();
    this.path = pathOf(path);
    this.transform = transform;
    this.target_transform = target_transform;
    this.loader = loader;
    const { classes, targets } = this.content;
    this.classes = classes;
    this.class_to_idx = Object.fromEntries(classes.map((name, i) => [name, i]));
    this.targets = targets;
  }
  /** Opens the file. */
  protected abstract open(): PackedContent;
  private get content(): PackedContent {
    return opened(this, () => this.open());
  }
  override get length(): number {
    return this.targets.length;
  }
  override get(index: number): [sample: S, target: L] {
    const at = placeOf(index, this.length);
    const image = this.image(at);
    const target = this.targets[at]!;
    return [
      this.transform ? this.transform(image as never) : (image as S),
      this.target_transform ? this.target_transform(target) : (target as L),
    ];
  }
  /** Closes the file; the next sample opens it again. */
  close(): void {
    closed(this);
  }
  private image(at: number): unknown {
    const found = this.content.image(at);
    if ('pixels' in found) return Image.fromarray(found.pixels);
    if (NPY.every((b, i) => found.file[i] === b)) return Image.fromarray(load_numpy(found.file) as Tensor);
    return (this.loader ?? readRgb)(found.file);
  }
}
