// Where the examples write: examples/notes/out, or the folder that FLAMBEAU_NOTES_OUT names.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.env.FLAMBEAU_NOTES_OUT ?? fileURLToPath(new URL('out/', import.meta.url));

/** The path of a file to write; its folder exists. */
export function out(...parts: string[]): string {
  const path = join(root, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
