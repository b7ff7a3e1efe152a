// Colours to draw with.
import { ValueError } from '../core/errors.ts';

/** A name, `#rrggbb`, or red, green and blue of 0 to 255. */
export type Paint = string | readonly [number, number, number];
/** CSS's basic colours. */
const NAMES: Readonly<Record<string, number>> = {
  black: 0x000000,
  silver: 0xc0c0c0,
  gray: 0x808080,
  grey: 0x808080,
  white: 0xffffff,
  maroon: 0x800000,
  red: 0xff0000,
  purple: 0x800080,
  fuchsia: 0xff00ff,
  magenta: 0xff00ff,
  green: 0x008000,
  lime: 0x00ff00,
  olive: 0x808000,
  yellow: 0xffff00,
  navy: 0x000080,
  blue: 0x0000ff,
  teal: 0x008080,
  aqua: 0x00ffff,
  cyan: 0x00ffff,
  orange: 0xffa500,
  pink: 0xffc0cb,
};
function rgb(paint: Paint): number[] {
  if (typeof paint !== 'string') return [...paint];
  const packed = /^#[0-9a-f]{6}$/i.test(paint) ? Number.parseInt(paint.slice(1), 16) : NAMES[paint.toLowerCase()];
  if (packed === undefined) throw new ValueError(`unknown color specifier: '${paint}'`);
  return [packed >> 16, (packed >> 8) & 255, packed & 255];
}
/** Different colours: torchvision's palette. */
const palette = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => [i * (2 ** 25 - 1), i * (2 ** 15 - 1), i * (2 ** 21 - 1)].map((x) => x % 255));
/**
 * One colour for each object.
 * @throws ValueError if a list is shorter than the objects are many.
 */
export function colorsOf(colors: Paint | readonly Paint[] | null, n: number): number[][] {
  if (colors === null) return palette(n);
  const isOne = typeof colors === 'string' || typeof colors[0] === 'number';
  const all = isOne ? new Array<Paint>(n).fill(colors as Paint) : (colors as readonly Paint[]);
  if (all.length < n)
    throw new ValueError(`Number of colors must be equal or larger than the number of objects, but got ${all.length} < ${n}.`);
  return all.slice(0, n).map(rgb);
}
