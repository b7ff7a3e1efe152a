// Copies of modules.
import { Tensor } from '../../core/tensor.ts';
import { Module } from '../module.ts';
import { Buffer, Parameter } from '../parameter.ts';

/**
 * A copy of a value with copies of all tensors and modules in it: what `copy.deepcopy` is in Python. Functions and hooks are shared, and
 * private fields (`#x`) of modules are not copied.
 * @param memo copies made so far; what occurs twice is copied once.
 */
export function deepcopy<T>(x: T, memo: Map<unknown, unknown> = new Map()): T {
  if (memo.has(x)) return memo.get(x) as T;
  const made = (copy: unknown): T => {
    memo.set(x, copy);
    return copy as T;
  };
  if (x instanceof Tensor) return made(copyTensor(x));
  if (x instanceof Module) {
    const copy = Reflect.construct(Module, [], x.constructor) as Module;
    memo.set(x, copy);
    copyProperties(x, copy, memo);
    for (const key of Object.keys(x._internals) as (keyof typeof x._internals)[]) {
      const value = x._internals[key];
      if (value instanceof Map)
        for (const [k, v] of value) (copy._internals[key] as Map<unknown, unknown>).set(k, deepcopy<unknown>(v, memo));
      else if (Array.isArray(value)) (copy._internals[key] as unknown[]).push(...value);
    }
    copy._internals.hooked = x._internals.hooked;
    return copy as T;
  }
  if (Array.isArray(x)) {
    const copy: unknown[] = [];
    memo.set(x, copy);
    for (const v of x) copy.push(deepcopy<unknown>(v, memo));
    return copy as T;
  }
  if (x instanceof Map) {
    const copy = new Map();
    memo.set(x, copy);
    for (const [k, v] of x) copy.set(k, deepcopy<unknown>(v, memo));
    return copy as T;
  }
  if (typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype) {
    const copy = {};
    memo.set(x, copy);
    copyProperties(x, copy, memo);
    return copy as T;
  }
  return x;
}
function copyTensor(x: Tensor): Tensor {
  const data = x.data.clone();
  const copy =
    x instanceof Parameter
      ? new Parameter(data, x.requires_grad)
      : x instanceof Buffer
        ? new Buffer(data, x.persistent)
        : data.requires_grad_(x.requires_grad);
  if (x._grad) copy._grad = x._grad.data.clone();
  return copy;
}
function copyProperties(from: object, to: object, memo: Map<unknown, unknown>): void {
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
    if (key === '_internals') continue;
    Object.defineProperty(
      to,
      key,
      'value' in descriptor ? { ...descriptor, value: deepcopy<unknown>(descriptor.value, memo) } : descriptor,
    );
  }
}
