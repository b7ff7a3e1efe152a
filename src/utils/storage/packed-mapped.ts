// An image folder as a directory of .npy files, which are mapped into memory. labels.npy (int64) has the numbers of the classes,
// classes.txt their names. Of images of one size images.npy (uint8) has the pixels, (n, height, width, 3); of others encoded.npy (uint8) has
// their files end to end, and file i is encoded[offsets[i]:offsets[i + 1]] of offsets.npy (int64).
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { int64, uint8 } from '../../core/dtype.ts';
import { FileNotFoundError } from '../../core/errors.ts';
import { load_numpy, NumpyWriter, save_numpy } from '../../serialization/numpy.ts';
import { writeAtomically } from '../../serialization/source.ts';
import type { Tensor } from '../../core/tensor.ts';
import { from_numpy } from '../../surface/arrays.ts';
import { tensor } from '../../surface/construct.ts';
import type { Image } from '../../vision/image/image.ts';
import { mappedArray } from './array-datasets.ts';
import { type PackedContent, PackedImageFolder, type PackedSink } from './packed-folder.ts';
import { textBytes } from './paths.ts';

/** An image folder in memory-mapped arrays; see PackedImageFolder. */
export class MappedImageFolder<S = Image, L = number> extends PackedImageFolder<S, L> {
  protected override open(): PackedContent {
    const file = (name: string): string => join(this.path, name);
    if (!existsSync(file('labels.npy')))
      throw new FileNotFoundError(`${this.path} was not made by convert_image_folder: it has no labels.npy`);
    const numbers = (name: string): number[] => ((load_numpy(file(name)) as Tensor).tolist() as (number | bigint)[]).map(Number);
    const isEncoded = existsSync(file('encoded.npy'));
    const offsets = isEncoded ? numbers('offsets.npy') : [];
    const images = mappedArray(file(isEncoded ? 'encoded.npy' : 'images.npy'));
    const bytes = isEncoded ? (images.numpy().data as Uint8Array) : null;
    return {
      classes: readFileSync(file('classes.txt'), 'utf8').split('\n').filter(Boolean),
      targets: numbers('labels.npy'),
      image: (i) => (bytes ? { file: bytes.subarray(offsets[i], offsets[i + 1]) } : { pixels: images.at(i) }),
      close: () => {},
    };
  }
}

export function mappedSink(path: string, classes: readonly string[]): PackedSink {
  mkdirSync(path, { recursive: true });
  const targets: number[] = [];
  const offsets = [0];
  let writer: NumpyWriter | null = null;
  return {
    add(_name, target, image) {
      if ('pixels' in image) {
        writer ??= new NumpyWriter(join(path, 'images.npy'), uint8, image.pixels.shape);
        writer.append(image.pixels.unsqueeze(0));
      } else {
        writer ??= new NumpyWriter(join(path, 'encoded.npy'), uint8);
        writer.append(from_numpy(image.file));
        offsets.push(offsets[offsets.length - 1]! + image.file.length);
      }
      targets.push(target);
    },
    commit() {
      writer?.commit();
      const isEncoded = offsets.length > 1;
      if (isEncoded) save_numpy(tensor(offsets, { dtype: int64 }), join(path, 'offsets.npy'));
      // What an earlier conversion of the other kind left here.
      for (const name of isEncoded ? ['images.npy'] : ['encoded.npy', 'offsets.npy']) rmSync(join(path, name), { force: true });
      writeAtomically(join(path, 'classes.txt'), [textBytes(classes.map((name) => `${name}\n`).join(''))]);
      save_numpy(tensor(targets, { dtype: int64 }), join(path, 'labels.npy'));
    },
    [Symbol.dispose]: () => writer?.[Symbol.dispose](),
  };
}
