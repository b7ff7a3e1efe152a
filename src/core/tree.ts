import { Tensor } from './tensor.ts';

/** Applies f to every tensor of an argument (a tensor, a list of tensors, or anything else). */
export function mapTensors(x: unknown, f: (t: Tensor) => unknown): unknown {
  if (x instanceof Tensor) return f(x);
  return Array.isArray(x) ? x.map((y) => mapTensors(y, f)) : x;
}
/** The tensors among arguments, lists included. */
export function tensorsIn(args: readonly unknown[]): Tensor[] {
  const found: Tensor[] = [];
  for (const a of args) {
    if (a instanceof Tensor) found.push(a);
    else if (Array.isArray(a)) for (const t of a) if (t instanceof Tensor) found.push(t);
  }
  return found;
}
