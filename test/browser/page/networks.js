// Two small trainings on made data, written once for the page and for Node.js.

/** The notes' network 2-4-8-1 on two rings of points. */
export function rings(torch) {
  const { nn } = torch;
  const F = nn.functional;
  torch.manual_seed(5);
  const ring = (n, radius) => {
    const r = torch
      .normal(0, 1, { size: [n, 1] })
      .mul(0.4)
      .add(radius);
    const theta = torch.rand([n, 1]).mul(2 * Math.PI);
    return torch.cat([r.mul(torch.cos(theta)), r.mul(torch.sin(theta))], 1);
  };
  const n = 400;
  const x = torch.cat([ring(n, 5), ring(n, 8)], 0);
  const y = torch.cat([torch.ones([n, 1]), torch.zeros([n, 1])], 0);
  class Net extends nn.Module {
    fc1 = new nn.Linear(2, 4);
    fc2 = new nn.Linear(4, 8);
    fc3 = new nn.Linear(8, 1);
    forward(x) {
      return torch.sigmoid(this.fc3(F.relu(this.fc2(F.relu(this.fc1(x))))));
    }
  }
  const net = new Net();
  const loss_fn = new nn.BCELoss();
  const optimizer = new torch.optim.Adam(net.parameters(), { lr: 0.03 });
  const losses = train(150, optimizer, () => loss_fn(net(x), y));
  const accuracy = torch.no_grad(() => net(x).gt(0.5).to(torch.float32).eq(y).to(torch.float32).mean().item());
  return { losses, accuracy };
}

/** A small convolutional network that tells horizontal from vertical stripes. */
export function stripes(torch) {
  const { nn } = torch;
  torch.manual_seed(6);
  const n = 64;
  const phase = torch.arange(12).remainder(3).eq(0).to(torch.float32);
  const y = torch.randint(0, 2, [n]);
  const across = phase.reshape([1, 1, 1, 12]).expand([n, 1, 12, 12]);
  const kind = y.to(torch.float32).reshape([n, 1, 1, 1]);
  const x = across
    .mul(kind)
    .add(across.transpose(2, 3).mul(kind.neg().add(1)))
    .add(torch.randn([n, 1, 12, 12]).mul(0.3));
  const net = new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(8, 16, 3),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(16 * 4 * 4, 2),
  );
  const loss_fn = new nn.CrossEntropyLoss();
  const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  const losses = train(12, optimizer, () => loss_fn(net(x), y));
  const accuracy = torch.no_grad(() => net(x).argmax(1).eq(y).to(torch.float32).mean().item());
  return { losses, accuracy };
}

function train(steps, optimizer, loss_of) {
  const losses = [];
  for (let i = 0; i < steps; i++) {
    optimizer.zero_grad();
    const loss = loss_of();
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }
  return losses;
}
