// Random streams against PyTorch's own numbers.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DType, type DTypeName, dtypes } from '../../src/core/dtype.ts';
import { fma32, fma64 } from '../../src/core/fma.ts';
import { Generator, Mt19937 } from '../../src/core/generator.ts';
import { toBfloat16, toHalf } from '../../src/core/half.ts';
import { angle, exp, log, log1p, pow, sincos, tan } from '../../src/core/libm.ts';
import * as sampling from '../../src/core/sampling.ts';
import type { TypedArray } from '../../src/core/storage.ts';
import { openFolder } from '../../tools/conformance/data.ts';

describe('mt19937', () => {
  it('gives the reference implementation’s 10000th number', () => {
    const engine = new Mt19937(0, 5489);
    for (let i = 1; i < 10000; i++) engine.random();
    expect(engine.random()).toBe(4123659995);
  });
  it('fills arrays with the numbers that single draws give, across twists', () => {
    for (const lengths of [
      [1, 623, 1, 700],
      [624, 624],
      [1300, 3],
    ]) {
      const one = new Generator(7);
      const many = new Generator(7);
      for (const length of lengths) {
        const filled = new Uint32Array(length);
        many.fill(filled);
        expect(filled).toEqual(Uint32Array.from(filled, () => one.random()));
      }
      expect(many.get_state_bytes()).toEqual(one.get_state_bytes());
    }
  });
});

describe('Generator', () => {
  it('takes 64-bit seeds, negative ones from above', () => {
    expect(new Generator(-1).initial_seed()).toBe(2n ** 64n - 1n);
    expect(new Generator(2n ** 63n).initial_seed()).toBe(2n ** 63n);
    expect(new Generator().initial_seed()).toBe(67280421310721);
    expect(() => new Generator(2n ** 64n)).toThrow('Overflow when unpacking long long');
  });
  it('restores its state, with a normal sample that waits', () => {
    const generator = new Generator(3);
    sampling.normal(new Float32Array(3), dtypes.float32, generator);
    const state = generator.get_state_bytes();
    const next = new Float64Array(9);
    sampling.normal(next, dtypes.float64, generator);
    const copy = new Generator(0).set_state_bytes(state);
    const again = new Float64Array(9);
    sampling.normal(again, dtypes.float64, copy);
    expect(again).toEqual(next);
    expect(copy.initial_seed()).toBe(3);
  });
  it('clones into an independent stream', () => {
    const generator = new Generator(3);
    const copy = generator.clone_state();
    expect(copy.random()).toBe(generator.random());
    copy.random();
    expect(copy.get_state_bytes()).not.toEqual(generator.get_state_bytes());
  });
  it('refuses states of another size and states of no twister', () => {
    expect(() => new Generator().set_state_bytes(new Uint8Array(5))).toThrow(
      'Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 5',
    );
    expect(() => new Generator().set_state_bytes(new Uint8Array(5056))).toThrow('Invalid mt19937 state');
  });
});

