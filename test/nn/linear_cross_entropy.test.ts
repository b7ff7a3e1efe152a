// linear_cross_entropy in chunks, and the operators whose data leaves something out: embedding_bag's four results, ctc_loss's arguments.
import { describe, expect, it } from 'vitest';
import { float32 } from '../../src/core/dtype.ts';
import * as torch from '../../src/index.ts';

const { nn } = torch;
const F = nn.functional;
const message = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    return `${(e as Error).name}: ${(e as Error).message}`;
  }
  return 'no error';
};

describe('LinearCrossEntropyOptions', () => {
  const extents = [
    [16, 8, 64, false],
    [17, 5, 4, false],
    [17, 5, 4, true],
    [2, 3, 100, false],
    [100, 7, 1000, true],
    [0, 5, 4, false],
  ] as const;
  it.each([
    [{}, [2, 2, 8, 1, 1, 1]],
    [{ chunking_method: 'aspect_ratio' }, [2, 17, 17, 1, 1, 1]],
    [{ chunking_method: 'aspect_ratio:2' }, [1, 16, 16, 1, 1, 1]],
    [{ chunking_method: 'aspect_ratio:4', acc_policy: 'accurate' as const }, [1, 8, 8, 1, 1, 1]],
    [{ batch_chunk_size: 3 }, [3, 3, 3, 2, 3, 1]],
    [{ chunking_method: null }, [16, 17, 17, 2, 100, 1]],
  ])('%j cuts the batch as PyTorch does', (settings, rows) => {
    const options = new nn.LinearCrossEntropyOptions(settings);
    const cut = extents.map(
      ([batch, features, classes, probabilities]) => options.chunkOf({ batch, features, classes, dtype: float32, probabilities }).rows,
    );
    expect(cut).toEqual(rows);
  });
  it('refuses settings outside their range', () => {
    expect(message(() => new nn.LinearCrossEntropyOptions({ chunking_method: 'aspect_ratio:0' }))).toBe(
      "ValueError: invalid chunking_method: 'aspect_ratio:0'",
    );
    expect(message(() => new nn.LinearCrossEntropyOptions({ batch_chunk_size: 0 }))).toBe(
      'ValueError: batch_chunk_size must be positive int or None, got 0',
    );
  });
  it('gives the loss and gradients of the whole', () => {
    torch.manual_seed(0);
    const [x, w] = [torch.randn(7, 3, { requires_grad: true }), torch.randn(5, 3, { requires_grad: true })];
    const target = torch.tensor([0, 4, 2, 1, -100, 3, 3]);
    const gradients = (options: InstanceType<typeof nn.LinearCrossEntropyOptions> | null): torch.Tensor[] => {
      const loss = F.linear_cross_entropy(x, w, target, { options });
      return [loss.detach(), ...torch.autograd.grad([loss], [x, w]).map((g) => g!)];
    };
    const whole = gradients(null);
    gradients(new nn.LinearCrossEntropyOptions({ batch_chunk_size: 2 })).forEach((t, i) => {
      expect(torch.allclose(t, whole[i]!, 1e-5, 1e-6)).toBe(true);
    });
  });
});

describe('embedding_bag', () => {
  it('also tells the bags, their sizes and where the maxima stood', () => {
    const table = torch
      .tensor([
        [1, 2],
        [5, 0],
        [3, 4],
      ])
      .to(torch.float32);
    const [out, bag, size, at] = torch.embedding_bag(table, torch.tensor([0, 1, 2]), torch.tensor([0, 2, 2]), {
      mode: 2,
    }) as unknown as torch.Tensor[];
    expect(out!.tolist()).toEqual([
      [5, 2],
      [0, 0],
      [3, 4],
    ]);
    expect([bag!.tolist(), size!.tolist(), at!.tolist()]).toEqual([
      [0, 0, 2],
      [2, 0, 1],
      [
        [1, 0],
        [0, 0],
        [2, 2],
      ],
    ]);
  });
  it('names the index that is out of range', () => {
    expect(message(() => F.embedding_bag(torch.tensor([[0, 9]]), torch.ones(3, 2)))).toBe(
      'RuntimeError: Index 1 of input takes value 9 which is not in the valid range [0, 3)',
    );
  });
});

describe('ctc_loss', () => {
  const logits = torch.zeros(6, 2, 4).log_softmax(-1);
  const targets = torch.tensor([
    [1, 2, 3],
    [1, 1, 2],
  ]);
  it('takes lengths as tensors or as lists', () => {
    const lists = F.ctc_loss(logits, targets, [6, 6], [3, 2], 0, 'sum');
    const tensors = F.ctc_loss(logits, targets, torch.tensor([6, 6]), torch.tensor([3, 2]), { reduction: 'sum' });
    expect(lists.item()).toBe(tensors.item());
  });
  it('checks the lengths', () => {
    expect(message(() => F.ctc_loss(logits, targets, [7, 6], [3, 2]))).toBe(
      'RuntimeError: Expected input_lengths to have value at most 6, but got value 7 (while checking arguments for ctc_loss_allocate_outputs)',
    );
    expect(message(() => F.ctc_loss(logits, targets, [6, 6], [3, 2], 4))).toBe('RuntimeError: blank must be in label range');
  });
});

describe('relu', () => {
  it('passes the gradient on where its input is NaN', () => {
    const x = torch.tensor([Number.NaN, -1, 2], { requires_grad: true });
    x.relu().sum().backward();
    expect(x.grad!.tolist()).toEqual([1, 0, 1]);
  });
});
