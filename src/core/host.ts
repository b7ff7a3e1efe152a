// What the library runs on. Modules of Node.js are asked for here and never imported, so that pages and their bundlers see none.
interface NodeProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): object | undefined;
}
const node = (globalThis as { process?: NodeProcess }).process;

/** A module of Node.js (Deno and Bun have it too); undefined in a page. */
export function builtin<T extends object>(name: string): T | undefined {
  return node?.getBuiltinModule?.(`node:${name}`) as T | undefined;
}
/** What the host may refuse to tell (Deno asks for permissions): `otherwise` then, or where there is nothing to tell. */
export function permitted<T>(ask: () => T | undefined, otherwise: T): T {
  try {
    return ask() ?? otherwise;
  } catch {
    return otherwise;
  }
}
/** An environment variable; '' where there is none. */
export const environment = (name: string): string => permitted(() => node?.env?.[name], '');
