// Rules that the folder structure promises.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const src = join(root, 'src');
function files(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(dir, e.name)) : e.name.endsWith('.ts') ? [join(dir, e.name)] : [],
  );
}
/** Files that a file imports for their values. */
function valueImports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found: string[] = [];
  for (const m of text.matchAll(/^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'(\.[^']*)'/gms)) {
    const names = m[2] ?? '';
    const onlyTypes =
      /^\{[^}]*\}$/.test(names.trim()) &&
      names
        .replace(/[{}\s]/g, '')
        .split(',')
        .filter(Boolean)
        .every(() => false);
    if (!m[1] && !onlyTypes) found.push(resolve(dirname(file), m[3]!));
  }
  return found;
}
const graph = new Map(files(src).map((f) => [f, valueImports(f)]));

describe('the source tree', () => {
  it('has no cycle of value imports', () => {
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (f: string, path: readonly string[]): void => {
      if (state.get(f) === 'done') return;
      if (state.get(f) === 'open') {
        cycles.push([...path.slice(path.indexOf(f)), f].map((x) => relative(src, x)).join(' → '));
        return;
      }
      state.set(f, 'open');
      for (const g of graph.get(f) ?? []) visit(g, [...path, f]);
      state.set(f, 'done');
    };
    for (const f of graph.keys()) visit(f, []);
    expect(cycles).toEqual([]);
  });
  it('imports Node modules only where a page never looks', () => {
    const allowed = [/^board\//, /^cli\//, /^serialization\//, /^utils\//];
    const users = files(src)
      .filter((f) => /from 'node:/.test(readFileSync(f, 'utf8')))
      .map((f) => relative(src, f))
      .filter((f) => !allowed.some((a) => a.test(f)));
    expect(users).toEqual([]);
  });
  it('lets earlier rooms import only earlier ones', () => {
    const rooms = ['core', 'pointwise', 'backend', 'dispatch', 'autograd', 'transforms'];
    const wrong: string[] = [];
    for (const [f, imports] of graph) {
      const from = rooms.indexOf(relative(src, f).split('/')[0]!);
      if (from < 0) continue;
      for (const g of imports) {
        const to = relative(src, g).split('/')[0]!;
        const at = rooms.indexOf(to);
        if (at > from || (at < 0 && from < rooms.indexOf('autograd'))) wrong.push(`${relative(src, f)} → ${relative(src, g)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
