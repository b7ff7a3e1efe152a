// The training logs of the notes. Their data is not at hand, so what can be checked is the log itself: `fit` is run on a model whose steps
// give numbers that have the means of the log, on a clock that shows its times, and must print the log's text.
import type { Library } from '../library.ts';

type Metrics = Readonly<Record<string, number>>;
interface Epoch {
  readonly epoch: number;
  readonly time: number;
  /** The running means after some steps. */
  readonly means: readonly (readonly [step: number, means: Metrics])[];
  /** The means over the whole epoch. */
  readonly training: Metrics;
  readonly validation: Metrics;
}
interface Recorded {
  readonly epochs: readonly Epoch[];
  readonly end: number;
  /** Steps of an epoch. */
  readonly steps: number;
}

const BAR = /\n=+(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)\n/;
const TIME_PARTS = 6;
const VALIDATION = /^val_/;

/** The numbers of a log; null if the text is none. */
export function parseLog(text: string): Recorded | null {
  const parts = text.split(BAR);
  if (parts.length < 1 + 2 * (TIME_PARTS + 1)) return null;
  const times: number[] = [];
  const blocks: string[] = [];
  for (let at = 1; at < parts.length; at += TIME_PARTS + 1) {
    const [year, month, ...rest] = parts.slice(at, at + TIME_PARTS).map(Number);
    times.push(new Date(year!, month! - 1, ...(rest as [number, number, number, number])).getTime());
    blocks.push(parts[at + TIME_PARTS]!);
  }
  const epochs = blocks.slice(0, -1).map((block, i) => parseEpoch(block, times[i]!));
  return { epochs, end: times.at(-1)!, steps: stepsOf(epochs) };
}
function parseEpoch(block: string, time: number): Epoch {
  const means = [...block.matchAll(/^\{'step': (\d+), (.*)\}$/gm)].map(([, step, rest]) => {
    const values = [...rest!.matchAll(/'([^']+)': ([^,]+)/g)].map(([, name, value]) => [name!, Number(value)]);
    return [Number(step), Object.fromEntries(values) as Metrics] as const;
  });
  const [names, values] = [...block.matchAll(/^\|(.*)\|$/gm)].map(([, line]) => line!.split('|').map((cell) => cell.trim()));
  const cells = (names ?? []).map((name, i) => [name, Number(values?.[i])] as const);
  const chosen = (wanted: boolean): Metrics =>
    Object.fromEntries(
      cells
        .filter(([name]) => name !== 'epoch' && VALIDATION.test(name) === wanted)
        .map(([name, value]) => [name.replace(VALIDATION, ''), value]),
    );
  return { epoch: Object.fromEntries(cells).epoch ?? 0, time, means, training: chosen(false), validation: chosen(true) };
}
/** An epoch ends with its last line of means if the table says the same, and else a step later. */
function stepsOf(epochs: readonly Epoch[]): number {
  const last = Math.max(...epochs.map(({ means }) => means.at(-1)?.[0] ?? 0));
  const same = epochs.every(({ means, training }) => Object.entries(training).every(([name, value]) => means.at(-1)?.[1][name] === value));
  return same ? last : last + 1;
}

/** What each step has to give for the running means to be those of the log. */
function stepValues({ means, training }: Epoch, steps: number): Metrics[] {
  const known = [...means.filter(([step]) => step < steps), [steps, training] as const];
  let from = 0;
  let sums: Metrics = {};
  return known.flatMap(([step, mean]) => {
    const length = step - from;
    const next = Object.fromEntries(Object.entries(mean).map(([name, value]) => [name, value * step]));
    const value = Object.fromEntries(Object.entries(next).map(([name, sum]) => [name, (sum - (sums[name] ?? 0)) / length]));
    [from, sums] = [step, next];
    return Array.from({ length }, () => value);
  });
}

interface Model {
  train_step(): Metrics;
  evaluate_step(): Metrics;
  compile(settings: object): void;
}
type Base = new (net: unknown) => Model;

/** The names of a log's code: a compiled model that gives the log's numbers, and loaders of as many batches. */
export function recordedNames(library: Library, log: Recorded, clock: { now: number }): Record<string, unknown> {
  const { epochs, end, steps } = log;
  const count = Math.max(...epochs.map(({ epoch }) => epoch));
  // Epochs that the text leaves out repeat the one before.
  const all = Array.from({ length: count }, (_, i) => epochs.findLast(({ epoch }) => epoch <= i + 1) ?? epochs[0]!);
  const values = all.map((epoch) => stepValues(epoch, steps));
  let done = 0;
  class Replay extends library.get<Base>('keras.Model') {
    override train_step(): Metrics {
      const value = values[Math.floor(done / steps)]![done % steps]!;
      done++;
      if (done % steps === 0) clock.now = all[done / steps]?.time ?? end;
      return value;
    }
    override evaluate_step(): Metrics {
      return all[done / steps - 1]!.validation;
    }
  }
  const model = new Replay(library.build('nn.Identity'));
  model.compile({ loss_func: library.build('nn.MSELoss'), optimizer: library.build('optim.SGD', [library.call('zeros', [1])], { lr: 1 }) });
  clock.now = epochs[0]!.time;
  const batches = (length: number): unknown[] => Array.from({ length }, () => [null, null]);
  return { model, dl_train: batches(steps), dl_valid: batches(1), dl_test: batches(1) };
}

/** A printed log without the epochs that another one leaves out. */
export function withoutEpochs(text: string, { epochs }: Recorded): string {
  const kept = new Set(epochs.map(({ epoch }) => epoch));
  return text
    .split(/(?=\n=+\d+-)/)
    .filter((block) => {
      const epoch = /^\| *epoch[^\n]*\n[^\n]*\n\| *(\d+)/m.exec(block)?.[1];
      return epoch === undefined || kept.has(Number(epoch));
    })
    .join('');
}
