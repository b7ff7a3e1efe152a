// npx flambeau doctor: what computes on this machine, why not something faster, and which optional packages are there.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addonFile, loadAddon } from '../backend/native/addon.ts';
import { PLAIN, readModule, THREADED } from '../backend/wasm/module.ts';

export const usage = `Usage: flambeau doctor [--json]

Says which backend Flambeau chose here and why, the level of the CPU's instructions, threads, the files of the backends, the
versions of the runtime, and which optional packages are installed. Exits with 1 where Flambeau cannot be loaded.

  --json   the same as one JSON object`;

/** A file of a backend, and whether it can be used. */
interface BackendFile {
  readonly file: string;
  readonly bytes: number | null;
  readonly problem: string | null;
}
export interface Diagnosis {
  readonly version: string;
  readonly runtime: string;
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly cores: number; readonly levels: readonly string[] };
  readonly memory: number;
  /** What computes; null where the library could not be loaded, with the error as reason. */
  readonly backend: { readonly name: string | null; readonly reason: string; readonly level: string; readonly threads: number };
  readonly native: BackendFile;
  readonly wasm: BackendFile;
  readonly wasmThreads: BackendFile;
  /** FLAMBEAU_… variables that are set. */
  readonly variables: Readonly<Record<string, string>>;
  /** Optional packages: the installed version, or null; and the versions that are asked for. */
  readonly packages: Readonly<Record<string, { readonly installed: string | null; readonly wanted: string }>>;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } });
  const found = await diagnose();
  console.log(values.json ? JSON.stringify(found, null, 2) : report(found));
  if (found.backend.name === null) process.exitCode = 1;
}

interface PackageFile {
  readonly version: string;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
/** Looks at everything; throws nothing. */
export async function diagnose(): Promise<Diagnosis> {
  const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageFile;
  const backend = await chosen();
  const addon = attempt(loadAddon);
  return {
    version: own.version,
    runtime: runtime(),
    platform: `${process.platform} ${process.arch}${libc()}`,
    cpu: {
      model: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      levels: 'reason' in addon ? [] : addon.levels(),
    },
    memory: totalmem(),
    backend,
    native: describeFile(addonFile(), 'reason' in addon ? addon.reason : null),
    wasm: describeFile(fileURLToPath(PLAIN), problemOf(PLAIN)),
    wasmThreads: describeFile(fileURLToPath(THREADED), problemOf(THREADED)),
    variables: Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith('FLAMBEAU_') && entry[1] !== undefined),
    ),
    packages: Object.fromEntries(
      Object.entries(own.peerDependencies ?? {}).map(([name, wanted]) => [name, { installed: installedVersion(name), wanted }]),
    ),
  };
}
async function chosen(): Promise<Diagnosis['backend']> {
  try {
    await import('../surface/install.ts');
    const { get_num_threads, selection } = await import('../backend/select.ts');
    return { name: selection.name, reason: selection.reason || explanation(), level: selection.level, threads: get_num_threads() };
  } catch (error) {
    return { name: null, reason: (error as Error).message, level: '', threads: 0 };
  }
}
const explanation = (): string =>
  process.env.FLAMBEAU_BACKEND ? `FLAMBEAU_BACKEND=${process.env.FLAMBEAU_BACKEND} asks for it` : 'it is the fastest';
function attempt<T>(load: () => T): T | { readonly reason: string } {
  try {
    return load();
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
function problemOf(module: URL): string | null {
  const read = attempt(() => readModule(module));
  return 'reason' in read ? read.reason : null;
}
const describeFile = (file: string, problem: string | null): BackendFile => ({
  file,
  bytes: existsSync(file) ? statSync(file).size : null,
  problem,
});
function runtime(): string {
  const { bun, deno, node } = process.versions as { bun?: string; deno?: string; node: string };
  return bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node.js ${node}`;
}
/** The C library on Linux: the addon of the package is for glibc. */
function libc(): string {
  if (process.platform !== 'linux') return '';
  const { header } = (process.report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ? `, glibc ${header.glibcVersionRuntime}` : ', no glibc';
}
/** The version of a package that the library would load; null where there is none. */
function installedVersion(name: string): string | null {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const file = `${folder}/${name}/package.json`;
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as PackageFile).version;
  }
  return null;
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
function report(d: Diagnosis): string {
  const row = (label: string, text: string): string => `${label.padEnd(14)}${text}`;
  const fileRow = (label: string, { file, bytes, problem }: BackendFile): string =>
    row(
      label,
      `${problem === null ? 'ok' : 'not usable'}: ${file}${bytes === null ? '' : ` (${megabytes(bytes)})`}${problem === null ? '' : `\n${' '.repeat(14)}${problem}`}`,
    );
  const { backend } = d;
  const computes =
    backend.name === null
      ? [row('backend', `none: ${backend.reason}`)]
      : [
          row('backend', `${backend.name} (${backend.reason})`),
          ...(backend.level ? [row('level', backend.level)] : []),
          row('threads', String(backend.threads)),
        ];
  const packages = Object.entries(d.packages).map(([name, { installed, wanted }]) =>
    row('', `${name.padEnd(24)}${installed ?? 'not installed'} (wanted: ${wanted})`),
  );
  return [
    row('flambeau', d.version),
    row('runtime', `${d.runtime}, ${d.platform}`),
    row('CPU', `${d.cpu.model}, ${d.cpu.cores} cores${d.cpu.levels.length ? `, levels ${d.cpu.levels.join(', ')}` : ''}`),
    row('memory', megabytes(d.memory)),
    ...computes,
    fileRow('native', d.native),
    fileRow('wasm', d.wasm),
    fileRow('wasm threads', d.wasmThreads),
    ...Object.entries(d.variables).map(([name, value]) => row('variable', `${name}=${value}`)),
    ...(packages.length ? ['optional packages', ...packages] : []),
  ].join('\n');
}
