// Numbers at equal steps.
import { fma32, fma64 } from '../core/fma.ts';
import { bool, Category, type DType, float32, get_default_dtype, int64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { Complex, imaginary, type Scalar, scalarCategory, toBigInt, toNumber } from '../core/scalar.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { store } from '../backend/reference/arrays.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { OPTIONS } from './create.ts';

// ---- arange -------------------------------------------------------------------------------------------------------
interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}
function checkRange(start: Scalar, end: Scalar, step: Scalar): readonly [number, number, number] {
  const [a, b, s] = [toNumber(start), toNumber(end), toNumber(step)];
  if (s === 0 || Number.isNaN(s)) throw new RuntimeError('step must be nonzero');
  if (!Number.isFinite(a) || !Number.isFinite(b))
    throw new RuntimeError(`unsupported range: ${a} -> ${b}`.replaceAll('Infinity', 'inf').replaceAll('NaN', 'nan'));
  if ((s > 0 && a > b) || (s < 0 && a < b)) throw new RuntimeError('upper bound and lower bound inconsistent with step sign');
  return [a, b, s];
}
function rangeSpec(name: string, start: Scalar, end: Scalar, step: Scalar, dtype: DType | null): Spec {
  const given = [start, end, step];
  const whole = given.every((v) => scalarCategory(v) <= Category.Integral);
  const d = dtype ?? (whole ? int64 : get_default_dtype());
  const [a, b, s] = checkRange(start, end, step);
  const n = whole
    ? Number((toBigInt(end) - toBigInt(start) + toBigInt(step) - (s > 0 ? 1n : -1n)) / toBigInt(step))
    : Math.ceil((b - a) / s);
  if (!Number.isSafeInteger(n)) throw new RuntimeError('invalid size, possible overflow?');
  if (d === bool || d.is_complex) throw new NotImplementedError(`"${name}" not implemented for '${d.scalarName}'`);
  return { shape: [n], dtype: d };
}
/** start + i · step, in integers for integer dtypes and in float64 otherwise. */
function arangeInto(out: Tensor, start: Scalar, step: Scalar): void {
  const n = out.layout.numel;
  if (out.dtype.category === Category.Integral) {
    const [a, s] = [toBigInt(start), toBigInt(step)];
    store(
      out,
      BigInt64Array.from({ length: n }, (_, i) => a + BigInt(i) * s),
    );
    return;
  }
  const [a, s] = [toNumber(start), toNumber(step)];
  store(
    out,
    Float64Array.from({ length: n }, (_, i) => a + i * s),
  );
}
op(`arange(Scalar end, ${OPTIONS}) -> Tensor`, {
  doc: 'The numbers from 0 up to, but without, `end`.',
  meta: ({ end, dtype }) => rangeSpec('arange_cpu', 0, end, 1, dtype),
  kernel: (_, out) => arangeInto(out!, 0, 1),
  grad: 'none',
});
op(`arange.start_step(Scalar start, Scalar end, Scalar step=1, ${OPTIONS}) -> Tensor`, {
  doc: 'The numbers from start up to, but without, end.',
  meta: ({ start, end, step, dtype }) => rangeSpec('arange_cpu', start, end, step, dtype),
  kernel: ({ start, step }, out) => arangeInto(out!, start, step),
  grad: 'none',
});
op(`range.step(Scalar start, Scalar end, Scalar step=1, ${OPTIONS}) -> Tensor`, {
  doc: 'The numbers from start to end, which is included. Deprecated in favour of arange.',
  meta: ({ start, end, step, dtype }) => {
    const [a, b, s] = checkRange(start, end, step);
    return { shape: [Math.floor((b - a) / s) + 1], dtype: dtype ?? get_default_dtype() };
  },
  kernel: ({ start, step }, out) => arangeInto(out!, start, step),
  grad: 'none',
});

