// Conversions between modes, with Pillow's integer arithmetic (src/libImaging/Convert.c).
import { ValueError } from '../../core/errors.ts';
import { bandCount, blank, fresh, hasAlpha, type Mode, type Pixels, type Raster } from './raster.ts';

/** x · y / 255, rounded. */
export function times255(x: number, y: number): number {
  const t = x * y + 128;
  return ((t >> 8) + t) >> 8;
}
const clip8 = (x: number): number => (x < 0 ? 0 : x > 255 ? 255 : x);

type Step = (from: Pixels, to: Pixels) => void;
/** A conversion of every pixel by itself. */
function pixels(inBands: number, outBands: number, f: (from: Pixels, i: number, to: Pixels, o: number) => void): Step {
  return (from, to) => {
    for (let i = 0, o = 0; i < from.length; i += inBands, o += outBands) f(from, i, to, o);
  };
}
const samples = (f: (v: number) => number): Step =>
  pixels(1, 1, (from, i, to, o) => {
    to[o] = f(from[i]!);
  });
/** A gray value in every colour band; opaque. */
const gray = (bands: number): Step =>
  pixels(1, bands, (from, i, to, o) => {
    to[o] = from[i]!;
    if (bands > 2) to[o + 1] = to[o + 2] = from[i]!;
    if (bands === 2 || bands === 4) to[o + bands - 1] = 255;
  });
/** Luma of ITU-R 601-2, in 16 bits behind the point. */
const toLuma =
  (inBands: number, outBands: number): Step =>
  (from, to) => {
    for (let i = 0, o = 0; i < from.length; i += inBands, o += outBands) {
      to[o] = (from[i]! * 19595 + from[i + 1]! * 38470 + from[i + 2]! * 7471 + 0x8000) >> 16;
      if (outBands === 2) to[o + 1] = inBands === 4 ? from[i + 3]! : 255;
    }
  };

const rgbToHsv: Step = (from, to) => {
  const f = Math.fround;
  for (let i = 0; i < from.length; i += 3) {
    const r = from[i]!;
    const g = from[i + 1]!;
    const b = from[i + 2]!;
    const max = r > g ? (r > b ? r : b) : g > b ? g : b;
    const min = r < g ? (r < b ? r : b) : g < b ? g : b;
    to[i + 2] = max;
    if (min === max) {
      to[i] = 0;
      to[i + 1] = 0;
      continue;
    }
    const cr = max - min;
    const rc = f((max - r) / cr);
    const gc = f((max - g) / cr);
    const bc = f((max - b) / cr);
    const h = r === max ? f(bc - gc) : g === max ? f(2 + rc - bc) : f(4 + gc - rc);
    const turn = h / 6 + 1;
    to[i] = f(turn >= 1 ? turn - 1 : turn) * 255;
    to[i + 1] = f(cr / max) * 255;
  }
};
const hsvToRgb: Step = (from, to) => {
  const fr = Math.fround;
  for (let i = 0; i < from.length; i += 3) {
    const h = from[i]!;
    const s = from[i + 1]!;
    const v = from[i + 2]!;
    if (s === 0) {
      to[i] = v;
      to[i + 1] = v;
      to[i + 2] = v;
      continue;
    }
    const sector = Math.floor((h * 6) / 255);
    const f = fr((h * 6) / 255 - sector);
    const fs = fr(s / 255);
    const p = Math.floor(v * (1 - fs) + 0.5);
    // Between two sectors one colour rises or falls.
    const between = Math.floor(v * (1 - fs * (sector & 1 ? f : 1 - f)) + 0.5);
    const k = sector % 6;
    to[i] = k === 0 || k === 5 ? v : k === 1 || k === 4 ? between : p;
    to[i + 1] = k === 1 || k === 2 ? v : k === 0 || k === 3 ? between : p;
    to[i + 2] = k === 3 || k === 4 ? v : k === 2 || k === 5 ? between : p;
  }
};
/** Tables of the JPEG colour space, in 6 bits behind the point (ConvertYCbCr.c). */
const table = (factor: number, from = 0): Int16Array =>
  Int16Array.from({ length: 256 }, (_, i) => Math.trunc(factor * 64 * (i + from) + 0.5));
