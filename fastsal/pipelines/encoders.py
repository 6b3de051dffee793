"""What turns frames into a file: PyAV where it is installed, else OpenCV."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .sound import Sound


CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".avi": "MJPG"}

# Ticks per second, for times between those of a steady rate. MP4 has 32 bits for a step, so that
# finer ticks would allow shorter gaps between frames; a longer gap is shortened.
_FEWEST_TICKS, _LONGEST_STEP = 10_000, 2**29
_LOOKAHEAD = 10
_WIDEST = 8192  # as far as H.264's levels, and with them players, go
_H264 = {"preset": "veryfast", "crf": "20", "rc-lookahead": str(_LOOKAHEAD), "bf": "2"}

_SQUARE = Fraction(1)

Picture = NDArray[np.uint8]


class Encoder(Protocol):
    """Writes BGR frames of even width and height."""

    @property
    def limits(self) -> str:
        """The file's losses so far, in words; empty if none."""

    keeps_times: bool  # or gives the file a steady rate
    delay: int  # how many frames it may hold back, to be written when it is closed

    def write(self, frame: Picture, at: float | None) -> int:
        """Add a frame, at so many seconds if not one step after the last; return how often."""

    def close(self) -> None:
        """Finish the file."""


def has_av() -> bool:
    """Return whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def keeps_shape(path: Path) -> bool:
    """Return whether the encoder for `path` is PyAV's, which stores the shape of pixels."""
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
    if keeps_shape(path):
        try:
            return AVEncoder(path, fps, size, sound, sample_aspect_ratio)
        except ValueError:
            return None
    return OpenCVEncoder.opened(path, fps, size)


class AVEncoder:
    """H.264 by PyAV: plays in browsers, keeps every frame's time and the sound."""

    keeps_times = True
    delay = _LOOKAHEAD + 6  # of its threads

    def __init__(
        self,
        path: Path,
        fps: float,
        size: tuple[int, int],
        sound: Sound | None,
        sample_aspect_ratio: Fraction,
    ) -> None:
        import av

        width, height = size
        if not (0 < width <= _WIDEST and 0 < height <= _WIDEST):
            raise ValueError(f"H.264 does not support frames of {width}x{height} pixels")
        self._fps = fps
        self._sound = sound
        self._count = 0
        self._last = -1  # ticks
        self._shift = 0  # ticks by which gaps were shortened
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        try:
            # 1001 is the denominator of the rates of television.
            rate = Fraction(fps).limit_denominator(1001 if fps >= 1 else 65_535)
            # A whole number of ticks from frame to frame, at 23.976 per second too.
            ticks = rate.numerator * math.ceil(_FEWEST_TICKS / rate.numerator)
            self._tick = Fraction(1, ticks)
            self._longest = float(_LONGEST_STEP * self._tick / 3600)  # hours
            self._stream: Any = self._container.add_stream("libx264", rate=rate, options=_H264)
            self._stream.width, self._stream.height = width, height
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
            self._stream.time_base = self._stream.codec_context.time_base = self._tick
            if sound is not None:
                sound.add_to(self._container)
            self._container.start_encoding()
        except BaseException:
            self._container.close()
            raise

    @property
    def limits(self) -> str:
        gaps = f"gaps of hours between frames are shortened to {self._longest:.0f} h"
        found = [gaps if self._shift else "", self._sound.limits if self._sound else ""]
        return "; ".join(each for each in found if each)

    def write(self, frame: Picture, at: float | None) -> int:
        import av

        seconds = self._count / self._fps if at is None else at
        self._count += 1
        tick = max(round(seconds / self._tick) - self._shift, self._last + 1)
        excess = max(0, tick - max(self._last, 0) - _LONGEST_STEP)
        self._shift += excess
        self._last = tick - excess
        picture = av.VideoFrame.from_ndarray(frame, format="bgr24")
        picture.pts, picture.time_base = self._last, self._tick
        with _os_errors():
            self._container.mux(self._stream.encode(picture))
            if self._sound is not None:
                self._sound.mux_until(seconds)
        return 1

    def close(self) -> None:
        with _os_errors(), self._container:
            self._container.mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.mux_until(self._last * float(self._tick) + 1 / self._fps)
                self._sound.close()


@contextmanager
def _os_errors() -> Iterator[None]:
    """Turn FFmpeg's errors, of which only some are OSErrors, into OSErrors."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error


class OpenCVEncoder:
    """MPEG-4 Part 2 or Motion JPEG by OpenCV, whose wheels hold no H.264."""

    limits = (
        "no sound, a steady frame rate, and a format that browsers do not play; "
        "an .mp4 by PyAV, pip install 'fastsal[video]', does better"
    )
    keeps_times = False
    delay = 0

    def __init__(self, writer: Any, fps: float) -> None:
        self._writer = writer
        self._fps = fps
        self._count = 0

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
        # The file has a steady rate: a frame is left out or repeated to play when it should.
        due = self._count + 1 if at is None else round(at * self._fps) + 1
        added = max(0, due - self._count)
        for _ in range(added):
            self._writer.write(frame)
        self._count += added
        return added

    def close(self) -> None:
        self._writer.release()


def _encodable(fps: float) -> float:
    # MPEG-4 counts in fractions of a second with denominators of 16 bits.
    digits = 3
    while digits and fps * 10**digits > 65535:
        digits -= 1
    return round(fps, digits)
