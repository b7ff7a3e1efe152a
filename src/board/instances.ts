// Dashboards that run on this machine: each leaves a note in the folder of temporary files.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { writeAtomically } from '../serialization/source.ts';

export interface Instance {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly logdir: string;
  /** Seconds since 1970. */
  readonly start_time: number;
}

const folder = (): string => join(tmpdir(), `.flambeau-board-info-${userInfo().uid}`);
const noteOf = (pid: number): string => join(folder(), `pid-${pid}.info`);

/** Notes a dashboard of this process until it ends. */
export function announce(instance: Instance): void {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  writeAtomically(noteOf(instance.pid), [new TextEncoder().encode(JSON.stringify(instance))]);
  process.on('exit', () => rmSync(noteOf(instance.pid), { force: true }));
}
/** Dashboards whose processes are alive; notes of others are removed. */
export function instances(): Instance[] {
  let notes: string[] = [];
  try {
    notes = readdirSync(folder()).filter((name) => name.endsWith('.info'));
  } catch {
    return [];
  }
  return notes.flatMap((name) => {
    try {
      const instance = JSON.parse(readFileSync(join(folder(), name), 'utf8')) as Instance;
      process.kill(instance.pid, 0);
      return [instance];
    } catch (error) {
      const isOthers = (error as NodeJS.ErrnoException).code === 'EPERM';
      if (!isOthers) rmSync(join(folder(), name), { force: true });
      return [];
    }
  });
}
