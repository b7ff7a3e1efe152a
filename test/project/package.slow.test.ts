// The packed tarball, installed with scripts disabled: it trains a step on the addon, on WebAssembly, and picks WebAssembly where there is no addon.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'flambeau-package-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, FLAMBEAU_BACKEND: backend },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}
let backend = '';
const STEP = `
import * as torch from 'flambeau';
import { nn, optim } from 'flambeau';
torch.manual_seed(1);
const net = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Linear(20, 1));
const optimizer = new optim.Adam(net.parameters());
const x = torch.randn([64, 10]);
const loss = net(x).square().mean();
loss.backward();
optimizer.step();
console.log(JSON.stringify([torch.get_backend(), loss.item() > net(x).square().mean().item()]));
`;

describe('the packed tarball', () => {
  beforeAll(() => {
    run(root, 'npm', 'pack', '--ignore-scripts', '--pack-destination', dir);
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    writeFileSync(join(dir, 'step.js'), STEP);
    const tarball = readdirSync(dir).find((file) => file.endsWith('.tgz'))!;
    run(dir, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`);
  }, 300_000);
  it.each(['native', 'wasm', 'reference'])('trains a step on %s', (name) => {
    backend = name;
    expect(JSON.parse(run(dir, process.execPath, 'step.js'))).toEqual([name, true]);
  });
  it('picks WebAssembly where there is no addon', () => {
    backend = '';
    const build = join(dir, 'node_modules/flambeau/native/build');
    for (const file of readdirSync(build)) if (file.endsWith('.node')) rmSync(join(build, file));
    expect(JSON.parse(run(dir, process.execPath, 'step.js'))).toEqual(['wasm', true]);
  });
});
