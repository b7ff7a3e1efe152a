// Boxes (N, 4) as x1, y1, x2, y2 unless a format is named; https://pytorch.org/vision/stable/ops.html.
import { float32, float64, int32, int64 } from '../../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';

export type BoxFormat = 'xyxy' | 'xywh' | 'cxcywh';
const FORMATS: readonly string[] = ['xyxy', 'xywh', 'cxcywh'];
type Four = [Tensor, Tensor, Tensor, Tensor];
const columns = (boxes: Tensor): Four => [...boxes.unbind(-1)] as unknown as Four;
/** Products of small types may not fit: floats of 16 bits become 32, integers of fewer than 32 bits become int32. */
function upcast(t: Tensor): Tensor {
  if (t.dtype.is_floating_point) return t.dtype === float32 || t.dtype === float64 ? t : t.to(float32);
  return t.dtype === int32 || t.dtype === int64 ? t : t.to(int32);
}

const toCorners: Readonly<Record<BoxFormat, (boxes: Tensor) => Tensor>> = {
  xyxy: (boxes) => boxes,
  xywh: (boxes) => {
    const [x, y, w, h] = columns(boxes);
    return torch.stack([x, y, x.add(w), y.add(h)], -1);
  },
  cxcywh: (boxes) => {
    const [cx, cy, w, h] = columns(boxes);
    const [dx, dy] = [w.mul(0.5), h.mul(0.5)];
    return torch.stack([cx.sub(dx), cy.sub(dy), cx.add(dx), cy.add(dy)], -1);
  },
};
const fromCorners: Readonly<Record<BoxFormat, (boxes: Tensor) => Tensor>> = {
  xyxy: (boxes) => boxes,
  xywh: (boxes) => {
    const [x1, y1, x2, y2] = columns(boxes);
    return torch.stack([x1, y1, x2.sub(x1), y2.sub(y1)], -1);
  },
  cxcywh: (boxes) => {
    const [x1, y1, x2, y2] = columns(boxes);
    return torch.stack([x1.add(x2).div(2), y1.add(y2).div(2), x2.sub(x1), y2.sub(y1)], -1);
  },
};
/**
 * Boxes in another format: corners (`xyxy`), corner and size (`xywh`), center and size (`cxcywh`).
 * @throws ValueError for other formats.
 */
