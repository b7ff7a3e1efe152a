// JSON values of the conformance data to Python values, with library tensors, modules and dtypes in their places.
import { ELLIPSIS, PyComplex, PySlice, PyTuple, type PyValue } from '../python/values.ts';
import { decode as decodeBytes, type Values } from './array.ts';
import { invoke } from './call.ts';
import type { Library, Tensor } from './library.ts';
import { resolve, spreadIndex } from './resolve.ts';
import type { StoredTensor } from './safetensors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const isObject = (x: Json | undefined): x is JsonObject => typeof x === 'object' && x !== null && !Array.isArray(x);
/** Whether a node stands for a tensor. */
export const isTensorNode = (x: Json | undefined): x is JsonObject =>
  isObject(x) && ('t' in x || 'ref' in x || 'sparse' in x || 'step' in x || 'out' in x);

/** The float that a JSON node writes. */
export function floatOf(text: string): number {
  const special: Readonly<Record<string, number>> = { inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY, nan: Number.NaN };
  return special[text] ?? Number(text);
}

/** The tensors of one data file. */
export class TensorFile {
  constructor(private readonly tensors: ReadonlyMap<string, StoredTensor>) {}

  /** The stored tensor of a node, complex128 and complex32 with their own dtype. */
  stored(node: JsonObject): StoredTensor {
    const found = this.tensors.get(String(node.t));
    if (!found) throw new Error(`no tensor ${String(node.t)} in the data file`);
    return node.as === undefined ? found : { dtype: String(node.as), shape: found.shape.slice(0, -1), bytes: found.bytes };
  }
  /** The expected numbers of a node. */
  values(node: JsonObject): Values {
    const { dtype, shape, bytes } = this.stored(node);
    return decodeBytes(dtype, shape, bytes);
  }
}

/** What a node like {"ref": i} refers to. */
export type References = (node: JsonObject) => Tensor;

/** Decodes the values of one case. The tensors that it makes are numbered in `inputs`. */
export class Decoder {
  readonly inputs: Tensor[] = [];

  constructor(
    private readonly library: Library,
    private readonly file: TensorFile,
    private readonly options: { readonly grad?: boolean; readonly references?: References } = {},
  ) {}

  decode(node: Json): PyValue {
    if (typeof node === 'number') return Number.isInteger(node) ? BigInt(node) : node;
    if (node === null || typeof node !== 'object') return node;
    if (Array.isArray(node)) return node.map((item: Json) => this.decode(item));
    const object = node as JsonObject;
    if (isTensorNode(object)) return this.tensor(object);
    const [kind, value] = Object.entries(object)[0] ?? [];
    const read = kind === undefined ? undefined : READERS[kind];
    if (!read) throw new Error(`cannot decode a value of kind ${kind}`);
    return read(this, value as never, object);
  }

  /** The values of a plain JSON object, by name. */
  named(node: JsonObject): Map<string, PyValue> {
    return new Map(Object.entries(node).map(([name, value]) => [name, this.decode(value)]));
  }
  list(nodes: readonly Json[]): PyValue[] {
    return nodes.map((node) => this.decode(node));
  }

  private tensor(node: JsonObject): Tensor {
    if ('ref' in node && !this.options.references) return this.inputs[Number(node.ref)]!;
    if (!('t' in node) && !('sparse' in node)) return this.options.references!(node);
    const tensor = 'sparse' in node ? this.sparse(node) : this.strided(node);
    this.inputs.push(tensor);
    return tensor;
  }

  private strided(node: JsonObject): Tensor {
    const { library } = this;
    const { dtype, shape, bytes } = this.file.stored(node);
    let tensor = library.tensor(dtype, shape, bytes);
    if (node.stride) tensor = library.method(tensor, 'as_strided', node.size, node.stride, node.offset);
    if (node.neg) tensor = library.method(tensor, '_neg_view');
    if (node.conj) tensor = library.method(tensor, 'conj');
    if (node.parameter) return library.build('nn.Parameter', tensor);
    if (node.requires_grad && this.options.grad !== false) library.method(tensor, 'requires_grad_', true);
    return tensor;
  }

  private sparse(node: JsonObject): Tensor {
    const { library } = this;
    const parts = (node.parts as readonly JsonObject[]).map((part) => this.strided(part));
    const tensor =
      node.sparse === 'sparse_coo'
        ? library.call<Tensor>('sparse_coo_tensor', ...parts, node.size, { is_coalesced: node.coalesced })
        : library.call<Tensor>('sparse_compressed_tensor', ...parts, node.size, { layout: library.get(String(node.sparse)) });
    if (node.requires_grad && this.options.grad !== false) library.method(tensor, 'requires_grad_', true);
    return tensor;
  }

