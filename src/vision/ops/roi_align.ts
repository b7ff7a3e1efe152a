// Regions of feature maps at one size (Mask R-CNN); https://pytorch.org/vision/stable/generated/torchvision.ops.roi_align.html.
import { float64, type DType } from '../../core/dtype.ts';
import { AssertionError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { configured } from '../../nn/simple.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';

type PooledSize = number | readonly [height: number, width: number];
/** Boxes (K, 5), of which the first column is the picture's number; or a list of boxes (L, 4), one entry a picture. */
export type Regions = Tensor | readonly Tensor[];
interface Settings {
  readonly scale: number;
  readonly sampling: number;
  readonly aligned: boolean;
}

/** One row of numbers a region. */
function rowsOf(boxes: Regions): number[][] {
  if (boxes instanceof Tensor) {
    if (boxes.size(1) !== 5) throw new AssertionError('The boxes tensor shape is not correct as Tensor[K, 5]');
    return boxes.detach().to(float64).tolist() as number[][];
  }
  if (!Array.isArray(boxes)) throw new AssertionError('boxes is expected to be a Tensor[L, 5] or a List[Tensor[K, 4]]');
  return (boxes as readonly Tensor[]).flatMap((b, i) => {
    if (b.size(1) !== 4) throw new AssertionError('The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]');
    return (b.detach().to(float64).tolist() as number[][]).map((row) => [i, ...row]);
  });
}
/**
 * The weights (pooled, n) with which a line of pixels makes the bins from `low` to `high`: every bin is the mean of samples, every sample
 * interpolates between two pixels, and samples outside are 0. Bilinear sampling is the product of both directions' weights.
 */
function weights(low: number, high: number, pooled: number, n: number, s: Settings, round: (x: number) => number): number[][] {
  const offset = s.aligned ? 0.5 : 0;
  const start = round(round(low * s.scale) - offset);
  const span = round(round(round(high * s.scale) - offset) - start);
  const length = s.aligned ? span : Math.max(span, 1);
  const bin = round(length / pooled);
  const samples = s.sampling > 0 ? s.sampling : Math.ceil(round(length / pooled));
  return Array.from({ length: pooled }, (_, p) => {
    const row = new Array<number>(n).fill(0);
    for (let k = 0; k < samples; k++) {
      const at = round(round(start + round(p * bin)) + round(round((k + 0.5) * bin) / samples));
      if (at < -1 || at > n) continue;
      const inside = Math.max(at, 0);
      const i = Math.min(Math.trunc(inside), n - 1);
      const t = i === n - 1 ? 0 : inside - i;
      row[i]! += (1 - t) / samples;
      if (t > 0) row[i + 1]! += t / samples;
    }
    return row;
  });
}
/**
 * The mean of bilinear samples in each of `output_size` bins of every region: (K, C, *output_size). Gradients go to the input.
 * `sampling_ratio` samples a bin and direction, 0 or less: as many as the bin has pixels; `aligned` moves by half a pixel.
 * @throws AssertionError for boxes of the wrong shape.
 */
export function roi_align(
  input: Tensor,
  boxes: Regions,
  output_size: PooledSize,
  spatial_scale = 1,
  sampling_ratio = -1,
  aligned = false,
): Tensor {
  const rows = rowsOf(boxes);
  const [, c, h, w] = input.shape as unknown as [number, number, number, number];
  const [ph, pw] = typeof output_size === 'number' ? [output_size, output_size] : output_size;
  if (rows.length === 0) return torch.zeros([0, c, ph, pw], { dtype: input.dtype });
  const settings = { scale: spatial_scale, sampling: sampling_ratio, aligned };
  const round = input.dtype === float64 ? (x: number) => x : Math.fround;
  const matrix = (m: number[][], dtype: DType): Tensor => tensor(m, { dtype });
  return torch.stack(
    rows.map(([batch, x1, y1, x2, y2]) => {
      const down = matrix(weights(y1!, y2!, ph, h, settings, round), input.dtype);
      const across = matrix(weights(x1!, x2!, pw, w, settings, round), input.dtype);
      return down.matmul(input.select(0, batch!)).matmul(across.t());
    }),
  );
}
/** `roi_align` as a module. */
export class RoIAlign extends configured(
  (output_size: PooledSize, spatial_scale: number, sampling_ratio: number, aligned = false) => ({
    output_size,
    spatial_scale,
    sampling_ratio,
    aligned,
  }),
  'output_size={output_size}, spatial_scale={spatial_scale}, sampling_ratio={sampling_ratio}, aligned={aligned}',
) {
  static override readonly __name__: string = 'RoIAlign';
  forward(input: Tensor, rois: Regions): Tensor {
    return roi_align(input, rois, this.output_size, this.spatial_scale, this.sampling_ratio, this.aligned);
  }
}
