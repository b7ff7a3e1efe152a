// Modules that state one functional call and its settings.
import { pythonFloat } from '../core/dtype.ts';
import { FloatScalar } from '../core/scalar.ts';
import { bindArguments } from './arguments.ts';
import { Module } from './module.ts';

/** A value as Python prints it; `float` for parameters that are floats even when whole. */
export function python(v: unknown, float = false): string {
  if (v === null || v === undefined) return 'None';
  if (typeof v === 'boolean') return v ? 'True' : 'False';
  if (typeof v === 'string') return `'${v}'`;
  if (Array.isArray(v)) return `(${v.map((x) => python(x, float)).join(', ')}${v.length === 1 ? ',' : ''})`;
  if (typeof v === 'number') return float || !Number.isInteger(v) ? pythonFloat(v) : String(v);
  if (v instanceof FloatScalar) return pythonFloat(v.value);
  return String(v);
}

/** The positional arguments P, or some of them followed by an object with the others by name. */
export type Arguments<P extends readonly unknown[], S> = P | WithOptions<P, S>;
type WithOptions<P extends readonly unknown[], S> =
  | [options: Partial<S>]
  | (Required<P> extends readonly [...infer Rest, unknown]
      ? Rest['length'] extends 0
        ? never
        : [...Rest, options: Partial<S>] | WithOptions<Rest, S>
      : never);

/** The base class of modules whose settings are own properties. */
type ConfiguredClass<F> = F extends (...args: infer P) => infer S
  ? (abstract new (...args: Arguments<P, S>) => Module & S) & Omit<typeof Module, 'prototype'>
  : never;
type Settings = Record<string, unknown>;
type SettingsOf<F> = F extends (...args: never[]) => infer S ? S : never;

/**
 * The base class of a module with settings. `settings` names them in Python's order with their defaults; one without default is required.
 * `repr` is what stands between the parentheses of the repr: `{name}` is a setting as Python prints it, `{name:f}` a float;
 * `inplace=True` follows by itself. Null: nothing. `finish` ends the construction: derived settings, checks, buffers.
 */
export function configured<F extends Function>(
  settings: F,
  repr: string | null = '',
  finish?: (module: Module & SettingsOf<F>) => void,
): ConfiguredClass<F> {
  const all = (settings as unknown as () => Settings)();
  const names = Object.keys(all);
  const defaults = Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
  abstract class Configured extends Module {
    constructor(...args: unknown[]) {
      super();
      const bound = bindArguments<Settings>((this.constructor as typeof Module).__name__, args, names, defaults);
      for (const name of names)
        Object.defineProperty(this, name, { value: bound[name], writable: true, enumerable: true, configurable: true });
      finish?.(this as unknown as Module & SettingsOf<F>);
    }
    override extra_repr(): string {
      return repr === null ? '' : fill(repr, this as unknown as Settings, defaults);
    }
  }
  return Configured as unknown as ConfiguredClass<F>;
}
function fill(template: string, values: Settings, defaults: Settings): string {
  const text = template.replaceAll(/\{(\w+)(:f|:d)?\}/g, (_, name: string, kind: string | undefined) => {
    const v = values[name];
    return python(v, kind === ':f' || (kind === ':d' && v === defaults[name]));
  });
  return values.inplace === true ? `${text}${text ? ', ' : ''}inplace=True` : text;
}
