// The notes' program: the dataset's class and an inline function in the main script, with workers. Run as a script by notes.test.ts.
import * as torch from '../../../src/index.ts';
import { Noisy } from './datasets.ts';

const { DataLoader, Dataset, TensorDataset } = torch.utils.data;
console.log('the script begins');
class Mine extends Dataset<[torch.Tensor, number]> {
  override readonly length = 5;
  constructor(readonly target_transform: (t: number) => number) {
    super();
  }
  override get(i: number): [torch.Tensor, number] {
    return [torch.tensor([i]), this.target_transform(i)];
  }
}
torch.manual_seed(0);
for (let epoch = 0; epoch < 2; epoch++) {
  for (const [x, y] of new DataLoader(new Mine((t) => t + 0.5), { batch_size: 5, shuffle: true, num_workers: 3 })) {
    console.log(JSON.stringify([x.tolist(), y.tolist()]));
  }
}
for (const [x] of new DataLoader(new Noisy(2, (t) => t.add(1)), { batch_size: 2, num_workers: 2 }))
  console.log(JSON.stringify(x!.tolist()));
const ds = new TensorDataset(torch.arange(1, 50));
for await (const [batch] of new DataLoader(ds, { batch_size: 10, shuffle: true, num_workers: 2, drop_last: true })) {
  console.log(batch!.shape.join(), batch!.is_shared());
}
