// torch.nn.utils.rnn: sequences of different lengths, padded or packed one step after the other.
import '../../surface/install.ts';
import { type DType, float16, float32, float64, int16, int32, int64, int8, uint8 } from '../../core/dtype.ts';
import { RuntimeError, ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { F } from '../../dispatch/handles.gen.ts';
import * as torch from '../../surface/generated/torch.ts';
import { bindCall } from '../arguments.ts';
import { type Arguments, python } from '../simple.ts';

type Optional = Tensor | null;
type Fields = [data: Tensor, batch_sizes: Tensor, sorted_indices: Optional, unsorted_indices: Optional];
type Converted = Tensor & { to(...args: readonly unknown[]): Tensor };

/**
 * Sequences packed step by step: `data` holds the rows of step 0, then those of step 1, …; `batch_sizes` how many each step has.
 * Made by pack_padded_sequence and pack_sequence; what recurrent networks take and give.
 * Iterates over data, batch_sizes, sorted_indices, unsorted_indices.
 */
export class PackedSequence {
  static readonly __name__ = 'PackedSequence';
  readonly data: Tensor;
  readonly batch_sizes: Tensor;
  /** Where each sequence stood before sorting by length. */
  readonly sorted_indices: Optional;
  /** Where each sequence stands after sorting. */
  readonly unsorted_indices: Optional;
  constructor(
    ...args: Arguments<
      [data: Tensor | readonly [Tensor, Tensor], batch_sizes?: Optional, sorted_indices?: Optional, unsorted_indices?: Optional],
      PackedSequenceOptions
    >
  ) {
    const a = bindCall<PackedSequenceOptions>(
      'PackedSequence.__new__',
      args,
      ['data', 'batch_sizes', 'sorted_indices', 'unsorted_indices'],
      { batch_sizes: null, sorted_indices: null, unsorted_indices: null },
      1,
    );
    [this.data, this.batch_sizes] = a.data instanceof Tensor ? [a.data, a.batch_sizes!] : a.data;
    this.sorted_indices = a.sorted_indices;
    this.unsorted_indices = a.unsorted_indices ?? invert_permutation(a.sorted_indices);
  }
  *[Symbol.iterator](): Generator<Optional> {
    yield* this.fields();
  }
  private fields(): Fields {
    return [this.data, this.batch_sizes, this.sorted_indices, this.unsorted_indices];
  }
  /** The same sequences with the data converted as Tensor.to does. */
  to(...args: readonly unknown[]): PackedSequence {
    const data = (this.data as Converted).to(...args);
    return data === this.data ? this : new PackedSequence(data, this.batch_sizes, this.sorted_indices, this.unsorted_indices);
  }
  cpu(): PackedSequence {
    return this.to('cpu');
  }
  cuda(): PackedSequence {
    return this.to('cuda');
  }
  double(): PackedSequence {
    return this.cast(float64);
  }
  float(): PackedSequence {
    return this.cast(float32);
  }
  half(): PackedSequence {
    return this.cast(float16);
  }
  long(): PackedSequence {
    return this.cast(int64);
  }
  int(): PackedSequence {
    return this.cast(int32);
  }
  short(): PackedSequence {
    return this.cast(int16);
  }
  char(): PackedSequence {
    return this.cast(int8);
  }
  byte(): PackedSequence {
    return this.cast(uint8);
  }
  private cast(dtype: DType): PackedSequence {
    return this.to(dtype);
  }
  pin_memory(): PackedSequence {
    return this;
  }
  get is_cuda(): boolean {
    return false;
  }
  is_pinned(): boolean {
    return false;
  }
  toString(): string {
    const names = ['data', 'batch_sizes', 'sorted_indices', 'unsorted_indices'];
    return `PackedSequence(${this.fields()
      .map((t, i) => `${names[i]}=${t === null ? 'None' : String(t)}`)
      .join(', ')})`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
interface PackedSequenceOptions {
  data: Tensor | readonly [Tensor, Tensor];
  batch_sizes: Optional;
  sorted_indices: Optional;
  unsorted_indices: Optional;
}

/** The permutation that undoes another. */
export function invert_permutation(permutation: Optional): Optional {
  if (permutation === null) return null;
  return torch.empty_like(permutation).scatter_(0, permutation, torch.arange(permutation.numel(), { device: permutation.device }));
}
const lengthsOf = (lengths: Tensor | readonly number[]): Tensor =>
  lengths instanceof Tensor ? lengths.to(int64) : F.stack(lengths.map((n) => F.full([], n, int64)));

/**
 * Packs padded sequences (steps, batch, …), or batch first.
 * @throws RuntimeError if the lengths do not decrease and `enforce_sorted` is true.
 */
export function pack_padded_sequence(
  ...args: Arguments<
    [input: Tensor, lengths: Tensor | readonly number[], batch_first?: boolean, enforce_sorted?: boolean],
    { input: Tensor; lengths: Tensor | readonly number[]; batch_first: boolean; enforce_sorted: boolean }
  >
): PackedSequence {
  const a = bindCall<{ input: Tensor; lengths: Tensor | readonly number[]; batch_first: boolean; enforce_sorted: boolean }>(
    'pack_padded_sequence',
    args,
    ['input', 'lengths', 'batch_first', 'enforce_sorted'],
    { batch_first: false, enforce_sorted: true },
  );
  let { input } = a;
  let lengths = lengthsOf(a.lengths);
  let order: Optional = null;
  if (!a.enforce_sorted) {
    [lengths, order] = torch.sort(lengths, { descending: true });
    input = input.index_select(a.batch_first ? 0 : 1, order);
  }
  const [data, batch_sizes] = torch._pack_padded_sequence(input, lengths, a.batch_first);
  return new PackedSequence(data, batch_sizes, order, null);
}

interface PadOptions {
  sequence: PackedSequence;
  batch_first: boolean;
  padding_value: number;
  total_length: number | null;
}
/**
 * Padded sequences (steps, batch, …), or batch first, and their lengths.
 * @throws ValueError if `total_length` is less than the longest sequence.
 */
export function pad_packed_sequence(
  ...args: Arguments<[sequence: PackedSequence, batch_first?: boolean, padding_value?: number, total_length?: number | null], PadOptions>
): [padded: Tensor, lengths: Tensor] {
  const { sequence, batch_first, padding_value, total_length } = bindCall<PadOptions>(
    'pad_packed_sequence',
    args,
    ['sequence', 'batch_first', 'padding_value', 'total_length'],
    { batch_first: false, padding_value: 0, total_length: null },
  );
  const longest = sequence.batch_sizes.size(0);
  if (total_length !== null && total_length < longest) {
    throw new ValueError(
      `Expected total_length to be at least the length of the longest sequence in input, but got total_length=${total_length} and max sequence length being ${longest}`,
    );
  }
  const [padded, lengths] = torch._pad_packed_sequence(
    sequence.data,
    sequence.batch_sizes,
    batch_first,
    padding_value,
    total_length ?? longest,
  );
  const order = sequence.unsorted_indices;
  return order ? [padded.index_select(batch_first ? 0 : 1, order), lengths.index_select(0, order)] : [padded, lengths];
}

interface StackOptions {
  sequences: Tensor | Iterable<Tensor>;
  batch_first: boolean;
  padding_value: number;
  padding_side: 'left' | 'right';
}
const isIterable = (x: unknown): x is Iterable<Tensor> => typeof x === 'object' && x !== null && Symbol.iterator in x;
/** Sequences of different lengths stacked with padding: (longest, batch, …), or batch first. */
export function pad_sequence(
  ...args: Arguments<
    [sequences: Tensor | Iterable<Tensor>, batch_first?: boolean, padding_value?: number, padding_side?: 'left' | 'right'],
    StackOptions
  >
): Tensor {
  const { sequences, batch_first, padding_value, padding_side } = bindCall<StackOptions>(
    'pad_sequence',
    args,
    ['sequences', 'batch_first', 'padding_value', 'padding_side'],
    { batch_first: false, padding_value: 0, padding_side: 'right' },
  );
  if (sequences instanceof Tensor) return F.pad_sequence(sequences.unbind(0), batch_first, padding_value, padding_side);
  if (!isIterable(sequences)) {
    throw new RuntimeError(
      `pad_sequence: Expected iterable for input sequences, but got arg of type: <class '${typeof sequences === 'number' ? (Number.isInteger(sequences) ? 'int' : 'float') : python(typeof sequences)}'>`,
    );
  }
  return F.pad_sequence([...sequences], batch_first, padding_value, padding_side);
}

interface UnpadOptions {
  padded_sequences: Tensor;
  lengths: Tensor;
  batch_first: boolean;
}
/** The sequences of a padded batch, each with its length. */
export function unpad_sequence(
  ...args: Arguments<[padded_sequences: Tensor, lengths: Tensor, batch_first?: boolean], UnpadOptions>
): Tensor[] {
  const { padded_sequences, lengths, batch_first } = bindCall<UnpadOptions>(
    'unpad_sequence',
    args,
    ['padded_sequences', 'lengths', 'batch_first'],
    { batch_first: false },
  );
  const x = batch_first ? padded_sequences : padded_sequences.transpose(0, 1);
  return x.unbind(0).map((sequence, i) => sequence.narrow(0, 0, Math.min(Number(lengths.select(0, i).item()), sequence.size(0))).clone());
}

/** Packs a list of sequences (length, …). */
export function pack_sequence(
  ...args: Arguments<[sequences: readonly Tensor[], enforce_sorted?: boolean], { sequences: readonly Tensor[]; enforce_sorted: boolean }>
): PackedSequence {
  const { sequences, enforce_sorted } = bindCall<{ sequences: readonly Tensor[]; enforce_sorted: boolean }>(
    'pack_sequence',
    args,
    ['sequences', 'enforce_sorted'],
    { enforce_sorted: true },
  );
  return pack_padded_sequence(
    pad_sequence(sequences),
    sequences.map((s) => s.size(0)),
    false,
    enforce_sorted,
  );
}
/** The sequences that were packed. */
export function unpack_sequence(packed_sequences: PackedSequence): Tensor[] {
  return unpad_sequence(...pad_packed_sequence(packed_sequences, true), true);
}
