// Pillow's resampling (src/libImaging/Resample.c): two passes with filters that widen when images shrink, on bytes in fixed point.
import { ValueError } from '../../core/errors.ts';
import { premultiplied, unpremultiply } from './convert.ts';
import { resampleNative } from './native.ts';
import { bandCount, blank, fresh, hasAlpha, isBytes, type Raster, type Size, scratch } from './raster.ts';

/** Pillow's constants. */
export const Resampling = { NEAREST: 0, LANCZOS: 1, BILINEAR: 2, BICUBIC: 3, BOX: 4, HAMMING: 5 } as const;
export type Box = readonly [left: number, top: number, right: number, bottom: number];

interface Filter {
  readonly support: number;
  readonly at: (x: number) => number;
}
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const FILTERS: Readonly<Record<number, Filter>> = {
  [Resampling.BOX]: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  [Resampling.BILINEAR]: { support: 1, at: (x) => Math.max(1 - Math.abs(x), 0) },
  [Resampling.HAMMING]: {
    support: 1,
    at: (x) => {
      const a = Math.abs(x);
      return a === 0 ? 1 : a >= 1 ? 0 : sinc(a) * (0.54 + 0.46 * Math.cos(a * Math.PI));
    },
  },
  [Resampling.BICUBIC]: {
    support: 2,
    at: (x) => {
      const a = Math.abs(x);
      return a < 1 ? ((-0.5 + 2) * a - (-0.5 + 3)) * a * a + 1 : a < 2 ? ((a - 5) * a + 8) * a * -0.5 - 4 * -0.5 : 0;
    },
  },
  [Resampling.LANCZOS]: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Which inputs make an output and how much of each: output i is Σ weight[i · width + k] · input[first[i] + k], k < count[i]. */
export interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly width: number;
  readonly weight: Float64Array;
}
function taps(from: number, low: number, high: number, to: number, { support, at }: Filter): Taps {
  const scale = (high - low) / to;
  const widen = Math.max(scale, 1);
  const reach = support * widen;
  const width = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weight = new Float64Array(to * width);
  for (let i = 0; i < to; i++) {
    const center = low + (i + 0.5) * scale;
    const begin = Math.max(Math.trunc(center - reach + 0.5), 0);
    const n = Math.min(Math.trunc(center + reach + 0.5), from) - begin;
    const row = i * width;
    let sum = 0;
    for (let k = 0; k < n; k++) sum += weight[row + k] = at((k + begin - center + 0.5) * (1 / widen));
    if (sum !== 0) for (let k = 0; k < n; k++) weight[row + k]! /= sum;
    first[i] = begin;
    count[i] = n;
  }
  return { first, count, width, weight };
}

/** Bits behind the point of the weights of bytes. */
export const PRECISION = 22;
/** The weights in fixed point. */
export function fixed({ weight }: Taps): Int32Array {
  const out = new Int32Array(weight.length);
  for (let i = 0; i < out.length; i++) out[i] = (weight[i]! < 0 ? -0.5 : 0.5) + weight[i]! * (1 << PRECISION);
  return out;
}

/** Applies the weights along the middle one of three dimensions. */
function applyBytes(x: Raster['data'], out: Raster['data'], t: Taps, n: number, inner: number): void {
  const weight = fixed(t);
  const to = t.first.length;
  const outer = out.length / (to * inner);
  for (let p = 0; p < outer; p++) {
    for (let o = 0; o < to; o++) {
      const [begin, count, row] = [t.first[o]!, t.count[o]!, o * t.width];
      for (let i = 0; i < inner; i++) {
        let s = 1 << (PRECISION - 1);
        let at = (p * n + begin) * inner + i;
        for (let k = 0; k < count; k++, at += inner) s += weight[row + k]! * x[at]!;
        const v = s >> PRECISION;
        out[(p * to + o) * inner + i] = v < 0 ? 0 : v > 255 ? 255 : v;
      }
    }
  }
}
function applyNumbers(x: Raster['data'], out: Raster['data'], t: Taps, n: number, inner: number): void {
  const to = t.first.length;
  const outer = out.length / (to * inner);
  const round = out instanceof Float32Array ? (v: number) => v : (v: number) => Math.trunc(v + (v < 0 ? -0.5 : 0.5));
  const most = out instanceof Uint16Array ? 65535 : Number.POSITIVE_INFINITY;
  for (let p = 0; p < outer; p++) {
    for (let o = 0; o < to; o++) {
      for (let i = 0; i < inner; i++) {
        let s = 0;
        for (let k = 0; k < t.count[o]!; k++) s += t.weight[o * t.width + k]! * x[(p * n + t.first[o]! + k) * inner + i]!;
        out[(p * to + o) * inner + i] = most === 65535 ? Math.min(Math.max(round(s), 0), most) : round(s);
      }
    }
  }
}
function pass(r: Raster, t: Taps, vertical: boolean, passing = false): Raster {
  const bands = bandCount(r.mode);
  const to = t.first.length;
  const [width, height] = vertical ? [r.width, to] : [to, r.height];
  const out = passing ? scratch(1, r.mode, width, height) : fresh(r.mode, width, height);
  const [n, inner] = vertical ? [r.height, r.width * bands] : [r.width, bands];
  if (!isBytes(r)) applyNumbers(r.data, out.data, t, n, inner);
  else if (!resampleNative(r.data, out.data, t.first, t.count, fixed(t), n, inner)) applyBytes(r.data, out.data, t, n, inner);
  return out;
}

