"""Frames out of a video file, a camera or a stream, in order and to the last one."""

import contextlib
import math
import threading
from fractions import Fraction
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from .opencv_logging import quiet_opencv
from .video_decoders import Decoder, open_decoder
from .video_files import is_file

_FALLBACK_FPS = 30.0
_HIGHEST_FPS = 1000
_LONGEST_SIDE = 16384  # beyond the limit of either codec; such frames would fill the memory


def check_request(
    start: float | None,
    end: float | None,
    resize: tuple[int, int] | None,
    fps: float | None = None,
) -> None:
    """Refuse a request that no video can satisfy.

    Raises
    ------
    ValueError
    """
    if not 0 <= (0.0 if start is None else start) < (math.inf if end is None else end):
        limits = (("start", start), ("end", end))
        given = " and ".join(f"{name} {value:g}" for name, value in limits if value is not None)
        raise ValueError(f"`start` and `end` must satisfy 0 <= start < end; got {given}")
    if resize is not None and not _is_size(resize):
        raise ValueError(
            f"`resize` must be a width and a height from 1 to {_LONGEST_SIDE}; got {resize}"
        )
    if fps is not None and not 0 < fps <= _HIGHEST_FPS:
        raise ValueError(f"`fps` must be above 0 and at most {_HIGHEST_FPS}; got {fps:g}")


