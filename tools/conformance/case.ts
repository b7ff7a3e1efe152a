// The record of one case while it runs.
import { Mismatch } from './compare.ts';
import type { Kind } from './data.ts';

export type Status = 'passed' | 'failed' | 'skipped';

/** A line of the report. `checks` are what was looked at; the first one decides the case unless every check counts. */
export interface Row {
  readonly kind: Kind | 'transforms';
  /** What the table sums up by: a namespace of operators, a folder's file. */
  readonly family: string;
  /** The file of the case. */
  readonly group: string;
  readonly id: string;
  status: Status;
  readonly max_err: number | null;
  message: string;
  readonly checks: Readonly<Record<string, 'passed' | 'failed'>>;
  /** The library does not have what the case calls. */
  readonly missing: boolean;
}

/** The library does not have what is called. */
export class Missing extends Error {
  override name = 'Missing';
}

export class CaseRun {
  private readonly checks: Record<string, 'passed' | 'failed'> = {};
  private readonly messages: Record<string, string> = {};
  private maxError: number | null = null;
  private missing = false;

  /** Runs one check; whether it passed. */
  check(name: string, body: () => number | void): boolean {
    try {
      const error = body();
      if (typeof error === 'number') this.see(error);
      this.checks[name] ??= 'passed';
    } catch (error) {
      this.checks[name] = 'failed';
      this.messages[name] ??= describe(error);
      if (error instanceof Missing) this.missing = true;
      if (error instanceof Mismatch && error.maxError !== null) this.see(error.maxError);
    }
    return this.checks[name] === 'passed';
  }
  private see(error: number): void {
    this.maxError = Math.max(this.maxError ?? 0, error);
  }

  /** The row; with `strict` every check counts, otherwise those in `deciding`. */
  row(place: Pick<Row, 'kind' | 'family' | 'group' | 'id'>, deciding: readonly string[], strict: boolean): Row {
    const failed = Object.keys(this.checks).filter((name) => this.checks[name] === 'failed');
    const counts = strict ? failed : failed.filter((name) => deciding.includes(name));
    const ran = Object.keys(this.checks).length > 0;
    return {
      ...place,
      status: ran && counts.length === 0 ? 'passed' : 'failed',
      max_err: this.maxError,
      message: ran ? failed.map((name) => `${name}: ${this.messages[name]}`).join(' | ') : 'nothing was checked',
      checks: this.checks,
      missing: this.missing,
    };
  }
}

/** One line about an error. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = (error.message || error.name).split('\n')[0]!.slice(0, 300);
  return error instanceof Mismatch || error instanceof Missing ? text : `${error.name}: ${text}`;
}

export interface RunOptions {
  /** Cases whose "kind/group/id" matches. */
  readonly only: RegExp | null;
  readonly strict: boolean;
}
