// The whole public data on each backend. The floors are below what was measured.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BACKENDS } from '../helpers/backends.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
interface Row {
  kind: string;
  group: string;
  id: string;
  status: string;
}
function replay(kind: string, backend: string): { passed: number; total: number } {
  const dir = mkdtempSync(join(tmpdir(), 'conformance-'));
  try {
    const json = join(dir, 'rows.json');
    const child = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'tools/conformance/main.ts', '--kind', kind, '--backend', backend, '--failures', '0', '--json', json],
      {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      },
    );
    console.log(child.stdout, child.stderr.slice(0, 2000));
    const rows = JSON.parse(readFileSync(json, 'utf8')) as Row[];
    return { passed: rows.filter((r) => r.status === 'passed' || r.status === 'pass').length, total: rows.length };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
const FLOORS: Record<string, number> = { ops: 0.985, modules: 0.99, optim: 0.98, random: 0.99, printing: 0.99 };

for (const backend of BACKENDS) {
  describe(`public data on ${backend}`, () => {
    for (const [kind, floor] of Object.entries(FLOORS)) {
      it(`${kind}: at least ${floor * 100} %`, () => {
        const { passed, total } = replay(kind, backend);
        expect(total).toBeGreaterThan(0);
        expect(passed / total).toBeGreaterThanOrEqual(floor);
      });
    }
  });
}
