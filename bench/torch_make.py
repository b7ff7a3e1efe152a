"""What workloads are made of."""
import math

import torch


def data(*shape):
    n = math.prod(shape)
    return ((torch.arange(n, dtype=torch.float64) * 0.6180339887) % 1 - 0.5).float().reshape(shape)


def unary(f, *shape):
    def make():
        x = data(*shape)
        return lambda: f(x)
    return make


def binary(f, a, b):
    def make():
        x, y = data(*a), data(*b)
        return lambda: f(x, y)
    return make
