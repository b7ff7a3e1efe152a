// What the dashboard's page asks of its server, in JSON.

/** What a folder of event files has; `version` grows with every change. */
export interface Index {
  readonly version: number;
  readonly logdir: string;
  readonly runs: readonly string[];
  /** By kind of data: tags, and the runs that have them. */
  readonly scalars: Tags;
  readonly histograms: Tags;
  readonly images: Tags;
  readonly text: Tags;
  readonly curves: Tags;
  readonly graphs: readonly string[];
  readonly hasHParams: boolean;
  /** Files that end in something damaged. */
  readonly problems: readonly string[];
}
export type Tags = Readonly<Record<string, readonly string[]>>;

/** Points of a run: step, seconds since 1970, value (null: NaN or infinite). */
export type ScalarPoint = readonly [step: number, time: number, value: number | null];
export type Scalars = Readonly<Record<string, readonly ScalarPoint[]>>;

/** A histogram of one step: rising edges, and one count fewer. */
export interface HistogramStep {
  readonly step: number;
  readonly time: number;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}
export type Histograms = Readonly<Record<string, readonly HistogramStep[]>>;

export interface ImageStep {
  readonly step: number;
  readonly time: number;
  readonly width: number;
  readonly height: number;
  /** Where the picture is served. */
  readonly url: string;
}
export type Images = Readonly<Record<string, readonly ImageStep[]>>;

export interface TextStep {
  readonly step: number;
  readonly time: number;
  /** Safe to show. */
  readonly html: string;
}
export type Texts = Readonly<Record<string, readonly TextStep[]>>;

/** Precision and recall at rising thresholds. */
export interface CurveStep {
  readonly step: number;
  readonly time: number;
  readonly precision: readonly number[];
  readonly recall: readonly number[];
}
export type Curves = Readonly<Record<string, readonly CurveStep[]>>;

/** A run with hyperparameters: a column each, then what was reached. */
export interface HParamsTable {
  readonly hparams: readonly string[];
  readonly metrics: readonly string[];
  readonly rows: readonly {
    readonly run: string;
    readonly hparams: Readonly<Record<string, number | string | boolean>>;
    readonly metrics: Readonly<Record<string, number | null>>;
  }[];
}

/** A graph as it is drawn, in pixels. */
export interface GraphDrawing {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly GraphBox[];
  /** Open groups, outer ones first. */
  readonly groups: readonly GraphBox[];
  readonly edges: readonly GraphEdge[];
}
export interface GraphBox {
  readonly id: string;
  readonly label: string;
  readonly kind: 'group' | 'operator' | 'io' | 'constant';
  /** The middle. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Operators inside. */
  readonly count: number;
  readonly details: Readonly<Record<string, string>>;
}
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The shape of what flows, or how many tensors. */
  readonly label: string;
}
