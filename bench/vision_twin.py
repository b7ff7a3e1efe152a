"""The workloads of vision.ts in Pillow and torchvision: milliseconds of processor time a picture."""
import statistics, sys, time

import torch
from PIL import Image
from torchvision import transforms

torch.set_num_threads(1)
folder, images, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
paths = [f"{folder}/{i}.jpg" for i in range(images)]
train = transforms.Compose([transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
test = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
jitter = transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)


def read(path):
    with open(path, "rb") as f:
        return Image.open(f).convert("RGB")


opened = [read(p) for p in paths]
workloads = {
    "decode JPEG": lambda: [read(p) for p in paths],
    "train: decode, crop, flip, tensor, normalize": lambda: [train(read(p)) for p in paths],
    "test: decode, resize, crop, tensor": lambda: [test(read(p)) for p in paths],
    "crop, flip, tensor, normalize": lambda: [train(x) for x in opened],
    "color jitter": lambda: [jitter(x) for x in opened],
    "to tensor": lambda: [transforms.functional.to_tensor(x) for x in opened],
}


def measured(f):
    for _ in range(25):
        f()
    times = []
    for _ in range(15):
        torch.manual_seed(0)
        start = time.process_time()
        f()
        times.append((time.process_time() - start) * 1e3 / images)
    return statistics.median(times)


print(measured(workloads[name]))
