// The table of layers: the notes' text, and what it says of networks that are not a plain list of layers.
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';
import { nn, type Tensor } from '../../src/index.ts';
import { Model, summary, summary_text } from '../../src/keras/index.ts';

afterEach(() => vi.restoreAllMocks());
const layersOf = (text: string): string[] =>
  text
    .split('\n')
    .slice(3)
    .slice(
      0,
      text
        .split('\n')
        .slice(3)
        .findIndex((line) => line.startsWith('=')),
    );
const cells = (text: string): string[] => layersOf(text).map((line) => line.trim().replace(/ {2,}/g, ' | '));

describe('summary', () => {
  it('prints the table of the notes', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    summary(new nn.Sequential(new nn.Linear(2, 4), new nn.ReLU(), new nn.Linear(4, 1)), { input_shape: [2] });
    expect(log.mock.calls).toEqual([
      [
        `----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Linear-1                    [-1, 4]              12
              ReLU-2                    [-1, 4]               0
            Linear-3                    [-1, 1]               5
================================================================
Total params: 17
Trainable params: 17
Non-trainable params: 0
----------------------------------------------------------------
Input size (MB): 0.000008
Forward/backward pass size (MB): 0.000069
Params size (MB): 0.000065
Estimated Total Size (MB): 0.000141
----------------------------------------------------------------`,
      ],
    ]);
  });
  it('gives a layer that runs twice two lines and counts its parameters once', () => {
    const shared = new nn.Linear(3, 3);
    const text = summary_text(new nn.Sequential(shared, new nn.Tanh(), shared), [3]);
    expect(cells(text)).toEqual(['Linear-1 | [-1, 3] | 12', 'Tanh-2 | [-1, 3] | 0', 'Linear-3 | [-1, 3] | 12']);
    expect(text).toContain('Total params: 12\n');
  });
  it('counts parameters of nested modules and those that belong to no layer', () => {
    class Scaled extends nn.Module {
      scale = new nn.Parameter(torch.ones(7));
      inner = new nn.Sequential(new nn.Sequential(new nn.Linear(7, 7, { bias: false })));
      forward(x: Tensor): Tensor {
        return this.inner(x).mul(this.scale);
      }
    }
    const net = new Scaled();
    net.inner.requires_grad_(false);
    const text = summary_text(new Model(net), { input_shape: [7] });
    expect(cells(text)).toEqual(['Linear-1 | [-1, 7] | 49']);
    expect(text).toContain('Total params: 56\nTrainable params: 7\nNon-trainable params: 49\n');
  });
  it('takes several inputs of several types', () => {
    class Two extends nn.Module {
      embedding = new nn.Embedding(10, 4);
      linear = new nn.Linear(6, 4);
      forward(tokens: Tensor, x: Tensor): Tensor {
        return this.embedding(tokens).sum(1).add(this.linear(x));
      }
    }
    const text = summary_text(new Two(), { input_shape: [[5], [6]], input_dtype: [torch.LongTensor, torch.float32] });
    expect(cells(text)).toEqual(['Embedding-1 | [-1, 5, 4] | 40', 'Linear-2 | [-1, 4] | 28']);
    expect(text).toContain('Input size (MB): 0.000042\n');
    expect(() => summary_text(new Two(), { input_shape: [[5], [6]], input_dtype: [torch.float32] })).toThrow(
      'got 2 input shapes but 1 input dtypes',
    );
  });
  it('finds the batch wherever it stands', () => {
    const lstm = new nn.LSTM(3, 4, { num_layers: 2, batch_first: true });
    expect(cells(summary_text(lstm, [7, 3]))).toEqual([
      `LSTM-1 | [[-1, 7, 4], [2, -1, 4], [2, -1, 4]] | ${4 * 4 * (3 + 4 + 2) + 4 * 4 * (4 + 4 + 2)}`,
    ]);
    const folded = new nn.Sequential(new nn.Flatten(0, 1), new nn.Linear(3, 2));
    expect(cells(summary_text(folded, { input_shape: [7, 3], batch_size: 8 }))).toEqual([
      'Flatten-1 | [8, 3] | 0',
      'Linear-2 | [8, 2] | 8',
    ]);
  });
  it('shows a module whose children do not run by themselves', () => {
    const attention = new nn.MultiheadAttention(8, 2, { batch_first: true });
    const text = summary_text(attention, {
      input_shape: [
        [5, 8],
        [5, 8],
        [5, 8],
      ],
    });
    expect(cells(text)).toEqual(['MultiheadAttention-1 | [[-1, 5, 8], [-1, 5, 5]] | 288']);
  });
  it('leaves the network, the random stream and its mode as they are', () => {
    const norm = new nn.BatchNorm1d(3);
    const net = new nn.Sequential(new nn.Linear(2, 3), norm, new nn.Dropout());
    torch.manual_seed(1);
    const expected = torch.rand(1).item();
    torch.manual_seed(1);
    summary_text(net, [2]);
    expect(torch.rand(1).item()).toBe(expected);
    expect([norm.running_mean!.tolist(), norm.num_batches_tracked!.item(), net.training]).toEqual([[0, 0, 0], 0, true]);
    expect(net._internals.hooked).toBe(false);
  });
});
