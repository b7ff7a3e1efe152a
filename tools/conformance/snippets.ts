// Python snippets of the data against the library: the names that they start with.
import { Interpreter } from '../python/evaluate.ts';
import { Torch } from '../python/torch.ts';
import type { PyValue } from '../python/values.ts';
import type { Library } from './library.ts';

/** A fresh namespace with the given names; a text names a member of `torch`, '' torch itself. */
export function interpreter(library: Library, names: Readonly<Record<string, string | number>>): Interpreter {
  const torch = new Torch(library);
  const values = Object.entries(names).flatMap(([name, value]): [string, PyValue][] => {
    if (typeof value === 'number') return [[name, value]];
    // A name that the library lacks is not defined: the snippet that uses it fails with its name.
    return value !== '' && library.find(value) === undefined ? [] : [[name, torch.at(value)]];
  });
  return new Interpreter({ foreign: torch, names: values });
}

const DATA_NAMES = [
  'random_split',
  'RandomSampler',
  'WeightedRandomSampler',
  'SubsetRandomSampler',
  'SequentialSampler',
  'BatchSampler',
  'TensorDataset',
  'DataLoader',
  'Subset',
  'ConcatDataset',
];

export const RANDOM_NAMES = {
  torch: '',
  nn: 'nn',
  F: 'nn.functional',
  init: 'nn.init',
  T: 'tensor',
  ...Object.fromEntries(DATA_NAMES.map((name) => [name, `utils.data.${name}`])),
};
export const PRINTING_NAMES = {
  torch: '',
  nn: 'nn',
  F: 'nn.functional',
  T: 'tensor',
  inf: Number.POSITIVE_INFINITY,
  nan: Number.NaN,
  TensorDataset: 'utils.data.TensorDataset',
  data: 'utils.data',
};
export const SEED_NAMES = { torch: '', nn: 'nn', F: 'nn.functional', summary: 'keras.summary' };
