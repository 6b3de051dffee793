"""Pictures in every format, made by Pillow, tifffile and OpenCV."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image

HEIGHT, WIDTH = 45, 64

# EXIF's orientations (CIPA DC-008, section 4.6.4) as operations on rows and columns.
UPRIGHT = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image.swapaxes(0, 1), 2),
    8: lambda image: np.rot90(image, 1),
}


def smooth_rgb(seed: int = 7) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (9, 9), 3)


def samples_of(dtype: str, channels: int) -> np.ndarray:
    """Random samples over the range of a type; floats in [0, 1]."""
    rng = np.random.default_rng(3)
    shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, channels)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.random(shape).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)


def pillow(image: Any, format_name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def opencv(image: np.ndarray, suffix: str, *options: int) -> bytes:
    """Encode RGB."""
    bgr = image if image.ndim == 2 else image[..., [2, 1, 0, 3][: image.shape[2]]]
    done, data = cv2.imencode(suffix, np.ascontiguousarray(bgr), options)
    assert done
    return bytes(data)


def tiff(image: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    options.setdefault("photometric", "rgb" if image.ndim == 3 else "minisblack")
    tifffile.imwrite(buffer, image, metadata=None, **options)
    return buffer.getvalue()


def with_tag(data: bytes, code: int, value: int) -> bytes:
    """Return a little-endian TIFF with another value of a tag."""
    changed = bytearray(data)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages[0].tags[code]
        for i in range(tag.count):
            struct.pack_into("<H", changed, tag.valueoffset + 2 * i, value)
    return bytes(changed)


def png(size: tuple[int, int], depth: int, color_type: int, rows: bytes, *chunks: bytes) -> bytes:
    """Put a PNG together from rows with their filter bytes, as Pillow writes not all kinds."""
    header = struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, 0)
    parts = [png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def every_format() -> dict[str, bytes]:
    """Return one small picture per format, compression and depth."""
    rgb = smooth_rgb()
    rgba = np.dstack([rgb, rgb[..., 0]])
    deep = rgb.astype(np.uint16) * 200
    indexed = Image.fromarray(rgb).quantize(256)
    return {
        "jpg": pillow(rgb, "JPEG", quality=90),
        "progressive.jpg": pillow(rgb, "JPEG", progressive=True),
        "grey.jpg": pillow(rgb[..., 0], "JPEG"),
        "restarts.jpg": opencv(rgb, ".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
        "png": pillow(rgb, "PNG"),
        "alpha.png": pillow(rgba, "PNG"),
        "16.png": opencv(deep, ".png"),
        "indexed.png": pillow(indexed, "PNG"),
        "gif": pillow(indexed, "GIF"),
        "webp": pillow(rgb, "WEBP"),
        "alpha.webp": pillow(rgba, "WEBP", lossless=True),
        "avif": pillow(rgb, "AVIF"),
        "jp2": pillow(rgb, "JPEG2000"),
        "bmp": pillow(rgb, "BMP"),
        "ppm": pillow(rgb, "PPM"),
        "hdr": opencv(rgb.astype(np.float32) / 50, ".hdr"),
        "tif": tiff(rgb),
        "tiles.tif": tiff(rgb, tile=(32, 32), compression="zlib", predictor=True),
        "16.tif": tiff(deep),
        "float.tif": tiff(rgb.astype(np.float32) / 255, compression="zlib"),
        "lzw.tif": pillow(rgb, "TIFF", compression="tiff_lzw"),
        "lzw16.tif": opencv(deep, ".tif"),
        "jpeg.tif": pillow(rgb, "TIFF", compression="jpeg"),
        "packbits.tif": pillow(rgb, "TIFF", compression="packbits"),
        "fax.tif": pillow(Image.fromarray(rgb).convert("1"), "TIFF", compression="group4"),
    }
