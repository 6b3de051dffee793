"""Detect CPU throttling and noisy neighbours, which idle and steal time do not show.

The host may place two virtual processors on the two threads of one core at any moment. Code on two
threads then takes up to 1.7 times as long; code on one thread is unaffected. Other programs and
other guests of the host also take processor time. The probe times a fixed piece of work on the
number of threads that the benchmark uses.
"""

from __future__ import annotations

import hashlib
import statistics
import threading
import time
from collections import deque
from functools import cache

_TEXT = bytes(1 << 16)  # hashing it takes some 0.07 ms, in a core's own caches, without the GIL
_PIECES = 6
_CALIBRATION = 2.0  # seconds at most in which a moment of full speed is looked for
_REMEMBERED = 2000  # the best of the last 2000 times is full speed, so a short turbo is forgotten


@cache
def pace_of(threads: int) -> Pace:
    """Return the shared probe of `threads` threads, which keeps its knowledge of the machine."""
    return Pace(threads)


class Pace:
    """Compares the current speed of several processors with their best recent speed."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._seen: deque[float] = deque(maxlen=_REMEMBERED)
        self._calibrate()

    def slowness(self) -> float:
        """Return how many times as long as at best the slowest processor takes now."""
        seconds = self._together()
        return seconds / min(self._seen)

    def _calibrate(self) -> None:
        """Look for a moment in which all threads at once are as fast as one alone."""
        until, alone = time.perf_counter() + _CALIBRATION, min(_work() for _ in range(_PIECES))
        while self._together() > 1.05 * alone and time.perf_counter() < until:
            pass

    def _together(self) -> float:
        """Return and remember the seconds of the slowest of all threads at once."""
        start, medians = threading.Barrier(self._threads), []

        def share() -> None:
            start.wait()
            medians.append(statistics.median_low(_work() for _ in range(_PIECES)))

        # New daemon threads each time: a program that is interrupted or forked waits for none.
        others = [threading.Thread(target=share, daemon=True) for _ in range(1, self._threads)]
        for other in others:
            other.start()
        share()
        for other in others:
            other.join()
        self._seen.append(max(medians))
        return self._seen[-1]


def _work() -> float:
    began = time.perf_counter()
    hashlib.blake2b(_TEXT).digest()
    return time.perf_counter() - began
