// Modules that state one functional call and its settings. A row of settings gives constructor, repr and forward.
import { pythonFloat } from '../core/dtype.ts';
import type { Tensor } from '../core/tensor.ts';
import { isKwargs } from '../surface/bind.ts';
import { bindArguments } from './arguments.ts';
import { Module } from './module.ts';

/** How a setting is shown in the repr. */
export type Show = 'float' | 'plain' | 'hidden' | 'text';
export interface Setting {
  readonly name: string;
  /** Absent: required. */
  readonly default?: unknown;
  readonly show?: Show;
  /** Shown only when it differs from the default. */
  readonly quiet?: boolean;
}
type Settings = Readonly<Record<string, unknown>>;

export function python(v: unknown, show: Show = 'plain'): string {
  if (v === null || v === undefined) return 'None';
  if (typeof v === 'boolean') return v ? 'True' : 'False';
  if (typeof v === 'string') return show === 'text' ? v : `'${v}'`;
  if (Array.isArray(v)) return `(${v.map((x) => python(x, show)).join(', ')}${v.length === 1 ? ',' : ''})`;
  if (typeof v === 'number') return show === 'float' ? pythonFloat(v) : Number.isInteger(v) ? String(v) : pythonFloat(v);
  return String(v);
}

/** A module whose settings are own properties, bound from positional or named arguments. */
export abstract class Configured extends Module {
  constructor(owner: string, args: readonly unknown[], settings: readonly Setting[]) {
    super();
    const defaults: Record<string, unknown> = {};
    for (const s of settings) if ('default' in s) defaults[s.name] = s.default;
    const bound = bindArguments<Record<string, unknown>>(owner, args, settings.map((s) => s.name), defaults);
    for (const s of settings) Object.defineProperty(this, s.name, { value: bound[s.name], writable: true, enumerable: true, configurable: true });
    Object.defineProperty(this, '_settings', { value: settings });
    Object.defineProperty(this, '_given', { value: args.filter((a) => !isKwargs(a)).length });
  }
  protected declare readonly _settings: readonly Setting[];
  /** The settings by name. */
  protected get settings(): Settings {
    return this as unknown as Settings;
  }
  override extra_repr(): string {
    return this._settings
      .filter((s) => s.show !== 'hidden' && !(s.quiet && this.settings[s.name] === s.default))
      .map((s) => `${s.name}=${python(this.settings[s.name], s.show)}`)
      .join(', ');
  }
}
export type { Tensor };
