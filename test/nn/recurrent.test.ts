import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

const { nn } = torch;
const { rnn } = nn.utils;
/** The three kinds are called alike. */
type Network = InstanceType<typeof nn.GRU>;

/** An LSTM by its definition, one sequence at a time. */
function lstmOf(x: torch.Tensor, m: InstanceType<typeof nn.LSTM>): torch.Tensor {
  let [h, c] = [torch.zeros([m.hidden_size], { dtype: x.dtype }), torch.zeros([m.hidden_size], { dtype: x.dtype })];
  const outputs: torch.Tensor[] = [];
  for (const row of x.unbind(0)) {
    const gates = m.weight_ih_l0!.mv(row).add(m.bias_ih_l0!).add(m.weight_hh_l0!.mv(h)).add(m.bias_hh_l0!);
    const [i, f, g, o] = gates.chunk(4) as unknown as [torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor];
    c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
    h = o.sigmoid().mul(c.tanh());
    outputs.push(h);
  }
  return torch.stack(outputs);
}

describe.each(BACKENDS)('recurrent layers, %s', (name) => {
  it.each(['LSTM', 'GRU', 'RNN'] as const)('%s over packed sequences is the same as over each sequence', (kind) => {
    useBackend(name);
    torch.manual_seed(0);
    const m = new nn[kind](5, 19, { num_layers: 2, bidirectional: true }).double() as unknown as Network;
    const sequences = [3, 7, 1, 4].map((n) => torch.randn(n, 5, { dtype: torch.float64 }));
    const [packed] = m(rnn.pack_sequence(sequences, { enforce_sorted: false }));
    const apart = sequences.map((s) => m(s.unsqueeze(1))[0].squeeze(1));
    for (const [i, s] of rnn.unpack_sequence(packed).entries()) expect(torch.allclose(s, apart[i]!)).toBe(true);

    const parameters = [...m.parameters()];
    const loss = (ts: readonly torch.Tensor[]): torch.Tensor =>
      torch
        .cat([...ts])
        .cos()
        .sum();
    const expected = torch.autograd.grad(loss(apart), parameters);
    torch.autograd.grad(loss(rnn.unpack_sequence(packed)), parameters).forEach((g, i) => {
      expect(torch.allclose(g!, expected[i]!)).toBe(true);
    });
  });
  it('LSTM is its definition', () => {
    useBackend(name);
    torch.manual_seed(1);
    const m = new nn.LSTM(4, 33);
    const x = torch.randn(6, 4);
    expect(torch.allclose(m(x)[0], lstmOf(x, m), { atol: 1e-6 })).toBe(true);
  });
  it.each([
    ['LSTM', false],
    ['GRU', true],
    ['RNN', true],
  ] as const)('%s has second derivatives', (kind, reverse) => {
    useBackend(name);
    torch.manual_seed(2);
    const m = new nn[kind](2, 2, { bidirectional: reverse }).double();
    const f = (x: torch.Tensor, w: torch.Tensor): torch.Tensor =>
      (torch.func.functional_call(m, { weight_hh_l0: w }, [x]) as torch.Tensor[])[0]!;
    const x = torch.randn(2, 1, 2, { dtype: torch.float64 }).requires_grad_();
    const w = m.weight_hh_l0!.detach().clone().requires_grad_();
    expect(torch.autograd.gradcheck(f, [x, w])).toBe(true);
    expect(torch.autograd.gradgradcheck(f, [x, w])).toBe(true);
  });
});

describe('packed sequences', () => {
  it('print as in Python', () => {
    const sequences = [torch.tensor([1, 2]), torch.tensor([3])];
    expect(String(rnn.pack_sequence(sequences))).toBe(
      'PackedSequence(data=tensor([1., 3., 2.]), batch_sizes=tensor([2, 1]), sorted_indices=None, unsorted_indices=None)',
    );
  });
  it('must be sorted, or be said not to be', () => {
    expect(() => rnn.pack_padded_sequence(torch.randn(4, 3, 2), [2, 3, 1])).toThrow('`lengths` array must be sorted in decreasing order');
    expect(
      rnn.pad_packed_sequence(rnn.pack_padded_sequence(torch.randn(4, 3, 2), [2, 3, 1], { enforce_sorted: false }))[1].tolist(),
    ).toEqual([2, 3, 1]);
  });
});
