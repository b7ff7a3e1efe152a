// TensorBoard 可视化: graph, scalars, histograms, images, a figure. Run: npx tsx examples/notes/09-tensorboard.ts
// Then look: npx flambeau board --logdir examples/notes/out/tensorboard
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';
import { summary } from 'flambeau/keras';
import * as plt from 'flambeau/plot';
import { DataLoader } from 'flambeau/utils/data';
import { SummaryWriter } from 'flambeau/utils/tensorboard';
import { datasets, transforms, utils } from 'flambeau/vision';
import { as_float, digitImages } from './digit-images.ts';
import { out } from './out.ts';

const { print } = torch;
const section = (name: string): void => print(`\n--- ${name} ---`);
const logdir = out('tensorboard');

section('可视化模型结构');
class Net extends nn.Module {
  static override readonly __name__ = 'Net';
  conv1 = new nn.Conv2d({ in_channels: 3, out_channels: 32, kernel_size: 3 });
  pool = new nn.MaxPool2d({ kernel_size: 2, stride: 2 });
  conv2 = new nn.Conv2d({ in_channels: 32, out_channels: 64, kernel_size: 5 });
  dropout = new nn.Dropout2d({ p: 0.1 });
  adaptive_pool = new nn.AdaptiveMaxPool2d([1, 1]);
  flatten = new nn.Flatten();
  linear1 = new nn.Linear(64, 32);
  relu = new nn.ReLU();
  linear2 = new nn.Linear(32, 1);
  sigmoid = new nn.Sigmoid();
  override forward(x: Tensor): Tensor {
    x = this.conv1(x);
    x = this.pool(x);
    x = this.conv2(x);
    x = this.pool(x);
    x = this.dropout(x);
    x = this.adaptive_pool(x);
    x = this.flatten(x);
    x = this.linear1(x);
    x = this.relu(x);
    x = this.linear2(x);
    return this.sigmoid(x);
  }
}
{
  const net = new Net();
  print(net);
  summary(net, { input_shape: [3, 32, 32] });
  const writer = new SummaryWriter(logdir);
  writer.add_graph(net, { input_to_model: torch.rand(1, 3, 32, 32) });
  writer.close();
}

section('可视化指标变化');
{
  // f(x) = a*x**2 + b*x + c的最小值
  const x = torch.tensor(0.0, { requires_grad: true });
  const [a, b, c] = [torch.tensor(1.0), torch.tensor(-2.0), torch.tensor(1.0)];
  const optimizer = new torch.optim.SGD([x], { lr: 0.01 });
  const f = (x: Tensor): Tensor => a.mul(torch.pow(x, 2)).add(b.mul(x)).add(c);

  const writer = new SummaryWriter(logdir);
  for (let i = 0; i < 500; i++) {
    optimizer.zero_grad();
    const y = f(x);
    y.backward();
    optimizer.step();
    writer.add_scalar('x', x.item(), i);
    writer.add_scalar('y', y.item(), i);
  }
  writer.close();
  print('y=', f(x).data, ';', 'x=', x.data);
}

section('可视化参数分布');
{
  /** 创建正态分布的张量模拟参数矩阵 */
  const norm = (mean: number, std: number): Tensor => torch.randn([100, 20]).mul(std).add(mean);
  const writer = new SummaryWriter(logdir);
  for (let step = 0; step < 20; step++) {
    writer.add_histogram('w', norm(step - 10, 1), step);
    writer.flush();
  }
  writer.close();
}

section('可视化原始图像');
const folders = digitImages();
const ds_train = new datasets.ImageFolder(folders.train, { transform: new transforms.ToTensor(), target_transform: as_float });
print(ds_train.class_to_idx);
{
  const dl_train = new DataLoader(ds_train, { batch_size: 50, shuffle: true });
  const [images] = dl_train[Symbol.iterator]().next().value as [Tensor, Tensor];
  const writer = new SummaryWriter(logdir);
  // 仅查看一张图片
  writer.add_image('images[0]', images.at(0));
  // 将多张图片拼接成一张图片，中间用黑色网格分割
  writer.add_image('image_grid', utils.make_grid(images));
  // 将多张图片直接写入
  writer.add_images('images', images, { global_step: 0 });
  writer.close();
}

section('可视化人工绘图');
{
  const figure = plt.figure({ figsize: [8, 8] });
  for (let i = 0; i < 9; i++) {
    // Every 35th picture, so that both classes are seen.
    const [img, label] = ds_train.get(i * 35) as [Tensor, Tensor];
    const ax = plt.subplot(3, 3, i + 1);
    ax.imshow(img.permute(1, 2, 0).numpy());
    ax.set_title(`label = ${label.item()}`);
    ax.set_xticks([]);
    ax.set_yticks([]);
  }
  await figure.savefig(out('figure.png'));
  const writer = new SummaryWriter(logdir);
  await writer.add_figure('figure', figure, { global_step: 0 });
  writer.close();
}
print(`npx flambeau board --logdir ${logdir}`);
