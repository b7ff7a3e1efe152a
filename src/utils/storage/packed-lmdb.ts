// An image folder as an LMDB database: a value an image, its key the path from the folder on, as mmcv's LmdbBackend expects; and a list
// of them, `__meta__`, as JSON: { "classes": ["cat", …], "samples": [["cat/001.jpg", 0], …] }.
import { LMDBError } from './lmdb-format.ts';
import { KeyError } from '../../core/errors.ts';
import { save_numpy } from '../../serialization/numpy.ts';
import { LMDB } from './lmdb.ts';
import { LMDBWriter } from './lmdb-writer.ts';
import { type PackedContent, PackedImageFolder, type PackedImage, type PackedSink } from './packed-folder.ts';
import type { Image } from '../../vision/image/image.ts';
import { bytesText } from './paths.ts';

const META = '__meta__';
interface Meta {
  readonly classes: readonly string[];
  readonly samples: readonly (readonly [key: string, target: number])[];
}

/** An image folder in an LMDB database; see PackedImageFolder. */
export class LMDBImageFolder<S = Image, L = number> extends PackedImageFolder<S, L> {
  protected override open(): PackedContent {
    const database = new LMDB(this.path);
    const text = database.get(META);
    if (text === null) {
      database.close();
      throw new LMDBError(`${this.path} was not made by convert_image_folder: it has no value '${META}'. LMDBDataset reads any database`);
    }
    const { classes, samples } = JSON.parse(bytesText(text)) as Meta;
    return {
      classes,
      targets: samples.map(([, target]) => target),
      image: (index) => {
        const [key] = samples[index]!;
        const file = database.get(key);
        if (file === null) throw new KeyError(`'${key}'`);
        return { file };
      },
      close: () => database.close(),
    };
  }
}

/** The file of an image; pixels as a .npy file. */
export const fileOf = (image: PackedImage): Uint8Array => ('file' in image ? image.file : save_numpy(image.pixels));

export function lmdbSink(path: string, classes: readonly string[]): PackedSink {
  const writer = new LMDBWriter(path);
  const samples: [string, number][] = [];
  return {
    add(key, target, image) {
      writer.put(key, fileOf(image));
      samples.push([key, target]);
    },
    commit() {
      writer.put(META, JSON.stringify({ classes, samples } satisfies Meta));
      writer.commit();
    },
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}
