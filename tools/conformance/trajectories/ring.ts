import type { Tensor } from '../../../src/index.ts';
import type { Script } from './log.ts';

/** Two rings told apart by a small network: Adam, a focal loss, L1 and L2 penalties, a data loader. */
export const ring: Script = (torch, log) => {
  const { nn } = torch;
  const F = nn.functional;
  const { TensorDataset, DataLoader, random_split } = torch.utils.data;

  torch.manual_seed(0);
  const [n_positive, n_negative] = [200, 6000];
  const r_p = torch.add(5.0, torch.normal(0.0, 1.0, { size: [n_positive, 1] }));
  const theta_p = torch.mul(2 * Math.PI, torch.rand([n_positive, 1]));
  const Xp = torch.cat([r_p.mul(torch.cos(theta_p)), r_p.mul(torch.sin(theta_p))], { axis: 1 });
  const Yp = torch.ones_like(r_p);
  const r_n = torch.add(8.0, torch.normal(0.0, 1.0, { size: [n_negative, 1] }));
  const theta_n = torch.mul(2 * Math.PI, torch.rand([n_negative, 1]));
  const Xn = torch.cat([r_n.mul(torch.cos(theta_n)), r_n.mul(torch.sin(theta_n))], { axis: 1 });
  const Yn = torch.zeros_like(r_n);
  const X = torch.cat([Xp, Xn], { axis: 0 });
  const Y = torch.cat([Yp, Yn], { axis: 0 });

  const ds = new TensorDataset(X, Y);
  const n_train = Math.trunc(ds.length * 0.7);
  const [ds_train, ds_valid] = random_split(ds, [n_train, ds.length - n_train]);
  const dl_train = new DataLoader(ds_train!, { batch_size: 100, shuffle: true });
  const dl_valid = new DataLoader(ds_valid!, { batch_size: 100 });

  class FocalLoss extends nn.Module {
    constructor(
      readonly gamma = 2.0,
      readonly alpha = 0.75,
    ) {
      super();
    }
    override forward(y_pred: Tensor, y_true: Tensor): Tensor {
      const bce = new nn.BCELoss({ reduction: 'none' })(y_pred, y_true);
      const p_t = y_true.mul(y_pred).add(torch.sub(1, y_true).mul(torch.sub(1, y_pred)));
      const alpha_factor = y_true.mul(this.alpha).add(torch.sub(1, y_true).mul(1 - this.alpha));
      const modulating_factor = torch.pow(torch.sub(1.0, p_t), this.gamma);
      return torch.mean(alpha_factor.mul(modulating_factor).mul(bce));
    }
  }

  class DNNModel extends nn.Module {
    fc1 = new nn.Linear(2, 4);
    fc2 = new nn.Linear(4, 8);
    fc3 = new nn.Linear(8, 1);
    override forward(x: Tensor): Tensor {
      x = F.relu(this.fc1(x));
      x = F.relu(this.fc2(x));
      return new nn.Sigmoid()(this.fc3(x));
    }
  }

  const accuracy = (y_pred: Tensor, y_true: Tensor): Tensor => {
    y_pred = torch.where(y_pred.gt(0.5), torch.ones_like(y_pred), torch.zeros_like(y_pred));
    return torch.mean(torch.sub(1, torch.abs(y_true.sub(y_pred))));
  };
  const L2Loss = (model: DNNModel, alpha: number): Tensor => {
    let l2_loss = torch.tensor(0.0, { requires_grad: true });
    for (const [name, param] of model.named_parameters()) {
      if (!name.includes('bias')) l2_loss = l2_loss.add(torch.mul(0.5 * alpha, torch.sum(torch.pow(param, 2))));
    }
    return l2_loss;
  };
  const L1Loss = (model: DNNModel, beta: number): Tensor => {
    let l1_loss = torch.tensor(0.0, { requires_grad: true });
    for (const [name, param] of model.named_parameters()) {
      if (!name.includes('bias')) l1_loss = l1_loss.add(torch.mul(beta, torch.sum(torch.abs(param))));
    }
    return l1_loss;
  };
  const loss_func = (y_pred: Tensor, y_true: Tensor): Tensor =>
    new FocalLoss()(y_pred, y_true).add(L2Loss(model, 0.001)).add(L1Loss(model, 0.001));

  const model = new DNNModel();
  const optimizer = new torch.optim.Adam(model.parameters(), { lr: 0.01 });
  log.checkpoint('start', model);
  let total = 0;
  for (let epoch = 1; epoch <= 30; epoch++) {
    model.train();
    let [loss_sum, acc_sum, step] = [0.0, 0.0, 0];
    for (const [features, labels] of dl_train as Iterable<[Tensor, Tensor]>) {
      if (total === 0) {
        log.log_tensor('first features', features);
        log.log_tensor('first labels', labels);
      }
      step++;
      total++;
      optimizer.zero_grad();
      const predictions = model(features);
      const loss = loss_func(predictions, labels);
      loss.backward();
      optimizer.step();
      if (total <= 200) log.log_loss(loss);
      if (total === 1) log.checkpoint('step 1', model);
      loss_sum += loss.item();
      acc_sum += accuracy(predictions, labels).item();
    }
    model.eval();
    let [val_loss_sum, val_acc_sum, val_step] = [0.0, 0.0, 0];
    for (const [features, labels] of dl_valid as Iterable<[Tensor, Tensor]>) {
      val_step++;
      torch.no_grad(() => {
        const predictions = model(features);
        val_loss_sum += loss_func(predictions, labels).item();
        val_acc_sum += accuracy(predictions, labels).item();
      });
    }
    log.log_metrics({
      epoch,
      loss: loss_sum / step,
      accuracy: acc_sum / step,
      val_loss: val_loss_sum / val_step,
      val_accuracy: val_acc_sum / val_step,
    });
  }
  log.checkpoint('end', model);
};
