"""Animated WebP, PNG and AVIF files, decoded by Pillow.

FFmpeg decodes no animated WebP, and of an AVIF the still picture.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from .avif import check_avif
from .containers import frame_seconds

_PNG = b"\x89PNG\r\n\x1a\n"
# Browsers show a frame for 100 ms if its stated duration is at most this.
_SHORTEST, _USUAL = 0.010, 0.100


def is_animation(path: Path) -> bool:
    """Return whether a file is an animated WebP, PNG or AVIF; a still one is not."""
    return bool(frame_durations(path))


def frame_durations(path: Path) -> list[float]:
    """Return the seconds for which each frame of an animated WebP, PNG or AVIF is shown.

    The list is empty for any other file.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        stated = list(_webp_durations(path))
    elif head[:8] == _PNG:
        stated = list(_png_durations(path))
    elif head[4:12] == b"ftypavis":
        stated = frame_seconds(path)
    else:
        return []
    return [seconds if seconds > _SHORTEST else _USUAL for seconds in stated]


def _webp_durations(path: Path) -> Iterator[float]:
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            after = file.tell() + size + size % 2
            if name == b"ANMF":
                yield int.from_bytes(file.read(16)[12:15], "little") / 1000
            file.seek(after)


def _png_durations(path: Path) -> Iterator[float]:
    with path.open("rb") as file:
        file.seek(8)
        is_animated = False
        while len(head := file.read(8)) == 8:
            size, name = struct.unpack(">I4s", head)
            after = file.tell() + size + 4  # and a checksum
            if name == b"acTL":
                is_animated = True
            elif name == b"fcTL" and is_animated and len(control := file.read(26)) == 26:
                numerator, denominator = struct.unpack(">HH", control[20:24])
                yield numerator / (denominator or 100)
            file.seek(after)


class AnimationDecoder:
    """Decoder of an animated WebP, PNG or AVIF; transparent pixels are composited on white.

    Parameters
    ----------
    path : Path

    Raises
    ------
    VideoError
        The file cannot be decoded.
    """

    sample_aspect_ratio = Fraction(1)

    def __init__(self, path: Path) -> None:
        from PIL import Image

        self._name = str(path)
        durations = frame_durations(path)
        self._times = [0.0, *accumulate(durations)]
        self.frame_count: int | None = len(durations)
        self.fps = len(durations) / self._times[-1]
        self._index = -1
        self._reason = ""
        try:
            if path.read_bytes()[4:8] == b"ftyp":
                check_avif(path.read_bytes())
            self._image = Image.open(path)
        except _FAILURES as error:
            raise VideoError(f"{path}: not an image that Pillow can decode, or damaged") from error
        # A PNG may begin with a picture for programs that show no animations.
        self._skipped = int(bool(self._image.info.get("default_image")))

    def advance(self) -> float | None:
        index = self._index + 1
        if index == self.frame_count:
            return None
        try:
            self._image.seek(index + self._skipped)
            self._image.load()
        except _FAILURES as error:
            self._reason = str(error)
            return None
        self._index = index
        return self._times[index]

    def picture(self) -> NDArray[np.uint8]:
        pixels = np.asarray(self._image.convert("RGBA"))
        opacity = pixels[..., 3:]
        colour: NDArray[np.uint8] = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGR)
        if opacity.min() == 255:
            return colour
        weight = opacity.astype(np.uint16)
        blended = (colour * weight + 255 * (255 - weight) + 127) // 255
        return np.asarray(blended, np.uint8)

    def fault(self) -> str:
        if self._index + 1 == self.frame_count:
            return ""
        return f"damaged after {self._index + 1} frames ({self._reason})"

    def close(self) -> None:
        self._image.close()


# Pillow raises these for damaged files; a decompression bomb is a plain Exception.
_FAILURES = (Exception,)
