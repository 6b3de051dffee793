"""Two or more functions timed side by side in one run, so that drift and noise hit all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Call = Callable[[], Any]


def alternate(calls: Mapping[str, Call], seconds: float = 1.5) -> dict[str, list[float]]:
    """Call each in turn for about `seconds` in all; return the seconds of every round.

    Two calls of each go before: they compile, load and fault pages in.
    """
    for call in calls.values():
        call()
        call()
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(next(iter(rounds.values()))) < 5:
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            rounds[name].append(time.perf_counter() - began)
    return rounds


def median_ms(seconds: list[float]) -> float:
    """Return the median in milliseconds."""
    return 1e3 * statistics.median(seconds)


def ratio(ours: list[float], peer: list[float]) -> tuple[float, float, float]:
    """Return the ratio of the medians, and the quartiles of the ratio round by round."""
    by_round = sorted(b / a for a, b in zip(ours, peer, strict=True))
    low, high = by_round[len(by_round) // 4], by_round[(3 * len(by_round)) // 4]
    return statistics.median(peer) / statistics.median(ours), low, high


def copy_bandwidth(gigabytes: float = 0.13) -> float:
    """Return the bytes read and written per second by copying out of cache, on all threads."""
    from numba import njit, prange

    @njit(parallel=True, nogil=True)
    def copy(source, target):
        for band in prange(64):
            start, stop = band * source.size // 64, (band + 1) * source.size // 64
            target[start:stop] = source[start:stop]

    source = np.ones(int(gigabytes * 1e9 / 8), np.float64)
    target = np.empty_like(source)
    rounds = alternate({"copy": lambda: copy(source, target)})["copy"]
    return 2 * source.nbytes / statistics.median(rounds)
