// What a training script writes down, as the scripts' four helpers do in Python.
import type * as flambeau from '../../../src/index.ts';

export type Torch = typeof flambeau;
type Tensor = flambeau.Tensor;
type Module = flambeau.nn.Module;

/** The sum and the sum of absolute values of each parameter and buffer, in float64. */
export type Checkpoint = Record<string, [number, number]>;

export class TrainingLog {
  /** `perturb` moves the initial parameters by one part in 2²³, as the generator does to measure how far rounding carries a run. */
  constructor(
    private readonly torch: Torch,
    private readonly perturb = false,
  ) {}
  readonly losses: number[] = [];
  readonly metrics: Record<string, unknown>[] = [];
  readonly checkpoints: Record<string, Checkpoint> = {};
  readonly tensors: Record<string, Tensor> = {};

  log_loss(loss: Tensor): void {
    this.losses.push(loss.item());
  }
  log_metrics(metrics: Record<string, unknown>): void {
    this.metrics.push(metrics);
  }
  log_tensor(name: string, tensor: Tensor): void {
    this.tensors[name] = tensor.detach().clone();
  }
  checkpoint(name: string, model: Module): void {
    const sums: Checkpoint = {};
    for (const [key, value] of [...model.named_parameters(), ...model.named_buffers()]) {
      const wide = value.detach().double();
      sums[key] = [wide.sum().item(), wide.abs().sum().item()];
    }
    this.checkpoints[name] = sums;
    if (this.perturb && name === 'start') this.move(model);
    if (this.perturb && name === 'step 1') throw new Enough();
  }
  private move(model: Module): void {
    this.torch.no_grad(() => {
      for (const [i, p] of [...model.parameters()].entries()) p.mul_(1 + (i % 2 ? 2 ** -23 : -(2 ** -23)));
    });
  }
}
/** A perturbed run has seen its first step. */
export class Enough extends Error {}

/** A training script; it writes what it does into `log`. */
export type Script = (torch: Torch, log: TrainingLog) => void;
