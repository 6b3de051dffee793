"""Snapshot file names and the temporary status message about them."""

from __future__ import annotations

import time
from pathlib import Path

_SECONDS = 2.0


class Notices:
    """The last thing to be said, for two seconds."""

    def __init__(self) -> None:
        self._text, self._until = "", 0.0

    def say(self, text: str) -> None:
        """Say something from now on."""
        self._text, self._until = text, time.perf_counter() + _SECONDS

    def lines(self, *lasting: str) -> list[str]:
        """Return the current lines of text, `lasting` ones first."""
        said = [self._text] if time.perf_counter() < self._until else []
        return [line for line in (*lasting, *said) if line]


def free_name(suffix: str) -> Path:
    """Return a name in the current folder, made of date and time, that no file has yet."""
    stem = time.strftime("fastsal-%Y%m%d-%H%M%S")
    path, count = Path(f"{stem}.{suffix}"), 1
    while path.exists():
        count += 1
        path = Path(f"{stem}-{count}.{suffix}")
    return path
