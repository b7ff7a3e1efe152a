// The conformance runner notices wrong expectations: for every kind of data, cases that pass fail once what they expect is changed.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../tools/conformance/case.ts';
import { CORRUPTIONS, corrupt } from '../../tools/conformance/corrupt.ts';
import { type Folder, type Kind, openFolder } from '../../tools/conformance/data.ts';
import { type Library, loadLibrary } from '../../tools/conformance/library.ts';
import { run } from '../../tools/conformance/run.ts';

/** A few quick cases of each kind. */
const SELECTION: Readonly<Record<Kind, RegExp>> = {
  ops: /^ops\/(add|mul|sum|sin|eq|transpose|topk)\//,
  modules: /^modules\/(Linear|ReLU|BatchNorm1d)\//,
  optim: /^optim\/(SGD|Adam)\//,
  random: /^random\/(rand|randint|randperm|init)\//,
  printing: /^printing\/(tensors|modules|return_types)\/\d?\d$/,
  trajectories: /^trajectories\/ring\//,
  seed: /^seed\//,
  interop: /^interop\/(checkpoint|npy|safetensors)\//,
};

let library: Library;
beforeAll(async () => {
  library = await loadLibrary();
});

async function rowsOf(kind: Kind, folder: Folder): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of run(library, kind, folder, { only: SELECTION[kind], strict: false })) rows.push(row);
  return rows;
}
const nameOf = (row: Row): string => `${row.group}/${row.id}`;

describe.each(Object.entries(CORRUPTIONS) as [Kind, (typeof CORRUPTIONS)[Kind]][])('%s', (kind, corruptions) => {
  it.each(corruptions)('fails when the expected %s is changed', async (what) => {
    const folder = openFolder(kind)!;
    const passing = new Set((await rowsOf(kind, folder)).filter((row) => row.status === 'passed').map(nameOf));
    const { folder: copy, altered } = corrupt(kind, folder, what);
    const relevant = (await rowsOf(kind, copy)).filter((row) => passing.has(nameOf(row)) && altered.has(nameOf(row)));
    expect(relevant.length).toBeGreaterThan(0);
    expect(relevant.filter((row) => row.status !== 'failed').map(nameOf)).toEqual([]);
  });
});
