// Where bytes come from and go to: memory, or files, which need Node.js. Nothing here is loaded before a file is named.
import { loadAddon } from '../backend/native/addon.ts';
import { EOFError, NotImplementedError, ValueError } from '../core/errors.ts';
import { builtin } from '../core/host.ts';

/** What readers take: a file's name (Node.js), or the bytes themselves. */
export type FileLike = string | URL | ArrayBufferLike | ArrayBufferView;

/** Bytes that are read piece by piece. */
export interface Source {
  readonly size: number;
  /** Fills all of `into` with the bytes from `from` on. */
  fill(into: Uint8Array, from: number): void;
  /** Bytes that nobody writes to: of memory a view, of a file a copy. */
  bytes(from: number, length: number): Uint8Array;
  /** The whole file as memory that is read when it is touched; null where that cannot be. */
  map?(): ArrayBuffer | null;
}

type Fs = typeof import('node:fs');
function fs(): Fs {
  const found = builtin<Fs>('fs');
  if (!found)
    throw new NotImplementedError('files by name need Node.js 20.16 or later: pass the bytes of the file (a Uint8Array or an ArrayBuffer)');
  return found;
}
function mapped(path: string): ArrayBuffer | null {
  const addon = loadAddon();
  return 'reason' in addon ? null : addon.mapFile(path);
}

/** @throws EOFError unless `length` bytes follow `from`: checked before anything is allocated. */
function checkRange(size: number, from: number, length: number): void {
  if (from + length > size) throw new EOFError(`the file ends after ${size} of at least ${from + length} bytes`);
}
function memorySource(data: Uint8Array): Source {
  return {
    size: data.length,
    fill: (into, from) => {
      checkRange(data.length, from, into.length);
      into.set(data.subarray(from, from + into.length));
    },
    bytes: (from, length) => {
      checkRange(data.length, from, length);
      return data.subarray(from, from + length);
    },
  };
}
function fileSource(file: number, path: string | URL, { readSync, fstatSync }: Fs): Source {
  const { size } = fstatSync(file);
  const fill = (into: Uint8Array, from: number): void => {
    checkRange(size, from, into.length);
    for (let done = 0; done < into.length; ) {
      const n = readSync(file, into, done, Math.min(into.length - done, 1 << 30), from + done);
      if (n === 0) throw new EOFError(`the file became shorter while it was read: it ends after ${from + done} bytes`);
      done += n;
    }
  };
  return {
    size,
    fill,
    bytes: (from, length) => {
      checkRange(size, from, length);
      const copy = new Uint8Array(length);
      fill(copy, from);
      return copy;
    },
    map: () => mapped(nameOf(path)),
  };
}

/** A file's name as the system has it. */
const nameOf = (path: string | URL): string =>
  path instanceof URL ? builtin<typeof import('node:url')>('url')!.fileURLToPath(path) : path;
export const isPath = (f: unknown): f is string | URL => typeof f === 'string' || f instanceof URL;
/** The bytes of memory of any kind. */
export function bytesOf(f: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(f)) return new Uint8Array(f.buffer, f.byteOffset, f.byteLength);
  const isBuffer = f instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && f instanceof SharedArrayBuffer);
  if (!isBuffer)
    throw new TypeError(
      `expected the name of a file or its bytes (got ${f === null ? 'null' : typeof f}); of a Blob pass \`await blob.arrayBuffer()\``,
    );
  return new Uint8Array(f);
}
/** Runs `use` on a file or on bytes; messages about a file start with its name. */
export function withSource<T>(f: FileLike, use: (source: Source) => T): T {
  if (!isPath(f)) return use(memorySource(bytesOf(f)));
  const files = fs();
  const file = files.openSync(f, 'r');
  try {
    return use(fileSource(file, f, files));
  } catch (e) {
    if (e instanceof Error && !('code' in e)) e.message = `${String(f)}: ${e.message}`;
    throw e;
  } finally {
    files.closeSync(file);
  }
}
/** A file that stays open until it is closed. */
export function openSource(f: FileLike): { source: Source; close(): void } {
  if (!isPath(f)) return { source: memorySource(bytesOf(f)), close: () => {} };
  const files = fs();
  const file = files.openSync(f, 'r');
  return { source: fileSource(file, f, files), close: () => files.closeSync(file) };
}

/**
 * A file that appears whole or not at all: it is written under another name, and `commit` gives it its own. Anything else, a crash
 * included, leaves the file that was there before.
 */
export class NewFile implements Disposable {
  /** Bytes appended so far. */
  size = 0;
  private readonly target: string;
  private readonly partial: string;
  private file: number | null;
  constructor(path: string | URL) {
    this.target = nameOf(path);
    this.partial = `${this.target}.${process.pid}.${Math.random().toString(36).slice(2, 8)}.tmp`;
    this.file = fs().openSync(this.partial, 'wx');
  }
  /** Writes bytes at the end; gives where they begin. */
  append(bytes: Uint8Array): number {
    const at = this.size;
    this.write(bytes, at);
    this.size += bytes.length;
    return at;
  }
  /** Writes bytes at a place, which may lie behind the end. */
  write(bytes: Uint8Array, position: number): void {
    if (this.file === null) throw new ValueError('write to closed file.');
    for (let done = 0; done < bytes.length; )
      done += fs().writeSync(this.file, bytes, done, Math.min(bytes.length - done, 1 << 30), position + done);
  }
  /** Puts the finished file in its place. */
  commit(): void {
    const { closeSync, fsyncSync, renameSync } = fs();
    if (this.file === null) throw new ValueError('commit of closed file.');
    fsyncSync(this.file);
    closeSync(this.file);
    this.file = null;
    renameSync(this.partial, this.target);
  }
  /** Leaves what was there before; nothing after `commit`. */
  [Symbol.dispose](): void {
    if (this.file !== null) fs().closeSync(this.file);
    this.file = null;
    fs().rmSync(this.partial, { force: true });
  }
}
/** Writes a file whole or not at all; see NewFile. */
export function writeAtomically(path: string | URL, parts: Iterable<Uint8Array>): void {
  using file = new NewFile(path);
  for (const part of parts) file.append(part);
  file.commit();
}
/** Parts of a file in one piece. */
export function joined(parts: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  // A part may be a view of memory that the next one's making moves: it is copied at once.
  const list = Array.from(parts, (part) => part.slice());
  const out = new Uint8Array(list.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of list) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
/** Writes parts to a file, or gives them as bytes where no file is named. */
export function deliver(parts: Iterable<Uint8Array>, f: string | URL | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (f === undefined) return joined(parts);
  writeAtomically(f, parts);
  return undefined;
}

/** Reverses the bytes of every `width` of them, in place. */
export function swapBytes(data: Uint8Array, width: number): void {
  if (width > 1) for (let at = 0; at + width <= data.length; at += width) data.subarray(at, at + width).reverse();
}
