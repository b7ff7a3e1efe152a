// Writing LMDB databases at one go: values are written as they come, the tree above them when all are there.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ValueError } from '../../core/errors.ts';
import { NewFile } from '../../serialization/source.ts';
import {
  compareKeys,
  HEADER_SIZE,
  LMDBError,
  MAGIC,
  MAX_KEY,
  maxNode,
  META,
  NO_PAGE,
  NODE_HEADER,
  NodeFlag,
  PAGE_SIZE,
  PageFlag,
  TREE,
} from './lmdb-format.ts';
import { pathOf, textBytes } from './paths.ts';

const HEADER = HEADER_SIZE[1]!;
const NODE_MAX = maxNode(PAGE_SIZE, HEADER);

/** A node of a leaf: what follows its key is the value, or the page where the value lies. */
interface LeafNode {
  readonly key: Uint8Array;
  readonly size: number;
  readonly flags: NodeFlag | 0;
  readonly data: Uint8Array;
}
interface Child {
  readonly key: Uint8Array;
  readonly page: number;
}

/**
 * Makes an LMDB database that Python's lmdb and everything else on LMDB 0.9 reads, and may change later. `commit` puts it in place of what
 * was there; keys and values below 2 kB stay in memory until then, longer values do not.
 *
 *     using db = new LMDBWriter('train.lmdb');
 *     db.put('cat/001.jpg', bytes);
 *     db.commit();
 */
export class LMDBWriter implements Disposable {
  private readonly file: NewFile;
  private readonly nodes: LeafNode[] = [];
  private readonly count = { branch: 0, leaf: 0, overflow: 0 };
  private nextPage = 2;
  /** @param path The database's directory, which is made where it is missing; with `subdir: false` the file itself. */
  constructor(
    path: string | URL,
    private readonly options: { subdir?: boolean } = {},
  ) {
    this.directory = pathOf(path);
    if (this.isDirectory) mkdirSync(this.directory, { recursive: true });
    this.file = new NewFile(this.isDirectory ? join(this.directory, 'data.mdb') : this.directory);
  }
  private readonly directory: string;
  private get isDirectory(): boolean {
    return this.options.subdir ?? true;
  }

