// Pictures in sequence as an animated PNG, which browsers play: acTL, then fcTL and the data of each frame.
// See https://www.w3.org/TR/png-3/#apng-frame-based-animation.
import { crc32 } from '../../serialization/zip.ts';
import { type Picture, toPng } from './image.ts';

const SIGNATURE_BYTES = 8;
const MILLISECONDS = 1000;

interface Chunk {
  readonly type: string;
  readonly content: Uint8Array;
}
function* chunksOf(png: Uint8Array): Generator<Chunk> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = SIGNATURE_BYTES; at < png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    yield { type, content: png.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}
function encodeChunk({ type, content }: Chunk): Uint8Array {
  const out = new Uint8Array(12 + content.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, content.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(content, 8);
  view.setUint32(8 + content.length, crc32(out.subarray(4, 8 + content.length)));
  return out;
}
/** Big-endian numbers of 1, 2 or 4 bytes. */
function packed(...fields: readonly (readonly [bytes: number, value: number])[]): Uint8Array {
  return Uint8Array.from(fields.flatMap(([bytes, value]) => Array.from({ length: bytes }, (_, i) => value >>> (8 * (bytes - 1 - i)))));
}

/** Frames of one size, played for ever at `fps` frames a second. */
export function toAnimatedPng(frames: readonly Picture[], fps: number): Uint8Array {
  const { width, height } = frames[0]!;
  const encoded = frames.map((frame) => [...chunksOf(toPng(frame))]);
  let sequence = 0;
  const control = (): Chunk => ({
    type: 'fcTL',
    content: packed(
      [4, sequence++],
      [4, width],
      [4, height],
      [4, 0],
      [4, 0],
      [2, Math.round(MILLISECONDS / fps)],
      [2, MILLISECONDS],
      [1, 0],
      [1, 0],
    ),
  });
  const data = (chunks: readonly Chunk[], isFirst: boolean): Chunk[] =>
    chunks
      .filter(({ type }) => type === 'IDAT')
      .map((chunk) => (isFirst ? chunk : { type: 'fdAT', content: concat([packed([4, sequence++]), chunk.content]) }));
  const header = encoded[0]!.filter(({ type }) => type === 'IHDR');
  const body = encoded.flatMap((chunks, i) => [control(), ...data(chunks, i === 0)]);
  const animation = { type: 'acTL', content: packed([4, frames.length], [4, 0]) };
  const all = [...header, animation, ...body, { type: 'IEND', content: new Uint8Array(0) }];
  return concat([toPng(frames[0]!).subarray(0, SIGNATURE_BYTES), ...all.map(encodeChunk)]);
}
function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
