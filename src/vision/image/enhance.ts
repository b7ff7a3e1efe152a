// Blending, look-up tables, and what Pillow's ImageEnhance and ImageOps make of them.
import { NotImplementedError, ValueError } from '../../core/errors.ts';
import { convert } from './convert.ts';
import { bandCount, type Color, filled, hasAlpha, isBytes, like, type Mode, paste, type Raster } from './raster.ts';

const clip8 = (x: number): number => (x <= 0 ? 0 : x >= 255 ? 255 : Math.trunc(x));
const f = Math.fround;

/**
 * a + alpha · (b − a); beyond 0 … 1 it extrapolates.
 * @throws ValueError if mode or size differ.
 */
export function blend(a: Raster, b: Raster, alpha: number): Raster {
  if (a.mode !== b.mode) throw new ValueError('images do not match');
  if (a.width !== b.width || a.height !== b.height) throw new ValueError('images do not match');
  const out = like(a);
  const t = f(alpha);
  if (t === 0 || t === 1) {
    out.data.set((t === 0 ? a : b).data);
    return out;
  }
  const [x, y, to] = [a.data, b.data, out.data];
  for (let i = 0; i < to.length; i++) {
    const v = f(x[i]! + f(t * (y[i]! - x[i]!)));
    to[i] = v <= 0 ? 0 : v >= 255 ? 255 : v;
  }
  return out;
}
/** `blend` of one gray level and an image, by table. Opacities stay. */
function blendLevel(level: number, r: Raster, alpha: number): Raster {
  const t = f(alpha);
  if (t === 1) return { ...r, data: r.data.slice() };
  const table = Uint8Array.from({ length: 256 }, (_, v) => clip8(t === 0 ? level : f(level + f(t * (v - level)))));
  const out = like(r);
  const bands = bandCount(r.mode);
  const color = bands - Number(hasAlpha(r.mode));
  const [from, to] = [r.data, out.data];
  if (color === bands) for (let i = 0; i < to.length; i++) to[i] = table[from[i]!]!;
  else for (let i = 0; i < to.length; i++) to[i] = i % bands < color ? table[from[i]!]! : from[i]!;
  return out;
}
/** Replaces bytes by a table: one of 256 entries for all bands, or one after the other. */
export function point(r: Raster, table: ArrayLike<number>): Raster {
  if (!isBytes(r)) throw new ValueError('point operation not supported for this mode');
  const bands = bandCount(r.mode);
  const shared = table.length === 256;
  if (!shared && table.length !== bands * 256) throw new ValueError('wrong number of lut entries');
  const lut = Uint8Array.from(table, clip8);
  const out = like(r);
  const [from, to] = [r.data, out.data];
  if (shared) for (let i = 0; i < to.length; i++) to[i] = lut[from[i]!]!;
  else for (let i = 0; i < to.length; i++) to[i] = lut[((i % bands) << 8) | from[i]!]!;
  return out;
}
/** How often each byte occurs, 256 entries a band. */
export function histogram(r: Raster): number[] {
  if (!isBytes(r)) throw new ValueError('histogram not supported for this mode');
  const bands = bandCount(r.mode);
  const counts = new Int32Array(256 * bands);
  for (let i = 0; i < r.data.length; i++) counts[((i % bands) << 8) | r.data[i]!]!++;
  return [...counts];
}

/** 3 × 3 weights on every pixel but those of the border, which stay. */
export function filter3x3(r: Raster, kernel: readonly number[], scale: number): Raster {
  const out: Raster = { ...r, data: r.data.slice() };
  const k = kernel.map((v) => f(v / scale));
  const bands = bandCount(r.mode);
  const line = r.width * bands;
  const { data } = r;
  for (let y = 1; y < r.height - 1; y++) {
    for (let i = y * line + bands; i < (y + 1) * line - bands; i++) {
      let s = 0.5;
      for (let row = 0; row < 3; row++) {
        const at = i + (1 - row) * line;
        s += data[at - bands]! * k[3 * row]! + data[at]! * k[3 * row + 1]! + data[at + bands]! * k[3 * row + 2]!;
      }
      out.data[i] = clip8(Math.floor(s));
    }
  }
  return out;
}

