// Names of files.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path as text. */
export const pathOf = (path: string | URL): string => (path instanceof URL ? fileURLToPath(path) : path);
/** Whether a path is a directory. */
export const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
/** The file itself, or the file of that name where the path is a directory. */
export function fileIn(path: string | URL, name: string): string {
  const whole = pathOf(path);
  return isDirectory(whole) ? join(whole, name) : whole;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Text as UTF-8; bytes as they are. */
export const textBytes = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? encoder.encode(text) : text);
/** UTF-8 bytes as text. */
export const bytesText = (bytes: Uint8Array): string => decoder.decode(bytes);
/** The name under which a file is written until it is complete. */
export const partialName = (path: string): string => `${path}.${process.pid}.${Math.random().toString(36).slice(2, 8)}.tmp`;
