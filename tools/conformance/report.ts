// The table of a run and its JSON form.
import type { Row } from './case.ts';

interface Tally {
  passed: number;
  failed: number;
}

const percent = ({ passed, failed }: Tally): string =>
  passed + failed === 0 ? '' : `${((100 * passed) / (passed + failed)).toFixed(1)} %`;
const count = (rows: readonly Row[], status: Row['status']): number => rows.filter((row) => row.status === status).length;

function grouped<K>(rows: readonly Row[], key: (row: Row) => K): Map<K, Row[]> {
  const groups = new Map<K, Row[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

/** How often each check passed and failed. */
function checkTallies(rows: readonly Row[]): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const row of rows) {
    for (const [name, result] of Object.entries(row.checks)) {
      const tally = tallies.get(name) ?? { passed: 0, failed: 0 };
      tally[result]++;
      tallies.set(name, tally);
    }
  }
  return tallies;
}

function table(lines: readonly (readonly string[])[]): string {
  const width = lines[0]!.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(width[column]!) : cell.padStart(width[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A table a kind: how many groups (operators, modules) are there, how many cases pass, and each check's share. */
export function summary(rows: readonly Row[]): string {
  return [...grouped(rows, (row) => row.kind)].map(([kind, ofKind]) => kindTable(kind, ofKind)).join('\n\n');
}

function kindTable(kind: string, rows: readonly Row[]): string {
  const checks = [...checkTallies(rows).keys()];
  const line = (name: string, some: readonly Row[]): string[] => {
    const groups = [...grouped(some, (row) => row.group).values()];
    const missing = groups.filter((group) => group.every((row) => row.missing)).length;
    const tallies = checkTallies(some);
    const cases = { passed: count(some, 'passed'), failed: count(some, 'failed') };
    return [
      name,
      String(groups.length - missing),
      String(missing),
      String(some.length),
      percent(cases),
      ...checks.map((check) => percent(tallies.get(check) ?? { passed: 0, failed: 0 })),
    ];
  };
  const families = [...grouped(rows, (row) => row.family)].sort(([a], [b]) => (a < b ? -1 : 1));
  const body = families.map(([family, some]) => line(family, some));
  return table([[kind, 'there', 'missing', 'cases', 'pass', ...checks], ...body, ...(body.length > 1 ? [line('all', rows)] : [])]);
}

/** The last line of a run. */
export const verdict = (rows: readonly Row[]): string =>
  `${count(rows, 'passed')} passed, ${count(rows, 'failed')} failed, ${count(rows, 'skipped')} skipped`;

/** The first failures of a run by the name that --only takes, then passed cases of which a further check failed. */
export function failures(rows: readonly Row[], most: number): string {
  const failed = rows.filter((row) => row.status === 'failed');
  const partly = rows.filter((row) => row.status === 'passed' && row.message !== '');
  return [...failed, ...partly]
    .slice(0, most)
    .map((row) => `${row.status === 'failed' ? 'FAILED' : 'passed, but'} ${row.kind}/${row.group}/${row.id}\n    ${row.message}`)
    .join('\n');
}
