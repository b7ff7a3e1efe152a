// 通过优化器实现 L2 正则化: options for each group of parameters. Run: npx tsx examples/notes/08-optimizer-options.ts
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';
import { L2Loss } from './losses.ts';

const { print } = torch;
const F = nn.functional;
const section = (name: string): void => print(`\n--- ${name} ---`);

class DNNModel extends nn.Module {
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
/** The parameters of a network whose names do, or do not, contain 'bias'. */
const named = (model: nn.Module, bias: boolean): Tensor[] =>
  [...model.named_parameters()].flatMap(([name, param]) => (name.includes('bias') === bias ? [param] : []));

section('Per-parameter options');
const model = new DNNModel();
const optimizer = new torch.optim.SGD(
  [
    { params: named(model, false), weight_decay: 1e-5 },
    { params: named(model, true), weight_decay: 0 },
  ],
  { lr: 1e-2, momentum: 0.9 },
);
print(optimizer);

section('weight_decay 与 L2 正则化等价');
// w − lr · (dloss/dw + β·w): the optimizer's weight decay, and the gradient of the penalty β/2 · Σ w², take the same steps.
const beta = 0.1;
const X = torch.randn(64, 2);
const Y = torch.rand(64, 1).round();
function trained(decay: number, penalty: number): Tensor[] {
  torch.manual_seed(0);
  const net = new DNNModel();
  const groups = [
    { params: named(net, false), weight_decay: decay },
    { params: named(net, true), weight_decay: 0 },
  ];
  const sgd = new torch.optim.SGD(groups, { lr: 1e-2, momentum: 0.9 });
  for (let step = 0; step < 20; step++) {
    sgd.zero_grad();
    F.binary_cross_entropy(net(X), Y).add(L2Loss(net, penalty)).backward();
    sgd.step();
  }
  return [...net.parameters()];
}
const penalised = trained(0, beta);
print(trained(beta, 0).every((w, i) => torch.allclose(w, penalised[i]!, { atol: 1e-6 })));

section('每一组参数的学习率');
// A group has its own learning rate, and a scheduler changes each from where it began.
const adam = new torch.optim.Adam(
  [{ params: model.fc1.parameters(), lr: 1e-4 }, { params: model.fc2.parameters() }, { params: model.fc3.parameters(), lr: 1e-2 }],
  {
    lr: 1e-3,
  },
);
const scheduler = new torch.optim.lr_scheduler.StepLR(adam, { step_size: 2, gamma: 0.1 });
for (let epoch = 0; epoch < 4; epoch++) {
  print(
    `epoch ${epoch}:`,
    adam.param_groups.map((group) => Number(Number(group.lr).toPrecision(3))),
  );
  adam.step();
  scheduler.step();
}
