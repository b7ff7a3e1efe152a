// Packed image folders in worker threads: each opens the file for itself and gives what the calling thread gives.
import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';
import { DataLoader } from '../../src/utils/data/index.ts';
import { HDF5ImageFolder } from '../../src/utils/storage/hdf5.ts';
import { convert_image_folder, LMDBImageFolder, MappedImageFolder, type PackedImageFolder } from '../../src/utils/storage/index.ts';
import { TFRecordImageFolder } from '../../src/utils/storage/tfrecord.ts';
import { makeImageFolder, temporaryFolder } from './folder.ts';
import { toFloat } from './transform.ts';

const inFolder = temporaryFolder();
beforeAll(() => makeImageFolder(inFolder('images')));
const FORMATS = [
  ['packed.lmdb', LMDBImageFolder],
  ['packed.tfrecord', TFRecordImageFolder],
  ['packed.h5', HDF5ImageFolder],
  ['packed.mmap', MappedImageFolder],
] as const;

describe.each(FORMATS)('a loader of %s', (name, Folder) => {
  it('gives the same batches with worker threads and without', async () => {
    const path = inFolder(`loader-${name}`);
    await convert_image_folder(inFolder('images'), path, { size: [16, 20], encode: 'png' });
    const ds = new Folder(path, { transform: toFloat as never });
    const batches: torch.Tensor[][] = [];
    const warned = vi.spyOn(console, 'warn');
    for (const num_workers of [0, 2]) {
      const seen: torch.Tensor[] = [];
      for await (const [x, y] of new DataLoader(ds as unknown as PackedImageFolder<torch.Tensor>, { batch_size: 3, num_workers }))
        seen.push(x, y as never);
      batches.push(seen);
    }
    expect(warned).not.toHaveBeenCalled(); // no falling back to this thread
    expect(batches[0]).toHaveLength(6);
    expect(batches[0]![0]!.shape).toEqual([3, 3, 16, 20]);
    expect(batches[0]!.every((x, i) => torch.equal(x, batches[1]![i]!))).toBe(true);
  });
});
