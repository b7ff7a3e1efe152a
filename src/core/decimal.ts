// Numbers as C's printf and Python's format write them: ties go to the even digit, and zeros keep their sign.
import { pythonFloat } from './dtype.ts';

const LARGEST_FIXED = 1e21; // from here on, toFixed writes an exponent

/** Python's format(x, '.{digits}f'). */
export function fixed(x: number, digits: number): string {
  if (!Number.isFinite(x)) return pythonFloat(x);
  const size = Math.abs(x);
  return sign(x) + (size >= LARGEST_FIXED ? wholeFixed(size, digits) : toEven(size.toFixed(digits), size * 2 ** (digits + 1)));
}

/** Python's format(x, '.{digits}e'). */
export function exponential(x: number, digits: number): string {
  if (!Number.isFinite(x)) return pythonFloat(x);
  const size = Math.abs(x);
  const text = size.toExponential(digits);
  const exponent = exponentOf(size);
  const decimals = digits - exponent;
  const halves = decimals >= 0 ? size * 2 ** (decimals + 1) : halvesOfPower(size, -decimals);
  // 9.5 rounds to ten, which is even, though its digit is a one.
  const carried = !text.endsWith(`e${exponent < 0 ? '' : '+'}${exponent}`);
  return sign(x) + (carried ? text : toEven(text, halves)).replace(/e([+-])(\d)$/, 'e$10$2');
}

const sign = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');
const exponentOf = (size: number): number => Number(size.toExponential().split('e')[1]);
const wholeFixed = (size: number, digits: number): string => BigInt(size).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');

/**
 * JavaScript rounds exactly too, but ties away from zero. A tie at `d` decimals is an odd multiple of half of 10^-d, and a float
 * is one only if it is an odd multiple of half of 2^-d: `halves` counts those.
 */
function toEven(text: string, halves: number): string {
  const isTie = Number.isInteger(halves) && halves % 2 === 1;
  // An odd digit came from rounding up, so the even one is below it.
  return isTie ? text.replace(/^([\d.]*)([13579])(?=e|$)/, (_, before: string, digit: string) => before + String(Number(digit) - 1)) : text;
}
/** How many halves of 10^power there are in a float, if it is whole and a multiple; otherwise none. */
function halvesOfPower(size: number, power: number): number {
  if (!Number.isInteger(size)) return 0;
  const twice = 2n * BigInt(size);
  const unit = 10n ** BigInt(power);
  return twice % unit === 0n ? Number((twice / unit) % 2n) : 0;
}
