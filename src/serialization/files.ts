// Safetensors files on disk (Node only).
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { decode, decodeMetadata, encode, type Metadata, type Reader } from './safetensors.ts';

/** Writes a file whole or not at all: under another name first, which then takes the file's place. */
function writeAtomically(path: string, parts: Iterable<Uint8Array>): void {
  const partial = `${path}.${process.pid}.${Math.random().toString(36).slice(2, 8)}.tmp`;
  const file = openSync(partial, 'wx');
  try {
    try {
      for (const part of parts) for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (e) {
    rmSync(partial, { force: true });
    throw e;
  }
}
function withFile<T>(path: string, use: (reader: Reader) => T): T {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    return use({ size, read: (into, from) => readSync(file, into, 0, into.length, from) });
  } catch (e) {
    if (e instanceof ValueError) throw new ValueError(`${path}: ${e.message}`);
    throw e;
  } finally {
    closeSync(file);
  }
}

/** Saves tensors by name, with optional text. An existing file is replaced only once the new one is complete. */
export function save_file(tensors: Readonly<Record<string, Tensor>>, filename: string, metadata: Metadata | null = null): void {
  writeAtomically(filename, encode(tensors, metadata));
}
/**
 * Loads all tensors of a file.
 * @throws ValueError saying what is wrong with a file that is truncated or no safetensors file.
 */
export function load_file(filename: string): Record<string, Tensor> {
  return withFile(filename, decode);
}
/** The text stored with the tensors of a file. */
export function load_metadata(filename: string): Metadata {
  return withFile(filename, decodeMetadata);
}
