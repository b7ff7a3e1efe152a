// flambeau/utils/storage: many small files in few large ones (LMDB, TFRecord, HDF5, mapped arrays), and reading them. Node.js only.
// Imports from utils/data, serialization/ and below. TFRecord and HDF5 need packages of their own and have entries of their own:
// flambeau/utils/storage/tfrecord and flambeau/utils/storage/hdf5.
import '../../surface/install.ts';

export { InMemoryDataset, MemoryMappedDataset } from './array-datasets.ts';
export {
  BaseStorageBackend,
  type Fetched,
  HardDiskBackend,
  HTTPBackend,
  type ListOptions,
  LmdbBackend,
  MemoryBackend,
} from './backends.ts';
export { type Backends, FileClient } from './file-client.ts';
export {
  type ConvertOptions,
  convert_image_folder,
  type Converted,
  type Encoding,
  type PackedFormat,
  resize_image_folder,
  type ResizeOptions,
} from './convert.ts';
export { LMDB } from './lmdb.ts';
export { LMDBDataset, type LMDBDatasetOptions } from './lmdb-dataset.ts';
export { LMDBError } from './lmdb-format.ts';
export { LMDBWriter } from './lmdb-writer.ts';
export { type PackedFolderOptions, PackedImageFolder } from './packed-folder.ts';
export { LMDBImageFolder } from './packed-lmdb.ts';
export { MappedImageFolder } from './packed-mapped.ts';