// ---- linspace and logspace ----------------------------------------------------------------------------------------
function spaceSpec(name: string, start: Scalar, end: Scalar, steps: number, dtype: DType | null): Spec {
  if (steps < 0) throw new RuntimeError('number of steps must be non-negative');
  if (scalarCategory(start) === Category.Complex || scalarCategory(end) === Category.Complex) {
    const inferred = get_default_dtype().to_complex();
    if (dtype && !dtype.is_complex)
      throw new RuntimeError(
        `torch.${name}(): inferred dtype c10::complex<${inferred.to_real().cName}> can't be safely cast to passed dtype ${dtype.scalarName}`,
      );
    return { shape: [steps], dtype: dtype ?? inferred };
  }
  return { shape: [steps], dtype: dtype ?? get_default_dtype() };
}
/** Equal steps counted from both ends, so that the last one is exact; in the precision of the dtype. */
function spaced(n: number, dtype: DType, start: number, end: number): Float64Array {
  const round = dtype.to_real() === float32 ? Math.fround : (x: number): number => x;
  const [a, b] = dtype.category <= Category.Integral ? [Math.trunc(start), Math.trunc(end)] : [round(start), round(end)];
  const step = round(round(b - a) / (n - 1));
  const fused = dtype.to_real() === float32 ? fma32 : fma64;
  const half = Math.floor(n / 2);
  return Float64Array.from({ length: n }, (_, i) => (n === 1 ? a : i < half ? fused(step, i, a) : fused(-step, n - i - 1, b)));
}
function linspaceInto(out: Tensor, start: Scalar, end: Scalar): void {
  const n = out.layout.numel;
  const re = spaced(n, out.dtype, toNumber(start), toNumber(end));
  if (!out.dtype.is_complex) {
    store(out, re);
    return;
  }
  const im = spaced(n, out.dtype, imaginary(start), imaginary(end));
  store(
    out,
    Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? re[i / 2]! : im[(i - 1) / 2]!)),
  );
}
function logspaceInto(out: Tensor, start: Scalar, end: Scalar, base: number): void {
  const n = out.layout.numel;
  const { dtype } = out;
  const re = spaced(n, dtype, toNumber(start), toNumber(end));
  if (!dtype.is_complex) {
    store(
      out,
      re.map((x) => base ** x),
    );
    return;
  }
  // base^(x + iy) = base^x · (cos(y ln base) + i sin(y ln base))
  const im = spaced(n, dtype, imaginary(start), imaginary(end));
  const turn = Math.log(base);
  store(
    out,
    Float64Array.from(
      { length: 2 * n },
      (_, i) => base ** re[i >> 1]! * (i % 2 === 0 ? Math.cos(im[i >> 1]! * turn) : Math.sin(im[i >> 1]! * turn)),
    ),
  );
}
op(`linspace(Scalar start, Scalar end, int steps, ${OPTIONS}) -> Tensor`, {
  doc: '`steps` numbers from start to end, both included.',
  meta: ({ start, end, steps, dtype }) => spaceSpec('linspace', start, end, steps, dtype),
  kernel: ({ start, end }, out) => linspaceInto(out!, start, end),
  grad: 'none',
});
op(`logspace(Scalar start, Scalar end, int steps, float base=10.0, ${OPTIONS}) -> Tensor`, {
  doc: '`steps` numbers from baseˢᵗᵃʳᵗ to baseᵉⁿᵈ, both included, at equal ratios.',
  meta: ({ start, end, steps, dtype }) => spaceSpec('logspace', start, end, steps, dtype),
  kernel: ({ start, end, base }, out) => logspaceInto(out!, start, end, base),
  grad: 'none',
});
/** A bound given as a tensor, as the number that it holds. Complex ones stay complex. */
function bound(x: Tensor | Scalar): Scalar {
  if (typeof x !== 'object' || !('layout' in x)) return x;
  const v = x.item() as unknown as Scalar;
  return x.dtype.is_complex && !(v instanceof Complex) ? new Complex(toNumber(v)) : v;
}
function check0d(name: string, start: Tensor | Scalar, end: Tensor | Scalar): void {
  const rank = (x: Tensor | Scalar): number => (typeof x === 'object' && 'layout' in x ? x.ndim : 0);
  const wrong = (
    [
      ['start', rank(start)],
      ['end', rank(end)],
    ] as const
  )
    .filter(([, n]) => n > 0)
    .map(([which, n]) => `${which} with ${n} dimension(s)`);
  if (wrong.length) throw new RuntimeError(`${name} only supports 0-dimensional start and end tensors, but got ${wrong.join(' and ')}.`);
}
for (const [overload, params] of [
  ['Tensor_Tensor', 'Tensor start, Tensor end'],
  ['Tensor_Scalar', 'Tensor start, Scalar end'],
  ['Scalar_Tensor', 'Scalar start, Tensor end'],
] as const) {
  op(
    `linspace.${overload}(${params}, int steps, ${OPTIONS}) -> Tensor` as 'linspace.Tensor_Tensor(Tensor start, Tensor end, int steps, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None) -> Tensor',
    {
      decompose: ({ start, end, steps, dtype, device }) => {
        check0d('linspace', start, end);
        return F.linspace(bound(start), bound(end), steps, dtype, null, device);
      },
    },
  );
  op(
    `logspace.${overload}(${params}, int steps, float base=10.0, ${OPTIONS}) -> Tensor` as 'logspace.Tensor_Tensor(Tensor start, Tensor end, int steps, float base=10.0, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None) -> Tensor',
    {
      decompose: ({ start, end, steps, base, dtype, device }) => {
        check0d('logspace', start, end);
        return F.logspace(bound(start), bound(end), steps, base, dtype, null, device);
      },
    },
  );
}
