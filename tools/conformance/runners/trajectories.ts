// Training runs, step by step, from ports of the Python scripts.
import { CaseRun, Missing, type Row, type RunOptions } from '../case.ts';
import { Comparison, close, exactly, Mismatch, pytorch } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Library } from '../library.ts';
import { cnn } from '../trajectories/cnn.ts';
import { gpt } from '../trajectories/gpt.ts';
import { Enough, type Script, type Torch, TrainingLog } from '../trajectories/log.ts';
import { quadratic } from '../trajectories/quadratic.ts';
import { ring } from '../trajectories/ring.ts';
import { gru, lstm } from '../trajectories/rnn.ts';
import { text_cnn } from '../trajectories/text_cnn.ts';
import { transformer } from '../trajectories/transformer.ts';
import type { JsonObject, TensorFile } from '../values.ts';

const SCRIPTS: Readonly<Record<string, Script>> = { cnn, gpt, gru, lstm, quadratic, ring, text_cnn, transformer };

export function* runTrajectories(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const data = folder.json(path);
    const id = String(data.id);
    if (only && !only.test(`trajectories/${id}/${id}`)) continue;
    const run = new CaseRun();
    replay(library, folder.tensors(String(data.tensors_file ?? '')), data, run);
    yield run.row(
      { kind: 'trajectories', family: 'training', group: id, id },
      ['run', 'start', 'step 1', 'losses', 'metrics', 'tensors'],
      strict,
    );
  }
}

/** Rounding moves a faithful run by a small multiple of what one part in 2²³ of the parameters moves it. */
const NOISE_FACTOR = 8;
const NOISE_FLOOR = 1e-6;

function replay(library: Library, file: TensorFile, data: JsonObject, checks: CaseRun): void {
  const torch = library.torch as unknown as Torch;
  const log = new TrainingLog(torch);
  const ran = checks.check('run', () => {
    const script = SCRIPTS[String(data.id)];
    if (!script) throw new Missing('there is no port of this script');
    script(torch, log);
  });
  if (!ran) return;
  checks.check('start', () => compareCheckpoint(data, log, 'start', 0));
  checks.check('step 1', () => compareCheckpoint(data, log, 'step 1', 1e-6, moved(torch, SCRIPTS[String(data.id)]!, log)));
  checks.check('losses', () => compareLosses(data.losses as number[], data.noise as number[], log.losses));
  checks.check('metrics', () => compareMetrics(data, log));
  checks.check('tensors', () => compareTensors(library, file, data, log));
}

/**
 * How far one part in 2²³ of the initial parameters moves each parameter's sums in the first step. A gradient that is zero but for
 * rounding, such as that of the keys' bias, becomes a whole step under Adam: PyTorch's own sums differ there from one CPU to another.
 */
function moved(torch: Torch, script: Script, log: TrainingLog): Record<string, number> {
  const other = new TrainingLog(torch, true);
  try {
    script(torch, other);
  } catch (e) {
    if (!(e instanceof Enough)) throw e;
  }
  const [a, b] = [log.checkpoints['step 1'] ?? {}, other.checkpoints['step 1'] ?? {}];
  return Object.fromEntries(Object.entries(a).map(([key, [x, y]]) => [key, Math.max(Math.abs(x - b[key]![0]), Math.abs(y - b[key]![1]))]));
}

function compareCheckpoint(data: JsonObject, log: TrainingLog, name: string, rtol: number, noise: Record<string, number> = {}): void {
  const expected = (data.checkpoints as unknown as Record<string, Record<string, [number, number]>>)[name] ?? {};
  const actual = log.checkpoints[name] ?? {};
  if (Object.keys(expected).join() !== Object.keys(actual).join())
    throw new Mismatch(`parameters ${Object.keys(actual).join(', ')}, expected ${Object.keys(expected).join(', ')}`);
  for (const [key, [sum, size]] of Object.entries(expected)) {
    const [x, y] = actual[key]!;
    // The sum may cancel: its rounding is that of the sum of absolute values.
    const atol = Math.max(rtol, 1e-14) * size + NOISE_FACTOR * (noise[key] ?? 0);
    if (!close(x, sum, { rtol: 0, atol }) || !close(y, size, { rtol: 0, atol }))
      throw new Mismatch(`${key}: sums ${x}, ${y}, expected ${sum}, ${size}`, Math.abs(x - sum));
  }
}

function compareLosses(expected: readonly number[], noise: readonly number[], actual: readonly number[]): number {
  if (actual.length !== expected.length) throw new Mismatch(`${actual.length} losses, expected ${expected.length}`);
  let largest = 0;
  // A run that has moved stays moved: the noise so far counts.
  let moved = 0;
  expected.forEach((loss, k) => {
    moved = Math.max(moved, noise[k]!);
    const error = Math.abs(actual[k]! - loss);
    largest = Math.max(largest, error);
    if (!(error <= NOISE_FACTOR * moved + NOISE_FLOOR))
      throw new Mismatch(
        `loss of step ${k}: ${actual[k]}, expected ${loss}; rounding explains ${NOISE_FACTOR * moved + NOISE_FLOOR}`,
        error,
      );
  });
  return largest;
}

function compareMetrics(data: JsonObject, log: TrainingLog): void {
  const expected = data.metrics as unknown as Record<string, number | string>[];
  const allowed = NOISE_FACTOR * Math.max(0, ...(data.noise as number[])) + 1e-5;
  if (log.metrics.length !== expected.length) throw new Mismatch(`${log.metrics.length} rows, expected ${expected.length}`);
  expected.forEach((row, k) => {
    for (const [name, value] of Object.entries(row)) {
      const actual = log.metrics[k]![name];
      // A share of samples changes by whole samples.
      const atol = name.endsWith('accuracy') ? 2e-3 + allowed : allowed;
      const right = typeof value === 'number' ? close(Number(actual), value, { rtol: 1e-5, atol }) : actual === value;
      if (!right) throw new Mismatch(`${name} of row ${k}: ${String(actual)}, expected ${value}`);
    }
  });
}

/** What is drawn is exact, what is computed is within the tolerances. */
function compareTensors(library: Library, file: TensorFile, data: JsonObject, log: TrainingLog): number {
  let largest = 0;
  for (const [name, node] of Object.entries((data.tensors ?? {}) as JsonObject)) {
    const comparison = new Comparison(library, file, file.stored(node as JsonObject).dtype === 'int64' ? exactly : pytorch);
    comparison.check(node, log.tensors[name], name);
    largest = Math.max(largest, comparison.maxError);
  }
  return largest;
}
