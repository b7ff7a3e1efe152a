// numpy.histogram, and the histogram of a summary.
import { create } from '@bufbuild/protobuf';
import { pythonFloat } from '../../core/dtype.ts';
import { ValueError } from '../../core/errors.ts';
import { type HistogramProto, HistogramProtoSchema } from './generated/tensorboard_pb.ts';

/** Ways to choose the number of equal bins; see https://numpy.org/doc/stable/reference/generated/numpy.histogram_bin_edges.html. */
export type BinRule = 'auto' | 'doane' | 'fd' | 'rice' | 'scott' | 'sqrt' | 'stone' | 'sturges';
/** A rule, the number of equal bins, or their edges. */
export type Bins = BinRule | number | readonly number[] | Float64Array;

const RATIO = 1.1;
/** The edges that TensorFlow uses: from 1e-12 to 1e20, each 1.1 times the last, with both signs, and zero. */
export const TENSORFLOW_BINS = tensorflowBins();
function tensorflowBins(): Float64Array {
  const edges: number[] = [];
  for (let v = 1e-12; v < 1e20; v *= RATIO) edges.push(v);
  return Float64Array.from([...edges.map((v) => -v).reverse(), 0, ...edges]);
}

export interface Counts {
  readonly counts: Float64Array;
  /** One more than counts. */
  readonly edges: Float64Array;
}
/**
 * Counts values between edges: the left edge belongs to a bin, and the last bin has its right edge too.
 * @throws ValueError for edges that fall, for values without a finite range (equal bins), and for unknown rules.
 */
