// Files of tensors: PyTorch's checkpoints, safetensors, NumPy's. Imports from surface/, nn/parameter.ts and below.
import '../surface/install.ts';

export { load, type LoadOptions, save, type SaveOptions } from './checkpoint.ts';
export { get_safe_globals } from './globals.ts';
export { load_numpy, type LoadNumpyOptions, type NumpyOptions, NumpyWriter, save_numpy } from './numpy.ts';
export {
  load_file,
  load_metadata,
  load_safetensors,
  type Metadata,
  safe_open,
  SafetensorsFile,
  type SafetensorsOptions,
  save_file,
  save_safetensors,
} from './safetensors.ts';
export type { FileLike } from './source.ts';
export type { MapLocation } from './storages.ts';
