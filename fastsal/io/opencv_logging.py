"""OpenCV's own messages, kept off stderr: here an error is an exception, said once, in one line."""

import ctypes
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Self

import cv2

# OpenCV 4.13 moved these functions from one module to the other.
_log: Any = getattr(cv2.utils, "logging", cv2)
_SILENT = 0


class _Silence:
    """Counts its users, because the log level is one number for the whole process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._level: int = 0

    def __enter__(self) -> Self:
        with self._lock:
            if self._users == 0:
                # FFmpeg has its own log. OpenCV reads its level once, at the first video.
                os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
                self._level = _log.setLogLevel(_SILENT)
            self._users += 1
        return self

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                _log.setLogLevel(self._level)


quiet_opencv = _Silence()


@contextmanager
def silent_stdout() -> Iterator[None]:
    """Discard the output of C code; for programs of one thread, since threads share stdout."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # or it prints its buffer later
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


# The first words of messages from libjpeg, libpng, libtiff, OpenJPEG, libwebp and OpenCV's log.
_FROM_DECODERS = re.compile(
    r"Corrupt JPEG data|Premature end of|Inconsistent progression|Invalid SOS|Unknown Adobe"
    r"|Warning: unknown JFIF|Application transferred|Unsupported marker|libpng |TIFF|_TIFF"
    r"|tempfile\.tif: |JPEGLib: |[A-Za-z0-9]+Decode|\[ ?(?:WARN|ERROR|INFO)[:@]|OpenJPEG"
    r"|imdecode_|imread_"
)
_capture_lock = threading.Lock()


def _scratch_file() -> IO[bytes]:
    """Return a file in memory, as a container may have no folder to write to."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("fastsal"), "w+b")
    return tempfile.TemporaryFile()


@contextmanager
def decoder_messages() -> Iterator[list[str]]:
    """Collect the lines that image libraries print on stderr, and ignore Python's warnings.

    Only one thread decodes at a time, so that a message belongs to its picture. Lines of other
    origin, another thread's for example, are printed afterwards.

    Yields
    ------
    list of str
        Filled when the block ends.
    """
    messages: list[str] = []
    with (
        _capture_lock,
        quiet_opencv,
        warnings.catch_warnings(action="ignore"),
        _scratch_file() as captured,
    ):
        try:
            kept = os.dup(2)
        except OSError:  # no stderr, so nothing appears there
            yield messages
            return
        try:
            os.dup2(captured.fileno(), 2)
            yield messages
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            captured.seek(0)
            others: list[str] = []
            for line in captured.read().decode(errors="replace").splitlines(keepends=True):
                (messages if _FROM_DECODERS.match(line) else others).append(line.rstrip("\n"))
            if others:
                os.write(2, ("\n".join(others) + "\n").encode(errors="replace"))
