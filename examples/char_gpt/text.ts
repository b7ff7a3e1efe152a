// A text to learn from, as numbers of characters.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as torch from 'flambeau';
import type { Tensor } from 'flambeau';

/** The documentation of Node.js in English, about a million characters: the comments of the npm package @types/node. */
export function documentation(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('@types/node/package.json'));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.d.ts'))
    .sort()
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').match(/(?<=^ *\* )(?!@).*\n/gm) ?? [])
    .join('');
}
/** A text, and each of its characters as a number. */
export class Corpus {
  readonly characters: readonly string[];
  readonly ids: Tensor;
  private readonly numbers: ReadonlyMap<string, number>;
  constructor(text: string) {
    this.characters = [...new Set(text)].sort();
    this.numbers = new Map(this.characters.map((c, i) => [c, i]));
    this.ids = this.encode(text);
  }
  /** @throws Error for a character that the text does not have. */
  encode(text: string): Tensor {
    const numbers = Array.from(text, (c) => {
      const n = this.numbers.get(c);
      if (n === undefined) throw new Error(`the text has no ${JSON.stringify(c)}`);
      return n;
    });
    return torch.tensor(numbers, { dtype: torch.int64 });
  }
  decode(ids: Tensor): string {
    return (ids.tolist() as number[]).map((i) => this.characters[i]).join('');
  }
  /** `n` stretches of `length` characters from anywhere between two fractions of the text, and the characters that follow each: (n, length) twice. */
  batch(n: number, length: number, [from, to]: readonly [number, number]): [Tensor, Tensor] {
    const [first, end] = [from, to].map((f) => Math.floor(f * this.ids.size(0))) as [number, number];
    const positions = torch.randint(first, end - length, [n, 1]).add(torch.arange(length + 1));
    const stretches = this.ids.at(positions);
    return [stretches.at(':', ':-1'), stretches.at(':', '1:')];
  }
}
