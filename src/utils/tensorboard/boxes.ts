// Bounding boxes on a picture, with labels.
import { createRequire } from 'node:module';
import { RuntimeError } from '../../core/errors.ts';
import type { Picture } from './image.ts';
import type { Values } from './values.ts';

const RED = [255, 0, 0, 255];
type Canvas = typeof import('@napi-rs/canvas');
/** Text and resizing need a canvas, which is optional. */
function canvas(): Canvas {
  try {
    return createRequire(import.meta.url)('@napi-rs/canvas') as Canvas;
  } catch (cause) {
    throw new RuntimeError('labels and rescaling of images need the package @napi-rs/canvas: npm install @napi-rs/canvas', { cause });
  }
}

/** The picture with a red frame, two pixels wide, for each row (xmin, ymin, xmax, ymax) of `boxes`. */
export function drawBoxes(picture: Picture, { data: boxes, shape }: Values, labels: readonly string[] | null): Picture {
  const drawn = { ...picture, data: picture.data.slice() };
  for (let i = 0; i < (shape[0] ?? 0); i++) drawFrame(drawn, [...boxes.subarray(4 * i, 4 * i + 4)].map(Math.trunc));
  return labels ? withLabels(drawn, boxes, labels) : drawn;
}
function drawFrame(picture: Picture, [left, top, right, bottom]: readonly number[]): void {
  // Lines run around the box, and each takes the pixels on its coordinate and those to its left.
  for (const y of [top! - 1, top!, bottom!, bottom! + 1]) for (let x = left!; x <= right!; x++) paint(picture, x, y);
  for (const x of [left!, left! + 1, right! - 1, right!]) for (let y = top!; y <= bottom!; y++) paint(picture, x, y);
}
function paint({ width, height, channels, data }: Picture, x: number, y: number): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  data.set(RED.slice(0, channels), (y * width + x) * channels);
}

const FONT_SIZE = 10;
/** Each label in black on red, at the lower left corner of its box. */
function withLabels(picture: Picture, boxes: Float64Array, labels: readonly string[]): Picture {
  return onCanvas(picture, 1, (context) => {
    context.font = `${FONT_SIZE}px sans-serif`;
    context.textBaseline = 'bottom';
    labels.forEach((label, i) => {
      const [left, bottom] = [boxes[4 * i]!, boxes[4 * i + 3]!];
      const margin = Math.ceil(0.05 * FONT_SIZE);
      context.fillStyle = 'red';
      context.fillRect(left, bottom - FONT_SIZE - 2 * margin, context.measureText(label).width + 2 * margin, FONT_SIZE + 2 * margin);
      context.fillStyle = 'black';
      context.fillText(label, left + margin, bottom - margin);
    });
  });
}
/** The picture `factor` times as large. */
export function rescaled(picture: Picture, factor: number): Picture {
  return factor === 1 ? picture : onCanvas(picture, factor, () => {});
}

type Context = ReturnType<InstanceType<Canvas['Canvas']>['getContext']>;
function onCanvas({ width, height, channels, data }: Picture, factor: number, draw: (context: Context) => void): Picture {
  const { createCanvas, ImageData } = canvas();
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < channels; c++) rgba[4 * i + c] = data[channels * i + c]!;
  const original = createCanvas(width, height);
  original.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
  const size = { width: Math.trunc(width * factor), height: Math.trunc(height * factor) };
  const scaled = createCanvas(size.width, size.height);
  const context = scaled.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(original, 0, 0, size.width, size.height);
  draw(context);
  const pixels = context.getImageData(0, 0, size.width, size.height).data;
  const out = new Uint8Array(channels * size.width * size.height);
  for (let i = 0; i < size.width * size.height; i++) for (let c = 0; c < channels; c++) out[channels * i + c] = pixels[4 * i + c]!;
  return { ...size, channels, data: out };
}
