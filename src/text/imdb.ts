// The notes' pipeline: a file of labelled texts, a dictionary of its most frequent words, and a dataset with one file a sample.
import { float32, int64 } from '../core/dtype.ts';
import { NotImplementedError, ValueError } from '../core/errors.ts';
import { builtin } from '../core/host.ts';
import type { Tensor } from '../core/tensor.ts';
import { bindCall } from '../nn/arguments.ts';
import type { Arguments } from '../nn/simple.ts';
import { writeAtomically } from '../serialization/source.ts';
import { tensor } from '../surface/construct.ts';
import { Dataset } from '../utils/data/dataset.ts';
import { Table } from '../utils/table.ts';
import { countTokens } from './vocab.ts';

/** The number of every word that is not in the dictionary. */
const UNKNOWN = 0;
/** The number that stands before texts that are too short. */
const PADDING = 1;
const SAMPLE = /^(\d+)\.txt$/;

function files(): typeof import('node:fs') {
  const found = builtin<typeof import('node:fs')>('fs');
  if (!found) throw new NotImplementedError('the text pipeline reads and writes files, which a page does not have');
  return found;
}

/** Lower case, without line breaks, `<br />` and punctuation. Runs of spaces stay, so that splitting gives empty words, as in the notes. */
export function clean_text(text: string): string {
  const lowercase = text.toLowerCase().replaceAll('\n', ' ');
  const stripped_html = lowercase.replaceAll('<br />', ' ');
  return stripped_html.replace(/[!-/:-@[-`{-~]/g, '');
}
const wordsOf = (text: string): string[] => clean_text(text).split(' ');

/** The label and the text of each line of a file, which a tab parts; texts keep their line break. */
function* labelled(text_file: string): Generator<readonly [label: string, text: string]> {
  const lines = files()
    .readFileSync(text_file, 'utf8')
    .replace(/\r\n?/g, '\n')
    .match(/[^\n]*\n|[^\n]+$/g);
  for (const [i, line] of (lines ?? []).entries()) {
    const parts = line.split('\t');
    if (parts.length !== 2)
      throw new ValueError(`${text_file}, line ${i + 1}: expected a label, a tab and a text, but got ${parts.length} fields`);
    yield [parts[0]!, parts[1]!];
  }
}

/** Words and their numbers: 0 is for unknown words, 1 for padding, and from 2 on the words follow, the most frequent ones first. */
export class WordDict {
  /** A row a word, with its `count` and its `word_id`. */
  readonly table: Table;
  private readonly ids: ReadonlyMap<string, number>;

  /** @throws ValueError unless there is room for a word. */
  constructor(counts: ReadonlyMap<string, number>, max_words: number) {
    if (!Number.isInteger(max_words) || max_words < 3)
      throw new ValueError(`max_words must be a whole number of at least 3, but got ${max_words}`);
    const kept = [...counts].sort(([, a], [, b]) => b - a).slice(0, max_words - 2);
    const first = PADDING + 1;
    this.ids = new Map(kept.map(([word], i) => [word, first + i]));
    this.table = new Table({ count: kept.map(([, count]) => count), word_id: [...this.ids.values()] }, [...this.ids.keys()]);
  }
  /** How many words have a number of their own. */
  get length(): number {
    return this.ids.size;
  }
  /** The number of a word. */
  get(word: string): number {
    return this.ids.get(word) ?? UNKNOWN;
  }
  /** The most frequent words as a table. */
  head(n = 5): Table {
    return this.table.head(n);
  }
}
interface WordDictSettings {
  text_file: string;
  /** How many numbers there are, those for unknown words and padding included. */
  max_words: number;
}
/** The dictionary of a file with a label, a tab and a text a line. Equally frequent words stand in the order in which they first occur. */
export function build_word_dict(...args: Arguments<[text_file: string, max_words?: number], WordDictSettings>): WordDict {
  const { text_file, max_words } = bindCall<WordDictSettings>('build_word_dict', args, ['text_file', 'max_words'], { max_words: 10_000 });
  return new WordDict(countTokens(textsOf(text_file)), max_words);
}
function* textsOf(text_file: string): Generator<string[]> {
  for (const [, text] of labelled(text_file)) yield wordsOf(text);
}

/** The last `pad_length` numbers of a list, or the list after as much padding (1) as it lacks. */
export function pad(data_list: readonly number[], pad_length: number): number[] {
  const surplus = data_list.length - pad_length;
  return surplus >= 0 ? data_list.slice(surplus) : [...new Array<number>(-surplus).fill(PADDING), ...data_list];
}

interface TokenSettings {
  text_file: string;
  token_file: string;
  word_dict: WordDict;
  /** Numbers a text; longer ones keep their end. */
  max_len: number;
}
/** Writes the texts of a file as numbers of words: a label, a tab, and `max_len` numbers with spaces between them a line. */
export function text_to_token(
  ...args: Arguments<[text_file: string, token_file: string, word_dict: WordDict, max_len?: number], TokenSettings>
): void {
  const { text_file, token_file, word_dict, max_len } = bindCall<TokenSettings>(
    'text_to_token',
    args,
    ['text_file', 'token_file', 'word_dict', 'max_len'],
    { max_len: 200 },
  );
  const lines = Array.from(labelled(text_file), ([label, text]) => {
    const tokens = wordsOf(text).map((word) => word_dict.get(word));
    return `${label}\t${pad(tokens, max_len).join(' ')}\n`;
  });
  writeAtomically(token_file, [new TextEncoder().encode(lines.join(''))]);
}

/**
 * Writes each line of a file of numbers to a file of its own: `0.txt`, `1.txt`, … in the folder, which it replaces.
 * @throws ValueError if the folder holds anything but samples.
 */
export function split_samples(token_path: string, samples_dir: string): void {
  const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = files();
  const other = existsSync(samples_dir) ? readdirSync(samples_dir).find((name) => !SAMPLE.test(name)) : undefined;
  if (other !== undefined) throw new ValueError(`${samples_dir} holds other files than samples: ${other}`);
  const partial = `${samples_dir.replace(/[/\\]+$/, '')}.${process.pid}.tmp`;
  mkdirSync(partial, { recursive: true });
  try {
    const lines = readFileSync(token_path, 'utf8').match(/[^\n]*\n|[^\n]+$/g) ?? [];
    for (const [i, line] of lines.entries()) writeFileSync(`${partial}/${i}.txt`, line);
    rmSync(samples_dir, { recursive: true, force: true });
    renameSync(partial, samples_dir);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

/** The samples of a folder, each read from its file when it is asked for: the numbers of its words (length, int64) and its label (1, float32). */
export class imdbDataset extends Dataset<[feature: Tensor, label: Tensor]> {
  readonly samples_dir: string;
  /** The names of the files, in the order of their numbers. */
  readonly samples_paths: readonly string[];

  constructor(samples_dir: string) {
    super();
    this.samples_dir = samples_dir;
    const number = (name: string): number => Number(SAMPLE.exec(name)![1]);
    this.samples_paths = files()
      .readdirSync(samples_dir)
      .filter((name) => SAMPLE.test(name))
      .sort((a, b) => number(a) - number(b));
  }
  override get length(): number {
    return this.samples_paths.length;
  }
  override get(index: number): [feature: Tensor, label: Tensor] {
    const path = `${this.samples_dir}/${this.samples_paths[index]}`;
    const [label, tokens] = files().readFileSync(path, 'utf8').split('\t');
    if (tokens === undefined) throw new ValueError(`${path} is no sample: expected a label, a tab and numbers`);
    return [tensor(tokens.split(' ').map(Number), { dtype: int64 }), tensor([Number(label)], { dtype: float32 })];
  }
}
