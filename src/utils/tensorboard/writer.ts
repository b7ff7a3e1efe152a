// SummaryWriter: one method for each kind of data.
import { join } from 'node:path';
import { AssertionError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Module } from '../../nn/module.ts';
import type { Arguments } from '../../nn/simple.ts';
import { isKwargs } from '../../surface/bind.ts';
import { bindDicts } from './arguments.ts';
import { type EmbeddingInfo, type Label, subfolder, writeConfig, writeEmbedding } from './embedding.ts';
import { closeFigure, type FigureLike, pixelsOf } from './figure.ts';
import { now, type Step } from './file_writer.ts';
import { graph, trace } from './graph.ts';
import { type Bins, TENSORFLOW_BINS } from './histogram.ts';
import { type Domains, type HParams, hparams } from './hparams.ts';
import * as summary from './summary.ts';
import { tensor_proto } from './tensor_proto.ts';
import { type ArrayLike, make_np, type ScalarLike } from './values.ts';
import type * as A from './writer_arguments.ts';
import { WriterFiles } from './writer_files.ts';

/** A summary writer's method names come first in messages. */
function bind<T extends object>(
  method: string,
  given: readonly unknown[],
  names: readonly (keyof T & string)[],
  defaults: Partial<T> = {},
): T {
  const when = { global_step: null, walltime: null } as unknown as Partial<T>;
  const known = Object.fromEntries(Object.entries(when).filter(([name]) => (names as readonly string[]).includes(name))) as Partial<T>;
  return bindDicts<T>(`SummaryWriter.${method}`, given, names, { ...known, ...defaults });
}
type Time = number | null;

/**
 * Writes event files that TensorBoard, or `npx flambeau board`, shows. Methods, parameters and what is written are those of
 * `torch.utils.tensorboard.SummaryWriter`; arguments go by position or, in a last object, by name. `using` closes a writer at the end
 * of its block.
 *
 * See https://pytorch.org/docs/stable/tensorboard.html.
 */
export class SummaryWriter extends WriterFiles {
  /** The edges of the bins `'tensorflow'`. */
  readonly default_bins: Float64Array = TENSORFLOW_BINS;
  private readonly embeddings: EmbeddingInfo[] = [];

