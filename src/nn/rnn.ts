// Recurrent networks and their cells; https://pytorch.org/docs/stable/nn.html#recurrent-layers.
import { AttributeError, RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { state } from '../dispatch/state.ts';
import { isKwargs } from '../surface/bind.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments, bindCall } from './arguments.ts';
import * as init from './init.ts';
import type { FactoryOptions } from './linear.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import { type Arguments, python } from './simple.ts';
import { PackedSequence } from './utils/rnn.ts';

type Mode = 'LSTM' | 'GRU' | 'RNN_TANH' | 'RNN_RELU';
const GATES: Readonly<Record<Mode, number>> = { LSTM: 4, GRU: 3, RNN_TANH: 1, RNN_RELU: 1 };
type Shape3 = readonly [number, number, number];

export interface GRUOptions extends FactoryOptions {
  input_size: number;
  hidden_size: number;
  num_layers: number;
  bias: boolean;
  batch_first: boolean;
  dropout: number;
  bidirectional: boolean;
}
export interface LSTMOptions extends GRUOptions {
  proj_size: number;
}
export interface RNNOptions extends GRUOptions {
  nonlinearity: 'tanh' | 'relu';
}
const NAMES = [
  'input_size',
  'hidden_size',
  'num_layers',
  'bias',
  'batch_first',
  'dropout',
  'bidirectional',
  'proj_size',
  'device',
  'dtype',
] as const;
const DEFAULTS = {
  num_layers: 1,
  bias: true,
  batch_first: false,
  dropout: 0,
  bidirectional: false,
  proj_size: 0,
  device: null,
  dtype: null,
};

const pythonType = (v: unknown): string =>
  typeof v === 'number'
    ? Number.isInteger(v)
      ? 'int'
      : 'float'
    : typeof v === 'boolean'
      ? 'bool'
      : typeof v === 'string'
        ? 'str'
        : v === null
          ? 'NoneType'
          : (v?.constructor.name ?? typeof v);
function checkSettings(a: LSTMOptions): void {
  const typed = (name: 'bias' | 'batch_first' | 'input_size' | 'hidden_size', type: 'bool' | 'int'): void => {
    if (pythonType(a[name]) !== type) throw new TypeError(`${name} should be of type ${type}, got: ${pythonType(a[name])}`);
  };
  const positive = (name: 'input_size' | 'hidden_size' | 'num_layers'): void => {
    if (a[name] <= 0) throw new ValueError(`${name} must be greater than zero`);
  };
  if (typeof a.dropout !== 'number' || !(a.dropout >= 0 && a.dropout <= 1)) {
    throw new ValueError('dropout should be a number in range [0, 1] representing the probability of an element being zeroed');
  }
  if (a.dropout > 0 && a.num_layers === 1) {
    console.warn(
      `dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, but got dropout=${python(a.dropout)} and num_layers=${a.num_layers}`,
    );
  }
  typed('bias', 'bool');
  typed('batch_first', 'bool');
  typed('input_size', 'int');
  positive('input_size');
  typed('hidden_size', 'int');
  positive('hidden_size');
  positive('num_layers');
  if (a.proj_size < 0) throw new ValueError('proj_size should be a positive integer or zero to disable projections');
  if (a.proj_size >= a.hidden_size) throw new ValueError('proj_size has to be smaller than hidden_size');
}
/** U(−1/√hidden_size, 1/√hidden_size) for all parameters. */
function resetAll(m: Module, hidden_size: number): void {
  const bound = hidden_size > 0 ? 1 / Math.sqrt(hidden_size) : 0;
  for (const p of m.parameters()) init.uniform_(p, -bound, bound);
}

/**
 * Layers of recurrent cells over a sequence. The parameters are called weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 and weight_hr_l0
 * for layer 0, and end in _reverse for the other direction.
 */
export abstract class RNNBase extends Module {
  static override readonly __name__: string = 'RNNBase';
  static override readonly __constants__: readonly string[] = [
    'mode',
    'input_size',
    'hidden_size',
    'num_layers',
    'bias',
    'batch_first',
    'dropout',
    'bidirectional',
    'proj_size',
  ];
  readonly [weight: `weight_${'ih' | 'hh' | 'hr'}_l${string}`]: Parameter;
  readonly [bias: `bias_${'ih' | 'hh'}_l${string}`]: Parameter;
  readonly mode: Mode;
  readonly input_size: number;
  readonly hidden_size: number;
  readonly num_layers: number;
  readonly bias: boolean;
  readonly batch_first: boolean;
  dropout: number;
  readonly bidirectional: boolean;
  readonly proj_size: number;
  /** @internal Names of the parameters by layer and direction. */
  declare readonly _all_weights: readonly (readonly string[])[];
  constructor(mode: Mode, given: readonly unknown[]) {
    super();
    // In messages the mode counts as an argument, besides self.
    const a = bindCall<LSTMOptions>('RNNBase.__init__', given, NAMES, DEFAULTS, 2);
    checkSettings(a);
    this.mode = mode;
    this.input_size = a.input_size;
    this.hidden_size = a.hidden_size;
    this.num_layers = a.num_layers;
    this.bias = a.bias;
    this.batch_first = a.batch_first;
    this.dropout = a.dropout;
    this.bidirectional = a.bidirectional;
    this.proj_size = a.proj_size;
    const factory = { device: a.device, dtype: a.dtype };
    const gates = GATES[mode] * a.hidden_size;
    const size = this.outputSize;
    const names: string[][] = [];
    for (let layer = 0; layer < a.num_layers; layer++) {
      for (const suffix of a.bidirectional ? ['', '_reverse'] : ['']) {
        const shapes: Record<string, number[]> = {
          weight_ih: [gates, layer === 0 ? a.input_size : size * this.directions],
          weight_hh: [gates, size],
          ...(a.bias && { bias_ih: [gates], bias_hh: [gates] }),
          ...(a.proj_size > 0 && { weight_hr: [a.proj_size, a.hidden_size] }),
        };
        names.push(Object.keys(shapes).map((name) => `${name}_l${layer}${suffix}`));
        for (const [name, shape] of Object.entries(shapes))
          this.register_parameter(`${name}_l${layer}${suffix}`, new Parameter(torch.empty(shape, factory)));
      }
    }
    Object.defineProperty(this, '_all_weights', { value: names });
    this.reset_parameters();
  }
  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }
  /** The size of the hidden state, after projection. */
  private get outputSize(): number {
    return this.proj_size > 0 ? this.proj_size : this.hidden_size;
  }
  /** The parameters by layer and direction. */
  get all_weights(): Parameter[][] {
    return this._all_weights.map((names) => names.map((n) => this.weight(n)));
  }
  /** @internal All parameters in the order that the operators take. */
  get _flat_weights(): Parameter[] {
    return this._all_weights.flatMap((names) => names.map((n) => this.weight(n)));
  }
  private weight(name: string): Parameter {
    const w = (this as unknown as Record<string, Parameter | undefined>)[name];
    if (w === undefined) throw new AttributeError(`'${(this.constructor as typeof Module).__name__}' object has no attribute '${name}'`);
    return w;
  }
  /** Nothing: the CPU needs no chunk of memory for all weights. */
  flatten_parameters(): void {}
  reset_parameters(): void {
    resetAll(this, this.hidden_size);
  }
  check_input(input: Tensor, batch_sizes: Tensor | null): void {
    const { dtype } = this._flat_weights[0]!;
    if (input.dtype !== dtype && state.autocast === null) {
      throw new ValueError(
        `RNN input dtype (${input.dtype}) does not match weight dtype (${dtype}). Convert input: input.to(${dtype}), or convert model: model.to(${input.dtype})`,
      );
    }
    const ndim = batch_sizes ? 2 : 3;
    if (input.ndim !== ndim) throw new RuntimeError(`input must have ${ndim} dimensions, got ${input.ndim}`);
    if (input.size(-1) !== this.input_size)
      throw new RuntimeError(`input.size(-1) must be equal to input_size. Expected ${this.input_size}, got ${input.size(-1)}`);
  }
  private batchOf(input: Tensor, batch_sizes: Tensor | null): number {
    return batch_sizes ? Number(batch_sizes.select(0, 0).item()) : input.size(this.batch_first ? 0 : 1);
  }
  get_expected_hidden_size(input: Tensor, batch_sizes: Tensor | null): Shape3 {
    return [this.num_layers * this.directions, this.batchOf(input, batch_sizes), this.outputSize];
  }
  get_expected_cell_size(input: Tensor, batch_sizes: Tensor | null): Shape3 {
    return [this.num_layers * this.directions, this.batchOf(input, batch_sizes), this.hidden_size];
  }
  check_hidden_size(hx: Tensor, expected: Shape3, what = 'hidden'): void {
    if (!sameShape(hx.shape, expected))
      throw new RuntimeError(`Expected ${what} size (${expected.join(', ')}), got ${showShape(hx.shape)}`);
  }
  /** @internal Runs the operator on states that are checked; a packed sequence is in the order of its data, and so are given states. */
  run(
    input: Tensor | PackedSequence,
    given: readonly Tensor[] | null,
    dimensions: (shown: string, n: number) => string,
    what: readonly string[],
  ): [Tensor | PackedSequence, Tensor[]] {
    const packed = input instanceof PackedSequence ? input : null;
    let data = packed ? packed.data : (input as Tensor);
    const { ndim } = data;
    if (!packed && ndim !== 2 && ndim !== 3)
      throw new ValueError(
        `${this._get_name_of_family()}: Expected input to be 2D or 3D, got ${ndim}D ${this.mode.startsWith('RNN') ? 'tensor ' : ''}instead`,
      );
    const single = !packed && ndim === 2;
    const batchDim = this.batch_first ? 0 : 1;
    if (single) data = data.unsqueeze(batchDim);
    let hx = given;
    if (hx && !packed) {
      if (hx.some((h) => h.ndim !== ndim)) throw new RuntimeError(dimensions(hx.map((h) => `${h.ndim}-D`).join(', '), ndim));
      if (single) hx = hx.map((h) => h.unsqueeze(1));
    }
    const batch_sizes = packed?.batch_sizes ?? null;
    const factory = { dtype: data.dtype, device: data.device };
    const sizes = what.map((_, i) =>
      i === 0 ? this.get_expected_hidden_size(data, batch_sizes) : this.get_expected_cell_size(data, batch_sizes),
    );
    const permuted = (states: readonly Tensor[], order: Tensor | null | undefined): readonly Tensor[] =>
      order ? states.map((s) => s.index_select(1, order)) : states;
    const start = hx ? permuted(hx, packed?.sorted_indices) : sizes.map((s) => torch.zeros(s, factory));
    this.check_input(data, batch_sizes);
    if (hx) for (const [i, s] of start.entries()) this.check_hidden_size(s, sizes[i]!, what[i]);
    const [output, ...last] = this.operator(data, batch_sizes, start);
    if (packed)
      return [
        new PackedSequence(output!, batch_sizes, packed.sorted_indices, packed.unsorted_indices),
        [...permuted(last, packed.unsorted_indices)],
      ];
    return single ? [output!.squeeze(batchDim), last.map((s) => s.squeeze(1))] : [output!, last];
  }
  private operator(data: Tensor, batch_sizes: Tensor | null, hx: readonly Tensor[]): readonly Tensor[] {
    const { mode, bias, num_layers, dropout, training, bidirectional, batch_first } = this;
    const weights = this._flat_weights;
    if (mode === 'LSTM') {
      return batch_sizes
        ? torch.lstm(data, batch_sizes, hx, weights, bias, num_layers, dropout, training, bidirectional)
        : torch.lstm(data, hx, weights, bias, num_layers, dropout, training, bidirectional, batch_first);
    }
    const f = { GRU: torch.gru, RNN_TANH: torch.rnn_tanh, RNN_RELU: torch.rnn_relu }[mode];
    return batch_sizes
      ? f(data, batch_sizes, hx[0]!, weights, bias, num_layers, dropout, training, bidirectional)
      : f(data, hx[0]!, weights, bias, num_layers, dropout, training, bidirectional, batch_first);
  }
  private _get_name_of_family(): string {
    return this.mode.replace(/_.*/, '');
  }
  override extra_repr(): string {
    const parts = [`${this.input_size}, ${this.hidden_size}`];
    if (this.proj_size !== 0) parts.push(`proj_size=${this.proj_size}`);
    if (this.num_layers !== 1) parts.push(`num_layers=${this.num_layers}`);
    if (!this.bias) parts.push('bias=False');
    if (this.batch_first) parts.push('batch_first=True');
    if (this.dropout !== 0) parts.push(`dropout=${python(this.dropout, true)}`);
    if (this.bidirectional) parts.push('bidirectional=True');
    return parts.join(', ');
  }
}

