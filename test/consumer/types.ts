// What the types promise to a strict program: it compiles, and each line under @ts-expect-error does not. It is only compiled.
import * as torch from 'flambeau';
import { nn, optim, type Tensor } from 'flambeau';
import { grad, vmap } from 'flambeau/func';
import * as linalg from 'flambeau/linalg';
import { Linear } from 'flambeau/nn';
import * as F from 'flambeau/nn/functional';
import { StepLR } from 'flambeau/optim/lr_scheduler';
import { DataLoader, Dataset, TensorDataset } from 'flambeau/utils/data';

/** Compiles where the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <_A, _B>(_: Same<_A, _B>): void => {};

// Numbers out of tensors.
const x = torch.randn([4, 3]);
let total = 0;
total += x.sum().item();
const plain = x.sum().item();
same<typeof plain, number>(true);
const big: bigint = torch.tensor(2n).item<bigint>();
const flag: boolean = x.isnan().any().item<boolean>();
// @ts-expect-error item() gives no string
const wrong: string = x.item();

// Operators: positions, names, results of several parts.
same<ReturnType<typeof x.add>, Tensor>(true);
const { values, indices } = torch.max(x, 1);
const [first, second] = x.max(1);
const sum: Tensor = torch.sum(x, { dim: 1, keepdim: true });
// @ts-expect-error a tensor is no string
x.add('1');
// @ts-expect-error there is no such keyword
torch.sum(x, { dimension: 1 });
// @ts-expect-error there is no such operator
x.ad(x);
// @ts-expect-error a dtype is no string
torch.zeros([2], { dtype: 'float32' });

// Modules are called with what their forward takes, and give what it gives.
class Net extends nn.Module {
  readonly fc1 = new nn.Linear(3, 8);
  readonly fc2 = new Linear({ in_features: 8, out_features: 2 });
  forward(input: Tensor, scale = 1): [output: Tensor, hidden: Tensor] {
    const hidden = this.fc1(input).relu().mul(scale);
    return [this.fc2(hidden), hidden];
  }
}
const net = new Net();
const [y, hidden] = net(x, 2);
same<typeof y, Tensor>(true);
same<ReturnType<typeof net.fc1.forward>, Tensor>(true);
// @ts-expect-error the scale is a number
net(x, '2');
// @ts-expect-error a module wants its input
net();
// @ts-expect-error the number of features is a number
new nn.Linear('3', 8);
// @ts-expect-error forward gives a pair
const single: Tensor = net(x);

// A training step.
const optimizer = new optim.Adam(net.parameters(), { lr: 1e-3, betas: [0.9, 0.99] });
const scheduler = new StepLR(optimizer, { step_size: 10 });
const loss = F.cross_entropy(y, torch.zeros([4], { dtype: torch.int64 }));
optimizer.zero_grad();
loss.backward();
optimizer.step();
scheduler.step();
const gradient: Tensor | null = net.fc1.weight.grad;
// @ts-expect-error there may be no gradient yet
net.fc1.weight.grad.norm();
// @ts-expect-error a learning rate is a number
new optim.SGD(net.parameters(), { lr: 'fast' });

// Data.
class Squares extends Dataset<[Tensor, Tensor]> {
  override get length(): number {
    return 10;
  }
  override get(index: number): [Tensor, Tensor] {
    return [torch.tensor(index), torch.tensor(index ** 2)];
  }
}
for (const [input, target] of new DataLoader(new Squares(), { batch_size: 2, shuffle: true })) {
  same<typeof input, Tensor>(true);
  total += target.sum().item();
}
for (const batch of new DataLoader(new TensorDataset(x, y))) total += batch.length;

// Modes and transforms.
const answer: number = torch.no_grad(() => 42);
const slope = grad((t: Tensor) => t.square().sum())(x);
const rows = vmap((row: Tensor) => row.sum())(x);
const { L, info } = linalg.cholesky_ex(torch.eye(3));

export { answer, big, first, flag, gradient, hidden, indices, info, L, rows, second, single, slope, sum, total, values, wrong };
