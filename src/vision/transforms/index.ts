// torchvision.transforms (https://pytorch.org/vision/stable/transforms.html): transforms of images and tensors, with torchvision's draws.
import '../../surface/install.ts';

export * from './color.ts';
export { type Interpolation, InterpolationMode, type Picture, type PictureSize } from './common.ts';
export * from './compose.ts';
export * as functional from './functional.ts';
export * from './geometry.ts';
export * from './maps.ts';
export type { Fill, Padding, PaddingMode } from './tensor_geometry.ts';
