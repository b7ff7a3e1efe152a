import type { Script } from './log.ts';

/** The minimum of a parabola by gradient descent. */
export const quadratic: Script = (torch, log) => {
  const { nn } = torch;
  const x = torch.tensor(0.0, { requires_grad: true });
  const a = torch.tensor(1.0);
  const b = torch.tensor(-2.0);
  const c = torch.tensor(1.0);
  const optimizer = new torch.optim.SGD([x], { lr: 0.01 });

  const f = (x: typeof a) => a.mul(torch.pow(x, 2)).add(b.mul(x)).add(c);

  const model = new nn.ParameterDict({ x });
  log.checkpoint('start', model);
  for (let i = 0; i < 500; i++) {
    optimizer.zero_grad();
    const y = f(x);
    y.backward();
    optimizer.step();
    log.log_loss(y);
    log.log_metrics({ x: x.item() });
    if (i === 0) log.checkpoint('step 1', model);
  }
  log.checkpoint('end', model);
  log.log_metrics({ print: ['y=', f(x).data, ';', 'x=', x.data].map(String).join(' ') });
};
