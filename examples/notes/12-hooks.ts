// PyTorch中的钩子（Hook）: features of a layer, gradients, Grad-CAM. Run: npx tsx examples/notes/12-hooks.ts [steps of training]
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';
import * as plt from 'flambeau/plot';
import { DataLoader } from 'flambeau/utils/data';
import { digits, normalized } from '../mnist/digits.ts';
import { out } from './out.ts';

const { print } = torch;
const F = nn.functional;
const section = (name: string): void => print(`\n--- ${name} ---`);
const steps = Number(process.argv[2] ?? 400);

section('张量的钩子: register_hook');
{
  const x = torch.tensor([1.0, 2.0, 3.0], { requires_grad: true });
  const y = x.mul(2);
  // The gradient of a tensor that is no leaf is not kept: a hook sees it.
  const handle = y.register_hook((grad) => print('dz/dy =', grad));
  y.square().sum().backward({ retain_graph: true });
  print('dz/dx =', x.grad);
  handle.remove();

  // What a hook returns takes the gradient's place.
  x.grad = null;
  y.register_hook((grad) => grad.mul(0.5));
  y.square().sum().backward();
  print('dz/dx =', x.grad);
}

/** A small network for the digits; its last features are 7 by 7. */
class Net extends nn.Module {
  static override readonly __name__ = 'Net';
  features = new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(32, 64, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(64),
    new nn.ReLU(),
  );
  classifier = new nn.Sequential(new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(64, 10));
  override forward(x: Tensor): Tensor {
    return this.classifier(this.features(x));
  }
}
torch.manual_seed(0);
const net = new Net();
const optimizer = new torch.optim.Adam(net.parameters(), { lr: 2e-3 });
const batches = new DataLoader(digits('train'), { batch_size: 64, shuffle: true });
let step = 0;
for (const [images, labels] of batches) {
  if (step++ === steps) break;
  optimizer.zero_grad();
  F.cross_entropy(net(normalized(images)), labels).backward();
  optimizer.step();
}
net.eval();
const [test, labels] = digits('t10k').tensors as [Tensor, Tensor];
const right = torch.no_grad(() =>
  net(normalized(test.at(':1000')))
    .argmax(1)
    .eq(labels.at(':1000'))
    .sum()
    .item(),
);
print(`\n${steps} steps of training: ${right} of 1000 digits right`);

section('前向钩子: 一层的特征');
const image = normalized(test.at('18:19'));
{
  const shapes: string[] = [];
  const handles = [...net.features.named_children()].map(([name, layer]) =>
    layer.register_forward_hook((module, _inputs, output) => {
      shapes.push(`${name} ${module.constructor.name}: ${(output as Tensor).shape}`);
    }),
  );
  const seen: Tensor[] = [];
  handles.push(
    net.features.at(2).register_forward_hook((_module, _inputs, output) => {
      seen.push(output as Tensor);
    }),
  );
  torch.no_grad(() => net(image));
  for (const handle of handles) handle.remove();
  for (const line of shapes) print(line);

  const fig = plt.figure({ figsize: [8, 8] });
  for (let i = 0; i < 16; i++) {
    const ax = plt.subplot(4, 4, i + 1);
    ax.imshow(seen[0]!.at(0, i));
    ax.axis('off');
  }
  fig.suptitle('features after the first convolution');
  await fig.savefig(out('features.png'));
}

section('反向钩子: 梯度');
{
  const handle = net.classifier.register_full_backward_hook((_module, grad_input, grad_output) => {
    print('grad_output:', (grad_output[0] as Tensor).shape, 'grad_input:', (grad_input[0] as Tensor).shape);
  });
  F.cross_entropy(net(image.clone().requires_grad_()), labels.at('18:19')).backward();
  handle.remove();
}

section('Grad-CAM');
/** Where a network looks when it names a class: the features weighted by the mean gradient of the class's score. */
function gradCAM(images: Tensor, target: number | null = null): { heat: Tensor; target: number } {
  const seen: { features?: Tensor; gradient?: Tensor } = {};
  const handle = net.features.register_forward_hook((_module, _inputs, output) => {
    seen.features = output as Tensor;
    seen.features.register_hook((grad) => {
      seen.gradient = grad;
    });
  });
  const scores = net(images);
  handle.remove();
  const chosen = target ?? scores.argmax(1).item();
  scores.at(0, chosen).backward();
  const weights = seen.gradient!.mean([2, 3], true);
  const cam = seen.features!.detach().mul(weights).sum(1, true).relu();
  const heat = F.interpolate(cam, { size: [28, 28], mode: 'bilinear', align_corners: false }).squeeze();
  return { heat: heat.div(heat.max().clamp({ min: 1e-12 })), target: chosen };
}
{
  const shown = [0, 1, 2, 4, 8];
  const [fig, axes] = plt.subplots(2, 5, { figsize: [12, 5] });
  shown.forEach((place, k) => {
    const picture = test.at(place, 0);
    const { heat, target } = gradCAM(normalized(test.at(`${place}:${place + 1}`)));
    print(`digit ${labels.at(place).item()}: looks like ${target}, heat ${heat.shape} from ${heat.min().item()} to ${heat.max().item()}`);
    axes[0]![k]!.imshow(picture, { cmap: 'gray' });
    axes[0]![k]!.set_title(`digit ${labels.at(place).item()}`);
    axes[1]![k]!.imshow(picture, { cmap: 'gray' });
    axes[1]![k]!.imshow(heat, { cmap: 'jet', alpha: 0.5 });
    axes[1]![k]!.set_title(`Grad-CAM of ${target}`);
    for (const row of axes) row[k]!.axis('off');
  });
  fig.tight_layout();
  await fig.savefig(out('grad-cam.png'));
}
