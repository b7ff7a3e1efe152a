// The first lines that a worker thread runs, before it can load TypeScript: plain JavaScript, given to the thread as text.
import { builtin } from '../../../core/host.ts';
import { pathOf } from './references.ts';

/** What a worker needs to load modules as the calling thread does. */
export interface Loading {
  /** tsx's interfaces for modules and for require, where the program runs under tsx or runs TypeScript without its own loader. */
  readonly tsx: readonly string[];
  /** Other modules that --import named. */
  readonly imports: readonly string[];
  /** The main script, which must not run again. */
  readonly main: string | null;
}
interface Process {
  readonly execArgv: readonly string[];
  readonly features: { readonly typescript?: unknown };
  cwd(): string;
}
interface Modules {
  createRequire(from: string): { resolve(name: string): string };
}

/** Whatever the calling thread's options loaded; `urls` are the modules that the worker will import. */
export function loading(urls: readonly string[], main: string | null): Loading {
  const { execArgv, features, cwd } = (globalThis as unknown as { process: Process }).process;
  const named = execArgv.flatMap((arg, i) => {
    const [flag, value] = arg.split('=', 2) as [string, string?];
    return flag === '--import' || flag === '--loader' || flag === '--experimental-loader' ? [value ?? execArgv[i + 1] ?? ''] : [];
  });
  const isTsx = (name: string): boolean => /(^|[/\\])tsx([/\\]|$)/.test(name);
  const own = urls.filter((url) => /\.[mc]?tsx?$/.test(pathOf(url)));
  const needed = named.some(isTsx) || (own.length > 0 && !features.typescript);
  const paths = needed ? [`${cwd()}/_`, ...own.map(pathOf), ...named.filter((n) => n.startsWith('file:')).map(pathOf)] : [];
  return { tsx: tsxFrom(paths), imports: named.filter((name) => !isTsx(name)), main };
}
function tsxFrom(paths: readonly string[]): string[] {
  const { createRequire } = builtin<Modules>('module')!;
  for (const path of paths) {
    try {
      const { resolve } = createRequire(path);
      // require() finds the CommonJS twins.
      return ['tsx/esm/api', 'tsx/cjs/api'].map((name) => resolve(name).replace(/\.cjs$/, '.mjs'));
    } catch {}
  }
  return [];
}

/** See Loading. What a guarded module would resolve to is the main script: the import fails and says so. */
export const BOOT = `
const { workerData } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
const modules = require('node:module');
const { loading, thread, port, control } = workerData;
const here = pathToFileURL(process.cwd() + '/').href;
function guard(main) {
  const message = 'a module that it imports imports the main script ' + main + ', which a worker must not run again';
  const find = modules._resolveFilename;
  modules._resolveFilename = function (...args) {
    const found = find.apply(this, args);
    if (found === main) throw new Error(message);
    return found;
  };
  const url = pathToFileURL(main).href;
  const check = (found) => {
    if (found.url.replace(/[?#].*$/, '') === url) throw new Error(message);
    return found;
  };
  if (modules.registerHooks) modules.registerHooks({ resolve: (name, context, next) => check(next(name, context)) });
  else {
    const hook = 'export async function resolve(name, context, next) { const found = await next(name, context); if (found.url.replace(/[?#].*$/, "") === ' +
      JSON.stringify(url) + ') throw new Error(' + JSON.stringify(message) + '); return found; }';
    modules.register('data:text/javascript,' + encodeURIComponent(hook));
  }
}
(async () => {
  for (const name of loading.imports) await import(name.startsWith('.') ? new URL(name, here).href : name);
  for (const path of loading.tsx) (await import(pathToFileURL(path).href)).register();
  if (loading.main !== null) guard(loading.main);
  await (await import(thread)).start(workerData);
})().catch((error) => {
  port.postMessage({ kind: 'refused', reference: null, why: String(error && error.message || error) });
  Atomics.add(control, 0, 1);
  Atomics.notify(control, 0);
  port.close();
});
`;
