"""What torch.utils.tensorboard writes for small calls of every method: test/tensorboard/expected.json.

Each case has the call, its arguments in JSON (tensors as {"tensor": values, "dtype": name}) and the events' summaries in protobuf's JSON,
images with their decoded pixels. Graphs are lists of nodes without names, which traces make up: see `nodes`.
"""
import io
import json
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import torch
from google.protobuf.json_format import MessageToDict
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.graph_pb2 import GraphDef
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard._pytorch_graph import graph

warnings.simplefilter("ignore")


def encode(x):
    if isinstance(x, torch.Tensor):
        return {"tensor": torch.view_as_real(x).tolist() if x.is_complex() else x.tolist(), "dtype": str(x.dtype).removeprefix("torch.")}
    if isinstance(x, (list, tuple)):
        return [encode(v) for v in x]
    if isinstance(x, dict):
        return {k: encode(v) for k, v in x.items()}
    return x


def written(method, args, kwargs):
    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            getattr(writer, method)(*args, **kwargs)
        values = []
        for path in sorted(pathlib.Path(folder).rglob("events*"), key=lambda p: p.stat().st_mtime):
            for event in LegacyEventFileLoader(str(path)).Load():
                for value in event.summary.value:
                    entry = MessageToDict(value, preserving_proto_field_name=True)
                    if value.HasField("image") and method != "add_video":
                        pixels = np.asarray(Image.open(io.BytesIO(value.image.encoded_image_string)))
                        entry["image"].pop("encoded_image_string")
                        entry["image"]["pixels"] = {"shape": list(pixels.shape), "data": pixels.flatten().tolist()}
                    values.append({"step": event.step, "value": entry})
    return values


def cases():
    g = torch.Generator().manual_seed(5)
    rand = lambda *shape: torch.rand(*shape, generator=g)
    randn = lambda *shape: torch.randn(*shape, generator=g)
    yield "add_scalar", ["a", 0.1, 3], {}
    yield "add_scalar", ["a", torch.tensor([[2]]), 4], {"new_style": True}
    yield "add_scalar", ["a", torch.tensor(0.1), 4], {"new_style": True, "double_precision": True}
    yield "add_tensor", ["t", torch.tensor([[1.5, -2.0]])], {}
    for dtype in ("float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64", "complex128"):
        yield "add_tensor", ["t", torch.tensor([1, 0, 3]).to(getattr(torch, dtype))], {"global_step": 1}
    values = randn(60)
    for bins in ("tensorflow", "auto", "fd", "doane", "scott", "stone", "rice", "sturges", "sqrt", 7, [-1, 0, 0.5, 1]):
        yield "add_histogram", ["h", values, 2], {"bins": bins}
    yield "add_histogram", ["h", values, 2], {"max_bins": 40}
    yield "add_histogram", ["h", torch.tensor([3, 3, 3])], {"bins": "auto"}
    yield "add_histogram", ["h", torch.zeros(4)], {}
    yield "add_histogram_raw", ["r", -1.0, 2.0, 3, 1.5, 5.25, [0.0, 2.0], [1.0, 2.0], 1], {}
    yield "add_image", ["i", rand(3, 4, 5) * 1.5 - 0.2], {}
    yield "add_image", ["i", torch.arange(40, dtype=torch.uint8).reshape(4, 5, 2)[..., :1] * 6], {"dataformats": "HWC"}
    yield "add_image", ["i", torch.arange(256).reshape(16, 16) / 255], {"dataformats": "HW"}
    yield "add_image", ["i", rand(4, 3, 2)], {"dataformats": "CWH"}
    yield "add_images", ["i", rand(9, 1, 3, 2), 7], {}
    yield "add_images", ["i", rand(2, 3, 2, 3)], {"dataformats": "NHWC"}
    yield "add_image_with_boxes", ["b", rand(3, 16, 20), torch.tensor([[2, 3, 10, 12], [5, 0, 19, 15]])], {}
    yield "add_audio", ["s", torch.sin(torch.arange(12.0)).reshape(1, 12)], {"sample_rate": 8000}
    yield "add_text", ["n", "**ä**\nb", 3], {}
    yield "add_hparams", [{"lr": 0.1, "opt": "adam", "nesterov": True, "n": 3, "none": None}, {"acc": 0.5}], {
        "hparam_domain_discrete": {"lr": [0.1, 0.2], "opt": ["adam", "sgd"]},
        "run_name": "r",
    }
    labels, predictions = (rand(50) > 0.5).to(torch.int64), rand(50)
    yield "add_pr_curve", ["p", labels, predictions, 1], {"num_thresholds": 11}
    yield "add_pr_curve", ["p", labels, predictions], {"weights": 2.0}
    yield "add_pr_curve_raw", ["p", *[rand(4) for _ in range(6)]], {"num_thresholds": 4}
    yield "add_custom_scalars", [{"A": {"x": ["Multiline", ["a/b", "c"]]}, "B": {"y": ["Margin", ["v", "l", "u"]]}}], {}
    yield "add_custom_scalars_multilinechart", [["a", "b"]], {"title": "t"}
    yield "add_custom_scalars_marginchart", [["a", "b", "c"], "k"], {}
    yield "add_mesh", ["m", rand(1, 4, 3)], {
        "colors": torch.tensor([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 2, 3]]]),
        "faces": torch.tensor([[[0, 1, 2], [1, 2, 3]]]),
        "config_dict": {"camera": {"cls": "PerspectiveCamera", "fov": 75}},
    }


