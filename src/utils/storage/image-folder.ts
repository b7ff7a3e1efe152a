// The files of an image folder: a directory of directories, one a class, as torchvision's ImageFolder takes them.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FileNotFoundError } from '../../core/errors.ts';

const EXTENSIONS = ['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'];

export interface FolderListing {
  readonly classes: readonly string[];
  /** Files by their path from the folder on, with `/`, and the numbers of their classes. */
  readonly samples: readonly (readonly [path: string, target: number])[];
}
/**
 * The classes and images of a folder, in ImageFolder's order.
 * @throws FileNotFoundError if there are no classes, or one without images.
 */
export function listImageFolder(root: string): FolderListing {
  const classes = sorted(readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory()));
  if (classes.length === 0) throw new FileNotFoundError(`Couldn't find any class folder in ${root}.`);
  const samples = classes.flatMap((name, target) => walk(root, name).map((path) => [path, target] as const));
  const empty = classes.filter((_, target) => !samples.some(([, t]) => t === target));
  if (empty.length > 0)
    throw new FileNotFoundError(
      `Found no valid file for the classes ${empty.join(', ')}. Supported extensions are: ${EXTENSIONS.join(', ')}`,
    );
  return { classes, samples };
}
/** Images of a directory first, then those of its directories: os.walk's order, sorted. */
function walk(root: string, below: string): string[] {
  const names = sorted(readdirSync(join(root, below))).map((name) => `${below}/${name}`);
  const isFolder = new Map(names.map((path) => [path, statSync(join(root, path)).isDirectory()]));
  const files = names.filter((path) => !isFolder.get(path) && EXTENSIONS.some((end) => path.toLowerCase().endsWith(end)));
  return [...files, ...names.filter((path) => isFolder.get(path)).flatMap((path) => walk(root, path))];
}
/** Python's order of text: by code points. */
const sorted = (names: string[]): string[] => names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