  /**
   * A number that changes: a loss, a learning rate. `new_style` writes a tensor, with `double_precision` of float64.
   * @throws AssertionError unless there is exactly one number.
   */
  add_scalar(
    ...args: Arguments<
      [tag: string, scalar_value: ScalarLike, global_step?: Step, walltime?: Time, new_style?: boolean, double_precision?: boolean],
      A.ScalarArguments
    >
  ): void {
    const a = bind<A.ScalarArguments>(
      'add_scalar',
      args,
      ['tag', 'scalar_value', 'global_step', 'walltime', 'new_style', 'double_precision'],
      { new_style: false, double_precision: false },
    );
    this.add(summary.scalar(a.tag, a.scalar_value, a.new_style, a.double_precision), a);
  }
  /** Several numbers in one chart: each becomes a run of its own, in a folder of the log directory. */
  add_scalars(
    ...args: Arguments<
      [main_tag: string, tag_scalar_dict: Readonly<Record<string, ScalarLike>>, global_step?: Step, walltime?: Time],
      A.ScalarsArguments
    >
  ): void {
    const a = bind<A.ScalarsArguments>('add_scalars', args, ['main_tag', 'tag_scalar_dict', 'global_step', 'walltime']);
    const walltime = a.walltime ?? now();
    this.file_writer();
    for (const [tag, value] of Object.entries(a.tag_scalar_dict)) {
      const writer = this.writer(`${this.log_dir}/${a.main_tag.replaceAll('/', '_')}_${tag}`);
      writer.add_summary(summary.scalar(a.main_tag, value, false, false), a.global_step, walltime);
    }
  }
  /** A whole tensor. @throws ValueError for 2 GB and more, and for dtypes that event files don't have. */
  add_tensor(...args: Arguments<[tag: string, tensor: Tensor, global_step?: Step, walltime?: Time], A.TensorArguments>): void {
    const a = bind<A.TensorArguments>('add_tensor', args, ['tag', 'tensor', 'global_step', 'walltime']);
    this.add(tensor_proto(a.tag, a.tensor), a);
  }
  /** How values are distributed. `bins` are `'tensorflow'`, a rule of numpy's, a number or edges. @throws ValueError without values. */
  add_histogram(
    ...args: Arguments<
      [tag: string, values: ArrayLike, global_step?: Step, bins?: 'tensorflow' | Bins, walltime?: Time, max_bins?: number | null],
      A.HistogramArguments
    >
  ): void {
    const a = bind<A.HistogramArguments>('add_histogram', args, ['tag', 'values', 'global_step', 'bins', 'walltime', 'max_bins'], {
      bins: 'tensorflow',
      max_bins: null,
    });
    this.add(summary.histogram(a.tag, a.values, a.bins === 'tensorflow' ? this.default_bins : a.bins, a.max_bins), a);
  }
  /** A histogram that was counted elsewhere. @throws ValueError unless there are as many counts as limits. */
  add_histogram_raw(
    ...args: Arguments<
      [
        tag: string,
        min: number,
        max: number,
        num: number,
        sum: number,
        sum_squares: number,
        bucket_limits: ArrayLike,
        bucket_counts: ArrayLike,
        global_step?: Step,
        walltime?: Time,
      ],
      A.RawHistogramArguments
    >
  ): void {
    const a = bind<A.RawHistogramArguments>('add_histogram_raw', args, [
      'tag',
      'min',
      'max',
      'num',
      'sum',
      'sum_squares',
      'bucket_limits',
      'bucket_counts',
      'global_step',
      'walltime',
    ]);
    this.add(summary.histogram_raw(a.tag, a), a);
  }
  /** An image, (3, H, W) by default: from 0 to 1, or from 0 to 255 where uint8. @throws AssertionError where the format does not fit. */
  add_image(
    ...args: Arguments<[tag: string, img_tensor: ArrayLike, global_step?: Step, walltime?: Time, dataformats?: string], A.ImageArguments>
  ): void {
    const a = bind<A.ImageArguments>('add_image', args, IMAGE_NAMES, { dataformats: 'CHW' });
    this.add(summary.image(a.tag, a.img_tensor, a.dataformats), a);
  }
  /** A batch of images, (N, 3, H, W) by default, as one with at most eight in a row. */
  add_images(
    ...args: Arguments<[tag: string, img_tensor: ArrayLike, global_step?: Step, walltime?: Time, dataformats?: string], A.ImageArguments>
  ): void {
    const a = bind<A.ImageArguments>('add_images', args, IMAGE_NAMES, { dataformats: 'NCHW' });
    this.add(summary.image(a.tag, a.img_tensor, a.dataformats), a);
  }
  /** An image with red frames; labels and rescaling need the package `@napi-rs/canvas`. Labels that are not as many as the boxes are left out. */
  add_image_with_boxes(
    ...args: Arguments<
      [
        tag: string,
        img_tensor: ArrayLike,
        box_tensor: ArrayLike,
        global_step?: Step,
        walltime?: Time,
        rescale?: number,
        dataformats?: string,
        labels?: string | readonly string[] | null,
      ],
      A.BoxesArguments
    >
  ): void {
    const a = bind<A.BoxesArguments>(
      'add_image_with_boxes',
      args,
      ['tag', 'img_tensor', 'box_tensor', 'global_step', 'walltime', 'rescale', 'dataformats', 'labels'],
      { rescale: 1, dataformats: 'CHW', labels: null },
    );
    const given = typeof a.labels === 'string' ? [a.labels] : a.labels;
    const boxes = make_np(a.box_tensor);
    const labels = given && given.length === boxes.shape[0] ? given : null;
    this.add(summary.image_boxes(a.tag, a.img_tensor, boxes, { rescale: a.rescale, dataformats: a.dataformats, labels }), a);
  }
  /** A figure of `flambeau/plot`, or several in a grid. Drawing takes time: the promise tells when the image is there; `close` waits for it. */
  add_figure(
    ...args: Arguments<
      [tag: string, figure: FigureLike | readonly FigureLike[], global_step?: Step, close?: boolean, walltime?: Time],
      A.FigureArguments
    >
  ): Promise<void> {
    const a = bind<A.FigureArguments>('add_figure', args, ['tag', 'figure', 'global_step', 'close', 'walltime'], { close: true });
    const figures = Array.isArray(a.figure) ? (a.figure as readonly FigureLike[]) : [a.figure as FigureLike];
    const drawn = Promise.all(figures.map(pixelsOf)).then(async (pictures) => {
      if (a.close) await Promise.all(figures.map(closeFigure));
      return summary.figure(a.tag, pictures);
    });
    return this.file_writer().add_summary_later(drawn, a.global_step, a.walltime);
  }
  /** Films (N, T, C, H, W) side by side, as an animated PNG. */
  add_video(
    ...args: Arguments<[tag: string, vid_tensor: ArrayLike, global_step?: Step, fps?: number, walltime?: Time], A.VideoArguments>
  ): void {
    const a = bind<A.VideoArguments>('add_video', args, ['tag', 'vid_tensor', 'global_step', 'fps', 'walltime'], { fps: 4 });
    this.add(summary.video(a.tag, a.vid_tensor, a.fps), a);
  }
  /** Sound (1, L) from −1 to 1, as WAV. @throws AssertionError for more than one axis. */
  add_audio(
    ...args: Arguments<[tag: string, snd_tensor: ArrayLike, global_step?: Step, sample_rate?: number, walltime?: Time], A.AudioArguments>
  ): void {
    const a = bind<A.AudioArguments>('add_audio', args, ['tag', 'snd_tensor', 'global_step', 'sample_rate', 'walltime'], {
      sample_rate: 44100,
    });
    this.add(summary.audio(a.tag, a.snd_tensor, a.sample_rate), a);
  }
  /** Text in Markdown. */
  add_text(...args: Arguments<[tag: string, text_string: string, global_step?: Step, walltime?: Time], A.TextArguments>): void {
    const a = bind<A.TextArguments>('add_text', args, ['tag', 'text_string', 'global_step', 'walltime']);
    this.add(summary.text(a.tag, a.text_string), a);
  }
  /**
   * What a model computes: it runs once, in evaluation mode, on `input_to_model` (several inputs in an array).
   * @throws RuntimeError for a result that is a dict while `use_strict_trace`; whatever the model throws.
   */
  add_graph(
    ...args: Arguments<[model: Module, input_to_model?: unknown, verbose?: boolean, use_strict_trace?: boolean], A.GraphArguments>
  ): void {
    const a = bind<A.GraphArguments>('add_graph', args, ['model', 'input_to_model', 'verbose', 'use_strict_trace'], {
      input_to_model: null,
      verbose: false,
      use_strict_trace: true,
    });
    const inputs = Array.isArray(a.input_to_model) ? (a.input_to_model as unknown[]) : [a.input_to_model];
    const nodes = trace(a.model, inputs, a.use_strict_trace);
    if (a.verbose) for (const { name, op, inputs: from } of nodes) console.log(`${name} = ${op}(${from.join(', ')})`);
    const made = graph(nodes);
    this.file_writer().add_graph(made.graph, made.run_metadata);
  }
  /** Points for the embedding projector: `mat` (N, D), with labels and images. @throws AssertionError where their numbers differ. */
  add_embedding(
    ...args: Arguments<
      [
        mat: ArrayLike,
        metadata?: readonly Label[] | readonly (readonly Label[])[] | null,
        label_img?: ArrayLike | null,
        global_step?: Step,
        tag?: string,
        metadata_header?: readonly string[] | null,
      ],
      A.EmbeddingArguments
    >
  ): void {
    const a = bind<A.EmbeddingArguments>('add_embedding', args, ['mat', 'metadata', 'label_img', 'global_step', 'tag', 'metadata_header'], {
      metadata: null,
      label_img: null,
      tag: 'default',
      metadata_header: null,
    });
    const step = String(a.global_step ?? 0);
    const folder = this.file_writer().get_logdir();
    const name = `${a.tag}:${step.padStart(5, '0')}`;
    const { metadata, metadata_header } = a;
    const embedding = { mat: make_np(a.mat), metadata, metadata_header, label_img: a.label_img === null ? null : make_np(a.label_img) };
    this.embeddings.push(writeEmbedding(folder, subfolder(a.tag, step), name, embedding));
    writeConfig(folder, this.embeddings);
  }
  /** Precision over recall at `num_thresholds` thresholds. */
  add_pr_curve(
    ...args: Arguments<
      [
        tag: string,
        labels: ArrayLike,
        predictions: ArrayLike,
        global_step?: Step,
        num_thresholds?: number,
        weights?: ScalarLike | null,
        walltime?: Time,
      ],
      A.CurveArguments
    >
  ): void {
    const a = bind<A.CurveArguments>(
      'add_pr_curve',
      args,
      ['tag', 'labels', 'predictions', 'global_step', 'num_thresholds', 'weights', 'walltime'],
      { num_thresholds: 127, weights: null },
    );
    this.add(summary.pr_curve(a.tag, a.labels, a.predictions, a.num_thresholds, a.weights), a);
  }
  /** A precision-recall curve that was counted elsewhere: a number a threshold in each array. */
  add_pr_curve_raw(
    ...args: Arguments<
      [
        tag: string,
        true_positive_counts: ArrayLike,
        false_positive_counts: ArrayLike,
        true_negative_counts: ArrayLike,
        false_negative_counts: ArrayLike,
        precision: ArrayLike,
        recall: ArrayLike,
        global_step?: Step,
        num_thresholds?: number,
        weights?: ScalarLike | null,
        walltime?: Time,
      ],
      A.RawCurveArguments
    >
  ): void {
    const rows = [
      'true_positive_counts',
      'false_positive_counts',
      'true_negative_counts',
      'false_negative_counts',
      'precision',
      'recall',
    ] as const;
    const a = bind<A.RawCurveArguments>(
      'add_pr_curve_raw',
      args,
      ['tag', ...rows, 'global_step', 'num_thresholds', 'weights', 'walltime'],
      { num_thresholds: 127, weights: null },
    );
    const curve = rows.map((row) => a[row]);
    this.add(summary.pr_curve_raw(a.tag, curve, a.num_thresholds), a);
  }
  /** One chart of several scalars. */
  add_custom_scalars_multilinechart(
    ...args: Arguments<[tags: readonly string[], category?: string, title?: string], A.ChartArguments>
  ): void {
    this.addChart('add_custom_scalars_multilinechart', 'Multiline', args);
  }
  /** A chart of a scalar between two others. @throws AssertionError unless there are three tags: the value, its lower and upper limit. */
  add_custom_scalars_marginchart(...args: Arguments<[tags: readonly string[], category?: string, title?: string], A.ChartArguments>): void {
    this.addChart('add_custom_scalars_marginchart', 'Margin', args);
  }
  private addChart(method: string, kind: 'Multiline' | 'Margin', args: readonly unknown[]): void {
    const a = bind<A.ChartArguments>(method, args, ['tags', 'category', 'title'], { category: 'default', title: 'untitled' });
    if (kind === 'Margin' && a.tags.length !== 3) throw new AssertionError(`Expected 3 tags, got ${a.tags.length}.`);
    this.add(summary.custom_scalars({ [a.category]: { [a.title]: [kind, a.tags] } }), NOW);
  }
  /** Charts of several scalars, by category and title. Call it once a writer. */
  add_custom_scalars(layout: summary.ScalarLayout | { layout: summary.ScalarLayout }): void {
    const a = bind<{ layout: summary.ScalarLayout }>('add_custom_scalars', [layout], ['layout']);
    this.add(summary.custom_scalars(a.layout), NOW);
  }
  /** Points or triangles in space. @throws ValueError unless the tensors are (B, N, 3). */
  add_mesh(
    ...args: Arguments<
      [
        tag: string,
        vertices: ArrayLike,
        colors?: ArrayLike | null,
        faces?: ArrayLike | null,
        config_dict?: Readonly<Record<string, unknown>> | null,
        global_step?: Step,
        walltime?: Time,
      ],
      A.MeshArguments
    >
  ): void {
    const a = bind<A.MeshArguments>('add_mesh', args, ['tag', 'vertices', 'colors', 'faces', 'config_dict', 'global_step', 'walltime'], {
      colors: null,
      faces: null,
      config_dict: null,
    });
    this.add(summary.mesh(a.tag, a, a.config_dict), a);
  }
  /**
   * A set of hyperparameters and what was reached with it, as a run of its own.
   * @throws TypeError unless both are objects; ValueError for a value that is no number, string, boolean or tensor.
   */
  add_hparams(
    ...args: Arguments<
      [
        hparam_dict: HParams,
        metric_dict: Readonly<Record<string, ScalarLike>>,
        hparam_domain_discrete?: Domains | null,
        run_name?: string | null,
        global_step?: Step,
      ],
      A.HParamsArguments
    >
  ): void {
    const a = bind<A.HParamsArguments>(
      'add_hparams',
      args,
      ['hparam_dict', 'metric_dict', 'hparam_domain_discrete', 'run_name', 'global_step'],
      { hparam_domain_discrete: null, run_name: null },
    );
    if (!isKwargs(a.hparam_dict) || !isKwargs(a.metric_dict)) throw new TypeError('hparam_dict and metric_dict should be dictionary.');
    const summaries = hparams(a.hparam_dict, Object.keys(a.metric_dict), a.hparam_domain_discrete ?? {});
    const writer = new SummaryWriter(join(this.file_writer().get_logdir(), a.run_name || String(now())));
    for (const value of summaries) writer.add(value, { ...NOW, global_step: a.global_step });
    for (const [tag, value] of Object.entries(a.metric_dict)) writer.add_scalar(tag, value, a.global_step);
    writer.close();
  }
}
const IMAGE_NAMES = ['tag', 'img_tensor', 'global_step', 'walltime', 'dataformats'] as const;
const NOW: A.When = { global_step: null, walltime: null };
