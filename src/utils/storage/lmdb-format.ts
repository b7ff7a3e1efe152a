// Where things lie in the files of LMDB (http://www.lmdb.tech/doc/group__internal.html): pages of a B+tree, numbers little-endian.
// Version 1 is what every release of LMDB writes; version 2, of its development branch, is what the npm package `lmdb` writes. Page
// headers of version 2 are 8 bytes longer, and places in a page are counted from the header's end.
import { RuntimeError } from '../../core/errors.ts';

export const MAGIC = 0xbeefc0de;
export const PAGE_SIZE = 4096;
export const MAX_KEY = 511;
/** The number of no page: the root of an empty tree. */
export const NO_PAGE = 0xffff_ffff_ffff_ffffn;
export enum PageFlag {
  Branch = 0x01,
  Leaf = 0x02,
  Overflow = 0x04,
  Meta = 0x08,
}
export enum NodeFlag {
  /** The value is on overflow pages; the node holds the number of the first. */
  BigData = 0x01,
  /** The value is the root of a named database. */
  SubData = 0x02,
  /** The value is a sorted list of values. */
  DupData = 0x04,
}
/** Bytes before a node's key: 32 bits of size or page, flags, and the key's length. */
export const NODE_HEADER = 8;
/** Bytes of a page header, by version of the file. */
export const HEADER_SIZE: Readonly<Record<number, number>> = { 1: 16, 2: 24 };
/** In a meta page, from the end of its header. */
export const META = { magic: 0, version: 4, mapSize: 16, free: 24, main: 72, lastPage: 120, txnid: 128, end: 136 } as const;
/** In the record of a tree. */
export const TREE = { pad: 0, flags: 4, depth: 6, branchPages: 8, leafPages: 16, overflowPages: 24, entries: 32, root: 40 } as const;

/** The most bytes that a node may have before its value goes to overflow pages. */
export const maxNode = (pageSize: number, header: number): number => (((pageSize - header) >> 1) & ~1) - 2;

/** Keys in LMDB's order: byte by byte, a prefix first. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** What is wrong with a database, in LMDB's words. */
export class LMDBError extends RuntimeError {
  override name = 'LMDBError';
}
