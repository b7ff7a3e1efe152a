import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PRIMITIVES } from '../../src/pointwise/primitives.ts';

it('numbers primitives as the native interpreter does', () => {
  const header = readFileSync(new URL('../../native/kernels/primitives.hpp', import.meta.url), 'utf8');
  const native = [...header.matchAll(/\b(?:UNARY|BINARY|TERNARY)\((\w+)\)/g)].map((m) => m[1]);
  expect(native.length).toBeGreaterThan(80);
  expect(PRIMITIVES.slice(4, 4 + native.length)).toEqual(native);
});