type Sequences = Tensor | PackedSequence;
type Called<T, H> = Arguments<[input: T, hx?: H | null], { input: T; hx: H | null }>;
function called<H>(name: string, args: readonly unknown[]): { input: Sequences; hx: H | null } {
  return bindCall<{ input: Sequences; hx: H | null }>(`${name}.forward`, args, ['input', 'hx'], { hx: null }, 1);
}
const oneState = (shown: string, ndim: number): string =>
  `For ${ndim === 3 ? 'batched 3-D' : 'unbatched 2-D'} input, hx should also be ${ndim}-D but got ${shown} tensor`;
const twoStates = (shown: string, ndim: number): string =>
  `For ${ndim === 3 ? 'batched 3-D' : 'unbatched 2-D'} input, hx and cx should also be ${ndim}-D but got (${shown}) tensors`;

/** Refuses what only an LSTM has. */
function withoutProjection(args: readonly unknown[]): readonly unknown[] {
  const last = args[args.length - 1];
  if (isKwargs(last) && 'proj_size' in last) throw new ValueError('proj_size argument is only supported for LSTM, not RNN or GRU');
  return args;
}
/** nonlinearity, the fourth argument in Python, and the other arguments. */
function nonlinearityOf(args: readonly unknown[]): [string, unknown[]] {
  const last = args[args.length - 1];
  const kwargs = args.length > 0 && isKwargs(last) ? last : null;
  const positional = kwargs ? args.slice(0, -1) : args;
  if (positional.length > 3) return [positional[3] as string, [...args.slice(0, 3), ...args.slice(4)]];
  const { nonlinearity = 'tanh', ...rest } = kwargs ?? {};
  return [nonlinearity as string, [...positional, rest]];
}

