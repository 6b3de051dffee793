"""One long live session: every method in turn, sizes that change, a recording beside it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from fastsal import METHODS
from fastsal.pipelines.live.screen import Headless
from fastsal.pipelines.live.sources import Synthetic
from fastsal.pipelines.live.webcam import Settings, Webcam

SIZES = ((320, 240), (640, 480), (480, 360))
FLAT_MIB = 16.0  # that the last minute may lie above the first that has seen everything
_FRAMES_PER_SIZE = 20  # each method then sees all of them in two seconds


class Restless:
    """A camera whose frames change their size."""

    is_camera, is_live = False, True

    def __init__(self, seconds: float) -> None:
        self.size = SIZES[0]
        self._ends = time.monotonic() + seconds
        self._cameras = [Synthetic(size) for size in SIZES]
        self._count = 0

    def read(self) -> Any:
        if time.monotonic() > self._ends:
            return None
        camera = self._cameras[self._count // _FRAMES_PER_SIZE % len(SIZES)]
        self._count += 1
        return camera.read()

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class Fidgety(Headless):
    """A screen at which somebody asks for the next method again and again."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._due = time.monotonic() + every
        self._next_minute = time.monotonic()
        self.resident_mib: list[float] = []

    def key(self, milliseconds: int) -> str:
        """Return "m" whenever it is time; note the memory once a minute."""
        now = time.monotonic()
        if now >= self._next_minute:
            self._next_minute += 60
            self.resident_mib.append(round(psutil.Process().memory_info().rss / 2**20, 1))
        if now < self._due:
            return ""
        self._due = now + self._every
        return "m"


def memory(minutes: float) -> dict[str, Any]:
    """Return the resident memory of one session, in MiB, at its start and after every minute."""
    seconds = 60 * minutes
    # Every method is at work twice a minute, and has had its turn well before the third.
    screen = Fidgety(every=min(60.0, seconds) / 2 / len(METHODS))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(headless=True, record=Path(folder, "seen.mp4"))
        report = Webcam(settings, source=Restless(seconds + 1), screen=screen).run()
    seen = screen.resident_mib
    return {
        "where": "memory", "size": "changing", "method": "all in turn",
        "shown": report.shown, "dropped": report.dropped, "MiB": seen,
        "MiB gained after the third minute": seen[-1] - seen[min(3, len(seen) - 1)],
    }  # fmt: skip
