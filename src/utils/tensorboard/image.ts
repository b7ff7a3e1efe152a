// Images of any layout as PNG.
import { encode } from 'fast-png';
import { AssertionError } from '../../core/errors.ts';
import type { Values } from './values.ts';

/** Samples of 8 bits, row by row, `channels` a pixel. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
}
const MOST_CHANNELS = 4;

/** Values from 0 to 1, or 0 to 255 where they are uint8, as samples: cut to the range, fractions dropped. */
function toBytes({ data, dtype }: Values): Uint8Array {
  const scale = dtype === 'uint8' ? 1 : 255;
  // float32 arithmetic, as the real writer's: 51 / 255 becomes 51 again.
  return Uint8Array.from(data, (v) => Math.min(255, Math.max(0, Math.fround(Math.fround(v) * scale))));
}
/** The same numbers with axes in another order. */
function transpose(data: Uint8Array, shape: readonly number[], order: readonly number[]): Uint8Array {
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, n) => a * n, 1));
  const [shape4, stride4] = [order.map((d) => shape[d]!), order.map((d) => strides[d]!)];
  while (shape4.length < 4) {
    shape4.unshift(1);
    stride4.unshift(0);
  }
  const [n, a, b, c] = shape4 as [number, number, number, number];
  const [sn, sa, sb, sc] = stride4 as [number, number, number, number];
  const out = new Uint8Array(data.length);
  let at = 0;
  for (let h = 0; h < n; h++)
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) out[at++] = data[h * sn + i * sa + j * sb + k * sc]!;
  return out;
}

/** Grey as three equal channels; other pictures as they are. */
function colored(picture: Picture): Picture {
  if (picture.channels !== 1) return picture;
  const data = new Uint8Array(3 * picture.data.length);
  picture.data.forEach((v, i) => {
    data.fill(v, 3 * i, 3 * i + 3);
  });
  return { ...picture, channels: 3, data };
}
/**
 * Pictures of one size side by side, at most `columns` in a row; places that are left over are black.
 * @throws AssertionError unless they have one or three channels.
 */
export function make_grid(pictures: readonly Picture[], columns = 8): Picture {
  const tiles = pictures.map(colored);
  if (tiles.length === 0 || tiles[0]!.channels !== 3) throw new AssertionError('Input should be a 4D numpy array with 3 channels');
  const { height, width, channels } = tiles[0]!;
  const across = Math.min(tiles.length, columns);
  const grid = {
    height: height * Math.ceil(tiles.length / across),
    width: width * across,
    channels,
  };
  const data = new Uint8Array(grid.height * grid.width * channels);
  tiles.forEach((tile, i) => {
    const [top, left] = [Math.floor(i / across) * height, (i % across) * width];
    for (let row = 0; row < height; row++) {
      const from = row * width * channels;
      data.set(tile.data.subarray(from, from + width * channels), ((top + row) * grid.width + left) * channels);
    }
  });
  return { ...grid, data };
}
/** The pictures of a batch in the layout NHWC. */
export function pictures({ data, shape }: { data: Uint8Array; shape: readonly number[] }): Picture[] {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const size = height * width * channels;
  return Array.from({ length: n }, (_, i) => ({ height, width, channels, data: data.subarray(i * size, (i + 1) * size) }));
}

/**
 * One picture from values whose axes are named by `dataformats` (any order of NCHW, HWC or HW, in any case); a batch becomes a grid.
 * @throws AssertionError for a format that names an axis twice or does not fit the shape.
 */
export function toPicture(values: Values, dataformats: string, columns?: number): Picture {
  const format = dataformats.toUpperCase();
  const { shape } = values;
  if (new Set(format).size !== format.length)
    throw new AssertionError(`You can not use the same dimension shorthand twice. input_format: ${dataformats}`);
  if (shape.length !== format.length)
    throw new AssertionError(
      `size of input tensor and input format are different. tensor shape: (${shape.join(', ')}), input_format: ${dataformats}`,
    );
  const wanted = { 4: 'NHWC', 3: 'HWC', 2: 'HW' }[format.length];
  const order = [...(wanted ?? '')].map((axis) => format.indexOf(axis));
  if (!wanted || order.includes(-1)) throw new AssertionError(`the input format ${dataformats} is none of NCHW, CHW and HW in any order`);
  const sizes = order.map((d) => shape[d]!);
  const data = transpose(toBytes(values), shape, order);
  if (wanted === 'NHWC') return make_grid(pictures({ data, shape: sizes }), columns);
  const [height, width, channels = 1] = sizes as [number, number, number?];
  return colored({ height, width, channels, data });
}
/**
 * A picture as a PNG file.
 * @throws TypeError for more than four channels.
 */
export function toPng({ channels, ...picture }: Picture): Uint8Array {
  if (channels > MOST_CHANNELS) throw new TypeError(`Cannot handle this data type: (1, 1, ${channels}), |u1`);
  return encode({ ...picture, channels });
}
