// A folder of pictures as the notes have one of aeroplanes and cars: the digits 0 and 1 of MNIST in colour, 32 by 32 pixels.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as torch from 'flambeau';
import { utils } from 'flambeau/vision';
import { digits } from '../mnist/digits.ts';
import { out } from './out.ts';

export const CLASSES = ['0_zero', '1_one'];
const COUNTS = { train: 150, test: 50 };
/** Zeros are red, ones are blue. */
const PAINT = [
  [1, 0.35, 0.3],
  [0.35, 0.5, 1],
];

/** Writes the pictures where they are missing; the folders of those to train and to test with. */
export function digitImages(): { train: string; test: string } {
  const root = out('digits', 'done');
  const folders = { train: join(root, '..', 'train'), test: join(root, '..', 'test') };
  if (existsSync(join(folders.test, CLASSES[1]!, `${COUNTS.test - 1}.png`))) return folders;
  for (const part of ['train', 'test'] as const) {
    const [images, labels] = digits(part === 'train' ? 'train' : 't10k').tensors as [torch.Tensor, torch.Tensor];
    CLASSES.forEach((name, digit) => {
      mkdirSync(join(folders[part], name), { recursive: true });
      const chosen = labels.eq(digit).nonzero().flatten().at(`:${COUNTS[part]}`);
      const grey = torch.nn.functional.pad(images.at(chosen).float().div(255), [2, 2, 2, 2]);
      const coloured = grey.mul(torch.tensor(PAINT[digit]!).view([1, 3, 1, 1]));
      for (let i = 0; i < COUNTS[part]; i++) utils.save_image(coloured.at(i), join(folders[part], name, `${i}.png`));
    });
  }
  return folders;
}
/** A class as the notes' networks take it: a float in a list. Exported, so that the loader's workers find it. */
export const as_float = (t: number): torch.Tensor => torch.tensor([t]).float();
