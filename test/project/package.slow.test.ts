// The packed tarball, installed with scripts disabled: what it holds, what it promises to TypeScript, and that it trains wherever
// JavaScript runs.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Consumer, root, run } from '../helpers/package.ts';

interface PackageFile {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}
let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
}, 300_000);
afterAll(() => consumer?.remove());
const tool = (file: string): string => join(root, 'node_modules', file);
const BACKENDS = ['native', 'wasm', 'reference'];

describe('the packed tarball', () => {
  it('satisfies publint', () => {
    expect(run(root, process.execPath, [tool('publint/src/cli.js'), 'run', consumer.tarball, '--strict'])).toContain('All good!');
  });
  it('satisfies arethetypeswrong', () => {
    const args = [tool('@arethetypeswrong/cli/dist/index.js'), consumer.tarball, '--profile', 'esm-only', '--no-emoji'];
    expect(run(root, process.execPath, args)).toContain('node16 (from ESM): OK'); // it fails where there is a problem
  });
  it('has everything that its maps name', () => {
    const missing: string[] = [];
    for (const file of readdirSync(join(consumer.installed, 'dist'), { recursive: true, encoding: 'utf8' })) {
      const path = join(consumer.installed, 'dist', file);
      if (!/\.(js|d\.ts)$/.test(file)) continue;
      if (!existsSync(`${path}.map`)) missing.push(`${file}.map`);
      else
        for (const source of (JSON.parse(readFileSync(`${path}.map`, 'utf8')) as { sources: string[] }).sources)
          if (!existsSync(resolve(dirname(path), source))) missing.push(`${file}: ${source}`);
    }
    expect(missing).toEqual([]);
  });
  it.each([
    ['a page', []],
    ['Node.js', ['--lib', 'ES2023', '--types', 'node', '--typeRoots', tool('@types')]],
  ])('promises its types to a strict program for %s', (_, options) => {
    expect(run(consumer.dir, process.execPath, [tool('typescript/bin/tsc'), '-p', '.', ...options])).toBe('');
  });
  it('loads each of its entries alone, with the optional packages that it names where it needs some', () => {
    const own = JSON.parse(readFileSync(join(consumer.installed, 'package.json'), 'utf8')) as PackageFile;
    const load = (entry: string): readonly string[] => JSON.parse(consumer.node(['entry.js', `flambeau${entry.slice(1)}`])) as string[];
    /** The package without which the entry cannot be loaded; '' where it can. */
    const missing = (entry: string): string => {
      try {
        expect(load(entry), entry).not.toEqual([]);
        return '';
      } catch (error) {
        const name = /Cannot find package '([^']+)'/.exec(String(error))?.[1] ?? '';
        if (!own.peerDependenciesMeta[name]?.optional) throw error;
        return name;
      }
    };
    const needed: string[] = [];
    for (const entry of Object.keys(own.exports).filter((name) => name !== './package.json')) {
      for (let name = missing(entry); name; name = missing(entry)) {
        needed.push(`${entry}: ${name}`);
        consumer.install(`${name}@${own.peerDependencies[name]}`);
      }
    }
    expect(needed.filter((need) => !need.startsWith('./utils/'))).toEqual([]);
  });
});

describe('a step of training', () => {
  it.each(BACKENDS)('in Node.js on %s', (name) => {
    expect(JSON.parse(consumer.node(['step.js'], { FLAMBEAU_BACKEND: name }))).toEqual([name, true]);
  });
  it('in CommonJS', () => {
    expect(JSON.parse(consumer.node(['require.cjs']))).toEqual(['native', 'Linear(in_features=2, out_features=3, bias=True)']);
  });
});

describe.runIf(process.platform !== 'win32')('another runtime', () => {
  const libc = process.platform === 'linux' ? '-glibc' : '';
  const deno = `@deno/${process.platform}-${process.arch}${libc}`;
  const bun = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
  beforeAll(() => consumer.install(deno, bun), 300_000);
  const inDeno = (args: readonly string[], env: NodeJS.ProcessEnv): unknown =>
    JSON.parse(run(consumer.dir, join(consumer.dir, 'node_modules', deno, 'deno'), ['run', ...args], env));
  const inBun = (args: readonly string[], env: NodeJS.ProcessEnv): unknown =>
    JSON.parse(run(consumer.dir, join(consumer.dir, 'node_modules', bun, 'bin/bun'), args, env));

  it.each(BACKENDS)('trains a step on %s: Deno', (name) => {
    expect(inDeno(['-A', 'step.js'], { FLAMBEAU_BACKEND: name })).toEqual([name, true]);
  });
  it.each(BACKENDS)('trains a step on %s: Bun', (name) => {
    expect(inBun(['step.js'], { FLAMBEAU_BACKEND: name })).toEqual([name, true]);
  });
  it('trains with the permissions that it has: Deno', () => {
    expect(inDeno(['--allow-read', 'step.js'], {})).toEqual(['wasm', true]);
    expect(inDeno(['step.js'], {})).toEqual([expect.stringMatching(/wasm|reference/), true]);
  });
  it('takes it from CommonJS: Deno and Bun', () => {
    const printed = ['native', 'Linear(in_features=2, out_features=3, bias=True)'];
    expect(inDeno(['-A', 'require.cjs'], { FLAMBEAU_BACKEND: '' })).toEqual(printed);
    expect(inBun(['require.cjs'], { FLAMBEAU_BACKEND: '' })).toEqual(printed);
  });
});

describe('npx flambeau', () => {
  const flambeau = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string =>
    run(consumer.dir, 'npx', ['--no-install', 'flambeau', ...args], { FLAMBEAU_BACKEND: '', ...env });
  it('doctor says what computes, and why', () => {
    expect(flambeau(['doctor'])).toMatch(
      /backend +native \(it is the fastest\)\nlevel +(baseline|avx2|avx512)\nthreads +\d+\nnative +ok: /,
    );
    expect(flambeau(['doctor'], { FLAMBEAU_BACKEND: 'wasm' })).toMatch(/backend +wasm \(FLAMBEAU_BACKEND=wasm asks for it\)/);
  });
  it('doctor says it as JSON', () => {
    const found = JSON.parse(flambeau(['doctor', '--json'])) as { packages: object; native: object };
    expect(found.native).toMatchObject({ problem: null });
    expect(found.packages).toMatchObject({ sharp: { installed: null } });
  });
  it('explains wrong use', () => {
    expect(() => flambeau(['doctor', '--loud'])).toThrow(/Unknown option '--loud'[\s\S]*Usage: flambeau doctor/);
    expect(() => flambeau(['bake'])).toThrow(/there is no command bake[\s\S]*Commands:/);
  });
});

describe('where the addon is of no use', () => {
  const addons = (): string[] =>
    readdirSync(join(consumer.installed, 'native/build'))
      .filter((file) => file.endsWith('.node'))
      .map((file) => join(consumer.installed, 'native/build', file));
  it('WebAssembly serves: the system refuses the file', () => {
    for (const file of addons()) writeFileSync(file, 'made for another system');
    expect(JSON.parse(consumer.node(['step.js']))).toEqual(['wasm', true]);
    expect(() => consumer.node(['step.js'], { FLAMBEAU_BACKEND: 'native' })).toThrow(/FLAMBEAU_BACKEND=native: .* could not be loaded/);
  });
  it('WebAssembly serves: there is none', () => {
    for (const file of addons()) rmSync(file);
    expect(JSON.parse(consumer.node(['step.js']))).toEqual(['wasm', true]);
  });
});