export function histogram(values: Float64Array, bins: Bins): Counts {
  if (typeof bins === 'number' || typeof bins === 'string') return equalBins(values, bins);
  const edges = Float64Array.from(bins);
  for (let i = 1; i < edges.length; i++)
    if (!(edges[i]! >= edges[i - 1]!)) throw new ValueError('`bins` must increase monotonically, when an array');
  const counts = new Float64Array(Math.max(0, edges.length - 1));
  if (counts.length === 0) return { counts, edges };
  const [first, last] = [edges[0]!, edges[edges.length - 1]!];
  const begin = values.length > KEYS ? beginnings(edges) : null;
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  for (let n = 0; n < values.length; n++) {
    const v = values[n]!;
    if (!(v >= first && v <= last)) continue;
    let bin = begin ? begin[words[2 * n + HIGH_WORD]! >>> 16]! : upperBound(edges, v) - 1;
    while (bin < counts.length - 1 && edges[bin + 1]! <= v) bin++;
    counts[Math.min(bin, counts.length - 1)]!++;
  }
  return { counts, edges };
}
const KEYS = 2 ** 16;
const HIGH_WORD = new Uint32Array(Float64Array.of(-2).buffer)[1] === 0 ? 0 : 1;
/** For the first 16 bits of a number the bin of the least number that begins with them: others lie at most a few bins above. */
function beginnings(edges: Float64Array): Int32Array {
  const least = new DataView(new ArrayBuffer(8));
  return Int32Array.from({ length: KEYS }, (_, key) => {
    // Behind the bits are zeros, or ones in a negative number.
    least.setUint16(0, key);
    for (const at of [2, 4, 6]) least.setUint16(at, key >= KEYS / 2 ? 0xffff : 0);
    return Math.max(0, upperBound(edges, least.getFloat64(0)) - 1);
  });
}
/** How many of the rising numbers are not above `v`. */
function upperBound(numbers: Float64Array, v: number): number {
  let low = 0;
  for (let high = numbers.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= v) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Range {
  readonly first: number;
  readonly last: number;
}
function rangeOf(values: Float64Array): Range {
  if (values.length === 0) return { first: 0, last: 1 };
  const [first, last] = extremes(values);
  if (!Number.isFinite(first) || !Number.isFinite(last))
    throw new ValueError(`autodetected range of [${pythonFloat(first)}, ${pythonFloat(last)}] is not finite`);
  return first === last ? { first: first - 0.5, last: last + 0.5 } : { first, last };
}
function equalBins(values: Float64Array, bins: BinRule | number): Counts {
  const { first, last } = rangeOf(values);
  const n = typeof bins === 'number' ? bins : binCount(values, bins, { first, last });
  if (!Number.isInteger(n) || n < 1) throw new ValueError('`bins` must be positive, when an integer');
  const edges = linspace(first, last, n);
  const counts = new Float64Array(n);
  for (const v of values) {
    let i = Math.trunc(((v - first) / (last - first)) * n);
    if (i === n) i--;
    // Rounding may have put it beside its bin.
    if (v < edges[i]!) i--;
    else if (i !== n - 1 && v >= edges[i + 1]!) i++;
    counts[i]!++;
  }
  return { counts, edges };
}
function linspace(first: number, last: number, n: number): Float64Array {
  const step = (last - first) / n;
  const edges = Float64Array.from({ length: n + 1 }, (_, i) => i * step + first);
  edges[n] = last;
  return edges;
}

type Estimate = (values: Float64Array) => number;
function extremes(values: Float64Array): [number, number] {
  let [low, high] = [values[0]!, values[0]!];
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (Number.isNaN(v)) return [v, v];
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}
function spread(values: Float64Array): number {
  const [low, high] = extremes(values);
  return high - low;
}
const mean = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
function deviation(values: Float64Array): number {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - center) ** 2, 0) / values.length);
}
/** A quantile between two values is on the line through them. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
/** The width of a bin by each rule; 0 where a rule has no answer. */
const WIDTHS: Readonly<Record<BinRule, Estimate>> = {
  sqrt: (values) => spread(values) / Math.sqrt(values.length),
  sturges: (values) => spread(values) / (Math.log2(values.length) + 1),
  rice: (values) => spread(values) / (2 * Math.cbrt(values.length)),
  scott: (values) => Math.cbrt((24 * Math.sqrt(Math.PI)) / values.length) * deviation(values),
  fd: (values) => {
    const sorted = values.slice().sort();
    return (2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))) / Math.cbrt(values.length);
  },
  doane: (values) => {
    const n = values.length;
    const sigma = deviation(values);
    if (n <= 2 || sigma === 0) return 0;
    const center = mean(values);
    const skewness = values.reduce((sum, v) => sum + ((v - center) / sigma) ** 3, 0) / n;
    const error = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
    return spread(values) / (1 + Math.log2(n) + Math.log2(1 + Math.abs(skewness) / error));
  },
  stone: (values) => stoneWidth(values),
  auto: (values) => Math.min(Math.max(WIDTHS.fd(values), WIDTHS.sqrt(values) / 2), WIDTHS.sturges(values)),
};
/** Cross-validation: the number of bins with the least expected squared error. */
function stoneWidth(values: Float64Array): number {
  const n = values.length;
  const width = spread(values);
  if (n <= 1 || width === 0) return 0;
  let best = { error: Number.POSITIVE_INFINITY, bins: 1 };
  for (let bins = 1, most = Math.max(100, Math.trunc(Math.sqrt(n))); bins <= most; bins++) {
    const { counts } = equalBins(values, bins);
    const squares = counts.reduce((sum, count) => sum + (count / n) ** 2, 0);
    const error = (2 - (n + 1) * squares) / (width / bins);
    if (error < best.error) best = { error, bins };
  }
  return width / best.bins;
}
function binCount(values: Float64Array, rule: BinRule, range: Range): number {
  if (!Object.hasOwn(WIDTHS, rule)) throw new ValueError(`'${rule}' is not a valid estimator for \`bins\``);
  if (values.length === 0) return 1;
  const width = WIDTHS[rule](values);
  return width > 0 ? Math.ceil((range.last - range.first) / width) : 1;
}

/**
 * The histogram of values as event files hold it: from the first bin with values to the last, with an empty one before.
 * @throws ValueError if there are no values, or none within the edges.
 */
export function make_histogram(values: Float64Array, bins: Bins, max_bins: number | null): HistogramProto {
  if (values.length === 0) throw new ValueError('The input has no element.');
  const found = histogram(values, bins);
  const { counts, edges } = max_bins !== null && found.counts.length > max_bins ? merged(found, max_bins) : found;
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  if (first < 0) throw new ValueError('The histogram is empty, please file a bug report.');
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    sum += v;
    squares += v * v;
  }
  const [min, max] = extremes(values);
  return create(HistogramProtoSchema, {
    min,
    max,
    num: values.length,
    sum,
    sumSquares: squares,
    bucketLimit: [...edges.subarray(first, last + 2)],
    bucket: [0, ...counts.subarray(first, last + 1)],
  });
}
/** Neighbours added up, so that about `most` bins remain. */
function merged({ counts, edges }: Counts, most: number): Counts {
  const size = Math.floor(counts.length / most);
  const n = Math.ceil(counts.length / size);
  const sums = new Float64Array(n);
  counts.forEach((count, i) => {
    sums[Math.floor(i / size)]! += count;
  });
  return { counts: sums, edges: Float64Array.from({ length: n + 1 }, (_, i) => (i === n ? edges.at(-1)! : edges[i * size]!)) };
}
