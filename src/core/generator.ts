// The random number generator of the CPU: mt19937 and the state around it, bit for bit PyTorch's.
import { RuntimeError, ValueError } from './errors.ts';

const N = 624;
const M = 397;

// Note [Generator memory]: all that a generator remembers is one block of 32-bit words, so that native code can go on where JavaScript
// stopped: words 0–623 the twister's state, then the places below. A double takes two words in the machine's byte order.
const NEXT = N; // index of the next word to give out
const LEFT = N + 1; // draws until the state is twisted again; 1 after seeding
const SEED_LOW = N + 2;
const SEED_HIGH = N + 3;
const CACHED = N + 4; // bit 0: a float normal sample waits, bit 1: a double one
const FLOAT_SAMPLE = N + 5;
const DOUBLE_SAMPLE = N + 6; // 8-byte aligned
const WORDS = N + 8;
const HAS_FLOAT = 1;
const HAS_DOUBLE = 2;

/** PyTorch's seed of a generator that was given none. */
export const DEFAULT_SEED = 67280421310721n;

// PyTorch's serialized state: its legacy struct (64-bit words), then the float sample. All little-endian.
const STATE_BYTES = 5056;
const AT_LEFT = 8;
const AT_SEEDED = 12;
const AT_NEXT = 16;
const AT_STATE = 24;
const AT_DOUBLE = 5024;
const AT_HAS_DOUBLE = 5040;
const AT_FLOAT = 5048;
const AT_HAS_FLOAT = 5052;

/** mt19937, with the seed it was started from. Matsumoto and Nishimura, Mersenne Twister, 1998. */
export class Mt19937 {
  /** See Note [Generator memory]. */
  readonly memory: Uint32Array;

  constructor(seedHigh: number, seedLow: number) {
    this.memory = new Uint32Array(WORDS);
    this.reseed(seedHigh, seedLow);
  }

  /** Starts again. Only the low 32 bits of the seed enter the stream. */
  reseed(seedHigh: number, seedLow: number): void {
    const s = this.memory;
    s[SEED_HIGH] = seedHigh;
    s[SEED_LOW] = seedLow;
    s[0] = seedLow;
    for (let j = 1; j < N; j++) {
      const previous = s[j - 1]!;
      s[j] = Math.imul(1812433253, previous ^ (previous >>> 30)) + j;
    }
    s[LEFT] = 1;
    s[NEXT] = 0;
  }

  /** The next 32 random bits, as an unsigned number. */
  random(): number {
    const s = this.memory;
    if (--s[LEFT]! === 0) this.twist();
    return temper(s[s[NEXT]!++]!) >>> 0;
  }

  /** The next `out.length` draws of `random()`. */
  fill(out: Uint32Array): void {
    const s = this.memory;
    const count = out.length;
    let done = 0;
    while (done < count) {
      if (s[LEFT] === 1) {
        this.twist();
        // The twist belongs to a draw, which is counted below.
        s[LEFT] = N + 1;
      }
      const take = Math.min(s[LEFT]! - 1, count - done);
      const from = s[NEXT]!;
      for (let i = 0; i < take; i++) out[done + i] = temper(s[from + i]!);
      done += take;
      s[NEXT] = from + take;
      s[LEFT] = s[LEFT]! - take;
    }
  }

  private twist(): void {
    const s = this.memory;
    s[LEFT] = N;
    s[NEXT] = 0;
    for (let j = 0; j < N - M; j++) s[j] = s[j + M]! ^ mix(s[j]!, s[j + 1]!);
    for (let j = N - M; j < N - 1; j++) s[j] = s[j + M - N]! ^ mix(s[j]!, s[j + 1]!);
    s[N - 1] = s[M - 1]! ^ mix(s[N - 1]!, s[0]!);
  }
}

const mix = (u: number, v: number): number => (((u & 0x80000000) | (v & 0x7fffffff)) >>> 1) ^ (-(v & 1) & 0x9908b0df);

