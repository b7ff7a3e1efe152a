// The argument checks of pooling, in PyTorch's order and words.
import type { Pool } from '../backend/reference/pooling.ts';
import { bfloat16, bool, Category, float16, int64 } from '../core/dtype.ts';
import { IndexError, NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';

type Sizes = readonly number[];
export type Kind = 'max' | 'avg';
const COUNT = ['no', 'one int', 'two ints', 'three ints'];
/** The letters of one to three dimensions: T, H, W. */
const letters = (n: number): string[] => ['T', 'H', 'W'].slice(-n);
const labelled = (prefix: string, values: Sizes): string =>
  letters(values.length)
    .map((l, d) => `${prefix}${l}: ${values[d]}`)
    .join(' ');

/** One number for each dimension, from one for all of them. */
export function perDimension(op: string, parameter: string, values: Sizes, n: number): number[] {
  if (values.length === 1) return new Array<number>(n).fill(values[0]!);
  if (values.length === n) return [...values];
  throw new RuntimeError(wrongCount(op, parameter, values.length, n));
}
function wrongCount(op: string, parameter: string, given: number, n: number): string {
  if (op === 'max_pool1d')
    return `max_pool1d() ${parameter} must be ${parameter === 'stride' ? 'None, ' : ''}an int, list of ints${parameter === 'kernel_size' ? '' : ','} or tuple of ints of size 1 but got size ${given}`;
  if (n === 1) return `${op}() argument '${parameter}' should contain one int (got ${given})`;
  const alternatives = `${parameter === 'stride' ? 'omitted, ' : ''}a single int, or a tuple of ${COUNT[n]}`;
  if (parameter === 'dilation') return `${op}: dilation must be either ${alternatives}`;
  return `${op}: ${parameter} must ${op === 'avg_pool3d' ? 'be' : 'either be'} ${alternatives}`;
}

/** The output size along one dimension; with ceil_mode the last window must begin inside the input or its left padding. */
export function outputSize(size: number, kernel: number, stride: number, padding: number, dilation: number, ceil: boolean): number {
  const room = size + 2 * padding - dilation * (kernel - 1) - 1 + (ceil ? stride - 1 : 0);
  let n = Number.isSafeInteger(room) ? Math.floor(room / stride) + 1 : hugeOutputSize(size, kernel, stride, padding, dilation, ceil);
  if (ceil && (n - 1) * stride >= size + padding) n--;
  return n;
}
function hugeOutputSize(size: number, kernel: number, stride: number, padding: number, dilation: number, ceil: boolean): number {
  const [s, k, p, d] = [BigInt(stride), BigInt(kernel), BigInt(padding), BigInt(dilation)];
  const room = BigInt(size) + 2n * p - d * (k - 1n) - 1n + (ceil ? s - 1n : 0n);
  const quotient = room / s - (room < 0n && room % s !== 0n ? 1n : 0n);
  return Number(quotient) + 1;
}

/** max_pool1d without indices has a kernel, and checks, of its own. */
export function checkMaxPool1d(self: Tensor, { kernel, stride, padding, dilation }: Pool, ceil: boolean): void {
  const [k, s, p, d] = [kernel[0]!, stride[0]!, padding[0]!, dilation[0]!];
  const { shape } = self.layout;
  if ((self.ndim !== 2 && self.ndim !== 3) || shape.slice(self.ndim - 2).includes(0)) {
    throw new RuntimeError(
      `max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:${showShape(shape)}`,
    );
  }
  const positive = (name: string, value: number): void => {
    if (value <= 0) throw new RuntimeError(`max_pool1d() ${name} must be greater than zero, but got ${value}`);
  };
  positive('kernel_size', k);
  positive('stride', s);
  if (p < 0) throw new RuntimeError(`max_pool1d() padding must be non-negative, but got ${p}`);
  positive('dilation', d);
  if (p > k / 2)
    throw new RuntimeError(`max_pool1d() padding should be at most half of kernel size, but got padding=${p} and kernel_size=${k}`);
  if (d * (k - 1) > 2 ** 63) throw new RuntimeError(`effective kernel size overflows, but got kernel_size=${k} and dilation=${d}`);
  const size = outputSize(shape[self.ndim - 1]!, k, s, p, d, ceil);
  if (size <= 0) throw new RuntimeError(`max_pool1d() Invalid computed output size: ${size}`);
  if (!self.dtype.is_floating_point) throw notImplemented('max_pool1d_impl', self);
}
const notImplemented = (name: string, self: Tensor): NotImplementedError =>
  new NotImplementedError(`"${name}" not implemented for '${self.dtype.scalarName}'`);
function checkDtype(kind: Kind, n: number, self: Tensor): void {
  const { dtype } = self;
  const name = kind === 'max' ? `max_pool${Math.max(n, 2)}d` : n === 3 ? 'avg_pool3d_out_frame' : 'avg_pool2d';
  const whole = dtype.category === Category.Integral && (kind === 'max' || dtype === int64);
  const half = dtype === float16 || dtype === bfloat16;
  if (dtype === bool || !(dtype.is_floating_point || whole) || (half && name === 'avg_pool3d_out_frame')) throw notImplemented(name, self);
}
function checkDimensions(kind: Kind, n: number, self: Tensor): void {
  const { ndim } = self;
  const fits = ndim === n + 1 || ndim === n + 2;
  if (n === 1 && !fits)
    throw new RuntimeError(
      `Expected 2 to 3 dimensions, but got ${ndim}-dimensional tensor for argument #1 'self' (while checking arguments for ${kind}_pool1d)`,
    );
  if (n === 2 && kind === 'avg' && ndim < 3) {
    throw new IndexError(
      ndim === 0
        ? 'Dimension specified as -3 but tensor has no dimensions'
        : `Dimension out of range (expected to be in range of [-${ndim}, ${ndim - 1}], but got -3)`,
    );
  }
  if (!fits && (kind === 'max' || n === 3))
    throw new RuntimeError(`non-empty ${n + 1}D or ${n + 2}D (batch mode) tensor expected for input`);
}
function checkSizes(kind: Kind, self: Sizes, n: number, p: Pool): void {
  const all = (ok: boolean, message: string): void => {
    if (!ok) throw new RuntimeError(message);
  };
  const above = (values: Sizes): boolean => values.every((v) => v > 0);
  all(above(p.kernel), `kernel size should be greater than zero, but got ${labelled('k', p.kernel)}`);
  all(above(p.stride), `stride should be greater than zero, but got ${labelled('d', p.stride)}`);
  all(above(p.dilation), `dilation should be greater than zero, but got ${labelled('dilation', p.dilation)}`);
  const inner = self.slice(self.length === n + 2 ? 1 : 0);
  const fits = self.length === n + 1 || self.length === n + 2;
  if (n === 2)
    all(
      fits && !inner.includes(0),
      `Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:${showShape(self)}`,
    );
  else requireElements(kind === 'max' ? 'max_pool3d_with_indices_out_cpu_template' : 'avg_pool3d', self, self.length - inner.length);
}
function requireElements(op: string, shape: Sizes, from: number): void {
  const empty = shape.findIndex((s, d) => d >= from && s === 0);
  if (empty >= 0)
    throw new RuntimeError(
      `${op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ${showShape(shape)} with dimension ${empty} being empty`,
    );
}
function checkPadding({ kernel, stride, padding, dilation }: Pool): void {
  kernel.forEach((k, d) => {
    if (stride[d] === 0) throw new RuntimeError('stride should not be zero');
    if (padding[d]! < 0) throw new RuntimeError(`pad must be non-negative, but got pad: ${padding[d]}`);
    if (padding[d]! > Math.trunc(((k - 1) * dilation[d]! + 1) / 2)) {
      throw new RuntimeError(
        `pad should be at most half of effective kernel size, but got pad=${padding[d]}, kernel_size=${k} and dilation=${dilation[d]}`,
      );
    }
  });
}
/** The shape of pooling, after all checks. One dimension is pooled as two of which the first has size 1. */
export function pooledShape(kind: Kind, self: Tensor, p: Pool, ceil: boolean): number[] {
  const n = p.kernel.length;
  checkDimensions(kind, n, self);
  if (n === 1) {
    const plane = self.layout.shape.toSpliced(-1, 0, 1);
    const [kernel, stride, padding, dilation] = [
      [1, p.kernel[0]!],
      [1, p.stride[0]!],
      [0, p.padding[0]!],
      [1, p.dilation[0]!],
    ];
    return planeShape(kind, plane, { kernel, stride, padding, dilation }, ceil, self, n).toSpliced(-2, 1);
  }
  return planeShape(kind, self.layout.shape, p, ceil, self, n);
}
function planeShape(kind: Kind, self: Sizes, p: Pool, ceil: boolean, tensor: Tensor, dimensions: number): number[] {
  const n = p.kernel.length;
  checkPadding(p);
  checkSizes(kind, self, n, p);
  const inner = self.slice(-n);
  const out = inner.map((s, d) => outputSize(s, p.kernel[d]!, p.stride[d]!, p.padding[d]!, p.dilation[d]!, ceil));
  const smaller = inner.some((s, d) => s + 2 * p.padding[d]! < p.kernel[d]!);
  if (kind === 'avg' && n === 3 && !ceil && smaller)
    throw new RuntimeError(`input image (${labelled('', inner)}) smaller than kernel size (${labelled('k', p.kernel)})`);
  if (out.some((s) => s < 1)) {
    const text = (s: Sizes): string => `(${[self[self.length - n - 1], ...s].join('x')})`;
    throw new RuntimeError(`Given input size: ${text(inner)}. Calculated output size: ${text(out)}. Output size is too small`);
  }
  checkDtype(kind, dimensions, tensor);
  return [...self.slice(0, -n), ...out];
}

// ---- adaptive pooling ---------------------------------------------------------------------------------------------
type OutputSize = number | readonly (number | null)[] | null;
/** The output sizes that nn.functional passes on: a null keeps the input's size. */
export function adaptiveSize(kind: Kind, input: Tensor, given: OutputSize, n: number): number[] {
  const name = `adaptive_${kind}_pool${n}d`;
  const list = Array.isArray(given) ? (given as readonly (number | null)[]) : null;
  const { shape } = input.layout;
  if (n === 1) {
    if (list && list.length !== 1) throw new RuntimeError(`${name}() argument 'output_size' should contain one int (got ${list.length})`);
    return [(list ? list[0] : (given as number | null)) ?? shape[shape.length - 1]!];
  }
  if (!list) return new Array<number | null>(n).fill(given as number | null).map((s, d) => s ?? shape[shape.length - n + d]!);
  if (shape.length <= list.length) throw new ValueError(`Input dimension should be at least ${list.length + 1}`);
  const size = list.map((s, d) => s ?? shape[shape.length - list.length + d]!);
  if (size.length === n) return size;
  throw new RuntimeError(
    kind === 'avg' ? `${name}: output_size must be ${n}` : `${name}(): internal error: output_size.size() must be ${n}`,
  );
}
/** Checks the arguments of adaptive pooling. */
export function checkAdaptive(kind: Kind, self: Tensor, size: Sizes): void {
  const n = size.length;
  const name = `adaptive_${kind}_pool${n}d`;
  const { shape } = self.layout;
  const negative = size.some((s) => s < 0);
  if (n === 1 && shape.length !== 2 && shape.length !== 3) {
    throw new RuntimeError(
      `Expected 2 to 3 dimensions, but got ${shape.length}-dimensional tensor for argument #1 'self' (while checking arguments for ${name})`,
    );
  }
  if (kind === 'avg' && negative) {
    const received = n === 3 ? `${size[0]}, ${size[1]},${size[2]}` : n === 2 ? size.join(', ') : `1, ${size[0]}`;
    throw new RuntimeError(
      `adaptive_avg_pool${Math.max(n, 2)}d: elements of output_size must be greater than or equal to 0 but received {${received}}`,
    );
  }
  if (shape.length !== n + 1 && shape.length !== n + 2) {
    throw new RuntimeError(`${name}(): Expected ${n + 1}D or ${n + 2}D tensor, but got${kind === 'max' ? ':' : ''} ${showShape(shape)}`);
  }
  const batch = shape.length - n - 1;
  if (kind === 'max' || n > 1) requireElements(`${name}`, shape, kind === 'avg' && n === 2 ? batch + 1 : batch);
  if (negative) {
    const full = [...shape.slice(0, -n), ...(n === 1 ? [1] : []), ...size];
    throw new RuntimeError(`Trying to create tensor with negative dimension ${size.find((s) => s < 0)}: ${showShape(full)}`);
  }
  if (!self.dtype.is_floating_point) throw notImplemented(n === 3 ? `${name}_cpu` : `adaptive_${kind}_pool2d`, self);
}
