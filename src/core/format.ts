// The text of tensors, as Python's torch._tensor_str writes it.
import { exponential, fixed } from './decimal.ts';
import { bool, complex128, complex64, type DType, float64, get_default_dtype, int64 } from './dtype.ts';
import { type Element, elementReader } from './elements.ts';
import { ValueError } from './errors.ts';
import type { Complex } from './scalar.ts';
import type { Shape } from './size.ts';
import { entries, isCoo, partNames, partsOf, layoutOf } from './sparse.ts';
import type { Tensor } from './tensor.ts';

/** How tensors print; see torch.set_printoptions. */
export interface PrintOptions {
  /** Digits after the decimal point. */
  precision: number;
  /** Tensors with more elements are summarised. */
  threshold: number;
  /** How many items at both ends of a dimension a summary shows. */
  edgeitems: number;
  /** Characters a line. */
  linewidth: number;
  /** Whether floats have exponents; null leaves that to the numbers. */
  sci_mode: boolean | null;
}
export type PrintProfile = 'default' | 'short' | 'full';
export type PrintSettings = { -readonly [K in keyof PrintOptions]?: PrintOptions[K] | null } & { profile?: PrintProfile | null };

const DEFAULTS: PrintOptions = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sci_mode: null };
const PROFILES: Readonly<Record<PrintProfile, Omit<PrintOptions, 'sci_mode'>>> = {
  default: DEFAULTS,
  short: { ...DEFAULTS, precision: 2, edgeitems: 2 },
  full: { ...DEFAULTS, threshold: Number.POSITIVE_INFINITY },
};
const options: PrintOptions = { ...DEFAULTS };

/** Changes the options that are given, after those of the profile. `sci_mode` goes back to null when it is left out, as in PyTorch. */
export function changePrintOptions({ profile, sci_mode, ...given }: PrintSettings): void {
  if (profile && !(profile in PROFILES)) throw new ValueError(`no print profile is called '${profile}'`);
  const { precision, threshold, edgeitems, linewidth } = { ...options, ...(profile && PROFILES[profile]) };
  Object.assign(options, {
    precision: given.precision ?? precision,
    threshold: given.threshold ?? threshold,
    edgeitems: given.edgeitems ?? edgeitems,
    linewidth: given.linewidth ?? linewidth,
    sci_mode: sci_mode ?? null,
  });
}
/** A copy of the options in force. */
export const currentPrintOptions = (): PrintOptions => ({ ...options });

// ---- numbers ------------------------------------------------------------------------------------------------------

/** The format that all numbers of a tensor share, so that they line up. */
interface NumberFormat {
  readonly width: number;
  write(x: Element): string;
}

function wholeFormat(values: readonly Element[]): NumberFormat {
  const text = (x: Element): string => (typeof x === 'boolean' ? (x ? 'True' : 'False') : String(x));
  const width = Math.max(1, ...values.map((x) => text(x).length));
  return { width, write: (x) => text(x).padStart(width) };
}

const LARGEST_RATIO = 1000;
const LARGEST_PLAIN = 1e8;
const SMALLEST_PLAIN = 1e-4;

function floatFormat(values: readonly number[]): NumberFormat {
  const { precision, sci_mode } = options;
  const shown = values.filter((x) => Number.isFinite(x) && x !== 0);
  let [smallest, largest] = [Number.POSITIVE_INFINITY, 0];
  for (const x of shown) {
    smallest = Math.min(smallest, Math.abs(x));
    largest = Math.max(largest, Math.abs(x));
  }
  const wholes = shown.every(Number.isInteger);
  const spread = largest / smallest > LARGEST_RATIO || largest > LARGEST_PLAIN || smallest < SMALLEST_PLAIN;
  const scientific = shown.length > 0 && (sci_mode ?? spread);

  const text = (x: number): string => {
    if (scientific) return exponential(x, precision);
    if (wholes) return fixed(x, 0) + (Number.isFinite(x) ? '.' : '');
    return fixed(x, precision);
  };
  let width = 1;
  for (const x of shown) width = Math.max(width, text(x).length);
  return { width, write: (x) => text(x as number).padStart(width) };
}

