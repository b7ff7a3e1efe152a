// How Python's values and JavaScript's correspond, where both directions must agree.

/** Array indices: the strings that JavaScript orders as numbers. */
const isIndex = (key: string): boolean => /^(0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;

/**
 * The keys of a plain object as a dict has them. Keys that are all array indices are ints, as in `{ 0: … }` and in an optimizer's state;
 * a module's state dict (it has `_metadata`) and all other objects have strings. A Map says the kind of each key itself.
 */
export function objectKeys(object: object): (string | number)[] {
  const keys = Object.keys(object);
  return keys.length > 0 && !('_metadata' in object && !Object.keys(object).includes('_metadata')) && keys.every(isIndex)
    ? keys.map(Number)
    : keys;
}
/** Objects that are written as dicts. */
export function isPlain(x: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || prototype === Object.prototype;
}
