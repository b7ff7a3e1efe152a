// flambeau/utils/storage: many small files in few large ones (LMDB, TFRecord, HDF5, mapped arrays), and reading them. Node.js only.
// Imports from utils/data, serialization/ and below. TFRecord and HDF5 need packages of their own and have entries of their own:
// flambeau/utils/storage/tfrecord and flambeau/utils/storage/hdf5.
export { InMemoryDataset, MemoryMappedDataset } from './array-datasets.ts';
export {
  BaseStorageBackend,
  type Fetched,
  FileClient,
  HardDiskBackend,
  HTTPBackend,
  type ListOptions,
  LmdbBackend,
  MemoryBackend,
} from './file-client.ts';
export { LMDB } from './lmdb.ts';
export { LMDBDataset, type LMDBDatasetOptions } from './lmdb-dataset.ts';
export { LMDBError } from './lmdb-format.ts';
export { LMDBWriter } from './lmdb-writer.ts';