/** Real and imaginary parts line up by themselves. */
function complexFormat(values: readonly Complex[]): NumberFormat {
  const real = floatFormat(values.map((x) => x.re));
  const imaginary = floatFormat(values.map((x) => x.im));
  return {
    width: real.width + imaginary.width + 1,
    write: (x) => {
      const { re, im } = x as Complex;
      const tail = `${imaginary.write(im)}j`.trimStart();
      return real.write(re) + (/^[-+]/.test(tail) ? '' : '+') + tail;
    },
  };
}

function numberFormat(values: readonly Element[], dtype: DType): NumberFormat {
  if (dtype.is_complex) return complexFormat(values as readonly Complex[]);
  return dtype.is_floating_point ? floatFormat(values as readonly number[]) : wholeFormat(values);
}

// ---- brackets -----------------------------------------------------------------------------------------------------

/** The numbers between the brackets of tensor(…), whose first line starts at column `indent`. */
function contents(t: Tensor, indent: number): string {
  const { shape, stride, offset, numel, dtype } = t.layout;
  if (numel === 0) return '[]';
  const read = elementReader(t);
  const { edgeitems, linewidth } = options;
  const summarise = numel > options.threshold;
  const cut = (dim: number): boolean => summarise && shape[dim]! > 2 * edgeitems;
  /** The positions along a dimension that a summary shows. */
  const shownAlong = (dim: number): number[] => {
    const all = Array.from({ length: shape[dim]! }, (_, i) => i);
    return cut(dim) ? [...all.slice(0, edgeitems), ...all.slice(all.length - edgeitems)] : all;
  };
  const indices = shape.map((_, dim) => shownAlong(dim));

  const values: Element[] = [];
  const collect = (dim: number, at: number): void => {
    if (dim === shape.length) values.push(read(at));
    else for (const i of indices[dim]!) collect(dim + 1, at + i * stride[dim]!);
  };
  // Without edge items only the first dimension of a summary is walked, and nothing sets the width.
  if (!(summarise && edgeitems === 0)) collect(0, offset);
  const format = numberFormat(values, dtype);

  const withDots = (dim: number, items: string[], dots: string): string[] =>
    cut(dim) ? [...items.slice(0, edgeitems), dots, ...items.slice(edgeitems)] : items;
  const vector = (dim: number, at: number, column: number): string => {
    const items =
      summarise && edgeitems === 0
        ? ['...']
        : withDots(
            dim,
            indices[dim]!.map((i) => format.write(read(at + i * stride[dim]!))),
            ' ...',
          );
    const perLine = Math.max(1, Math.floor((linewidth - column) / (format.width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${' '.repeat(column + 1)}`)}]`;
  };
  const block = (dim: number, at: number, column: number): string => {
    const left = shape.length - dim;
    if (left === 0) return format.write(read(at));
    if (left === 1) return vector(dim, at, column);
    const items = withDots(
      dim,
      indices[dim]!.map((i) => block(dim + 1, at + i * stride[dim]!, column + 1)),
      '...',
    );
    return `[${items.join(`,${'\n'.repeat(left - 1)}${' '.repeat(column + 1)}`)}]`;
  };
  return block(0, offset, indent);
}

// ---- suffixes -----------------------------------------------------------------------------------------------------

/** Python's str(tuple(shape)). */
const tupleText = (shape: Shape): string => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`);

/** Dtypes that a reader takes for granted. */
function isUnderstood(dtype: DType): boolean {
  const usual = get_default_dtype();
  return dtype === usual || dtype === (usual === float64 ? complex128 : complex64) || dtype === int64 || dtype === bool;
}

function joinSuffixes(text: string, suffixes: readonly string[], indent: number, newLine = false): string {
  let result = text;
  let column = text.length - text.lastIndexOf('\n') + 1;
  for (const [i, suffix] of suffixes.entries()) {
    if ((newLine && i === 0) || column + suffix.length + 2 > options.linewidth) {
      result += `,\n${' '.repeat(indent)}${suffix}`;
      column = indent + suffix.length;
    } else {
      result += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${result})`;
}

/** What a tensor's text says of its gradient. */
export interface GradientNote {
  readonly requires_grad: boolean;
  /** The name of the operation that made the tensor, as in grad_fn=<MulBackward0>. */
  readonly grad_fn: string | null;
}

/** `tensor([1., 2.], requires_grad=True)`: the text of a tensor that no transform has wrapped. */
export function plainText(t: Tensor, gradient: GradientNote): string {
  const prefix = 'tensor(';
  const { shape, dtype, device } = t.layout;
  const suffixes: string[] = [];
  let text = '...';
  if (t.layout.sparse) return sparseText(t, gradientSuffixes(gradient));
  if (device.type !== 'cpu') suffixes.push(`device='${device}'`);
  if (device.type === 'meta' || t.layout.numel === 0) {
    // Without elements their number is not to be seen, nor whether they are integers.
    if (device.type === 'meta' || shape.length !== 1) suffixes.push(`size=${tupleText(shape)}`);
    if (dtype !== get_default_dtype()) suffixes.push(`dtype=${dtype}`);
    if (device.type !== 'meta') text = '[]';
  } else {
    if (options.edgeitems === 0) suffixes.push(`size=${tupleText(shape)}`);
    if (!isUnderstood(dtype)) suffixes.push(`dtype=${dtype}`);
    text = contents(t, prefix.length);
  }
  return joinSuffixes(prefix + text, [...suffixes, ...gradientSuffixes(gradient)], prefix.length);
}
const gradientSuffixes = ({ grad_fn, requires_grad }: GradientNote): string[] =>
  grad_fn !== null ? [`grad_fn=<${grad_fn}>`] : requires_grad ? ['requires_grad=True'] : [];

/** The text of a sparse tensor: that of its parts, its size and its layout. */
function sparseText(t: Tensor, gradient: readonly string[]): string {
  const prefix = 'tensor(';
  const { kind } = layoutOf(t);
  const { indices, values } = partsOf(t);
  const { shape, dtype } = t.layout;
  const part = (name: string, x: Tensor): string => {
    const start = `${name}=tensor(`;
    return `${start}${contents(x, prefix.length + start.length)}${x.layout.numel === 0 ? `, size=${tupleText(x.layout.shape)}` : ''})`;
  };
  const names = partNames(kind);
  const parts = [...indices.map((x, i) => part(names[i]!, x)), part('values', values)];
  const suffixes = [`size=${tupleText(shape)}`, `nnz=${entries(t)}`];
  if (!isUnderstood(dtype)) suffixes.push(`dtype=${dtype}`);
  suffixes.push(`layout=${kind}`, ...gradient);
  return joinSuffixes(prefix + parts.join(`,\n${' '.repeat(prefix.length)}`), suffixes, prefix.length, isCoo(t));
}

/** A transform's level, as far as its text goes. */
interface LevelNote {
  readonly kind: 'vmap' | 'grad' | 'jvp';
  readonly below: LevelNote | null;
}
const depth = (level: LevelNote | null): number => (level === null ? 0 : 1 + depth(level.below));

/** The text of a tensor: `String(x)`. */
export function formatTensor(t: Tensor): string {
  const level = t.level as LevelNote | null;
  if (level === null || t.value === null) return plainText(t, gradientOf(t));
  const value = formatTensor(t.value).replace(/^(?=.)/gm, '    ');
  return level.kind === 'vmap'
    ? `BatchedTensor(lvl=${depth(level)}, bdim=${t.bdim}, value=\n${value}\n)`
    : `GradTrackingTensor(lvl=${depth(level)}, value=\n${value}\n)`;
}
function gradientOf(t: Tensor): GradientNote {
  let grad_fn: string | null;
  try {
    grad_fn = t.grad_fn?.name().replace(/^.*::/, '') ?? null;
  } catch {
    // A view made under no_grad and changed in place has no history that could be asked for.
    grad_fn = 'Invalid';
  }
  return { requires_grad: t.requires_grad, grad_fn };
}
