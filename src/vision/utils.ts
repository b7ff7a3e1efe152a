// torchvision.utils (https://pytorch.org/vision/stable/utils.html): grids of pictures, files, boxes drawn into pictures.
import '../surface/install.ts';
import { no_grad } from '../autograd/modes.ts';
import { bool, uint8 } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import { bindCall } from '../nn/arguments.ts';
import type { Arguments } from '../nn/simple.ts';
import { tensor as make } from '../surface/construct.ts';
import * as torch from '../surface/generated/torch.ts';
import { colorsOf, type Paint } from './colors.ts';
import type { EncodeOptions } from './image/codecs.ts';
import { Image } from './image/image.ts';
import { typeName } from './transforms/common.ts';
import { convert_image_dtype } from './transforms/conversion.ts';

interface GridOptions {
  nrow: number;
  padding: number;
  normalize: boolean;
  value_range: readonly [low: number, high: number] | null;
  scale_each: boolean;
  pad_value: number;
}
const GRID: readonly (keyof GridOptions)[] = ['nrow', 'padding', 'normalize', 'value_range', 'scale_each', 'pad_value'];
const DEFAULTS: GridOptions = { nrow: 8, padding: 2, normalize: false, value_range: null, scale_each: false, pad_value: 0 };

/**
 * Pictures (B, C, H, W), or a list of pictures, side by side as one: `nrow` in a row, `padding` pixels of `pad_value` between them. One
 * channel becomes three. `normalize` moves the values to 0 … 1, from `value_range` or from the least and the greatest, of each picture with
 * `scale_each`.
 * @throws TypeError for anything but tensors.
 */
export function make_grid(
  pictures: Tensor | readonly Tensor[],
  ...args: Arguments<
    [
      nrow?: number,
      padding?: number,
      normalize?: boolean,
      value_range?: readonly [number, number] | null,
      scale_each?: boolean,
      pad_value?: number,
    ],
    GridOptions
  >
): Tensor {
  const a = bindCall<GridOptions & { tensor: unknown }>('make_grid', [pictures, ...args], ['tensor', ...GRID], DEFAULTS);
  return no_grad(() => grid(pictures, a));
}
function grid(pictures: Tensor | readonly Tensor[], { nrow, padding, normalize, value_range, scale_each, pad_value }: GridOptions): Tensor {
  let t = normalized(batchOf(pictures), normalize, value_range, scale_each);
  const [n, c, h, w] = t.shape as unknown as [number, number, number, number];
  if (n === 1) return t.squeeze(0);
  const columns = Math.min(nrow, n);
  const rows = Math.ceil(n / columns);
  t = t.contiguous();
  const out = torch.full([c, (h + padding) * rows + padding, (w + padding) * columns + padding], pad_value, { dtype: t.dtype });
  for (let k = 0; k < n; k++) {
    const [top, left] = [Math.floor(k / columns) * (h + padding) + padding, (k % columns) * (w + padding) + padding];
    out.narrow(1, top, h).narrow(2, left, w).copy_(t.select(0, k));
  }
  return out;
}
function batchOf(pictures: Tensor | readonly Tensor[]): Tensor {
  if (!(pictures instanceof Tensor)) {
    if (!Array.isArray(pictures)) throw new TypeError(`tensor or list of tensors expected, got ${typeName(pictures)}`);
    const wrong = (pictures as readonly unknown[]).find((x) => !(x instanceof Tensor));
    if (wrong !== undefined) throw new TypeError(`tensor or list of tensors expected, got a list containing ${typeName(wrong)}`);
  }
  let t = pictures instanceof Tensor ? pictures : torch.stack([...pictures]);
  if (t.ndim === 2) t = t.unsqueeze(0);
  if (t.ndim === 3) t = (t.size(0) === 1 ? torch.cat([t, t, t], 0) : t).unsqueeze(0);
  return t.ndim === 4 && t.size(1) === 1 ? torch.cat([t, t, t], 1) : t;
}
function normalized(t: Tensor, normalize: boolean, value_range: GridOptions['value_range'], scale_each: boolean): Tensor {
  if (!normalize) return t;
  const scaled = (x: Tensor): Tensor => {
    const [low, high] = value_range ?? [x.min().item<number>(), x.max().item<number>()];
    return x
      .clamp(low, high)
      .sub(low)
      .div(Math.max(high - low, 1e-5));
  };
  return scale_each ? torch.stack(t.unbind(0).map(scaled)) : scaled(t);
}
/** Writes pictures of values 0 to 1 as one image file (see `make_grid`), in the format of the extension or in the one named. */
export function save_image(
  tensor: Tensor | readonly Tensor[],
  fp: string | URL,
  format: string | null = null,
  options: Partial<GridOptions> & EncodeOptions = {},
): void {
  const isGrid = (key: string): boolean => (GRID as readonly string[]).includes(key);
  const all = Object.entries(options);
  const bytes = make_grid(tensor, Object.fromEntries(all.filter(([key]) => isGrid(key))) as Partial<GridOptions>)
    .mul(255)
    .add(0.5)
    .clamp(0, 255)
    .permute(1, 2, 0)
    .to(uint8);
  Image.fromarray(bytes).save(fp, format, Object.fromEntries(all.filter(([key]) => !isGrid(key))));
}

