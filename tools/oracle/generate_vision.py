"""What torchvision and Pillow make of small pictures, for test/vision: cases.json, tensors.safetensors and image files.

python tools/oracle/generate_vision.py --out test/vision/data

A case is { id, kind, name, args, seed, input, output }: `input` and `output` are keys of tensors, images as (H, W[, C]) with a mode. Reprs and
draws are stored as text and numbers.
"""
import argparse, inspect, json, pathlib, random

import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torchvision import ops, transforms, utils
from torchvision.transforms import InterpolationMode as M
from torchvision.transforms import functional as F

torch.set_num_threads(1)
CASES, TENSORS = [], {}


def put(t):
    for key, known in TENSORS.items():
        if known.dtype == t.dtype and known.shape == t.shape and torch.equal(known, t):
            return key
    TENSORS[str(len(TENSORS))] = t.contiguous().clone()
    return str(len(TENSORS) - 1)


def stored(x):
    if isinstance(x, torch.Tensor):
        return {"tensor": put(x)}
    if isinstance(x, Image.Image):
        a = np.array(x)
        if x.mode == "1":
            a = a.astype("uint8") * 255
        if a.dtype == np.uint16:
            a = a.astype("int32")
        return {"image": put(torch.from_numpy(a)), "mode": x.mode}
    if isinstance(x, (list, tuple)):
        return [stored(y) for y in x]
    return x


def plain(x):
    if isinstance(x, M):
        return x.value
    if isinstance(x, torch.dtype):
        return {"dtype": str(x).removeprefix("torch.")}
    if isinstance(x, torch.Tensor):
        return stored(x)
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(y) for y in x]
    return x


def case(kind, name, args, given, result, **more):
    which = "" if given is None else f"-{given.mode}" if isinstance(given, Image.Image) else f"-{str(given.dtype).removeprefix('torch.')}"
    CASES.append({"id": f"{kind}/{name}{which}-{len(CASES)}", "kind": kind, "name": name, "args": plain(args), "input": stored(given), "output": stored(result), **more})


