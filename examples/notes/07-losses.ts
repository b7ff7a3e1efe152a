// 损失函数: built-in losses, focal loss, GHM loss, L1 and L2 on two rings, with plots. Run: npx tsx examples/notes/07-losses.ts
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';
import { Model } from 'flambeau/keras';
import * as plt from 'flambeau/plot';
import { DataLoader, random_split, TensorDataset } from 'flambeau/utils/data';
import { FocalLoss, GHMCLoss, L1Loss, L2Loss } from './losses.ts';
import { out } from './out.ts';

const { print } = torch;
const F = nn.functional;
const section = (name: string): void => print(`\n--- ${name} ---`);

section('内置损失函数');
{
  const y_pred = torch.tensor([
    [10.0, 0.0, -10.0],
    [8.0, 8.0, 8.0],
  ]);
  const y_true = torch.tensor([0, 2]);
  print(new nn.CrossEntropyLoss()(y_pred, y_true));
  // The same as LogSoftmax followed by NLLLoss.
  print(new nn.NLLLoss()(new nn.LogSoftmax({ dim: 1 })(y_pred), y_true));
}

section('自定义损失函数: FocalLoss');
{
  const [y_pred_hard, y_true_hard] = [torch.tensor([[0.5], [0.5]]), torch.tensor([[1.0], [0.0]])];
  const [y_pred_easy, y_true_easy] = [torch.tensor([[0.9], [0.1]]), torch.tensor([[1.0], [0.0]])];
  const focal_loss = new FocalLoss();
  const bce_loss = new nn.BCELoss();
  print('focal_loss(hard samples):', focal_loss(y_pred_hard, y_true_hard));
  print('bce_loss(hard samples):', bce_loss(y_pred_hard, y_true_hard));
  print('focal_loss(easy samples):', focal_loss(y_pred_easy, y_true_easy));
  print('bce_loss(easy samples):', bce_loss(y_pred_easy, y_true_easy));
}

section('自定义损失函数: GHM');
{
  // Nine hundred easy samples, twenty hard ones, and a crowd of eighty whose label is wrong.
  const logits = torch.cat([torch.full([900], 4.0), torch.linspace(-1.5, 1.5, 20), torch.full([80], -6.0)]).requires_grad_();
  const y_true = torch.ones(1000);
  const share = (grad: Tensor, from: number, to: number): string =>
    grad.abs().at(`${from}:${to}`).sum().div(grad.abs().sum()).item().toFixed(4);
  for (const [name, loss] of [
    ['bce', F.binary_cross_entropy_with_logits(logits, y_true)],
    ['ghm', new GHMCLoss()(logits, y_true)],
  ] as const) {
    const [grad] = torch.autograd.grad(loss, logits);
    print(`${name}: easy ${share(grad!, 0, 900)}, hard ${share(grad!, 900, 920)}, wrong ${share(grad!, 920, 1000)} of the gradient`);
  }
}

section('准备数据: 正样本小圆环, 负样本大圆环');
torch.manual_seed(0);
const [n_positive, n_negative] = [200, 6000];
/** Points around a circle of a radius, with a normal deviation of 1. */
function ring(radius: number, n: number): Tensor {
  const r = torch.normal(0.0, 1.0, { size: [n, 1] }).add(radius);
  const theta = torch.rand([n, 1]).mul(2 * Math.PI);
  return torch.cat([r.mul(torch.cos(theta)), r.mul(torch.sin(theta))], { axis: 1 });
}
const Xp = ring(5.0, n_positive);
const Xn = ring(8.0, n_negative);
const X = torch.cat([Xp, Xn], { axis: 0 });
const Y = torch.cat([torch.ones(n_positive, 1), torch.zeros(n_negative, 1)], { axis: 0 });

plt.figure({ figsize: [6, 6] });
plt.scatter(Xp.at(':', 0), Xp.at(':', 1), { c: 'r' });
plt.scatter(Xn.at(':', 0), Xn.at(':', 1), { c: 'g' });
plt.legend(['positive', 'negative']);
await plt.savefig(out('rings.png'));

const ds = new TensorDataset(X, Y);
const n_train = Math.trunc(ds.length * 0.7);
const [ds_train, ds_valid] = random_split(ds, [n_train, ds.length - n_train]);
const dl_train = new DataLoader(ds_train!, { batch_size: 100, shuffle: true });
const dl_valid = new DataLoader(ds_valid!, { batch_size: 100 });

section('定义模型');
class DNNModel extends Model {
  static override readonly __name__ = 'DNNModel';
  fc1 = new nn.Linear(2, 4);
  fc2 = new nn.Linear(4, 8);
  fc3 = new nn.Linear(8, 1);
  override forward(x: Tensor): Tensor {
    x = F.relu(this.fc1(x));
    x = F.relu(this.fc2(x));
    return new nn.Sigmoid()(this.fc3(x));
  }
}
const model = new DNNModel();
model.summary({ input_shape: [2] });

section('训练模型');
/** 准确率 */
function accuracy(y_pred: Tensor, y_true: Tensor): Tensor {
  const chosen = torch.where(y_pred.gt(0.5), torch.ones_like(y_pred), torch.zeros_like(y_pred));
  return torch.mean(torch.sub(1, torch.abs(y_true.sub(chosen))));
}
/** 将L2正则和L1正则添加到FocalLoss损失，一起作为目标函数 */
const focal_loss_with_regularization = (y_pred: Tensor, y_true: Tensor): Tensor =>
  new FocalLoss()(y_pred, y_true).add(L2Loss(model, 0.001)).add(L1Loss(model, 0.001));

model.compile({
  loss_func: focal_loss_with_regularization,
  optimizer: new torch.optim.Adam(model.parameters(), { lr: 0.01 }),
  metrics_dict: { accuracy },
});
const dfhistory = await model.fit(30, { dl_train, dl_val: dl_valid, log_step_freq: 30 });

section('结果可视化');
// Most samples are negative, so that accuracy alone says little: the share of the positive ones that are found says more.
const positive = torch.no_grad(() => torch.squeeze(model.forward(X).ge(0.5)));
print(`recall of the positive class: ${(positive.at(`:${n_positive}`).sum().item() / n_positive).toFixed(4)}`);

const [fig, [ax1, ax2]] = plt.subplots({ nrows: 1, ncols: 2, figsize: [12, 5] });
ax1!.scatter(Xp.at(':', 0), Xp.at(':', 1), { c: 'r' });
ax1!.scatter(Xn.at(':', 0), Xn.at(':', 1), { c: 'g' });
ax1!.legend(['positive', 'negative']);
ax1!.set_title('y_true');

const Xp_pred = X.at(positive);
const Xn_pred = X.at(positive.logical_not());
ax2!.scatter(Xp_pred.at(':', 0), Xp_pred.at(':', 1), { c: 'r' });
ax2!.scatter(Xn_pred.at(':', 0), Xn_pred.at(':', 1), { c: 'g' });
ax2!.legend(['positive', 'negative']);
ax2!.set_title('y_pred');
await fig.savefig(out('rings-predicted.png'));

const epochs = dfhistory.column('epoch') as number[];
plt.figure();
plt.plot(epochs, dfhistory.column('loss') as number[], 'o-', { label: 'loss', markersize: 3 });
plt.plot(epochs, dfhistory.column('val_loss') as number[], 'o-', { label: 'val_loss', markersize: 3 });
plt.xlabel('epoch');
plt.legend();
plt.grid();
await plt.savefig(out('rings-loss.png'));
