// The notes' pipeline: what the notes' own Python gives (tools/oracle/generate_text.py), and the corpus that stands in for IMDB.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { build_word_dict, clean_text, imdbDataset, pad, spam_assassin, split_samples, text_to_token } from '../../src/text/index.ts';
import { DataLoader } from '../../src/utils/data/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'flambeau-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
const notes = JSON.parse(readFileSync(fileURLToPath(new URL('notes.json', import.meta.url)), 'utf8')) as {
  max_words: number;
  max_len: number;
  file: string;
  cleaned: string[];
  head: string;
  tokens: string;
  first: string[];
};

describe('the pipeline of the notes', () => {
  writeFileSync(file('train.tsv'), notes.file);
  const word_dict = build_word_dict(file('train.tsv'), { max_words: notes.max_words });
  text_to_token(file('train.tsv'), file('train_token.tsv'), word_dict, { max_len: notes.max_len });
  split_samples(file('train_token.tsv'), file('samples'));

  it('cleans texts', () => {
    const texts = notes.file.match(/[^\n]*\n/g)!.map((line) => line.split('\t')[1]!);
    expect(texts.map(clean_text)).toEqual(notes.cleaned);
  });
  it('numbers the most frequent words', () => {
    expect(String(word_dict.head(10))).toBe(notes.head);
    expect([word_dict.length, word_dict.get('the'), word_dict.get('no such word')]).toEqual([notes.max_words - 2, 3, 0]);
  });
  it('pads at the start and keeps the end', () => {
    expect([pad([7, 8], 4), pad([5, 6, 7, 8], 4), pad([5, 6, 7, 8], 3)]).toEqual([
      [1, 1, 7, 8],
      [5, 6, 7, 8],
      [6, 7, 8],
    ]);
  });
  it('writes the token file', () => {
    expect(readFileSync(file('train_token.tsv'), 'utf8')).toBe(notes.tokens);
  });
  it('gives a dataset with one file a sample', () => {
    const ds = new imdbDataset(file('samples'));
    expect(readdirSync(file('samples'))).toHaveLength(ds.length);
    expect(ds.get(0).map(String)).toEqual(notes.first);
    const [[features, labels]] = [...new DataLoader(ds, { batch_size: 5 })];
    expect([[...features!.shape], features!.dtype.name, [...labels!.shape], labels!.dtype.name]).toEqual([
      [5, notes.max_len],
      'int64',
      [5, 1],
      'float32',
    ]);
  });
  it('keeps the order of the numbers beyond nine, and replaces older samples', () => {
    writeFileSync(file('many.tsv'), Array.from({ length: 12 }, (_, i) => `${i}\t${i}\n`).join(''));
    split_samples(file('many.tsv'), file('many'));
    expect(Array.from({ length: 12 }, (_, i) => new imdbDataset(file('many')).get(i)[0].item())).toEqual(
      Array.from({ length: 12 }, (_, i) => i),
    );
    split_samples(file('train_token.tsv'), file('many'));
    expect(new imdbDataset(file('many')).length).toBe(5);
  });
  it('says what is wrong with files', () => {
    writeFileSync(file('bad.tsv'), '1\tfine\nno tab\n');
    expect(() => build_word_dict(file('bad.tsv'))).toThrow(
      `${file('bad.tsv')}, line 2: expected a label, a tab and a text, but got 1 fields`,
    );
    expect(() => build_word_dict(file('train.tsv'), { max_words: 2 })).toThrow('max_words must be a whole number of at least 3, but got 2');
    mkdirSync(file('other'));
    writeFileSync(join(file('other'), 'keep.me'), '');
    expect(() => split_samples(file('train_token.tsv'), file('other'))).toThrow(`${file('other')} holds other files than samples: keep.me`);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

it('the mail corpus has bodies only, no duplicates, and always the same split', async () => {
  const { train, test } = await spam_assassin();
  expect([train.length, test.length]).toEqual([4660, 1165]);
  expect([train, test].map((part) => part.filter(({ label }) => label === 1).length)).toEqual([1378, 337]);
  const all = [...train, ...test].map(({ text }) => clean_text(text).replace(/\s+/g, ' ').trim());
  expect(new Set(all).size).toBe(all.length);
  expect(all.filter((text) => text === '')).toEqual([]);
  expect([...train, ...test].filter(({ text }) => /^From \S+@\S+ +\w{3} \w{3}/.test(text))).toEqual([]);
  expect([...train, ...test].filter(({ text }) => /[\t\n\r]/.test(text))).toEqual([]);
  expect(train[0]!.text.slice(0, 43)).toBe('>>>>> "J" == Joseph S Barrera, <Joseph> wri');
});
