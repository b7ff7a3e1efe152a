// Borders of images that continue the picture: np.pad's modes edge, reflect and symmetric.
import { bandCount, blank, type Raster } from '../image/raster.ts';
import type { PaddingMode } from './tensor_geometry.ts';

/** Where each of the places from −before to n + after − 1 is read. */
function places(n: number, before: number, after: number, mode: PaddingMode): Int32Array {
  const period = mode === 'reflect' ? Math.max(2 * (n - 1), 1) : 2 * n;
  return Int32Array.from({ length: before + n + after }, (_, k) => {
    const i = k - before;
    if (mode === 'edge') return Math.min(Math.max(i, 0), n - 1);
    const turn = ((i % period) + period) % period;
    if (turn < n) return turn;
    return mode === 'reflect' ? period - turn : period - 1 - turn;
  });
}
/** The image with borders of those widths, none negative. */
export function continued(r: Raster, [left, top, right, bottom]: readonly number[], mode: PaddingMode): Raster {
  const bands = bandCount(r.mode);
  const [xs, ys] = [places(r.width, left!, right!, mode), places(r.height, top!, bottom!, mode)];
  const out = blank(r.mode, xs.length, ys.length);
  for (let y = 0, o = 0; y < ys.length; y++) {
    for (let x = 0; x < xs.length; x++) {
      const at = (ys[y]! * r.width + xs[x]!) * bands;
      for (let b = 0; b < bands; b++) out.data[o++] = r.data[at + b]!;
    }
  }
  return out;
}
