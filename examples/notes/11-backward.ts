// PyTorch 中 backward() 详解: a vector in backward, and the Jacobian product. Run: npx tsx examples/notes/11-backward.ts
import * as torch from 'flambeau';

const { print } = torch;
const section = (name: string): void => print(`\n--- ${name} ---`);

section('标量的 backward()');
{
  const x = torch.tensor(3.0, { requires_grad: true });
  const y = x.pow(2).mul(2).add(1);
  y.backward();
  print(x.grad); // dy/dx = 4x

  // Gradients add up over calls, until zero_grad or this:
  x.pow(2).backward();
  print(x.grad);
  x.grad = null;
}

section('向量需要 gradient 参数');
{
  const x = torch.tensor([2.0, 3.0], { requires_grad: true });
  const y = torch.stack([x.at(0).pow(2), x.at(1).pow(3)]);
  try {
    y.backward();
  } catch (e) {
    print(String(e));
  }
  // v · dy/dx for v = (1, 1): the gradient of the sum.
  y.backward(torch.ones_like(y));
  print(x.grad);
}

section('vector-Jacobian product');
{
  // k = (x₀² + 3x₁, x₁² + 2x₀); its Jacobian is [[2x₀, 3], [2, 2x₁]].
  const x = torch.tensor([2.0, 3.0], { requires_grad: true });
  const k = torch.stack([x.at(0).pow(2).add(x.at(1).mul(3)), x.at(1).pow(2).add(x.at(0).mul(2))]);

  // A row of the Jacobian at a time: v picks the output.
  const rows = [0, 1].map((i) => {
    x.grad = null;
    k.backward(torch.eye(2).at(i), { retain_graph: true });
    return x.grad!;
  });
  const jacobian = torch.stack(rows);
  print(jacobian);

  // Any other v gives v @ J, without J ever being made.
  const v = torch.tensor([0.5, -1.0]);
  x.grad = null;
  k.backward(v);
  print(x.grad);
  print(v.matmul(jacobian));
}

section('torch.autograd.grad 与 torch.func');
{
  const f = (x: torch.Tensor): torch.Tensor => torch.stack([x.at(0).pow(2).add(x.at(1).mul(3)), x.at(1).pow(2).add(x.at(0).mul(2))]);
  const x = torch.tensor([2.0, 3.0], { requires_grad: true });
  const [vjp] = torch.autograd.grad(f(x), x, { grad_outputs: torch.tensor([1.0, 1.0]) });
  print(vjp);
  print(torch.func.jacrev(f)(torch.tensor([2.0, 3.0])));
  // The other way round, J @ v: how the outputs change when the inputs move along v.
  const [, jvp] = torch.func.jvp(f, [torch.tensor([2.0, 3.0])], [torch.tensor([1.0, 0.0])]);
  print(jvp);
}

section('每个样本的梯度');
{
  // Many samples at once: v = (1, …, 1) works because a sample's output depends on its own input alone.
  const x = torch.linspace(-2, 2, 5).requires_grad_();
  const y = x.tanh();
  y.backward(torch.ones_like(y));
  print(x.grad);
  print(torch.sub(1, y.detach().square()));
}
