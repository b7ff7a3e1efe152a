// Tokens and their numbers; the names are those of torchtext.vocab.
import { AssertionError, RuntimeError } from '../core/errors.ts';
import { bindCall } from '../nn/arguments.ts';
import { Module } from '../nn/module.ts';
import type { Arguments } from '../nn/simple.ts';

/** Tokens by number, and numbers by token: a module, so that it can stand in a pipeline. */
export class Vocab extends Module {
  static override readonly __name__: string = 'Vocab';
  declare private readonly itos: string[];
  declare private readonly stoi: Map<string, number>;
  declare private default_index: number | null;

  /** @throws RuntimeError if a token comes twice. */
  constructor(tokens: Iterable<string>, default_index: number | null = null) {
    super();
    for (const [name, value] of Object.entries({ itos: [], stoi: new Map(), default_index }))
      Object.defineProperty(this, name, { value, writable: true });
    for (const token of tokens) this.append_token(token);
  }
  /** How many tokens there are: `len(vocab)` in Python. */
  override get length(): number {
    return this.itos.length;
  }
  /** The numbers of tokens. */
  override forward(tokens: readonly string[]): number[] {
    return this.lookup_indices(tokens);
  }
  /** Whether a token is there: `token in vocab` in Python. */
  has(token: string): boolean {
    return this.stoi.has(token);
  }
  /**
   * The number of a token: `vocab[token]` in Python.
   * @throws RuntimeError if it is not there and there is no default index.
   */
  get(token: string): number {
    const index = this.stoi.get(token) ?? this.default_index;
    if (index === null) throw new RuntimeError(`Token ${token} not found and default index is not set`);
    return index;
  }
  /** What tokens that are not there count as; null makes them an error. */
  set_default_index(index: number | null): void {
    this.default_index = index;
  }
  get_default_index(): number | null {
    return this.default_index;
  }
  /**
   * Puts a token at a place; those from there on move up.
   * @throws RuntimeError if it is there already, or the place is beyond the end.
   */
  insert_token(token: string, index: number): void {
    if (index < 0 || index > this.length)
      throw new RuntimeError(`Specified index ${index} is out of bounds for vocab of size ${this.length}`);
    this.checkNew(token);
    this.itos.splice(index, 0, token);
    for (let i = index; i < this.itos.length; i++) this.stoi.set(this.itos[i]!, i);
  }
  /** Adds a token at the end. */
  append_token(token: string): void {
    this.checkNew(token);
    this.stoi.set(token, this.itos.push(token) - 1);
  }
  private checkNew(token: string): void {
    if (this.has(token)) throw new RuntimeError(`Token ${token} already exists in the Vocab with index: ${this.stoi.get(token)}`);
  }
  /** @throws RuntimeError beyond the ends. */
  lookup_token(index: number): string {
    const token = this.itos[index];
    if (token === undefined) throw new RuntimeError(`Specified index ${index} is out of bounds for vocab of size ${this.length}`);
    return token;
  }
  lookup_tokens(indices: readonly number[]): string[] {
    return indices.map((index) => this.lookup_token(index));
  }
  lookup_indices(tokens: readonly string[]): number[] {
    return tokens.map((token) => this.get(token));
  }
  /** Numbers by token. */
  get_stoi(): Map<string, number> {
    return new Map(this.stoi);
  }
  /** Tokens by number. */
  get_itos(): string[] {
    return [...this.itos];
  }
}

interface VocabSettings {
  ordered_dict: Iterable<readonly [token: string, count: number]>;
  /** How often a token has to occur. */
  min_freq: number;
  specials: readonly string[] | null;
  /** Whether the special tokens stand at the start rather than at the end. */
  special_first: boolean;
}
/** A vocabulary of counted tokens in their order; see https://pytorch.org/text/stable/vocab.html#vocab. */
export function vocab(...args: Arguments<[ordered_dict: Iterable<readonly [string, number]>, min_freq?: number], VocabSettings>): Vocab {
  const { ordered_dict, min_freq, specials, special_first } = bindCall<VocabSettings>(
    'vocab',
    args,
    ['ordered_dict', 'min_freq', 'specials', 'special_first'],
    { min_freq: 1, specials: null, special_first: true },
  );
  const special = specials ?? [];
  const tokens = [...ordered_dict].filter(([token, count]) => count >= min_freq && !special.includes(token)).map(([token]) => token);
  return new Vocab(special_first ? [...special, ...tokens] : [...tokens, ...special]);
}

interface BuildSettings extends Omit<VocabSettings, 'ordered_dict'> {
  iterator: Iterable<Iterable<string>>;
  /** The size that the vocabulary does not exceed, special tokens included. */
  max_tokens: number | null;
}
/**
 * The vocabulary of texts that are split into tokens: the most frequent ones first, equally frequent ones by code point.
 * @throws AssertionError if max_tokens leaves no room besides the special tokens.
 * See https://pytorch.org/text/stable/vocab.html#build-vocab-from-iterator.
 */
export function build_vocab_from_iterator(
  ...args: Arguments<[iterator: Iterable<Iterable<string>>, min_freq?: number, specials?: readonly string[] | null], BuildSettings>
): Vocab {
  const { iterator, min_freq, specials, special_first, max_tokens } = bindCall<BuildSettings>(
    'build_vocab_from_iterator',
    args,
    ['iterator', 'min_freq', 'specials', 'special_first', 'max_tokens'],
    { min_freq: 1, specials: null, special_first: true, max_tokens: null },
  );
  const special = specials ?? [];
  if (max_tokens !== null && special.length >= max_tokens)
    throw new AssertionError('len(specials) >= max_tokens, so the vocab will be entirely special tokens.');
  const sorted = [...countTokens(iterator)].sort(([a, n], [b, m]) => m - n || byCodePoint(a, b));
  const kept = max_tokens === null ? sorted : sorted.slice(0, max_tokens - special.length);
  return vocab(kept, { min_freq, specials: special, special_first });
}
/** How often each token occurs, in the order in which they first do. */
export function countTokens(texts: Iterable<Iterable<string>>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const tokens of texts) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
/** Python's order of strings; JavaScript's own compares halves of surrogate pairs. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((char, i) => char !== right[i]);
  if (at < 0) return left.length - right.length;
  return right[at] === undefined ? 1 : left[at]!.codePointAt(0)! - right[at].codePointAt(0)!;
}
