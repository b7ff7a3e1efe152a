// Image folders packed into each format: the same samples as from the folder, in every form.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { HDF5ImageFolder } from '../../src/utils/storage/hdf5.ts';
import {
  convert_image_folder,
  FileClient,
  LMDBImageFolder,
  MappedImageFolder,
  type PackedImageFolder,
  resize_image_folder,
} from '../../src/utils/storage/index.ts';
import { TFRecordImageFolder } from '../../src/utils/storage/tfrecord.ts';
import { ImageFolder } from '../../src/vision/datasets/index.ts';
import { Image } from '../../src/vision/image/image.ts';
import { Resize } from '../../src/vision/transforms/index.ts';
import { makeImageFolder, temporaryFolder } from './folder.ts';

const inFolder = temporaryFolder();
beforeAll(() => makeImageFolder(inFolder('images')));

const FORMATS = [
  ['packed.lmdb', LMDBImageFolder],
  ['packed.tfrecord', TFRecordImageFolder],
  ['packed.h5', HDF5ImageFolder],
  ['packed.mmap', MappedImageFolder],
] as const;
const pixels = (image: unknown): Buffer => Buffer.from((image as Image).tobytes());

describe.each(FORMATS)('an image folder as %s', (name, Folder) => {
  const open = (path: string): PackedImageFolder => new Folder(path) as PackedImageFolder;
  it('has the samples of the folder', async () => {
    const path = inFolder(name);
    const made = await convert_image_folder(inFolder('images'), path);
    expect([made.classes, made.length]).toEqual([['cat', 'dog'], 8]);
    const folder = new ImageFolder(inFolder('images'));
    const ds = open(path);
    expect([ds.length, ds.classes, ds.class_to_idx]).toEqual([8, folder.classes, folder.class_to_idx]);
    expect(ds.targets).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    for (let i = 0; i < ds.length; i++) {
      const [image, target] = ds.get(i);
      const [wanted, label] = folder.get(i) as unknown as [Image, number];
      expect([image.size, target, pixels(image).equals(pixels(wanted))]).toEqual([wanted.size, label, true]);
    }
    expect(() => ds.get(8)).toThrow('list index out of range');
    ds.close();
    expect(ds.get(-1)[1]).toBe(1);
  });
  it('has pixels where they are asked for, resized as Resize does it', async () => {
    const path = inFolder(`pixels-${name}`);
    await convert_image_folder(inFolder('images'), path, { size: [16, 20], encode: 'array' });
    const ds = open(path);
    const [image] = ds.get(5);
    const wanted = new Resize([16, 20]).forward(Image.open(inFolder('images/dog/sub/3.jpg'))) as Image;
    expect([image.size, pixels(image).equals(pixels(wanted))]).toEqual([[20, 16], true]);
  });
  it('replaces an earlier one, of the other kind too', async () => {
    const path = inFolder(`again-${name}`);
    await convert_image_folder(inFolder('images'), path, { size: [16, 20], encode: 'array' });
    await convert_image_folder(inFolder('images'), path);
    expect(open(path).get(0)[0].size).toEqual([40, 30]);
  });
});

describe('converting', () => {
  it('says what is wrong, and leaves nothing behind', async () => {
    mkdirSync(inFolder('empty/cat'), { recursive: true });
    await expect(convert_image_folder(inFolder('empty'), inFolder('x.lmdb'))).rejects.toThrow('Found no valid file for the classes cat');
    await expect(convert_image_folder(inFolder('empty/cat'), inFolder('x.lmdb'))).rejects.toThrow("Couldn't find any class folder");
    await expect(convert_image_folder(inFolder('images'), inFolder('x.zip'))).rejects.toThrow(
      'format should be one of lmdb, tfrecord, hdf5, mmap',
    );
    await expect(convert_image_folder(inFolder('images'), inFolder('x.lmdb'), { size: 0 })).rejects.toThrow('size should be positive');
    await expect(convert_image_folder(inFolder('images'), inFolder('y.h5'), { size: 10, encode: 'array' })).rejects.toThrow(
      'images holds rows',
    );
    mkdirSync(inFolder('broken/cat'), { recursive: true });
    writeFileSync(inFolder('broken/cat/bad.png'), 'no image');
    await expect(convert_image_folder(inFolder('broken'), inFolder('z.tfrecord'), { size: 8 })).rejects.toThrow(
      'cat/bad.png: cannot identify',
    );
    expect(readdirSync(inFolder()).filter((name) => /\.tmp$|^[xyz]\.(tfrecord|h5)/.test(name))).toEqual([]);
  });
  it('writes a folder again with smaller images', async () => {
    const seen: number[] = [];
    const n = await resize_image_folder(inFolder('images'), inFolder('small'), { size: 12, on_progress: (done) => seen.push(done) });
    expect([n, seen]).toEqual([8, [1, 2, 3, 4, 5, 6, 7, 8]]);
    const small = Image.open(inFolder('small/cat/6.png'));
    expect([small.format, small.size]).toEqual(['PNG', [18, 12]]);
    await resize_image_folder(inFolder('images'), inFolder('bmp'), { size: [8, 9], encode: 'bmp' });
    expect([readdirSync(inFolder('bmp/cat')), Image.open(inFolder('bmp/cat/0.bmp')).size]).toEqual([
      ['0.bmp', '2.bmp', '4.bmp', '6.bmp'],
      [9, 8],
    ]);
  });
  it('is a command', () => {
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const run = (...args: string[]) => spawnSync(process.execPath, ['--import', 'tsx', main, ...args], { encoding: 'utf8' });
    const done = run('convert', inFolder('images'), inFolder('command.lmdb'), '--size', '10x12');
    expect([done.stdout, done.status]).toEqual([`8 images of 2 classes in ${inFolder('command.lmdb')} (lmdb)\n`, 0]);
    expect(new LMDBImageFolder(inFolder('command.lmdb')).get(0)[0].size).toEqual([12, 10]);
    const wrong = run('resize', inFolder('images'), inFolder('nowhere'));
    expect([wrong.status, wrong.stderr.split('\n')[0]]).toEqual([2, 'flambeau resize: --size is needed']);
  });
  it('keeps files under their paths: FileClient reads them from the database', async () => {
    await convert_image_folder(inFolder('images'), inFolder('client.lmdb'));
    const client = new FileClient('lmdb', { db_path: inFolder('client.lmdb') });
    expect(Buffer.from(client.get('dog/sub/3.jpg')).equals(readFileSync(inFolder('images/dog/sub/3.jpg')))).toBe(true);
  });
});
