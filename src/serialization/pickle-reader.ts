// A reader of pickles that runs nothing: a stack machine whose only calls are the given globals. The opcodes are those of protocols
// 2 to 5 that data needs; https://docs.python.org/3/library/pickletools.html describes them.
import { EOFError, UnpicklingError } from '../core/errors.ts';
import type { Source } from './source.ts';
import { objectKeys } from './values.ts';

/** What a pickle may name: a value, or something that it may call. */
export class SafeFunction {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[]) => unknown,
  ) {}
}
export interface Environment {
  /** What a global stands for; throws for those that are not allowed. */
  global(module: string, name: string): unknown;
  /** What lies outside the pickle: the storages. */
  persistent(id: readonly unknown[]): unknown;
  /** What a value that is no container becomes in the result. */
  leaf(x: unknown): unknown;
}

/** A dict while it is read. At the end it becomes a plain object or, where an object cannot say the same, a Map. */
export class Dict extends Map<unknown, unknown> {
  /** Attributes of an OrderedDict: `_metadata` of a state dict. */
  attributes: Dict | null = null;
}
/** Which arrays are tuples. */
const tuples = new WeakSet<object>();
/** Of containers, tuples and calls together: a few bytes of a pickle can ask for one. */
const MOST_OBJECTS = 2 ** 22;
const MARK = Symbol('mark');

const fail = (why: string): never => {
  throw new UnpicklingError(`Weights only load failed. ${why}`);
};

