// Pillow's transformations of the plane (src/libImaging/Geometry.c): every output pixel is looked up where a map sends its centre.
import { ValueError } from '../../core/errors.ts';
import { premultiplied, unpremultiply } from './convert.ts';
import { bandCount, blank, type Color, filled, fresh, hasAlpha, isBytes, type Pixels, type Raster, type Size } from './raster.ts';
import { Resampling } from './resample.ts';

/** Pillow's constants. */
export const Transpose = {
  FLIP_LEFT_RIGHT: 0,
  FLIP_TOP_BOTTOM: 1,
  ROTATE_90: 2,
  ROTATE_180: 3,
  ROTATE_270: 4,
  TRANSPOSE: 5,
  TRANSVERSE: 6,
} as const;
/** Pillow's constants; of its methods these two. */
export const Transform = { AFFINE: 0, PERSPECTIVE: 2 } as const;

/** For every method: whether width and height change places, whether x and y are read backwards. */
const TURNS: readonly (readonly [swapped: boolean, backX: boolean, backY: boolean])[] = [
  [false, true, false],
  [false, false, true],
  [true, true, false],
  [false, true, true],
  [true, false, true],
  [true, false, false],
  [true, true, true],
];
/** @throws ValueError for an unknown method. */
export function transpose(r: Raster, method: number): Raster {
  const turn = TURNS[method];
  if (!turn) throw new ValueError('No such transpose operation');
  const [swapped, backX, backY] = turn;
  const bands = bandCount(r.mode);
  const out = swapped ? fresh(r.mode, r.height, r.width) : fresh(r.mode, r.width, r.height);
  const { data: from } = r;
  const { data: to } = out;
  if (!swapped && !backX) {
    const line = r.width * bands;
    for (let y = 0; y < r.height; y++) to.set(from.subarray((r.height - 1 - y) * line, (r.height - y) * line), y * line);
    return out;
  }
  const [acrossX, acrossY] = swapped ? [r.width * bands, bands] : [bands, r.width * bands];
  const stepX = swapped ? (backY ? -acrossX : acrossX) : backX ? -acrossX : acrossX;
  const stepY = swapped ? (backX ? -acrossY : acrossY) : backY ? -acrossY : acrossY;
  const start = (backX ? (r.width - 1) * bands : 0) + (backY ? (r.height - 1) * r.width * bands : 0);
  for (let y = 0, o = 0; y < out.height; y++) {
    let at = start + y * stepY;
    if (bands === 3) {
      for (let x = 0; x < out.width; x++, at += stepX, o += 3) {
        to[o] = from[at]!;
        to[o + 1] = from[at + 1]!;
        to[o + 2] = from[at + 2]!;
      }
    } else for (let x = 0; x < out.width; x++, at += stepX) for (let b = 0; b < bands; b++) to[o++] = from[at + b]!;
  }
  return out;
}

type Point = [x: number, y: number];
/** Where a pixel's centre comes from; writes into `to`. */
type Map = (x: number, y: number, to: Point) => void;
const affineMap =
  ([a, b, c, d, e, f]: readonly number[]): Map =>
  (x, y, to) => {
    to[0] = a! * (x + 0.5) + b! * (y + 0.5) + c!;
    to[1] = d! * (x + 0.5) + e! * (y + 0.5) + f!;
  };
const perspectiveMap =
  ([a, b, c, d, e, f, g, h]: readonly number[]): Map =>
  (x, y, to) => {
    const [u, v] = [x + 0.5, y + 0.5];
    const w = g! * u + h! * v + 1;
    to[0] = (a! * u + b! * v + c!) / w;
    to[1] = (d! * u + e! * v + f!) / w;
  };

/** Reads the pixel at a point into `to` from `o`; false if the point lies outside. */
type Reader = (x: number, y: number, to: Pixels, o: number) => boolean;
function nearestReader(r: Raster): Reader {
  const bands = bandCount(r.mode);
  return (x, y, to, o) => {
    if (!(x >= 0 && y >= 0 && x < r.width && y < r.height)) return false;
    const at = (Math.trunc(y) * r.width + Math.trunc(x)) * bands;
    for (let b = 0; b < bands; b++) to[o + b] = r.data[at + b]!;
    return true;
  };
}
/** Bytes are cut off, as Pillow does; other numbers stay. */
const store = (r: Raster): ((v: number) => number) =>
  isBytes(r) ? (v) => (v <= 0 ? 0 : v >= 255 ? 255 : Math.trunc(v)) : r.data instanceof Float32Array ? (v) => v : Math.trunc;
