// How far float32 results are from the truth, which float64 stands for: largest errors in units in the last place over samples of a domain.
import * as torch from '../../src/index.ts';

type Tensor = torch.Tensor;
type Function = (x: Tensor) => Tensor;
interface Entry {
  readonly f: Function;
  /** Intervals that the samples come from; evenly in the order of floats, so that every binade counts as much. */
  readonly domain: readonly (readonly [number, number])[];
}
export interface Measured {
  /** The largest error in ulp, and where. */
  readonly ulp: number;
  readonly at: number;
  /** The largest error relative to 1 or to the result, if that is larger. */
  readonly absolute: number;
}

const MAX = 3.4028234663852886e38;
const TINY = 1e-40;
const symmetric = (to: number): Entry['domain'] => [
  [-to, -TINY],
  [TINY, to],
];
const positive: Entry['domain'] = [[TINY, MAX]];
const F = torch.nn.functional;
const special = torch.special;

/** Every function of one float that is more than a few roundings. */
export const FUNCTIONS: Readonly<Record<string, Entry>> = {
  exp: { f: torch.exp, domain: symmetric(88.7) },
  exp2: { f: torch.exp2, domain: symmetric(127.9) },
  expm1: { f: torch.expm1, domain: symmetric(88.7) },
  log: { f: torch.log, domain: positive },
  log2: { f: torch.log2, domain: positive },
  log10: { f: torch.log10, domain: positive },
  log1p: {
    f: torch.log1p,
    domain: [
      [-0.9999999, -TINY],
      [TINY, MAX],
    ],
  },
  sqrt: { f: torch.sqrt, domain: positive },
  rsqrt: { f: torch.rsqrt, domain: positive },
  sin: { f: torch.sin, domain: symmetric(1e6) },
  cos: { f: torch.cos, domain: symmetric(1e6) },
  tan: { f: torch.tan, domain: symmetric(1e6) },
  asin: { f: torch.asin, domain: symmetric(1) },
  acos: { f: torch.acos, domain: symmetric(1) },
  atan: { f: torch.atan, domain: symmetric(MAX) },
  sinh: { f: torch.sinh, domain: symmetric(89) },
  cosh: { f: torch.cosh, domain: symmetric(89) },
  tanh: { f: torch.tanh, domain: symmetric(20) },
  asinh: { f: torch.asinh, domain: symmetric(MAX) },
  acosh: { f: torch.acosh, domain: [[1, MAX]] },
  atanh: { f: torch.atanh, domain: symmetric(0.9999999) },
  erf: { f: torch.erf, domain: symmetric(6) },
  erfc: { f: torch.erfc, domain: symmetric(9) },
  erfinv: { f: torch.erfinv, domain: symmetric(0.9999999) },
  lgamma: { f: torch.lgamma, domain: positive },
  digamma: { f: torch.digamma, domain: positive },
  sigmoid: { f: torch.sigmoid, domain: symmetric(87) },
  silu: { f: (x) => F.silu(x), domain: symmetric(85) },
  softplus: { f: (x) => F.softplus(x), domain: symmetric(20) },
  log_sigmoid: { f: (x) => F.logsigmoid(x), domain: symmetric(87) },
  mish: { f: (x) => F.mish(x), domain: symmetric(80) },
  gelu: { f: (x) => F.gelu(x), domain: symmetric(9) },
  gelu_tanh: { f: (x) => F.gelu(x, { approximate: 'tanh' }), domain: symmetric(5) },
  i0: { f: torch.i0, domain: symmetric(85) },
  i0e: { f: special.i0e, domain: symmetric(1e6) },
  i1: { f: special.i1, domain: symmetric(85) },
  i1e: { f: special.i1e, domain: symmetric(1e6) },
  ndtri: { f: special.ndtri, domain: [[1e-30, 0.9999999]] },
  log_ndtr: { f: special.log_ndtr, domain: symmetric(1e6) },
  erfcx: {
    f: special.erfcx,
    domain: [
      [-9, -TINY],
      [TINY, MAX],
    ],
  },
};

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);
/** The place of a float in the order of all. */
function rank(x: number): number {
  float[0] = x;
  return bits[0]! >= 0 ? bits[0]! : -(bits[0]! & 0x7fffffff);
}
function ranked(r: number): number {
  bits[0] = r >= 0 ? r : -r | 0x80000000;
  return float[0]!;
}
function samples(domain: Entry['domain'], count: number): Float32Array {
  const each = Math.floor(count / domain.length);
  const x = new Float32Array(each * domain.length);
  domain.forEach(([from, to], d) => {
    const [a, b] = [rank(from), rank(to)];
    for (let i = 0; i < each; i++) x[d * each + i] = ranked(Math.round(a + ((b - a) * i) / (each - 1)));
  });
  return x;
}
/** The distance from |y| to the next larger float32. */
function ulp(y: number): number {
  const exponent = Math.floor(Math.log2(Math.abs(y)));
  return 2 ** (Math.max(exponent, -126) - 23);
}

/** The largest errors of a function on the current backend over about `count` samples. */
export function measure(name: string, count: number): Measured {
  const { f, domain } = FUNCTIONS[name]!;
  const x = samples(domain, count);
  const input = torch.from_numpy(x);
  const got = f(input).numpy().data as Float32Array;
  const backend = torch.get_backend();
  torch.set_backend('reference');
  const truth = f(input.double()).numpy().data as Float64Array;
  torch.set_backend(backend);
  let worst = { ulp: 0, at: Number.NaN };
  let absolute = 0;
  for (let i = 0; i < x.length; i++) {
    const y = truth[i]!;
    if (!Number.isFinite(y) || Math.abs(y) > MAX) continue;
    const error = Math.abs(got[i]! - y);
    const e = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / ulp(y);
    if (e > worst.ulp) worst = { ulp: e, at: x[i]! };
    absolute = Math.max(absolute, error / Math.max(1, Math.abs(y)));
  }
  return { ...worst, absolute };
}
