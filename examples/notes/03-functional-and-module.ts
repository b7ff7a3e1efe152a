// nn.functional 和 nn.Module: what manages parameters and submodules. Run: npx tsx examples/notes/03-functional-and-module.ts
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';
import { summary } from 'flambeau/keras';

const { print } = torch;
const F = nn.functional;
const section = (name: string): void => print(`\n--- ${name} ---`);

section('使用 nn.Module 管理参数');
torch.manual_seed(0);
const w = new nn.Parameter(torch.randn(2, 2));
print(w);
print(w.requires_grad);

const params_list = new nn.ParameterList([1, 2].map((i) => new nn.Parameter(torch.rand(8, i))));
print(params_list);
print(params_list.at(0)!.requires_grad);

const params_dict = new nn.ParameterDict({ a: new nn.Parameter(torch.rand(2, 2)), b: new nn.Parameter(torch.zeros(2)) });
print(params_dict);
print(params_dict.get('a')!.requires_grad);

// A module finds the parameters of everything that is assigned to it.
class Holder extends nn.Module {
  w = w;
  params_list = params_list;
  params_dict = params_dict;
  override forward(x: Tensor): Tensor {
    return x.matmul(this.w);
  }
}
let num_param = 0;
for (const param of new Holder().parameters()) {
  print(param, '\n');
  num_param++;
}
print('number of Parameters =', num_param);

/** nn.Linear in short: parameters are made by the constructor, forward calls the function of nn.functional. */
class Linear extends nn.Module {
  readonly weight: nn.Parameter;
  readonly bias: nn.Parameter | null;
  constructor(in_features: number, out_features: number, { bias = true } = {}) {
    super();
    this.weight = new nn.Parameter(torch.randn(out_features, in_features));
    this.bias = bias ? new nn.Parameter(torch.zeros(out_features)) : null;
  }
  override forward(input: Tensor): Tensor {
    return F.linear(input, this.weight, this.bias);
  }
}
print(new Linear(3, 2)(torch.ones(4, 3)).shape);

section('使用 nn.Module 管理子模块');
class Net extends nn.Module {
  static override readonly __name__ = 'Net';
  embedding = new nn.Embedding({ num_embeddings: 10000, embedding_dim: 3, padding_idx: 1 });
  conv = new nn.Sequential();
  dense = new nn.Sequential();
  constructor() {
    super();
    this.conv.add_module('conv_1', new nn.Conv1d({ in_channels: 3, out_channels: 16, kernel_size: 5 }));
    this.conv.add_module('pool_1', new nn.MaxPool1d({ kernel_size: 2 }));
    this.conv.add_module('relu_1', new nn.ReLU());
    this.conv.add_module('conv_2', new nn.Conv1d({ in_channels: 16, out_channels: 128, kernel_size: 2 }));
    this.conv.add_module('pool_2', new nn.MaxPool1d({ kernel_size: 2 }));
    this.conv.add_module('relu_2', new nn.ReLU());

    this.dense.add_module('flatten', new nn.Flatten());
    this.dense.add_module('linear', new nn.Linear(6144, 1));
    this.dense.add_module('sigmoid', new nn.Sigmoid());
  }
  override forward(x: Tensor): Tensor {
    return this.dense(this.conv(this.embedding(x).transpose(1, 2)));
  }
}
const net = new Net();

section('children()');
let i = 0;
for (const child of net.children()) {
  i++;
  print(child, '\n');
}
print('child number', i);

section('named_children()');
i = 0;
for (const [name, child] of net.named_children()) {
  i++;
  print(name, ':', child, '\n');
}
print('child number', i);

section('modules()');
i = 0;
for (const module of net.modules()) {
  i++;
  print(module);
}
print('module number:', i);

section('冻结 embedding 层');
const children_dict = Object.fromEntries(net.named_children());
print(children_dict);
children_dict.embedding!.requires_grad_(false);
for (const param of children_dict.embedding!.parameters()) {
  print(param.requires_grad);
  print(param.numel());
}
summary(net, { input_shape: [200], input_dtype: torch.LongTensor });
