// An image folder as an HDF5 file. `labels` (int64) has the numbers of the classes, its attribute `classes` their names. Of images of one
// size `images` (uint8) has the pixels, (n, height, width, 3); of others `encoded` (uint8) has their files end to end, and file i is
// encoded[offsets[i]:offsets[i + 1]].
import { int64 } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { from_numpy } from '../../surface/arrays.ts';
import { tensor } from '../../surface/construct.ts';
import type { Image } from '../../vision/image/image.ts';
import { HDF5File } from './hdf5-file.ts';
import { HDF5Writer } from './hdf5-writer.ts';
import { type PackedContent, PackedImageFolder, type PackedSink } from './packed-folder.ts';

/** An image folder in an HDF5 file; see PackedImageFolder. */
export class HDF5ImageFolder<S = Image, L = number> extends PackedImageFolder<S, L> {
  protected override open(): PackedContent {
    const file = new HDF5File(this.path);
    const numbers = (name: string): number[] => {
      const array = file.get(name);
      return ((array.rows(0, array.length) as Tensor).tolist() as (number | bigint)[]).map(Number);
    };
    const isEncoded = file.keys().includes('encoded');
    const offsets = isEncoded ? numbers('offsets') : [];
    const images = file.get(isEncoded ? 'encoded' : 'images');
    return {
      classes: file.get('labels').attrs.classes as string[],
      targets: numbers('labels'),
      image: isEncoded
        ? (i) => ({ file: (images.rows(offsets[i]!, offsets[i + 1]!) as Tensor).numpy().data as Uint8Array })
        : (i) => ({ pixels: images.row(i) as Tensor }),
      close: () => file.close(),
    };
  }
}

export function hdf5Sink(path: string, classes: readonly string[]): PackedSink {
  const writer = new HDF5Writer(path);
  const targets: number[] = [];
  const offsets = [0];
  return {
    add(_name, target, image) {
      if ('pixels' in image) writer.append('images', image.pixels.unsqueeze(0), { chunk_rows: 1 });
      else {
        writer.append('encoded', from_numpy(image.file));
        offsets.push(offsets[offsets.length - 1]! + image.file.length);
      }
      targets.push(target);
    },
    commit() {
      if (offsets.length > 1) writer.append('offsets', tensor(offsets, { dtype: int64 }), { chunk_rows: offsets.length });
      writer.append('labels', tensor(targets, { dtype: int64 }), { chunk_rows: targets.length });
      writer.set_attribute('labels', 'classes', [...classes]);
      writer.commit();
    },
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}
