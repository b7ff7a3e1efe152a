// The files of the page, from dist/, or, in the repository, from src/ with their types taken off.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';

const FOLDER = new URL('page/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.ts': 'text/javascript',
  '.svg': 'image/svg+xml',
};
export interface Asset {
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** A file of the page by its path; null if there is none. */
export async function asset(path: string): Promise<Asset | null> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const type = TYPES[extname(name)];
  if (!type || !/^[\w-]+\.\w+$/.test(name)) return null;
  try {
    const source = await readFile(new URL(name, FOLDER), 'utf8');
    return { type, content: extname(name) === '.ts' ? await withoutTypes(source) : source };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // index.html names main.js, which is main.ts in the repository.
    return extname(name) === '.js' ? asset(path.replace(/\.js$/, '.ts')) : null;
  }
}
async function withoutTypes(source: string): Promise<string> {
  const { transform } = await import('esbuild');
  return (await transform(source, { loader: 'ts', target: 'es2022' })).code;
}
