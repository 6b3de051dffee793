"""One long live session: every method in turn, sizes that change, a recording beside it."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from fastsal.live.screen import Headless
from fastsal.live.sources import Synthetic
from fastsal.live.webcam import Settings, Webcam
from fastsal.registry import BUILT_IN

SIZES = ((320, 240), (640, 480), (480, 360))
FLAT_MIB = 16.0  # that the last minute may lie above the first that counts
SETTLING = 60.0  # seconds from when every method was at work: compiling keeps memory until then
_FRAMES_PER_SIZE = 20  # each method then sees all of them in two seconds


class Restless:
    """A camera with frames of changing size."""

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


class SwitchingScreen(Headless):
    """A screen that asks for the next method at equal intervals.

    Parameters
    ----------
    every : float
        Seconds between two requests.
    at_work : callable
        Returns the key of the current method.
    clock : callable, optional
        Clock in seconds.
    """

    def __init__(
        self, every: float, at_work: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every, self._at_work, self._clock = every, at_work, clock
        self._due = clock() + every
        self._next_minute = clock()
        self._unseen = set(BUILT_IN)
        self._settles = math.inf
        self.resident_mib: list[float] = []
        self.settled: int | None = None  # the first of them from which on memory must be flat

    def key(self, milliseconds: int) -> str:
        """Return "m" whenever it is time; note the memory once a minute."""
        now = self._clock()
        self._look(now)
        if now >= self._next_minute:
            self._next_minute += 60
            if self.settled is None and now >= self._settles:
                self.settled = len(self.resident_mib)
            self.resident_mib.append(round(psutil.Process().memory_info().rss / 2**20, 1))
        if now < self._due:
            return ""
        self._due = now + self._every
        return "m"

    def _look(self, now: float) -> None:
        if self._unseen:
            self._unseen.discard(self._at_work())
            if not self._unseen:
                self._settles = now + SETTLING

    @property
    def gained_mib(self) -> float | None:
        """Growth of memory since it was settled; None if nothing was noted after that."""
        if self.settled is None or self.settled + 1 == len(self.resident_mib):
            return None
        return self.resident_mib[-1] - self.resident_mib[self.settled]


def memory(minutes: float) -> dict[str, Any]:
    """Return the resident memory of one session, in MiB, at its start and after every minute."""
    seconds = 60 * minutes
    # With all of it compiled every method is at work twice a minute.
    every = min(60.0, seconds) / 2 / len(BUILT_IN)
    screen = SwitchingScreen(every, lambda: webcam._engine.choice.method)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(headless=True, record=Path(folder, "seen.mp4"))
        webcam = Webcam(settings, source=Restless(seconds + 1), screen=screen)
        report = webcam.run()
    return {
        "where": "memory", "size": "changing", "method": "all in turn",
        "shown": report.shown, "dropped": report.dropped, "MiB": screen.resident_mib,
        "settled at minute": screen.settled, "MiB gained since": screen.gained_mib,
    }  # fmt: skip
