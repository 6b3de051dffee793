"""PyAV's encoders: H.264 in MP4 and QuickTime files, Motion JPEG in AVI, with audio."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from numpy.typing import NDArray

from .constant_rate import SteadyRate

if TYPE_CHECKING:
    from .audio import Sound

# Ticks per second, for times between those of a steady rate. MP4 has 32 bits for a step, so that
# finer ticks would allow shorter gaps between frames; a longer gap is shortened.
_FEWEST_TICKS, _LONGEST_STEP = 10_000, 2**29
_LOOKAHEAD = 10
_WIDEST = 8192  # limit of H.264's levels, and so of players
_H264 = {"preset": "veryfast", "crf": "20", "rc-lookahead": str(_LOOKAHEAD), "bf": "2"}
_MJPEG = {"qmin": "2", "qmax": "3"}

Picture = NDArray[np.uint8]


class _Target:
    """A file that is being written, with one video stream and audio if any."""

    def __init__(self, path: Path, sound: Sound | None, **options: Any) -> None:
        self._container: Any = av.open(str(path), "w", **options)
        self._stream: Any = None
        self._sound = sound

    def _begin(self) -> None:
        try:
            self._add_video()
            if self._sound is not None:
                self._sound.add_to(self._container)
            self._container.start_encoding()
        except BaseException:
            self._container.close()
            raise

    def _add_video(self) -> None:
        raise NotImplementedError

    def _encode(self, frame: Picture, tick: int, time_base: Fraction) -> None:
        picture = av.VideoFrame.from_ndarray(frame, format="bgr24")
        picture.pts, picture.time_base = tick, time_base
        self._container.mux(self._stream.encode(picture))

    def _last_packets(self) -> list[Any]:
        return list(self._stream.encode(None))

    def _finish(self, seconds: float) -> None:
        """Write the delayed packets, and audio up to a time."""
        with _os_errors(), self._container:
            self._container.mux(self._last_packets())
            if self._sound is not None:
                self._sound.mux_until(seconds)
                self._sound.close()


class H264Encoder(_Target):
    """H.264, which plays in browsers, with every frame's time and the audio."""

    keeps_times = True
    delay = _LOOKAHEAD + 6  # of its threads
    _codec = "libx264"
    _codec_options = _H264

    def __init__(
        self,
        path: Path,
        fps: float,
        size: tuple[int, int],
        sound: Sound | None,
        sample_aspect_ratio: Fraction,
    ) -> None:
        width, height = size
        if not (0 < width <= _WIDEST and 0 < height <= _WIDEST):
            raise ValueError(f"H.264 does not support frames of {width}x{height} pixels")
        super().__init__(path, sound, options={"movflags": "+faststart"})
        self._fps = fps
        self._size = size
        self._shape = sample_aspect_ratio
        self._count = 0
        self._last = -1  # ticks
        self._shift = 0  # ticks by which gaps were shortened
        # 1001 is the denominator of the rates of television.
        self._rate = Fraction(fps).limit_denominator(1001 if fps >= 1 else 65_535)
        # A whole number of ticks from frame to frame, at 23.976 per second too.
        ticks = self._rate.numerator * math.ceil(_FEWEST_TICKS / self._rate.numerator)
        self._tick = Fraction(1, ticks)
        self._longest = float(_LONGEST_STEP * self._tick / 3600)  # hours
        self._begin()

    @property
    def limits(self) -> str:
        gaps = f"gaps of hours between frames are shortened to {self._longest:.1f} h"
        found = [gaps if self._shift else "", self._sound.limits if self._sound else ""]
        return "; ".join(filter(None, found))

    def write(self, frame: Picture, at: float | None) -> int:
        seconds = self._count / self._fps if at is None else at
        self._count += 1
        tick = max(round(seconds / self._tick) - self._shift, self._last + 1)
        excess = max(0, tick - max(self._last, 0) - _LONGEST_STEP)
        self._shift += excess
        self._last = tick - excess
        with _os_errors():
            self._encode(frame, self._last, self._tick)
            if self._sound is not None:
                self._sound.mux_until(seconds)
        return 1

    def close(self) -> None:
        self._finish(self._last * float(self._tick) + 1 / self._fps)

    def _add_video(self) -> None:
        self._stream = self._container.add_stream(
            self._codec, rate=self._rate, options=self._codec_options
        )
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.sample_aspect_ratio = self._shape
        self._stream.time_base = self._stream.codec_context.time_base = self._tick


class MotionJpegEncoder(_Target):
    """Motion JPEG in AVI, which has no times: frames are repeated or left out."""

    keeps_times = False
    delay = 0

    def __init__(self, path: Path, fps: float, size: tuple[int, int], sound: Sound | None) -> None:
        super().__init__(path, sound)
        self._size = size
        self._steady = SteadyRate(fps)
        self._rate = Fraction(fps).limit_denominator(65_535)
        self._begin()

    @property
    def limits(self) -> str:
        form = "a steady frame rate, and a format that browsers do not play; use .mp4 instead"
        found = [form, self._steady.limits, self._sound.limits if self._sound else ""]
        return "; ".join(filter(None, found))

    def write(self, frame: Picture, at: float | None) -> int:
        added = self._steady.repeats(at)
        with _os_errors():
            for index in range(self._steady.count - added, self._steady.count):
                self._encode(frame, index, 1 / self._rate)
            if self._sound is not None:
                self._sound.mux_until(float(self._steady.count / self._rate))
        return added

    def close(self) -> None:
        self._finish(float(self._steady.count / self._rate))

    def _add_video(self) -> None:
        self._stream = self._container.add_stream("mjpeg", rate=self._rate, options=_MJPEG)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuvj420p"


@contextmanager
def _os_errors() -> Iterator[None]:
    """Turn all of FFmpeg's errors into OSErrors."""
    try:
        yield
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error
