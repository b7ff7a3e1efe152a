// HDF5, TFRecord and mapped arrays: files of Python are read, what is written is read again, damaged files are errors.
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { NumpyWriter, load_numpy, save_numpy } from '../../src/serialization/index.ts';
import { HDF5Dataset, HDF5File, HDF5Writer } from '../../src/utils/storage/hdf5.ts';
import { InMemoryDataset, MemoryMappedDataset } from '../../src/utils/storage/index.ts';
import {
  create_index,
  decode_example,
  encode_example,
  TFRecordDataset,
  type TFRecordDatasetOptions,
  type ExampleRecord,
  TFRecordFile,
  TFRecordWriter,
} from '../../src/utils/storage/tfrecord.ts';
import { temporaryFolder } from './folder.ts';

const inFolder = temporaryFolder();
const data = (name: string): string => fileURLToPath(new URL(`data/${name}`, import.meta.url));

describe('an HDF5 file', () => {
  it('of h5py is read with the dtypes of NumPy', () => {
    using file = new HDF5File(data('python.h5'));
    const all = (name: string): unknown => file.get(name).rows(0, file.get(name).length);
    expect(torch.equal(all('x') as torch.Tensor, torch.arange(24).float().reshape([4, 2, 3]))).toBe(true);
    expect(String(all('bool'))).toBe('tensor([ True, False,  True,  True])');
    expect(String(all('half'))).toBe('tensor([0.0000, 0.5000, 1.0000, 1.5000], dtype=torch.float16)');
    expect(String(all('big_endian'))).toBe('tensor([0., 1., 2., 3.])');
    expect(String(all('complex'))).toBe('tensor([0.+0.j, 1.+2.j, 2.+4.j, 3.+6.j], dtype=torch.complex128)');
    expect(all('text')).toEqual(['a', 'bb', 'ccc', 'd']);
    expect((all('empty') as torch.Tensor).shape).toEqual([0, 3]);
    expect(String((file.get('group/compressed').row(-1) as torch.Tensor).at('97:'))).toBe('tensor([397, 398, 399], dtype=torch.int32)');
    expect(file.get('y').attrs.classes).toEqual(['cat', 'dog']);
    expect(file.keys()).toContain('group/compressed');
    expect(() => file.get('nothing')).toThrow("object 'nothing' doesn't exist");
    expect(() => file.get('scalar').length).toThrow('Attempt to take len() of scalar dataset');
  });
  it('is a dataset of rows', () => {
    const ds = new HDF5Dataset(data('python.h5'), ['x', 'y', 'text']);
    expect(ds.length).toBe(4);
    const [x, y, text] = ds.get(-1) as [torch.Tensor, torch.Tensor, string];
    expect([x.tolist(), y.item(), text]).toEqual([
      [
        [18, 19, 20],
        [21, 22, 23],
      ],
      3,
      'd',
    ]);
    expect(() => ds.get(4)).toThrow('list index out of range');
    expect(() => new HDF5Dataset(data('python.h5'), ['x', 'empty'])).toThrow('Size mismatch');
    expect(() => new HDF5Dataset(data('python.h5'), ['nope'])).toThrow("'nope'");
    ds.close();
    expect(new HDF5Dataset(data('python.h5'), 'y', { transform: (v) => Number((v as torch.Tensor).item()) * 2 }).get(2)).toBe(4);
  });
  it('is written row by row', () => {
    const path = inFolder('rows.h5');
    {
      using writer = new HDF5Writer(path);
      for (let i = 0; i < 5; i++) {
        writer.append('images', torch.full([3, 4, 5], i, { dtype: torch.uint8 }));
        writer.append('labels', torch.arange(3n).add(3 * i));
      }
      writer.append('packed', torch.arange(1000).float().reshape([10, 100]), { gzip: 4, chunk_rows: 2 });
      writer.set_attribute('labels', 'classes', ['a', 'b']);
      expect(() => writer.append('labels', torch.ones([2]))).toThrow('labels holds rows of torch.int64');
      expect(existsSync(path)).toBe(false);
      writer.commit();
    }
    const ds = new HDF5Dataset(path, ['images', 'labels']);
    expect(ds.length).toBe(15);
    expect((ds.get(14) as torch.Tensor[]).map((t) => t.float().mean().item())).toEqual([4, 14]);
    using file = new HDF5File(path);
    expect((file.get('packed').row(9) as torch.Tensor).at(99).item()).toBe(999);
    expect(file.get('labels').attrs.classes).toEqual(['a', 'b']);
  });
  it('that is none, cut short or missing is an error', () => {
    writeFileSync(inFolder('none.h5'), 'no HDF5 file');
    expect(() => new HDF5File(inFolder('none.h5'))).toThrow('file signature not found');
    copyFileSync(data('python.h5'), inFolder('cut.h5'));
    truncateSync(inFolder('cut.h5'), 5000);
    expect(() => new HDF5File(inFolder('cut.h5'))).toThrow('cut.h5');
    expect(() => new HDF5File(inFolder('missing.h5'))).toThrow('no such file');
    expect(() => new HDF5Writer(inFolder('no/folder.h5'))).toThrow('no such file');
  });
});

