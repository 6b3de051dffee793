"""Record the shown pictures in a separate thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..concurrency.bounded import BoundedQueue
from ..concurrency.worker import Worker
from ..io.videos import VideoWriter, check_target

_DEPTH = 8
_LONGEST = 1.0  # seconds between two pictures; longer ones are pauses, which are not recorded


class Recorder:
    """Writes pictures with the times they were shown at, and does not keep the screen waiting.

    Parameters
    ----------
    target : Path
        Where to; as `VideoWriter`.
    fps : float
        How many pictures per second to expect.

    Attributes
    ----------
    dropped : int
        Pictures that came faster than they could be written.
    error : Exception or None
        Error that stopped it, if any.
    """

    def __init__(self, target: str | Path, fps: float) -> None:
        self.target = check_target(target)
        self.dropped = 0
        self.error: BaseException | None = None
        self._fps = fps
        self._latest: float | None = None
        self._at = 0.0
        self._queue: BoundedQueue[Any] = BoundedQueue(_DEPTH)
        self._worker = Worker(self._write_all, "fastsal-record")
        self._worker.start()

    def write(self, picture: NDArray[np.uint8], at: float) -> None:
        """Add a picture shown at `at` seconds, which is copied.

        Raises
        ------
        Exception
            Error that stopped the writing, if any.
        """
        self._raise_error()
        if self._latest is not None:
            self._at += min(at - self._latest, _LONGEST)
        self._latest = at
        if not self._queue.put((picture.copy(), self._at)):
            self.dropped += 1

    def close(self) -> None:
        """Write the remaining pictures, give the file its name, and raise any error."""
        self._queue.put_last(None)
        try:
            self._worker.wait()
        except KeyboardInterrupt:  # pressed twice, it must not cost the recording; once more does
            self._worker.wait()
            raise
        self._raise_error()

    def _raise_error(self) -> None:
        error, self.error = self.error, None
        if error is not None:
            raise error

    def _write_all(self) -> None:
        try:
            first = self._queue.get()
            if first is None:
                return
            height, width = first[0].shape[:2]
            with VideoWriter(self.target, self._fps, (width, height)) as writer:
                item = first
                while item is not None:
                    picture, at = item
                    writer.write(_fitted(picture, (width, height)), at=at)
                    item = self._queue.get()
        except BaseException as error:
            self.error = error


def _fitted(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the picture at the size the recording began with."""
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    fitted: NDArray[np.uint8] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return fitted
