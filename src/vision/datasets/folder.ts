// Pictures in folders, one folder a class: root/dog/a.png, root/cat/b.png; torchvision/datasets/folder.py.
import { FileNotFoundError, IndexError, ValueError } from '../../core/errors.ts';
import { builtin } from '../../core/host.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import { Image } from '../image/image.ts';
import { expanded, place, type Transform, VisionDataset } from './vision.ts';

interface Entry {
  readonly name: string;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}
interface Files {
  readdirSync(path: string, options: { withFileTypes: true }): Entry[];
  statSync(path: string, options: { throwIfNoEntry: false }): { isDirectory(): boolean } | undefined;
}
const files = (): Files => builtin<Files>('fs')!;
const join = (...parts: string[]): string => builtin<{ join(...parts: string[]): string }>('path')!.join(...parts);

export const IMG_EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'];
/** A path and the class of its folder. */
export type Sample = [path: string, target: number];
/** By code points, as Python sorts. */
const byCodePoint = (a: string, b: string): number => {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
  return x.length - y.length;
};
function entries(path: string): Entry[] {
  try {
    return files().readdirSync(path, { withFileTypes: true });
  } catch (e) {
    if ((e as { code?: string }).code === 'ENOENT')
      throw new FileNotFoundError(`[Errno 2] No such file or directory: '${path}'`, { cause: e });
    throw e;
  }
}
/** Links count as what they lead to. */
const isFolder = (path: string, e: Entry): boolean =>
  e.isDirectory() || (e.isSymbolicLink() && files().statSync(join(path, e.name), { throwIfNoEntry: false })?.isDirectory() === true);

export const has_file_allowed_extension = (filename: string, extensions: string | readonly string[]): boolean =>
  (typeof extensions === 'string' ? [extensions] : extensions).some((e) => filename.toLowerCase().endsWith(e));
export const is_image_file = (filename: string): boolean => has_file_allowed_extension(filename, IMG_EXTENSIONS);

/**
 * The folders in a directory, sorted, and their numbers.
 * @throws FileNotFoundError if there is none.
 */
export function find_classes(directory: string): [classes: string[], class_to_idx: Record<string, number>] {
  const classes = entries(directory)
    .filter((e) => isFolder(directory, e))
    .map((e) => e.name)
    .sort(byCodePoint);
  if (classes.length === 0) throw new FileNotFoundError(`Couldn't find any class folder in ${directory}.`);
  return [classes, Object.fromEntries(classes.map((c, i) => [c, i]))];
}
/** Every file below a directory: folder by folder in order, in each folder its own files first. */
function walk(directory: string): string[] {
  const folders: [string, string[]][] = [];
  const visit = (path: string): void => {
    const here = entries(path);
    folders.push([path, here.filter((e) => !isFolder(path, e)).map((e) => e.name)]);
    for (const e of here) if (isFolder(path, e)) visit(join(path, e.name));
  };
  visit(directory);
  return folders.sort(([a], [b]) => byCodePoint(a, b)).flatMap(([path, names]) => names.sort(byCodePoint).map((n) => join(path, n)));
}
/**
 * The files of the classes' folders that are valid, with the number of the class.
 * @throws ValueError unless exactly one of `extensions` and `is_valid_file` is given, FileNotFoundError for a class without files.
 */
export function make_dataset(
  directory: string,
  class_to_idx: Readonly<Record<string, number>> | null = null,
  extensions: string | readonly string[] | null = null,
  is_valid_file: ((path: string) => boolean) | null = null,
  allow_empty = false,
): Sample[] {
  const root = expanded(directory);
  const classes = class_to_idx ?? find_classes(root)[1];
  if (Object.keys(classes).length === 0) throw new ValueError("'class_to_index' must have at least one entry to collect any samples.");
  if ((extensions === null) === (is_valid_file === null))
    throw new ValueError('Both extensions and is_valid_file cannot be None or not None at the same time');
  const isValid = is_valid_file ?? ((path: string) => has_file_allowed_extension(path, extensions!));
  const empty: string[] = [];
  const samples = Object.keys(classes)
    .sort(byCodePoint)
    .flatMap((name): Sample[] => {
      const folder = join(root, name);
      const there = files().statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? walk(folder).filter(isValid) : [];
      if (there.length === 0) empty.push(name);
      return there.map((path) => [path, classes[name]!]);
    });
  if (empty.length > 0 && !allow_empty) {
    const supported =
      extensions === null ? '' : `Supported extensions are: ${typeof extensions === 'string' ? extensions : extensions.join(', ')}`;
    throw new FileNotFoundError(`Found no valid file for the classes ${empty.join(', ')}. ${supported}`);
  }
  return samples;
}

