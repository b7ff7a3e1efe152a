// torch.utils.data: datasets, samplers and loaders. Imports from nn/ (argument binding), surface/ and below.
import '../../surface/install.ts';

export { type CollateFunction, type CollateMap, default_collate, default_collate_fn_map, default_convert } from './collate.ts';
export { type Collated, DataLoader } from './dataloader.ts';
export type { DataLoaderOptions } from './options.ts';
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
export * as distributed from './distributed.ts';
export { DistributedSampler } from './distributed.ts';
export { background, BackgroundGenerator, DataPrefetcher, iter, next, StopIteration } from './prefetch.ts';
export { get_worker_info, type WorkerInfo } from './worker-info.ts';
export { BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler } from './sampler.ts';
