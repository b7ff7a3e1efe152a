// One compressed file for many: a JSON index of [path, length] pairs, its length before it, then the files' bytes; Brotli over all.
//   npx tsx tools/conformance/pack.ts DIR      packs every kind below DIR into test/conformance/data/
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** The packed form of some files. The same files give the same bytes. */
export function pack(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const index = Buffer.from(JSON.stringify(entries.map(([path, bytes]) => [path, bytes.length])));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(index.length);
  const all = Buffer.concat([length, index, ...entries.map(([, bytes]) => bytes)]);
  return brotliCompressSync(all, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: all.length },
  });
}

/** The files of a pack. */
export function unpack(packed: Uint8Array): Map<string, Uint8Array> {
  const all = brotliDecompressSync(packed);
  const start = 4 + all.readUInt32LE(0);
  const files = new Map<string, Uint8Array>();
  let at = start;
  for (const [path, length] of JSON.parse(all.toString('utf8', 4, start)) as [string, number][]) {
    files.set(path, all.subarray(at, at + length));
    at += length;
  }
  return files;
}

function filesBelow(root: string, prefix = ''): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of readdirSync(join(root, prefix))) {
    const path = prefix ? `${prefix}/${name}` : name;
    if (statSync(join(root, path)).isDirectory()) for (const [p, bytes] of filesBelow(root, path)) files.set(p, bytes);
    else files.set(path, readFileSync(join(root, path)));
  }
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = process.argv[2];
  if (!directory) throw new Error('usage: pack.ts DIR');
  const target = fileURLToPath(new URL('../../test/conformance/data/', import.meta.url));
  mkdirSync(target, { recursive: true });
  for (const kind of readdirSync(directory).filter((name) => statSync(join(directory, name)).isDirectory())) {
    const packed = pack(filesBelow(join(directory, kind)));
    writeFileSync(join(target, `${kind}.pack.br`), packed);
    console.log(`${kind}: ${(packed.length / 1e6).toFixed(2)} MB`);
  }
}
