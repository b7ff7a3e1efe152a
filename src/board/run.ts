// What the event files of one run hold, by kind and tag.
import type { HParamsPluginData } from '../utils/tensorboard/generated/tensorboard_pb.ts';
import {
  type Event,
  type GraphDef,
  HParamsPluginDataSchema,
  SessionLog_SessionStatus,
  type Summary_Value,
} from '../utils/tensorboard/generated/tensorboard_pb.ts';
import { fromBinary } from '@bufbuild/protobuf';
import type { CurveStep, HistogramStep, ScalarPoint } from './protocol.ts';
import { numbersOf, shapeOf, textsOf } from './tensors.ts';

/** Something with a step; `T` is what it is. */
export interface Stepped<T> {
  readonly step: number;
  readonly time: number;
  readonly value: T;
}
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}
/** How many steps of a tag are kept: beyond twice as many, every second goes. */
const KEPT = { images: 25, histograms: 60, text: 50, curves: 50 };

/** Steps in the order of the file, as TensorBoard keeps them. */
class Series<T> {
  readonly steps: Stepped<T>[] = [];
  constructor(private readonly most = Number.POSITIVE_INFINITY) {}
  add(item: Stepped<T>): void {
    this.steps.push(item);
    if (this.steps.length <= 2 * this.most) return;
    const last = this.steps.length - 1;
    const kept = this.steps.filter((_, i) => (last - i) % 2 === 0);
    this.steps.splice(0, this.steps.length, ...kept);
  }
  /** Forgets `step` and what follows: training went on from there. */
  purge(step: number): void {
    const kept = this.steps.filter((item) => item.step < step);
    this.steps.splice(0, this.steps.length, ...kept);
  }
}
type ByTag<T> = Map<string, Series<T>>;

export class Run {
  readonly scalars: ByTag<number> = new Map();
  readonly histograms: ByTag<Omit<HistogramStep, 'step' | 'time'>> = new Map();
  readonly images: ByTag<Picture> = new Map();
  readonly text: ByTag<string> = new Map();
  readonly curves: ByTag<Pick<CurveStep, 'precision' | 'recall'>> = new Map();
  readonly hparams: HParamsPluginData['data'][] = [];
  graph: GraphDef | null = null;
  /** The plugin of a tag; files say it once. */
  private readonly plugins = new Map<string, string>();

  constructor(readonly name: string) {}

  /** Takes an event in. */
  add(event: Event): void {
    const { case: kind, value } = event.what;
    if (kind === 'graphDef') this.graph = value;
    else if (kind === 'sessionLog' && value.status === SessionLog_SessionStatus.START) this.purge(Number(event.step));
    else if (kind === 'summary') for (const item of value.value) this.addValue(item, Number(event.step), event.wallTime);
  }
  private purge(step: number): void {
    for (const kind of [this.scalars, this.histograms, this.images, this.text, this.curves])
      for (const series of kind.values()) series.purge(step);
  }
  private addValue({ tag, metadata, value: { case: kind, value } }: Summary_Value, step: number, time: number): void {
    const named = metadata?.pluginData?.pluginName;
    if (named) this.plugins.set(tag, named);
    const plugin = named ?? this.plugins.get(tag);
    const put = <T>(into: ByTag<T>, item: T, most?: number): void => {
      const series = into.get(tag) ?? new Series<T>(most);
      into.set(tag, series);
      series.add({ step, time, value: item });
    };
    if (plugin === 'hparams' && metadata?.pluginData)
      this.hparams.push(fromBinary(HParamsPluginDataSchema, metadata.pluginData.content).data);
    else if (kind === 'simpleValue') put(this.scalars, value);
    else if (kind === 'histo') put(this.histograms, histogramOf(value.bucketLimit, value.bucket, value.min), KEPT.histograms);
    else if (kind === 'image') put(this.images, { width: value.width, height: value.height, bytes: value.encodedImageString }, KEPT.images);
    else if (kind === 'tensor') {
      if (plugin === 'text') put(this.text, textsOf(value).join('\n\n'), KEPT.text);
      else if (plugin === 'pr_curves') put(this.curves, curveOf(numbersOf(value), shapeOf(value)), KEPT.curves);
      else if (plugin === 'histograms') put(this.histograms, rowsToHistogram(numbersOf(value)), KEPT.histograms);
      else if (plugin === 'scalars') put(this.scalars, numbersOf(value)[0] ?? Number.NaN);
      else if (plugin === 'images') putImage(textsBytes(value.stringVal), (picture) => put(this.images, picture, KEPT.images));
    }
  }
}

/** A bucket ends at its limit and begins where the one before ends; the first begins at the least value. */
function histogramOf(limits: readonly number[], counts: readonly number[], min: number): Omit<HistogramStep, 'step' | 'time'> {
  // An empty bucket before the first one only says where that begins.
  const from = counts[0] === 0 && counts.length > 1 ? 1 : 0;
  const left = from === 1 ? limits[0]! : Math.min(min, limits[0]!);
  return { edges: [left, ...limits.slice(from)], counts: counts.slice(from) };
}
/** TensorFlow 2's form: rows of left edge, right edge and count. */
function rowsToHistogram(rows: readonly number[]): Omit<HistogramStep, 'step' | 'time'> {
  const at = (column: number): number[] => rows.filter((_, i) => i % 3 === column);
  return { edges: [...at(0).slice(0, 1), ...at(1)], counts: at(2) };
}
function curveOf(numbers: readonly number[], [, n = 0]: readonly number[]): Pick<CurveStep, 'precision' | 'recall'> {
  return { precision: numbers.slice(4 * n, 5 * n), recall: numbers.slice(5 * n, 6 * n) };
}
/** TensorFlow 2's form of pictures: width and height as text, then files. */
const textsBytes = (values: readonly Uint8Array[]): readonly Uint8Array[] => values;
function putImage([width, height, bytes]: readonly Uint8Array[], put: (picture: Picture) => void): void {
  if (!width || !height || !bytes) return;
  const number = (text: Uint8Array): number => Number(new TextDecoder().decode(text));
  put({ width: number(width), height: number(height), bytes });
}

/** Points for a chart: of each of `most / 2` stretches the lowest and the highest, so that no peak is lost. */
export function thinned(points: readonly Stepped<number>[], most: number): ScalarPoint[] {
  const row = ({ step, time, value }: Stepped<number>): ScalarPoint => [step, time, Number.isFinite(value) ? value : null];
  if (points.length <= most) return points.map(row);
  const stretches = Math.floor(most / 2);
  const kept = new Set<number>([0, points.length - 1]);
  for (let s = 0; s < stretches; s++) {
    const [from, to] = [Math.floor((s * points.length) / stretches), Math.floor(((s + 1) * points.length) / stretches)];
    let [low, high] = [from, from];
    for (let i = from; i < to; i++) {
      if (points[i]!.value < points[low]!.value) low = i;
      if (points[i]!.value > points[high]!.value) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b).map((i) => row(points[i]!));
}
