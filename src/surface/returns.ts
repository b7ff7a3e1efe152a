// Named results: an array whose entries also have names, as torch.return_types.
import type { Op } from '../dispatch/operator.ts';

/** Operators whose Python result is a plain tuple. */
const PLAIN = /^result\d+$/;

class ReturnType extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  declare readonly operator: string;
  declare readonly fields: readonly string[];
  override toString(): string {
    const lines = this.fields.map((f, i) => `${f}=${String(this[i])}`);
    return `torch.return_types.${this.operator}(\n${lines.join(',\n')})`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
/** Gives a multi-result its names; results without names stay a plain array. */
export function returnType(o: Op, r: readonly unknown[]): readonly unknown[] {
  const fields = o.results.slice(0, Math.min(o.visible, r.length));
  if (fields.some((f) => PLAIN.test(f))) return r;
  return namedTuple(o.baseName, fields, r);
}
export function namedTuple(
  operator: string,
  fields: readonly string[],
  values: readonly unknown[],
): readonly unknown[] & Readonly<Record<string, unknown>> {
  const out = new ReturnType();
  for (const v of values) out.push(v);
  Object.defineProperty(out, 'operator', { value: operator });
  Object.defineProperty(out, 'fields', { value: fields });
  fields.forEach((f, i) => {
    Object.defineProperty(out, f, { value: values[i], enumerable: false });
  });
  return out as unknown as readonly unknown[] & Readonly<Record<string, unknown>>;
}