/**
 * Elman networks: h' = tanh(W x + b + U h + c), or relu, over (L, N, input_size), (N, L, input_size) with batch_first, (L, input_size), or a
 * PackedSequence. Gives the outputs of the last layer at all steps and the last state of each layer, (directions · layers, N, hidden_size).
 */
export class RNN extends RNNBase {
  static override readonly __name__: string = 'RNN';
  readonly nonlinearity: 'tanh' | 'relu';
  constructor(
    ...args: Arguments<
      [
        input_size: number,
        hidden_size: number,
        num_layers?: number,
        nonlinearity?: 'tanh' | 'relu',
        bias?: boolean,
        batch_first?: boolean,
        dropout?: number,
        bidirectional?: boolean,
      ],
      RNNOptions
    >
  ) {
    const [nonlinearity, rest] = nonlinearityOf(withoutProjection(args));
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu')
      throw new ValueError(
        `Unknown nonlinearity '${typeof nonlinearity === 'string' ? nonlinearity : python(nonlinearity)}'. Select from 'tanh' or 'relu'.`,
      );
    super(nonlinearity === 'tanh' ? 'RNN_TANH' : 'RNN_RELU', rest);
    this.nonlinearity = nonlinearity;
  }
  forward<T extends Sequences>(...args: Called<T, Tensor>): [output: T, hn: Tensor] {
    const { input, hx } = called<Tensor>('RNN', args);
    const [output, [hn]] = this.run(input, hx && [hx], oneState, ['hidden']);
    return [output as T, hn!];
  }
}
export interface RNN {
  (...args: Called<Tensor, Tensor>): [output: Tensor, hn: Tensor];
  (...args: Called<PackedSequence, Tensor>): [output: PackedSequence, hn: Tensor];
}

