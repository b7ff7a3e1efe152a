// Files of tensors. Imports from surface/ and below.
export { load_file, load_metadata, save_file } from './files.ts';
export { load, type Metadata, save } from './safetensors.ts';
