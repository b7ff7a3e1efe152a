// 类型转换: arrays, tensors and Variable; images and rows of objects. Run: npx tsx examples/notes/10-conversions.ts
import * as torch from 'flambeau';
import type { Tensor } from 'flambeau';
import * as plt from 'flambeau/plot';
import { Image, transforms } from 'flambeau/vision';
import ndarray from 'ndarray';
import { digitImages } from './digit-images.ts';

const { print } = torch;
const { Variable } = torch.autograd;
const section = (name: string): void => print(`\n--- ${name} ---`);

section('numpy 矩阵和 Tensor 张量的互换');
{
  // An array of the npm package ndarray: data, shape, stride and offset, as numpy's. The memory is shared, not copied.
  const sub_img = ndarray(Float32Array.from([1, 2, 3, 4, 5, 6]), [2, 3]);
  const sub_ts = torch.from_numpy(sub_img);
  print(sub_ts);
  sub_ts.set([0, 0], 10);
  print(sub_img.get(0, 0));

  // And back. Slices and transposes are shared as well.
  const sub_np1 = sub_ts.t().numpy();
  print(sub_np1.shape, sub_np1.stride, sub_np1.dtype);
  const back = ndarray(sub_np1.data as Float32Array, [...sub_np1.shape], [...sub_np1.stride], sub_np1.offset);
  print(back.get(2, 1));
}

section('类型化数组和列表');
{
  const typed = new Float64Array([1.5, 2.5]);
  print(torch.from_numpy(typed)); // shares the memory
  print(torch.tensor(typed)); // copies it
  print(torch.tensor([1, 2, 3]).tolist());
  print(torch.arange(3).float().numpy().data.constructor.name);
}

section('numpy 矩阵和 Variable 互换');
{
  const sub_img = new Float32Array([1, 2, 3]);
  const sub_va = Variable(torch.from_numpy(sub_img));
  const sub_np2 = sub_va.data.cpu().numpy();
  print(sub_va, [...(sub_np2.data as Float32Array)]);
}

section('Tensor 张量和 Variable 互换');
{
  /** A tensor whose gradient is wanted. */
  const tensor2var = (t: Tensor): Tensor => Variable(t, { requires_grad: true });
  const sub_va = tensor2var(torch.tensor([1.0, 2.0]));
  print(sub_va, sub_va instanceof Variable);
  print(sub_va.data);
}

section('图片文件');
{
  const path = `${digitImages().train}/0_zero/0.png`;
  const img = plt.imread(path); // mpimg.imread: height, width, channels, from 0 to 1
  print(img.shape, img.dtype);
  const t = torch.from_numpy(img).permute(2, 0, 1);
  print(t.shape);
  // ToTensor gives the same of a picture.
  print(torch.equal(new transforms.ToTensor()(Image.open(path)), t));
}

section('对象列表 (DataFrame)');
{
  const rows = [
    { length: 5.1, width: 3.5, species: 0 },
    { length: 7.0, width: 3.2, species: 1 },
    { length: 6.3, width: 3.3, species: 2 },
  ];
  const features = torch.tensor(rows.map(({ length, width }) => [length, width]));
  const labels = torch.tensor(rows.map(({ species }) => species)).long();
  print(features);
  print(labels);
}
