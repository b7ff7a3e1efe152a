// What the evaluator asks of a library whose objects a snippet uses. The evaluator itself knows Python only.
import type { PyValue } from './values.ts';

export interface Foreign {
  /** Whether a value is the library's: then the other members answer for it. */
  owns(value: PyValue): boolean;
  getattr(object: PyValue, name: string): PyValue;
  setattr(object: PyValue, name: string, value: PyValue): void;
  getitem(object: PyValue, index: PyValue): PyValue;
  setitem(object: PyValue, index: PyValue, value: PyValue): void;
  call(callee: PyValue, args: readonly PyValue[], kwargs: ReadonlyMap<string, PyValue>): PyValue;
  /** `left op right` where at least one of them is the library's; comparisons are operators too. */
  binary(op: string, left: PyValue, right: PyValue): PyValue;
  unary(op: string, operand: PyValue): PyValue;
  /** `left op= right`; returns what the target then holds. */
  update(op: string, left: PyValue, right: PyValue): PyValue;
  iterate(object: PyValue): Iterable<PyValue>;
  length(object: PyValue): number;
  truth(object: PyValue): boolean;
  contains(object: PyValue, item: PyValue): boolean;
  repr(object: PyValue): string | null;
  str(object: PyValue): string | null;
  /** A class with the methods of `namespace` on top of a library class. */
  subclass(name: string, base: PyValue, namespace: ReadonlyMap<string, PyValue>): PyValue;
  isinstance(object: PyValue, type: PyValue): boolean;
  /** Enters a context manager; the result leaves it. */
  enter(context: PyValue): { value: PyValue; exit(): void };
  typeOf(object: PyValue): PyValue;
  /** A module by its dotted name, or undefined. */
  module(name: string): PyValue;
}
