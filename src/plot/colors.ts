// Colours and format strings, as matplotlib reads them: https://matplotlib.org/stable/users/explain/colors/colors.html.
import { ValueError } from '../core/errors.ts';

/** A name (`'red'`, `'r'`, `'tab:blue'`, `'C1'`), `'#rrggbb'`, a grey level as text (`'0.5'`), or `[r, g, b]` or `[r, g, b, a]` from 0 to 1. */
export type Color = string | readonly [number, number, number] | readonly [number, number, number, number];

/** The cycle of colours: `C0` … `C9`. */
export const CYCLE = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f', '#bcbd22', '#17becf'];
const TABLEAU = ['blue', 'orange', 'green', 'red', 'purple', 'brown', 'pink', 'gray', 'olive', 'cyan'];
const LETTERS: Readonly<Record<string, string>> = {
  b: '#0000ff',
  g: '#008000',
  r: '#ff0000',
  c: '#00bfbf',
  m: '#bf00bf',
  y: '#bfbf00',
  k: '#000000',
  w: '#ffffff',
};
const byte = (x: number): string =>
  Math.round(Math.min(1, Math.max(0, x)) * 255)
    .toString(16)
    .padStart(2, '0');
export const hex = (r: number, g: number, b: number): string => `#${byte(r)}${byte(g)}${byte(b)}`;

/** Whether an argument is one colour rather than a list of values or colours. */
export const isColor = (c: unknown): c is Color =>
  typeof c === 'string' ||
  (Array.isArray(c) && (c.length === 3 || c.length === 4) && c.every((x) => typeof x === 'number' && x >= 0 && x <= 1));

/** A colour as CSS writes it; 'none' draws nothing. @throws ValueError for what is no colour. */
export function css(c: Color): string {
  if (typeof c !== 'string')
    return c[3] === undefined
      ? hex(...(c as [number, number, number]))
      : `rgba(${c.map((x, i) => (i < 3 ? Math.round(x * 255) : x)).join(',')})`;
  if (c === 'none') return 'transparent';
  const letter = LETTERS[c];
  if (letter) return letter;
  if (/^C\d+$/.test(c)) return CYCLE[Number(c.slice(1)) % CYCLE.length]!;
  if (c.startsWith('tab:')) {
    const i = TABLEAU.indexOf(c.slice(4).replace('grey', 'gray'));
    if (i >= 0) return CYCLE[i]!;
  }
  if (/^(0?\.\d+|[01](\.0*)?)$/.test(c)) return hex(Number(c), Number(c), Number(c));
  if (/^#([\da-f]{3}|[\da-f]{4}|[\da-f]{6}|[\da-f]{8})$/i.test(c) || /^[a-z]{3,}$/i.test(c)) return c.toLowerCase();
  throw new ValueError(`'${c}' is not a valid value for color`);
}

/** What a format string like `'ro--'` says. */
export interface Format {
  readonly color?: string;
  readonly marker?: string;
  readonly linestyle?: string;
}
const LINE_STYLES = ['--', '-.', '-', ':'];
const MARKERS = 'o.,v^<>s*+xDdph|_';
/** Reads a format string. @throws ValueError naming the character that means nothing. */
export function parseFormat(fmt: string): Format {
  const out: { color?: string; marker?: string; linestyle?: string } = {};
  for (let i = 0; i < fmt.length; ) {
    const style = LINE_STYLES.find((s) => fmt.startsWith(s, i));
    const cycled = /^C\d+/.exec(fmt.slice(i))?.[0];
    const [key, text]: [keyof Format, string] | [] = style
      ? ['linestyle', style]
      : cycled
        ? ['color', cycled]
        : LETTERS[fmt[i]!]
          ? ['color', fmt[i]!]
          : MARKERS.includes(fmt[i]!)
            ? ['marker', fmt[i]!]
            : [];
    if (!key) throw new ValueError(`'${fmt}' is not a valid format string (unrecognized character '${fmt[i]}')`);
    if (out[key] !== undefined) throw new ValueError(`'${fmt}' is not a valid format string (two ${key} symbols)`);
    out[key] = text;
    i += text!.length;
  }
  return out;
}
/** Dashes of a line style in multiples of its width; null: solid. 'None' and '' draw no line. */
export function dashes(linestyle: string): readonly number[] | null {
  const known: Readonly<Record<string, readonly number[] | null>> = {
    '-': null,
    solid: null,
    '--': [3.7, 1.6],
    dashed: [3.7, 1.6],
    '-.': [6.4, 1.6, 1, 1.6],
    dashdot: [6.4, 1.6, 1, 1.6],
    ':': [1, 1.65],
    dotted: [1, 1.65],
    None: null,
    none: null,
    '': null,
  };
  if (!(linestyle in known))
    throw new ValueError(`'${linestyle}' is not a valid value for ls; supported values are '-', '--', '-.', ':', 'None'`);
  return known[linestyle]!;
}
export const isNoLine = (linestyle: string): boolean => ['None', 'none', ''].includes(linestyle);
