"""Small files of Python's lmdb, h5py and tfrecord, which test/storage opens.

Run: python generate_storage.py OUT   (needs: pip install lmdb==3.0.0 h5py==3.16.0 tfrecord==1.14.6 numpy)
Writes OUT/python.mdb, python.h5, python.tfrecord and python.index.
"""
import os
import shutil
import sys
import tempfile

import h5py
import lmdb
import numpy as np
from tfrecord.tools.tfrecord2idx import create_index
from tfrecord.writer import TFRecordWriter

out = sys.argv[1]
os.makedirs(out, exist_ok=True)


def value(i: int) -> bytes:
    """Values on leaves and on overflow pages."""
    return bytes([i % 251]) * (i * 370 % 6000 if i % 15 == 1 else i % 60)


def make_lmdb() -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = lmdb.open(folder, map_size=1 << 22)
        with env.begin(write=True) as txn:
            for i in range(150):
                txn.put(f"key/{i}".encode(), value(i))
        # A second transaction: freed pages, and the other meta page.
        with env.begin(write=True) as txn:
            for i in range(0, 150, 3):
                txn.delete(f"key/{i}".encode())
            txn.put("schlüssel".encode(), "wert".encode())
        env.copy(out, compact=False)
        env.close()
    shutil.move(os.path.join(out, "data.mdb"), os.path.join(out, "python.mdb"))


def make_hdf5() -> None:
    with h5py.File(os.path.join(out, "python.h5"), "w") as f:
        f["x"] = np.arange(24, dtype="f4").reshape(4, 2, 3)
        f["y"] = np.arange(4)
        f["y"].attrs["classes"] = ["cat", "dog"]
        f["bool"] = np.array([True, False, True, True])
        f["half"] = np.arange(4, dtype="f2") / 2
        f["text"] = ["a", "bb", "ccc", "d"]
        f["big_endian"] = np.arange(4, dtype=">f4")
        f["complex"] = np.arange(4) * (1 + 2j)
        f["scalar"] = 7
        f["empty"] = np.zeros((0, 3))
        f.create_dataset("group/compressed", data=np.arange(400, dtype="i4").reshape(4, 100), compression="gzip", shuffle=True, chunks=(1, 100))


def make_tfrecord() -> None:
    path = os.path.join(out, "python.tfrecord")
    writer = TFRecordWriter(path)
    for i in range(5):
        writer.write(
            {
                "image": (bytes([i]) * (i * 10), "byte"),
                "label": (i - 2, "int"),
                "weights": ([i / 4, -1.5], "float"),
                "ids": ([2**40 + i, -1, i], "int"),
            }
        )
    writer.close()
    create_index(path, os.path.join(out, "python.index"))


make_lmdb()
make_hdf5()
make_tfrecord()
