// Python's text of its own values: repr(), str() and format specifications.
import { ELLIPSIS, isPlainObject, PyComplex, PyError, PyRange, PySlice, PyTuple, type PyValue } from './values.ts';

/** repr of a float: shortest digits that read back, exponents from 1e16 up and below 1e-4. */
export function floatRepr(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (Object.is(x, -0)) return '-0.0';
  const [mantissa, exponentText] = x.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (x === 0 || (exponent >= -4 && exponent < 16)) {
    const plain = exponent < 0 ? x.toFixed(mantissa.replace(/^-?\d\.?/, '').length - exponent) : positional(mantissa, exponent);
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
function positional(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return sign + digits.slice(0, exponent + 1) + (fraction ? `.${fraction}` : '');
}

function complexRepr({ re, im }: PyComplex): string {
  const part = (x: number): string => floatRepr(x).replace(/\.0$/, '');
  if (re === 0 && !Object.is(re, -0)) return `${part(im)}j`;
  return `(${part(re)}${im < 0 || Object.is(im, -0) ? '' : '+'}${part(im)}j)`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = [...text].map(
    (c) => ESCAPES[c] ?? (c === quote ? `\\${c}` : c < ' ' || c === '\x7f' ? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}` : c),
  );
  return quote + body.join('') + quote;
}

/** The text of values that are not Python's own; null when it does not know them either. */
export type ForeignText = (value: unknown) => string | null;

/** Python's repr(value). */
export function repr(value: PyValue, foreign: ForeignText = () => null): string {
  const each = (items: Iterable<PyValue>): string => Array.from(items, (v) => repr(v, foreign)).join(', ');
  const pairs = (items: Iterable<readonly [PyValue, PyValue]>): string =>
    Array.from(items, ([k, v]) => `${repr(k, foreign)}: ${repr(v, foreign)}`).join(', ');
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return floatRepr(value);
  if (typeof value === 'string') return stringRepr(value);
  if (value === ELLIPSIS) return 'Ellipsis';
  const text = foreign(value);
  if (text !== null) return text;
  if (value instanceof PyTuple) return value.length === 1 ? `(${repr(value[0], foreign)},)` : `(${each(value)})`;
  if (Array.isArray(value)) return `[${each(value)}]`;
  if (value instanceof Map) return `{${pairs(value)}}`;
  if (value instanceof Set) return value.size ? `{${each(value)}}` : 'set()';
  if (value instanceof PyComplex) return complexRepr(value);
  if (value instanceof PyRange) return `range(${value.start}, ${value.stop}${value.step === 1n ? '' : `, ${value.step}`})`;
  if (value instanceof PySlice) return `slice(${each([value.start, value.stop, value.step])})`;
  if (value instanceof PyError) return `${value.kind}(${value.message ? stringRepr(value.message) : ''})`;
  if (isPlainObject(value)) return dictRepr(value, pairs, each);
  if (typeof value === 'function') return `<function ${value.name || '<lambda>'}>`;
  return String(value);
}

/** A library's dict, whose whole numbers are ints; a state dict is an OrderedDict, which its metadata tells. */
function dictRepr(
  dict: Readonly<Record<string, unknown>>,
  pairs: (items: Iterable<readonly [PyValue, PyValue]>) => string,
  each: (items: Iterable<PyValue>) => string,
): string {
  const entries = Object.entries(dict).map(([key, value]): [string, PyValue] => [key, pythonNumbers(value)]);
  return Object.hasOwn(dict, '_metadata') ? `OrderedDict([${each(entries.map((pair) => PyTuple.from_(pair)))}])` : `{${pairs(entries)}}`;
}
function pythonNumbers(value: unknown): PyValue {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype ? value.map(pythonNumbers) : value;
}

/** Python's str(value). */
export function str(value: PyValue, foreign: ForeignText = () => null): string {
  if (typeof value === 'string') return value;
  return value instanceof PyError ? value.message : repr(value, foreign);
}

const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?#?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** format(value, spec) for numbers and text. */
export function format(value: PyValue, spec: string, foreign: ForeignText = () => null): string {
  if (spec === '') return str(value, foreign);
  const match = SPEC.exec(spec);
  if (!match) throw new PyError('ValueError', `Invalid format specifier '${spec}'`);
  const [, fillChar, alignChar, sign, zero, width, comma, precision, type] = match;
  const isNumber = typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean';
  let body = isNumber ? formatNumber(value, type, precision === undefined ? null : Number(precision)) : str(value, foreign);
  if (!isNumber && precision !== undefined) body = body.slice(0, Number(precision));
  if (comma) body = body.replace(/^(-?\d+)/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, comma));
  if (isNumber && sign && sign !== '-' && !body.startsWith('-')) body = sign + body;
  const missing = Math.max(0, Number(width ?? 0) - body.length);
  const fill = (fillChar ?? (zero ? '0' : ' ')).repeat(missing);
  switch (alignChar ?? (zero ? '=' : isNumber ? '>' : '<')) {
    case '<':
      return body + fill;
    case '^':
      return fill.slice(0, missing >> 1) + body + fill.slice(missing >> 1);
    case '=':
      return /^[-+ ]/.test(body) ? body[0] + fill + body.slice(1) : fill + body;
    default:
      return fill + body;
  }
}

function formatNumber(value: bigint | number | boolean, type: string | undefined, precision: number | null): string {
  const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');
  const x = Number(value);
  switch (type) {
    case 'f':
    case 'F':
      return Number.isFinite(x) ? x.toFixed(precision ?? 6) : floatRepr(x);
    case 'e':
      return exponent(x.toExponential(precision ?? 6));
    case '%':
      return `${(x * 100).toFixed(precision ?? 6)}%`;
    case 'x':
      return BigInt(value).toString(16);
    case 'b':
      return BigInt(value).toString(2);
    case 'd':
      return BigInt(value).toString();
    case 'g':
    case undefined: {
      if (type === undefined && precision === null) return typeof value === 'number' ? floatRepr(value) : BigInt(value).toString();
      if (!Number.isFinite(x)) return floatRepr(x);
      const digits = precision === 0 ? 1 : (precision ?? 6);
      const power = x === 0 ? 0 : Number(x.toExponential(digits - 1).split('e')[1]);
      const text = power < -4 || power >= digits ? x.toExponential(digits - 1) : x.toFixed(digits - 1 - power);
      return exponent(text.includes('.') ? text.replace(/\.?0+(?=e|$)/, '') : text);
    }
    default:
      throw new PyError('ValueError', `Unknown format code '${type}'`);
  }
}
