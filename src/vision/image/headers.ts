// What the first bytes of an image file say.
import { OSError } from '../../core/errors.ts';
import type { Mode } from './raster.ts';

export type Format = 'JPEG' | 'PNG' | 'GIF' | 'BMP' | 'WEBP' | 'TIFF' | 'PPM';
export interface Header {
  readonly format: Format;
  /** Of the pixels as they are decoded; null where the decoder has to say. */
  readonly mode: Mode | null;
  readonly size: readonly [width: number, height: number] | null;
  /** CMYK of Adobe's programs is stored inverted. */
  readonly inverted?: boolean;
  /** Of JPEG files: whether the marker of the end is there. */
  readonly ends?: boolean;
}
const starts = (b: Uint8Array, text: string, at = 0): boolean => {
  for (let i = 0; i < text.length; i++) if (b[at + i] !== text.charCodeAt(i)) return false;
  return true;
};
const MAGIC: readonly (readonly [Format, (b: Uint8Array) => boolean])[] = [
  ['JPEG', (b) => starts(b, '\xff\xd8\xff')],
  ['PNG', (b) => starts(b, '\x89PNG\r\n\x1a\n') && b.length > 28],
  ['GIF', (b) => starts(b, 'GIF87a') || starts(b, 'GIF89a')],
  ['BMP', (b) => starts(b, 'BM') && b.length > 26],
  ['WEBP', (b) => starts(b, 'RIFF') && starts(b, 'WEBP', 8)],
  ['TIFF', (b) => starts(b, 'II*\0') || starts(b, 'MM\0*')],
  ['PPM', (b) => /^P[1-6]\s/.test(String.fromCharCode(...b.subarray(0, 3)))],
];

/** The header of an image file; null if the format is unknown. */
export function readHeader(bytes: Uint8Array): Header | null {
  const format = MAGIC.find(([, is]) => is(bytes))?.[0];
  if (!format) return null;
  if (format === 'JPEG') return jpegHeader(bytes);
  if (format === 'PNG') return pngHeader(bytes);
  return { format, mode: null, size: null };
}

/** Segments up to the one that states the size. */
function jpegHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let adobe = false;
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw new OSError('Truncated File Read');
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (at + 2 + length > bytes.length) break;
    if (marker === 0xee && starts(bytes, 'Adobe', at + 4)) adobe = true;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const components = bytes[at + 9];
      const mode: Mode = components === 1 ? 'L' : components === 4 ? 'CMYK' : 'RGB';
      const size = [view.getUint16(at + 7), view.getUint16(at + 5)] as const;
      return { format: 'JPEG', mode, size, inverted: mode === 'CMYK' && adobe, ends: hasEnd(bytes, at) };
    }
    at += 2 + length;
  }
  throw new OSError('Truncated File Read');
}
function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 2; at > from; at--) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  return false;
}
/** The first chunk. Palettes are resolved when decoding, so such a file has the mode of its colours, which the decoder knows. */
function pngHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [depth, color] = [bytes[24]!, bytes[25]!];
  const gray: Mode = depth === 1 ? '1' : depth === 16 ? 'I;16' : 'L';
  const mode = ({ 0: gray, 2: 'RGB', 4: 'LA', 6: 'RGBA' } as Readonly<Record<number, Mode>>)[color] ?? null;
  return { format: 'PNG', mode, size: [view.getUint32(16), view.getUint32(20)] };
}
