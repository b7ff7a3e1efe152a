// The text of tensors against PyTorch's, from the stored numbers alone: no operator runs. Whole snippets are replayed by
// `npm run conformance -- --kind printing`.
import { afterEach, describe, expect, it } from 'vitest';
import { cpu } from '../../src/core/device.ts';
import { type DTypeName, dtypes } from '../../src/core/dtype.ts';
import { changePrintOptions, type PrintSettings, plainText } from '../../src/core/format.ts';
import { Layout } from '../../src/core/layout.ts';
import { Storage } from '../../src/core/storage.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { openFolder } from '../../tools/conformance/data.ts';
import { floatOf, isObject, type Json, type JsonObject, type TensorFile } from '../../tools/conformance/values.ts';

const folder = openFolder('printing');
/** What parameters put before their tensor's text. */
const HEADING = /^Parameter containing:\n/;

function tensorOf(file: TensorFile, node: JsonObject): Tensor {
  const { dtype, shape, bytes } = file.stored(node);
  const storage = new Storage(new Uint8Array(bytes).buffer, 0, bytes.length);
  return new Tensor(Layout.dense(shape, dtypes[dtype as DTypeName], cpu), storage, storage);
}
function option(value: Json): unknown {
  if (!isObject(value)) return value;
  return 'float' in value ? floatOf(String(value.float)) : Number(value.int);
}

afterEach(() => changePrintOptions({ profile: 'default' }));

describe.each(['tensors', 'options'])('%s', (group) => {
  const file = folder!.tensors(`${group}.safetensors`);
  const isOurs = ({ value }: JsonObject): boolean => isObject(value) && 't' in value && file.stored(value).dtype in dtypes;
  const cases = (folder!.json(`${group}.json`).cases as readonly JsonObject[]).filter(isOurs);
  it.each(cases.map((c) => [String(c.code), c] as const))('%s', (_, c) => {
    const given = Object.entries((c.options ?? {}) as JsonObject).map(([name, value]) => [name, option(value)]);
    changePrintOptions(Object.fromEntries(given) as PrintSettings);
    const gradient = { requires_grad: c.requires_grad === true, grad_fn: (c.grad_fn as string | undefined) ?? null };
    expect(plainText(tensorOf(file, c.value as JsonObject), gradient)).toBe(String(c.text).replace(HEADING, ''));
  });
});
