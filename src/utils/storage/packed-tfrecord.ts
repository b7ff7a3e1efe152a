// An image folder as a TFRecord file, with the features of TensorFlow's image sets: image/encoded, image/format, image/class/label,
// image/class/text, image/filename. Beside it lie its index (`.index`) and the names of the classes, a line each (`.labels.txt`).
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { writeAtomically } from '../../serialization/source.ts';
import type { Image } from '../../vision/image/image.ts';
import { decode_example } from './example.ts';
import { type PackedContent, PackedImageFolder, type PackedSink } from './packed-folder.ts';
import { fileOf } from './packed-lmdb.ts';
import { textBytes } from './paths.ts';
import { TFRecordWriter } from './tfrecord-dataset.ts';
import { TFRecordFile } from './tfrecord-file.ts';

const INDEX = '.index';
const LABELS = '.labels.txt';

/** An image folder in a TFRecord file; see PackedImageFolder. Opening it reads the labels of all records. */
export class TFRecordImageFolder<S = Image, L = number> extends PackedImageFolder<S, L> {
  protected override open(): PackedContent {
    const file = new TFRecordFile(this.path, { index: this.path + INDEX });
    const record = (index: number) => decode_example(file.get(index), { 'image/encoded': 'byte', 'image/class/label': 'int' });
    return {
      classes: readFileSync(this.path + LABELS, 'utf8')
        .split('\n')
        .filter(Boolean),
      // A dataset that was rebuilt in a worker thread has its targets.
      targets:
        this.targets ??
        Array.from({ length: file.length }, (_, i) => Number((record(i)['image/class/label'] as { item(): number }).item())),
      image: (index) => ({ file: record(index)['image/encoded'] as Uint8Array }),
      close: () => file.close(),
    };
  }
}

export function tfrecordSink(path: string, classes: readonly string[]): PackedSink {
  const writer = new TFRecordWriter(path, { index: path + INDEX });
  return {
    add(name, target, image) {
      writer.write({
        'image/encoded': fileOf(image),
        'image/format': 'pixels' in image ? 'npy' : extname(name).slice(1).toLowerCase().replace('jpg', 'jpeg'),
        'image/class/label': BigInt(target),
        'image/class/text': classes[target]!,
        'image/filename': name,
      });
    },
    commit() {
      writer.commit();
      writeAtomically(path + LABELS, [textBytes(classes.map((name) => `${name}\n`).join(''))]);
    },
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}
