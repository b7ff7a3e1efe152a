// npx tsx bench/storage.ts [--images N] [--size HxW] [--seconds S]: images a second from an image folder and from what it was packed into,
// and by decoder. Every image is read and decoded to its last pixel; sums of the pixels are compared, so no side can skip work.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as torch from '../src/index.ts';
import {
  convert_image_folder,
  type Encoding,
  FileClient,
  InMemoryDataset,
  LMDBImageFolder,
  MappedImageFolder,
} from '../src/utils/storage/index.ts';
import { HDF5ImageFolder } from '../src/utils/storage/hdf5.ts';
import { TFRecordImageFolder } from '../src/utils/storage/tfrecord.ts';
import { ImageFolder } from '../src/vision/datasets/index.ts';
import { Image } from '../src/vision/image/image.ts';

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '200' },
    size: { type: 'string', default: '375x500' },
    seconds: { type: 'string', default: '2' },
  },
});
const count = Number(values.images);
const [height, width] = values.size.split('x').map(Number) as [number, number];
const seconds = Number(values.seconds);

/** Smooth colours with some noise: JPEG files of about the size that photographs have. */
function photograph(seed: number): Image {
  torch.manual_seed(seed);
  const coarse = torch.rand([1, 3, 12, 16]).mul(255);
  const smooth = torch.nn.functional.interpolate(coarse, { size: [height, width], mode: 'bilinear' });
  const noisy = smooth.add(torch.randn([1, 3, height, width]).mul(6)).clamp(0, 255);
  return Image.fromarray(noisy.squeeze(0).permute(1, 2, 0).to(torch.uint8).contiguous());
}
const sum = (pixels: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < pixels.length; i += 97) total += pixels[i]!;
  return total;
};
const pixelsOf = (image: unknown): number => sum((image as Image).raster.data);

interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly total: number;
}
/** Goes through all images, again and again, for the time given. */
async function measure(name: string, n: number, one: (i: number) => number | Promise<number>): Promise<Row> {
  let total = 0;
  for (let i = 0; i < n; i++) total += await one(i);
  const start = performance.now();
  let done = 0;
  do {
    for (let i = 0; i < n; i++) await one((i * 7919) % n);
    done += n;
  } while (performance.now() - start < seconds * 1000);
  return { name, perSecond: (1000 * done) / (performance.now() - start), total };
}
function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  for (const { name, perSecond, total } of rows)
    console.log(`  ${name.padEnd(28)} ${perSecond.toFixed(0).padStart(7)} images/s   (pixels ${total})`);
}

const folder = mkdtempSync(join(tmpdir(), 'flambeau-bench-'));
try {
  const root = join(folder, 'images');
  for (let i = 0; i < count; i++) {
    const name = join(root, i % 2 ? 'odd' : 'even', `${String(i).padStart(5, '0')}.jpg`);
    mkdirSync(join(name, '..'), { recursive: true });
    photograph(i).save(name, null, { quality: 90 });
  }
  const files = readdirSync(root).flatMap((name) => readdirSync(join(root, name)).map((file) => join(root, name, file)));
  const bytes = files.map((file) => readFileSync(file));
  const mean = bytes.reduce((n, b) => n + b.length, 0) / count;
  console.log(`${count} JPEG images of ${height} × ${width}, ${(mean / 1024).toFixed(0)} kB each, from the page cache`);

  // ---- by storage -----------------------------------------------------------------------------------------------------
  const FORMATS = { lmdb: LMDBImageFolder, tfrecord: TFRecordImageFolder, hdf5: HDF5ImageFolder, mmap: MappedImageFolder } as const;
  for (const [title, encode] of [
    ['stored as they are: read and decode', 'keep'],
    ['stored as pixels: read', 'array'],
  ] as [string, Encoding][]) {
    const rows: Row[] = [];
    if (encode === 'keep') {
      const plain = new ImageFolder(root);
      rows.push(await measure('ImageFolder (files)', count, async (i) => pixelsOf((await plain.get(i))[0])));
      const client = new FileClient();
      rows.push(await measure('FileClient disk', count, (i) => pixelsOf(Image.open(client.get(files[i]!)))));
    }
    for (const [format, Folder] of Object.entries(FORMATS)) {
      const out = join(folder, `${encode}.${format}`);
      await convert_image_folder(root, out, { format: format as keyof typeof FORMATS, encode });
      const ds = new Folder(out);
      rows.push(await measure(format, count, (i) => pixelsOf(ds.get(i)[0])));
      if (format === 'lmdb' && encode === 'keep') {
        const loaded = await InMemoryDataset.load(ds);
        rows.push(await measure('InMemoryDataset (decoded)', count, (i) => pixelsOf(loaded.get(i)[0])));
      }
      ds.close();
    }
    print(title, rows);
  }

  // ---- by decoder -----------------------------------------------------------------------------------------------------
  const sharp = (await import('sharp')).default;
  const { loadImage, createCanvas } = await import('@napi-rs/canvas');
  const { Transformer } = await import('@napi-rs/image');
  print('one JPEG image at a time, from memory', [
    await measure('Image.open', count, (i) => pixelsOf(Image.open(bytes[i]!))),
    await measure('Image.open_async', count, async (i) => pixelsOf(await Image.open_async(bytes[i]!))),
    await measure('sharp', count, async (i) => sum(await sharp(bytes[i]!).raw().toBuffer())),
    await measure('@napi-rs/image', count, (i) => sum(new Transformer(bytes[i]!).rawPixelsSync())),
    await measure('@napi-rs/canvas (RGBA)', count, async (i) => {
      const context = createCanvas(width, height).getContext('2d');
      context.drawImage(await loadImage(bytes[i]!), 0, 0);
      return sum(context.getImageData(0, 0, width, height).data);
    }),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
