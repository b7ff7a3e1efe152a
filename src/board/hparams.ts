// Runs with hyperparameters as a table.
import type { HParamsTable } from './protocol.ts';
import type { Run } from './run.ts';

type Setting = number | string | boolean;

/** A row for each run that began with hyperparameters; metrics are the last values of the scalars that any experiment names. */
export function hparamsTable(runs: readonly Run[]): HParamsTable {
  const columns = new Set<string>();
  const metrics = new Set<string>();
  for (const { hparams } of runs)
    for (const data of hparams) {
      if (data.case !== 'experiment') continue;
      for (const { name } of data.value.hparamInfos) columns.add(name);
      for (const { name } of data.value.metricInfos) if (name) metrics.add(name.tag);
    }
  const rows = runs.flatMap((run) => {
    const settings = settingsOf(run);
    if (!settings) return [];
    for (const name of Object.keys(settings)) columns.add(name);
    const reached = Object.fromEntries([...metrics].map((tag) => [tag, lastValue(run, tag)]));
    return [{ run: run.name, hparams: settings, metrics: reached }];
  });
  return { hparams: [...columns], metrics: [...metrics], rows };
}
function settingsOf({ hparams }: Run): Record<string, Setting> | null {
  const start = hparams.findLast((data) => data.case === 'sessionStartInfo');
  if (start?.case !== 'sessionStartInfo') return null;
  const pairs = Object.entries(start.value.hparams).flatMap(([name, { kind }]): [string, Setting][] =>
    kind.case === 'numberValue' || kind.case === 'stringValue' || kind.case === 'boolValue' ? [[name, kind.value]] : [],
  );
  return Object.fromEntries(pairs);
}
function lastValue(run: Run, tag: string): number | null {
  const value = run.scalars.get(tag)?.steps.at(-1)?.value;
  return value !== undefined && Number.isFinite(value) ? value : null;
}
