"""Image data of any format: the decoder that reads it correctly, or one clear refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from ..errors import ImageError
from .decoders import by_opencv, by_pillow, check_messages, open_pillow, orientation_of
from .file_kinds import describe_other, image_kind
from .pixels import Samples
from .quiet import decoder_messages

_UPRIGHT_LATER = cv2.IMREAD_IGNORE_ORIENTATION
_PNG_DEPTH_AT, _PNG_COLOR_TYPE_AT = 24, 25
_PNG_GRAY = (0, 4)
_ANIMATED = ("gif", "webp", "png", "avif")


def decode_image(data: bytes, suffix: str, page: int = 0) -> Samples:
    """Return the samples of one page of a TIFF, one frame of an animation, or the only picture.

    Raises
    ------
    ImageError
        The data is no image, is damaged, exceeds the limit of pixels, or has no such page.
    """
    kind = image_kind(data, suffix)
    with _one_refusal(), decoder_messages() as messages:
        if page and page >= (pages := _count(kind, data)):
            raise ImageError(f"`page` must be below {pages}, the number of its pages; got {page}")
        samples = _decode(kind, data, suffix, page)
    check_messages(messages, data)
    return samples


def count_pictures(data: bytes, suffix: str) -> int:
    """Count the pages of a TIFF or frames of an animation; 1 for every other file.

    Raises
    ------
    ImageError
        The data is damaged.
    """
    with _one_refusal(), decoder_messages():
        return _count(image_kind(data, suffix), data)


@contextmanager
def _one_refusal() -> Iterator[None]:
    """Turn any exception into ImageError, because damaged headers raise almost anything."""
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("the memory is too small for this image") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ImageError(f"the image is damaged ({reason})") from error


def _count(kind: str | None, data: bytes) -> int:
    if kind == "tiff":
        from .tiff import count_tiff_pages

        return count_tiff_pages(data)
    if kind not in _ANIMATED:
        return 1
    with open_pillow(kind, data) as image:
        return int(getattr(image, "n_frames", 1))


def _decode(kind: str | None, data: bytes, suffix: str, page: int) -> Samples:
    if kind is None:
        return _decode_unknown(data, suffix)
    if kind == "tiff":
        from .tiff import read_tiff

        return read_tiff(data, page)
    if kind == "radiance":
        return Samples(by_opencv(data, cv2.IMREAD_UNCHANGED), is_linear=True)
    if kind == "jpeg":
        return _decode_jpeg(data)
    if kind == "png" and page == 0 and data[_PNG_DEPTH_AT : _PNG_DEPTH_AT + 1] == b"\x10":
        return _decode_deep_png(data)
    return by_pillow(kind, data, page)


def _decode_jpeg(data: bytes) -> Samples:
    """Decode with OpenCV, because Pillow keeps libjpeg's warnings of damage to itself."""
    with open_pillow("jpeg", data) as header:
        if header.mode == "CMYK":
            return by_pillow("jpeg", data)
        values = by_opencv(data, cv2.IMREAD_ANYCOLOR | _UPRIGHT_LATER)
        return Samples(values, orientation=orientation_of(header))


def _decode_deep_png(data: bytes) -> Samples:
    """Decode 16 bits with OpenCV, because Pillow keeps 8 of colours."""
    open_pillow("png", data).verify()
    with open_pillow("png", data) as header:
        values = by_opencv(data, cv2.IMREAD_UNCHANGED | _UPRIGHT_LATER)
        orientation, transparent = orientation_of(header), header.info.get("transparency")
    if values.ndim == 3 and data[_PNG_COLOR_TYPE_AT] in _PNG_GRAY:
        values = values[..., [0, -1]]  # OpenCV repeats grey beside an alpha
    if values.ndim == 2 and isinstance(transparent, int):
        opacity = np.where(values == transparent, 0, np.iinfo(values.dtype).max)
        values = np.dstack([values, opacity.astype(values.dtype)])
    has_alpha = values.ndim == 3 and values.shape[2] in (2, 4)
    return Samples(values, "straight" if has_alpha else None, orientation)


def _decode_unknown(data: bytes, suffix: str) -> Samples:
    if description := describe_other(data, suffix):
        raise ImageError(description)
    try:
        return Samples(by_opencv(data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR))
    except ImageError:
        raise ImageError("not an image that OpenCV or Pillow can read, or damaged") from None
