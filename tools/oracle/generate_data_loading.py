"""Orders, splits and errors of torch.utils.data, for test/utils/data.json. Run: python tools/oracle/generate_data_loading.py"""

import json
import pathlib
import warnings

import torch
from torch.utils import data

warnings.simplefilter("ignore")


def seeded(make):
    torch.manual_seed(7)
    return {"value": make(), "after": torch.rand(2).tolist()}


class Squares(data.Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return i * i


class Stream(data.IterableDataset):
    def __iter__(self):
        return iter(range(3))


def epochs(**options):
    loader = data.DataLoader(Squares(), **options)
    return [[b.tolist() for b in loader] for _ in range(3)]


def distributed(n, replicas, **options):
    out = []
    for rank in range(replicas):
        sampler = data.DistributedSampler(range(n), num_replicas=replicas, rank=rank, **options)
        orders = [list(sampler)]
        sampler.set_epoch(3)
        orders.append(list(sampler))
        out.append({"length": len(sampler), "orders": orders})
    return out


def error(f):
    try:
        f()
    except Exception as e:
        return [type(e).__name__, str(e)]
    raise AssertionError("no error")


G = torch.Generator
ds = Squares()
D = data.DataLoader
result = {
    "random": seeded(lambda: [list(data.RandomSampler(range(9))) for _ in range(2)]),
    "random_more": seeded(lambda: list(data.RandomSampler(range(4), num_samples=11))),
    "replacement": seeded(lambda: list(data.RandomSampler(range(5), replacement=True, num_samples=40))),
    "generator": seeded(lambda: list(data.RandomSampler(range(9), generator=G().manual_seed(3)))),
    "subset_random": seeded(lambda: list(data.SubsetRandomSampler([3, 1, 4, 1, 5]))),
    "weighted": seeded(lambda: list(data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5))),
    "weighted_once": seeded(lambda: list(data.WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, replacement=False))),
    "batches": [list(data.BatchSampler(range(10), 3, drop)) for drop in (False, True)],
    "split": seeded(lambda: [s.indices for s in data.random_split(range(10), [3, 7])]),
    "fractions": seeded(lambda: [s.indices for s in data.random_split(range(11), [0.5, 0.3, 0.2])]),
    "shuffled": seeded(lambda: epochs(batch_size=4, shuffle=True)),
    "shuffled_workers": seeded(lambda: epochs(batch_size=4, shuffle=True, num_workers=1)),
    "persistent": seeded(lambda: epochs(batch_size=4, shuffle=True, num_workers=1, persistent_workers=True)),
    "seeded_loader": seeded(lambda: epochs(batch_size=4, shuffle=True, generator=G().manual_seed(5))),
    "distributed": distributed(10, 3),
    "distributed_drop": distributed(10, 3, drop_last=True, seed=2),
    "distributed_in_order": distributed(3, 8, shuffle=False),
    "errors": {
        "workers": error(lambda: D(ds, num_workers=-1)),
        "timeout": error(lambda: D(ds, timeout=-1)),
        "prefetch": error(lambda: D(ds, prefetch_factor=2)),
        "negative_prefetch": error(lambda: D(ds, num_workers=1, prefetch_factor=-2)),
        "persistent": error(lambda: D(ds, persistent_workers=True)),
        "stream_shuffle": error(lambda: D(Stream(), shuffle=True)),
        "sampler_shuffle": error(lambda: D(ds, sampler=[0], shuffle=True)),
        "batch_sampler": error(lambda: D(ds, batch_sampler=[[0]], batch_size=2)),
        "no_batches": error(lambda: D(ds, batch_size=None, drop_last=True)),
        "batch_size": error(lambda: D(ds, batch_size=0)),
        "context": error(lambda: D(ds, multiprocessing_context="spawn")),
        "unknown_context": error(lambda: D(ds, num_workers=1, multiprocessing_context="thread")),
        "timeout_alone": error(lambda: next(iter(D(ds, timeout=1)))),
        "zero_prefetch": error(lambda: next(iter(D(ds, num_workers=1, prefetch_factor=0)))),
        "stack_sizes": error(lambda: data.StackDataset([1], [1, 2])),
        "stack_none": error(lambda: data.StackDataset()),
        "concat_none": error(lambda: data.ConcatDataset([])),
        "concat_stream": error(lambda: data.ConcatDataset([Stream()])),
        "concat_index": error(lambda: data.ConcatDataset([[1, 2]])[-3]),
        "tensors": error(lambda: data.TensorDataset(torch.zeros(2), torch.zeros(3))),
        "split_sum": error(lambda: data.random_split(ds, [3, 3])),
        "rank": error(lambda: data.DistributedSampler(ds, 2, 2)),
        "num_samples": error(lambda: data.RandomSampler(ds, num_samples=0)),
        "weights": error(lambda: data.WeightedRandomSampler([[1.0]], 1)),
        "set_attribute": error(lambda: setattr(D(ds), "batch_size", 3)),
        "collate_sizes": error(lambda: data.default_collate([[1], [1, 2]])),
    },
}
path = pathlib.Path(__file__).parents[2] / "test" / "utils" / "data.json"
path.write_text(json.dumps(result) + "\n")
