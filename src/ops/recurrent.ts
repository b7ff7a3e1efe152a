// Recurrent networks over whole sequences, their cells, and sequences of different lengths packed one after the other.
import { type DType, int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { integers, tensorOf } from '../backend/reference/arrays.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';

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
function step(mode: Mode, x: Tensor, state: State, w: Weights): State {
  const [h, c] = STEPS[mode](x, F.linear(state[0], w.hh, w.bias_hh), state);
  return [w.hr ? F.linear(h, w.hr) : h, c];
}

// ---- sequences ----------------------------------------------------------------------------------------------------
const rows = (t: Tensor, from: number, to: number): Tensor => t.narrow(0, from, to - from);
const each = (state: State, f: (t: Tensor, i: number) => Tensor): State =>
  [f(state[0], 0), ...(state[1] ? [f(state[1], 1)] : [])] as unknown as State;
/** One layer in one direction over the rows of all steps; step t has the first sizes[t] sequences, the longest ones. */
function layer(
  mode: Mode,
  data: Tensor,
  sizes: readonly number[],
  start: State,
  w: Weights,
  reverse: boolean,
): { output: Tensor; last: State } {
  const gates = F.linear(data, w.ih, w.bias_ih);
  const at = [0];
  for (const n of sizes) at.push(at[at.length - 1]! + n);
  const steps = sizes.map((_, t) => (reverse ? sizes.length - 1 - t : t));
  const outputs: Tensor[] = [];
  const ended: State[] = [];
  let now = sizes[steps[0]!]!;
  let state = each(start, (t) => (now < t.shape[0]! ? rows(t, 0, now) : t));
  for (const t of steps) {
    const n = sizes[t]!;
    if (n < now) {
      ended.push(each(state, (s) => rows(s, n, now)));
      state = each(state, (s) => rows(s, 0, n));
    } else if (n > now) state = each(state, (s, i) => F.cat([s, rows(start[i]!, now, n)]));
    now = n;
    state = step(mode, rows(gates, at[t]!, at[t + 1]!), state, w);
    outputs.push(state[0]);
  }
  const last = ended.length ? each(state, (s, i) => F.cat([s, ...ended.map((e) => e[i]!).reverse()])) : state;
  return { output: F.cat(reverse ? outputs.reverse() : outputs), last };
}

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
      const r = layer(mode, data, sizes, hx.map((h) => h.select(0, k)) as unknown as State, weights[k]!, d === 1);
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
  return step(mode, F.linear(input, w_ih, b_ih), state, { ih: w_ih, hh: w_hh, bias_ih: b_ih, bias_hh: b_hh, hr: null });
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
      return F.constant_pad_nd(
        t.shape.length - 1 === row.length ? t.expand([t.shape[0]!, ...row]) : t,
        [...row.flatMap(() => [0, 0]), ...pad],
        padding_value,
      );
    });
    return F.stack(padded, batch_first ? 0 : 1);
  },
  surface: [],
});
