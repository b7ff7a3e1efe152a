// Files of other programs: read and compared with their content, or refused.
import { CaseRun, Missing, type Row, type RunOptions } from '../case.ts';
import { close, EXACT, Mismatch, show } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Callable, Library, Tensor } from '../library.ts';
import { floatOf, isObject, type Json, type JsonObject } from '../values.ts';

export function* runInterop(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const data = folder.json(path);
    const group = String(data.kind);
    const id = String(data.file);
    if (only && !only.test(`interop/${group}/${id}`)) continue;
    const run = new CaseRun();
    run.check('content', () => readFile(library, group, folder.bytes(`${group}/${id}`), data));
    yield run.row({ kind: 'interop', family: group, group, id }, ['content'], strict);
  }
}

/** The reader of each kind of file: a member of `torch` that takes the file's bytes. */
const LOADERS: Readonly<Record<string, string>> = {
  checkpoint: 'load',
  safetensors: 'serialization.load_safetensors',
  npy: 'serialization.load_numpy',
  onnx: 'onnx.load',
  tensorboard: 'utils.tensorboard.read_events',
};

function readFile(library: Library, kind: string, bytes: Uint8Array, data: JsonObject): void {
  const found = library.find(LOADERS[kind] ?? kind);
  if (typeof found !== 'function') throw new Missing(`the library has no torch.${LOADERS[kind] ?? kind} for ${kind} files`);
  if (data.expect === 'error') {
    let value: unknown;
    try {
      value = (found as Callable)(bytes);
    } catch {
      return;
    }
    throw new Mismatch(`must be refused, gave ${show(value)}`);
  }
  const content = data.content as JsonObject;
  const value = (found as Callable)(bytes);
  if (kind === 'onnx') compareGraph(library, content, value);
  else
    new Content(library).check(
      kind === 'safetensors' ? { dict: Object.entries(content.tensors as JsonObject).map(([k, t]) => [k, { tensor: t }]) } : content,
      value,
      'content',
    );
}

/** Compares a value with a described one: tagged objects for tensors, dicts, tuples and bytes. */
class Content {
  private readonly storages = new Map<number, unknown>();
  constructor(private readonly library: Library) {}

  check(expected: Json, actual: unknown, where: string): void {
    if (Array.isArray(expected)) this.list(expected, actual, where);
    else if (isObject(expected)) this.tagged(expected, actual, where);
    else if (typeof expected === 'number') this.equal(Number(actual), expected, where);
    else this.equal(actual ?? null, expected, where);
  }

  private equal(actual: unknown, expected: unknown, where: string): void {
    if (!Object.is(actual, expected) && actual !== expected)
      throw new Mismatch(`${where}: expected ${show(expected)}, got ${show(actual)}`);
  }
  private list(expected: readonly Json[], actual: unknown, where: string): void {
    if (!Array.isArray(actual) || actual.length !== expected.length)
      throw new Mismatch(`${where}: expected ${expected.length} values, got ${show(actual)}`);
    expected.forEach((item, i) => {
      this.check(item, actual[i], `${where}[${i}]`);
    });
  }

  private tagged(expected: JsonObject, actual: unknown, where: string): void {
    if ('data' in expected && 'shape' in expected) {
      this.array(expected, actual, where);
      return;
    }
    const [kind, value] = Object.entries(expected)[0]!;
    switch (kind) {
      case 'tensor':
        this.tensor(value as JsonObject, actual, where);
        return;
      case 'tuple':
      case 'size':
        this.list(value as readonly Json[], actual, where);
        return;
      case 'dict':
      case 'ordered_dict':
        this.mapping(value as readonly (readonly [Json, Json])[], actual, where);
        return;
      case 'set':
        this.list(value as readonly Json[], [...(actual as Iterable<unknown>)].sort(), where);
        return;
      case 'float':
        this.equal(actual, floatOf(String(value)), where);
        return;
      case 'int':
        this.equal(BigInt(actual as bigint), BigInt(String(value)), where);
        return;
      case 'complex':
        this.list(value as readonly Json[], [(actual as { re: number }).re, (actual as { im: number }).im], where);
        return;
      case 'dtype':
        this.equal(String(actual), `torch.${String(value)}`, where);
        return;
      case 'device':
        this.equal(String(actual), value, where);
        return;
      case 'bytes':
        this.equal(Buffer.from(actual as Uint8Array).toString('base64'), value, where);
        return;
      default:
        if (typeof value === 'object') {
          for (const [key, item] of Object.entries(expected)) this.check(item, (actual as Record<string, unknown>)[key], `${where}.${key}`);
          return;
        }
        throw new Mismatch(`${where}: the runner cannot compare a ${kind}`);
    }
  }