/** Reads forward through a source in pieces. */
export class Cursor {
  private piece: Uint8Array = new Uint8Array(0);
  private at = 0;
  constructor(
    private readonly source: Source,
    /** Position after the piece. */
    private next = 0,
  ) {}
  get position(): number {
    return this.next - this.piece.length + this.at;
  }
  get left(): number {
    return this.source.size - this.position;
  }
  byte(): number {
    if (this.at === this.piece.length) this.load(1);
    return this.piece[this.at++]!;
  }
  take(length: number): Uint8Array {
    if (this.piece.length - this.at < length) this.load(length);
    this.at += length;
    return this.piece.subarray(this.at - length, this.at);
  }
  /** Fills memory with the bytes at the cursor, past the piece in hand. */
  fill(into: Uint8Array): void {
    const { position } = this;
    if (into.length > this.left) throw new EOFError(`the file ends after ${this.left} of ${into.length} bytes`);
    this.source.fill(into, position);
    this.skip(into.length);
  }
  skip(length: number): void {
    const { position } = this;
    if (length > this.left) throw new EOFError(`the file ends after ${this.left} of ${length} bytes`);
    this.next = position + length;
    this.piece = new Uint8Array(0);
    this.at = 0;
  }
  /** Text up to the end of the line. */
  line(): string {
    const codes: number[] = [];
    for (let b = this.byte(); b !== 10; b = this.byte()) codes.push(b);
    return utf8(Uint8Array.from(codes));
  }
  private load(length: number): void {
    const { position, left } = this;
    if (length > left) throw new EOFError(`the pickle ends after ${left} of ${length} bytes`);
    this.piece = this.source.bytes(position, Math.min(left, Math.max(length, 1 << 16)));
    this.next = position + this.piece.length;
    this.at = 0;
  }
}
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('A string is not UTF-8.');
  }
}
const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
};
/** Little-endian two's complement. */
function integer(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  let hex = '';
  for (let i = bytes.length - 1; i >= 0; i--) hex += bytes[i]!.toString(16).padStart(2, '0');
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`));
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** Reads the pickle at the cursor, which is left behind it. */
export function unpickle(cursor: Cursor, environment: Environment): unknown {
  return finished(new Machine(cursor, environment).run(), environment);
}

class Machine {
  private stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  /** Calls copy their arguments, and a memoized argument can be passed again and again: what they take is limited by the file. */
  private allowance: number;
  private made = 0;
  constructor(
    private readonly cursor: Cursor,
    private readonly environment: Environment,
  ) {
    this.allowance = 16 * cursor.left + 4096;
  }

  run(): unknown {
    const { cursor } = this;
    for (;;) {
      const opcode = cursor.byte();
      if (opcode === 0x2e) return this.pop();
      this.step(opcode);
    }
  }
  private make(x: unknown): void {
    if (++this.made > MOST_OBJECTS) fail(`The pickle makes more than ${MOST_OBJECTS} objects.`);
    this.stack.push(x);
  }
  private tuple(items: unknown[]): unknown[] {
    tuples.add(items);
    return items;
  }
  private pop(): unknown {
    const x = this.stack.pop();
    if (x === undefined || x === MARK) return fail('The pickle takes a value that is not there.');
    return x;
  }
  private top(): unknown {
    const x = this.stack.at(-1);
    return x === undefined || x === MARK ? fail('The pickle changes a value that is not there.') : x;
  }
  private sinceMark(): unknown[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) return fail('The pickle refers to a mark that is not there.');
    const items = this.stack.splice(at);
    items.shift();
    return items;
  }
  private last(count: number): unknown[] {
    const items: unknown[] = new Array(count);
    for (let i = count - 1; i >= 0; i--) items[i] = this.pop();
    return items;
  }
  private uint(bytes: number): number {
    const b = this.cursor.take(bytes);
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + b[i]!;
    return value;
  }
  private real(): number {
    const b = this.cursor.take(8);
    return new DataView(b.buffer, b.byteOffset, 8).getFloat64(0, false);
  }

  private step(opcode: number): void {
    const { stack, cursor } = this;
    switch (opcode) {
      case 0x80: {
        const protocol = cursor.byte();
        if (protocol < 2 || protocol > 5) fail(`Unsupported pickle protocol ${protocol}.`);
        return;
      }
      case 0x95: // FRAME
        cursor.take(8);
        return;
      case 0x28:
        stack.push(MARK);
        return;
      case 0x30:
        this.pop();
        return;
      case 0x32:
        stack.push(this.top());
        return;
      case 0x4e:
        stack.push(null);
        return;
      case 0x88:
        stack.push(true);
        return;
      case 0x89:
        stack.push(false);
        return;
      case 0x4b:
        stack.push(cursor.byte());
        return;
      case 0x4d:
        stack.push(this.uint(2));
        return;
      case 0x4a:
        stack.push(this.uint(4) | 0);
        return;
      case 0x8a:
        stack.push(integer(cursor.take(cursor.byte())));
        return;
      case 0x8b:
        stack.push(integer(cursor.take(this.uint(4))));
        return;
      case 0x47:
        stack.push(this.real());
        return;
      case 0x8c:
        stack.push(utf8(cursor.take(cursor.byte())));
        return;
      case 0x58:
        stack.push(utf8(cursor.take(this.uint(4))));
        return;
      case 0x8d:
        stack.push(utf8(cursor.take(this.uint(8))));
        return;
      case 0x55: // Python 2's str
        stack.push(latin1(cursor.take(cursor.byte())));
        return;
      case 0x54:
        stack.push(latin1(cursor.take(this.uint(4))));
        return;
      case 0x43:
        stack.push(cursor.take(cursor.byte()).slice());
        return;
      case 0x42:
        stack.push(cursor.take(this.uint(4)).slice());
        return;
      case 0x8e:
      case 0x96:
        stack.push(cursor.take(this.uint(8)).slice());
        return;
      case 0x29:
        this.make(this.tuple([]));
        return;
      case 0x85:
      case 0x86:
      case 0x87:
        this.make(this.tuple(this.last(opcode - 0x84)));
        return;
      case 0x74:
        this.make(this.tuple(this.sinceMark()));
        return;
      case 0x5d:
        this.make([]);
        return;
      case 0x61: {
        const item = this.pop();
        this.list().push(item);
        return;
      }
      case 0x65: {
        const items = this.sinceMark();
        const list = this.list();
        for (const item of items) list.push(item);
        return;
      }
      case 0x7d:
        this.make(new Dict());
        return;
      case 0x73: {
        const [key, value] = this.last(2);
        this.dict().set(hashable(key), value);
        return;
      }
      case 0x75: {
        const items = this.sinceMark();
        if (items.length % 2) fail('A dict has a key without a value.');
        const dict = this.dict();
        for (let i = 0; i < items.length; i += 2) dict.set(hashable(items[i]), items[i + 1]);
        return;
      }
      case 0x8f:
        this.make(new Set());
        return;
      case 0x90: {
        const items = this.sinceMark();
        const set = this.top();
        if (!(set instanceof Set)) fail('Items are added to something that is no set.');
        for (const item of items) (set as Set<unknown>).add(hashable(item));
        return;
      }
      case 0x91:
        this.make(new Set(this.sinceMark().map(hashable)));
        return;
      case 0x71:
        this.memo.set(cursor.byte(), this.top());
        return;
      case 0x72:
        this.memo.set(this.uint(4), this.top());
        return;
      case 0x94:
        this.memo.set(this.memo.size, this.top());
        return;
      case 0x68:
        this.recall(cursor.byte());
        return;
      case 0x6a:
        this.recall(this.uint(4));
        return;
      case 0x63: {
        const module = cursor.line();
        stack.push(this.environment.global(module, cursor.line()));
        return;
      }
      case 0x93: {
        const [module, name] = this.last(2);
        if (typeof module !== 'string' || typeof name !== 'string') fail('A global is named by something that is no text.');
        stack.push(this.environment.global(module as string, name as string));
        return;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.call();
        return;
      case 0x62:
        this.build();
        return;
      case 0x51: {
        const id = this.pop();
        if (!Array.isArray(id)) fail('A persistent id is no tuple.');
        stack.push(this.environment.persistent(id as unknown[]));
        return;
      }
      default:
        fail(`Unsupported operand ${opcode}: data needs no such opcode.`);
    }
  }
  private recall(index: number): void {
    const x = this.memo.get(index);
    if (x === undefined) fail(`The pickle recalls value ${index}, which it has not kept.`);
    this.stack.push(x);
  }
  private list(): unknown[] {
    const x = this.top();
    return Array.isArray(x) && !tuples.has(x) ? x : fail('Items are added to something that is no list.');
  }
  private dict(): Dict {
    const x = this.top();
    return x instanceof Dict ? x : fail('Keys are set in something that is no dict.');
  }
  private call(): void {
    const [callee, args] = this.last(2);
    const function_ =
      callee instanceof SafeFunction
        ? callee
        : fail(`The pickle calls something that is no function (${callee === null ? 'None' : typeof callee}).`);
    const list = Array.isArray(args) ? (args as unknown[]) : fail(`The arguments of ${function_.name} are no tuple.`);
    for (const x of list) this.allowance -= sizeOf(x);
    if (this.allowance < 0) fail('The pickle passes more data around than a checkpoint of its size does.');
    this.make(function_.call(list));
  }
  /** Attributes: of an OrderedDict kept for its `_metadata`; others have none that matter. */
  private build(): void {
    const state = this.pop();
    const x = this.top();
    if (x instanceof Dict && state instanceof Dict) x.attributes = state;
    else fail(`Can only build OrderedDict and Tensor objects, not ${typeof x}.`);
  }
}
const sizeOf = (x: unknown): number =>
  typeof x === 'string' || x instanceof Uint8Array || Array.isArray(x) ? x.length : x instanceof Map || x instanceof Set ? x.size : 1;
function hashable(key: unknown): unknown {
  if (key instanceof Map || key instanceof Set || (Array.isArray(key) && !tuples.has(key))) fail('A list, dict or set is used as a key.');
  return key;
}

/** The value with its dicts as objects or Maps and its tuples frozen. Without recursion: nesting is as deep as the file says. */
function finished(root: unknown, environment: Environment): unknown {
  const dicts = new Map<Dict, object>();
  const seen = new Set<object>();
  const waiting: unknown[] = [root];
  for (let x = waiting.pop(); x !== undefined; x = waiting.pop()) {
    if (!isContainer(x) || seen.has(x)) continue;
    seen.add(x);
    if (x instanceof Dict) {
      const metadata = x.attributes?.get('_metadata');
      const hasMetadata = metadata instanceof Dict;
      dicts.set(x, sayable(x, hasMetadata) ? {} : new Map());
      if (hasMetadata) waiting.push(metadata);
      for (const [key, value] of x) waiting.push(key, value);
    } else for (const item of x as Iterable<unknown>) waiting.push(item);
  }
  const final = (x: unknown): unknown => (x instanceof Dict ? dicts.get(x) : environment.leaf(x));
  for (const x of seen) {
    if (Array.isArray(x)) {
      for (let i = 0; i < x.length; i++) x[i] = final(x[i]);
      if (tuples.has(x)) Object.freeze(x);
    } else if (x instanceof Dict) {
      const target = dicts.get(x)!;
      if (target instanceof Map) for (const [key, value] of x) target.set(key, final(value));
      else for (const [key, value] of x) define(target, String(key), final(value), true);
      const metadata = x.attributes?.get('_metadata');
      if (metadata instanceof Dict) define(target, '_metadata', final(metadata), false);
    }
  }
  return final(root);
}
const isContainer = (x: unknown): x is object => Array.isArray(x) || x instanceof Dict || x instanceof Set;
const define = (target: object, key: string, value: unknown, enumerable: boolean): unknown =>
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
/** Whether a plain object would be written as this dict again: the same keys, of the same kind, in the same order. */
function sayable(dict: Dict, hasMetadata: boolean): boolean {
  const probe: Record<string, unknown> = {};
  for (const key of dict.keys()) {
    if (typeof key !== 'string' && typeof key !== 'number') return false;
    define(probe, String(key), null, true);
  }
  if (hasMetadata) define(probe, '_metadata', null, false);
  const keys = objectKeys(probe);
  let i = 0;
  for (const key of dict.keys()) if (keys[i++] !== key) return false;
  return i === keys.length;
}
