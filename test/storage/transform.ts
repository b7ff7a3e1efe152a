// A transform that worker threads can import.
import * as torch from '../../src/index.ts';
import type { Image } from '../../src/vision/image/image.ts';

export const toFloat = (image: Image): torch.Tensor => torch.from_numpy(image.numpy()).permute(2, 0, 1).float();
