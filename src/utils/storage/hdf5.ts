// flambeau/utils/storage/hdf5: HDF5 files, as h5py reads and writes them. Needs h5wasm.
import '../../surface/install.ts';

export { HDF5Array, HDF5Dataset, HDF5File, type HDF5Value } from './hdf5-file.ts';
export { type HDF5Options, HDF5Writer } from './hdf5-writer.ts';
export { HDF5ImageFolder } from './packed-hdf5.ts';
