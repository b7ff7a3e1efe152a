// The files of the embedding projector.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pythonFloat } from '../../core/dtype.ts';
import { AssertionError } from '../../core/errors.ts';
import { writeAtomically } from '../../serialization/source.ts';
import { make_grid, pictures, toPng } from './image.ts';
import type { Values } from './values.ts';

export type Label = string | number | bigint | boolean;
export interface Embedding {
  readonly mat: Values;
  readonly metadata: readonly Label[] | readonly (readonly Label[])[] | null;
  readonly metadata_header: readonly string[] | null;
  /** (N, C, H, W). */
  readonly label_img: Values | null;
}
/** What the projector's configuration says about an embedding. */
export interface EmbeddingInfo {
  readonly tensor_name: string;
  readonly tensor_path: string;
  readonly metadata_path: string | null;
  readonly sprite: { readonly image_path: string; readonly single_image_dim: readonly [width: number, height: number] } | null;
}

/** The folder of an embedding within the log directory. */
export const subfolder = (tag: string, global_step: string): string => `${global_step.padStart(5, '0')}/${encode(tag)}`;
const encode = (tag: string): string => tag.replaceAll('%', '%25').replaceAll('/', '%2f').replaceAll('\\', '%5c');

/**
 * Writes tensors, labels and images of an embedding to `log_dir/subdir`.
 * @throws AssertionError where labels or images are not as many as the rows, or the matrix has not two axes; an error with the code
 * ENOTDIR where a file lies in the way.
 */
export function writeEmbedding(log_dir: string, subdir: string, name: string, embedding: Embedding): EmbeddingInfo {
  const { mat, metadata, metadata_header, label_img } = embedding;
  const [rows, columns] = mat.shape;
  if (metadata && metadata.length !== rows) throw new AssertionError('#labels should equal with #data points');
  if (label_img && label_img.shape[0] !== rows) throw new AssertionError('#images should equal with #data points');
  if (mat.shape.length !== 2) throw new AssertionError('mat should be 2D, where mat.size(0) is the number of data points');
  const folder = join(log_dir, subdir);
  makeFolder(folder);
  if (metadata) writeText(join(folder, 'metadata.tsv'), tableOf(metadata, metadata_header));
  if (label_img) writeAtomically(join(folder, 'sprite.png'), [sprite(label_img)]);
  const lines = Array.from({ length: rows! }, (_, i) => pythonNumbers(mat, i * columns!, columns!).join('\t'));
  writeText(join(folder, 'tensors.tsv'), lines);
  return {
    tensor_name: name,
    tensor_path: `${subdir}/tensors.tsv`,
    metadata_path: metadata ? `${subdir}/metadata.tsv` : null,
    sprite: label_img ? { image_path: `${subdir}/sprite.png`, single_image_dim: [label_img.shape[3]!, label_img.shape[2]!] } : null,
  };
}
function makeFolder(folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  else if (statSync(folder).isDirectory()) console.log('warning: Embedding dir exists, did you set global_step for add_embedding()?');
  else throw Object.assign(new Error(`Path: \`${folder}\` exists, but is a file. Cannot proceed.`), { code: 'ENOTDIR' });
}
const writeText = (path: string, lines: readonly string[]): void =>
  writeAtomically(path, [new TextEncoder().encode(`${lines.join('\n')}\n`)]);

function tableOf(metadata: readonly unknown[], header: readonly string[] | null): string[] {
  if (!header?.length) return metadata.map((label) => pythonText(label));
  const rows = metadata as readonly (readonly unknown[])[];
  if (header.length !== rows[0]?.length) throw new AssertionError('len of header must be equal to the number of columns in metadata');
  return [header, ...rows].map((row) => row.map(pythonText).join('\t'));
}
const pythonText = (label: unknown): string => (typeof label === 'boolean' ? (label ? 'True' : 'False') : String(label));
/** float32 has the text of the float64 that it equals. */
function pythonNumbers({ data, dtype }: Values, from: number, count: number): string[] {
  return [...data.subarray(from, from + count)].map(/int|bool/.test(dtype) ? String : pythonFloat);
}

/** All images in a square of about equally many rows and columns. */
function sprite({ data, shape, dtype }: Values): Uint8Array {
  const [n, c, h, w] = shape as [number, number, number, number];
  const nhwc = Uint8Array.from({ length: data.length }, (_, i) => {
    const channel = i % c;
    const pixel = Math.floor(i / c);
    const image = Math.floor(pixel / (h * w));
    return sample(data[(image * c + channel) * h * w + (pixel % (h * w))]!, dtype);
  });
  const grid = make_grid(pictures({ data: nhwc, shape: [n, h, w, c] }), Math.ceil(Math.sqrt(n)));
  const square = new Uint8Array(grid.width * grid.width * grid.channels);
  square.set(grid.data.subarray(0, square.length));
  return toPng({ ...grid, height: grid.width, data: square });
}
const sample = (v: number, dtype: string): number => Math.min(255, Math.max(0, dtype === 'uint8' ? v : v * 255));

/** Writes the projector's configuration, a protocol buffer in text form, for all embeddings of a log directory. */
export function writeConfig(log_dir: string, embeddings: readonly EmbeddingInfo[]): void {
  const lines = embeddings.flatMap(({ tensor_name, tensor_path, metadata_path, sprite }) => [
    'embeddings {',
    `  tensor_name: ${quoted(tensor_name)}`,
    ...(metadata_path ? [`  metadata_path: ${quoted(metadata_path)}`] : []),
    ...(sprite
      ? [
          '  sprite {',
          `    image_path: ${quoted(sprite.image_path)}`,
          ...sprite.single_image_dim.map((n) => `    single_image_dim: ${n}`),
          '  }',
        ]
      : []),
    `  tensor_path: ${quoted(tensor_path)}`,
    '}',
  ]);
  writeText(join(log_dir, 'projector_config.pbtxt'), lines);
}
/** A string of protobuf's text format: bytes beyond ASCII as octal numbers. */
function quoted(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  const escape = (byte: number): string => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  };
  return `"${bytes.map(escape).join('')}"`;
}
