// Optional packages that read and write image files, asked for when they are first needed, so that pages and users without images have none.
import { builtin } from '../../core/host.ts';
import { RuntimeError } from '../../core/errors.ts';

interface ModuleTools {
  createRequire(from: string): NodeJS.Require;
}
const loaded = new Map<string, unknown>();
/** A package, or null where it is not installed or does not run here. */
export function optional<T>(name: string): T | null {
  if (!loaded.has(name))
    loaded.set(
      name,
      attempt(() => required()(name)),
    );
  return loaded.get(name) as T | null;
}
/** Where a file of a package lies; null where the package is not installed. */
export const locate = (file: string): string | null => attempt(() => required().resolve(file));
/** @throws RuntimeError that says what to install. */
export function need<T>(name: string, purpose: string): T {
  const found = optional<T>(name);
  if (found === null) throw new RuntimeError(`${purpose} needs the package ${name}: npm install ${name}`);
  return found;
}
function required(): NodeJS.Require {
  const tools = builtin<ModuleTools>('module');
  if (!tools) throw new RuntimeError('image files can be read and written in Node.js only');
  return tools.createRequire(import.meta.url);
}
function attempt<T>(f: () => T): T | null {
  try {
    return f();
  } catch {
    return null;
  }
}
