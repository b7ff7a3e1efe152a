// A file is the old one or the new one: whenever its writer is killed, and when the disk is full.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { type Folder, killSavers, valueIn, withSavers } from './saver.ts';

it('a writer that is killed leaves a whole file', async () => {
  expect((await killSavers(8)).values.length).toBe(8);
});

/** Saves over an old file where its end does not fit. */
async function overflow({ save }: Folder, folder: string, limits: string, error: RegExp): Promise<void> {
  const path = join(folder, 'x.pt');
  torch.save({ value: 0, weight: torch.zeros([1 << 18]) }, path);
  const child = save(path, 2, limits);
  const [message, [code]] = await Promise.all([text(child.stderr!), once(child, 'close'), text(child.stdout!)]);
  expect(message).toMatch(error);
  expect(code).not.toBe(0);
  expect(valueIn(path)).toBe(0);
  expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([]);
}
it('a file that may not grow so far stays the old one', () =>
  // 1.5 MiB: the first save fits, the second does not.
  withSavers((folder) => {
    const inside = join(folder.path, 'limited');
    mkdirSync(inside);
    return overflow(folder, inside, '-f 3072', /EFBIG|file too large/i);
  }));

const mount = (folder: string): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'flambeau', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // only root may
  }
};
it('a full disk leaves the old file', () =>
  withSavers(async (folder) => {
    const disk = join(folder.path, 'disk');
    mkdirSync(disk);
    if (!mount(disk)) return overflow(folder, disk, '-f 3072', /EFBIG|file too large/i);
    try {
      await overflow(folder, disk, '', /ENOSPC|no space left/i);
    } finally {
      execFileSync('umount', [disk]);
    }
  }));
