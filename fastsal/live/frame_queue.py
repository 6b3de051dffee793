"""Between the thread that captures frames and the one that works on them."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, NamedTuple

from numpy.typing import NDArray


class Grabbed(NamedTuple):
    """A frame and when it came."""

    frame: NDArray[Any]
    at: float  # seconds of time.perf_counter


class FrameQueue:
    """Holds frames until they are taken; excess frames are dropped or wait.

    Parameters
    ----------
    depth : int
        How many frames it holds.
    lossless : bool
        Whether a full queue makes `put` wait, as for the frames of a file. If not, it drops the
        oldest frame, as for a camera, so that latency does not grow.

    Attributes
    ----------
    captured : int
        Frames put in, except during pauses.
    dropped : int
        Captured frames that were dropped before anybody took them.
    """

    def __init__(self, depth: int = 1, *, lossless: bool = False) -> None:
        self.captured = self.dropped = 0
        self._depth = depth
        self._lossless = lossless
        self._frames: deque[Grabbed] = deque()
        self._changed = threading.Condition()
        self._is_open, self._is_paused = True, False
        self._has_ended = False
        self._error: BaseException | None = None

    def put(self, grabbed: Grabbed) -> bool:
        """Add a frame; False if nobody will take any more."""
        with self._changed:
            if self._lossless:
                self._changed.wait_for(lambda: len(self._frames) < self._depth or not self._is_open)
            if not self._is_open:
                return False
            if self._is_paused:
                return True
            self.captured += 1
            self._frames.append(grabbed)
            if len(self._frames) > self._depth:
                self._frames.popleft()
                self.dropped += 1
            self._changed.notify_all()
            return True

    def pause(self, paused: bool) -> None:
        """Begin or end a pause, in which a camera's frames, late once it ends, do not count."""
        with self._changed:
            self._is_paused = paused and not self._lossless
            if self._is_paused:
                self.captured -= len(self._frames)
                self._frames.clear()

    def end(self, error: BaseException | None = None) -> None:
        """Say that no frame follows, and why, if it is an error."""
        with self._changed:
            self._has_ended, self._error = True, error
            self._changed.notify_all()

    def take(self, timeout: float) -> Grabbed | None:
        """Return the next frame, or None if there is none for `timeout` seconds.

        Raises
        ------
        EOFError
            If there will never be one again.
        Exception
            The error that `end` was given.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._has_ended, timeout)
            if self._frames:
                self._changed.notify_all()
                return self._frames.popleft()
            if self._has_ended:
                error, self._error = self._error, None
                raise error or EOFError
            return None

    def close(self) -> None:
        """Refuse further frames and drop those nobody took."""
        with self._changed:
            self._is_open = False
            self.dropped += len(self._frames)
            self._frames.clear()
            self._changed.notify_all()
