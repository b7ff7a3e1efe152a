// torchvision.ops: boxes, regions and the focal loss.
import '../../surface/install.ts';

export * from './boxes.ts';
export { sigmoid_focal_loss } from './focal_loss.ts';
export { type Regions, RoIAlign, roi_align } from './roi_align.ts';
