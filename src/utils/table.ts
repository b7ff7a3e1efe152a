// A table with named columns: what the notes use a pandas DataFrame for. Prints as pandas does.
import { pythonFloat } from '../core/dtype.ts';
import { exponential, fixed } from '../core/decimal.ts';
import { KeyError, ValueError } from '../core/errors.ts';

export type Cell = number | bigint | string | boolean | null;
/** A row by the names of its columns. */
export type Row = Readonly<Record<string, Cell>>;

const DIGITS = 6;
/** Longer tables are printed by their ends. */
const MAX_ROWS = 60;
const SHOWN_AT_AN_END = 5;

/** Columns of equal length and a label for each row. Cells that a row does not have are null and print as NaN. */
export class Table implements Iterable<Row> {
  readonly columns: readonly string[];
  /** The labels of the rows: 0, 1, … unless others were given. */
  readonly index: readonly (number | string)[];
  private readonly cells: ReadonlyMap<string, readonly Cell[]>;

  /** @throws ValueError if the columns, or the index, differ in length. */
  constructor(
    columns: Readonly<Record<string, readonly Cell[]>> | ReadonlyMap<string, readonly Cell[]>,
    index?: readonly (number | string)[],
  ) {
    this.cells = columns instanceof Map ? new Map(columns) : new Map(Object.entries(columns));
    this.columns = [...this.cells.keys()];
    const lengths = [...this.cells.values()].map((column) => column.length);
    const length = index?.length ?? lengths[0] ?? 0;
    if (lengths.some((n) => n !== length)) throw new ValueError('All arrays must be of the same length');
    this.index = index ?? Array.from({ length }, (_, i) => i);
  }
  /** A table of objects, whose keys are the columns in the order in which they first appear. */
  static from_records(rows: readonly Row[], index?: readonly (number | string)[]): Table {
    const columns = new Set(rows.flatMap((row) => Object.keys(row)));
    return new Table(new Map([...columns].map((name) => [name, rows.map((row) => row[name] ?? null)])), index);
  }

  /** How many rows there are. */
  get length(): number {
    return this.index.length;
  }
  get shape(): readonly [rows: number, columns: number] {
    return [this.length, this.columns.length];
  }
  /**
   * All cells of a column, `df["loss"]` in Python. Name their type where it matters: `column<string>('word')`.
   * @throws KeyError if there is none of that name.
   */
  column<T extends Cell = number>(name: string): readonly T[] {
    const column = this.cells.get(name);
    if (!column) throw new KeyError(`'${name}'`);
    return column as readonly T[];
  }
  /** A row by its place; a negative one counts from the end. Undefined beyond the ends. */
  row(place: number): Row | undefined {
    const i = place < 0 ? place + this.length : place;
    if (i < 0 || i >= this.length) return undefined;
    return Object.fromEntries([...this.cells].map(([name, column]) => [name, column[i]!]));
  }
  *[Symbol.iterator](): Generator<Row> {
    for (let i = 0; i < this.length; i++) yield this.row(i)!;
  }
  /** The first n rows. */
  head(n = 5): Table {
    return this.slice(0, n < 0 ? this.length + n : n);
  }
  /** The last n rows. */
  tail(n = 5): Table {
    return this.slice(n < 0 ? -n : Math.max(this.length - n, 0), this.length);
  }
  private slice(from: number, to: number): Table {
    return new Table(new Map([...this.cells].map(([name, column]) => [name, column.slice(from, to)])), this.index.slice(from, to));
  }
  /** The columns as a plain object of arrays. */
  to_dict(): Record<string, Cell[]> {
    return Object.fromEntries([...this.cells].map(([name, column]) => [name, [...column]]));
  }
  /** Comma-separated values with a line of names first; quoted as RFC 4180 says. */
  to_csv({ index = true, separator = ',' }: { index?: boolean; separator?: string } = {}): string {
    const line = (label: Cell, cells: readonly Cell[]): string =>
      [...(index ? [label] : []), ...cells].map((cell) => csvField(cell, separator)).join(separator);
    const columns = [...this.cells.values()];
    const lines = this.index.map((label, i) =>
      line(
        label,
        columns.map((column) => column[i]!),
      ),
    );
    return `${[line('', this.columns), ...lines].join('\n')}\n`;
  }

  /** pandas' text. */
  toString(): string {
    if (this.length === 0) return `Empty DataFrame\nColumns: [${this.columns.join(', ')}]\nIndex: []`;
    if (this.length <= MAX_ROWS) return this.text();
    const [rows, columns] = this.shape;
    const ends = this.head().joined(this.tail()).text(SHOWN_AT_AN_END);
    return `${ends}\n\n[${rows} rows x ${columns} columns]`;
  }
  private joined(other: Table): Table {
    const cells = new Map([...this.cells].map(([name, column]) => [name, [...column, ...other.cells.get(name)!]]));
    return new Table(cells, [...this.index, ...other.index]);
  }
  /** All rows, with a row of dots before the given one. */
  private text(dotsBefore?: number): string {
    const withDots = (texts: string[], dots: (width: number) => string): string[] =>
      dotsBefore === undefined ? texts : texts.toSpliced(dotsBefore, 0, dots(Math.max(...texts.map((text) => text.trim().length))));
    const labels = ['', ...withDots(this.index.map(String), () => '..')];
    const wide = Math.max(...labels.map((label) => label.length));
    const columns = this.columns.map((name) => {
      const shown = [` ${name}`, ...withDots(columnText(this.cells.get(name)!), (width) => (width < 3 ? ' ..' : ' ...'))];
      const width = Math.max(...shown.map((text) => text.length));
      return shown.map((text) => text.padStart(width));
    });
    return labels.map((label, i) => [label.padEnd(wide), ...columns.map((column) => column[i]!)].join(' ')).join('\n');
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function csvField(cell: Cell, separator: string): string {
  if (cell === null) return '';
  const text = typeof cell === 'boolean' ? (cell ? 'True' : 'False') : String(cell);
  return text.includes(separator) || /["\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The cells of a column, each with a place for the sign. */
function columnText(column: readonly Cell[]): string[] {
  const numbers = column.filter((cell) => typeof cell === 'number');
  const whole = numbers.length === column.length && numbers.every(Number.isInteger);
  const text = whole ? String : floatFormat(numbers);
  return column.map((cell) => {
    if (cell === null || Number.isNaN(cell)) return ' NaN';
    if (typeof cell === 'boolean') return cell ? ' True' : ' False';
    const shown = typeof cell === 'number' ? text(cell) : String(cell);
    return shown.startsWith('-') && typeof cell !== 'string' ? shown : ` ${shown}`;
  });
}
/** How pandas writes the floats of one column: six digits, without the zeros that all of them end in, or with exponents. */
function floatFormat(numbers: readonly number[]): (x: number) => string {
  const finite = numbers.filter(Number.isFinite);
  const texts = finite.map((x) => fixed(x, DIGITS));
  const zeros = Math.min(DIGITS - 1, ...texts.map((text) => /0*$/.exec(text)![0].length));
  const longest = Math.max(...texts.map((text) => text.replace(/^-/, '').length + 1 - zeros));
  const small = finite.some((x) => x !== 0 && Math.abs(x) < 10 ** -DIGITS);
  const large = finite.some((x) => Math.abs(x) > 1e6);
  if (small || (large && longest > DIGITS + 6)) return (x) => exponential(x, DIGITS);
  return (x) => (Number.isFinite(x) ? fixed(x, DIGITS).slice(0, zeros === 0 ? undefined : -zeros) : pythonFloat(x));
}
