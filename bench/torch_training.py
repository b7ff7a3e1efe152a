"""The PyTorch side of bench/training.ts."""
import os
import tempfile

import torch
import torch.nn.functional as F
from torch import nn

from torch_make import data


def step(model, optimizer, loss):
    model.train()

    def run():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        return value.detach()
    return run


def training(make, call, *shape):
    def prepare():
        torch.manual_seed(0)
        model, x = make(), data(*shape)
        return step(model, torch.optim.AdamW(model.parameters(), lr=1e-4), lambda: call(model, x).square().mean())
    return prepare


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1 = nn.LayerNorm(384)
        self.qkv = nn.Linear(384, 3 * 384, bias=False)
        self.proj = nn.Linear(384, 384)
        self.ln2 = nn.LayerNorm(384)
        self.fc = nn.Linear(384, 4 * 384)
        self.out = nn.Linear(4 * 384, 384)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, t, 3, 6, 64).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(b, t, 384))
        return x + self.out(F.gelu(self.fc(self.ln2(x)), approximate='tanh'))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        same = stride == 1 and inputs == outputs
        downsample = nn.Identity() if same else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.downsample = downsample

    def forward(self, x):
        y = self.layers(x)
        y += self.downsample(x)
        return y.relu_()


def resnet18():
    stages, inputs = [], 64
    for outputs in (64, 128, 256, 512):
        stages += [Residual(inputs, outputs, 1 if outputs == 64 else 2), Residual(outputs, outputs, 1)]
        inputs = outputs
    model = nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1), *stages,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
    return model


def train_resnet():
    torch.manual_seed(0)
    model, x, y = resnet18(), data(16, 3, 64, 64), torch.arange(16) % 10
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    return step(model, optimizer, lambda: F.cross_entropy(model(x), y))


CHECKPOINT = os.path.join(tempfile.gettempdir(), 'flambeau-bench-400MB.pt')


def load():
    if not os.path.exists(CHECKPOINT):
        torch.save({f'layer.{i}.weight': data(1000, 1000) + i for i in range(100)}, CHECKPOINT)

    def run():
        return sum(t.sum() for t in torch.load(CHECKPOINT).values())
    return run


LARGER = {
    'training: LSTM 128→256 ×2': training(lambda: nn.LSTM(128, 256, 2, batch_first=True), lambda m, x: m(x)[0], 32, 64, 128),
    'training: GRU 128→256 ×2': training(lambda: nn.GRU(128, 256, 2, batch_first=True), lambda m, x: m(x)[0], 32, 64, 128),
    'training: encoder layer 256/8/1024': training(
        lambda: nn.TransformerEncoderLayer(256, 8, 1024, batch_first=True), lambda m, x: m(x), 16, 128, 256),
    'training: GPT block 384/6': training(Block, lambda m, x: m(x), 8, 256, 384),
    'training: ResNet-18 64×64': train_resnet,
    'file: torch.load 400 MB and sum': load,
}