export function box_convert(boxes: Tensor, in_fmt: BoxFormat, out_fmt: BoxFormat): Tensor {
  if (!FORMATS.includes(in_fmt) || !FORMATS.includes(out_fmt))
    throw new ValueError(`Unsupported Bounding Box Conversions for given in_fmt ${in_fmt} and out_fmt ${out_fmt}`);
  return in_fmt === out_fmt ? boxes.clone() : fromCorners[out_fmt](toCorners[in_fmt](boxes));
}
/** (N): width · height. */
export function box_area(boxes: Tensor, fmt: BoxFormat = 'xyxy'): Tensor {
  if (!FORMATS.includes(fmt)) throw new ValueError(`Unsupported Bounding Box area for given format ${fmt}`);
  const [a, b, c, d] = columns(upcast(boxes));
  return fmt === 'xyxy' ? c.sub(a).mul(d.sub(b)) : c.mul(d);
}
const width = (low: Tensor, high: Tensor): Tensor => upcast(high.sub(low)).clamp({ min: 0 });
const product = (extent: Tensor): Tensor => extent.select(-1, 0).mul(extent.select(-1, 1));
/** Upper left and lower right corners, of the first boxes as rows and of the second as columns. */
function corners(boxes1: Tensor, boxes2: Tensor): Four {
  const [rows, cols] = [boxes1.unsqueeze(-2), boxes2.unsqueeze(-3)];
  return [rows.narrow(-1, 0, 2), rows.narrow(-1, 2, 2), cols.narrow(-1, 0, 2), cols.narrow(-1, 2, 2)];
}
function interUnion(boxes1: Tensor, boxes2: Tensor, fmt: BoxFormat): [inter: Tensor, union: Tensor] {
  const [area1, area2] = [box_area(boxes1, fmt), box_area(boxes2, fmt)];
  const [lt1, rb1, lt2, rb2] = corners(toCorners[fmt](boxes1), toCorners[fmt](boxes2));
  const inter = product(width(torch.maximum(lt1, lt2), torch.minimum(rb1, rb2)));
  return [inter, area1.unsqueeze(-1).add(area2.unsqueeze(-2)).sub(inter)];
}
/** (N, M): intersection over union of every box with every box. */
export function box_iou(boxes1: Tensor, boxes2: Tensor, fmt: BoxFormat = 'xyxy'): Tensor {
  if (!FORMATS.includes(fmt)) {
    const listed = FORMATS.map((f) => `'${f}'`).join(', ');
    throw new ValueError(`Unsupported format '${String(fmt)}'. Supported axis-aligned formats: (${listed}).`);
  }
  const [inter, union] = interUnion(boxes1, boxes2, fmt);
  return inter.div(union);
}
/** The extent (N, M, 2) of the smallest box that holds both. */
function hull(boxes1: Tensor, boxes2: Tensor): Tensor {
  const [lt1, rb1, lt2, rb2] = corners(boxes1, boxes2);
  return width(torch.minimum(lt1, lt2), torch.maximum(rb1, rb2));
}
/** (N, M): IoU minus the empty part of the smallest box around both. */
export function generalized_box_iou(boxes1: Tensor, boxes2: Tensor): Tensor {
  const [inter, union] = interUnion(boxes1, boxes2, 'xyxy');
  const area = product(hull(boxes1, boxes2));
  return inter.div(union).sub(area.sub(union).div(area));
}
function distance(boxes1: Tensor, boxes2: Tensor, eps: number): [diou: Tensor, iou: Tensor] {
  const iou = box_iou(boxes1, boxes2);
  const diagonal = hull(boxes1, boxes2).square().sum(-1).add(eps);
  const center = (b: Tensor): Tensor =>
    b
      .narrow(-1, 0, 2)
      .add(b.narrow(-1, 2, 2))
      .div(2);
  const apart = upcast(center(boxes1).unsqueeze(-2).sub(center(boxes2).unsqueeze(-3)))
    .square()
    .sum(-1);
  return [iou.sub(apart.div(diagonal)), iou];
}
/** (N, M): IoU minus the squared distance of the centers over that of the surrounding box's corners. */
export const distance_box_iou = (boxes1: Tensor, boxes2: Tensor, eps = 1e-7): Tensor => distance(upcast(boxes1), upcast(boxes2), eps)[0];
/** (N, M): distance IoU that also compares the ratios of the sides. */
export function complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps = 1e-7): Tensor {
  const [a, b] = [upcast(boxes1), upcast(boxes2)];
  const [diou, iou] = distance(a, b, eps);
  const slant = (boxes: Tensor): Tensor => {
    const [x1, y1, x2, y2] = columns(boxes);
    return x2.sub(x1).div(y2.sub(y1)).atan();
  };
  const v = slant(a)
    .unsqueeze(-1)
    .sub(slant(b).unsqueeze(-2))
    .square()
    .mul(4 / Math.PI ** 2);
  const alpha = v.div(torch.rsub(iou, 1).add(v).add(eps)).detach();
  return diou.sub(alpha.mul(v));
}
/** Where both sides are at least `min_size`: int64 positions. */
export function remove_small_boxes(boxes: Tensor, min_size: number): Tensor {
  const [x1, y1, x2, y2] = columns(boxes);
  const keep = x2.sub(x1).ge(min_size).logical_and(y2.sub(y1).ge(min_size));
  return keep.nonzero().select(1, 0);
}
/** Boxes cut off at the borders of an image of `[height, width]`. */
export function clip_boxes_to_image(boxes: Tensor, size: readonly [height: number, width: number]): Tensor {
  const [x1, y1, x2, y2] = columns(boxes);
  const [xs, ys] = [(t: Tensor) => t.clamp(0, size[1]), (t: Tensor) => t.clamp(0, size[0])];
  return torch.stack([xs(x1), ys(y1), xs(x2), ys(y2)], -1);
}
/** (N, 4): the smallest box around each mask of (N, H, W). */
export function masks_to_boxes(masks: Tensor): Tensor {
  if (masks.numel() === 0) return torch.zeros([0, 4]);
  if (masks.ndim !== 3) throw new NotImplementedError('masks_to_boxes expects masks of shape (N, H, W)');
  const rows = masks.ne(0).any(2).to(float32);
  const cols = masks.ne(0).any(1).to(float32);
  const first = (t: Tensor): Tensor => t.argmax(1);
  const last = (t: Tensor): Tensor => torch.rsub(t.flip(1).argmax(1), t.size(1) - 1);
  const boxes = torch.stack([first(cols), first(rows), last(cols), last(rows)], 1).to(float32);
  return boxes.masked_fill(rows.any(1).logical_not().unsqueeze(1), 0);
}

