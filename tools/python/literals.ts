// Number and string literals of Python source.
import { PyComplex } from './values.ts';

export function numberLiteral(text: string): bigint | number | PyComplex {
  const plain = text.replaceAll('_', '');
  if (/^0[xob]/i.test(plain)) return BigInt(plain);
  if (/j$/i.test(plain)) return new PyComplex(0, Number(plain.slice(0, -1)));
  return /^\d+$/.test(plain) ? BigInt(plain) : Number(plain);
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** The text between the quotes of a string that is not raw. */
export function unescapeString(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[\s\S])/g, (whole, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    return SIMPLE[code] ?? whole;
  });
}

/** The parts of a string literal: prefix letters, quotes and where its content lies. */
export function stringParts(literal: string): { prefix: string; quote: string } {
  const match = /^([a-zA-Z]*)('''|"""|'|")/.exec(literal)!;
  return { prefix: match[1]!.toLowerCase(), quote: match[2]! };
}

/**
 * Python source that the grammar understands: a float that ends in its point gets a zero (`1.` → `1.0`, `0.j` → `0.0j`), because
 * the grammar would read an attribute access. Strings and comments stay as they are.
 */
export function completeFloats(source: string): string {
  const token = /('''|""")[\s\S]*?\1|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|#.*|[A-Za-z_]\w*|\d[\d_]*\.(?![\d.])|\.?\d[\w.]*/g;
  return source.replace(token, (text) => (/^\d[\d_]*\.$/.test(text) ? `${text}0` : text));
}
