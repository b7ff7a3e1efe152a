"""The same training as memory_worker.ts with PyTorch; a line every 500 steps."""
import json, sys, time
import torch
from torch import nn

steps = int(sys.argv[1])
torch.set_num_threads(2)
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096 / 2**20


start = time.perf_counter()
for step in range(1, steps + 1):
    x = torch.randn(128, 784)
    y = torch.randint(0, 10, [128])
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    if step % 500 == 0 or step == steps:
        ms = (time.perf_counter() - start) / (step % 500 or 500) * 1e3
        print(json.dumps({"step": step, "rss": resident(), "ms": ms}), flush=True)
        start = time.perf_counter()
