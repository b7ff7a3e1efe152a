"""What test/models replays: outputs of torchvision's and transformers' models, and of the others written here, in torch.

    pip install torchvision transformers
    python generate_models.py > ../../test/models/outputs.json

Weights are drawn from torch.manual_seed(0) in the order of the state_dict (`draw`), so none are stored. A model has its state_dict's
keys and shapes, its outputs in eval mode, computed in float64 (in float32 an activation that rounds to the other side of a ReLU's kink
moves PyTorch's own gradients of ResNet-50 by 0.2 %), the sum of absolute gradients of every parameter after the mean of squares of the
outputs, and "initial", the sum of absolute values of each parameter as the constructor draws it after torch.manual_seed(1).
"""
import json
import math

import torch
import torchvision
import transformers
from torch import nn

torch.set_num_threads(1)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(self.conv1(x).relu(), 2)
        x = torch.max_pool2d(self.conv2(x).relu(), 2).flatten(1)
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())


def convolutions(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([convolutions(3, 4), convolutions(4, 8)])
        self.bottom = convolutions(8, 16)
        self.up = nn.ModuleList([nn.ConvTranspose2d(16, 8, 2, stride=2), nn.ConvTranspose2d(8, 4, 2, stride=2)])
        self.merge = nn.ModuleList([convolutions(16, 8), convolutions(8, 4)])
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        a = self.down[0](x)
        b = self.down[1](torch.max_pool2d(a, 2))
        c = self.bottom(torch.max_pool2d(b, 2))
        d = self.merge[0](torch.cat([b, self.up[0](c)], 1))
        return self.head(self.merge[1](torch.cat([a, self.up[1](d)], 1)))


class TextCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 3, padding_idx=1)
        self.conv = nn.Sequential()
        self.conv.add_module("conv_1", nn.Conv1d(3, 16, 5))
        self.conv.add_module("pool_1", nn.MaxPool1d(2))
        self.conv.add_module("relu_1", nn.ReLU())
        self.conv.add_module("conv_2", nn.Conv1d(16, 128, 2))
        self.conv.add_module("pool_2", nn.MaxPool1d(2))
        self.conv.add_module("relu_2", nn.ReLU())
        self.dense = nn.Sequential()
        self.dense.add_module("flatten", nn.Flatten())
        self.dense.add_module("linear", nn.Linear(128 * 8, 1))
        self.dense.add_module("sigmoid", nn.Sigmoid())

    def forward(self, x):
        return self.dense(self.conv(self.embedding(x).transpose(1, 2)))


def gpt():
    sizes = dict(vocab_size=30, n_positions=12, n_embd=24, n_layer=2, n_head=3)
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes))


def bert():
    sizes = dict(vocab_size=30, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, max_position_embeddings=12)
    return transformers.BertModel(transformers.BertConfig(**sizes))


def draw(model):
    torch.manual_seed(0)
    tied = {}
    for key, value in model.state_dict().items():
        if not value.is_floating_point() or value.data_ptr() in tied:
            continue
        tied[value.data_ptr()] = key
        if value.ndim >= 2:
            value.copy_(torch.randn(value.shape) * math.sqrt(2 * value.shape[0] / value.numel()))
        elif key.endswith("bias") or key.endswith("running_mean"):
            value.copy_(torch.randn(value.shape) * 0.1)
        else:
            value.copy_(torch.rand(value.shape) + 0.5)


IMAGES = lambda channels, size: torch.randn(2, channels, size, size)
TOKENS = lambda length: torch.randint(2, 30, (2, length))
MASK = torch.tensor([[1] * 10, [1] * 6 + [0] * 4])
MODELS = {
    "LeNet": (LeNet, lambda: IMAGES(1, 28), lambda m, x: [m(x)]),
    **{name: (lambda name=name: getattr(torchvision.models, name)(num_classes=10), lambda: IMAGES(3, 64), lambda m, x: [m(x)])
       for name in ("resnet18", "resnet34", "resnet50", "mobilenet_v2")},
    "UNet": (UNet, lambda: IMAGES(3, 16), lambda m, x: [m(x)]),
    "TextCNN": (TextCNN, lambda: TOKENS(38), lambda m, x: [m(x)]),
    "GPT": (gpt, lambda: TOKENS(10), lambda m, x: [m(x).logits]),
    "BertModel": (bert, lambda: TOKENS(10), lambda m, x: list(m(x, attention_mask=MASK).to_tuple())),
}
SEEDED = {"resnet18", "resnet50", "mobilenet_v2", "UNet", "TextCNN", "LeNet"}


def double(x):
    return x.double() if x.is_floating_point() else x


def record(name):
    make, inputs, call = MODELS[name]
    torch.manual_seed(1)
    model = make().eval()
    initial = [p.double().abs().sum().item() for p in model.parameters()]
    draw(model)
    outputs = call(model.double(), double(inputs()))
    sum(o.square().mean() for o in outputs).backward()
    small = lambda x: float(f"{x:.9g}")
    return {
        "state": {k: list(v.shape) for k, v in model.state_dict().items()},
        "outputs": [[small(x) for x in o.flatten().tolist()] for o in outputs],
        "gradients": {k: small(p.grad.double().abs().sum().item()) for k, p in model.named_parameters()},
        **({"initial": [small(x) for x in initial]} if name in SEEDED else {}),
    }


versions = {m.__name__: m.__version__.split("+")[0] for m in (torch, torchvision, transformers)}
rows = ",\n".join(f'"{name}": {json.dumps(record(name), separators=(",", ":"))}' for name in MODELS)
print(f'{{"versions": {json.dumps(versions)},\n"models": {{\n{rows}\n}}}}')
