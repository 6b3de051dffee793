"""Encode frames into a file, with PyAV if it is installed and OpenCV if not."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from .constant_rate import SteadyRate

if TYPE_CHECKING:
    from .audio import Sound


CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".avi": "MJPG"}

_SQUARE = Fraction(1)

Picture = NDArray[np.uint8]


class Encoder(Protocol):
    """Writes BGR frames of even width and height."""

    @property
    def limits(self) -> str:
        """The file's losses until now, in words; empty if none."""

    keeps_times: bool  # or gives the file a steady rate
    delay: int  # how many frames it may hold back, to be written when it is closed

    def write(self, frame: Picture, at: float | None) -> int:
        """Add a frame, by default one step after the last; return how often it was written."""

    def close(self) -> None:
        """Finish the file."""


# From a path, frames per second, size, audio and sample aspect ratio.
Opener = Callable[[Path, float, tuple[int, int], "Sound | None", Fraction], Encoder | None]


def has_av() -> bool:
    """Return whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def keeps_shape(path: Path) -> bool:
    """Return whether the file will store the shape of pixels: not AVI, and none of OpenCV's."""
    return path.suffix.lower() != ".avi" and has_av()


def open_encoder(
    path: Path,
    fps: float,
    size: tuple[int, int],
    sound: Sound | None,
    sample_aspect_ratio: Fraction = _SQUARE,
) -> Encoder | None:
    """Return an encoder for the kind of file that `path` names, or None if there is none."""
    if not (math.isfinite(fps) and fps > 0):
        return None
    if has_av():
        from .av_encoders import H264Encoder, MotionJpegEncoder

        try:
            if path.suffix.lower() == ".avi":
                return MotionJpegEncoder(path, fps, size, sound)
            return H264Encoder(path, fps, size, sound, sample_aspect_ratio)
        except ValueError:
            return None
    return OpenCVEncoder.opened(path, fps, size)


class OpenCVEncoder:
    """MPEG-4 Part 2 or Motion JPEG by OpenCV; its wheels have no H.264."""

    keeps_times = False
    delay = 0

    def __init__(self, writer: Any, fps: float) -> None:
        self._writer = writer
        self._steady = SteadyRate(fps)

    @property
    def limits(self) -> str:
        form = (
            "no sound, a steady frame rate, and a format that browsers do not play; "
            "install PyAV with `pip install av` and use .mp4"
        )
        return "; ".join(filter(None, (form, self._steady.limits)))

    @classmethod
    def opened(cls, path: Path, fps: float, size: tuple[int, int]) -> OpenCVEncoder | None:
        """Return one, or None if OpenCV cannot write such a file."""
        code = cv2.VideoWriter.fourcc(*CODECS[path.suffix.lower()])
        try:
            writer = cv2.VideoWriter(str(path), code, _encodable(fps), size)
        except cv2.error:
            return None
        return cls(writer, fps) if writer.isOpened() else None

    def write(self, frame: Picture, at: float | None) -> int:
        added = self._steady.repeats(at)
        for _ in range(added):
            self._writer.write(frame)
        return added

    def close(self) -> None:
        self._writer.release()


def _encodable(fps: float) -> float:
    # MPEG-4 counts in fractions of a second with denominators of 16 bits.
    digits = 3
    while digits and fps * 10**digits > 65535:
        digits -= 1
    return round(fps, digits)
