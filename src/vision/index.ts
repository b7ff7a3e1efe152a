// torchvision and Pillow for Flambeau: images, transforms, datasets, boxes. Imports from nn/, utils/data, serialization/ and below.
import '../surface/install.ts';

export { FileNotFoundError, OSError } from '../core/errors.ts';
export * as datasets from './datasets/index.ts';
export { DecompressionBombError, UnidentifiedImageError } from './image/errors.ts';
export { Image, type ImageFile } from './image/image.ts';
export type { Color, Mode } from './image/raster.ts';
export * as ops from './ops/index.ts';
export * as transforms from './transforms/index.ts';
export * as utils from './utils.ts';
