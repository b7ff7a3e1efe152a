// Options that the commands on image folders share.
import type { Encoding, ResizeOptions } from '../utils/storage/convert.ts';
import { UsageError } from './command.ts';

export const IMAGE_OPTIONS = {
  size: { type: 'string' },
  encode: { type: 'string' },
  quality: { type: 'string', default: '90' },
  concurrency: { type: 'string', default: '8' },
  quiet: { type: 'boolean', default: false },
} as const;
interface Values {
  readonly size?: string;
  readonly encode?: string;
  readonly quality: string;
  readonly concurrency: string;
  readonly quiet: boolean;
}
/** What the options say. @throws UsageError for values that make no sense. */
export const imageOptions = (values: Values, encodings: readonly Encoding[]): ResizeOptions => ({
  size: sizeOf(values.size),
  encode: choice('encode', values.encode, encodings),
  quality: wholeNumber('quality', values.quality),
  concurrency: wholeNumber('concurrency', values.concurrency),
  on_progress: values.quiet ? null : progress(),
});
/** The two folders of a call. */
export function folders([from, to, ...rest]: readonly string[]): [from: string, to: string] {
  if (from === undefined || to === undefined || rest.length > 0) throw new UsageError('FOLDER and OUT are needed');
  return [from, to];
}

export function choice<T extends string>(name: string, value: string | undefined, choices: readonly T[]): T | null {
  if (value === undefined) return null;
  const found = choices.find((one) => one === value);
  if (!found) throw new UsageError(`--${name} is one of ${choices.join(', ')} (got ${value})`);
  return found;
}
function wholeNumber(name: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`--${name} is a whole number (got ${value})`);
  return Number(value);
}
/** `256`, or `224x320`: height, then width. */
function sizeOf(value: string | undefined): number | [height: number, width: number] | null {
  if (value === undefined) return null;
  const [, first, second] = /^([1-9]\d*)(?:x([1-9]\d*))?$/.exec(value) ?? [];
  if (first === undefined) throw new UsageError(`--size is a number of pixels, or HxW (got ${value})`);
  return second === undefined ? Number(first) : [Number(first), Number(second)];
}
/** Counts images on a terminal; prints nothing elsewhere. */
function progress(): ((done: number, total: number) => void) | null {
  if (!process.stderr.isTTY) return null;
  let shown = 0;
  return (done, total) => {
    if (done < total && performance.now() - shown < 100) return;
    shown = performance.now();
    process.stderr.write(`\r${done} of ${total} images${done === total ? '\n' : ''}`);
  };
}