function bilinearReader(r: Raster): Reader {
  const bands = bandCount(r.mode);
  const { width, height, data } = r;
  const cut = store(r);
  return (px, py, to, o) => {
    if (!(px >= 0 && py >= 0 && px < width && py < height)) return false;
    const [x, y] = [Math.floor(px - 0.5), Math.floor(py - 0.5)];
    const [dx, dy] = [px - 0.5 - x, py - 0.5 - y];
    const x0 = Math.max(x, 0) * bands;
    const x1 = Math.min(x + 1, width - 1) * bands;
    const upper = Math.max(y, 0) * width * bands;
    const lower = y + 1 < height ? (y + 1) * width * bands : -1;
    for (let b = 0; b < bands; b++) {
      const v1 = data[upper + x0 + b]! + (data[upper + x1 + b]! - data[upper + x0 + b]!) * dx;
      const v2 = lower < 0 ? v1 : data[lower + x0 + b]! + (data[lower + x1 + b]! - data[lower + x0 + b]!) * dx;
      to[o + b] = cut(v1 + (v2 - v1) * dy);
    }
    return true;
  };
}
const cubic = (a: number, b: number, c: number, d: number, t: number): number => {
  const p2 = -a + c;
  const p3 = 2 * (a - b) + c - d;
  const p4 = -a + b - c + d;
  return b + t * (p2 + t * (p3 + t * p4));
};
function bicubicReader(r: Raster): Reader {
  const bands = bandCount(r.mode);
  const { width, height, data } = r;
  const cut = store(r);
  return (px, py, to, o) => {
    if (!(px >= 0 && py >= 0 && px < width && py < height)) return false;
    const [x, y] = [Math.floor(px - 0.5), Math.floor(py - 0.5)];
    const [dx, dy] = [px - 0.5 - x, py - 0.5 - y];
    const xs = [-1, 0, 1, 2].map((k) => Math.min(Math.max(x + k, 0), width - 1) * bands);
    for (let b = 0; b < bands; b++) {
      const line = (row: number): number => {
        const at = row * width * bands + b;
        return cubic(data[at + xs[0]!]!, data[at + xs[1]!]!, data[at + xs[2]!]!, data[at + xs[3]!]!, dx);
      };
      const v1 = line(Math.min(Math.max(y - 1, 0), height - 1));
      const v2 = y >= 0 && y < height ? line(y) : v1;
      const v3 = y + 1 >= 0 && y + 1 < height ? line(y + 1) : v2;
      const v4 = y + 2 >= 0 && y + 2 < height ? line(y + 2) : v3;
      to[o + b] = cut(cubic(v1, v2, v3, v4, dy));
    }
    return true;
  };
}
const READERS: Readonly<Record<number, (r: Raster) => Reader>> = {
  [Resampling.NEAREST]: nearestReader,
  [Resampling.BILINEAR]: bilinearReader,
  [Resampling.BICUBIC]: bicubicReader,
};

const fix = (v: number): number => Math.floor(v * 65536 + 0.5);
/** The nearest pixel of an affine map, in Pillow's 16 bits behind the point; null where they do not suffice. */
function affineFixed(out: Raster, r: Raster, m: readonly number[]): Raster | null {
  const [a, b, c, d, e, f] = m as [number, number, number, number, number, number];
  const inRange = [0, out.width].every((x) =>
    [0, out.height].every((y) => Math.abs(x * a + y * b + c) < 32768 && Math.abs(x * d + y * e + f) < 32768),
  );
  if (!inRange) return null;
  const bands = bandCount(r.mode);
  const [a0, a1, a3, a4] = [fix(a), fix(b), fix(d), fix(e)];
  const [a2, a5] = [fix(c + a * 0.5 + b * 0.5), fix(f + d * 0.5 + e * 0.5)];
  for (let y = 0, o = 0; y < out.height; y++) {
    let [xx, yy] = [a2 + y * a1, a5 + y * a4];
    for (let x = 0; x < out.width; x++, o += bands, xx += a0, yy += a3) {
      const [px, py] = [xx >> 16, yy >> 16];
      if (px < 0 || px >= r.width || py < 0 || py >= r.height) continue;
      const at = (py * r.width + px) * bands;
      for (let k = 0; k < bands; k++) out.data[o + k] = r.data[at + k]!;
    }
  }
  return out;
}
/** A map that only scales and moves: rows and columns are looked up once, with the rounding of adding up steps. */
function scaled(out: Raster, r: Raster, [a, , c, , e, f]: readonly number[]): Raster {
  const bands = bandCount(r.mode);
  const places = (n: number, from: number, step: number, start: number): Int32Array => {
    let at = start + step * 0.5;
    return Int32Array.from({ length: n }, () => {
      const i = at < 0 || at >= from ? -1 : Math.trunc(at);
      at += step;
      return i;
    });
  };
  const [xs, ys] = [places(out.width, r.width, a!, c!), places(out.height, r.height, e!, f!)];
  for (let y = 0, o = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++, o += bands) {
      if (xs[x]! < 0 || ys[y]! < 0) continue;
      const at = (ys[y]! * r.width + xs[x]!) * bands;
      for (let b = 0; b < bands; b++) out.data[o + b] = r.data[at + b]!;
    }
  }
  return out;
}

