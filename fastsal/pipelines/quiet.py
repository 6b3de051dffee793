"""OpenCV's own messages, kept off stderr: here an error is an exception, said once, in one line."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import cv2


class _Silence:
    """Counts its users, because the log level is one number for the whole process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._level: int = 0

    def __enter__(self) -> Self:
        with self._lock:
            if self._users == 0:
                # FFmpeg has a log of its own, whose level OpenCV reads once, at the first video.
                os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
                self._level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
            self._users += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                cv2.utils.logging.setLogLevel(self._level)


quiet_opencv = _Silence()


@contextmanager
def silent_stdout() -> Iterator[None]:
    """Send what C code prints nowhere; for programs of one thread, as stdout is one for all."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # or it prints later what its buffer holds
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
