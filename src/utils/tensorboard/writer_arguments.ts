// The parameters of SummaryWriter's methods, by name.
import type { Module } from '../../nn/module.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Label } from './embedding.ts';
import type { FigureLike } from './figure.ts';
import type { Step } from './file_writer.ts';
import type { Bins } from './histogram.ts';
import type { Domains, HParams } from './hparams.ts';
import type { RawHistogram } from './summary.ts';
import type { ArrayLike, ScalarLike } from './values.ts';

/** The step of training that data belong to, and the time in seconds since 1970; now by default. */
export interface When {
  global_step: Step;
  walltime: number | null;
}
interface Tagged extends When {
  /** What the data are called; a slash makes a group. */
  tag: string;
}
export interface SummaryWriterOptions {
  /** Where event files go; `runs/DATE_HOST` by default. */
  log_dir: string | null;
  /** Ends the name of the default folder. */
  comment: string;
  /** Events of this step and later that are already there are hidden: training went on from here after a crash. */
  purge_step: number | bigint | null;
  /** How many events wait in memory before they are written. */
  max_queue: number;
  /** After how many seconds waiting events are written. */
  flush_secs: number;
  /** Ends the names of event files. */
  filename_suffix: string;
}
export interface ScalarArguments extends Tagged {
  scalar_value: ScalarLike;
  new_style: boolean;
  double_precision: boolean;
}
export interface ScalarsArguments extends When {
  main_tag: string;
  tag_scalar_dict: Readonly<Record<string, ScalarLike>>;
}
export interface TensorArguments extends Tagged {
  tensor: Tensor;
}
export interface HistogramArguments extends Tagged {
  values: ArrayLike;
  /** `'tensorflow'`, one of numpy's rules, the number of equal bins, or their edges. */
  bins: 'tensorflow' | Bins;
  max_bins: number | null;
}
export interface RawHistogramArguments extends Tagged, RawHistogram {}
export interface ImageArguments extends Tagged {
  img_tensor: ArrayLike;
  /** What the axes are: NCHW, NHWC, CHW, HWC, HW, WH, … */
  dataformats: string;
}
export interface BoxesArguments extends ImageArguments {
  /** (N, 4): xmin, ymin, xmax, ymax. */
  box_tensor: ArrayLike;
  rescale: number;
  labels: string | readonly string[] | null;
}
export interface FigureArguments extends Tagged {
  figure: FigureLike | readonly FigureLike[];
  /** Whether pyplot forgets the figure. */
  close: boolean;
}
export interface VideoArguments extends Tagged {
  /** (N, T, C, H, W), from 0 to 1, or from 0 to 255 where uint8. */
  vid_tensor: ArrayLike;
  /** Frames a second. */
  fps: number;
}
export interface AudioArguments extends Tagged {
  /** (1, L), from −1 to 1. */
  snd_tensor: ArrayLike;
  /** Samples a second. */
  sample_rate: number;
}
export interface TextArguments extends Tagged {
  /** Markdown. */
  text_string: string;
}
export interface GraphArguments {
  model: Module;
  /** The input, or several in an array. */
  input_to_model: unknown;
  verbose: boolean;
  use_strict_trace: boolean;
}
export interface EmbeddingArguments {
  /** (N, D): one row a point. */
  mat: ArrayLike;
  /** A label a point, or with a header several. */
  metadata: readonly Label[] | readonly (readonly Label[])[] | null;
  /** (N, C, H, W): an image a point. */
  label_img: ArrayLike | null;
  global_step: Step;
  tag: string;
  metadata_header: readonly string[] | null;
}
export interface CurveArguments extends Tagged {
  /** 0 or 1 each. */
  labels: ArrayLike;
  /** From 0 to 1. */
  predictions: ArrayLike;
  /** At most 127. */
  num_thresholds: number;
  weights: ScalarLike | null;
}
export interface RawCurveArguments extends Tagged {
  true_positive_counts: ArrayLike;
  false_positive_counts: ArrayLike;
  true_negative_counts: ArrayLike;
  false_negative_counts: ArrayLike;
  precision: ArrayLike;
  recall: ArrayLike;
  num_thresholds: number;
  weights: ScalarLike | null;
}
export interface ChartArguments {
  /** Tags of scalars. */
  tags: readonly string[];
  category: string;
  title: string;
}
export interface MeshArguments extends Tagged {
  /** (B, N, 3). */
  vertices: ArrayLike;
  /** (B, N, 3), from 0 to 255. */
  colors: ArrayLike | null;
  /** (B, M, 3): indices of vertices. */
  faces: ArrayLike | null;
  /** Classes of three.js and their settings. */
  config_dict: Readonly<Record<string, unknown>> | null;
}
export interface HParamsArguments {
  hparam_dict: HParams;
  metric_dict: Readonly<Record<string, ScalarLike>>;
  hparam_domain_discrete: Domains | null;
  /** The folder within the log directory; the time by default. */
  run_name: string | null;
  global_step: Step;
}