/** Reads a picture as RGB, on the calling thread. */
export const pil_loader = (path: string): Image => Image.open(path).convert('RGB');
export const default_loader = pil_loader;
/** Reads a picture as RGB on other threads: a loader for loops with `for await`. */
export const async_loader = async (path: string): Promise<Image> => (await Image.open_async(path)).convert('RGB');

export type Loader = (path: string) => unknown;
interface FolderArguments {
  root: string | URL;
  loader: Loader;
  extensions: readonly string[] | null;
  transform: Transform | null;
  target_transform: Transform | null;
  is_valid_file: ((path: string) => boolean) | null;
  allow_empty: boolean;
}
/**
 * Files of any kind in one folder a class. `get` gives `[loader(path), number of the class]` after the transforms; a loader that returns a
 * promise makes it a promise.
 * @throws FileNotFoundError if there are no class folders, or one without valid files.
 */
export class DatasetFolder extends VisionDataset<[unknown, unknown] | Promise<[unknown, unknown]>> {
  readonly loader: Loader;
  readonly extensions: readonly string[] | null;
  readonly classes: readonly string[];
  readonly class_to_idx: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
  readonly targets: readonly number[];
  constructor(
    ...args: Arguments<
      [
        root: string | URL,
        loader: Loader,
        extensions?: readonly string[] | null,
        transform?: Transform | null,
        target_transform?: Transform | null,
        is_valid_file?: ((path: string) => boolean) | null,
        allow_empty?: boolean,
      ],
      FolderArguments
    >
  ) {
    const a = bindArguments<FolderArguments>(
      'DatasetFolder',
      args,
      ['root', 'loader', 'extensions', 'transform', 'target_transform', 'is_valid_file', 'allow_empty'],
      { extensions: null, transform: null, target_transform: null, is_valid_file: null, allow_empty: false },
    );
    super(a.root, a);
    [this.classes, this.class_to_idx] = this.find_classes(this.root!);
    this.samples = make_dataset(this.root!, this.class_to_idx, a.extensions, a.is_valid_file, a.allow_empty);
    this.loader = a.loader;
    this.extensions = a.extensions;
    this.targets = this.samples.map(([, target]) => target);
  }
  /** The classes and their numbers; subclasses may find others. */
  find_classes(directory: string): [classes: string[], class_to_idx: Record<string, number>] {
    return find_classes(directory);
  }
  override get length(): number {
    return this.samples.length;
  }
  override get(index: number): [unknown, unknown] | Promise<[unknown, unknown]> {
    const [path, target] = this.samples[place(index, this.length, 'list', (m) => new IndexError(m))]!;
    const sample = this.loader(path);
    return sample instanceof Promise ? sample.then((s) => this.finished(s, target)) : this.finished(sample, target);
  }
}
interface ImageFolderArguments extends Omit<FolderArguments, 'extensions'> {}
/** Pictures in one folder a class, read as RGB; a target is a number, and batches of targets are int64. */
export class ImageFolder extends DatasetFolder {
  readonly imgs: readonly Sample[];
  constructor(
    ...args: Arguments<
      [
        root: string | URL,
        transform?: Transform | null,
        target_transform?: Transform | null,
        loader?: Loader,
        is_valid_file?: ((path: string) => boolean) | null,
        allow_empty?: boolean,
      ],
      ImageFolderArguments
    >
  ) {
    const a = bindArguments<ImageFolderArguments>(
      'ImageFolder',
      args,
      ['root', 'transform', 'target_transform', 'loader', 'is_valid_file', 'allow_empty'],
      { transform: null, target_transform: null, loader: default_loader, is_valid_file: null, allow_empty: false },
    );
    super({ ...a, extensions: a.is_valid_file === null ? IMG_EXTENSIONS : null });
    this.imgs = this.samples;
  }
}