class VideoReader:
    """Iterator over the frames of a video, BGR uint8 ``(H, W, 3)``, each a new array.

    Opening decodes the first frame, so an unreadable source fails at once. PyAV decodes files and
    URLs where it is installed, else OpenCV; animated WebP and PNG files count as videos.

    Parameters
    ----------
    source : str, Path or int
        A file, a folder of numbered images of one size, a camera's index (an int, or digits that
        name no file) or a URL.
    start, end : float, optional
        Seconds after the start of the video. The first frame is the first one at or after
        `start`, the last one is before `end`, also where the frame rate varies. Frames before
        `start` are decoded and skipped, which is exact in every format.
    resize : (int, int), optional
        Width and height to scale every frame to.
    fps : float, optional
        Frames per second of a folder of images, by default 25.

    Attributes
    ----------
    name : str
        That of the source.
    fps : float
        As the source says, else 30.
    size : (int, int)
        Width and height of the frames handed out.
    sample_aspect_ratio : Fraction
        Width of a pixel over its height, in the frames handed out; 1 where the source states none.
    frame_count : int or None
        How many frames the iteration will probably give; None when unknown.
    starts_at, seconds : float
        When the first frame, and the one handed out last, stands in the source.
    has_audio : bool
        Whether PyAV decodes the source and finds audio in it.
    live : bool
        Whether frames come at their own pace, from a camera or an endless stream.

    Raises
    ------
    VideoError
        The source is missing, unreadable, without frames, or damaged. While iterating, the error
        comes after the last frame that can be decoded.

    Notes
    -----
    Damage is found by the decoder, by the structure of the container, and by jumps in time beside
    damaged frames or packets. A flipped bit can still lose a frame unnoticed, in a frame's start
    code or at the end of a stream without a stated length. In tests on 1,800 damaged files of
    eleven containers, PyAV missed 7 and OpenCV 21.
    """

    def __init__(
        self,
        source: str | Path | int,
        *,
        start: float | None = None,
        end: float | None = None,
        resize: tuple[int, int] | None = None,
        fps: float | None = None,
    ) -> None:
        self.name = self._name = str(source)
        try:
            check_request(start, end, resize, fps)
        except ValueError as error:
            raise VideoError(f"{self._name}: {error}") from error
        self._resize = resize
        self._busy = threading.Lock()
        self._closed = False
        self._shape: tuple[int, ...] | None = None
        self._decoded = 0
        self._moment = 0.0  # of the frame decoded last
        self._decoder: Decoder | None = None
        self._silence = contextlib.ExitStack()
        self._silence.enter_context(quiet_opencv)
        try:
            self._decoder = decoder = open_decoder(source, fps)
            self.fps: float = _plausible_rate(decoder.fps)
            # Timestamps are rounded, to milliseconds in many formats.
            self._slack = min(0.5e-3, 0.1 / self.fps)
            self._stop = math.inf if end is None else end - self._slack
            self.frame_count = _frames_between(decoder.frame_count, self.fps, start, end)
            first = self._first_frame(0.0 if start is None else start - self._slack)
        except BaseException:
            self.close()
            raise
        self._ready: tuple[NDArray[np.uint8], float] | None = first
        height, width = first[0].shape[:2]
        self.starts_at = self.seconds = first[1]
        self.size = (width, height)
        self.sample_aspect_ratio = self._ratio(decoder.sample_aspect_ratio)
        self.has_audio: bool = getattr(decoder, "has_audio", False)
        self.live = decoder.frame_count is None and not is_file(source)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> NDArray[np.uint8]:
        item, self._ready = self._ready, None
        if item is None:
            item = self._next_frame()
        if item is None:
            raise StopIteration
        frame, self.seconds = item
        return frame

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def start_here(self) -> bool:
        """Make the next frame the first one, so `starts_at` is its time; False if none is left."""
        if self._ready is None:
            self._ready = self._next_frame()
        if self._ready is not None:
            self.starts_at = self._ready[1]
        return self._ready is not None

    def close(self) -> None:
        """Release the source; the iteration then ends."""
        if self._closed:
            return
        self._closed = True
        self._silence.close()
        # Releasing under a read that another thread is stuck in would crash; the decoder then
        # goes when that thread does.
        if self._decoder is not None and self._busy.acquire(timeout=0.5):
            self._decoder.close()
            self._busy.release()

    def _first_frame(self, start: float) -> tuple[NDArray[np.uint8], float]:
        item = self._next_frame(start)
        if item is None:
            length = f"{self._decoded} frames, the last one at {self._moment:.2f} s"
            reason = f"no frame in the requested range ({length})" if self._decoded else "no frame"
            raise VideoError(f"{self._name}: {reason} can be decoded")
        return item

    def _next_frame(self, start: float = -math.inf) -> tuple[NDArray[np.uint8], float] | None:
        """Return the next frame in the range and its time, or None at the end."""
        with self._busy:
            if self._closed or self._decoder is None:
                return None
            while (told := self._decoder.advance()) is not None:
                self._moment = self._time_after(told)
                self._decoded += 1
                if self._moment >= self._stop:
                    self._stop = -math.inf  # further calls end as well
                    return None
                if self._moment >= start:
                    return self._scaled(self._decoder.picture()), self._moment
            reason = self._decoder.fault() if self._stop > -math.inf else ""
        if reason:
            count = f"; {self._decoded} frames can be decoded" if self._decoded else ""
            raise VideoError(f"{self._name}: {reason}{count}")
        return None

    def _time_after(self, told: float) -> float:
        """Return the time of a frame, which is after the last one; some formats do not state it."""
        if self._decoded == 0:
            return told if told > 0 else 0.0
        last = self._moment
        return told if told > last else max(self._decoded / self.fps, last + 1 / self.fps)

    def _scaled(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self._shape is None:
            self._shape = frame.shape
        if frame.shape != self._shape:
            was, now = (f"{shape[1]}x{shape[0]}" for shape in (self._shape, frame.shape))
            index = self._decoded - 1
            raise VideoError(f"{self._name}: the frame size changes from {was} to {now} at {index}")
        if self._resize is None or self._resize == (frame.shape[1], frame.shape[0]):
            return frame
        shrinks = self._resize[0] * self._resize[1] < frame.shape[0] * frame.shape[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        try:
            scaled: NDArray[np.uint8] = cv2.resize(frame, self._resize, interpolation=how)
        except (cv2.error, MemoryError) as error:
            size = "x".join(map(str, self._resize))
            raise VideoError(f"{self._name}: frames cannot be scaled to {size}") from error
        return scaled

    def _ratio(self, ratio: Fraction) -> Fraction:
        """Return the pixels' shape after scaling, which keeps the shape of the whole picture."""
        if ratio == 1 or self._resize is None or self._shape is None:
            return ratio
        height, width = self._shape[:2]
        ratio *= Fraction(width * self._resize[1], height * self._resize[0])
        return ratio.limit_denominator(65_535)


def _plausible_rate(fps: float) -> float:
    return fps if math.isfinite(fps) and 0 < fps <= _HIGHEST_FPS else _FALLBACK_FPS


def _frames_between(
    count: int | None, fps: float, start: float | None, end: float | None
) -> int | None:
    """Return how many of the frames stand in a range, if they stand at equal distances."""
    # The slack keeps 0.3 s at 10 fps frame 3, although 0.3 * 10 is a little more than 3.
    # No video has 2**53 frames, and beyond that ceil() may get an infinity.
    first, last = (
        None if limit is None else math.ceil(min(limit * fps, 2.0**53) - 1e-6)
        for limit in (start, end)
    )
    if end is not None and math.isinf(end):
        last = None
    stop = min((number for number in (count, last) if number is not None), default=None)
    return None if stop is None else max(0, stop - (first or 0))


def _is_size(size: tuple[int, int]) -> bool:
    return len(size) == 2 and all(
        isinstance(side, int | np.integer) and 1 <= side <= _LONGEST_SIDE for side in size
    )
