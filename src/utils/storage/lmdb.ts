// Reading LMDB databases. The npm package `lmdb` is built on a branch of LMDB whose files no release reads, and does not open those that
// releases write; see docs/decisions/007-lmdb-files.md.
import { openSource, type Source } from '../../serialization/source.ts';
import { compareKeys, HEADER_SIZE, LMDBError, MAGIC, META, NO_PAGE, NODE_HEADER, NodeFlag, PageFlag, TREE } from './lmdb-format.ts';
import { fileIn, textBytes } from './paths.ts';

/** Pages that are kept in memory: the upper part of the tree, which every look-up passes. */
const CACHED_PAGES = 1024;
/** Trees of this depth have more pages than there are numbers; deeper ones are damaged files. */
const MAX_DEPTH = 32;

interface Page {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly flags: number;
  readonly count: number;
}
interface Node {
  readonly flags: number;
  readonly key: Uint8Array;
  /** Length of the value (leaves), or the page below (branches). */
  readonly size: number;
  readonly child: number;
  /** Where the node's data begins in its page. */
  readonly data: number;
}

/**
 * An LMDB database, opened for reading: `lmdb.open(path, readonly=True, lock=False)` of Python with one transaction that sees the file as
 * it was when it was opened. Reads the files of LMDB's releases (Python's lmdb) and of the npm package `lmdb`.
 * @throws LMDBError for files that are no LMDB databases, are damaged, or are sorted in another way than by bytes.
 */
export class LMDB implements Disposable {
  readonly path: string;
  /** Number of keys. */
  readonly length: number;
  private readonly source: Source;
  private readonly release: () => void;
  private readonly header: number;
  /** From where places in a page are counted. */
  private readonly base: number;
  private readonly pageSize: number;
  private readonly root: number | null;
  private readonly pages = new Map<number, Page>();

  /** @param path The database's directory (its file is `data.mdb`), or the file itself. */
  constructor(path: string | URL) {
    this.path = fileIn(path, 'data.mdb');
    const { source, close } = openSource(this.path);
    this.source = source;
    this.release = close;
    try {
      const { header, pageSize, tree } = this.newestMeta();
      this.header = header;
      this.base = header === HEADER_SIZE[1] ? 0 : header;
      this.pageSize = pageSize;
      // MDB_REVERSEKEY, MDB_DUPSORT, MDB_INTEGERKEY: other orders of keys, or several values of one.
      const flags = tree.getUint16(TREE.flags, true) & 0x0e;
      if (flags) throw this.damaged(`its keys are kept in an order that is not by bytes (flags 0x${flags.toString(16)})`);
      this.length = Number(tree.getBigUint64(TREE.entries, true));
      const root = tree.getBigUint64(TREE.root, true);
      this.root = root === NO_PAGE ? null : Number(root);
    } catch (e) {
      close();
      throw e;
    }
  }

