// Keyword arguments of the drawing functions: known names only, short names, and settings that several share.
import { ValueError } from '../core/errors.ts';
import { isOptions } from './values.ts';

const SHORT: Readonly<Record<string, string>> = {
  c: 'color',
  lw: 'linewidth',
  ls: 'linestyle',
  ms: 'markersize',
  ec: 'edgecolor',
  fc: 'facecolor',
};

/** Splits the arguments of a call into positional ones and those by name. */
export function split(args: readonly unknown[]): [positional: unknown[], options: Record<string, unknown>] {
  const last = args[args.length - 1];
  return isOptions(last) ? [args.slice(0, -1), last] : [[...args], {}];
}
/** Options with their defaults. @throws TypeError in Python's words for a name that the function doesn't have. */
export function settle<T extends object>(callable: string, given: object, defaults: T): T {
  const out = { ...defaults } as Record<string, unknown>;
  for (const [key, v] of Object.entries(given)) {
    const name = key in out ? key : (SHORT[key] ?? key);
    if (!(name in out)) throw new TypeError(`${callable}() got an unexpected keyword argument '${key}'`);
    if (v !== undefined) out[name] = v;
  }
  return out as T;
}

const NAMED_SIZES: Readonly<Record<string, number>> = {
  'xx-small': 0.579,
  'x-small': 0.694,
  small: 0.833,
  medium: 1,
  large: 1.2,
  'x-large': 1.44,
  'xx-large': 1.728,
};
/** The size of ordinary text in points. */
export const TEXT_SIZE = 10;
export type FontSize = number | keyof typeof NAMED_SIZES;
/** A font size in points: a number, or a name relative to the ordinary size. */
export function fontSize(size: FontSize): number {
  if (typeof size === 'number') return size;
  const factor = NAMED_SIZES[size];
  if (factor === undefined)
    throw new ValueError(
      `'${size}' is not a valid value for fontsize; supported values are a number of points, ${Object.keys(NAMED_SIZES).join(', ')}`,
    );
  return TEXT_SIZE * factor;
}
/** One of some words. @throws ValueError in matplotlib's words. */
export function oneOf<T extends string>(what: string, given: string, allowed: readonly T[]): T {
  if (!(allowed as readonly string[]).includes(given))
    throw new ValueError(`'${given}' is not a valid value for ${what}; supported values are ${allowed.map((x) => `'${x}'`).join(', ')}`);
  return given as T;
}
