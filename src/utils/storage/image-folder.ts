// The files of an image folder: a directory of directories, one a class, as torchvision's ImageFolder takes them.
import { relative, sep } from 'node:path';
import { find_classes, IMG_EXTENSIONS, make_dataset } from '../../vision/datasets/folder.ts';
import { expanded } from '../../vision/datasets/vision.ts';

export interface FolderListing {
  readonly classes: readonly string[];
  /** Files by their path from the folder on, with `/`, and the numbers of their classes. */
  readonly samples: readonly (readonly [path: string, target: number])[];
}
/**
 * The classes and images of a folder, in ImageFolder's order.
 * @throws FileNotFoundError if there are no classes, or one without images.
 */
export function listImageFolder(folder: string): FolderListing {
  const root = expanded(folder);
  const [classes, class_to_idx] = find_classes(root);
  const samples = make_dataset(root, class_to_idx, IMG_EXTENSIONS);
  return { classes, samples: samples.map(([path, target]) => [relative(root, path).replaceAll(sep, '/'), target]) };
}
