// Datasets that travel to worker threads.
import * as torch from '../../../src/index.ts';

const { Dataset, IterableDataset, get_worker_info } = torch.utils.data;

/** A row of numbers, noise, and whether a worker loaded it. */
export class Noisy extends Dataset<torch.Tensor[]> {
  readonly rows: torch.Tensor;
  constructor(
    readonly length: number,
    readonly transform: (x: torch.Tensor) => torch.Tensor = identity,
  ) {
    super();
    this.rows = torch.arange(length * 3, { dtype: torch.float32 }).view(length, 3);
  }
  override get(i: number): torch.Tensor[] {
    return [this.transform(this.rows.at(i)), torch.rand([2]), torch.tensor(get_worker_info()?.id ?? -1)];
  }
}
export const identity = (x: torch.Tensor): torch.Tensor => x;
export const double = (x: torch.Tensor): torch.Tensor => x.mul(2);
/** Draws before and after it awaits. */
export class Later extends Dataset<Promise<torch.Tensor[]>> {
  constructor(readonly length: number) {
    super();
  }
  override async get(i: number): Promise<torch.Tensor[]> {
    const before = torch.rand([1]);
    await new Promise((resolve) => setTimeout(resolve, (i * 7) % 5));
    return [torch.tensor(i), before, torch.randn([2])];
  }
}
/** Does what its name says at index 5. */
export class Trouble extends Dataset<number | Promise<number>> {
  override readonly length = 8;
  private throws = 0;
  constructor(readonly what: 'throw' | 'hang' | 'exit' | 'stray') {
    super();
  }
  override get(i: number): number | Promise<number> {
    if (i !== 5) return i;
    if (this.what === 'exit') process.exit(3);
    if (this.what === 'hang') for (;;);
    if (this.what === 'stray') {
      setTimeout(() => {
        throw new Error('nobody waits for this');
      });
      return new Promise(() => {});
    }
    if (this.throws++ === 0) throw new torch.ValueError('no sample here');
    throw Object.assign(new Error('of its own'), { name: 'Strange' });
  }
}
/** Counts up; each worker takes its part. */
export class Count extends IterableDataset<number> {
  constructor(
    readonly n: number,
    readonly sharded = true,
  ) {
    super();
  }
  *[Symbol.iterator](): Generator<number> {
    const info = get_worker_info();
    const [first, step] = info && this.sharded ? [info.id, info.num_workers] : [0, 1];
    for (let i = first; i < this.n; i += step) yield i + 0.5;
  }
}
