// Folders for tests of storage: an empty one, and an image folder.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import * as torch from '../../src/index.ts';
import { Image } from '../../src/vision/image/image.ts';

/** A folder that lives as long as the tests of this file; the function gives paths in it. */
export function temporaryFolder(): (...names: string[]) => string {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flambeau-storage-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (...names) => join(folder, ...names);
}
/** A smooth image, so that JPEG changes little of it. */
export function sampleImage(i: number, width = 40 + i, height = 30): Image {
  const x = torch.arange(width).div(width).unsqueeze(0);
  const y = torch.arange(height).div(height).unsqueeze(1);
  const bands = [x.add(y).mul(100), x.mul(y).mul(200).add(i), y.mul(150).add(20).add(x.mul(0))];
  return Image.fromarray(torch.stack(bands, 2).to(torch.uint8));
}
/** Two classes: cats lie flat, dogs in a folder of their own; JPEG and PNG in turn. */
export function makeImageFolder(root: string, each = 4): void {
  for (let i = 0; i < 2 * each; i++) {
    const name = i % 2 ? join(root, 'dog', 'sub', `${i}.jpg`) : join(root, 'cat', `${i}.png`);
    mkdirSync(dirname(name), { recursive: true });
    sampleImage(i).save(name);
  }
}