const Y = [table(0.299), table(0.587), table(0.114)] as const;
const CB = [table(-0.16874), table(-0.33126), table(0.5)] as const;
const CR = [table(0.5), table(-0.41869), table(-0.08131)] as const;
const BACK = { rCr: table(1.402, -128), gCb: table(-0.34414, -128), gCr: table(-0.71414, -128), bCb: table(1.772, -128) } as const;
function rgbToYcc(from: Pixels, i: number, to: Pixels, o: number): void {
  const [r, g, b] = [from[i]!, from[i + 1]!, from[i + 2]!];
  to[o] = (Y[0][r]! + Y[1][g]! + Y[2][b]!) >> 6;
  to[o + 1] = ((CB[0][r]! + CB[1][g]! + CB[2][b]!) >> 6) + 128;
  to[o + 2] = ((CR[0][r]! + CR[1][g]! + CR[2][b]!) >> 6) + 128;
}
function yccToRgb(from: Pixels, i: number, to: Pixels, o: number): void {
  const [y, cb, cr] = [from[i]!, from[i + 1]!, from[i + 2]!];
  to[o] = clip8(y + (BACK.rCr[cr]! >> 6));
  to[o + 1] = clip8(y + ((BACK.gCb[cb]! + BACK.gCr[cr]!) >> 6));
  to[o + 2] = clip8(y + (BACK.bCb[cb]! >> 6));
}
const copyBands = (inBands: number, outBands: number): Step =>
  pixels(inBands, outBands, (from, i, to, o) => {
    for (let b = 0; b < outBands; b++) to[o + b] = b < inBands ? from[i + b]! : 255;
  });

/** Direct conversions; others go over RGB or L. */
const STEPS: Readonly<Partial<Record<string, Step>>> = {
  '1>L': samples((v) => v),
  'L>LA': gray(2),
  'L>RGB': (from, to) => {
    for (let i = 0, o = 0; i < from.length; i++, o += 3) {
      to[o] = from[i]!;
      to[o + 1] = from[i]!;
      to[o + 2] = from[i]!;
    }
  },
  'L>RGBA': gray(4),
  'LA>L': pixels(2, 1, (from, i, to, o) => {
    to[o] = from[i]!;
  }),
  'LA>RGB': pixels(2, 3, (from, i, to, o) => {
    to[o] = to[o + 1] = to[o + 2] = from[i]!;
  }),
  'LA>RGBA': pixels(2, 4, (from, i, to, o) => {
    to[o] = to[o + 1] = to[o + 2] = from[i]!;
    to[o + 3] = from[i + 1]!;
  }),
  'RGB>L': toLuma(3, 1),
  'RGB>LA': toLuma(3, 2),
  'RGBA>L': toLuma(4, 1),
  'RGBA>LA': toLuma(4, 2),
  'RGB>RGBA': copyBands(3, 4),
  'RGBA>RGB': copyBands(4, 3),
  'RGB>HSV': rgbToHsv,
  'HSV>RGB': hsvToRgb,
  'RGB>YCbCr': pixels(3, 3, rgbToYcc),
  'YCbCr>RGB': pixels(3, 3, yccToRgb),
  'YCbCr>L': pixels(3, 1, (from, i, to, o) => {
    to[o] = from[i]!;
  }),
  'RGB>CMYK': pixels(3, 4, (from, i, to, o) => {
    for (let b = 0; b < 3; b++) to[o + b] = 255 - from[i + b]!;
    to[o + 3] = 0;
  }),
  'CMYK>RGB': pixels(4, 3, (from, i, to, o) => {
    const rest = 255 - from[i + 3]!;
    for (let b = 0; b < 3; b++) to[o + b] = clip8(rest - times255(from[i + b]!, rest));
  }),
  'L>YCbCr': pixels(1, 3, (from, i, to, o) => {
    to[o] = from[i]!;
    to[o + 1] = to[o + 2] = 128;
  }),
  'L>I': samples((v) => v),
  'L>F': samples((v) => v),
  'L>I;16': samples((v) => v),
  'I>L': samples(clip8),
  'I>F': samples((v) => v),
  'I>I;16': samples((v) => Math.min(Math.max(v, 0), 65535)),
  'F>L': samples((v) => clip8(Math.trunc(v))),
  'F>I': samples(Math.trunc),
  'I;16>L': samples(clip8),
  'I;16>I': samples((v) => v),
  'I;16>F': samples((v) => v),
};
/** What a conversion without a direct step goes over. */
const HUBS: Readonly<Partial<Record<Mode, Mode>>> = { '1': 'L', I: 'L', F: 'L', 'I;16': 'L', CMYK: 'RGB', YCbCr: 'RGB', HSV: 'RGB' };