function temper(word: number): number {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

/**
 * A stream of random numbers (torch.Generator on the CPU): the same seed gives PyTorch's numbers.
 * Besides the engine it keeps the second value of the last Box–Muller pair, one of each precision, as PyTorch does.
 */
export class Generator {
  private readonly engine: Mt19937;
  private readonly floatSample: Float32Array;
  private readonly doubleSample: Float64Array;

  constructor(seed: number | bigint = DEFAULT_SEED) {
    const bits = seedBits(seed);
    this.engine = new Mt19937(Number(bits >> 32n), Number(bits & 0xffffffffn));
    const { buffer } = this.engine.memory;
    this.floatSample = new Float32Array(buffer, FLOAT_SAMPLE * 4, 1);
    this.doubleSample = new Float64Array(buffer, DOUBLE_SAMPLE * 4, 1);
  }

  /** The generator's whole state, for native code: see Note [Generator memory]. Changes to it take effect at once. */
  get memory(): Uint32Array {
    return this.engine.memory;
  }

  /**
   * Restarts the stream. Seeds are 64-bit; a negative one counts from 2^64 downwards.
   * @throws ValueError if the seed lies outside [-2^63, 2^64).
   */
  manual_seed(seed: number | bigint): this {
    const bits = seedBits(seed);
    this.engine.reseed(Number(bits >> 32n), Number(bits & 0xffffffffn));
    this.memory[CACHED] = 0;
    return this;
  }

  /** Restarts the stream at a seed that nobody can foresee, and returns that seed. */
  seed(): number {
    const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
    const seed = (high & 0x1fffff) * 2 ** 32 + low;
    this.manual_seed(seed);
    return seed;
  }

  /** The seed of the stream; a bigint if a number cannot hold it. */
  initial_seed(): number | bigint {
    const high = this.memory[SEED_HIGH]!;
    const low = this.memory[SEED_LOW]!;
    return high < 2 ** 21 ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  /** 32 random bits. */
  random(): number {
    return this.engine.random();
  }

  /** 64 random bits. Two draws, the first is the high half. */
  random64(): bigint {
    const high = this.engine.random();
    return (BigInt(high) << 32n) | BigInt(this.engine.random());
  }

  /** A float64 uniform in [0, 1) of 53 bits: the low bits of a 64-bit draw. */
  uniform64(): number {
    const high = this.engine.random() & 0x1fffff;
    return (high * 2 ** 32 + this.engine.random()) * 2 ** -53;
  }

  /** Fills with draws of 32 bits; a 64-bit draw is two, the high half first. */
  fill(out: Uint32Array): void {
    this.engine.fill(out);
  }

  /** The float32 normal sample that waits to be used, or null. */
  get next_float_normal_sample(): number | null {
    return this.memory[CACHED]! & HAS_FLOAT ? this.floatSample[0]! : null;
  }
  set next_float_normal_sample(value: number | null) {
    this.floatSample[0] = value ?? 0;
    this.memory[CACHED] = value === null ? this.memory[CACHED]! & ~HAS_FLOAT : this.memory[CACHED]! | HAS_FLOAT;
  }

  /** The float64 normal sample that waits to be used, or null. */
  get next_double_normal_sample(): number | null {
    return this.memory[CACHED]! & HAS_DOUBLE ? this.doubleSample[0]! : null;
  }
  set next_double_normal_sample(value: number | null) {
    this.doubleSample[0] = value ?? 0;
    this.memory[CACHED] = value === null ? this.memory[CACHED]! & ~HAS_DOUBLE : this.memory[CACHED]! | HAS_DOUBLE;
  }

  /** The state in PyTorch's format: the bytes of torch.get_rng_state(). */
  get_state_bytes(): Uint8Array {
    const out = new Uint8Array(STATE_BYTES);
    const view = new DataView(out.buffer);
    const s = this.memory;
    view.setUint32(0, s[SEED_LOW]!, true);
    view.setUint32(4, s[SEED_HIGH]!, true);
    view.setInt32(AT_LEFT, s[LEFT]!, true);
    view.setInt32(AT_SEEDED, 1, true);
    view.setUint32(AT_NEXT, s[NEXT]!, true);
    for (let j = 0; j < N; j++) view.setUint32(AT_STATE + 8 * j, s[j]!, true);
    const double = this.next_double_normal_sample;
    const float = this.next_float_normal_sample;
    view.setFloat64(AT_DOUBLE, double ?? 0, true);
    view.setInt32(AT_HAS_DOUBLE, double === null ? 0 : 1, true);
    view.setFloat32(AT_FLOAT, float ?? 0, true);
    view.setUint8(AT_HAS_FLOAT, float === null ? 0 : 1);
    return out;
  }

  /**
   * Restores a state that `get_state_bytes` (here or in PyTorch) gave.
   * @throws RuntimeError if it has another size, or is not the state of a seeded twister.
   */
  set_state_bytes(state: Uint8Array): this {
    if (state.length !== STATE_BYTES) {
      throw new RuntimeError(
        `Expected a CPUGeneratorImplState of size ${STATE_BYTES} but found the input RNG state size to be ${state.length}`,
      );
    }
    const view = new DataView(state.buffer, state.byteOffset, STATE_BYTES);
    const left = view.getInt32(AT_LEFT, true);
    const next = view.getUint32(AT_NEXT, true);
    if (view.getInt32(AT_SEEDED, true) === 0 || left <= 0 || left > N || next > N) throw new RuntimeError('Invalid mt19937 state');
    const s = this.memory;
    s[SEED_LOW] = view.getUint32(0, true);
    s[SEED_HIGH] = view.getUint32(4, true);
    s[LEFT] = left;
    s[NEXT] = next;
    for (let j = 0; j < N; j++) s[j] = view.getUint32(AT_STATE + 8 * j, true);
    this.next_double_normal_sample = view.getInt32(AT_HAS_DOUBLE, true) === 0 ? null : view.getFloat64(AT_DOUBLE, true);
    this.next_float_normal_sample = view.getUint8(AT_HAS_FLOAT) === 0 ? null : view.getFloat32(AT_FLOAT, true);
    return this;
  }

  /** A generator that goes on from the same place by itself. */
  clone_state(): Generator {
    const copy = new Generator(0);
    copy.memory.set(this.memory);
    return copy;
  }
}

function seedBits(seed: number | bigint): bigint {
  const value = BigInt(seed);
  if (value < -(1n << 63n) || value >= 1n << 64n) throw new ValueError('Overflow when unpacking long long');
  return BigInt.asUintN(64, value);
}