  /** A module: built from its arguments, then loaded with its state. */
  module(name: string, node: JsonObject): PyValue {
    const { library } = this;
    const build = library.get<unknown>(`nn.${name}`);
    const module = invoke(
      library,
      { name, style: 'plain', run: (args) => new (build as new (...a: unknown[]) => object)(...args) },
      this.list((node.args ?? []) as Json[]),
      this.named((node.kwargs ?? {}) as JsonObject),
    );
    if (node.state) library.method(module, 'load_state_dict', Object.fromEntries(this.named(node.state as JsonObject)));
    return module;
  }

  /** A dataclass of the library. */
  dataclass(name: string, fields: JsonObject): PyValue {
    const found = this.library.find(`nn.${name}`) ?? this.library.get<unknown>(name);
    return invoke(
      this.library,
      { name, style: 'plain', run: (args) => new (found as new (...a: unknown[]) => object)(...args) },
      [],
      this.named(fields),
    );
  }

  callable(path: string): PyValue {
    const found = this.library.get<unknown>(path.replace(/^torch\./, ''));
    return found;
  }

  packedSequence(fields: JsonObject): PyValue {
    const { data, batch_sizes, sorted_indices, unsorted_indices } = fields;
    return this.library.build('nn.utils.rnn.PackedSequence', ...this.list([data!, batch_sizes!, sorted_indices!, unsorted_indices!]));
  }

  get lib(): Library {
    return this.library;
  }
}

type Read = (decoder: Decoder, value: never, node: JsonObject) => PyValue;
const READERS: Readonly<Record<string, Read>> = {
  float: (_, text: string) => floatOf(text),
  int: (_, text: string) => BigInt(text),
  complex: (d, [re, im]: readonly Json[]) => new PyComplex(Number(d.decode(re!)), Number(d.decode(im!))),
  tuple: (d, items: readonly Json[], node) => PyTuple.from_(d.list(items), (node.fields as readonly string[] | undefined) ?? null),
  size: (_, sizes: readonly number[]) => PyTuple.from_(sizes.map(BigInt)),
  dict: (d, pairs: readonly (readonly [Json, Json])[]) => new Map(pairs.map(([k, v]) => [d.decode(k), d.decode(v)])),
  dtype: (d, name: string) => d.lib.dtype(name),
  device: (d, name: string) => d.lib.call('device', name),
  layout: (d, name: string) => d.lib.get(name),
  memory_format: (d, name: string) => d.lib.get(name),
  slice: (d, bounds: readonly Json[]) => new PySlice(...(d.list(bounds) as [PyValue, PyValue, PyValue])),
  ellipsis: () => ELLIPSIS,
  generator: (d, { seed }: { seed: string }) =>
    d.lib.method(d.lib.build('Generator'), 'manual_seed', Number.isSafeInteger(Number(seed)) ? Number(seed) : BigInt(seed)),
  module: (d, name: string, node) => d.module(name, node),
  object: (d, name: string, node) => d.dataclass(name, node.fields as JsonObject),
  fn: (d, path: string) => d.callable(path),
  packed_sequence: (d, fields: JsonObject) => d.packedSequence(fields),
};

/** The tensors of a result in order, through lists and dicts. */
export function flatten(library: Library, x: unknown): Tensor[] {
  if (library.isTensor(x)) return [x];
  if (x instanceof Map) return flatten(library, [...x.values()]);
  return Array.isArray(x) ? x.flatMap((item) => flatten(library, item)) : [];
}

/** The tensor nodes of a JSON tree in order. */
export function tensorNodes(node: Json | undefined): JsonObject[] {
  if (node === undefined || node === null || typeof node !== 'object') return [];
  if (isTensorNode(node as Json)) return [node as JsonObject];
  return (Array.isArray(node) ? node : Object.values(node)).flatMap((item: Json) => tensorNodes(item));
}

/** Runs the steps of a program; the value of its result tree. */
export function runProgram(library: Library, file: TensorFile, program: JsonObject, given: (node: JsonObject) => Tensor): unknown {
  const results: unknown[] = [];
  const references = (node: JsonObject): Tensor => {
    if (!('step' in node)) return given(node);
    const result = results[Number(node.step)];
    return 'item' in node ? flatten(library, result)[Number(node.item)]! : (result as Tensor);
  };
  const decoder = new Decoder(library, file, { references });
  for (const step of program.steps as readonly JsonObject[]) {
    const target = resolve(library, String(step.path));
    if (!target) throw new Error(`the library has no ${String(step.path)}`);
    const args = spreadIndex(library, target, decoder.list(step.args as Json[]));
    results.push(invoke(library, target, args as PyValue[], decoder.named(step.kwargs as JsonObject)));
  }
  return decoder.decode(program.result!);
}