/** Black and white with Floyd and Steinberg's error diffusion. */
function bilevel(r: Raster): Raster {
  const bands = bandCount(r.mode);
  const gray = (i: number): number =>
    bands < 3
      ? r.data[i * bands]!
      : Math.trunc((r.data[i * bands]! * 299 + r.data[i * bands + 1]! * 587 + r.data[i * bands + 2]! * 114) / 1000);
  const out = blank('1', r.width, r.height);
  const errors = new Int32Array(r.width + 1);
  for (let y = 0; y < r.height; y++) {
    let [l, l0, l1] = [0, 0, 0];
    for (let x = 0; x < r.width; x++) {
      l = clip8(gray(y * r.width + x) + Math.trunc((l + errors[x + 1]!) / 16));
      const bit = l > 128 ? 255 : 0;
      out.data[y * r.width + x] = bit;
      l -= bit;
      const l2 = l;
      const d2 = l + l;
      l += d2;
      errors[x] = l + l0;
      l += d2;
      l0 = l + l1;
      l1 = l2;
      l += d2;
    }
    errors[r.width] = l0;
  }
  return out;
}

/**
 * The pixels in another mode.
 * @throws ValueError where Pillow has no conversion.
 */
export function convert(r: Raster, mode: Mode): Raster {
  if (r.mode === mode) return { ...r, data: r.data.slice() };
  if (mode === '1') return bilevel(['L', 'LA', 'RGB', 'RGBA'].includes(r.mode) ? r : convert(r, 'L'));
  const step = STEPS[`${r.mode}>${mode}`];
  if (step) {
    const out = fresh(mode, r.width, r.height);
    step(r.data, out.data);
    return out;
  }
  const color = bandCount(r.mode) > 1;
  const hub = HUBS[r.mode] ?? HUBS[mode] ?? (color ? 'RGB' : null);
  const over: Mode | null = hub === 'L' && r.mode === 'L' ? 'RGB' : hub === r.mode ? 'RGB' : hub;
  if (over === null || over === r.mode || over === mode) throw new ValueError(`conversion from ${r.mode} to ${mode} not supported`);
  return convert(convert(r, over), mode);
}

/** Colours multiplied by the opacity: filters work on these, so that transparent pixels have no colour. */
export function premultiplied(r: Raster): Raster {
  if (!hasAlpha(r.mode)) return r;
  const bands = bandCount(r.mode);
  const data = r.data.slice();
  for (let i = 0; i < data.length; i += bands) {
    const a = data[i + bands - 1]!;
    for (let b = 0; b < bands - 1; b++) data[i + b] = times255(data[i + b]!, a);
  }
  return { ...r, data };
}
/** The reverse, in place. */
export function unpremultiply(r: Raster): Raster {
  if (!hasAlpha(r.mode)) return r;
  const { data } = r;
  const bands = bandCount(r.mode);
  for (let i = 0; i < data.length; i += bands) {
    const a = data[i + bands - 1]!;
    if (a === 255 || a === 0) continue;
    for (let b = 0; b < bands - 1; b++) data[i + b] = clip8(Math.trunc((255 * data[i + b]!) / a));
  }
  return r;
}