describe('fused multiply-add', () => {
  /** value = numerator · 2^exponent with a whole numerator. */
  const exact = (value: number): [bigint, bigint] => {
    let v = value;
    let e = 0n;
    while (!Number.isInteger(v)) {
      v *= 2;
      e -= 1n;
    }
    return [BigInt(v), e];
  };
  /** Compares |a·b + c − result| with that of the result's neighbours, in whole numbers. */
  function expectNearest(a: number, b: number, c: number, result: number, neighbours: [number, number]): void {
    const [[an, ae], [bn, be], [cn, ce]] = [exact(a), exact(b), exact(c)];
    const distance = (v: number): bigint => {
      const [n, e] = exact(v);
      const low = [ae + be, ce, e].reduce((x, y) => (x < y ? x : y));
      const d = an * bn * 2n ** (ae + be - low) + cn * 2n ** (ce - low) - n * 2n ** (e - low);
      // To compare across results: in units of 2^-1300.
      return (d < 0n ? -d : d) * 2n ** (low + 1300n);
    };
    for (const other of neighbours)
      expect(distance(result) <= distance(other), `fma(${a}, ${b}, ${c}) = ${result}, but ${other} is nearer`).toBe(true);
  }
  const random = (generator: Generator, bits: number): number =>
    (Math.floor(generator.uniform64() * 2 ** bits) + 1) * 2 ** -bits * (generator.random() & 1 ? 1 : -1);

  it('rounds once to float64', () => {
    const generator = new Generator(1);
    for (let i = 0; i < 2000; i++) {
      const a = random(generator, 53);
      const b = random(generator, 53) * 2 ** ((i % 60) - 30);
      const c = i % 3 === 0 ? -a * b : random(generator, 53);
      const result = fma64(a, b, c);
      const step = Math.max(Math.abs(result) * 2 ** -53, 2 ** -1074);
      expectNearest(a, b, c, result, [result + step, result - step]);
    }
  });
  it('rounds once to float32', () => {
    // 1 + 2^-12 squared is 1 + 2^-11 + 2^-24: the middle of two floats, which the addend decides.
    const x = 1 + 2 ** -12;
    expect(fma32(x, x, 2 ** -80)).toBe(1 + 2 ** -11 + 2 ** -23);
    expect(fma32(x, x, -(2 ** -80))).toBe(1 + 2 ** -11);
    expect(fma32(x, x, 0)).toBe(1 + 2 ** -11);
    expect(fma32(2 ** 64, 2 ** 64 - 2 ** 40, -1)).toBe(2 ** 128 - 2 ** 104);
  });
  it('follows IEEE 754 at the edges', () => {
    expect(fma64(1e300, 1e300, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    expect(fma64(Number.POSITIVE_INFINITY, 0, 1)).toBeNaN();
    expect(fma64(-0, 1, -0)).toBe(-0);
    expect(fma64(2 ** -600, 2 ** -474, 0)).toBe(2 ** -1074);
    expect(fma64(2 ** -600, 2 ** -475, 2 ** -1074)).toBe(2 ** -1073);
    expect(fma64(1e200, 1e200, -1e308)).toBe(Number.POSITIVE_INFINITY);
    expect(fma64(2 ** 700, 2 ** 324, -(2 ** 1023))).toBe(2 ** 1023);
  });
});

describe('elementary functions', () => {
  // Values of glibc on x86-64 with fused multiply-add, at arguments where it does not round correctly or where cases meet.
  it.each([
    ['log', 0.9228930137360839, 0.0, -0.08024196264273181],
    ['log', 0.9251152224898709, 0.0, -0.07783698437335461],
    ['log', 0.3647812808952339, 0.0, -1.0084573354339685],
    ['log', 0.5621850576329872, 0.0, -0.5759241992460774],
    ['log', 0.9375, 0.0, -0.06453852113757118],
    ['log', 1.0646972656249998, 0.0, 0.06269050112342253],
    ['log', 5e-324, 0.0, -744.4400719213812],
    ['log', 2.0, 0.0, 0.6931471805599453],
    ['log1p', -0.18217015545444548, 0.0, -0.20110097802029303],
    ['log1p', -0.37620640022334473, 0.0, -0.4719357349177292],
    ['log1p', -0.339279457987544, 0.0, -0.41442430914393014],
    ['log1p', -0.19786168970048368, 0.0, -0.22047422925201138],
    ['log1p', 1e-17, 0.0, 1e-17],
    ['log1p', -0.29, 0.0, -0.3424903089467759],
    ['log1p', -0.3, 0.0, -0.35667494393873234],
    ['log1p', 0.41422, 0.0, 0.34657814235925116],
    ['log1p', 1e18, 0.0, 41.44653167389282],
    ['exp', 1.528446132087014, 0.0, 4.611006357939119],
    ['exp', 2.03972393472999, 0.0, 7.6884863818054825],
    ['exp', -2.7933928192205393, 0.0, 0.061213175957035876],
    ['exp', 5.1831471433301175, 0.0, 178.24288512136528],
    ['exp', -745.1, 0.0, 5e-324],
    ['exp', 709.7, 0.0, 1.6549840276802644e308],
    ['exp', -708.5, 0.0, 2.006132305331306e-308],
    ['exp', 1e-300, 0.0, 1.0],
    ['tan', 0.0607, 0.0, 0.06077465954920918],
    ['tan', 0.7869, 0.0, 1.0030081932815549],
    ['tan', 1.5707963267948966, 0.0, 1.633123935319537e16],
    ['tan', -0.79, 0.0, -1.0092462883827549],
    ['sin', 0.1259, 0.0, 0.12556766067191846],
    ['sin', 0.85546875, 0.0, 0.7548784356501264],
    ['sin', 2.4262638092041, 0.0, 0.6558656894169281],
    ['sin', 6.28, 0.0, -0.0031853017931379904],
    ['cos', 0.1259, 0.0, 0.9920850581444022],
    ['cos', 0.85546875, 0.0, 0.6558647325404974],
    ['cos', 2.4262638092041, 0.0, -0.7548776042814209],
    ['cos', 6.28, 0.0, 0.9999949269133752],
    ['pow', 0.9790818193803841, 1.0920320063404703, 0.9771788061849646],
    ['pow', 0.07791536637749119, 2.069726753533885, 0.00508115815188321],
    ['pow', 0.9015737340816603, 15.710943335815543, 0.19634832476197248],
    ['pow', 0.4774447878044701, 1.0573438719987258, 0.4576267125854526],
    ['pow', 0.23757933409146204, 1.1023577281536463, 0.20507742386506106],
  ] as const)('%s(%s) has the C library’s bits', (name, x, y, expected) => {
    const functions = { log, log1p, exp, tan, sin: sine, cos: cosine, pow };
    expect(functions[name](x, y)).toBe(expected);
  });
  const sine = (x: number): number => {
    sincos(x);
    return angle.sin;
  };
  const cosine = (x: number): number => {
    sincos(x);
    return angle.cos;
  };
});

const STORED = openFolder('random')!;

describe('stored streams of PyTorch', () => {
  // Cases of the form `name = torch.function(…)` or `name = torch.empty(…).method_(…)`: the rest needs the whole library.
  for (const group of ['rand', 'randn', 'randint', 'randperm', 'normal', 'distributions']) {
    const { cases } = STORED.json(`${group}.json`) as unknown as { cases: StoredCase[] };
    const tensors = readTensors(STORED.bytes(`${group}.safetensors`));
    const runnable = cases
      .map((c) => ({ ...c, calls: c.code.split('; ').map(parseCall) }))
      .filter((c) => c.calls.every((call) => call !== null));
    it(`${group}: ${runnable.length} of ${cases.length} cases`, () => {
      for (const c of runnable) {
        const generator = new Generator(BigInt(c.seed));
        for (const call of c.calls) {
          const out = allocate(call!.size, call!.dtype);
          call!.run(out, generator);
          const stored = c.out[call!.name]!;
          const bytes = Buffer.from(out.buffer);
          const label = `${c.id}: ${call!.name}`;
          if (stored.sha256) expect(createHash('sha256').update(bytes).digest('hex'), label).toBe(stored.sha256);
          else expect(Buffer.from(tensors.get(String(stored.t))!).equals(bytes), label).toBe(true);
        }
        const next = new Float32Array(1);
        sampling.uniform(next, dtypes.float32, generator);
        expect(next[0], `${c.id}: the number after`).toBe(c.next);
      }
    });
  }
});

interface StoredCase {
  id: string;
  seed: number | string;
  code: string;
  out: Record<string, { t?: number; sha256?: string }>;
  next: number;
}
interface Call {
  name: string;
  size: number;
  dtype: DType;
  run(out: TypedArray, generator: Generator): void;
}

function readTensors(bytes: Uint8Array): Map<string, Uint8Array> {
  const file = Buffer.from(bytes);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets?: [number, number] }>;
  const tensors = new Map<string, Uint8Array>();
  for (const [name, entry] of Object.entries(header)) {
    if (entry.data_offsets) tensors.set(name, file.subarray(8 + length + entry.data_offsets[0], 8 + length + entry.data_offsets[1]));
  }
  return tensors;
}

function allocate(size: number, dtype: DType): TypedArray {
  const arrays: Partial<Record<DTypeName, new (n: number) => TypedArray>> = {
    bool: Uint8Array,
    uint8: Uint8Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    int64: BigInt64Array,
    float16: Uint16Array,
    bfloat16: Uint16Array,
    float64: Float64Array,
    complex128: Float64Array,
  };
  return new (arrays[dtype.name] ?? Float32Array)(dtype.is_complex ? 2 * size : size);
}

/** A literal list of numbers as a tensor of the dtype. */
function literal(text: string, dtype: DType): TypedArray {
  const numbers = text.split(',').map(Number);
  const out = allocate(numbers.length, dtype) as Float64Array;
  numbers.forEach((v, i) => {
    out[i] = dtype.name === 'float16' ? toHalf(v) : dtype.name === 'bfloat16' ? toBfloat16(v) : v;
  });
  return out;
}

function parseCall(text: string): Call | null {
  const assigned = /^(\w) = torch\.(.*)$/.exec(text);
  if (!assigned) return null;
  const [, name, expression] = assigned as unknown as [string, string, string];
  const dtypeName = /dtype=torch\.(\w+)/.exec(expression)?.[1] as DTypeName | undefined;
  const plain = expression.replace(/,? ?dtype=torch\.\w+/, '');
  const call = /^(?:empty\(([\d, ]+)\)\.)?(\w+?)_?\((.*)\)$/.exec(plain);
  if (!call) return null;
  const [, shape, method, list] = call as unknown as [string, string | undefined, string, string];
  const product = (s: string): number => s.split(',').reduce((n, d) => (d.trim() === '' ? n : n * Number(d)), 1);
  const args = list === '' ? [] : list.split(', ').map((a) => (a === 'None' ? null : /^-?[\d.]+$/.test(a) ? Number(a) : powerOf2(a)));
  const dtype = dtypes[dtypeName ?? 'float32'];
  if (shape !== undefined) {
    const size = product(shape);
    if (method === 'random') {
      if (args.length === 0) return { name, size, dtype, run: (out, g) => sampling.random(out, dtype, g) };
      const [from, to] = args.length === 1 ? [0, args[0]!] : args;
      if (from === undefined || Number.isNaN(from)) return null;
      return { name, size, dtype, run: (out, g) => sampling.randomRange(out, dtype, g, from!, to ?? null) };
    }
    const fills: Record<string, (out: TypedArray, dtype: DType, generator: Generator, first: number, second: number) => void> = {
      uniform: sampling.uniform,
      normal: sampling.normal,
      log_normal: sampling.logNormal,
      exponential: sampling.exponential,
      cauchy: sampling.cauchy,
      geometric: sampling.geometric,
      bernoulli: sampling.bernoulli,
    };
    const fill = fills[method];
    if (!fill || args.some((a) => Number.isNaN(a))) return null;
    const [first, second] = args as [number, number];
    return { name, size, dtype, run: (out, g) => fill(out, dtype, g, first, second) };
  }
  if (method === 'rand' || method === 'randn') {
    if (!/^[\d, ]+$/.test(list)) return null;
    return { name, size: product(list), dtype, run: (out, g) => sampling[method === 'rand' ? 'uniform' : 'normal'](out, dtype, g) };
  }
  const whole = dtypes[dtypeName ?? 'int64'];
  if (method === 'randperm') return { name, size: Number(list), dtype: whole, run: (out, g) => sampling.randperm(out, whole, g) };
  const bounds = /^(-?\d+), (-?\d+), \(([\d, ]+)\)$/.exec(list);
  if (method === 'randint' && bounds) {
    const [, from, to, size] = bounds as unknown as [string, string, string, string];
    return { name, size: product(size), dtype: whole, run: (out, g) => sampling.randomRange(out, whole, g, BigInt(from), BigInt(to)) };
  }
  const rates = /^tensor\(\[([\d., ]+)\]\)$/.exec(list);
  if (method === 'poisson' && rates) {
    const values = literal(rates[1]!, dtype);
    return { name, size: values.length, dtype, run: (out, g) => sampling.poisson(out, dtype, g, values) };
  }
  return null;
}

/** `2**62` and `-2**62`; NaN for anything else. */
function powerOf2(text: string): number {
  const power = /^(-?)2\*\*(\d+)$/.exec(text);
  return power ? (power[1] === '-' ? -1 : 1) * 2 ** Number(power[2]) : Number.NaN;
}
