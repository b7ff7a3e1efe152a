// One function for each kind of summary: from values to a protocol buffer.
import { create, toBinary } from '@bufbuild/protobuf';
import { AssertionError, ValueError } from '../../core/errors.ts';
import { toAnimatedPng } from './animation.ts';
import { drawBoxes, rescaled } from './boxes.ts';
import {
  DataType,
  LayoutSchema,
  MeshPluginData_ContentType,
  MeshPluginDataSchema,
  PrCurvePluginDataSchema,
  type Summary,
  SummarySchema,
  TextPluginDataSchema,
} from './generated/tensorboard_pb.ts';
import { type Bins, make_histogram } from './histogram.ts';
import { make_grid, type Picture, toPicture, toPng } from './image.ts';
import { pluginSummary } from './plugin.ts';
import { compute_curve, MOST_THRESHOLDS } from './pr_curve.ts';
import { type ArrayLike, make_np, type ScalarLike, scalarOf, type Values } from './values.ts';

const NO_CONTENT = new Uint8Array(0);
const shapeOf = (shape: readonly number[]): { dim: { size: bigint }[] } => ({ dim: shape.map((n) => ({ size: BigInt(n) })) });

export function scalar(tag: string, value: ScalarLike, new_style: boolean, double_precision: boolean): Summary {
  const number = scalarOf(value);
  if (!new_style) return create(SummarySchema, { value: [{ tag, value: { case: 'simpleValue', value: number } }] });
  const tensor = double_precision ? { dtype: DataType.DT_DOUBLE, doubleVal: [number] } : { dtype: DataType.DT_FLOAT, floatVal: [number] };
  return pluginSummary(tag, 'scalars', NO_CONTENT, { case: 'tensor', value: tensor });
}

export function histogram(tag: string, values: ArrayLike, bins: Bins, max_bins: number | null): Summary {
  return create(SummarySchema, { value: [{ tag, value: { case: 'histo', value: make_histogram(make_np(values).data, bins, max_bins) } }] });
}
export interface RawHistogram {
  min: number;
  max: number;
  num: number;
  sum: number;
  sum_squares: number;
  bucket_limits: ArrayLike;
  bucket_counts: ArrayLike;
}
export function histogram_raw(tag: string, raw: RawHistogram): Summary {
  const { sum_squares: sumSquares, bucket_limits, bucket_counts, min, max, num, sum } = raw;
  const [bucketLimit, bucket] = [[...make_np(bucket_limits).data], [...make_np(bucket_counts).data]];
  if (bucketLimit.length !== bucket.length) throw new ValueError('len(bucket_limits) != len(bucket_counts), see the document.');
  return create(SummarySchema, {
    value: [{ tag, value: { case: 'histo', value: { min, max, num, sum, sumSquares, bucketLimit, bucket } } }],
  });
}

function imageSummary(tag: string, { height, width, channels }: Picture, encodedImageString: Uint8Array): Summary {
  return create(SummarySchema, {
    value: [{ tag, value: { case: 'image', value: { height, width, colorspace: channels, encodedImageString } } }],
  });
}
export function image(tag: string, values: ArrayLike, dataformats: string): Summary {
  const picture = toPicture(make_np(values), dataformats);
  return imageSummary(tag, picture, toPng(picture));
}
/** RGBA pixels as the real writer shows a figure: RGB, whatever is behind. */
export function figure(tag: string, drawn: readonly Picture[]): Summary {
  const opaque = drawn.map(withoutAlpha);
  const picture = opaque.length === 1 ? opaque[0]! : make_grid(opaque);
  return imageSummary(tag, picture, toPng(picture));
}
function withoutAlpha({ width, height, channels, data }: Picture): Picture {
  const out = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) out[3 * i + c] = data[channels * i + c]!;
  return { width, height, channels: 3, data: out };
}
export function image_boxes(
  tag: string,
  values: ArrayLike,
  boxes: Values,
  { rescale, dataformats, labels }: { rescale: number; dataformats: string; labels: readonly string[] | null },
): Summary {
  const picture = toPicture(make_np(values), dataformats);
  return imageSummary(tag, picture, toPng(rescaled(drawBoxes(picture, boxes, labels), rescale)));
}
/** Values (N, T, C, H, W): N films side by side, T frames. */
export function video(tag: string, values: ArrayLike, fps: number): Summary {
  const { data, shape, dtype } = make_np(values);
  if (shape.length !== 5) throw new ValueError(`not enough values to unpack (expected 5, got ${shape.length})`);
  const [n, t, c, h, w] = shape as [number, number, number, number, number];
  // Filled up to a power of two, so that the films make a rectangle.
  const films = 2 ** Math.ceil(Math.log2(n));
  const columns = films / 2 ** Math.floor(Math.floor(Math.log2(n)) / 2);
  const size = c * h * w;
  const frames = Array.from({ length: t }, (_, frame): Picture => {
    const samples = new Float64Array(films * size);
    for (let film = 0; film < n; film++) samples.set(data.subarray((film * t + frame) * size, (film * t + frame + 1) * size), film * size);
    const batch: Values = { data: samples, shape: [films, c, h, w], dtype };
    return toPicture(batch, 'NCHW', columns);
  });
  if (frames.length === 0) throw new ValueError('a video needs at least one frame');
  return imageSummary(tag, frames[0]!, toAnimatedPng(frames, fps));
}