  /**
   * Adds a value. Text stands for its UTF-8 bytes.
   * @throws LMDBError if the key is empty or longer than 511 bytes; ValueError at `commit` if a key came twice.
   */
  put(key: string | Uint8Array, value: string | Uint8Array): void {
    const name = textBytes(key);
    const bytes = textBytes(value);
    if (name.length === 0 || name.length > MAX_KEY)
      throw new LMDBError('mdb_put: MDB_BAD_VALSIZE: Unsupported size of key/DB name/data, or wrong DUPFIXED size');
    const isBig = NODE_HEADER + name.length + bytes.length > NODE_MAX;
    const data = isBig ? pageNumber(this.writeOverflow(bytes)) : bytes.slice();
    this.nodes.push({ key: name.slice(), size: bytes.length, flags: isBig ? NodeFlag.BigData : 0, data });
  }
  /** Finishes the database and puts it in its place. */
  commit(): void {
    this.nodes.sort((a, b) => compareKeys(a.key, b.key));
    const twice = this.nodes.findIndex((node, i) => i > 0 && compareKeys(node.key, this.nodes[i - 1]!.key) === 0);
    if (twice > 0) throw new ValueError(`the key '${new TextDecoder().decode(this.nodes[twice]!.key)}' was put twice`);
    let level = this.writeLeaves();
    let depth = level.length > 0 ? 1 : 0;
    for (; level.length > 1; depth++) level = this.writeBranches(level);
    for (const txnid of [0, 1]) this.file.write(this.meta(txnid, depth, level[0]?.page), txnid * PAGE_SIZE);
    this.file.commit();
    // A lock file belongs to the processes that had the replaced database open.
    if (this.isDirectory) rmSync(join(this.directory, 'lock.mdb'), { force: true });
  }
  /** Leaves what was there before; nothing after `commit`. */
  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }

  private writeOverflow(value: Uint8Array): number {
    const pages = Math.ceil((HEADER + value.length) / PAGE_SIZE);
    const number = this.nextPage;
    this.nextPage += pages;
    this.count.overflow += pages;
    const head = new Uint8Array(HEADER);
    const view = new DataView(head.buffer);
    view.setBigUint64(0, BigInt(number), true);
    view.setUint16(10, PageFlag.Overflow, true);
    view.setUint32(12, pages, true);
    const at = number * PAGE_SIZE;
    this.file.write(head, at);
    this.file.write(value, at + HEADER);
    const end = at + HEADER + value.length;
    this.file.write(new Uint8Array(this.nextPage * PAGE_SIZE - end), end);
    return number;
  }
  private writeLeaves(): Child[] {
    const children: Child[] = [];
    for (const group of filled(this.nodes, (node) => node.key.length + node.data.length)) {
      const page = this.writePage(PageFlag.Leaf, group, (view, at, node) => {
        view.setUint32(at, node.size, true);
        view.setUint16(at + 4, node.flags, true);
        return node.data;
      });
      children.push({ key: group[0]!.key, page });
      this.count.leaf++;
    }
    return children;
  }
  private writeBranches(children: readonly Child[]): Child[] {
    const parents: Child[] = [];
    const groups = filled(children, (child) => child.key.length);
    // A branch page has two nodes at least: the last one may have to borrow.
    const last = groups[groups.length - 1]!;
    if (last.length === 1) last.unshift(groups[groups.length - 2]!.pop()!);
    for (const group of groups) {
      const nodes = group.map((child, i) => (i === 0 ? { ...child, key: new Uint8Array(0) } : child));
      const page = this.writePage(PageFlag.Branch, nodes, (view, at, child) => {
        view.setUint32(at, child.page % 2 ** 32, true);
        view.setUint16(at + 4, Math.floor(child.page / 2 ** 32), true);
        return new Uint8Array(0);
      });
      parents.push({ key: group[0]!.key, page });
      this.count.branch++;
    }
    return parents;
  }
  /** Writes nodes from the end of a page backwards, and where they begin from its header on; `head` fills a node's first six bytes. */
  private writePage<N extends { key: Uint8Array }>(
    flag: PageFlag,
    nodes: readonly N[],
    head: (view: DataView, at: number, node: N) => Uint8Array,
  ): number {
    const bytes = new Uint8Array(PAGE_SIZE);
    const view = new DataView(bytes.buffer);
    const scratch = new DataView(new ArrayBuffer(NODE_HEADER));
    let upper = PAGE_SIZE;
    nodes.forEach((node, i) => {
      const data = head(scratch, 0, node);
      scratch.setUint16(6, node.key.length, true);
      upper -= even(NODE_HEADER + node.key.length + data.length);
      bytes.set(new Uint8Array(scratch.buffer), upper);
      bytes.set(node.key, upper + NODE_HEADER);
      bytes.set(data, upper + NODE_HEADER + node.key.length);
      view.setUint16(HEADER + 2 * i, upper, true);
    });
    const number = this.nextPage++;
    view.setBigUint64(0, BigInt(number), true);
    view.setUint16(10, flag, true);
    view.setUint16(12, HEADER + 2 * nodes.length, true);
    view.setUint16(14, upper, true);
    this.file.write(bytes, number * PAGE_SIZE);
    return number;
  }
  private meta(txnid: number, depth: number, root: number | undefined): Uint8Array {
    const bytes = new Uint8Array(PAGE_SIZE);
    const view = new DataView(bytes.buffer);
    const long = (at: number, value: number | bigint): void => view.setBigUint64(HEADER + at, BigInt(value), true);
    view.setBigUint64(0, BigInt(txnid), true);
    view.setUint16(10, PageFlag.Meta, true);
    view.setUint32(HEADER + META.magic, MAGIC, true);
    view.setUint32(HEADER + META.version, 1, true);
    long(META.mapSize, this.nextPage * PAGE_SIZE);
    view.setUint32(HEADER + META.free + TREE.pad, PAGE_SIZE, true);
    long(META.free + TREE.root, NO_PAGE);
    long(META.main + TREE.root, NO_PAGE);
    long(META.lastPage, 1);
    if (txnid === 0) return bytes; // the empty database that there was before the only transaction
    view.setUint16(HEADER + META.main + TREE.depth, depth, true);
    long(META.main + TREE.branchPages, this.count.branch);
    long(META.main + TREE.leafPages, this.count.leaf);
    long(META.main + TREE.overflowPages, this.count.overflow);
    long(META.main + TREE.entries, this.nodes.length);
    if (root !== undefined) long(META.main + TREE.root, root);
    long(META.lastPage, this.nextPage - 1);
    long(META.txnid, txnid);
    return bytes;
  }
}

const even = (n: number): number => n + (n & 1);
function pageNumber(number: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number), true);
  return bytes;
}
/** Nodes in groups that fill pages; `size` counts a node's bytes without its header. */
function filled<N>(nodes: readonly N[], size: (node: N) => number): N[][] {
  const groups: N[][] = [];
  let room = 0;
  for (const node of nodes) {
    const need = even(NODE_HEADER + size(node)) + 2;
    if (need > room) {
      groups.push([]);
      room = PAGE_SIZE - HEADER;
    }
    groups[groups.length - 1]!.push(node);
    room -= need;
  }
  return groups;
}