/** @throws TypeError, ValueError for pictures that nothing can be drawn into. */
function checkPicture(image: unknown, channels: readonly number[]): asserts image is Tensor {
  if (!(image instanceof Tensor)) throw new TypeError(`Tensor expected, got ${typeName(image)}`);
  if (image.dtype !== uint8 && !image.dtype.is_floating_point)
    throw new ValueError(`The image dtype must be uint8 or float, got ${image.dtype}`);
  if (image.ndim !== 3) throw new ValueError('Pass individual images, not batches');
  if (!channels.includes(image.size(0)))
    throw new ValueError(
      channels.length > 1 ? 'Only grayscale and RGB images are supported' : 'Pass an RGB image. Other Image formats are not supported',
    );
}
interface BoxOptions {
  /** A colour, or one for each box; names of CSS's basic colours, `#rrggbb` or [r, g, b]. Without: colours of a palette. */
  readonly colors?: Paint | readonly Paint[] | null;
  /** Whether the inside is tinted. */
  readonly fill?: boolean;
  /** Of the lines, in pixels. */
  readonly width?: number;
}
/**
 * Rectangles drawn into a picture (1 or 3, H, W) of uint8, or of floats of 0 to 1; boxes (N, 4) are x1, y1, x2, y2. Labels are not drawn.
 * @throws ValueError for pictures and boxes that do not fit.
 */
export function draw_bounding_boxes(image: Tensor, boxes: Tensor, options: BoxOptions = {}): Tensor {
  checkPicture(image, [1, 3]);
  const rows = boxes.tolist() as (number | bigint)[][];
  if (rows.some(([x1, y1, x2, y2]) => x1! > x2! || y1! > y2!)) {
    throw new ValueError('Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert to convert them');
  }
  if (rows.length === 0) {
    console.warn("boxes doesn't contain any box. No box was drawn");
    return image;
  }
  const { width = 1, fill = false } = options;
  const colors = colorsOf(options.colors ?? null, rows.length);
  const bytes = convert_image_dtype(image.size(0) === 1 ? image.expand(3, -1, -1) : image, uint8).clone();
  const [, h, w] = bytes.shape as unknown as [number, number, number];
  rows.forEach((row, i) => {
    const [x1, y1, x2, y2] = row.map((v) => Math.trunc(Number(v))) as [number, number, number, number];
    const color = make(colors[i]!, { dtype: uint8 }).view(3, 1, 1);
    const area = (l: number, t: number, r: number, b: number, paint: (x: Tensor) => Tensor): void => {
      const [left, top, right, bottom] = [Math.max(l, 0), Math.max(t, 0), Math.min(r + 1, w), Math.min(b + 1, h)];
      if (left >= right || top >= bottom) return;
      const part = bytes.narrow(1, top, bottom - top).narrow(2, left, right - left);
      part.copy_(paint(part));
    };
    // Pillow blends with an opacity of 100 of 255.
    if (fill)
      area(x1, y1, x2, y2, (x) =>
        x
          .mul(155 / 255)
          .add(color.mul(100 / 255))
          .add(0.5)
          .to(uint8),
      );
    const line = (x: Tensor): Tensor => color.expand(x.shape);
    area(x1, y1, x2, Math.min(y1 + width - 1, y2), line);
    area(x1, Math.max(y2 - width + 1, y1), x2, y2, line);
    area(x1, y1, Math.min(x1 + width - 1, x2), y2, line);
    area(Math.max(x2 - width + 1, x1), y1, x2, y2, line);
  });
  return convert_image_dtype(bytes, image.dtype);
}
/** Masks (H, W) or (N, H, W) of booleans drawn over a picture (3, H, W) with an opacity; where masks overlap the colour is black. */
export function draw_segmentation_masks(image: Tensor, masks: Tensor, alpha = 0.8, colors: Paint | readonly Paint[] | null = null): Tensor {
  checkPicture(image, [3]);
  const all = masks.ndim === 2 ? masks.unsqueeze(0) : masks;
  if (all.ndim !== 3) throw new ValueError('masks must be of shape (H, W) or (batch_size, H, W)');
  if (all.dtype !== bool) throw new ValueError(`The masks must be of dtype bool. Got ${all.dtype}`);
  if (all.size(1) !== image.size(1) || all.size(2) !== image.size(2))
    throw new ValueError('The image and the masks must have the same height and width');
  if (all.size(0) === 0) {
    console.warn("masks doesn't contain any mask. No mask was drawn");
    return image;
  }
  const scale = image.dtype.is_floating_point ? 255 : 1;
  const painted = colorsOf(colors, all.size(0)).reduce((x, color, i) => {
    const value = make(
      color.map((c) => c / scale),
      { dtype: image.dtype },
    ).view(3, 1, 1);
    return torch.where(all.select(0, i), value, x);
  }, image.detach());
  const drawn = painted.masked_fill(all.sum(0).gt(1), 0);
  return image
    .detach()
    .mul(1 - alpha)
    .add(drawn.mul(alpha))
    .to(image.dtype);
}
