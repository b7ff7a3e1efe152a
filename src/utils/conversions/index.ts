// flambeau/utils/conversions: from and to what is no tensor, beyond `x.numpy()` and `torch.from_numpy`. Imports from vision/image, surface/ and
// below.
import '../../surface/install.ts';

export { imread } from './imread.ts';
export { type CellValue, from_records, type RecordsOptions, to_records } from './records.ts';
export { numpy2var, tensor2var, var2numpy, var2tensor } from './variables.ts';
