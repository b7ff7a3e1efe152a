// The package as a user gets it: packed, and installed with scripts disabled in a folder of its own together with test/consumer.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a command and gives what it wrote. `env` is added to this process's environment. */
export function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} (${error ?? status})\n${stdout}\n${stderr}`);
  return stdout;
}
const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];

/** A consumer's folder that has the packed tarball installed. */
export class Consumer {
  readonly dir = mkdtempSync(join(tmpdir(), 'flambeau-package-'));
  readonly tarball: string;
  constructor() {
    cpSync(join(root, 'test/consumer'), this.dir, { recursive: true });
    run(root, 'npm', ['pack', '--ignore-scripts', '--pack-destination', this.dir]);
    this.tarball = join(this.dir, readdirSync(this.dir).find((file) => file.endsWith('.tgz'))!);
    this.install(this.tarball);
  }
  install(...packages: readonly string[]): void {
    run(this.dir, 'npm', [...install, ...packages]);
  }
  /** The installed package. */
  get installed(): string {
    return join(this.dir, 'node_modules/flambeau');
  }
  node(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    return run(this.dir, process.execPath, args, { FLAMBEAU_BACKEND: '', ...env });
  }
  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
