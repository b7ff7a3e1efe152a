// Image files: what cannot be read says so and leaves nothing open; what is written can be read.
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { FileNotFoundError, Image, OSError, UnidentifiedImageError } from '../../src/vision/index.ts';
import { data } from './cases.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'flambeau-image-'));
});
afterAll(() => rmSync(dir, { recursive: true }));
const files = readdirSync(data('files'));
/** Files that this process has open. */
const openFiles = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);

describe('files that cannot be read', () => {
  it('names a file that is not there, and a folder', () => {
    expect(() => Image.open(join(dir, 'none.png'))).toThrow(FileNotFoundError);
    expect(() => Image.open(join(dir, 'none.png'))).toThrow(/\[Errno 2\] No such file or directory: '.*none\.png'/);
    expect(() => Image.open(dir)).toThrow(/\[Errno 21\] Is a directory/);
  });
  it('names a file that is no image', () => {
    const path = join(dir, 'text.jpg');
    writeFileSync(path, 'hello');
    expect(() => Image.open(path)).toThrow(UnidentifiedImageError);
    expect(() => Image.open(path)).toThrow(`cannot identify image file '${path}'`);
    expect(() => Image.open(new Uint8Array(3))).toThrow('cannot identify image file <3 bytes>');
    expect(() => Image.open(new Uint8Array(0))).toThrow(UnidentifiedImageError);
  });
  it.each(files)('%s cut off anywhere gives an OSError or the image', async (name) => {
    const bytes = readFileSync(data(`files/${name}`));
    const before = openFiles();
    for (let n = 0; n < bytes.length; n += Math.max(1, Math.floor(bytes.length / 23))) {
      const path = join(dir, 'cut');
      writeFileSync(path, bytes.subarray(0, n));
      for (const read of [() => Image.open(path).load(), async () => (await Image.open_async(path)).load()]) {
        const error = await (async () => read())().then(
          () => null,
          (e: unknown) => e,
        );
        if (error !== null) expect(error).toBeInstanceOf(OSError);
        else expect(n).toBeGreaterThan(bytes.length / 2);
      }
    }
    expect(openFiles()).toBeLessThanOrEqual(before + 1);
  });
  it.each(['420.jpg', 'progressive.jpg', 'gray.jpg', 'rgb.png', 'rgb.bmp', 'rgb.tiff', 'rgb.ppm'])(
    '%s cut off says so, and which file',
    async (name) => {
      const bytes = readFileSync(data(`files/${name}`));
      const path = join(dir, `half-${name}`);
      writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
      expect(() => Image.open(path).load()).toThrow(/^image file is truncated: '.*half-/);
      await expect(Image.open_async(path)).rejects.toThrow(/image file/);
    },
  );
  it('a header that is cut off is an error at once', () => {
    expect(() => Image.open(readFileSync(data('files/420.jpg')).subarray(0, 100))).toThrow('Truncated File Read');
  });
  it('refuses a file that claims absurdly many pixels', () => {
    const bytes = Uint8Array.from(readFileSync(data('files/rgb.png')));
    new DataView(bytes.buffer).setUint32(16, 1 << 20);
    new DataView(bytes.buffer).setUint32(20, 1 << 20);
    expect(() => Image.open(bytes)).toThrow(/exceeds limit of 178956970 pixels, could be decompression bomb/);
  });
});

describe('writing', () => {
  const image = Image.open(data('files/rgb.png'));
  it.each(['png', 'bmp', 'tiff', 'ppm'])('%s keeps every pixel', (extension) => {
    const path = join(dir, `x.${extension}`);
    image.save(path);
    expect(Image.open(path).convert('RGB').tobytes()).toEqual(image.tobytes());
  });
  it.each(['1', 'L', 'LA', 'RGB', 'RGBA', 'I;16'] as const)('PNG keeps mode %s', (mode) => {
    const path = join(dir, 'mode.png');
    const given = mode === 'I;16' ? image.convert('L').convert('I').convert('I;16') : image.convert(mode);
    given.save(path);
    const read = Image.open(path);
    expect([read.mode === 'L' && mode === '1' ? '1' : read.mode, read.size]).toEqual([mode, given.size]);
    expect(read.tobytes()).toEqual(given.tobytes());
  });
  it('JPEG files have the bytes that Pillow writes', () => {
    // 420.jpg is Pillow's file of the same picture.
    expect(Buffer.from(image.encode('JPEG', { quality: 85 })).subarray(-600)).toEqual(readFileSync(data('files/420.jpg')).subarray(-600));
  });
  it('lossless WebP keeps every pixel', () => {
    const path = join(dir, 'x.webp');
    image.save(path, null, { lossless: true });
    expect(Image.open(path).convert('RGB').tobytes()).toEqual(image.tobytes());
  });
  it('says what a format cannot hold, and leaves the old file', () => {
    const path = join(dir, 'old.jpg');
    copyFileSync(data('files/420.jpg'), path);
    expect(() => image.convert('RGBA').save(path)).toThrow('cannot write mode RGBA as JPEG');
    expect(() => image.save(join(dir, 'x.xyz'))).toThrow('unknown file extension: .xyz');
    expect(() => image.save(join(dir, 'none', 'x.png'))).toThrow(FileNotFoundError);
    expect(readFileSync(path)).toEqual(readFileSync(data('files/420.jpg')));
    expect(readdirSync(dir).filter((f) => f.endsWith('.tmp'))).toEqual([]);
  });
});

describe('pixels', () => {
  const image = Image.new('RGB', [3, 2], [1, 2, 3]);
  it('are read and written by place', () => {
    const im = image.copy();
    im.putpixel([2, 1], [7, 8, 9]);
    expect(im.getpixel([-1, -1])).toEqual([7, 8, 9]);
    expect(image.getpixel([2, 1])).toEqual([1, 2, 3]);
    expect(() => im.getpixel([3, 0])).toThrow('image index out of range');
    expect(image.convert('L').getpixel([0, 0])).toBe(2);
  });
  it('go to arrays and tensors and back', () => {
    expect(image.numpy()).toMatchObject({ shape: [2, 3, 3], dtype: 'uint8', offset: 0 });
    expect(Image.fromarray(image.numpy()).tobytes()).toEqual(image.tobytes());
    const flipped = torch.from_numpy(image.numpy()).flip(1);
    expect(Image.fromarray(flipped).size).toEqual([3, 2]);
    expect(Image.fromarray(torch.arange(6).view(2, 3).to(torch.int32)).mode).toBe('I');
    expect(() => Image.fromarray(torch.zeros([2, 3, 5]))).toThrow(/Cannot handle this data type/);
  });
  it('of several images are put together', () => {
    const im = Image.merge('RGB', image.split());
    im.paste(Image.new('RGB', [2, 2], [0, 0, 0]), [-1, -1]);
    expect(im.getpixel([0, 0])).toEqual([0, 0, 0]);
    expect(im.getpixel([1, 1])).toEqual([1, 2, 3]);
    im.paste([5, 5, 5], [1, 0, 3, 1]);
    expect(im.getpixel([2, 0])).toEqual([5, 5, 5]);
    expect(im.getchannel('R').histogram()[5]).toBe(2);
  });
  it('prints as Pillow does', () => {
    expect(String(image)).toBe('<PIL.Image.Image image mode=RGB size=3x2>');
  });
});
