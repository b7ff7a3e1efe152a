// Where cases come from: a directory in the format of the conformance data, or the packed copy in the repository.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpack } from './pack.ts';
import { readSafetensors } from './safetensors.ts';
import { type JsonObject, TensorFile } from './values.ts';

export const KINDS = ['ops', 'modules', 'optim', 'random', 'printing', 'trajectories', 'seed', 'interop'] as const;
export type Kind = (typeof KINDS)[number];

export const PACKED = fileURLToPath(new URL('../../test/conformance/data/', import.meta.url));

/** The files of one kind by path relative to its folder. */
export class Folder {
  constructor(private readonly files: ReadonlyMap<string, () => Uint8Array>) {}
  get paths(): string[] {
    return [...this.files.keys()].sort();
  }
  has(path: string): boolean {
    return this.files.has(path);
  }
  bytes(path: string): Uint8Array {
    const read = this.files.get(path);
    if (!read) throw new Error(`no file ${path}`);
    return read();
  }
  json(path: string): JsonObject {
    return JSON.parse(new TextDecoder().decode(this.bytes(path))) as JsonObject;
  }
  /** The tensors beside a JSON file. */
  tensors(path: string): TensorFile {
    return new TensorFile(this.has(path) ? readSafetensors(this.bytes(path)) : new Map());
  }
}

function* walk(root: string, prefix = ''): Generator<string> {
  for (const name of readdirSync(join(root, prefix))) {
    const path = prefix ? `${prefix}/${name}` : name;
    if (statSync(join(root, path)).isDirectory()) yield* walk(root, path);
    else yield path;
  }
}

/** The files of one kind below a data directory, or of the packed copy if none is given; null when there are none. */
export function openFolder(kind: Kind, directory?: string): Folder | null {
  if (directory === undefined) {
    const pack = join(PACKED, `${kind}.pack.br`);
    if (!existsSync(pack)) return null;
    return new Folder(new Map([...unpack(readFileSync(pack))].map(([path, bytes]) => [path, () => bytes])));
  }
  const root = join(directory, kind);
  if (!existsSync(root)) return null;
  return new Folder(new Map([...walk(root)].map((path) => [path, () => readFileSync(join(root, path))])));
}
