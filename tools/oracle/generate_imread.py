"""Small image files and what matplotlib.image.imread makes of them, for test/conversions.

Run: python generate_imread.py OUT.json   (needs: pip install matplotlib==3.11.2 pillow)
"""
import base64
import io
import json
import struct
import sys
import zlib

import matplotlib.image as mpimg
import numpy as np
from PIL import Image

random = np.random.RandomState(0)
cases = []


def add(name: str, data: bytes) -> None:
    array = mpimg.imread(io.BytesIO(data), format=name.rsplit(".", 1)[1])
    cases.append(
        {
            "name": name,
            "file": base64.b64encode(data).decode(),
            "shape": array.shape,
            "dtype": str(array.dtype),
            "values": [float(v) for v in array.ravel()],
        }
    )


def pixels(*shape: int, dtype: str = "u1") -> Image.Image:
    return Image.fromarray(random.randint(0, np.iinfo(dtype).max + 1, shape).astype(dtype))


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(width: int, height: int, depth: int, color: int, rows: list) -> bytes:
    """PNG files of kinds that Pillow does not write."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


add("gray.png", encoded(pixels(3, 4), "PNG"))
add("bilevel.png", encoded(Image.fromarray(random.rand(3, 9) > 0.5), "PNG"))
add("palette.png", encoded(pixels(3, 4, 3).quantize(4), "PNG"))
add("palette256.png", encoded(pixels(5, 6, 3).quantize(200), "PNG"))
add("rgb.png", encoded(pixels(3, 4, 3), "PNG"))
add("rgba.png", encoded(pixels(3, 4, 4), "PNG"))
add("la.png", encoded(pixels(3, 4, 2), "PNG"))
add("gray16.png", encoded(pixels(3, 4, dtype="u2"), "PNG"))
add("rgb16.png", raw_png(2, 1, 16, 2, [struct.pack(">6H", 0, 1000, 65535, 256, 255, 40000)]))
add("rgba16.png", raw_png(1, 1, 16, 6, [struct.pack(">4H", 0, 1000, 65535, 256)]))
add("la16.png", raw_png(2, 1, 16, 4, [struct.pack(">4H", 0, 1000, 65535, 256)]))
add("gray.jpg", encoded(pixels(8, 8), "JPEG"))
add("rgb.jpg", encoded(pixels(8, 8, 3), "JPEG"))
add("gray.bmp", encoded(pixels(3, 4), "BMP"))
add("rgb.bmp", encoded(pixels(3, 4, 3), "BMP"))
add("palette.bmp", encoded(pixels(3, 4, 3).quantize(4), "BMP"))
add("rgba.webp", encoded(pixels(3, 4, 4), "WEBP", lossless=True, exact=True))
with open(sys.argv[1], "w") as f:
    json.dump(cases, f)