function checkNms(boxes: Tensor, scores: Tensor): void {
  if (boxes.ndim !== 2) throw new RuntimeError(`boxes should be a 2d tensor, got ${boxes.ndim}D`);
  if (boxes.size(1) !== 4) throw new RuntimeError(`boxes should have 4 elements in dimension 1, got ${boxes.size(1)}`);
  if (scores.ndim !== 1) throw new RuntimeError(`scores should be a 1d tensor, got ${scores.ndim}D`);
  if (boxes.size(0) !== scores.size(0)) {
    throw new RuntimeError(
      `boxes and scores should have same number of elements in dimension 0, got ${boxes.size(0)} and ${scores.size(0)}`,
    );
  }
  if (boxes.dtype !== scores.dtype) throw new RuntimeError('dets should have the same type as scores');
}
/**
 * Non-maximum suppression: the boxes that overlap no box of a higher score by more than the threshold, as int64 positions, the best first.
 * @throws RuntimeError for shapes and dtypes that do not fit.
 */
export function nms(boxes: Tensor, scores: Tensor, iou_threshold: number): Tensor {
  checkNms(boxes, scores);
  const round = boxes.dtype === float64 ? (x: number) => x : Math.fround;
  const order = (scores.sort({ dim: 0, descending: true, stable: true })[1].tolist() as (number | bigint)[]).map(Number);
  const b = Float64Array.from(boxes.detach().to(float64).reshape(-1).tolist() as number[]);
  const area = Float64Array.from(order, (_, i) => round(round(b[4 * i + 2]! - b[4 * i]!) * round(b[4 * i + 3]! - b[4 * i + 1]!)));
  const gone = new Uint8Array(order.length);
  const kept: number[] = [];
  for (const [rank, i] of order.entries()) {
    if (gone[i]) continue;
    kept.push(i);
    for (let k = rank + 1; k < order.length; k++) {
      const j = order[k]!;
      if (gone[j]) continue;
      const w = round(Math.min(b[4 * i + 2]!, b[4 * j + 2]!) - Math.max(b[4 * i]!, b[4 * j]!));
      const h = round(Math.min(b[4 * i + 3]!, b[4 * j + 3]!) - Math.max(b[4 * i + 1]!, b[4 * j + 1]!));
      const inter = w > 0 && h > 0 ? round(w * h) : 0;
      if (round(inter / round(round(area[i]! + area[j]!) - inter)) > iou_threshold) gone[j] = 1;
    }
  }
  return tensor(kept, { dtype: int64 });
}
/** `nms` among the boxes of each class of `idxs` only. */
export function batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: number): Tensor {
  if (boxes.numel() === 0) return torch.empty([0], { dtype: int64 });
  if (boxes.numel() <= 4000) {
    const offsets = idxs.to(boxes.dtype).mul(boxes.max().add(1));
    return nms(boxes.add(offsets.unsqueeze(1)), scores, iou_threshold);
  }
  const classes = (idxs.tolist() as (number | bigint)[]).map(Number);
  const kept = [...new Set(classes)].flatMap((c) => {
    const places = tensor(
      classes.flatMap((x, i) => (x === c ? [i] : [])),
      { dtype: int64 },
    );
    const keep = nms(boxes.index_select(0, places), scores.index_select(0, places), iou_threshold);
    return (places.index_select(0, keep).tolist() as (number | bigint)[]).map(Number);
  });
  const all = tensor(
    kept.sort((a, b) => a - b),
    { dtype: int64 },
  );
  return all.index_select(0, scores.index_select(0, all).sort({ dim: 0, descending: true })[1]);
}
