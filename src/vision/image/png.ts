// Writing PNG files (https://www.w3.org/TR/png-3): no palette, no interlacing, every line filtered by the difference to the one above
// or to the left, whichever is smaller. Reading is @napi-rs/image's, whose writer knows RGBA only.
import { zlibSync } from 'fflate';
import { builtin } from '../../core/host.ts';
import { bandCount, type Raster } from './raster.ts';

interface Zlib {
  deflateSync(data: Uint8Array, options: { level: number }): Uint8Array;
}
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = CRC[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}
function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)));
  return out;
}
/** Samples as the file has them: 16 bits with the high byte first. */
function samples(r: Raster): Uint8Array {
  if (r.data instanceof Uint8Array) return r.data;
  const out = new Uint8Array(r.data.length * 2);
  const view = new DataView(out.buffer);
  for (let i = 0; i < r.data.length; i++) view.setUint16(2 * i, Math.min(Math.max(r.data[i]!, 0), 65535));
  return out;
}
const SUB = 1;
const UP = 2;
/** A line's differences to the bytes `distance` before; their magnitude, taken as signed bytes. */
function difference(to: Uint8Array, line: Uint8Array, before: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < line.length; i++) {
    const d = (line[i]! - before(i)) & 255;
    to[i] = d;
    sum += d < 128 ? d : 256 - d;
  }
  return sum;
}
/** A PNG file of an image of mode 1, L, LA, RGB, RGBA, I or I;16; the last two as 16 bits. */
export function encodePng(r: Raster, level: number): Uint8Array {
  const bands = bandCount(r.mode);
  const bytes = samples(r);
  const pixel = bytes.length / Math.max(r.width * r.height, 1);
  const length = r.width * pixel;
  const lines = new Uint8Array((length + 1) * r.height);
  const [sub, up] = [new Uint8Array(length), new Uint8Array(length)];
  let previous = new Uint8Array(length);
  for (let y = 0; y < r.height; y++) {
    const line = bytes.subarray(y * length, (y + 1) * length);
    const left = difference(sub, line, (i) => (i < pixel ? 0 : line[i - pixel]!));
    const above = difference(up, line, (i) => previous[i]!);
    lines[y * (length + 1)] = left <= above ? SUB : UP;
    lines.set(left <= above ? sub : up, y * (length + 1) + 1);
    previous = line as Uint8Array<ArrayBuffer>;
  }
  const zlib = builtin<Zlib>('zlib');
  const packed = zlib ? zlib.deflateSync(lines, { level }) : zlibSync(lines, { level: level as 6 });
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, r.width);
  view.setUint32(4, r.height);
  header[8] = r.data instanceof Uint8Array ? 8 : 16;
  header[9] = [0, 4, 2, 6][bands - 1]!;
  const parts = [
    Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', packed),
    chunk('IEND', new Uint8Array(0)),
  ];
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