  /** The value of a key, null if there is none. Text stands for its UTF-8 bytes. */
  get(key: string | Uint8Array): Uint8Array | null {
    const wanted = textBytes(key);
    if (this.root === null) return null;
    let page = this.page(this.root);
    for (let depth = 0; page.flags & PageFlag.Branch; depth++) {
      if (depth > MAX_DEPTH) throw this.damaged('its tree has a cycle');
      // The first key of a branch page counts as lower than any.
      const at = Math.max(1, this.firstAtLeast(page, wanted, 1));
      const isExact = at < page.count && compareKeys(this.node(page, at).key, wanted) === 0;
      page = this.page(this.node(page, isExact ? at : at - 1).child);
    }
    const at = this.firstAtLeast(page, wanted, 0);
    if (at === page.count) return null;
    const node = this.node(page, at);
    return compareKeys(node.key, wanted) === 0 ? this.value(page, node) : null;
  }
  /** Whether there is a value of that key. */
  has(key: string | Uint8Array): boolean {
    return this.get(key) !== null;
  }
  /** All keys in their order. */
  *keys(): Generator<Uint8Array> {
    for (const [page, node] of this.nodes()) if (page) yield node.key.slice();
  }
  /** All keys and values in the keys' order. */
  *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    for (const [page, node] of this.nodes()) yield [node.key.slice(), this.value(page, node)];
  }
  [Symbol.iterator](): Generator<[key: Uint8Array, value: Uint8Array]> {
    return this.entries();
  }
  /** Closes the file. */
  close(): void {
    this.release();
    this.pages.clear();
  }
  [Symbol.dispose](): void {
    this.close();
  }

  private *nodes(): Generator<[Page, Node]> {
    if (this.root === null) return;
    const path = [{ page: this.page(this.root), at: 0 }];
    while (path.length > 0) {
      const top = path[path.length - 1]!;
      if (top.at === top.page.count) {
        path.pop();
        continue;
      }
      const node = this.node(top.page, top.at++);
      if (!(top.page.flags & PageFlag.Branch)) yield [top.page, node];
      else if (path.length > MAX_DEPTH) throw this.damaged('its tree has a cycle');
      else path.push({ page: this.page(node.child), at: 0 });
    }
  }
  /** The first node whose key is not lower. */
  private firstAtLeast(page: Page, key: Uint8Array, from: number): number {
    let low = from;
    let high = page.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.node(page, middle).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private page(number: number): Page {
    const kept = this.pages.get(number);
    if (kept) return kept;
    const bytes = this.bytes(number * this.pageSize, this.pageSize);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const flags = view.getUint16(this.header - 6, true);
    const count = (view.getUint16(this.header - 4, true) - (this.header - this.base)) >> 1;
    if (!(flags & (PageFlag.Branch | PageFlag.Leaf)) || count < 0 || this.header + 2 * count > this.pageSize)
      throw this.damaged(`page ${number} is no page of a tree`);
    const page = { bytes, view, flags, count };
    if (this.pages.size >= CACHED_PAGES) this.pages.delete(this.pages.keys().next().value!);
    this.pages.set(number, page);
    return page;
  }
  private node({ bytes, view, flags }: Page, i: number): Node {
    const at = view.getUint16(this.header + 2 * i, true) + this.base;
    if (at < this.header || at + NODE_HEADER > bytes.length) throw this.damaged('a node lies outside of its page');
    const low = view.getUint32(at, true);
    const high = view.getUint16(at + 4, true);
    const data = at + NODE_HEADER + view.getUint16(at + 6, true);
    if (data > bytes.length) throw this.damaged('a key lies outside of its page');
    const key = bytes.subarray(at + NODE_HEADER, data);
    return flags & PageFlag.Branch
      ? { flags: 0, key, size: 0, child: low + high * 2 ** 32, data }
      : { flags: high, key, size: low, child: 0, data };
  }
  private value(page: Page, { flags, size, data }: Node): Uint8Array {
    if (flags & NodeFlag.DupData) throw this.damaged('a key has several values');
    if (flags & NodeFlag.BigData) {
      if (data + 8 > page.bytes.length) throw this.damaged('a value lies outside of its page');
      return this.bytes(Number(page.view.getBigUint64(data, true)) * this.pageSize + this.header, size);
    }
    if (data + size > page.bytes.length) throw this.damaged('a value lies outside of its page');
    return page.bytes.slice(data, data + size);
  }

  /** The newer of the two meta pages: that of the last transaction which was committed. */
  private newestMeta(): { header: number; pageSize: number; tree: DataView } {
    const first = this.meta(0);
    if (first === null) throw this.invalid();
    const second = this.meta(first.pageSize);
    const { header, pageSize, view } = second !== null && second.txnid > first.txnid ? second : first;
    return { header, pageSize, tree: new DataView(view.buffer, view.byteOffset + header + META.main, TREE.root + 8) };
  }
  private meta(from: number): { header: number; pageSize: number; txnid: bigint; view: DataView } | null {
    const bytes = this.bytes(from, HEADER_SIZE[2]! + META.end);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const [version, header] of Object.entries(HEADER_SIZE)) {
      if (view.getUint32(header + META.magic, true) !== MAGIC) continue;
      const found = view.getUint32(header + META.version, true) & 0xff;
      if (found !== Number(version)) throw new LMDBError(`${this.path}: MDB_VERSION_MISMATCH: Database environment version mismatch`);
      const pageSize = view.getUint32(header + META.free + TREE.pad, true);
      if (pageSize < 256 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) throw this.invalid();
      return { header, pageSize, txnid: view.getBigUint64(header + META.txnid, true), view };
    }
    return null;
  }
  private bytes(from: number, length: number): Uint8Array {
    if (from + length > this.source.size)
      throw this.damaged(`it ends after ${this.source.size} bytes, and byte ${from + length} is needed`);
    return this.source.bytes(from, length);
  }
  private invalid(): LMDBError {
    return new LMDBError(`${this.path}: MDB_INVALID: File is not an LMDB file`);
  }
  private damaged(why: string): LMDBError {
    return new LMDBError(`${this.path}: MDB_CORRUPTED: Located page was wrong type: ${why}`);
  }
}
