// Which module exports a class or function: what Python's pickle reads from `__module__` and `__qualname__`.
// JavaScript keeps neither, but the engine's inspector knows where a function's source lies and which variables its module has. A function
// that is the value of a variable at the top of its module can be found there by another thread; one made inside another function cannot.
import { builtin } from '../../../core/host.ts';
import * as torch from '../../../surface/generated/torch.ts';

/** A variable at the top of a module; url '' is the global object. */
export interface Reference {
  readonly url: string;
  readonly name: string;
}
export interface Unreachable {
  /** Why no module gives it, after "is". */
  readonly why: string;
}
export type Located = Reference | Unreachable;
export const isReference = (x: Located): x is Reference => 'url' in x;

interface Remote {
  readonly objectId?: string;
  readonly description?: string;
}
interface Property {
  readonly name: string;
  readonly value?: Remote & { readonly value?: { readonly scriptId?: string } };
}
interface Session {
  connect(): void;
  disconnect(): void;
  post(method: string, params: object, done: (error: unknown, result: unknown) => void): void;
  on(event: string, listener: (message: { params: { scriptId: string; url: string } }) => void): void;
}

/** A look at functions through the inspector, which is attached from the first question until `close`. */
export class Inspector {
  private session: Session | null = null;
  private static readonly urls = new Map<string, string>();

  /** Whether this runtime has an inspector. */
  static get available(): boolean {
    return builtin('inspector') !== undefined;
  }
  /** Where the source of a function lies: the module's URL; '' if it has none. */
  urlOf(f: object): string {
    const at = this.internals(f).find((p) => p.name === '[[FunctionLocation]]')?.value?.value?.scriptId;
    if (at === undefined) return '';
    if (!Inspector.urls.has(at)) this.readScripts();
    return Inspector.urls.get(at) ?? '';
  }
  /** The variables at the top of a function's module that the module keeps; null if the function's module is no ES module. */
  moduleOf(f: object): Record<string, unknown> | null {
    const scopes = this.internals(f).find((p) => p.name === '[[Scopes]]')?.value;
    if (!scopes?.objectId) return null;
    const chain = this.properties(scopes.objectId).result.filter((s) => s.value?.description !== undefined);
    // From the inside to the outside. Test runners put a module's code into a block.
    const outermost = chain.filter((s) => !s.value!.description!.startsWith('Global')).at(-1)?.value;
    if (!outermost?.objectId || !/^(Module|Block)\b/.test(outermost.description!)) return null;
    return this.held(outermost.objectId);
  }
  /** Whether an object has #private fields, which no code but its class's can read. */
  hasPrivate(x: object): boolean {
    return (this.properties(this.idOf(x)).privateProperties?.length ?? 0) > 0;
  }
  close(): void {
    this.session?.disconnect();
    this.session = null;
  }

  private internals(x: object): Property[] {
    return this.properties(this.idOf(x)).internalProperties ?? [];
  }
  private properties(objectId: string): { result: Property[]; internalProperties?: Property[]; privateProperties?: Property[] } {
    return this.ask('Runtime.getProperties', { objectId, ownProperties: true });
  }
  private idOf(x: object): string {
    const scope = globalThis as { [SHOWN]?: object };
    scope[SHOWN] = x;
    try {
      const expression = `globalThis[Symbol.for('${SHOWN.description}')]`;
      return this.ask<{ result: Remote }>('Runtime.evaluate', { expression }).result.objectId!;
    } finally {
      delete scope[SHOWN];
    }
  }
  /** The variables of a scope, as values. */
  private held(objectId: string): Record<string, unknown> {
    const scope = globalThis as { [SHOWN]?: Record<string, unknown> };
    const functionDeclaration = `function () {
      const found = {};
      for (const name of Object.getOwnPropertyNames(this.object)) try { found[name] = this.object[name]; } catch {}
      globalThis[Symbol.for('${SHOWN.description}')] = found;
    }`;
    this.ask('Runtime.callFunctionOn', { objectId, functionDeclaration });
    const found = scope[SHOWN]!;
    delete scope[SHOWN];
    return found;
  }
  private readScripts(): void {
    this.ask('Debugger.enable', {});
    this.ask('Debugger.disable', {});
  }
  private ask<T>(method: string, params: object): T {
    if (this.session === null) {
      const { Session } = builtin<{ Session: new () => Session }>('inspector')!;
      this.session = new Session();
      this.session.connect();
      this.session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => Inspector.urls.set(scriptId, url));
    }
    let answer: { error: unknown; result: unknown } | null = null;
    this.session.post(method, params, (error, result) => {
      answer = { error, result };
    });
    const { error, result } = answer as unknown as { error: unknown; result: unknown };
    if (error) throw error;
    return result as T;
  }
}
const SHOWN: unique symbol = Symbol.for('flambeau.inspector.shown') as never;

