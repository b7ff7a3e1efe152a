// Cases that are left out, each with its reason: a checked-in list.
import { readFileSync } from 'node:fs';
import type { Row } from './case.ts';

interface Skip {
  /** A regular expression on "kind/group/id". */
  readonly cases: string;
  readonly reason: string;
}

const skips = (JSON.parse(readFileSync(new URL('./skips.json', import.meta.url), 'utf8')) as Skip[]).map(({ cases, reason }) => ({
  cases: new RegExp(`^(?:${cases})$`),
  reason,
}));

/** A failed case that the list names counts as skipped. */
export function withSkips(row: Row): Row {
  if (row.status !== 'failed') return row;
  const skip = skips.find(({ cases }) => cases.test(`${row.kind}/${row.group}/${row.id}`));
  return skip ? { ...row, status: 'skipped', message: skip.reason } : row;
}
