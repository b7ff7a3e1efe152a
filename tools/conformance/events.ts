// Events that were read from a TensorBoard file, compared with what protobuf's own reader made of it.
import { decode } from 'fast-png';
import { Mismatch, show } from './compare.ts';
import { isObject, type Json, type JsonObject } from './values.ts';

/** `content` has `records`, in protobuf's JSON: int64 as text, bytes in base64, defaults left out; floats have float32's shortest text. */
export function compareEvents(content: JsonObject, actual: unknown): void {
  compare(content.records!, actual, 'records');
}

function compare(expected: Json, actual: unknown, where: string): void {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length)
      throw new Mismatch(`${where}: expected ${expected.length} values, got ${show(actual)}`);
    expected.forEach((item, i) => {
      compare(item as Json, actual[i], `${where}[${i}]`);
    });
  } else if (isObject(expected)) compareFields(expected, actual, where);
  else if (!isSame(expected, actual)) throw new Mismatch(`${where}: expected ${show(expected)}, got ${show(actual)}`);
}
function compareFields(expected: JsonObject, actual: unknown, where: string): void {
  if (typeof actual !== 'object' || actual === null) throw new Mismatch(`${where}: expected an object, got ${show(actual)}`);
  const found = actual as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(expected)) {
    if (name === 'pixels') comparePixels(value as JsonObject, found.encoded_image_string, `${where}.pixels`);
    else compare(value, found[name], `${where}.${name}`);
  }
  for (const [name, value] of Object.entries(found))
    if (!(name in expected) && !isDefault(value)) throw new Mismatch(`${where}: ${name} is ${show(value)}, which is not expected`);
}
const isDefault = (value: unknown): boolean => value === 0 || value === 0n || value === '' || value === false;

function isSame(expected: Json, actual: unknown): boolean {
  if (typeof actual === 'bigint') return String(actual) === String(expected);
  if (actual instanceof Uint8Array) return Buffer.from(actual).toString('base64') === expected;
  if (typeof actual !== 'number') return actual === expected;
  // protobuf's JSON has numbers that JSON has not as text.
  const number = typeof expected === 'string' ? Number(expected) : expected;
  return Object.is(actual, number) || (typeof number === 'number' && actual === Math.fround(number));
}
function comparePixels(expected: JsonObject, encoded: unknown, where: string): void {
  if (!(encoded instanceof Uint8Array)) throw new Mismatch(`${where}: there is no encoded image`);
  const { height, width, channels, data } = decode(encoded);
  const { shape, data: pixels } = expected as unknown as { shape: number[]; data: number[] };
  const actual = shape.length === 2 ? [height, width] : [height, width, channels];
  if (actual.join() !== shape.join()) throw new Mismatch(`${where}: expected an image of shape ${show(shape)}, got ${show(actual)}`);
  pixels.forEach((pixel, i) => {
    if (data[i] !== pixel) throw new Mismatch(`${where}: sample ${i} is ${data[i]}, not ${pixel}`);
  });
}