/**
 * The image transformed: `data` maps output to input, `[a, b, c, d, e, f]` (AFFINE) or `[a, …, h]` (PERSPECTIVE). What comes from
 * outside has the fill colour.
 * @throws ValueError for other methods and filters.
 */
export function transform(
  r: Raster,
  size: Size,
  method: number,
  data: readonly number[],
  filter: number = Resampling.NEAREST,
  fill: Color | null = null,
): Raster {
  if (method !== Transform.AFFINE && method !== Transform.PERSPECTIVE) throw new ValueError('unknown transformation method');
  const make = READERS[filter];
  if (!make)
    throw new ValueError(
      `Unknown resampling filter (${filter}). Use Image.Resampling.NEAREST (0), Image.Resampling.BILINEAR (2) or Image.Resampling.BICUBIC (3)`,
    );
  const smooth = filter !== Resampling.NEAREST && r.mode !== '1';
  const out = fill === null ? blank(r.mode, size[0], size[1]) : filled(r.mode, size[0], size[1], fill);
  if (smooth && hasAlpha(r.mode)) return unpremultiply(looked(premultiplied(r), out, method, data, make));
  if (method === Transform.AFFINE && !smooth) {
    if (data[1] === 0 && data[3] === 0) return scaled(out, r, data);
    const done = affineFixed(out, r, data);
    if (done) return done;
  }
  return looked(r, out, method, data, smooth ? make : nearestReader);
}
function looked(r: Raster, out: Raster, method: number, data: readonly number[], make: (r: Raster) => Reader): Raster {
  const map = method === Transform.AFFINE ? affineMap(data) : perspectiveMap(data);
  const read = make(r);
  const bands = bandCount(r.mode);
  const point: Point = [0, 0];
  for (let y = 0, o = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++, o += bands) {
      map(x, y, point);
      read(point[0], point[1], out.data, o);
    }
  }
  return out;
}

export interface RotateOptions {
  readonly resample?: number;
  readonly expand?: boolean;
  readonly center?: readonly [number, number] | null;
  readonly translate?: readonly [number, number] | null;
  readonly fillcolor?: Color | null;
}
const round15 = (x: number): number => Number(x.toFixed(15));
/** The image rotated counter clockwise by an angle in degrees (Pillow's Image.rotate). */
export function rotate(r: Raster, degrees: number, options: RotateOptions = {}): Raster {
  const { resample = Resampling.NEAREST, expand = false, center = null, translate = null, fillcolor = null } = options;
  const angle = ((degrees % 360) + 360) % 360;
  if (!center && !translate) {
    if (angle === 0) return { ...r, data: r.data.slice() };
    if (angle === 180) return transpose(r, Transpose.ROTATE_180);
    if ((angle === 90 || angle === 270) && (expand || r.width === r.height))
      return transpose(r, angle === 90 ? Transpose.ROTATE_90 : Transpose.ROTATE_270);
  }
  let [w, h] = [r.width, r.height];
  const shift = translate ?? [0, 0];
  const [cx, cy] = center ?? [w / 2, h / 2];
  const radians = -angle * (Math.PI / 180);
  const [cos, sin] = [round15(Math.cos(radians)), round15(Math.sin(radians))];
  const m = [cos, sin, 0, round15(-Math.sin(radians)), cos, 0];
  const at = (x: number, y: number): Point => [m[0]! * x + m[1]! * y + m[2]!, m[3]! * x + m[4]! * y + m[5]!];
  [m[2], m[5]] = at(-cx - shift[0], -cy - shift[1]);
  m[2]! += cx;
  m[5]! += cy;
  if (expand) {
    const corners = [at(0, 0), at(w, 0), at(w, h), at(0, h)];
    const span = (d: 0 | 1): number => {
      const all = corners.map((p) => p[d]);
      return Math.ceil(Math.max(...all)) - Math.floor(Math.min(...all));
    };
    const [nw, nh] = [span(0), span(1)];
    [m[2], m[5]] = at(-(nw - w) / 2, -(nh - h) / 2);
    [w, h] = [nw, nh];
  }
  return transform(r, [w, h], Transform.AFFINE, m, resample, fillcolor);
}