def picture(h, w, seed=0):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    base = np.stack([127 + 120 * np.sin(x / 5 + y / 9), 255 * x / w, 200 * ((x // 6 + y // 5) % 2) + 20], -1)
    return np.clip(base + rng.normal(size=(h, w, 3)) * 12, 0, 255).astype("uint8")


RGB = Image.fromarray(picture(29, 37))
L = RGB.convert("L")
RGBA = RGB.copy()
RGBA.putalpha(Image.fromarray(picture(29, 37, 1)[..., 1]))
BYTES, FLOATS = F.pil_to_tensor(RGB), F.to_tensor(RGB)
INPUTS = [RGB, L, BYTES, FLOATS]
PAIRS = [RGB, BYTES, FLOATS]


def functional():
    def run(name, inputs, *args):
        for x in inputs:
            case("functional", name, args, x, getattr(F, name)(x, *args))

    for name in ("hflip", "vflip", "invert", "autocontrast"):
        run(name, INPUTS)
    for size, more in ([(17, 45), ()], [20, ()], [20, (M.BICUBIC,)], [(60, 50), (M.BILINEAR,)], [(60, 50), (M.NEAREST,)], [(13, 19), (M.NEAREST,)], [24, (M.BILINEAR, 28)]):
        run("resize", INPUTS, size if isinstance(size, int) else list(size), *more)
    run("resize", [FLOATS, BYTES], [17, 45], M.BILINEAR, None, False)
    run("resize", [FLOATS, BYTES], [60, 50], M.NEAREST_EXACT)
    for mode in (M.BOX, M.HAMMING, M.LANCZOS):
        run("resize", [RGB], [17, 45], mode)
    for box in ([3, 4, 10, 12], [-5, -3, 20, 20], [20, 30, 20, 20], [-9, 2, 60, 60]):
        run("crop", INPUTS, *box)
    for size in ([10, 11], [40, 11], [50, 60], 15):
        run("center_crop", PAIRS, size)
    run("resized_crop", PAIRS, 3, 4, 20, 21, [9, 14])
    run("five_crop", PAIRS, [10, 12])
    run("ten_crop", PAIRS, 9, True)
    for padding, fill, mode in (3, 7, "constant"), ([2, 5], 0, "constant"), ([1, 2, 3, 4], 0, "edge"), ([1, 2, 3, 4], 0, "reflect"), ([5, 2, 3, 4], 0, "symmetric"), ([-2, 3, 1, -4], 9, "constant"):
        run("pad", INPUTS, padding, fill, mode)
    run("pad", [RGB], 2, (10, 20, 30))
    for angle in (17.0, 90.0, 180.0, -33.3, 0.0):
        run("rotate", INPUTS, angle)
        run("rotate", [RGB, FLOATS], angle, M.NEAREST, True)
    for mode in (M.BILINEAR, M.BICUBIC):
        run("rotate", [RGB, L], 25.0, mode, False, None, [30] * 1)
    run("rotate", [RGB], 25.0, M.BILINEAR, True, [3, 8], [10, 20, 30])
    run("rotate", [BYTES, FLOATS], 25.0, M.BILINEAR, False, [3, 8], [0.2])
    for mode in (M.NEAREST, M.BILINEAR):
        run("affine", INPUTS, 30.0, [3, -4], 1.3, [5.0, 8.0], mode)
        run("affine", INPUTS, -12.0, [0, 2], 0.7, [10.0], mode, [0.5] if mode == M.NEAREST else None, [4, 5])
    corners = [[0, 0], [36, 0], [36, 28], [0, 28]], [[3, 2], [33, 4], [35, 25], [1, 27]]
    for mode in (M.NEAREST, M.BILINEAR):
        run("perspective", INPUTS, *corners, mode)
    run("perspective", [RGB], *corners, M.BICUBIC, [9, 8, 7])
    for factor in (0.0, 0.4, 1.0, 1.7):
        for name in ("adjust_brightness", "adjust_contrast", "adjust_saturation", "adjust_sharpness"):
            run(name, INPUTS if name != "adjust_saturation" else INPUTS[0:1] + INPUTS[2:], factor)
    for factor in (-0.5, -0.13, 0.0, 0.27):
        run("adjust_hue", INPUTS, factor)
    run("adjust_gamma", INPUTS, 0.6, 1.1)
    run("rgb_to_grayscale", INPUTS, 1)
    run("rgb_to_grayscale", PAIRS, 3)
    run("posterize", [BYTES], 0)
    for bits in (1, 3, 8):
        run("posterize", [RGB, L, BYTES], bits)
    run("solarize", [RGB, L, BYTES], 100)
    run("solarize", [FLOATS], 0.4)
    run("equalize", [RGB, L, BYTES])
    run("equalize", [Image.fromarray(picture(160, 160))])
    for size, sigma in ([5, None], [[3, 7], [1.5, 0.4]]):
        run("gaussian_blur", INPUTS, size, sigma)
    torch.manual_seed(3)
    displacement = torch.rand(1, 29, 37, 2) * 0.2 - 0.1
    run("elastic_transform", PAIRS, displacement)
    run("normalize", [FLOATS], [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    run("erase", [FLOATS], 3, 4, 5, 6, torch.tensor(0.5))
    for dtype in (torch.uint8, torch.int16, torch.int32, torch.float64, torch.float32):
        run("convert_image_dtype", [BYTES], dtype)
    run("convert_image_dtype", [FLOATS], torch.uint8)
    run("convert_image_dtype", [(BYTES.to(torch.int32) << 23)], torch.uint8)
    for im in (RGB, L, RGBA, L.convert("1"), L.convert("I"), L.convert("F"), Image.fromarray(picture(9, 8)[..., 0].astype("uint16") * 200)):
        case("functional", "to_tensor", [], im, F.to_tensor(im))
        if im.mode != "I;16":
            case("functional", "pil_to_tensor", [], im, F.pil_to_tensor(im))
    for t in (BYTES, FLOATS, BYTES[:1], FLOATS[0], BYTES[:2], torch.cat([BYTES, BYTES[:1]]), BYTES[:1].to(torch.int32), FLOATS * 1.7 - 0.2):
        case("functional", "to_pil_image", [], t, F.to_pil_image(t))
    case("functional", "to_pil_image", ["F"], FLOATS[:1], F.to_pil_image(FLOATS[:1], "F"))


def classes():
    def run(name, inputs, n=3, **kwargs):
        kwargs = {k: tuple(v) if isinstance(v, list) and name != "Normalize" else v for k, v in kwargs.items()}
        t = getattr(transforms, name)(**kwargs)
        for x in inputs:
            for seed in range(n):
                torch.manual_seed(seed)
                y = t(x)
                case("class", name, kwargs, x, y, seed=seed, after=torch.rand(1).item(), repr=str(t))

    run("Resize", [RGB], 1, size=15)
    run("Resize", [FLOATS], 1, size=[14, 15], interpolation=M.BICUBIC)
    run("CenterCrop", [RGB], 1, size=12)
    run("FiveCrop", [RGB], 1, size=12)
    run("TenCrop", [FLOATS], 1, size=[8, 9], vertical_flip=True)
    run("Pad", [RGB], 1, padding=[1, 2], fill=4)
    run("ToTensor", [RGB], 1)
    run("PILToTensor", [RGB], 1)
    run("ToPILImage", [BYTES], 1)
    run("ConvertImageDtype", [BYTES], 1, dtype=torch.float32)
    run("Normalize", [FLOATS], 1, mean=[0.5, 0.4, 0.3], std=[0.2, 0.25, 0.3])
    run("RandomCrop", PAIRS, size=[12, 20])
    run("RandomCrop", [RGB, FLOATS], size=32, padding=4, fill=3, padding_mode="constant")
    run("RandomCrop", [RGB, FLOATS], size=44, pad_if_needed=True, padding_mode="reflect")
    run("RandomResizedCrop", PAIRS, 6, size=16)
    run("RandomResizedCrop", [RGB], 4, size=[10, 12], scale=[0.9, 1.0], ratio=[3.0, 4.0])
    run("RandomHorizontalFlip", PAIRS)
    run("RandomVerticalFlip", PAIRS, p=0.3)
    run("RandomRotation", INPUTS, degrees=45)
    run("RandomRotation", [RGB, FLOATS], degrees=[10.0, 80.0], interpolation=M.BILINEAR, expand=True, fill=1)
    run("RandomAffine", INPUTS, degrees=20, translate=[0.2, 0.1], scale=[0.8, 1.2], shear=[-5.0, 5.0, -9.0, 9.0], interpolation=M.BILINEAR)
    run("RandomAffine", [RGB], degrees=[5, 6], shear=10, fill=7, center=[3, 4])
    run("RandomPerspective", INPUTS, 4, distortion_scale=0.4, p=0.8)
    run("ColorJitter", PAIRS, 6, brightness=0.4, contrast=0.5, saturation=[0.3, 1.2], hue=0.2)
    run("ColorJitter", [RGB], 2, brightness=0.4)
    run("Grayscale", PAIRS, 1, num_output_channels=3)
    run("RandomGrayscale", PAIRS, 4, p=0.5)
    run("RandomErasing", [FLOATS], 4, p=0.8)
    run("RandomErasing", [FLOATS], 4, p=1, value="random")
    run("RandomErasing", [FLOATS], 2, p=1, value=[0.1, 0.2, 0.3], scale=[0.3, 0.5])
    run("GaussianBlur", PAIRS, 2, kernel_size=[5, 3])
    run("RandomInvert", PAIRS)
    run("RandomPosterize", [RGB, BYTES], bits=3)
    run("RandomSolarize", [RGB, BYTES], threshold=128)
    run("RandomAdjustSharpness", PAIRS, sharpness_factor=2)
    run("RandomAutocontrast", PAIRS)
    run("RandomEqualize", [RGB, BYTES])
    run("ElasticTransform", PAIRS, 2, alpha=30.0, sigma=2.0)
    for seed in range(6):
        torch.manual_seed(seed)
        t = transforms.Compose([transforms.RandomApply([transforms.RandomVerticalFlip(), transforms.RandomRotation(10)], p=0.6), transforms.RandomHorizontalFlip(), transforms.ToTensor()])
        case("compose", "notes", {}, RGB, t(RGB), seed=seed, repr=str(t))
    from torchvision.transforms import v2
    flips = [v2.RandomHorizontalFlip(1), v2.RandomVerticalFlip(1), v2.Resize([10, 12])]
    for seed in range(5):
        torch.manual_seed(seed)
        case("compose", "RandomChoice", {"p": [0.2, 0.5, 0.3]}, RGB, v2.RandomChoice(flips, p=[0.2, 0.5, 0.3])(RGB), seed=seed, repr=None)
        torch.manual_seed(seed)
        case("compose", "RandomOrder", {}, RGB, v2.RandomOrder(flips[:2] + [v2.RandomCrop(20)])(RGB), seed=seed, repr=None)


def pillow():
    def run(im, name, *args):
        case("pillow", name, args, im, getattr(im, name)(*args))

    for target in ("1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F"):
        for im in (RGB, L, RGBA):
            if not (target == "CMYK" and im is not RGB) and not (target in ("I", "F") and im is not L) and not (target in ("HSV", "YCbCr") and im is RGBA):
                run(im, "convert", target)
    for im in (RGB.convert("HSV"), RGB.convert("YCbCr"), RGB.convert("CMYK"), RGBA.convert("LA"), L.convert("1"), L.convert("I"), L.convert("F")):
        run(im, "convert", "RGB" if len(im.getbands()) > 1 else "L")
    for im in (RGB, L, RGBA, RGBA.convert("LA"), L.convert("I"), L.convert("F"), L.convert("1")):
        for filter in range(6):
            if im.mode in ("1",) and filter:
                continue
            run(im, "resize", (11, 40), filter)
            run(im, "resize", (50, 13), filter)
    for filter in range(6):
        run(RGB, "resize", (20, 20), filter, (3.25, 4.5, 30.75, 28))
    run(RGB, "resize", (10, 29))
    run(RGB, "crop", (-3, 5, 20, 40))
    for method in range(7):
        run(RGB, "transpose", method)
    for im in (RGB, RGBA, L.convert("F")):
        for filter in (0, 2, 3):
            run(im, "rotate", 37.0, filter)
            run(im, "rotate", 211.5, filter, True)
    run(RGB, "transform", (30, 30), 0, (0.7, 0, 3, 0, 1.2, -4))
    run(L, "transform", (30, 30), 0, (0.7, 0.2, 3, -0.1, 1.2, -4), 3)
    run(RGB, "histogram")
    run(RGB, "getpixel", (4, 7))


def boxes():
    torch.manual_seed(1)
    a = torch.rand(40, 2) * 50
    a = torch.cat([a, a + torch.rand(40, 2) * 30 + 1], 1)
    b = a[torch.randperm(40)[:15]] + torch.rand(15, 4)
    scores = torch.rand(40)
    classes = torch.randint(0, 3, (40,))

    def run(name, *args, **more):
        CASES.append({"id": f"ops/{name}-{len(CASES)}", "kind": "ops", "name": name, "args": plain(args), "output": stored(getattr(ops, name)(*args)), **more})

    for t in (0.1, 0.3, 0.5):
        run("nms", a, scores, t)
        run("batched_nms", a, scores, classes, t)
    run("nms", a.double(), scores.double(), 0.3)
    run("nms", torch.zeros(0, 4), torch.zeros(0), 0.5)
    big = a.repeat(30, 1) + torch.rand(1200, 4)
    run("batched_nms", big, torch.rand(1200), torch.randint(0, 4, (1200,)), 0.4)
    for name in ("box_iou", "generalized_box_iou", "complete_box_iou", "distance_box_iou"):
        run(name, a, b)
    run("box_iou", a.to(torch.int16), b.to(torch.int16))
    run("box_area", a)
    for f in ("xyxy", "xywh", "cxcywh"):
        for g in ("xyxy", "xywh", "cxcywh"):
            run("box_convert", a, f, g)
    run("clip_boxes_to_image", a - 10, [40, 30])
    run("remove_small_boxes", a, 15.0)
    run("masks_to_boxes", torch.rand(4, 12, 9) > 0.95)
    x = torch.randn(2, 3, 14, 17)
    rois = torch.cat([torch.randint(0, 2, (6, 1)).float(), a[:6] / 2], 1)
    for sampling in (-1, 2):
        for aligned in (False, True):
            run("roi_align", x, rois, [3, 4], 0.5, sampling, aligned)
    run("roi_align", x, [a[:2] / 3, a[2:5] / 3], 5)
    xg = x.clone().requires_grad_()
    out = ops.roi_align(xg, rois, 3, 0.5, 2, True)
    (out * torch.arange(out.numel()).view_as(out) / 100).sum().backward()
    CASES.append({"id": "ops/roi_align-gradient", "kind": "gradient", "args": plain([x, rois, 3, 0.5, 2, True]), "output": stored(xg.grad)})
    logits, targets = torch.randn(6, 5), (torch.rand(6, 5) > 0.5).float()
    run("sigmoid_focal_loss", logits, targets)
    run("sigmoid_focal_loss", logits, targets, -1, 1.5, "mean")
    run("sigmoid_focal_loss", logits, targets, 0.6, 2, "sum")


def grids():
    def run(name, x, **kwargs):
        CASES.append({"id": f"utils/{name}-{len(CASES)}", "kind": "utils", "name": name, "args": plain(kwargs), "input": stored(x), "output": stored(getattr(utils, name)(x, **kwargs))})

    torch.manual_seed(2)
    x = torch.rand(7, 3, 5, 6) * 3 - 1
    run("make_grid", x)
    run("make_grid", x[:, :1], nrow=3, padding=1, pad_value=0.5)
    run("make_grid", list(x), nrow=4, normalize=True)
    run("make_grid", x, normalize=True, scale_each=True, nrow=2)
    run("make_grid", x, normalize=True, value_range=(-0.5, 1.0))
    run("make_grid", x[0])
    run("make_grid", x[0, 0])
    boxes = torch.tensor([[2, 3, 20, 15], [10, 8, 36, 28], [0, 0, 4, 4]])
    CASES.append({"id": "utils/draw", "kind": "draw", "name": "draw_bounding_boxes", "args": plain([BYTES, boxes, {"colors": ["red", "#00ff00", (1, 2, 3)], "width": 2}]), "output": stored(utils.draw_bounding_boxes(BYTES, boxes, colors=["red", "#00ff00", (1, 2, 3)], width=2))})
    CASES.append({"id": "utils/draw-fill", "kind": "draw", "name": "draw_bounding_boxes", "args": plain([BYTES, boxes[:2], {"fill": True}]), "output": stored(utils.draw_bounding_boxes(BYTES, boxes[:2], fill=True))})
    masks = torch.rand(2, 29, 37) > 0.6
    CASES.append({"id": "utils/masks", "kind": "draw", "name": "draw_segmentation_masks", "args": plain([BYTES, masks, 0.7, ["blue", "yellow"]]), "output": stored(utils.draw_segmentation_masks(BYTES, masks, 0.7, ["blue", "yellow"]))})


def files(out):
    im = Image.fromarray(picture(45, 61, 5))
    alpha = im.copy()
    alpha.putalpha(im.getchannel(1))
    wide = Image.fromarray(np.array(im)[..., 0].astype("uint16") * 257 + 3)
    gray = im.convert("L")
    written = {
        "420.jpg": (im, dict(quality=85)), "444.jpg": (im, dict(quality=95, subsampling=0)), "422.jpg": (im, dict(quality=70, subsampling=1)),
        "progressive.jpg": (im, dict(progressive=True)), "gray.jpg": (gray, {}), "cmyk.jpg": (im.convert("CMYK"), {}),
        "rgb.png": (im, {}), "gray.png": (gray, {}), "bilevel.png": (im.convert("1"), {}), "alpha.png": (alpha, {}), "gray-alpha.png": (alpha.convert("LA"), {}),
        "wide.png": (wide, {}), "palette.png": (im.quantize(16), {}), "lossless.webp": (im, dict(lossless=True)), "rgb.bmp": (im, {}), "rgb.tiff": (im, {}), "gray.pgm": (gray, {}), "rgb.ppm": (im, {}), "palette.gif": (im.quantize(16), {}),
    }
    for name, (x, options) in written.items():
        x.save(out / "files" / name, **options)
        y = Image.open(out / "files" / name)
        expected = y.convert("RGB") if y.mode == "P" else y
        CASES.append({"id": f"file/{name}", "kind": "file", "name": name, "format": y.format, "output": stored(expected)})


def fake():
    from torchvision.datasets import FakeData
    data = FakeData(5, (3, 6, 7), 4, random_offset=2)
    for i in range(3):
        x, y = data[i]
        CASES.append({"id": f"fake/{i}", "kind": "fake", "index": i, "target": y, "output": stored(x)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    (out / "files").mkdir(parents=True, exist_ok=True)
    for f in (functional, classes, pillow, boxes, grids, fake):
        f()
    files(out)
    save_file(TENSORS, out / "tensors.safetensors")
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": Image.__version__}
    (out / "cases.json").write_text(json.dumps({"versions": versions, "cases": CASES}, separators=(",", ":")).replace('{"id"', '\n{"id"') + "\n")
    print(len(CASES), "cases")


main()
