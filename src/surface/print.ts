// Printing: torch.set_printoptions and its relatives, and torch.print for places whose console shows objects in its own way.
import { checkCallback } from '../autograd/modes.ts';
import { Device } from '../core/device.ts';
import { pythonFloat } from '../core/dtype.ts';
import { changePrintOptions, currentPrintOptions, type PrintOptions, type PrintProfile, type PrintSettings } from '../core/format.ts';
import { isKwargs } from './bind.ts';

export type { PrintOptions, PrintProfile, PrintSettings } from '../core/format.ts';

type Settings = readonly [
  precision?: number | null,
  threshold?: number | null,
  edgeitems?: number | null,
  linewidth?: number | null,
  profile?: PrintProfile | null,
  sci_mode?: boolean | null,
];
const NAMES = ['precision', 'threshold', 'edgeitems', 'linewidth', 'profile', 'sci_mode'] as const;

/**
 * Sets how tensors print: digits after the point, the number of elements from which tensors are summarised, items shown at the ends of
 * a summary, characters a line, a profile (`default`, `short`, `full`) to start from, and whether floats have exponents (null: as the
 * numbers need it). What is left out stays as it is, except `sci_mode`, which goes back to null.
 *
 * See https://pytorch.org/docs/stable/generated/torch.set_printoptions.html.
 */
export function set_printoptions(options: PrintSettings): void;
export function set_printoptions(...settings: Settings): void;
export function set_printoptions(...given: readonly unknown[]): void {
  const last = given.at(-1);
  const positional = isKwargs(last) ? given.slice(0, -1) : given;
  const named = Object.fromEntries(positional.map((value, i) => [NAMES[i]!, value]));
  changePrintOptions({ ...named, ...(isKwargs(last) ? last : {}) } as PrintSettings);
}

/** The options in force, as `set_printoptions` takes them. */
export const get_printoptions = (): PrintOptions => currentPrintOptions();

/** Other options for the duration of a callback, or until the result is disposed: `using _ = torch.printoptions({ precision: 2 })`. */
export function printoptions(options: PrintSettings): Disposable;
export function printoptions<T>(options: PrintSettings, body: () => T): T;
export function printoptions<T>(options: PrintSettings, body?: () => T): T | Disposable {
  const saved = currentPrintOptions();
  const restore = (): void => changePrintOptions(saved);
  changePrintOptions(options);
  if (!body) return { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: restore } as Disposable;
  try {
    return checkCallback(body(), 'printoptions');
  } finally {
    restore();
  }
}

/** Writes values to the console as Python's print does: tensors, modules, lists and dicts in PyTorch's text, separated by spaces. */
export function print(...values: readonly unknown[]): void {
  console.log(values.map((x) => (typeof x === 'string' ? x : pythonText(x))).join(' '));
}

/** Python's repr of JavaScript values; the library's objects print themselves. */
function pythonText(x: unknown): string {
  if (x === null || x === undefined) return 'None';
  if (typeof x === 'boolean') return x ? 'True' : 'False';
  if (typeof x === 'number') return Number.isInteger(x) ? String(x) : pythonFloat(x);
  if (typeof x === 'string') return quoted(x);
  if (x instanceof Device) return x.repr();
  if (x instanceof Map) return dictText([...x.entries()]);
  if (Array.isArray(x) && x.toString === Array.prototype.toString) return `[${x.map(pythonText).join(', ')}]`;
  return isKwargs(x) ? dictText(Object.entries(x)) : String(x);
}
const dictText = (entries: readonly (readonly [unknown, unknown])[]): string =>
  `{${entries.map(([key, value]) => `${pythonText(key)}: ${pythonText(value)}`).join(', ')}}`;
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(quote, `\\${quote}`) + quote;
}
