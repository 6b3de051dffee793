"""Image data of any format: the decoder that reads it correctly, or one clear refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..errors import ImageError
from .avif import check_avif
from .decoders import (
    by_opencv,
    by_pillow,
    check_messages,
    frame_of,
    open_pillow,
    orientation_of,
)
from .file_kinds import describe_other, image_kind
from .opencv_logging import decoder_messages
from .pixels import Samples

if TYPE_CHECKING:
    from PIL import ImageFile

    from .tiff import TiffPages

_UPRIGHT_LATER = cv2.IMREAD_IGNORE_ORIENTATION
_PNG_DEPTH_AT, _PNG_COLOR_TYPE_AT = 24, 25
_PNG_GRAY = (0, 4)
_END_OF_JPEG = b"\xff\xd9"
_ANIMATED = ("gif", "webp", "png", "avif")


class Pictures:
    """Pictures in one file's data: pages of a TIFF, frames of an animation, or a single one.

    Parameters
    ----------
    data : bytes
        The whole file.
    suffix : str
        Suffix of its name, which distinguishes raw files of cameras from TIFF.
    """

    def __init__(self, data: bytes, suffix: str) -> None:
        self._data = data
        self._suffix = suffix
        self._kind = image_kind(data, suffix)
        self._is_checked = False

    @cached_property
    def count(self) -> int:
        """How many there are.

        Raises
        ------
        ImageError
            The data is damaged.
        """
        with _one_refusal(), decoder_messages():
            if self._kind == "tiff":
                return len(self._pages)
            if self._kind in _ANIMATED:
                return int(getattr(self._frames, "n_frames", 1))
            return 1

    def decode(self, index: int) -> Samples:
        """Return the samples of one picture, counted from 0.

        Raises
        ------
        ImageError
            The data is no image, is damaged, exceeds the limit of pixels, or has no such picture.
        """
        if index != 0 and not 0 <= index < self.count:
            raise ImageError(f"`page` must be from 0 to {self.count - 1}; got {index}")
        with _one_refusal(), decoder_messages() as messages:
            samples = self._decode(index)
        check_messages(messages, self._data)
        return samples

    def _decode(self, index: int) -> Samples:
        if self._kind == "tiff":
            return self._pages.read(index)
        if self._kind == "avif" and not self._is_checked:
            check_avif(self._data)
            self._is_checked = True
        if index:
            return frame_of(self._frames, index)
        return _decode_single(self._kind, self._data, self._suffix)

    @cached_property
    def _pages(self) -> TiffPages:
        from .tiff import TiffPages

        return TiffPages(self._data)

    @cached_property
    def _frames(self) -> ImageFile.ImageFile:
        assert self._kind is not None
        return open_pillow(self._kind, self._data)


@contextmanager
def _one_refusal() -> Iterator[None]:
    """Turn any exception into ImageError, because damaged headers raise almost anything."""
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("not enough memory for this image") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ImageError(f"the image is damaged ({reason})") from error


def _decode_single(kind: str | None, data: bytes, suffix: str) -> Samples:
    if kind is None:
        return _decode_unknown(data, suffix)
    if kind == "radiance":
        return Samples(by_opencv(data, cv2.IMREAD_UNCHANGED), is_linear=True)
    if kind == "jpeg":
        return _decode_jpeg(data)
    if kind == "png" and data[_PNG_DEPTH_AT : _PNG_DEPTH_AT + 1] == b"\x10":
        return _decode_deep_png(data)
    return by_pillow(kind, data)


def _decode_jpeg(data: bytes) -> Samples:
    """Decode with OpenCV, because Pillow keeps libjpeg's warnings of damage to itself."""
    with open_pillow("jpeg", data) as header:
        if header.mode == "CMYK":
            return by_pillow("jpeg", data)
        # Before version 4.11 OpenCV fills missing pixels with grey, without a message.
        if header.fp is not None and data.find(_END_OF_JPEG, header.fp.tell()) < 0:
            raise ImageError("the file is truncated")
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
        raise ImageError("not an image of a supported format, or damaged") from None