/** The extension of the library's own modules: .ts where they run from their source. */
export const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const OPERATORS = new URL(`../../../surface/generated/torch${extension}`, import.meta.url).href;

// ---- where functions are found ---------------------------------------------------------------------------------
const located = new WeakMap<object, Located>();
const known = new Map<string, Function>();
/** References that a worker did not find, by url and name, and why. */
const refused = new Map<string, string>();
export const keyOf = ({ url, name }: Reference): string => `${url}#${name}`;
/** Remembers that no worker can get it. */
export const refuse = (reference: Reference, why: string): void => void refused.set(keyOf(reference), why);
/** Says where a function was found. */
export function remember(f: Function, reference: Reference): void {
  located.set(f, reference);
  known.set(keyOf(reference), f);
}
/** The function that a reference names, if this thread has met it or another variable of its module. */
export function resolve(reference: Reference): Function | null {
  const { url, name } = reference;
  const met = url === '' ? (globalThis as Record<string, unknown>)[name] : known.get(keyOf(reference));
  if (typeof met === 'function') return met;
  if (url === OPERATORS) return (torch as unknown as Record<string, Function>)[name] ?? null;
  const inspector = new Inspector();
  try {
    for (const [key, f] of known) {
      if (!key.startsWith(`${url}#`)) continue;
      const found = (inspector.moduleOf(f) ?? commonModule(url))?.[name];
      if (typeof found === 'function') return found;
    }
  } finally {
    inspector.close();
  }
  return null;
}

/** Where a class or function can be found by another thread. */
export function locate(f: Function, inspector: Inspector): Located {
  let found = located.get(f);
  if (!found) {
    found = find(f, inspector);
    if (isReference(found)) remember(f, found);
    else located.set(f, found);
  }
  const why = isReference(found) ? refused.get(keyOf(found)) : undefined;
  return why === undefined ? found : { why };
}
function find(f: Function, inspector: Inspector): Located {
  if ((globalThis as Record<string, unknown>)[f.name] === f) return { url: '', name: f.name };
  const operator = Object.entries(torch).find(([, v]) => (v as unknown) === f);
  if (operator) return { url: OPERATORS, name: operator[0] };
  const url = inspector.urlOf(f);
  if (!url.startsWith('file:')) return { why: 'not of any file' };
  if (isMain(url)) return { why: `of the main script ${fileOf(url)}, which a worker must not run again` };
  const variables = inspector.moduleOf(f) ?? commonModule(url);
  const name = Object.keys(variables ?? {}).find((key) => variables![key] === f);
  return name === undefined ? { why: `made inside ${fileOf(url)}, and no export of it` } : { url, name };
}
/** What a CommonJS module exports. */
function commonModule(url: string): Record<string, unknown> | null {
  const cache = builtin<{ _cache?: Record<string, { exports: unknown }> }>('module')?._cache;
  const exported = cache?.[pathOf(url)]?.exports;
  if (typeof exported === 'function') return { default: exported, ...exported };
  return typeof exported === 'object' ? (exported as Record<string, unknown>) : null;
}
/** A URL's path on this machine. */
export const pathOf = (url: string): string =>
  builtin<{ fileURLToPath(u: string): string }>('url')!.fileURLToPath(url.replace(/[?#].*$/, ''));
const fileOf = (url: string): string => url.replace(/[?#].*$/, '').replace(/^.*\//, '');
/** The script that the process was started with; null where there is none. */
export function mainScript(): string | null {
  const given = (globalThis as { process?: { argv?: string[] } }).process?.argv?.[1];
  if (!given) return null;
  const fs = builtin<{ realpathSync(p: string): string; existsSync(p: string): boolean; statSync(p: string): { isDirectory(): boolean } }>(
    'fs',
  )!;
  const name = [given, ...['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '/index.js', '/index.ts'].map((end) => given + end)].find(
    (p) => fs.existsSync(p) && !fs.statSync(p).isDirectory(),
  );
  return name === undefined ? null : fs.realpathSync(name);
}
function isMain(url: string): boolean {
  const main = mainScript();
  return main !== null && pathOf(url) === main;
}
