"""Frames out of a video file, a camera or a stream, in order and to the last one."""

import contextlib
import math
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from .quiet import quiet_opencv
from .video_files import is_file, open_source

_FALLBACK_FPS = 30.0
_LONGEST_SIDE = 16384  # beyond what either codec takes, and frames that fill the memory
# These store how many frames they hold; elsewhere OpenCV multiplies duration by rate.
_COUNTING_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi")


def check_request(start: float | None, end: float | None, resize: tuple[int, int] | None) -> None:
    """Refuse what no video can give, whichever it is.

    Raises
    ------
    ValueError
    """
    if not 0 <= (0.0 if start is None else start) < (math.inf if end is None else end):
        limits = (("start", start), ("end", end))
        given = " and ".join(f"{name} {value:g}" for name, value in limits if value is not None)
        raise ValueError(f"expected 0 <= start < end, got {given}")
    if resize is not None and not _is_size(resize):
        raise ValueError(
            f"expected a width and a height from 1 to {_LONGEST_SIDE} to resize to, got {resize}"
        )


class VideoReader:
    """Iterator over the frames of a video, BGR uint8 ``(H, W, 3)``, each a new array.

    Opening decodes the first frame, so an unreadable source fails at once. Where the picture
    size changes inside a file, OpenCV itself rescales to the first size; a source that hands out
    frames of another size is refused.

    Parameters
    ----------
    source : str, Path or int
        A file, a camera's index (an int, or digits naming no file) or a URL.
    start, end : float, optional
        Seconds; frame k stands at ``k / fps``. Frames before `start` are decoded and skipped,
        which is exact in every format.
    resize : (int, int), optional
        Width and height to scale every frame to.

    Attributes
    ----------
    fps : float
        As the source says, else 30.
    size : (int, int)
        Width and height of the frames handed out.
    frame_count : int or None
        How many frames the iteration should give; None when unknown.
    starts_at, seconds : float
        When the first frame, and the one handed out last, stands in the source; exact also where
        the rate varies.
    live : bool
        Whether frames come at their own pace, from a camera or an endless stream.

    Raises
    ------
    VideoError
        Missing, unreadable, without frames, damaged; while iterating also when the file ends
        noticeably before the number of frames that its header promises.
    """

    def __init__(
        self,
        source: str | Path | int,
        *,
        start: float | None = None,
        end: float | None = None,
        resize: tuple[int, int] | None = None,
    ) -> None:
        self._name = str(source)
        try:
            check_request(start, end, resize)
        except ValueError as error:
            raise VideoError(f"{self._name}: {error}") from error
        self._resize = resize
        self._busy = threading.Lock()
        self._closed = False
        self._shape: tuple[int, ...] | None = None
        self._decoded = 0
        self._latest_ms = 0.0
        self.seconds = 0.0
        self._capture: Any = None
        self._silence = contextlib.ExitStack()
        self._silence.enter_context(quiet_opencv)
        try:
            self._capture = open_source(source)
            self._find_range(start, end)
            first = self._first_frame()
        except BaseException:
            self.close()
            raise
        self._ready: NDArray[np.uint8] | None = first
        self.starts_at = self._time_after(0.0)
        self.size = (first.shape[1], first.shape[0])
        self.live = self._promised is None and not is_file(source)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> NDArray[np.uint8]:
        frame, self._ready = self._ready, None
        if frame is None:
            frame = self._next_frame()
        if frame is None:
            raise StopIteration
        self.seconds = self._time_after(self.seconds)
        return frame

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the source; the iteration then ends."""
        if self._closed:
            return
        self._closed = True
        self._silence.close()
        # Releasing under a read that another thread is stuck in would crash; the capture then
        # goes when that thread does.
        if self._capture is not None and self._busy.acquire(timeout=0.5):
            self._capture.release()
            self._busy.release()

    def _find_range(self, start: float | None, end: float | None) -> None:
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps: float = fps if math.isfinite(fps) and 0 < fps <= 1000 else _FALLBACK_FPS
        promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # A live source answers with the smallest integer there is.
        self._promised = int(promised) if 0 < promised < 1e9 else None
        self._first = 0 if start is None else self._frame_at(start)
        self._stop = None if end is None or math.isinf(end) else self._frame_at(end)
        last = min((n for n in (self._promised, self._stop) if n is not None), default=None)
        self.frame_count: int | None = None if last is None else max(0, last - self._first)

    def _frame_at(self, seconds: float) -> int:
        # The slack keeps 0.3 s at 10 fps frame 3, although 0.3 * 10 is a little more than 3.
        # No video has 2**53 frames, and beyond that ceil() may get an infinity.
        return math.ceil(min(seconds * self.fps, 2.0**53) - 1e-6)

    def _first_frame(self) -> NDArray[np.uint8]:
        while self._decoded < self._first and self._capture.grab():
            self._count()
        frame = self._next_frame() if self._decoded == self._first else None
        if frame is None:
            length = f"{self._decoded} frames, {self._decoded / self.fps:.2f} s"
            what = f"no frame in the range asked for ({length})" if self._decoded else "no frame"
            raise VideoError(f"{self._name}: {what} can be decoded")
        return frame

    def _next_frame(self) -> NDArray[np.uint8] | None:
        if self._stop is not None and self._decoded >= self._stop:
            return None
        with self._busy:
            if self._closed:
                return None
            found, frame = self._read()
        if not found:
            self._check_length()
            return None
        self._count()
        return self._scaled(frame)

    def _time_after(self, last: float) -> float:
        """Return when the frame decoded last stands, which is after `last`."""
        told = self._latest_ms / 1e3
        if told > last or self._decoded == 1:
            return told
        # Some formats tell no times, and some none of their last frames.
        return max((self._decoded - 1) / self.fps, last + 1 / self.fps)

    def _read(self) -> tuple[bool, Any]:
        try:
            found, frame = self._capture.read()
        except cv2.error as error:
            raise VideoError(f"{self._name}: frame {self._decoded} cannot be decoded") from error
        return found, frame

    def _count(self) -> None:
        self._decoded += 1
        # The largest one, because some formats answer 0 for their last frames.
        self._latest_ms = max(self._latest_ms, self._capture.get(cv2.CAP_PROP_POS_MSEC))

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

    def _check_length(self) -> None:
        if self._promised and not self._closed and self._ends_early(self._promised):
            raise VideoError(
                f"{self._name}: cut short or damaged: its header promises {self._promised} frames, "
                f"{self._decoded} can be decoded"
            )

    def _ends_early(self, promised: int) -> bool:
        # Whole files lose a frame or two to edit lists and rounded durations, and a variable
        # rate makes the promise itself a guess: then the time reached has the last word.
        missing = promised - self._decoded
        if missing <= 2 + 0.02 * promised:
            return False
        reached = self._latest_ms / 1000 * self.fps >= 0.98 * promised - 2
        counted = self._name.lower().endswith(_COUNTING_SUFFIXES)
        return not reached or (counted and missing > 0.1 * promised)


def _is_size(size: tuple[int, int]) -> bool:
    return len(size) == 2 and all(
        isinstance(side, int | np.integer) and 1 <= side <= _LONGEST_SIDE for side in size
    )
