// torch.utils.data: datasets, samplers and loaders. Imports from nn/ (argument binding), surface/ and below.
import '../../surface/install.ts';

export { default_collate, default_convert } from './collate.ts';
export { type Collated, DataLoader, type DataLoaderOptions } from './dataloader.ts';
export {
  ChainDataset,
  ConcatDataset,
  Dataset,
  IterableDataset,
  type MapStyle,
  random_split,
  StackDataset,
  Subset,
  TensorDataset,
} from './dataset.ts';
export { BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler } from './sampler.ts';