describe('a TFRecord file', () => {
  it('of Python is read, with its index and without', () => {
    for (const index_path of [null, data('python.index')]) {
      const ds = new TFRecordDataset(data('python.tfrecord'), { index_path });
      expect(ds.length).toBe(5);
      const last = ds.get(-1);
      expect(Object.keys(last).sort()).toEqual(['ids', 'image', 'label', 'weights']);
      expect(last.image).toEqual(new Uint8Array(40).fill(4));
      expect(String(last.label)).toBe('tensor([2])');
      expect(String(last.weights)).toBe('tensor([ 1.0000, -1.5000])');
      expect((last.ids as torch.Tensor).tolist()).toEqual([2 ** 40 + 4, -1, 4]);
    }
    create_index(data('python.tfrecord'), inFolder('made.index'));
    expect(readFileSync(inFolder('made.index'), 'utf8')).toBe(readFileSync(data('python.index'), 'utf8'));
  });
  it('gives what the description asks for, or says what is wrong with it', () => {
    const taken = (description: TFRecordDatasetOptions<ExampleRecord>) => new TFRecordDataset(data('python.tfrecord'), description).get(0);
    expect(Object.keys(taken({ description: ['label'] }))).toEqual(['label']);
    expect(() => taken({ description: { nope: 'int' } })).toThrow("Key nope doesn't exist (select from ['");
    expect(() => taken({ description: { label: 'float' } })).toThrow("Incompatible type 'float' for `label` (should be 'int').");
  });
  it('is written and read again', () => {
    const path = inFolder('own.tfrecord');
    {
      using writer = new TFRecordWriter(path, { index: inFolder('own.index') });
      writer.write({
        a: 'text',
        b: new Uint8Array([1, 2]),
        c: [1.5, 2],
        d: 7n,
        e: torch.tensor([3n, 4n]),
        f: [5, 'int'],
        g: ['x', 'y'],
        h: true,
      });
      writer.write({ a: '', c: [] });
      writer.commit();
    }
    const ds = new TFRecordDataset(path, { index_path: inFolder('own.index') });
    const { a, b, c, d, e, f, g, h } = ds.get(0);
    expect([a, b, g]).toEqual([new TextEncoder().encode('text'), new Uint8Array([1, 2]), [new Uint8Array([120]), new Uint8Array([121])]]);
    expect([c, d, e, f, h].map(String)).toEqual([
      'tensor([1.5000, 2.0000])',
      'tensor([7])',
      'tensor([3, 4])',
      'tensor([5])',
      'tensor([1])',
    ]);
    expect(() => encode_example({ x: [1.5, 'int'] })).toThrow("the feature 'x' cannot be stored as 'int' (got the number 1.5)");
    expect(() => encode_example({ x: ['a', 'float'] as never })).toThrow("cannot be stored as 'float'");
    expect(Object.keys(decode_example(encode_example({})))).toEqual([]);
  });
  it('may be compressed', () => {
    writeFileSync(inFolder('python.gz'), gzipSync(readFileSync(data('python.tfrecord'))));
    expect(new TFRecordDataset(inFolder('python.gz'), { compression_type: 'gzip' }).length).toBe(5);
    {
      using writer = new TFRecordWriter(inFolder('own.gz'), { compression: 'gzip' });
      writer.write({ a: 1n });
      writer.commit();
    }
    expect(String(new TFRecordDataset(inFolder('own.gz'), { compression_type: 'gzip' }).get(0).a)).toBe('tensor([1])');
  });
  it('that is cut short or damaged is an error', () => {
    const whole = readFileSync(data('python.tfrecord'));
    writeFileSync(inFolder('cut.tfrecord'), whole.subarray(0, whole.length - 5));
    expect(() => new TFRecordFile(inFolder('cut.tfrecord'))).toThrow('the record at byte 494 claims');
    const copy = Uint8Array.from(whole);
    copy[200]! ^= 1;
    writeFileSync(inFolder('bad.tfrecord'), copy);
    using file = new TFRecordFile(inFolder('bad.tfrecord'));
    expect(() => [...file]).toThrow('its data does not match the checksum');
    expect(() => new TFRecordFile(data('python.tfrecord'), { index: data('python.h5') })).toThrow('is no part of the file');
  });
});

