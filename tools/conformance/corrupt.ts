// Corrupted copies of the data, to show that the runner notices: expected numbers, dtypes and texts are changed, one a case.
//   npx tsx tools/conformance/corrupt.ts DATA OUT      writes OUT/<corruption>/<kind>/… for every kind below DATA
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Folder, KINDS, type Kind, openFolder } from './data.ts';
import { isTensorNode, type Json, type JsonObject } from './values.ts';

export type Corruption = 'value' | 'dtype' | 'text' | 'number';

/** What can be wrong with the expected results of a kind. */
export const CORRUPTIONS: Readonly<Record<Kind, readonly Corruption[]>> = {
  ops: ['value', 'dtype'],
  modules: ['value', 'dtype', 'text'],
  optim: ['value', 'dtype', 'text'],
  random: ['value', 'dtype', 'number'],
  printing: ['text'],
  trajectories: ['number'],
  seed: ['text'],
  interop: ['number'],
};

type Mutable = { [key: string]: unknown };

/** A copy of a folder with one expectation of each case changed, and which cases ("group/id") it was possible for. */
export function corrupt(kind: Kind, folder: Folder, what: Corruption): { folder: Folder; altered: ReadonlySet<string> } {
  const files = new Map<string, () => Uint8Array>(folder.paths.map((path) => [path, () => folder.bytes(path)]));
  const altered = new Set<string>();
  for (const path of folder.paths.filter((p) => p.endsWith('.json') && p !== 'SUMMARY.json')) {
    const json = structuredClone(folder.json(path)) as Mutable;
    const group = path.replace(/\.json$/, '');
    const tensorPath = `${group}.safetensors`;
    const tensors = folder.has(tensorPath) ? new TensorAppender(folder.bytes(tensorPath)) : null;
    for (const data of casesOf(json)) {
      if (corruptCase(kind, data, what, tensors))
        altered.add(kind === 'interop' ? `${String(data.kind)}/${String(data.file)}` : `${group}/${String(data.id)}`);
    }
    files.set(path, () => new TextEncoder().encode(JSON.stringify(json)));
    if (tensors) files.set(tensorPath, () => tensors.bytes());
  }
  return { folder: new Folder(files), altered };
}

/** A file has a list of cases, or is one. */
const casesOf = (json: Mutable): Mutable[] => (json.cases ?? json.blocks ?? json.tables ?? [json]) as Mutable[];

function corruptCase(kind: Kind, data: Mutable, what: Corruption, tensors: TensorAppender | null): boolean {
  if (what === 'text') return corruptText(data);
  if (what === 'number') return corruptNumber(kind, data);
  for (const node of expectedTensors(kind, data as JsonObject)) if (tensors?.redirect(node as Mutable, what)) return true;
  return false;
}

/** The tensor nodes that state a case's main result. */
function expectedTensors(kind: Kind, data: JsonObject): JsonObject[] {
  if (kind === 'ops')
    return data.uninitialized || data.kind === 'error' ? [] : strided((data.post as JsonObject | undefined)?.out ?? data.out);
  if (kind === 'modules') return strided(data.output);
  if (kind === 'optim') return strided(data.after);
  return strided(data.out);
}
function strided(node: Json | undefined): JsonObject[] {
  if (node === null || typeof node !== 'object') return [];
  if (isTensorNode(node)) return 't' in node ? [node as JsonObject] : [];
  return (Array.isArray(node) ? node : Object.values(node)).flatMap((item: Json) => strided(item));
}

function corruptText(data: Mutable): boolean {
  for (const key of ['repr', 'text', 'expected']) {
    const text = data[key];
    if (typeof text !== 'string' || text === '') continue;
    data[key] = text.replace(/.(?=\n*$)/, (last) => (last === ')' ? ']' : `${last}!`));
    return data[key] !== text;
  }
  return false;
}

function corruptNumber(kind: Kind, data: Mutable): boolean {
  if (kind === 'random') data.next = (data.next as number) + 2 ** -24;
  else if (kind === 'trajectories') data.losses = (data.losses as number[]).map((loss, k) => (k === 0 ? loss * 1.001 + 1e-4 : loss));
  else return data.expect === 'value' && corruptFirstNumber(data.content);
  return true;
}

/** Adds one to the first element of the first tensor of a description. */
function corruptFirstNumber(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) return false;
  const { data } = tree as { data?: unknown };
  if (Array.isArray(data) && typeof data[0] === 'number') {
    data[0] += 1;
    return true;
  }
  return Object.values(tree).some(corruptFirstNumber);
}

/** dtypes of the same size that another reading of the bytes could take for each other. */
const MISTAKEN: Readonly<Record<string, string>> = {
  F32: 'I32',
  I32: 'F32',
  F64: 'I64',
  I64: 'F64',
  F16: 'BF16',
  BF16: 'F16',
  BOOL: 'U8',
  U8: 'I8',
  I8: 'U8',
  I16: 'F16',
  C64: 'F64',
};

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A safetensors file to which changed copies of its tensors are appended; the originals stay, since inputs share them. */
class TensorAppender {
  private readonly header: Record<string, Entry>;
  private readonly parts: Uint8Array[];
  private length: number;

  constructor(file: Uint8Array) {
    const start = 8 + Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
    this.header = JSON.parse(new TextDecoder().decode(file.subarray(8, start)));
    this.parts = [file.subarray(start)];
    this.length = file.length - start;
  }

  /** Points a node at a changed copy of its tensor; false if the tensor has no elements. */
  redirect(node: Mutable, what: 'value' | 'dtype'): boolean {
    const { dtype, shape, data_offsets } = this.header[String(node.t)]!;
    const bytes = Uint8Array.from(this.parts[0]!.subarray(...data_offsets));
    if (bytes.length === 0 || (what === 'dtype' && (node.as !== undefined || !(dtype in MISTAKEN)))) return false;
    if (what === 'value') changeLast(bytes, dtype);
    const name = String(Object.keys(this.header).length + 1_000_000);
    this.header[name] = {
      dtype: what === 'dtype' ? MISTAKEN[dtype]! : dtype,
      shape,
      data_offsets: [this.length, this.length + bytes.length],
    };
    this.parts.push(bytes);
    this.length += bytes.length;
    node.t = Number(name);
    return true;
  }

  bytes(): Uint8Array {
    const header = Buffer.from(JSON.stringify(this.header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([size, header, ...this.parts]);
  }
}

/** Changes the last element by more than any tolerance: another sign and exponent for floats, another bit for the rest. */
function changeLast(bytes: Uint8Array, dtype: string): void {
  const at = bytes.length - 1;
  if (dtype === 'BOOL') bytes[at] = bytes[at]! ^ 1;
  else if (/^(F|BF|C)/.test(dtype)) bytes[at] = bytes[at]! ^ 0xc0;
  else bytes[at] = bytes[at]! ^ 0x01;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [data, out] = process.argv.slice(2);
  if (!data || !out) throw new Error('usage: corrupt.ts DATA OUT');
  for (const kind of KINDS) {
    const folder = openFolder(kind, data);
    for (const what of folder ? CORRUPTIONS[kind] : []) {
      const { folder: copy, altered } = corrupt(kind, folder!, what);
      for (const path of copy.paths) {
        const target = join(out, what, kind, path);
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, copy.bytes(path));
      }
      console.log(`${kind}: ${what} changed in ${altered.size} cases`);
    }
  }
}
