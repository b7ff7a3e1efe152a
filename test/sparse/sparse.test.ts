// Sparse tensors: what the conformance data does not replay.
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';

const { nn, sparse } = torch;
const coo = (rows: number[], columns: number[], values: number[], size: number[], requires_grad = false): Tensor =>
  torch.sparse_coo_tensor([rows, columns], values, size, { requires_grad });
const twice = (): Tensor => coo([0, 0, 1], [1, 1, 0], [1, 2, 3], [2, 3]);
const dense = (): Tensor => torch.arange(6, { dtype: torch.float32 }).reshape(2, 3);
const ids = (): Tensor => torch.tensor([0, 2, 2, 1], { dtype: torch.int64 });

describe('sparse tensors', () => {
  it('add values at equal indices when they are coalesced', () => {
    const t = twice().coalesce();
    expect(t.is_coalesced()).toBe(true);
    expect([t.indices().tolist(), t.values().tolist()]).toEqual([
      [
        [0, 1],
        [1, 0],
      ],
      [3, 3],
    ]);
    expect(twice().to_dense().tolist()).toEqual([
      [0, 3, 0],
      [3, 0, 0],
    ]);
    expect(() => twice().values()).toThrow('Cannot get values on an uncoalesced tensor, please call .coalesce() first');
  });
  it('multiply dense matrices from both sides', () => {
    const s = twice();
    const expected = torch.mm(s.to_dense(), dense().t());
    expect(torch.mm(s, dense().t()).tolist()).toEqual(expected.tolist());
    expect(sparse.mm(s.to_sparse_csr(), dense().t()).tolist()).toEqual(expected.tolist());
    expect(torch.mm(dense(), s.t()).tolist()).toEqual(expected.t().tolist());
    expect(s.matmul(s.t()).to_dense().tolist()).toEqual(torch.mm(s.to_dense(), s.to_dense().t()).tolist());
  });
  it('keep the pattern in the gradient of torch.sparse.mm, not of torch.mm', () => {
    const [a, b] = [coo([0, 1], [1, 0], [1, 2], [2, 2], true), torch.ones(2, 2)];
    sparse.mm(a, b).sum().backward();
    expect([a.grad!.is_sparse, a.grad!._values().tolist()]).toEqual([true, [2, 2]]);
    a.grad = null;
    torch.mm(a, b).sum().backward();
    expect(a.grad!.tolist()).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });
  it('have gradients of every order through their values', () => {
    const v = torch.tensor([0.3, -0.7, 1.1, 0.4], { dtype: torch.float64, requires_grad: true });
    const m = torch.randn([3, 2], { dtype: torch.float64, requires_grad: true });
    const of = (values: Tensor): Tensor =>
      torch.sparse_coo_tensor(
        [
          [0, 1, 1, 0],
          [2, 0, 2, 2],
        ],
        values,
        [2, 3],
      );
    expect(torch.autograd.gradcheck((x: Tensor, y: Tensor) => sparse.mm(of(x), y), [v, m])).toBe(true);
    expect(torch.autograd.gradgradcheck((x: Tensor, y: Tensor) => sparse.mm(of(x), y).pow(2), [v, m])).toBe(true);
    expect(torch.autograd.gradcheck((x: Tensor) => sparse.softmax(of(x), 1).to_dense(), [v])).toBe(true);
    expect(torch.autograd.gradcheck((x: Tensor) => of(x).mul(of(x).sin()).add(of(x)).t().to_dense(), [v])).toBe(true);
    expect(torch.autograd.gradcheck((x: Tensor) => sparse.sum(of(x), 0).to_dense().add(of(x).select(0, 1).to_dense()), [v])).toBe(true);
  });
  it('are gradients of embeddings, which join', () => {
    const weight = new nn.Parameter(torch.ones(3, 2));
    const loss = (): Tensor => nn.functional.embedding(ids(), weight, { sparse: true }).pow(2).sum();
    loss().backward();
    expect(weight.grad!._indices().tolist()).toEqual([[0, 2, 2, 1]]);
    loss().backward();
    expect(weight.grad!.to_dense().tolist()).toEqual([
      [4, 4],
      [4, 4],
      [8, 8],
    ]);
    weight.mul(3).sum().backward();
    expect([weight.grad!.is_sparse, weight.grad!.tolist()]).toEqual([
      false,
      [
        [7, 7],
        [7, 7],
        [11, 11],
      ],
    ]);
  });
  it('survive the recycling of the memory that they were made of', () => {
    const weight = new nn.Parameter(torch.ones(300, 64));
    const at = torch.arange(300, { dtype: torch.int64 });
    const kept: Tensor[] = [];
    for (let i = 0; i < 3; i++) {
      weight.grad = null;
      nn.functional
        .embedding(at, weight, { sparse: true })
        .mul(i + 1)
        .relu()
        .sum()
        .backward();
      kept.push(weight.grad!);
    }
    expect(kept.map((g) => g.to_dense().mean().item())).toEqual([1, 2, 3]);
  });
  it('step the rows that have a gradient', () => {
    const weight = new nn.Parameter(torch.ones(3, 2));
    for (const optimizer of [new torch.optim.SGD([weight], 0.5), new torch.optim.Adagrad([weight]), new torch.optim.SparseAdam([weight])]) {
      const before = weight.tolist() as number[][];
      optimizer.zero_grad();
      nn.functional
        .embedding(torch.tensor([2n]), weight, { sparse: true })
        .sum()
        .backward();
      optimizer.step();
      const after = weight.tolist() as number[][];
      expect([after[0], after[1]]).toEqual([before[0], before[1]]);
      expect(after[2]![0]).toBeLessThan(before[2]![0]!);
    }
    expect(() => new torch.optim.Adam([weight]).step()).toThrow(
      'Adam does not support sparse gradients, please consider SparseAdam instead',
    );
  });
  it('change in place', () => {
    const t = twice();
    expect(t.mul_(2)).toBe(t);
    expect(t.add_(twice()).to_dense().tolist()).toEqual([
      [0, 9, 0],
      [9, 0, 0],
    ]);
    expect(t.zero_()._nnz()).toBe(0);
    expect(dense().add_(twice(), { alpha: -1 }).tolist()).toEqual([
      [0, -2, 2],
      [0, 4, 5],
    ]);
  });
  it('say what is not for them', () => {
    expect(() => twice().exp()).toThrow("Could not run 'aten::exp' with arguments from the 'SparseCPU' backend.");
    expect(() => twice().add(dense())).toThrow('add(sparse, dense) is not supported. Use add(dense, sparse) instead.');
    expect(() => twice().tolist()).toThrow("Cannot access data pointer of Tensor that doesn't have storage");
    expect(() => torch.sparse_coo_tensor([[0, 3]], [1, 2], [2], { check_invariants: true })).toThrow(
      'size is inconsistent with indices: for dim 0, size is 2 but found index 3',
    );
  });
});
