// tf.train.Example: named lists of bytes, float32 and int64 numbers as a protocol buffer.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { float32, int64 } from '../../core/dtype.ts';
import { KeyError, ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { tensor } from '../../surface/construct.ts';
import { ExampleSchema, type Feature, FeatureSchema } from './generated/example_pb.ts';
import { textBytes } from './paths.ts';

/** What a feature holds: bytes, float32 numbers or int64 numbers. */
export type FeatureKind = 'byte' | 'float' | 'int';
/** One value or a list; the kind follows from the type unless it is given beside it, `[value, kind]` as in Python. */
export type FeatureValue = FeatureData | readonly [FeatureData, FeatureKind];
type FeatureData =
  | Uint8Array
  | string
  | number
  | bigint
  | boolean
  | Tensor
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | readonly (number | bigint | boolean)[]
  | readonly (string | Uint8Array)[];
/** A record read: one byte string as bytes, several as a list, float32 and int64 numbers as tensors of one dimension. */
export type ExampleRecord = Record<string, Uint8Array | Uint8Array[] | Tensor>;

/**
 * The bytes of a tf.train.Example. Text, bytes and lists of them become bytes; bigints, booleans and integer tensors int64; other numbers
 * float32.
 * @throws TypeError if a value does not fit its kind.
 */
export function encode_example(features: Readonly<Record<string, FeatureValue>>): Uint8Array {
  const feature = Object.fromEntries(Object.entries(features).map(([name, value]) => [name, encodeFeature(name, value)]));
  return toBinary(ExampleSchema, create(ExampleSchema, { features: { feature } }));
}
const isKind = (x: unknown): x is FeatureKind => x === 'byte' || x === 'float' || x === 'int';
function encodeFeature(name: string, given: FeatureValue): Feature {
  const isPair = Array.isArray(given) && given.length === 2 && isKind(given[1]);
  const value = (isPair ? given[0] : given) as FeatureData;
  const items = itemsOf(value);
  const kind = isPair ? (given[1] as FeatureKind) : kindOf(value, items);
  const wrong = (): never => {
    throw new TypeError(`the feature '${name}' cannot be stored as '${kind}' (got ${describe(items[0])})`);
  };
  switch (kind) {
    case 'byte':
      return create(FeatureSchema, {
        kind: {
          case: 'bytesList',
          value: { value: items.map((x) => (typeof x === 'string' || x instanceof Uint8Array ? textBytes(x) : wrong())) },
        },
      });
    case 'float':
      return create(FeatureSchema, {
        kind: { case: 'floatList', value: { value: items.map((x) => (isNumeric(x) ? Number(x) : wrong())) } },
      });
    case 'int':
      return create(FeatureSchema, {
        kind: {
          case: 'int64List',
          value: { value: items.map((x) => (isNumeric(x) && (typeof x !== 'number' || Number.isInteger(x)) ? BigInt(x) : wrong())) },
        },
      });
  }
}
type Item = string | Uint8Array | number | bigint | boolean;
const isNumeric = (x: Item): x is number | bigint | boolean => typeof x !== 'string' && typeof x !== 'object';
const describe = (x: unknown): string => (x instanceof Uint8Array ? 'bytes' : typeof x === 'number' ? `the number ${x}` : typeof x);
function itemsOf(value: FeatureData): Item[] {
  if (value instanceof Tensor) return value.detach().flatten().tolist() as Item[];
  if (value instanceof Uint8Array || typeof value !== 'object') return [value];
  return Array.from(value as ArrayLike<Item>);
}
function kindOf(value: FeatureData, [first]: readonly Item[]): FeatureKind {
  if (value instanceof Tensor) return value.is_floating_point() ? 'float' : 'int';
  if (value instanceof Int32Array) return 'int';
  if (typeof first === 'string' || first instanceof Uint8Array) return 'byte';
  return typeof first === 'number' ? 'float' : 'int';
}

export type Description = readonly string[] | Readonly<Record<string, FeatureKind | null>>;
const isList = (x: Description | null): x is readonly string[] => Array.isArray(x);
const allOf = (features: object): Record<string, null> => Object.fromEntries(Object.keys(features).map((name) => [name, null]));
/**
 * Reads a tf.train.Example.
 * @param description Features to take and their kinds; all of them if left out.
 * @throws KeyError if a feature is not there; TypeError if it is of another kind.
 */
export function decode_example(bytes: Uint8Array, description: Description | null = null): ExampleRecord {
  const found = fromBinary(ExampleSchema, bytes).features?.feature ?? {};
  const wanted = isList(description) ? description.map((name) => [name, null] as const) : Object.entries(description ?? allOf(found));
  return Object.fromEntries(
    wanted.map(([name, kind]) => {
      const feature = Object.hasOwn(found, name) ? found[name] : undefined;
      if (!feature)
        throw new KeyError(
          `Key ${name} doesn't exist (select from [${Object.keys(found)
            .map((key) => `'${key}'`)
            .join(', ')}])!`,
        );
      return [name, decodeFeature(name, feature, kind)];
    }),
  );
}
const KINDS = { bytesList: 'byte', floatList: 'float', int64List: 'int' } as const;
function decodeFeature(name: string, { kind: found }: Feature, wanted: FeatureKind | null): Uint8Array | Uint8Array[] | Tensor {
  if (found.case === undefined) throw new ValueError(`the feature '${name}' is empty`);
  const kind = KINDS[found.case];
  if (wanted !== null && wanted !== kind) throw new TypeError(`Incompatible type '${wanted}' for \`${name}\` (should be '${kind}').`);
  switch (found.case) {
    case 'bytesList':
      return found.value.value.length === 1 ? found.value.value[0]! : found.value.value;
    case 'floatList':
      return tensor(found.value.value, { dtype: float32 });
    case 'int64List':
      return tensor(found.value.value, { dtype: int64 });
  }
}