  private mapping(pairs: readonly (readonly [Json, Json])[], actual: unknown, where: string): void {
    if (typeof actual !== 'object' || actual === null) throw new Mismatch(`${where}: expected a dict, got ${show(actual)}`);
    const entries = this.library.entries(actual);
    if (entries.length !== pairs.length) throw new Mismatch(`${where}: expected ${pairs.length} items, got ${entries.length}`);
    const found = new Map(entries.map(([key, value]) => [String(key), value]));
    pairs.forEach(([key, value], i) => {
      const plain = typeof key !== 'object' || key === null;
      if (plain && !found.has(String(key))) throw new Mismatch(`${where}: the key ${String(key)} is missing`);
      if (!plain) this.check(key, entries[i]![0], `${where}, key ${i}`);
      this.check(value, plain ? found.get(String(key)) : entries[i]![1], `${where}.${plain ? String(key) : i}`);
    });
  }

  private tensor(expected: JsonObject, actual: unknown, where: string): void {
    const { library } = this;
    if (!library.isTensor(actual)) throw new Mismatch(`${where}: expected a tensor, got ${show(actual)}`);
    this.equal(actual.dtype.name, expected.dtype, `${where}.dtype`);
    this.list(expected.shape as readonly Json[], [...actual.shape], `${where}.shape`);
    this.list(expected.stride as readonly Json[], [...actual.layout.stride], `${where}.stride`);
    this.equal(actual.layout.offset, expected.offset, `${where}.offset`);
    this.equal(actual.requires_grad, Boolean(expected.requires_grad), `${where}.requires_grad`);
    const storage = Number(expected.storage);
    if (!this.storages.has(storage)) this.storages.set(storage, actual.storage);
    this.equal(this.storages.get(storage), actual.storage, `${where}: the storage`);
    this.numbers(expected.data as readonly Json[], actual, where);
  }

  private numbers(data: readonly Json[], tensor: Tensor, where: string): void {
    const { real, imag } = this.library.values(tensor);
    data.forEach((item, i) => {
      const parts = Array.isArray(item) ? (item as Json[]) : [item];
      parts.forEach((part: Json, p) => {
        const expected =
          typeof part === 'boolean'
            ? Number(part)
            : isObject(part)
              ? 'int' in part
                ? BigInt(String(part.int))
                : floatOf(String(part.float))
              : Number(part);
        const actual = (p === 0 ? real : imag!)[i]!;
        const right = typeof actual === 'bigint' ? actual === BigInt(expected) : close(actual, Number(expected), EXACT);
        if (!right) throw new Mismatch(`${where}: element ${i} is ${String(actual)}, not ${String(expected)}`);
      });
    });
  }

  /** A NumPy array: the library gives a tensor. */
  private array(expected: JsonObject, actual: unknown, where: string): void {
    if (!this.library.isTensor(actual)) throw new Mismatch(`${where}: expected a tensor, got ${show(actual)}`);
    this.list(expected.shape as readonly Json[], [...actual.shape], `${where}.shape`);
    this.numbers(expected.data as readonly Json[], actual, where);
  }
}

function compareGraph(library: Library, content: JsonObject, model: unknown): void {
  const { input, output } = content as unknown as {
    input: { shape: number[]; data: number[] };
    output: { shape: number[]; data: number[] };
  };
  const x = library.tensor('float32', input.shape, new Uint8Array(Float32Array.from(input.data).buffer));
  const y = library.values((model as Callable)(x) as Tensor);
  output.data.forEach((expected, i) => {
    if (!close(Number(y.real[i]), expected, { rtol: 1.3e-6, atol: 1e-5 }))
      throw new Mismatch(`output element ${i}: expected ${expected}, got ${String(y.real[i])}`);
  });
}
