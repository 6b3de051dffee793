"""Any exception as one line for a user."""

from __future__ import annotations

import re

from ..errors import FastsalError

# "OpenCV(5.0.0) /io/alloc.cpp:73: error: (-4:Insufficient memory) Failed to ..."
_FILE_AND_LINE = re.compile(r"^OpenCV\S* .*?error: (?=\()")
_NO_MEMORY = "(-4:"  # cv::Error::StsNoMem


def text_of(error: BaseException) -> str:
    """Return the message of any exception, together with its notes.

    The type of an exception from outside fastsal is part of the message.
    """
    reason = _message_of(error)
    notes = "; ".join(getattr(error, "__notes__", ()))
    return f"{reason} ({notes})" if notes else reason


def line_of(name: str, error: BaseException) -> str:
    """Return the message of an exception that a file has caused; it names the file."""
    reason = " ".join(text_of(error).split())
    return reason if name in reason else f"{name}: {reason}"


def _message_of(error: BaseException) -> str:
    kind = type(error)
    if isinstance(error, FastsalError | KeyboardInterrupt) or kind in (TypeError, ValueError):
        return str(error)
    if isinstance(error, MemoryError) or (kind.__module__ == "cv2" and _NO_MEMORY in str(error)):
        return "out of memory"
    if strerror := getattr(error, "strerror", None):  # OSError and PyAV's errors
        filename = getattr(error, "filename", None)
        return f"{filename}: {strerror.lower()}" if filename else str(strerror).lower()
    if kind.__module__ == "cv2":  # its attributes are those of the error raised last, anywhere
        return f"OpenCV: {_FILE_AND_LINE.sub('', str(error))}"
    return f"{kind.__name__}: {error}" if str(error) else kind.__name__