function nearest(r: Raster, [width, height]: Size, [left, top, right, bottom]: Box): Raster {
  const out = blank(r.mode, width, height);
  const bands = bandCount(r.mode);
  // Pillow adds up the step, so its rounding is added up here too.
  const places = (n: number, from: number, low: number, high: number): Int32Array => {
    const step = (high - low) / n;
    let at = low + step * 0.5;
    return Int32Array.from({ length: n }, () => {
      const i = at < 0 || at >= from ? -1 : Math.trunc(at);
      at += step;
      return i;
    });
  };
  const [xs, ys] = [places(width, r.width, left, right), places(height, r.height, top, bottom)];
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (ys[y]! * r.width + xs[x]!) * bands;
      for (let b = 0; b < bands; b++, o++) if (ys[y]! >= 0 && xs[x]! >= 0) out.data[o] = r.data[at + b]!;
    }
  }
  return out;
}

/**
 * The image, or a box of it with fractional borders, at another size.
 * @throws ValueError for unknown filters, sizes that are not positive and boxes outside the image.
 */
export function resize(r: Raster, size: Size, filter: number, box: Box = [0, 0, r.width, r.height]): Raster {
  const [width, height] = size;
  if (filter !== Resampling.NEAREST && !FILTERS[filter])
    throw new ValueError(
      `Unknown resampling filter (${filter}). Use Image.Resampling.NEAREST (0), Image.Resampling.LANCZOS (1), Image.Resampling.BILINEAR (2), Image.Resampling.BICUBIC (3), Image.Resampling.BOX (4) or Image.Resampling.HAMMING (5)`,
    );
  if (width <= 0 || height <= 0) throw new ValueError('height and width must be > 0');
  const [left, top, right, bottom] = box;
  if (left < 0 || top < 0) throw new ValueError("box offset can't be negative");
  if (right > r.width || bottom > r.height) throw new ValueError("box can't exceed original image size");
  if (right <= left || bottom <= top) throw new ValueError("box can't be empty");
  const whole = left === 0 && top === 0 && right === width && bottom === height;
  if (whole && r.width === width && r.height === height) return { ...r, data: r.data.slice() };
  if (filter === Resampling.NEAREST || r.mode === '1') return nearest(r, size, box);
  if (hasAlpha(r.mode)) return unpremultiply(filtered(premultiplied(r), size, FILTERS[filter]!, box));
  return filtered(r, size, FILTERS[filter]!, box);
}
function filtered(r: Raster, [width, height]: Size, filter: Filter, [left, top, right, bottom]: Box): Raster {
  const horizontal = width !== r.width || left !== 0 || right !== width;
  const vertical = height !== r.height || top !== 0 || bottom !== height;
  const rows = taps(r.height, top, bottom, height, filter);
  // Pillow begins with the height where that shrinks more than twice as much as the width; intermediate bytes are rounded.
  if (horizontal && vertical && height < r.height && r.height - height > 2 * (r.width - width))
    return pass(pass(r, rows, true, true), taps(r.width, left, right, width, filter), false);
  let now = r;
  if (horizontal) {
    // Only the rows that the second pass reads.
    const begin = rows.first[0]!;
    const end = rows.first[height - 1]! + rows.count[height - 1]!;
    if (vertical) {
      const line = r.width * bandCount(r.mode);
      now = { ...r, height: end - begin, data: r.data.subarray(begin * line, end * line) };
      for (let i = 0; i < height; i++) rows.first[i]! -= begin;
    }
    now = pass(now, taps(r.width, left, right, width, filter), false, vertical);
  }
  if (vertical) now = pass(now, rows, true);
  return now === r ? { ...r, data: r.data.slice() } : now;
}
