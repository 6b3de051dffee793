"""Two or more functions timed side by side in one run, so that drift and noise hit all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
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


def copy_bandwidth(threads: int, megabytes: int = 128) -> float:
    """Return the bytes read and written per second by copying out of cache, on so many threads."""
    source = np.ones(megabytes << 20, np.uint8)
    parts = list(zip(np.array_split(source, threads),
                     np.array_split(np.empty_like(source), threads), strict=True))  # fmt: skip
    with ThreadPoolExecutor(threads) as pool:

        def copy() -> None:
            list(pool.map(lambda part: np.copyto(part[1], part[0]), parts))

        rounds = alternate({"copy": copy}, seconds=1.0)["copy"]
    return 2 * source.nbytes / statistics.median(rounds)