class Mixed(nn.Module):
    """Nested modules, one used twice, parameters and buffers of its own, several inputs and outputs."""

    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        self.w = nn.Parameter(torch.ones(3))
        self.register_buffer("b", torch.ones(3))
        self.pool = nn.MaxPool1d(1)
        self.bn = nn.BatchNorm1d(3)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, y):
        z = self.block(x) * self.w + self.b
        z = self.drop(self.bn(z))
        z = self.pool(self.pool(z))
        z = torch.cat([z, y], 1)
        return z.sum(), torch.tanh(z)


class Net(nn.Module):
    """The notes' network."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(32, 64, 5)
        self.dropout = nn.Dropout2d(0.1)
        self.adaptive_pool = nn.AdaptiveMaxPool2d((1, 1))
        self.flatten = nn.Flatten()
        self.linear1 = nn.Linear(64, 32)
        self.relu = nn.ReLU()
        self.linear2 = nn.Linear(32, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = self.pool(self.conv1(x))
        x = self.dropout(self.pool(self.conv2(x)))
        x = self.flatten(self.adaptive_pool(x))
        return self.sigmoid(self.linear2(self.relu(self.linear1(x))))


class Bag(nn.Module):
    """An embedding, a mean and a layer norm."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.norm = nn.LayerNorm(4)
        self.out = nn.Linear(4, 2, bias=False)

    def forward(self, x):
        return torch.softmax(self.out(self.norm(self.embedding(x).mean(1))), -1)


def nodes(definition):
    """Nodes by scope: [scope, op, attributes, shape, the scopes and ops of the inputs]. A name's last part is the trace's own."""
    by_name = {n.name: n for n in definition.node}
    scope = lambda n: n.name.rsplit("/", 1)[0]

    def describe(n):
        shapes = n.attr["_output_shapes"].list.shape
        inputs = [f"{scope(by_name[i])} {by_name[i].op}" for i in n.input if i in by_name]
        shape = [d.size for d in shapes[0].dim] if shapes else None
        return [scope(n), n.op, n.attr["attr"].s.decode(), shape, inputs]

    return [describe(n) for n in definition.node]


def main(path):
    torch.manual_seed(0)
    graphs = {
        "Mixed": (Mixed(), (torch.ones(2, 3), torch.ones(2, 3))),
        "Net": (Net(), torch.rand(1, 3, 32, 32)),
        "Bag": (Bag(), torch.tensor([[1, 2, 3]])),
    }
    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            meta = ["a", "b", "ü"]
            writer.add_embedding(torch.tensor([[0.1, 1.0], [2.0, -3.5], [1e-7, 1e20]]), meta, torch.rand(3, 3, 2, 2), 1, "x/y")
            writer.add_embedding(torch.tensor([[1, 2], [3, 4], [5, 6]]), [[1, "p"], [2, "q"], [3, "r"]], metadata_header=["n", "c"])
        files = {
            str(p.relative_to(folder)): p.read_text()
            for p in sorted(pathlib.Path(folder).rglob("*"))
            if p.suffix in (".tsv", ".pbtxt")
        }
    data = {
        "cases": [{"method": m, "args": encode(a), "kwargs": encode(k), "values": written(m, a, k)} for m, a, k in cases()],
        "graphs": {name: nodes(graph(model, args)[0]) for name, (model, args) in graphs.items()},
        "projector": files,
    }
    pathlib.Path(path).write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "test/tensorboard/expected.json")
