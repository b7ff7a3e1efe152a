// Python values in JavaScript: what the evaluator computes with and what the conformance data decodes to.
// int is bigint and float is number, so that `1` and `1.0` stay distinct; None is null, str string, bool boolean, list Array,
// dict Map, set Set. Everything else that has no JavaScript counterpart is below.

export type PyValue = unknown;

/** A Python tuple. With `fields` a named one: `torch.return_types.max` has `values` and `indices`. */
export class PyTuple extends Array<PyValue> {
  fields: readonly string[] | null = null;
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  static from_(items: Iterable<PyValue>, fields: readonly string[] | null = null): PyTuple {
    const tuple = new PyTuple();
    for (const item of items) tuple.push(item);
    tuple.fields = fields;
    return tuple;
  }
}

export class PyComplex {
  constructor(
    readonly re: number,
    readonly im: number,
  ) {}
}

/** `start:stop:step`, of a subscript or made by slice(). */
export class PySlice {
  constructor(
    readonly start: PyValue,
    readonly stop: PyValue,
    readonly step: PyValue,
  ) {}
}

export class PyRange {
  constructor(
    readonly start: bigint,
    readonly stop: bigint,
    readonly step: bigint,
  ) {}
  get length(): number {
    const span = this.step > 0n ? this.stop - this.start + this.step - 1n : this.start - this.stop - this.step - 1n;
    const count = span / (this.step > 0n ? this.step : -this.step);
    return count > 0n ? Number(count) : 0;
  }
  at(index: number): bigint {
    return this.start + BigInt(index) * this.step;
  }
  *[Symbol.iterator](): Iterator<bigint> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

export const ELLIPSIS: unique symbol = Symbol('Ellipsis');

/** A Python exception on its way through the evaluator. `kind` is the class name. */
export class PyError extends Error {
  constructor(
    readonly kind: string,
    message: string,
    readonly value: PyValue = null,
  ) {
    super(message);
    this.name = kind;
  }
}

/** A construct that the evaluator does not know: the snippet fails, and this says why. */
export class Unsupported extends Error {
  override name = 'Unsupported';
}

export const isNumeric = (x: PyValue): x is bigint | number | boolean | PyComplex =>
  typeof x === 'bigint' || typeof x === 'number' || typeof x === 'boolean' || x instanceof PyComplex;

/** A plain object: a library's way to write a dict with string keys. */
export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
}
