// Texts as lists of words; the names are those of torchtext.data.utils.
import { ValueError } from '../core/errors.ts';

/** Splits a text into tokens. */
export type Tokenizer = (line: string) => string[];

const BASIC_ENGLISH: readonly (readonly [RegExp, string])[] = [
  [/'/g, " '  "],
  [/"/g, ''],
  [/\./g, ' . '],
  [/<br \/>/g, ' '],
  [/,/g, ' , '],
  [/\(/g, ' ( '],
  [/\)/g, ' ) '],
  [/!/g, ' ! '],
  [/\?/g, ' ? '],
  [/;/g, ' '],
  [/:/g, ' '],
  [/\s+/g, ' '],
];
/** Python's str.split(): at runs of white space, without empty parts. */
const words = (line: string): string[] => line.split(/\s+/).filter(Boolean);
const basic_english: Tokenizer = (line) =>
  words(BASIC_ENGLISH.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line.toLowerCase()));

/**
 * A tokenizer by its name: `null` splits at white space, `'basic_english'` also lowers the case, parts punctuation from words and drops
 * quotes, semicolons and colons. A function is taken as it is.
 * @throws ValueError for another name: those that torchtext has besides wrap Python packages.
 * See https://pytorch.org/text/stable/data_utils.html#get-tokenizer.
 */
export function get_tokenizer(tokenizer: Tokenizer | 'basic_english' | null, language = 'en'): Tokenizer {
  if (tokenizer === null) return words;
  if (typeof tokenizer === 'function') return tokenizer;
  if (tokenizer === 'basic_english') {
    if (language !== 'en') throw new ValueError('Basic normalization is only available for Enlish(en)');
    return basic_english;
  }
  throw new ValueError(
    `Requested tokenizer ${tokenizer}, valid choices are a callable that takes a single string as input, "basic_english" for the tokenizer of torchtext, or null to split at white space.`,
  );
}

/** The tokens, then all runs of two to n of them joined by spaces; see https://pytorch.org/text/stable/data_utils.html#ngrams-iterator. */
export function* ngrams_iterator(token_list: Iterable<string>, ngrams: number): Generator<string> {
  const tokens = [...token_list];
  yield* tokens;
  for (let n = 2; n <= ngrams; n++) for (let i = 0; i + n <= tokens.length; i++) yield tokens.slice(i, i + n).join(' ');
}