describe('arrays in memory and mapped', () => {
  it('are samples by row, read from .npy files', () => {
    save_numpy(torch.arange(24).float().reshape([4, 6]), inFolder('x.npy'));
    save_numpy(torch.arange(4n), inFolder('y.npy'));
    const ds = new MemoryMappedDataset(inFolder('x.npy'), inFolder('y.npy'));
    expect(ds.length).toBe(4);
    expect(ds.get(-1).map((t) => t.tolist())).toEqual([[18, 19, 20, 21, 22, 23], 3]);
    ds.get(0)[0]!.fill_(9); // stays private
    expect((load_numpy(inFolder('x.npy')) as torch.Tensor).at(0, 0).item()).toBe(0);
    save_numpy(torch.arange(3n), inFolder('z.npy'));
    expect(() => new MemoryMappedDataset(inFolder('x.npy'), inFolder('z.npy'))).toThrow('Size mismatch between tensors');
    expect(() => load_numpy(new Uint8Array(3), { mmap: true })).toThrow('f must be a file path');
  });
  it('are written row by row', () => {
    {
      using writer = new NumpyWriter(inFolder('grown.npy'), torch.int16, [2]);
      for (let i = 0; i < 1000; i++) writer.append(torch.full([1, 2], i, { dtype: torch.int16 }));
      expect(() => writer.append(torch.ones([1, 3], { dtype: torch.int16 }))).toThrow('rows of torch.int16 and shape [2] are written');
      writer.commit();
    }
    const grown = load_numpy(inFolder('grown.npy')) as torch.Tensor;
    expect([grown.shape, grown.at(999).tolist()]).toEqual([
      [1000, 2],
      [999, 999],
    ]);
  });
  it('are loaded once, promises several at a time', async () => {
    let loads = 0;
    let running = 0;
    let most = 0;
    const slow = {
      length: 20,
      get: async (i: number): Promise<number> => {
        loads++;
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
        return i * i;
      },
      concat: () => {
        throw new Error('unused');
      },
    };
    const ds = await InMemoryDataset.load(slow as never, { concurrency: 4, transform: (v: number) => v + 1 });
    expect([ds.length, ds.get(3), ds.get(3), ds.get(-1), loads, most]).toEqual([20, 10, 10, 362, 20, 4]);
  });
});
