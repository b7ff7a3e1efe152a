// The runner of each kind of data.
import type { Row, RunOptions } from './case.ts';
import type { Folder, Kind } from './data.ts';
import type { Library } from './library.ts';
import { runInterop } from './runners/interop.ts';
import { runModules } from './runners/modules.ts';
import { runOps } from './runners/ops.ts';
import { runOptim } from './runners/optim.ts';
import { runPrinting } from './runners/printing.ts';
import { runRandom } from './runners/random.ts';
import { runSeed } from './runners/seed.ts';
import { runTrajectories } from './runners/trajectories.ts';
import { withSkips } from './skips.ts';

type Runner = (library: Library, folder: Folder, options: RunOptions) => Iterable<Row> | AsyncIterable<Row>;

const RUNNERS: Readonly<Record<Kind, Runner>> = {
  ops: runOps,
  modules: runModules,
  optim: runOptim,
  random: runRandom,
  printing: runPrinting,
  trajectories: runTrajectories,
  seed: runSeed,
  interop: runInterop,
};

/** Runs the cases of one kind. */
export async function* run(library: Library, kind: Kind, folder: Folder, options: RunOptions): AsyncGenerator<Row> {
  for await (const row of RUNNERS[kind](library, folder, options)) yield withSkips(row);
}
