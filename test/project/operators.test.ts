// docs/operators.md lists the operators that there are; npm run docs:operators writes it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { documented, PAGE } from '../../tools/operators.ts';

it('docs/operators.md lists every public operator', () => {
  const text = readFileSync(fileURLToPath(new URL(`../../${PAGE}`, import.meta.url)), 'utf8');
  const listed = [...text.matchAll(/^\| `([^(`]+)\(/gm)].map(([, name]) => name);
  const there = [...documented()].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, operators]) => [...operators.keys()].sort());
  expect(listed).toEqual(there);
});
it('every public operator name says what it does', () => {
  const names = new Map<string, boolean>();
  for (const [space, operators] of documented()) {
    for (const [name, o] of operators) {
      const path = `${space}.${name.split('.')[0]}`;
      names.set(path, names.get(path) === true || o.decl.doc !== undefined);
    }
  }
  expect([...names].filter(([, said]) => !said).map(([name]) => name)).toEqual([]);
});
