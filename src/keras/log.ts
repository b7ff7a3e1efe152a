// The text of a training log, as torchkeras 1 prints it.
import { fixed } from '../core/decimal.ts';
import { pythonFloat } from '../core/dtype.ts';
import { python } from '../nn/simple.ts';

const DECIMALS = 3;
const BAR = '='.repeat(80);

/** A date as YYYY-MM-DD HH:MM:SS in local time. */
function timestamp(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
/** An empty line, then a bar that ends in the time. */
export const bar = (): string => `\n${BAR}${timestamp(new Date(Date.now()))}`;
/** Prints an empty line and a bar that ends in the current time, as the notes do between steps. */
export function printbar(): void {
  console.log(bar());
}

/** A number rounded to three decimals as Python rounds (ties to even), in the form in which Python prints a float. */
function rounded(x: number): string {
  return pythonFloat(Number.isFinite(x) ? Number(fixed(x, DECIMALS)) : x);
}
/** Values that are rounded when they are shown. */
export type Metrics = Readonly<Record<string, number>>;

/** `{'step': 200, 'loss': 0.956, 'accuracy': 0.521}` */
export function stepLine(step: number, metrics: Metrics): string {
  const entries = Object.entries(metrics).map(([name, value]) => `${python(name)}: ${rounded(value)}`);
  return `{${[`'step': ${step}`, ...entries].join(', ')}}`;
}

/** One row under its names, in the default style of Python's PrettyTable. */
export function epochTable(epoch: number, metrics: Metrics): string {
  const columns = [['epoch', String(epoch)], ...Object.entries(metrics).map(([name, value]) => [name, rounded(value)])];
  const widths = columns.map((column) => Math.max(...column.map((text) => text.length)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (row: number): string => `|${columns.map((column, i) => ` ${centred(column[row]!, widths[i]!)} `).join('|')}|`;
  return [rule, line(0), rule, line(1), rule].join('\n');
}
/** PrettyTable's centring: of an odd surplus, an odd text gets the larger half on its right, an even one on its left. */
function centred(text: string, width: number): string {
  const surplus = width - text.length;
  const left = text.length % 2 === 1 ? Math.floor(surplus / 2) : Math.ceil(surplus / 2);
  return ' '.repeat(left) + text + ' '.repeat(surplus - left);
}