/** Sound from -1 to 1 as a WAV file of one channel; louder sound is cut, with a notice. */
export function audio(tag: string, values: ArrayLike, sample_rate: number): Summary {
  const { data, shape } = make_np(values);
  if (data.some((v) => Math.abs(v) > 1)) console.log('warning: audio amplitude out of range, auto clipped.');
  if (shape.filter((n) => n !== 1).length !== 1) throw new AssertionError('input tensor should be 1 dimensional.');
  return create(SummarySchema, {
    value: [
      {
        tag,
        value: {
          case: 'audio',
          value: {
            sampleRate: sample_rate,
            numChannels: 1n,
            lengthFrames: BigInt(data.length),
            encodedAudioString: toWav(data, sample_rate),
            contentType: 'audio/wav',
          },
        },
      },
    ],
  });
}
const WAV_HEADER = 44;
function toWav(samples: Float64Array, rate: number): Uint8Array {
  const bytes = new Uint8Array(WAV_HEADER + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const text = (at: number, s: string): void => {
    for (let i = 0; i < s.length; i++) bytes[at + i] = s.charCodeAt(i);
  };
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true); // bytes of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a frame
  view.setUint16(34, 16, true); // bits a sample
  text(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((v, i) => {
    view.setInt16(WAV_HEADER + 2 * i, Math.trunc(Math.min(1, Math.max(-1, v)) * 32767), true);
  });
  return bytes;
}

export function text(tag: string, content: string): Summary {
  return pluginSummary(`${tag}/text_summary`, 'text', toBinary(TextPluginDataSchema, create(TextPluginDataSchema)), {
    case: 'tensor',
    value: { dtype: DataType.DT_STRING, stringVal: [new TextEncoder().encode(content)], tensorShape: shapeOf([1]) },
  });
}

export function pr_curve(tag: string, labels: ArrayLike, predictions: ArrayLike, thresholds: number, weights: ScalarLike | null): Summary {
  const count = Math.min(thresholds, MOST_THRESHOLDS);
  return curveSummary(tag, compute_curve(make_np(labels), make_np(predictions), count, weights === null ? null : make_np(weights)), count);
}
/** Rows: true and false positives, true and false negatives, precision, recall. */
export function pr_curve_raw(tag: string, rows: readonly ArrayLike[], thresholds: number): Summary {
  const data = rows.map((row) => make_np(row).data);
  if (data.some((row) => row.length !== data[0]!.length)) throw new ValueError('all input arrays must have the same shape');
  return curveSummary(tag, data, Math.min(thresholds, MOST_THRESHOLDS));
}
function curveSummary(tag: string, rows: readonly Float64Array[], numThresholds: number): Summary {
  return pluginSummary(tag, 'pr_curves', toBinary(PrCurvePluginDataSchema, create(PrCurvePluginDataSchema, { numThresholds })), {
    case: 'tensor',
    value: { dtype: DataType.DT_FLOAT, floatVal: rows.flatMap((row) => [...row]), tensorShape: shapeOf([rows.length, rows[0]!.length]) },
  });
}

/** How charts of several scalars are laid out: by category and title, the chart's kind and the tags of its scalars. */
export type ScalarLayout = Readonly<Record<string, Readonly<Record<string, readonly ['Multiline' | 'Margin', readonly string[]]>>>>;
export function custom_scalars(layout: ScalarLayout): Summary {
  const category = Object.entries(layout).map(([title, charts]) => ({
    title,
    chart: Object.entries(charts).map(([name, [kind, tags]]) => {
      if (kind !== 'Margin') return { title: name, content: { case: 'multiline' as const, value: { tag: [...tags] } } };
      if (tags.length !== 3) throw new AssertionError('len(tags) != 3');
      const [value, lower, upper] = tags;
      return { title: name, content: { case: 'margin' as const, value: { series: [{ value, lower, upper }] } } };
    }),
  }));
  return pluginSummary('custom_scalars__config__', 'custom_scalars', NO_CONTENT, {
    case: 'tensor',
    value: { dtype: DataType.DT_STRING, stringVal: [toBinary(LayoutSchema, create(LayoutSchema, { category }))], tensorShape: {} },
  });
}

/** Tensors (B, N, 3): vertices, and where given their colours and the triangles between them. */
export function mesh(
  tag: string,
  parts: { vertices: ArrayLike; faces: ArrayLike | null; colors: ArrayLike | null },
  config: unknown,
): Summary {
  const kinds = [
    [parts.vertices, MeshPluginData_ContentType.VERTEX],
    [parts.faces, MeshPluginData_ContentType.FACE],
    [parts.colors, MeshPluginData_ContentType.COLOR],
  ] as const;
  const given = kinds.flatMap(([part, contentType]) => (part === null ? [] : [{ values: make_np(part), contentType }]));
  const components = given.reduce((mask, { contentType }) => mask | (1 << contentType), 0);
  const value = given.map(({ values: { data, shape }, contentType }) => {
    if (shape.length !== 3) throw new ValueError(`Tensor shape should be of shape BxNx3, but got torch.Size([${shape.join(', ')}]).`);
    const jsonConfig = config === null ? '{}' : JSON.stringify(config);
    const content = create(MeshPluginDataSchema, { name: tag, contentType, components, shape: [...shape], jsonConfig });
    return pluginSummary(`${tag}_${MeshPluginData_ContentType[contentType]}`, 'mesh', toBinary(MeshPluginDataSchema, content), {
      case: 'tensor',
      value: { dtype: DataType.DT_FLOAT, floatVal: [...data], tensorShape: shapeOf(shape) },
    }).value[0]!;
  });
  return create(SummarySchema, { value });
}
