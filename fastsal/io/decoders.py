"""Pictures decoded by Pillow and OpenCV; damaged and enormous ones are refused."""

from __future__ import annotations

import importlib
import io
import os
import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from ..errors import ImageError
from .pixels import Samples

# Opened by class: Image.open refuses large pictures even if memory suffices.
_PLUGINS = {
    "png": "PngImagePlugin.PngImageFile",
    "jpeg": "JpegImagePlugin.JpegImageFile",
    "gif": "GifImagePlugin.GifImageFile",
    "webp": "WebPImagePlugin.WebPImageFile",
    "bmp": "BmpImagePlugin.BmpImageFile",
    "jpeg2000": "Jpeg2KImagePlugin.Jpeg2KImageFile",
    "avif": "AvifImagePlugin.AvifImageFile",
    "pnm": "PpmImagePlugin.PpmImageFile",
    "tiff": "TiffImagePlugin.TiffImageFile",
}
_ORIENTATION = 0x0112
_LIMIT_NAME = "OPENCV_IO_MAX_IMAGE_PIXELS"
_LIMIT = 1 << 30
_SWAPPED_BY_OPENCV = ("uint8", "uint16", "float32")
# Messages of libjpeg, libpng and libtiff that mean wrong pixels.
_DAMAGE = re.compile(
    r"Corrupt JPEG data: (?!bad ICC).*|Premature end of .*|Inconsistent progression .*"
    r"|libpng error: .*|(?:\w+Decode|tempfile\.tif|JPEGLib): (?!Warning).*"
)
_PADDING = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")


def check_size(width: int, height: int) -> None:
    """Refuse a picture of more pixels than the limit that OpenCV has, and the user can change.

    Raises
    ------
    ImageError
    """
    text = os.environ.get(_LIMIT_NAME, "")
    limit = int(text) if text.isdecimal() else _LIMIT
    if width * height > limit:
        raise ImageError(
            f"{width}x{height} pixels exceed the limit of {limit}; "
            f"set the environment variable {_LIMIT_NAME} to allow more"
        )


def open_pillow(kind: str, data: bytes) -> ImageFile.ImageFile:
    """Return a picture after Pillow has read its header.

    Raises
    ------
    ImageError
        The header claims too many pixels. Damaged data raise any exception.
    """
    module, name = _PLUGINS[kind].split(".")
    plugin = getattr(importlib.import_module(f"PIL.{module}"), name)
    image: ImageFile.ImageFile = plugin(io.BytesIO(data))
    check_size(*image.size)
    return image


def by_pillow(kind: str, data: bytes) -> Samples:
    """Decode with Pillow, which keeps 8 bits of colours and 16 of grey.

    Raises
    ------
    Exception
        Damaged data raise any exception.
    """
    with open_pillow(kind, data) as image:
        if kind == "png":
            open_pillow(kind, data).verify()  # all checksums, those after the pixels too
        return frame_of(image, 0)


def frame_of(image: ImageFile.ImageFile, index: int) -> Samples:
    """Return one frame of an opened picture; the order of the file is the fastest."""
    if index:
        image.seek(index)
    image.load()
    return _samples(image)._replace(orientation=orientation_of(image))


def orientation_of(image: Image.Image) -> int:
    """Return EXIF's orientation; damaged metadata do not make a picture unreadable."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _samples(image: Image.Image) -> Samples:
    if image.has_transparency_data and not image.mode.startswith("I"):
        is_gray = image.mode in ("1", "L", "LA", "La")
        return Samples(np.asarray(image.convert("LA" if is_gray else "RGBA")), "straight")
    if image.mode in ("1", "L"):
        return Samples(np.asarray(image.convert("L")))
    if image.mode in ("F", "I") or image.mode.startswith("I;16"):
        values = np.asarray(image)
        is_deep = image.mode == "I" and image.format == "PPM"
        return Samples(values.astype(np.uint16) if is_deep else values)
    return Samples(np.asarray(image.convert("RGB")))


def by_opencv(data: bytes, flags: int) -> NDArray[Any]:
    """Decode with OpenCV, to RGB order, without any rotation.

    Raises
    ------
    ImageError
        The data is damaged, or of a kind that OpenCV does not read.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        if "Insufficient memory" in str(error):
            raise MemoryError from error
        raise ImageError(
            "the image is damaged, or has a format that OpenCV cannot decode"
        ) from error
    if image is None:
        raise ImageError("the image is damaged, or has a format that OpenCV cannot decode")
    decoded: NDArray[Any] = image
    return rgb_or_bgr(decoded)


def check_messages(messages: list[str], data: bytes) -> None:
    """Refuse a picture that its decoder completed with invented pixels."""
    for message in messages:
        if (found := _DAMAGE.search(message)) and not _is_padding(found[0], data):
            raise ImageError(f"the image is damaged ({found[0]})")


def _is_padding(message: str, data: bytes) -> bool:
    """Return whether libjpeg complains only about padding before the end, as cameras write it."""
    if not (found := _PADDING.match(message)):
        return False
    end = data.rfind(b"\xff\xd9")
    return not data[end - int(found[1]) : end].strip(b"\0\xff")


def rgb_or_bgr(image: NDArray[Any]) -> NDArray[Any]:
    """Swap RGB and BGR, with or without alpha, of any dtype; grey is unchanged."""
    if image.ndim == 2 or image.shape[2] < 3:
        return image
    if image.dtype.name not in _SWAPPED_BY_OPENCV:
        return np.ascontiguousarray(image[..., [2, 1, 0, 3][: image.shape[2]]])
    code = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    swapped: NDArray[Any] = cv2.cvtColor(image, code)
    return swapped
