// 张量的结构操作: creating, indexing, reshaping, joining and splitting tensors. Run: npx tsx examples/notes/01-tensor-structure.ts
import * as torch from 'flambeau';

const { print } = torch;
const section = (name: string): void => print(`\n--- ${name} ---`);

section('创建张量');
print(torch.tensor([1, 2, 3], { dtype: torch.float }));
print(torch.arange(1, 10, { step: 2 }));
print(torch.linspace(0.0, 2 * 3.14, 10));
print(torch.zeros([3, 3]));

const ones = torch.ones([3, 3], { dtype: torch.int });
const filled = torch.zeros_like(ones, { dtype: torch.float });
print(ones);
print(filled);
torch.fill_(filled, 5);
print(filled);

// Uniform, normal and integer random numbers: the same as PyTorch's for the same seed.
torch.manual_seed(0);
let [minval, maxval] = [0, 10];
print(
  torch
    .rand([5])
    .mul(maxval - minval)
    .add(minval),
);
print(torch.normal(torch.zeros(3, 3), torch.ones(3, 3)));
const [mean, std] = [2, 5];
print(torch.randn([3, 3]).mul(std).add(mean));
print(torch.randperm(20));

print(torch.eye(3, 3));
print(torch.diag(torch.tensor([1n, 2n, 3n])));

section('索引切片');
torch.manual_seed(0);
const t = torch
  .rand([5, 5])
  .mul(maxval - minval)
  .add(minval)
  .floor()
  .int();
print(t);
print(t.at(0)); // t[0]
print(t.at(-1)); // t[-1]
print(t.at(1, 3)); // t[1, 3]
print(t.at(1).at(3)); // t[1][3]
print(t.at('1:4', ':')); // t[1:4, :]
print(t.at('1:4', ':4:2')); // t[1:4, :4:2]

// Parts of a tensor change by set; .data keeps the change out of the gradient.
const x = torch.tensor(
  [
    [1, 2],
    [3, 4],
  ],
  { dtype: torch.float32, requires_grad: true },
);
x.data.set([1, ':'], torch.tensor([0.0, 0.0]));
print(x);

const cube = torch.arange(27).view(3, 3, 3);
print(cube.at('...', 1)); // a[..., 1]

section('不规则切片: index_select, take, masked_select');
// Marks of four classes: ten pupils each, seven subjects.
[minval, maxval] = [0, 100];
const scores = torch
  .rand([4, 10, 7])
  .mul(maxval - minval)
  .add(minval)
  .floor()
  .int();
print(scores);
const pupils = torch.index_select(scores, { dim: 1, index: torch.tensor([0, 5, 9]) });
print(pupils);
print(torch.index_select(pupils, { dim: 2, index: torch.tensor([1, 3, 6]) }));
// take sees the tensor as one long row.
print(torch.take(scores, torch.tensor([0 * 10 * 7 + 0, 2 * 10 * 7 + 4 * 7 + 1, 3 * 10 * 7 + 9 * 7 + 6])));
print(torch.masked_select(scores, scores.ge(80)));

section('where, index_fill, masked_fill');
print(torch.where(scores.gt(60), torch.tensor(1n), torch.tensor(0n)));
print(torch.index_fill(scores, { dim: 1, index: torch.tensor([0, 5, 9]), value: 100 }));
print(torch.masked_fill(scores, scores.lt(60), 60));

section('维度变换');
torch.manual_seed(0);
[minval, maxval] = [0, 255];
const image = torch
  .rand([1, 3, 3, 2])
  .mul(maxval - minval)
  .add(minval)
  .int();
print(image.shape);
print(image);
const flat = image.view([3, 6]);
print(flat.shape);
print(flat);
print(torch.reshape(flat, [1, 3, 3, 2]));

const row = torch.tensor([[1.0, 2.0]]);
const squeezed = torch.squeeze(row);
print(row);
print(squeezed);
print(row.shape);
print(squeezed.shape);
const unsqueezed = torch.unsqueeze(squeezed, { axis: 0 });
print(squeezed);
print(unsqueezed);
print(squeezed.shape);
print(unsqueezed.shape);

// Batch, height, width, channel → batch, channel, height, width.
const pictures = torch
  .rand([100, 256, 256, 4])
  .mul(maxval - minval)
  .add(minval)
  .floor()
  .int();
print(pictures.shape);
print(torch.transpose(torch.transpose(pictures, 1, 2), 1, 3).shape);
const matrix = torch.tensor([
  [1n, 2n, 3n],
  [4n, 5n, 6n],
]);
print(matrix);
print(matrix.t());

section('合并分割');
const a = torch.tensor([
  [1.0, 2.0],
  [3.0, 4.0],
]);
const b = torch.tensor([
  [5.0, 6.0],
  [7.0, 8.0],
]);
const c = torch.tensor([
  [9.0, 10.0],
  [11.0, 12.0],
]);
const abc_cat = torch.cat([a, b, c], { dim: 0 });
print(abc_cat.shape);
print(abc_cat);
const abc_stack = torch.stack([a, b, c], { axis: 0 }); // dim and axis are one parameter
print(abc_stack.shape);
print(abc_stack);
print(torch.cat([a, b, c], { axis: 1 }));
print(torch.stack([a, b, c], { axis: 1 }));

print(abc_cat);
for (const part of torch.split(abc_cat, { split_size_or_sections: 2, dim: 0 })) print(part);
print(abc_cat);
const [p, q, r] = torch.split(abc_cat, { split_size_or_sections: [4, 1, 1], dim: 0 });
print(p);
print(q);
print(r);
