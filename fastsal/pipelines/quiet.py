"""OpenCV's own messages, kept off stderr: here an error is an exception, said once, in one line."""

import os
import threading
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
