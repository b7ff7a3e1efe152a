// A folder of event files: which runs it has, and what was added since the last look.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { EventFileReader } from '../utils/tensorboard/events.ts';
import type { Event } from '../utils/tensorboard/generated/tensorboard_pb.ts';
import { hparamsTable } from './hparams.ts';
import type { Curves, HParamsTable, Histograms, Images, Index, ScalarPoint, Scalars, Tags, Texts } from './protocol.ts';
import { type Picture, Run, type Stepped, thinned } from './run.ts';

/** Points of a line that a page gets. */
const MOST_POINTS = 1000;
type Kind = 'scalars' | 'histograms' | 'images' | 'text' | 'curves';

export class LogDir {
  version = 0;
  private readonly runs = new Map<string, Run>();
  private readonly files = new Map<string, { readonly reader: EventFileReader; readonly run: string }>();

  private readonly unread = new Set<string>();

  constructor(readonly path: string) {}

  /** Reads what is new; true if there was anything. */
  reload(): boolean {
    let isChanged = false;
    for (const file of eventFiles(this.path)) {
      const run = relative(this.path, dirname(file)).split(sep).join('/') || '.';
      const known = this.files.get(file) ?? { reader: new EventFileReader(file), run };
      this.files.set(file, known);
      const before = known.reader.error;
      const events = known.reader.read();
      isChanged ||= events.length > 0 || known.reader.error !== before;
      if (events.length === 0) continue;
      const target = this.runs.get(run) ?? new Run(run);
      this.runs.set(run, target);
      for (const event of events) this.add(target, event, file);
    }
    if (isChanged) this.version++;
    return isChanged;
  }
  /** What a plugin cannot read must not hide the rest. */
  private add(run: Run, event: Event, file: string): void {
    try {
      run.add(event);
    } catch (error) {
      this.unread.add(`${file}: ${(error as Error).message}`);
    }
  }
  /** Runs with data, by name. */
  private get sorted(): Run[] {
    return [...this.runs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  get index(): Index {
    const runs = this.sorted;
    return {
      version: this.version,
      logdir: this.path,
      runs: runs.map(({ name }) => name),
      scalars: this.tags('scalars'),
      histograms: this.tags('histograms'),
      images: this.tags('images'),
      text: this.tags('text'),
      curves: this.tags('curves'),
      graphs: runs.filter(({ graph }) => graph).map(({ name }) => name),
      hasHParams: runs.some(({ hparams }) => hparams.length > 0),
      problems: [
        ...[...this.files.values()].flatMap(({ reader }) => (reader.error ? `${reader.path}: ${reader.error.message}` : [])),
        ...this.unread,
      ],
    };
  }
  private tags(kind: Kind): Tags {
    const tags = new Map<string, string[]>();
    for (const run of this.sorted) for (const tag of run[kind].keys()) tags.set(tag, [...(tags.get(tag) ?? []), run.name]);
    return Object.fromEntries([...tags].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  /** For each run that has the tag, what `show` makes of its steps. */
  private each<K extends Kind, R>(
    kind: K,
    tag: string,
    show: (steps: readonly Stepped<ValueOf<K>>[], run: string) => R,
  ): Record<string, R> {
    return Object.fromEntries(
      this.sorted.flatMap((run) => {
        const series = run[kind].get(tag);
        return series ? [[run.name, show(series.steps as unknown as readonly Stepped<ValueOf<K>>[], run.name)]] : [];
      }),
    );
  }
  scalars(tag: string): Scalars {
    return this.each('scalars', tag, (steps): ScalarPoint[] => thinned(steps, MOST_POINTS));
  }
  histograms(tag: string): Histograms {
    return this.each('histograms', tag, (steps) => steps.map(({ step, time, value }) => ({ step, time, ...value })));
  }
  curves(tag: string): Curves {
    return this.each('curves', tag, (steps) => steps.map(({ step, time, value }) => ({ step, time, ...value })));
  }
  /** `html` turns the text of a step into something to show. */
  texts(tag: string, html: (markdown: string) => string): Texts {
    return this.each('text', tag, (steps) => steps.map(({ step, time, value }) => ({ step, time, html: html(value) })));
  }
  images(tag: string): Images {
    return this.each('images', tag, (steps, run) =>
      steps.map(({ step, time, value: { width, height } }) => {
        const query = new URLSearchParams({ run, tag, step: String(step), time: String(time) });
        return { step, time, width, height, url: `data/image?${query}` };
      }),
    );
  }
  /** A picture; null if it is not there (any more). */
  picture(run: string, tag: string, step: number, time: number): Picture | null {
    const steps = this.runs.get(run)?.images.get(tag)?.steps ?? [];
    return steps.find((item) => item.step === step && item.time === time)?.value ?? null;
  }
  run(name: string): Run | null {
    return this.runs.get(name) ?? null;
  }
  get hparams(): HParamsTable {
    return hparamsTable(this.sorted);
  }
}
type ValueOf<K extends Kind> = Run[K] extends Map<string, { readonly steps: Stepped<infer T>[] }> ? T : never;

/** Event files of a folder and the folders in it. */
function eventFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && entry.name.includes('tfevents'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
