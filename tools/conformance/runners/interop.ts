// Files of other programs: read and compared with their content, then written and read again; or refused.
import { CaseRun, Missing, type Row, type RunOptions } from '../case.ts';
import { contiguousStride, elements } from '../array.ts';
import { close, Mismatch, show } from '../compare.ts';
import type { Folder } from '../data.ts';
import { compareEvents } from '../events.ts';
import type { Callable, Library, Tensor } from '../library.ts';
import { floatOf, isObject, type Json, type JsonObject } from '../values.ts';

export function* runInterop(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const data = folder.json(path);
    const group = String(data.kind);
    const id = String(data.file);
    if (only && !only.test(`interop/${group}/${id}`)) continue;
    const run = new CaseRun();
    const bytes = folder.bytes(`${group}/${id}`);
    const isRead = run.check('content', () => readFile(library, group, bytes, data));
    const writer = WRITERS[group];
    if (isRead && writer && data.expect === 'value')
      run.check('written', () => readFile(library, group, write(library, group, writer, bytes), data));
    yield run.row({ kind: 'interop', family: group, group, id }, ['content', 'written'], strict);
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

/** The writer of each kind: a member of `torch` that gives the bytes of a value. */
const WRITERS: Readonly<Record<string, string>> = {
  checkpoint: 'save',
  safetensors: 'serialization.save_safetensors',
  npy: 'serialization.save_numpy',
};
/** What was read, written by the library. */
function write(library: Library, kind: string, writer: string, bytes: Uint8Array): Uint8Array {
  const value = library.call(LOADERS[kind]!, bytes);
  const options = kind === 'safetensors' ? [undefined, { metadata: library.call('serialization.load_metadata', bytes) }] : [];
  return library.call(writer, value, ...options);
}
/** Errors of the language itself: the reader failed instead of refusing the file. */
const CRASHES = [TypeError, RangeError, ReferenceError, SyntaxError];

function readFile(library: Library, kind: string, bytes: Uint8Array, data: JsonObject): void {
  const found = library.find(LOADERS[kind] ?? kind);
  if (typeof found !== 'function') throw new Missing(`the library has no torch.${LOADERS[kind] ?? kind} for ${kind} files`);
  if (data.expect === 'error') {
    let value: unknown;
    try {
      value = (found as Callable)(bytes);
    } catch (error) {
      if (!(error instanceof Error) || error.message === '' || CRASHES.some((crash) => error instanceof crash))
        throw new Mismatch(`must be refused with a message, failed with ${show(error)}`);
      return;
    }
    throw new Mismatch(`must be refused, gave ${show(value)}`);
  }
  const content = data.content as JsonObject;
  const before = bytes.slice();
  const value = (found as Callable)(bytes);
  if (Buffer.compare(before, bytes) !== 0) throw new Mismatch('the reader changed the bytes it was given');
  if (kind === 'onnx') compareGraph(library, content, value);
  else if (kind === 'tensorboard') compareEvents(content, value);
  else if (kind === 'safetensors') compareNamed(library, content, value, bytes);
  else if (kind === 'npy' && !Array.isArray(content.data)) new Content(library).check({ dict: Object.entries(content) }, value, 'content');
  else new Content(library).check(content, value, 'content');
}

/** Tensors by name, each in memory of its own, and the text that goes with them. */
function compareNamed(library: Library, { tensors, metadata }: JsonObject, value: unknown, bytes: Uint8Array): void {
  const found = new Map(library.entries(value));
  const names = Object.keys(tensors as JsonObject);
  if (found.size !== names.length) throw new Mismatch(`expected ${names.length} tensors, got ${found.size}`);
  for (const name of names) new Content(library).check({ tensor: (tensors as JsonObject)[name]! }, found.get(name), name);
  const memories = [...found.values()].map((t) => (t as Tensor).storage);
  if (new Set(memories).size !== memories.length) throw new Mismatch('two tensors share memory');
  const text = library.call('serialization.load_metadata', bytes);
  if (JSON.stringify(text) !== JSON.stringify(metadata ?? {}))
    throw new Mismatch(`expected the metadata ${JSON.stringify(metadata)}, got ${JSON.stringify(text)}`);
}

/** Compares a value with a described one: tagged objects for tensors, dicts, tuples and bytes. */
class Content {
  private readonly storages = new Map<number, unknown>();
  constructor(private readonly library: Library) {}

  check(expected: Json, actual: unknown, where: string): void {
    if (Array.isArray(expected)) this.list(expected, actual, where);
    else if (isObject(expected)) this.tagged(expected, actual, where);
    else if (typeof expected === 'number') this.equal(typeof actual === 'bigint' ? Number(actual) : actual, expected, where);
    else this.equal(actual ?? null, expected, where);
  }

  private equal(actual: unknown, expected: unknown, where: string): void {
    if (!Object.is(actual, expected) && actual !== expected && String(actual) + String(expected) !== '00')
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
        if (!(actual instanceof Set)) throw new Mismatch(`${where}: expected a set, got ${show(actual)}`);
        this.list(value as readonly Json[], [...(actual as Set<number>)].sort(), where);
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
      case 'sparse_coo':
        this.sparse(expected, actual, where);
        return;
      default:
        throw new Mismatch(`${where}: the runner cannot compare a ${kind}`);
    }
  }

  private mapping(pairs: readonly (readonly [Json, Json])[], actual: unknown, where: string): void {
    if (typeof actual !== 'object' || actual === null) throw new Mismatch(`${where}: expected a dict, got ${show(actual)}`);
    const entries = this.library.entries(actual);
    if (entries.length !== pairs.length) throw new Mismatch(`${where}: expected ${pairs.length} items, got ${entries.length}`);
    const found = new Map(entries.map(([key, value]) => [String(key), value]));
    const order = (keys: readonly unknown[]): string => keys.map((key) => (typeof key === 'object' ? '-' : String(key))).join();
    this.equal(order(entries.map(([key]) => key)), order(pairs.map(([key]) => key)), `${where}: the keys`);
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
    const isParameter = actual instanceof library.get<new () => object>('nn.Parameter');
    this.equal(isParameter, Boolean(expected.parameter), `${where}: whether it is a Parameter`);
    const storage = Number(expected.storage);
    if (!this.storages.has(storage)) {
      if ([...this.storages.values()].includes(actual.storage)) throw new Mismatch(`${where}: shares memory with another tensor`);
      this.storages.set(storage, actual.storage);
    }
    if (this.storages.get(storage) !== actual.storage) throw new Mismatch(`${where}: does not share the memory of storage ${storage}`);
    this.numbers(expected.data as readonly Json[], actual, where);
  }

  /** Indices and values were described on their own, so their storages are not numbered together. */
  private sparse(expected: JsonObject, actual: unknown, where: string): void {
    this.list(expected.shape as readonly Json[], [...(actual as Tensor).shape], `${where}.shape`);
    for (const [field, method] of [
      ['sparse_coo', '_indices'],
      ['values', '_values'],
    ] as const)
      new Content(this.library).check(expected[field]!, this.library.method(actual, method), `${where}.${method}`);
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
        const right = typeof actual === 'bigint' ? actual === BigInt(expected) : Object.is(actual, Number(expected));
        if (!right) throw new Mismatch(`${where}: element ${i} is ${String(actual)}, not ${String(expected)}`);
      });
    });
  }

  /** A NumPy array: the library gives a tensor. */
  private array(expected: JsonObject, actual: unknown, where: string): void {
    if (!this.library.isTensor(actual)) throw new Mismatch(`${where}: expected a tensor, got ${show(actual)}`);
    this.equal(actual.dtype.name, numpyDtype(String(expected.dtype)), `${where}.dtype`);
    const shape = expected.shape as readonly number[];
    this.list(shape, [...actual.shape], `${where}.shape`);
    const rowMajor = contiguousStride(shape);
    const stride = expected.fortran ? shape.map((_, d) => elements(shape.slice(0, d))) : rowMajor;
    if (!shape.includes(0)) this.list(stride, [...actual.layout.stride], `${where}.stride`);
    this.numbers(expected.data as readonly Json[], actual, where);
  }
}

/** NumPy's `<f4` in PyTorch's words. */
function numpyDtype(name: string): string {
  const [, kind, bytes] = /^[<>|=]?([a-z])(\d+)$/.exec(name) ?? [];
  const word = { b: 'bool', i: 'int', u: 'uint', f: 'float', c: 'complex' }[kind ?? ''];
  return word === 'bool' ? word : `${word}${8 * Number(bytes)}`;
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
