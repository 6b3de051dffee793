"""Whether the processors are at their full speed, which no count of idle or stolen time tells.

Two virtual processors may be the two threads of one core, now and no more a moment later, as the
host pleases. Code on two threads then takes up to 1.7 times as long, code on one notices nothing.
Other programs and a host's other guests take their share too. A fixed piece of work tells, done on
as many threads at once as what is measured.
"""

from __future__ import annotations

import hashlib
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

_TEXT = bytes(1 << 16)  # hashing it takes some 0.07 ms, in a core's own caches, without the GIL
_PIECES = 6
_CALIBRATION = 2.0  # seconds at most in which a moment of full speed is looked for


@cache
def pace_of(threads: int) -> Pace:
    """Return the one pace of so many threads: what it knows of the machine is worth keeping."""
    return Pace(threads)


class Pace:
    """Tells how far so many processors are from the best they have been seen at."""

    def __init__(self, threads: int) -> None:
        self._others = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self._start = threading.Barrier(threads)
        self._best = min(_work() for _ in range(_PIECES))
        self._best = self._calibrated(1.05 * self._best)

    def slowness(self) -> float:
        """Return how many times as long as at best the slowest processor takes now."""
        seconds = self._together()
        self._best = min(self._best, seconds)
        return seconds / self._best

    def _calibrated(self, alone: float) -> float:
        """Return the least time on all threads: of one alone, if that can be reached."""
        until, best = time.perf_counter() + _CALIBRATION, self._together()
        while best > alone and time.perf_counter() < until:
            best = min(best, self._together())
        return best

    def _together(self) -> float:
        if self._others is None:
            return self._share()
        others = [self._others.submit(self._share) for _ in range(self._start.parties - 1)]
        return max(self._share(), *(other.result() for other in others))

    def _share(self) -> float:
        self._start.wait()
        return statistics.median_low(_work() for _ in range(_PIECES))


def _work() -> float:
    began = time.perf_counter()
    hashlib.blake2b(_TEXT).digest()
    return time.perf_counter() - began