/** A degenerate image with the opacity of the original. */
function withAlphaOf(r: Raster, degenerate: Raster): Raster {
  if (!hasAlpha(r.mode)) return degenerate;
  const bands = bandCount(r.mode);
  for (let i = bands - 1; i < r.data.length; i += bands) degenerate.data[i] = r.data[i]!;
  return degenerate;
}
export const brightness = (r: Raster, factor: number): Raster => blendLevel(0, r, factor);
export function contrast(r: Raster, factor: number): Raster {
  const gray = convert(r, 'L').data;
  let sum = 0;
  for (let i = 0; i < gray.length; i++) sum += gray[i]!;
  return blendLevel(Math.trunc(sum / Math.max(gray.length, 1) + 0.5), r, factor);
}
export function saturation(r: Raster, factor: number): Raster {
  return blend(withAlphaOf(r, convert(convert(r, 'L'), r.mode)), r, factor);
}
export const sharpness = (r: Raster, factor: number): Raster =>
  blend(withAlphaOf(r, filter3x3(r, [1, 1, 1, 1, 5, 1, 1, 1, 1], 13)), r, factor);
/** The hue turned by a part of the circle. */
export function hue(r: Raster, factor: number): Raster {
  const hsv = convert(r, 'HSV');
  const turn = Math.trunc(factor * 255);
  for (let i = 0; i < hsv.data.length; i += 3) hsv.data[i] = (hsv.data[i]! + turn) & 255;
  return convert(hsv, r.mode);
}

/** @throws NotImplementedError for modes other than L and RGB. */
function onlyGrayOrRgb(r: Raster): void {
  if (r.mode !== 'L' && r.mode !== 'RGB') throw new NotImplementedError(`not supported for mode ${r.mode}`);
}
const entries = (g: (i: number) => number): number[] => Array.from({ length: 256 }, (_, i) => g(i));
export function invert(r: Raster): Raster {
  return point(
    r,
    entries((i) => 255 - i),
  );
}
export function posterize(r: Raster, bits: number): Raster {
  if (!(bits >= 1 && bits <= 8)) throw new ValueError('bits must be between or equal to 1 and 8');
  onlyGrayOrRgb(r);
  return point(
    r,
    entries((i) => i & ~(2 ** (8 - bits) - 1)),
  );
}
export function solarize(r: Raster, threshold: number): Raster {
  onlyGrayOrRgb(r);
  return point(
    r,
    entries((i) => (i < threshold ? i : 255 - i)),
  );
}
/** A table of its own for each band, from the band's histogram. */
function perBand(r: Raster, table: (counts: readonly number[]) => number[]): Raster {
  onlyGrayOrRgb(r);
  const all = histogram(r);
  return point(r, Array.from({ length: bandCount(r.mode) }, (_, b) => table(all.slice(256 * b, 256 * (b + 1)))).flat());
}
export const autocontrast = (r: Raster): Raster =>
  perBand(r, (counts) => {
    const low = counts.findIndex((n) => n > 0);
    const high = counts.findLastIndex((n) => n > 0);
    if (high <= low) return entries((i) => i);
    const scale = 255 / (high - low);
    return entries((i) => clip8(Math.trunc(i * scale - low * scale)));
  });
export const equalize = (r: Raster): Raster =>
  perBand(r, (counts) => {
    const used = counts.filter((n) => n > 0);
    const step = Math.floor((used.reduce((a, b) => a + b, 0) - (used.at(-1) ?? 0)) / 255);
    if (used.length <= 1 || step === 0) return entries((i) => i);
    let n = Math.floor(step / 2);
    return counts.map((count) => {
      const v = Math.floor(n / step);
      n += count;
      return Math.min(v, 255);
    });
  });

/** A border of one colour on the left, top, right and bottom; negative widths cut off. */
export function expand(r: Raster, [left, top, right, bottom]: readonly number[], fill: Color): Raster {
  const out = filled(r.mode as Mode, r.width + left! + right!, r.height + top! + bottom!, fill);
  paste(out, r, left!, top!);
  return out;
}
