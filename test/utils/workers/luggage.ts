// Classes and functions that pickle.test.ts sends.
export class Node {
  next: Node | null = null;
  constructor(public label: string) {}
}
export class Tags extends Map<string, number> {
  readonly unit = 'kg';
}
export class File {
  handle: object | null = {};
  constructor(readonly path: string) {}
  __getstate__(): object {
    return { path: this.path };
  }
  __setstate__(state: { path: string }): void {
    Object.assign(this, state, { handle: null });
  }
}
export class Reduced {
  constructor(readonly parts: string[]) {}
  __reduce__(): readonly [Function, readonly unknown[]] {
    return [Reduced, [[...this.parts, 'again']]];
  }
}
export class Secret {
  readonly #key = 1;
  read(): number {
    return this.#key;
  }
}
export const add = (a: number, b: number): number => a + b;
export default class {
  readonly kind = 'unnamed';
}
/** A function and a class that only this call has. */
export function make(k: number): { add: (a: number) => number; Node: new () => object } {
  const add = (a: number): number => a + k;
  class Node {
    readonly k = k;
  }
  return { add, Node };
}
