"""The thread that captures."""

from __future__ import annotations

import threading
import time
from typing import Self

from ..errors import VideoError
from .frame_queue import FrameQueue, Grabbed
from .sources import Source

_FILE_DEPTH = 4
_GRACE = 2.0
_LONGEST_STEP = 0.5  # seconds between two looks; in longer ones the program itself was stopped


class CaptureThread:
    """Puts a source's frames into a queue: a camera's newest only, a file's every one.

    Parameters
    ----------
    source : Source
        Closed with this.
    name : str
        Its name in error messages.
    stalled : float, default 5
        After how many seconds without a frame a source counts as stalled.

    Attributes
    ----------
    queue : FrameQueue
        Where the frames are.
    """

    def __init__(self, source: Source, name: str, *, stalled: float = 5.0) -> None:
        self.queue = FrameQueue() if source.is_live else FrameQueue(_FILE_DEPTH, lossless=True)
        self._source = source
        self._name = name
        self._stalled = stalled
        self._waited = self._asked = 0.0
        # A daemon: a camera that never answers must not keep the program from ending.
        self._thread = threading.Thread(target=self._capture, name="fastsal-capture", daemon=True)

    def __enter__(self) -> Self:
        self._asked = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def take(self, timeout: float) -> Grabbed | None:
        """Return the next frame, or None if there is none for `timeout` seconds.

        Raises
        ------
        EOFError
            If the source has ended.
        VideoError
            If it has failed, or stalled.
        """
        grabbed = self.queue.take(timeout)
        now = time.perf_counter()
        self._waited += min(now - self._asked, _LONGEST_STEP)
        self._asked = now
        if grabbed is not None:
            self._waited = 0.0
        elif self._waited > self._stalled:
            raise VideoError(f"{self._name}: stalled, no frame for {self._stalled:g} s")
        return grabbed

    def close(self) -> None:
        """End the thread and give the source back."""
        self.queue.close()
        self._thread.join(_GRACE)
        self._source.close()

    def _capture(self) -> None:
        try:
            while (frame := self._source.read()) is not None:
                if not self.queue.put(Grabbed(frame, time.perf_counter())):
                    return
        except BaseException as error:
            self.queue.end(error)
        else:
            self.queue.end()
