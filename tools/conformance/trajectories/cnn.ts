import type { Script } from './log.ts';

/** Small images classified by a convolutional network: batch norm, both dropouts, SGD with momentum, a step schedule. */
export const cnn: Script = (torch, log) => {
  const { nn } = torch;
  const F = nn.functional;

  torch.manual_seed(1);
  const images = torch.rand(160, 3, 16, 16);
  const upper = images.at(':', 0, ':8').mean([1, 2]);
  const lower = images.at(':', 1, '8:').mean([1, 2]);
  const labels = upper
    .gt(lower)
    .long()
    .add(images.at(':', 2).mean([1, 2]).gt(0.5).long());

  // biome-ignore format: a layer group a line, as in the source
  const model = new nn.Sequential(
    new nn.Conv2d(3, 8, 3, { padding: 1 }), new nn.BatchNorm2d(8), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Dropout2d(0.1),
    new nn.Conv2d(8, 16, 3), new nn.BatchNorm2d(16), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Dropout(0.25),
    new nn.Flatten(), new nn.Linear(144, 3),
  );
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9, nesterov: true, weight_decay: 5e-4 });
  const scheduler = new torch.optim.lr_scheduler.StepLR(optimizer, { step_size: 20, gamma: 0.5 });
  log.checkpoint('start', model);
  for (let step = 0; step < 60; step++) {
    const index = torch.randperm(160).at(':32');
    const [x, y] = [images.at(index), labels.at(index)];
    if (step === 0) {
      log.log_tensor('first x', x);
      log.log_tensor('first y', y);
    }
    optimizer.zero_grad();
    const loss = F.cross_entropy(model(x), y);
    loss.backward();
    optimizer.step();
    scheduler.step();
    log.log_loss(loss);
    if (step === 0) log.checkpoint('step 1', model);
  }
  log.checkpoint('end', model);
  model.eval();
  const logits = torch.no_grad(() => model(images));
  log.log_metrics({ accuracy: logits.argmax(1).eq(labels).float().mean().item(), lr: scheduler.get_last_lr()[0] });
  log.log_tensor('eval logits', logits);
};
