// Recurrent networks over whole sequences, their cells, and sequences of different lengths packed one after the other.
import { type DType, float32, float64, int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { sameShape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { integers, tensorOf } from '../backend/reference/arrays.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op } from '../dispatch/operator.ts';
import { vjp } from '../transforms/grad.ts';
import { kernelOf } from './kernel.ts';

// ---- one step -----------------------------------------------------------------------------------------------------
type Mode = 'LSTM' | 'GRU' | 'RNN_TANH' | 'RNN_RELU';
/** The hidden state, and the cell's state of an LSTM. */
type State = readonly [h: Tensor, c?: Tensor];

op('_lstm_step(Tensor input, Tensor forget, Tensor cell, Tensor output, Tensor cx) -> (Tensor result0, Tensor result1)', {
  doc: 'The states of an LSTM after a step, from its gates.',
  pointwise: (input, forget, cell, output, cx) => {
    const sigmoid = (x: typeof input): typeof input => x.apply('sigmoid');
    const cy = sigmoid(forget)
      .mul(cx)
      .add(sigmoid(input).mul(cell.apply('tanh')));
    return [sigmoid(output).mul(cy.apply('tanh')), cy];
  },
  surface: [],
  inplace: false,
});
/** The state after a step, from the products of the input and of the hidden state. */
const STEPS: Readonly<Record<Mode, (x: Tensor, h: Tensor, state: State) => State>> = {
  LSTM: (x, h, [, cx]) => {
    const [i, f, g, o] = x.add(h).chunk(4, 1) as unknown as readonly [Tensor, Tensor, Tensor, Tensor];
    return F._lstm_step(i, f, g, o, cx!);
  },
  GRU: (x, h, [hx]) => {
    const [xr, xz, xn] = x.chunk(3, 1) as unknown as readonly [Tensor, Tensor, Tensor];
    const [hr, hz, hn] = h.chunk(3, 1) as unknown as readonly [Tensor, Tensor, Tensor];
    const n = xn.add(xr.add(hr).sigmoid().mul(hn)).tanh();
    return [hx.sub(n).mul(xz.add(hz).sigmoid()).add(n)];
  },
  RNN_TANH: (x, h) => [x.add(h).tanh()],
  RNN_RELU: (x, h) => [x.add(h).relu()],
};

interface Weights {
  readonly ih: Tensor;
  readonly hh: Tensor;
  readonly bias_ih: Tensor | null;
  readonly bias_hh: Tensor | null;
  /** The projection of an LSTM's output. */
  readonly hr: Tensor | null;
}

// ---- one layer in one direction -----------------------------------------------------------------------------------
/** What a layer goes over: the rows of all steps, of which step t has the first sizes[t] sequences, the longest ones. */
interface Walk {
  readonly sizes: readonly number[];
  readonly reverse: boolean;
}
const rows = (t: Tensor, from: number, to: number): Tensor => t.narrow(0, from, to - from);
const mapped = (state: State, f: (t: Tensor, i: number) => Tensor): State =>
  [f(state[0], 0), ...(state[1] ? [f(state[1], 1)] : [])] as unknown as State;
/** Calls `next(from, to, state)` for each step, whose rows are from … to; the outputs of all steps and the last states. */
function walk(
  { sizes, reverse }: Walk,
  start: State,
  next: (from: number, to: number, state: State) => State,
): { output: Tensor; last: State } {
  const at = [0];
  for (const n of sizes) at.push(at[at.length - 1]! + n);
  const steps = sizes.map((_, t) => (reverse ? sizes.length - 1 - t : t));
  const outputs: Tensor[] = [];
  const ended: State[] = [];
  let now = sizes[steps[0]!]!;
  let state = mapped(start, (t) => (now < t.shape[0]! ? rows(t, 0, now) : t));
  for (const t of steps) {
    const n = sizes[t]!;
    if (n < now) {
      ended.push(mapped(state, (s) => rows(s, n, now)));
      state = mapped(state, (s) => rows(s, 0, n));
    } else if (n > now) state = mapped(state, (s, i) => F.cat([s, rows(start[i]!, now, n)]));
    now = n;
    state = next(at[t]!, at[t + 1]!, state);
    outputs.push(state[0]);
  }
  const last = ended.length ? mapped(state, (s, i) => F.cat([s, ...ended.map((e) => e[i]!).reverse()])) : state;
  return { output: F.cat(reverse ? outputs.reverse() : outputs), last };
}
/** The hidden state before each row. */
function before({ sizes, reverse }: Walk, output: Tensor, start: Tensor): Tensor {
  const [N, B] = [output.shape[0]!, start.shape[0]!];
  if (sizes[sizes.length - 1] === B) return reverse ? F.cat([rows(output, B, N), start]) : F.cat([start, rows(output, 0, N - B)]);
  const at: number[] = [];
  let first = 0;
  sizes.forEach((n, t) => {
    const other = reverse ? (sizes[t + 1] ?? 0) : t === 0 ? 0 : n;
    const shift = reverse ? first + n : first - (sizes[t - 1] ?? 0);
    for (let b = 0; b < n; b++) at.push(b < other ? shift + b : N + b);
    first += n;
  });
  return F.cat([output, start]).index_select(0, listOf(at));
}
const MODES: readonly Mode[] = ['LSTM', 'GRU', 'RNN_TANH', 'RNN_RELU'];
/** What the backward pass reads of a row, in hidden sizes: see native/kernels/recurrent.cpp. */
const SAVED: Readonly<Record<Mode, number>> = { LSTM: 5, GRU: 4, RNN_TANH: 0, RNN_RELU: 0 };
const GATES: Readonly<Record<Mode, number>> = { LSTM: 4, GRU: 3, RNN_TANH: 1, RNN_RELU: 1 };

interface Layer extends Walk {
  readonly gates: Tensor;
  readonly hx: Tensor;
  readonly cx: Tensor | null;
  readonly w_hh: Tensor;
  readonly b_hh: Tensor | null;
  readonly mode: number;
}
const stateOf = (h: Tensor, c: Tensor | null): State => (c ? [h, c] : [h]);
/** Step by step. The bias is one row, or one for each row of gates. */
function byStep(a: Layer): Tensor[] {
  const bias = (from: number, to: number): Tensor | null => (a.b_hh?.ndim === 2 ? rows(a.b_hh, from, to) : a.b_hh);
  const product = (h: Tensor, b: Tensor | null): Tensor => (b?.ndim === 2 ? F.linear(h, a.w_hh).add(b) : F.linear(h, a.w_hh, b));
  const { output, last } = walk(a, stateOf(a.hx, a.cx), (from, to, state) =>
    STEPS[MODES[a.mode]!](rows(a.gates, from, to), product(state[0], bias(from, to)), state),
  );
  return [output, last[0], last[1] ?? none(output)];
}
const none = (like: Tensor): Tensor => F.zeros([0], like.dtype, null, like.device);
const LAYER = 'Tensor hx, Tensor? cx, Tensor w_hh, Tensor? b_hh, int[] sizes, bool reverse, int mode';
op(`_recurrent_layer(Tensor gates, ${LAYER}) -> (Tensor output, Tensor hn, Tensor cn, hidden Tensor saved)`, {
  doc: 'A recurrent layer in one direction, from the products with the inputs: the outputs of all steps and the last states.',
  decompose: (a) => [...byStep(a), none(a.gates)],
  meta: ({ gates, hx, cx, mode }) => {
    const [N, H] = [gates.shape[0]!, hx.shape[1]!];
    return [[N, H], hx.shape, cx?.shape ?? [0], [N, SAVED[MODES[mode]!] * H]].map((shape) => ({ shape, dtype: gates.dtype }));
  },
  kernel: (a, ...outs) => kernelOf(() => byStep(a), outs),
  grad: joint('gates', 'hx', 'cx', 'w_hh', 'b_hh', 'output', 'saved', ([g, gh, gc], a) => {
    const [gates, products, hx, cx] = F._recurrent_layer_backward(
      g!,
      gh!,
      gc!,
      a.gates,
      a.hx,
      a.cx,
      a.w_hh,
      a.b_hh,
      a.output,
      a.saved,
      a.sizes,
      a.reverse,
      a.mode,
    );
    const p = MODES[a.mode] === 'GRU' ? products : gates;
    return { gates, hx, cx: a.cx && cx, w_hh: p.t().mm(before(a, a.output, a.hx)), b_hh: a.b_hh && p.sum([0]) };
  }),
  surface: [],
});
op(
  `_recurrent_layer_backward(Tensor grad_output, Tensor grad_hn, Tensor grad_cn, Tensor gates, ${LAYER.replace('int[]', 'Tensor output, Tensor saved, int[]')}) -> (Tensor grad_gates, Tensor grad_products, Tensor grad_hx, Tensor grad_cx)` as `_recurrent_layer_backward(Tensor grad_output, Tensor grad_hn, Tensor grad_cn, Tensor gates, Tensor hx, Tensor? cx, Tensor w_hh, Tensor? b_hh, Tensor output, Tensor saved, int[] sizes, bool reverse, int mode) -> (Tensor grad_gates, Tensor grad_products, Tensor grad_hx, Tensor grad_cx)`,
  {
    doc: 'The gradients of _recurrent_layer for the products with inputs and with hidden states (where they differ: GRU), and for the states it starts from.',
    decompose: (a) => byPullback(a),
    meta: ({ gates, hx, cx, mode }) =>
      [gates.shape, MODES[mode] === 'GRU' ? gates.shape : [0], hx.shape, cx?.shape ?? [0]].map((shape) => ({ shape, dtype: gates.dtype })),
    kernel: (a, ...outs) => kernelOf(() => byPullback(a), outs),
    surface: [],
  },
);
/** The layer once more, step by step, and its pullback. */
function byPullback(a: Layer & { readonly grad_output: Tensor; readonly grad_hn: Tensor; readonly grad_cn: Tensor }): Tensor[] {
  const gru = MODES[a.mode] === 'GRU';
  const { gates, hx } = a;
  // A bias for each row: its gradient is that of the products with hidden states.
  const bias = a.b_hh ? a.b_hh.expand(gates.shape) : F.zeros(gates.shape, gates.dtype, null, gates.device);
  const cx = a.cx ?? none(gates);
  const [, pull] = vjp(
    (x: Tensor, b: Tensor, h: Tensor, c: Tensor) => byStep({ ...walkOf(a), gates: x, hx: h, cx: a.cx && c, b_hh: gru ? b : a.b_hh }),
    gates,
    bias,
    hx,
    cx,
  );
  const [gx, gb, gh, gc] = pull([a.grad_output, a.grad_hn, a.grad_cn]) as [Tensor, Tensor, Tensor, Tensor];
  return [gx, gru ? gb : none(gates), gh, gc];
}
const walkOf = ({ sizes, reverse, w_hh, mode }: Layer): Pick<Layer, 'sizes' | 'reverse' | 'w_hh' | 'mode'> => ({
  sizes,
  reverse,
  w_hh,
  mode,
});

/** Whether the layer is one operator: floats of one kind, and shapes that fit. */
function isWhole(mode: Mode, gates: Tensor, start: State, w: Weights, { sizes }: Walk): boolean {
  const H = w.hh.shape[1]!;
  const states = start.every((s) => s!.dtype === gates.dtype && sameShape(s!.shape, [Math.max(...sizes), H]));
  const weights =
    w.hh.dtype === gates.dtype && w.hh.ndim === 2 && w.hh.shape[0] === GATES[mode] * H && (!w.bias_hh || w.bias_hh.dtype === gates.dtype);
  return w.hr === null && (gates.dtype === float32 || gates.dtype === float64) && states && weights && gates.shape[1] === w.hh.shape[0];
}
/** One layer in one direction. */
function layer(mode: Mode, data: Tensor, start: State, w: Weights, way: Walk): { output: Tensor; last: State } {
  // Only the new gate of a GRU needs the product with the hidden state, and its bias, alone.
  const merged = mode !== 'GRU' && w.bias_ih !== null && w.bias_hh !== null;
  const gates = F.linear(data, w.ih, merged ? w.bias_ih.add(w.bias_hh) : w.bias_ih);
  const b_hh = merged ? null : w.bias_hh;
  if (isWhole(mode, gates, start, w, way)) {
    const [output, hn, cn] = F._recurrent_layer(gates, start[0], start[1] ?? null, w.hh, b_hh, way.sizes, way.reverse, MODES.indexOf(mode));
    return { output, last: stateOf(hn, start[1] ? cn : null) };
  }
  return walk(way, start, (from, to, state) => {
    const [h, c] = STEPS[mode](rows(gates, from, to), F.linear(state[0], w.hh, b_hh), state);
    return [w.hr ? F.linear(h, w.hr) : h, c];
  });
}

// ---- networks -----------------------------------------------------------------------------------------------------
interface Network {
  readonly params: readonly Tensor[];
  readonly has_biases: boolean;
  readonly num_layers: number;
  readonly dropout: number;
  readonly train: boolean;
  readonly bidirectional: boolean;
}
function weightsOf({ params, has_biases }: Network, projects: boolean): Weights[] {
  const n = 2 + (has_biases ? 2 : 0) + (projects ? 1 : 0);
  if (params.length % n !== 0) throw new RuntimeError('got an incorrect number of RNN parameters');
  return Array.from({ length: params.length / n }, (_, k) => {
    const [ih, hh, ...rest] = params.slice(k * n, (k + 1) * n) as [Tensor, Tensor, ...Tensor[]];
    return {
      ih,
      hh,
      bias_ih: has_biases ? rest[0]! : null,
      bias_hh: has_biases ? rest[1]! : null,
      hr: projects ? rest[rest.length - 1]! : null,
    };
  });
}
/** All layers: the rows of all steps, and the last states, (layers · directions, batch, hidden). */
function stacked(
  mode: Mode,
  rowsOf: { data: Tensor; sizes: readonly number[]; shaped: (t: Tensor) => Tensor },
  hx: readonly Tensor[],
  a: Network,
): [Tensor, ...Tensor[]] {
  const { sizes, shaped } = rowsOf;
  const directions = a.bidirectional ? 2 : 1;
  const projects = mode === 'LSTM' && hx[0]!.shape[2] !== hx[1]!.shape[2];
  const weights = weightsOf(a, projects);
  const count = a.num_layers * directions;
  if (hx[0]!.shape[0]! < count) throw new RuntimeError('Expected more hidden states in stacked_rnn');
  if (weights.length < count) throw new RuntimeError('Expected more weights in stacked_rnn');
  let { data } = rowsOf;
  const last: State[] = [];
  for (let l = 0; l < a.num_layers; l++) {
    const outputs: Tensor[] = [];
    for (let d = 0; d < directions; d++) {
      const k = l * directions + d;
      const r = layer(mode, data, hx.map((h) => h.select(0, k)) as unknown as State, weights[k]!, { sizes, reverse: d === 1 });
      outputs.push(r.output);
      last.push(r.last);
    }
    data = outputs.length > 1 ? F.cat(outputs, 1) : outputs[0]!;
    if (a.dropout !== 0 && a.train && l < a.num_layers - 1) data = F.dropout(shaped(data), a.dropout, true).view(data.shape);
  }
  return [data, ...hx.map((_, i) => F.stack(last.map((s) => s[i]!)))];
}
/** input: (steps, batch, features), or (batch, steps, features). */
function overSteps(
  mode: Mode,
  input: Tensor,
  hx: readonly Tensor[],
  a: Network & { readonly batch_first: boolean },
): [Tensor, ...Tensor[]] {
  const x = a.batch_first ? input.transpose(0, 1) : input;
  const [T, B] = x.shape as unknown as [number, number];
  if (T === 0) throw new RuntimeError('Expected sequence length to be larger than 0 in RNN');
  const shaped = (t: Tensor): Tensor => t.view([T, B, t.shape[1]!]);
  const [data, ...last] = stacked(mode, { data: x.reshape([T * B, x.shape[2]!]), sizes: new Array<number>(T).fill(B), shaped }, hx, a);
  const output = shaped(data);
  return [a.batch_first ? output.transpose(0, 1) : output, ...last];
}
const numbers = (t: Tensor): number[] => Array.from(integers(t), Number);
const packed = (mode: Mode, data: Tensor, batch_sizes: Tensor, hx: readonly Tensor[], a: Network): [Tensor, ...Tensor[]] =>
  stacked(mode, { data, sizes: numbers(batch_sizes), shaped: (t) => t }, hx, a);

const NETWORK = 'Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional';
function checkTwo(hx: readonly Tensor[], name: string): void {
  if (hx.length !== 2) throw new RuntimeError(`${name} expects two hidden states`);
}
op(`lstm.input(Tensor input, Tensor[] hx, ${NETWORK}, bool batch_first) -> (Tensor result0, Tensor result1, Tensor result2)`, {
  doc: 'A network of LSTM layers over a sequence: outputs of all steps, last hidden and last cell states.',
  decompose: (a) => {
    checkTwo(a.hx, 'lstm');
    return overSteps('LSTM', a.input, a.hx, a);
  },
  random: true,
});
op(`lstm.data(Tensor data, Tensor batch_sizes, Tensor[] hx, ${NETWORK}) -> (Tensor result0, Tensor result1, Tensor result2)`, {
  doc: 'A network of LSTM layers over packed sequences.',
  decompose: (a) => {
    checkTwo(a.hx, 'lstm');
    return packed('LSTM', a.data, a.batch_sizes, a.hx, a);
  },
  random: true,
});
for (const [name, mode, what] of [
  ['gru', 'GRU', 'gated recurrent layers'],
  ['rnn_tanh', 'RNN_TANH', 'recurrent layers with tanh'],
  ['rnn_relu', 'RNN_RELU', 'recurrent layers with relu'],
] as const) {
  op(
    `${name}.input(Tensor input, Tensor hx, ${NETWORK}, bool batch_first) -> (Tensor result0, Tensor result1)` as `gru.input(Tensor input, Tensor hx, ${typeof NETWORK}, bool batch_first) -> (Tensor result0, Tensor result1)`,
    {
      doc: `A network of ${what} over a sequence: outputs of all steps, last hidden states.`,
      decompose: (a) => overSteps(mode, a.input, [a.hx], a),
      random: true,
    },
  );
  op(
    `${name}.data(Tensor data, Tensor batch_sizes, Tensor hx, ${NETWORK}) -> (Tensor result0, Tensor result1)` as `gru.data(Tensor data, Tensor batch_sizes, Tensor hx, ${typeof NETWORK}) -> (Tensor result0, Tensor result1)`,
    {
      doc: `A network of ${what} over packed sequences.`,
      decompose: (a) => packed(mode, a.data, a.batch_sizes, [a.hx], a),
      random: true,
    },
  );
}

// ---- cells --------------------------------------------------------------------------------------------------------
interface Cell {
  readonly input: Tensor;
  readonly w_ih: Tensor;
  readonly w_hh: Tensor;
  readonly b_ih: Tensor | null;
  readonly b_hh: Tensor | null;
}
function cell(mode: Mode, state: State, { input, w_ih, w_hh, b_ih, b_hh }: Cell): State {
  const features = w_ih.shape[1]!;
  if (input.shape[1] !== features) throw new RuntimeError(`input has inconsistent input_size: got ${input.shape[1]} expected ${features}`);
  state.forEach((h, i) => {
    const [batch, size] = [input.shape[0]!, w_hh.shape[1]!];
    if (h!.shape[0] !== batch) throw new RuntimeError(`Input batch size ${batch} doesn't match hidden${i} batch size ${h!.shape[0]}`);
    if (h!.shape[1] !== size) throw new RuntimeError(`hidden${i} has inconsistent hidden_size: got ${h!.shape[1]}, expected ${size}`);
  });
  return STEPS[mode](F.linear(input, w_ih, b_ih), F.linear(state[0], w_hh, b_hh), state);
}
const CELL = 'Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None';
op(`lstm_cell(Tensor input, Tensor[] hx, ${CELL}) -> (Tensor result0, Tensor result1)`, {
  doc: 'One step of an LSTM: the hidden state and the cell state.',
  decompose: (a) => {
    checkTwo(a.hx, 'lstm_cell');
    return cell('LSTM', a.hx as unknown as State, a);
  },
});
for (const [name, mode, what] of [
  ['gru_cell', 'GRU', 'a gated recurrent unit'],
  ['rnn_tanh_cell', 'RNN_TANH', 'a recurrent network with tanh'],
  ['rnn_relu_cell', 'RNN_RELU', 'a recurrent network with relu'],
] as const) {
  op(`${name}(Tensor input, Tensor hx, ${CELL}) -> Tensor` as `gru_cell(Tensor input, Tensor hx, ${typeof CELL}) -> Tensor`, {
    doc: `One step of ${what}.`,
    decompose: (a) => cell(mode, [a.hx], a)[0],
    inplace: false,
  });
}

// ---- packed sequences ---------------------------------------------------------------------------------------------
/** The rows of (steps · batch) that packing keeps, in its order. */
function kept(sizes: readonly number[], batch: number): Tensor {
  const at = sizes.flatMap((n, t) => Array.from({ length: n }, (_, b) => BigInt(t * batch + b)));
  return tensorOf(BigInt64Array.from(at), [at.length], int64);
}
const listOf = (values: readonly number[]): Tensor => tensorOf(BigInt64Array.from(values, BigInt), [values.length], int64);
function sizesOf(lengths: readonly number[]): number[] {
  return Array.from({ length: lengths[0]! }, (_, t) => lengths.filter((n) => n > t).length);
}
op('_pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first) -> (Tensor result0, Tensor result1)', {
  doc: 'The rows of (steps, batch, …) that are no padding, step by step, and how many each step has. Lengths decrease.',
  decompose: ({ input, lengths, batch_first }) => {
    const x = batch_first ? input.transpose(0, 1) : input;
    if (lengths.ndim !== 1 || (lengths.dtype as DType) !== int64) {
      throw new RuntimeError(
        `'lengths' argument should be a 1D CPU int64 tensor, but got ${lengths.ndim}D cpu ${lengths.dtype.scalarName} tensor`,
      );
    }
    const batch = x.size(1);
    if (x.layout.numel === 0) throw new RuntimeError('Cannot pack empty tensors.');
    const n = numbers(lengths);
    if (n.length !== batch)
      throw new RuntimeError(`Expected \`len(lengths)\` to be equal to batch_size, but got ${n.length} (batch_size=${batch})`);
    if (n[n.length - 1]! <= 0)
      throw new RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0");
    if (n.some((v, i) => i > 0 && v > n[i - 1]!)) {
      throw new RuntimeError(
        '`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.',
      );
    }
    const sizes = sizesOf(n);
    return [x.flatten(0, 1).index_select(0, kept(sizes, batch)), listOf(sizes)];
  },
  surface: ['function'],
});
op(
  '_pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first, Scalar padding_value, int total_length) -> (Tensor result0, Tensor result1)',
  {
    doc: 'Packed rows as (steps, batch, …) with padding, and the lengths.',
    decompose: ({ data, batch_sizes, batch_first, padding_value, total_length }) => {
      const sizes = numbers(batch_sizes);
      const batch = sizes[0]!;
      let steps = sizes.length;
      if (total_length > 0) {
        if (total_length < steps) {
          throw new RuntimeError(
            `Expected total_length to be at least the length of the longest sequence in input, but got total_length=${total_length} and max sequence length being ${steps}`,
          );
        }
        steps = total_length;
      }
      const row = data.shape.slice(1);
      const padded = F.full([steps * batch, ...row], padding_value, data.dtype, null, data.device)
        .index_copy(0, kept(sizes, batch), data)
        .view([steps, batch, ...row]);
      const lengths = Array.from({ length: batch }, (_, b) => sizes.filter((n) => n > b).length);
      return [batch_first ? padded.transpose(0, 1) : padded, listOf(lengths)];
    },
    surface: ['function'],
  },
);
op('pad_sequence(Tensor[] sequences, bool batch_first=False, float padding_value=0., str padding_side="right") -> Tensor', {
  doc: 'Sequences of different lengths, stacked with padding: (longest, batch, …), or batch first.',
  decompose: ({ sequences, batch_first, padding_value, padding_side }) => {
    if (sequences.length === 0) throw new RuntimeError('received an empty list of sequences');
    if (padding_side !== 'left' && padding_side !== 'right')
      throw new RuntimeError(`Expected padding_side to be one of left or right, but got ${padding_side}.`);
    const longest = Math.max(...sequences.map((s) => s.size(0)));
    const [, ...row] = sequences[0]!.shape;
    const padded = sequences.map((s) => {
      const missing = longest - s.shape[0]!;
      const pad = padding_side === 'left' ? [missing, 0] : [0, missing];
      const t = s.dtype === sequences[0]!.dtype ? s : s.to(sequences[0]!.dtype);
      s.shape.slice(1).forEach((n, d) => {
        if (n !== row[d])
          throw new RuntimeError(
            `The size of tensor a (${row[d]}) must match the size of tensor b (${n}) at non-singleton dimension ${d + 1}`,
          );
      });
      return F.constant_pad_nd(t, [...row.flatMap(() => [0, 0]), ...pad], padding_value);
    });
    return F.stack(padded, batch_first ? 0 : 1);
  },
  surface: [],
});