/**
 * Gated recurrent units (Cho et al. 2014), over the same inputs as RNN:
 * r = σ(Wᵣ x + Uᵣ h), z = σ(W_z x + U_z h), n = tanh(Wₙ x + r · Uₙ h), h' = (1 − z) · n + z · h, each with its biases.
 */
export class GRU extends RNNBase {
  static override readonly __name__: string = 'GRU';
  constructor(
    ...args: Arguments<
      [
        input_size: number,
        hidden_size: number,
        num_layers?: number,
        bias?: boolean,
        batch_first?: boolean,
        dropout?: number,
        bidirectional?: boolean,
      ],
      GRUOptions
    >
  ) {
    super('GRU', withoutProjection(args));
  }
  forward<T extends Sequences>(...args: Called<T, Tensor>): [output: T, hn: Tensor] {
    const { input, hx } = called<Tensor>('GRU', args);
    const [output, [hn]] = this.run(input, hx && [hx], oneState, ['hidden']);
    return [output as T, hn!];
  }
}
export interface GRU {
  (...args: Called<Tensor, Tensor>): [output: Tensor, hn: Tensor];
  (...args: Called<PackedSequence, Tensor>): [output: PackedSequence, hn: Tensor];
}

type Pair = readonly [h: Tensor, c: Tensor];
/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997), over the same inputs as RNN; the state is a pair:
 * c' = σ(f) · c + σ(i) · tanh(g), h' = σ(o) · tanh(c'), where i, f, g, o = W x + b + U h + c. With proj_size h' is projected to that size.
 */
export class LSTM extends RNNBase {
  static override readonly __name__: string = 'LSTM';
  constructor(
    ...args: Arguments<
      [
        input_size: number,
        hidden_size: number,
        num_layers?: number,
        bias?: boolean,
        batch_first?: boolean,
        dropout?: number,
        bidirectional?: boolean,
        proj_size?: number,
      ],
      LSTMOptions
    >
  ) {
    super('LSTM', args);
  }
  forward<T extends Sequences>(...args: Called<T, Pair>): [output: T, state: [hn: Tensor, cn: Tensor]] {
    const { input, hx } = called<Pair>('LSTM', args);
    const [output, last] = this.run(input, hx, twoStates, ['hidden[0]', 'hidden[1]']);
    return [output as T, last as [Tensor, Tensor]];
  }
}
export interface LSTM {
  (...args: Called<Tensor, Pair>): [output: Tensor, state: [hn: Tensor, cn: Tensor]];
  (...args: Called<PackedSequence, Pair>): [output: PackedSequence, state: [hn: Tensor, cn: Tensor]];
}

export interface CellOptions extends FactoryOptions {
  input_size: number;
  hidden_size: number;
  bias: boolean;
}
type CellArguments = Arguments<[input_size: number, hidden_size: number, bias?: boolean], CellOptions>;
type Weights = readonly [w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | null, b_hh: Tensor | null];

/** One step of a recurrent network: (N, input_size) or (input_size). */
export abstract class RNNCellBase extends Module {
  static override readonly __name__: string = 'RNNCellBase';
  static override readonly __constants__: readonly string[] = ['input_size', 'hidden_size', 'bias'];
  readonly input_size: number;
  readonly hidden_size: number;
  readonly bias: boolean;
  weight_ih: Parameter;
  weight_hh: Parameter;
  bias_ih: Parameter | null = null;
  bias_hh: Parameter | null = null;
  constructor(a: CellOptions, chunks: number) {
    super();
    this.input_size = a.input_size;
    this.hidden_size = a.hidden_size;
    this.bias = a.bias;
    const parameter = (...shape: number[]): Parameter => new Parameter(torch.empty(shape, { device: a.device, dtype: a.dtype }));
    const gates = chunks * a.hidden_size;
    this.weight_ih = parameter(gates, a.input_size);
    this.weight_hh = parameter(gates, a.hidden_size);
    for (const name of ['bias_ih', 'bias_hh']) this.register_parameter(name, a.bias ? parameter(gates) : null);
    this.reset_parameters();
  }
  reset_parameters(): void {
    resetAll(this, this.hidden_size);
  }
  override extra_repr(): string {
    return `${this.input_size}, ${this.hidden_size}${this.bias ? '' : ', bias=False'}`;
  }
  /** @internal The step on batches. */
  run(
    input: Tensor,
    hx: readonly Tensor[] | null,
    count: number,
    named: (i: number) => string,
    f: (x: Tensor, hx: readonly Tensor[], w: Weights) => readonly Tensor[],
  ): readonly Tensor[] {
    const name = this._get_name();
    const check = (t: Tensor, what: string): void => {
      if (t.ndim !== 1 && t.ndim !== 2) throw new ValueError(`${name}: Expected ${what} to be 1D or 2D, got ${t.ndim}D instead`);
    };
    check(input, 'input');
    hx?.forEach((h, i) => void check(h, named(i)));
    const batched = input.ndim === 2;
    const one = (t: Tensor): Tensor => (batched ? t : t.unsqueeze(0));
    const x = one(input);
    const zeros = hx ? null : torch.zeros([x.size(0), this.hidden_size], { dtype: x.dtype, device: x.device });
    const r = f(x, hx ? hx.map(one) : new Array<Tensor>(count).fill(zeros!), [this.weight_ih, this.weight_hh, this.bias_ih, this.bias_hh]);
    return batched ? r : r.map((t) => t.squeeze(0));
  }
}
const cellOptions = (name: string, args: readonly unknown[]): CellOptions =>
  bindArguments<CellOptions>(name, args, ['input_size', 'hidden_size', 'bias', 'device', 'dtype'], {
    bias: true,
    device: null,
    dtype: null,
  });
const cellCalled = <H>(name: string, args: readonly unknown[]): { input: Tensor; hx: H | null } =>
  called<H>(name, args) as { input: Tensor; hx: H | null };

/** h' = tanh(W x + b + U h + c), or relu. */
export class RNNCell extends RNNCellBase {
  static override readonly __name__: string = 'RNNCell';
  static override readonly __constants__: readonly string[] = [...RNNCellBase.__constants__, 'nonlinearity'];
  nonlinearity: string;
  constructor(
    ...args: Arguments<
      [input_size: number, hidden_size: number, bias?: boolean, nonlinearity?: 'tanh' | 'relu'],
      CellOptions & { nonlinearity: 'tanh' | 'relu' }
    >
  ) {
    const a = bindArguments<CellOptions & { nonlinearity: string }>(
      'RNNCell',
      args,
      ['input_size', 'hidden_size', 'bias', 'nonlinearity', 'device', 'dtype'],
      {
        bias: true,
        nonlinearity: 'tanh',
        device: null,
        dtype: null,
      },
    );
    super(a, 1);
    this.nonlinearity = a.nonlinearity;
  }
  forward(...args: Called<Tensor, Tensor>): Tensor {
    const { input, hx } = cellCalled<Tensor>('RNNCell', args);
    const f = (x: Tensor, [h]: readonly Tensor[], w: Weights): Tensor[] => {
      if (this.nonlinearity === 'tanh') return [torch.rnn_tanh_cell(x, h!, ...w)];
      if (this.nonlinearity === 'relu') return [torch.rnn_relu_cell(x, h!, ...w)];
      throw new RuntimeError(`Unknown nonlinearity: ${this.nonlinearity}`);
    };
    return this.run(input, hx && [hx], 1, () => 'hidden', f)[0]!;
  }
  override extra_repr(): string {
    return `${super.extra_repr()}${this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`}`;
  }
}
/** One step of an LSTM: the hidden state and the cell's state. */
export class LSTMCell extends RNNCellBase {
  static override readonly __name__: string = 'LSTMCell';
  constructor(...args: CellArguments) {
    super(cellOptions('LSTMCell', args), 4);
  }
  forward(...args: Called<Tensor, Pair>): [h: Tensor, c: Tensor] {
    const { input, hx } = cellCalled<Pair>('LSTMCell', args);
    return [
      ...this.run(
        input,
        hx,
        2,
        (i) => `hx[${i}]`,
        (x, states, w) => torch.lstm_cell(x, states, ...w),
      ),
    ] as [Tensor, Tensor];
  }
}
/** One step of a gated recurrent unit. */
export class GRUCell extends RNNCellBase {
  static override readonly __name__: string = 'GRUCell';
  constructor(...args: CellArguments) {
    super(cellOptions('GRUCell', args), 3);
  }
  forward(...args: Called<Tensor, Tensor>): Tensor {
    const { input, hx } = cellCalled<Tensor>('GRUCell', args);
    return this.run(
      input,
      hx && [hx],
      1,
      () => 'hidden',
      (x, [h], w) => [torch.gru_cell(x, h!, ...w)],
    )[0]!;
  }
}
