// What is written here opens in Python's lmdb, h5py and tfrecord, where FLAMBEAU_STORAGE_PYTHON names a Python that has them; CI has one. The other
// direction is tested from stored files.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { convert_image_folder, LMDBWriter } from '../../src/utils/storage/index.ts';
import { HDF5Writer } from '../../src/utils/storage/hdf5.ts';
import { TFRecordWriter } from '../../src/utils/storage/tfrecord.ts';
import { makeImageFolder, temporaryFolder } from './folder.ts';

const python = process.env.FLAMBEAU_STORAGE_PYTHON;
const inFolder = temporaryFolder();
/** Runs Python with `f` the name of a file; what it printed as JSON. */
function run(f: string, code: string): unknown {
  const { stdout, stderr, status } = spawnSync(python!, ['-c', `import sys, json\nf = sys.argv[1]\n${code}`, f], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
if (process.env.CI) it('is asked for in CI', () => expect(python).toBeTruthy());

describe.skipIf(!python)('Python reads', () => {
  it.each([0, 1, 50, 20_000])('an LMDB database of %i values, and goes on writing to it', (n) => {
    const path = inFolder(`${n}.lmdb`);
    {
      using writer = new LMDBWriter(path);
      for (let i = 0; i < n; i++) writer.put(`k${i}`.padEnd(4 + (i % 300), '_'), new Uint8Array((i * 37) % (n > 100 ? 300 : 9000)).fill(i));
      writer.commit();
    }
    const found = run(
      path,
      `
import lmdb
n, limit = ${n}, ${n > 100 ? 300 : 9000}
env = lmdb.open(f, map_size=1 << 28)
with env.begin() as txn:
    right = sum(txn.get(f"k{i}".ljust(4 + i % 300, "_").encode()) == bytes([i % 256]) * (i * 37 % limit) for i in range(n))
    keys = [k for k, _ in txn.cursor()]
with env.begin(write=True) as txn:
    for key in keys[::2]:
        txn.delete(key)
    for i in range(500):
        txn.put(b"new%d" % i, b"v" * (i * 20))
with env.begin() as txn:
    left = sum(1 for _ in txn.cursor())
print(json.dumps([right, keys == sorted(keys), env.stat()["entries"], left]))`,
    );
    expect(found).toEqual([n, true, Math.floor(n / 2) + 500, Math.floor(n / 2) + 500]);
  });
  it('an HDF5 file', () => {
    const path = inFolder('x.h5');
    {
      using writer = new HDF5Writer(path);
      for (let i = 0; i < 4; i++) writer.append('images', torch.full([2, 3], i, { dtype: torch.uint8 }));
      writer.append('packed', torch.arange(1000).double().reshape([10, 100]), { gzip: 6 });
      writer.append('labels', torch.arange(8n));
      writer.set_attribute('labels', 'classes', ['cat', 'dog']);
      writer.commit();
    }
    const found = run(
      path,
      `
import h5py
with h5py.File(f) as h:
    print(json.dumps([h["images"][:].tolist(), str(h["images"].dtype), h["packed"][9, 99], h["packed"].compression, h["labels"][-1].item(), list(h["labels"].attrs["classes"])]))`,
    );
    const images = [0, 0, 1, 1, 2, 2, 3, 3].map((v) => [v, v, v]);
    expect(found).toEqual([images, 'uint8', 999, 'gzip', 7, ['cat', 'dog']]);
  });
  it('a TFRecord file with its index', () => {
    const path = inFolder('x.tfrecord');
    {
      using writer = new TFRecordWriter(path, { index: `${path}.index` });
      for (let i = 0; i < 7; i++) writer.write({ image: new Uint8Array(i).fill(i), label: BigInt(i - 3), weights: [i / 2, 1] });
      writer.commit();
    }
    const found = run(
      path,
      `
from tfrecord.reader import tfrecord_loader
kinds = {"image": "byte", "label": "int", "weights": "float"}
read = lambda index: [[bytes(r["image"]).hex(), int(r["label"][0]), r["weights"].tolist()] for r in tfrecord_loader(f, index, kinds)]
# With an index the reader begins at a random record and goes round.
print(json.dumps([read(None), sorted(read(f + ".index"), key=lambda r: r[1])]))`,
    );
    const records = Array.from({ length: 7 }, (_, i) => [`0${i}`.repeat(i), i - 3, [i / 2, 1]]);
    expect(found).toEqual([records, records]);
  });
  it('packed image folders', async () => {
    makeImageFolder(inFolder('images'));
    await convert_image_folder(inFolder('images'), inFolder('p.lmdb'));
    await convert_image_folder(inFolder('images'), inFolder('p.h5'), { size: [8, 9], encode: 'array' });
    await convert_image_folder(inFolder('images'), inFolder('p.mmap'));
    const found = run(
      inFolder(),
      `
import h5py, lmdb, numpy as np
with lmdb.open(f + "/p.lmdb", readonly=True, lock=False).begin() as txn:
    meta = json.loads(txn.get(b"__meta__"))
    same = all(txn.get(key.encode()) == open(f + "/images/" + key, "rb").read() for key, _ in meta["samples"])
with h5py.File(f + "/p.h5") as h:
    shape = h["images"].shape
files, at = np.load(f + "/p.mmap/encoded.npy", mmap_mode="r"), np.load(f + "/p.mmap/offsets.npy")
fourth = files[at[3] : at[4]].tobytes() == open(f + "/images/cat/6.png", "rb").read()
print(json.dumps([meta["classes"], len(meta["samples"]), same, shape, fourth, np.load(f + "/p.mmap/labels.npy").tolist()]))`,
    );
    expect(found).toEqual([['cat', 'dog'], 8, true, [8, 8, 9, 3], true, [0, 0, 0, 0, 1, 1, 1, 1]]);
  });
});
