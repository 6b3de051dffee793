"""Two or more functions timed side by side in one run, so that drift and noise hit all alike."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from .others import Watch

Call = Callable[[], Any]

# A turn lasts long enough for the other side's waiting threads to have gone to sleep, and, beside
# something slow, for as many calls of the fast side as tell its median.
_TURN, _LONGEST_TURN, _MOST_CALLS = 4e-3, 0.25, 32
_SLOW = 0.25  # seconds; what takes longer is warmed up by one call
_SET, _LEAST_ROUNDS = 0.3, 5  # seconds of short rounds, and rounds in all
_DISTURBED, _TRIES = 0.15, 3  # processors busy with other programs


class Interval(NamedTuple):
    """A median, and bounds that hold the true one with a chance of about 95 %."""

    median: float
    low: float
    high: float


class SideBySide:
    """Functions that take turns, round after round.

    In a round every function has one turn: several calls if it is fast, after one that does not
    count, since it finds the other's data in the caches and the other's threads awake. The median
    of a turn is the function's time in that round. The order stays: turned round, a slow function
    would now follow itself and now another, at two speeds. Rounds make sets, and a set in which
    other programs took processors away is played again, twice at most.

    Attributes
    ----------
    rounds : dict of list of float
        By function the seconds of every round that counts.
    """

    def __init__(self, calls: Mapping[str, Call], seconds: float) -> None:
        self._calls = dict(calls)
        self.rounds: dict[str, list[float]] = {name: [] for name in calls}
        each = {name: _warmed_up(call) for name, call in calls.items()}
        turn = min(max(_TURN, max(each.values()) / 4), _LONGEST_TURN)
        self._counts = {
            name: min(max(1, round(turn / max(one, 1e-9))), _MOST_CALLS)
            for name, one in each.items()
        }
        a_round = sum(each[name] * (n + (n > 1)) for name, n in self._counts.items())
        rounds = max(_LEAST_ROUNDS, math.ceil(seconds / a_round))
        self._rounds_of_a_set = min(max(1, round(_SET / a_round)), rounds)
        self.sets = math.ceil(rounds / self._rounds_of_a_set)

    def play(self) -> None:
        """Play one of the `sets`."""
        tries = []
        for _ in range(_TRIES):
            watch = Watch()
            played = [self._round() for _ in range(self._rounds_of_a_set)]
            tries.append((watch.busy(), played))
            if tries[-1][0] < _DISTURBED:
                break
        _, calmest = min(tries, key=lambda each: each[0])
        for name, seconds in self.rounds.items():
            seconds += [each[name] for each in calmest]

    def _round(self) -> dict[str, float]:
        return {name: _turn(call, self._counts[name]) for name, call in self._calls.items()}


def alternate(calls: Mapping[str, Call], seconds: float = 1.5) -> dict[str, list[float]]:
    """Let functions take turns for about `seconds` in all; return the seconds of every round."""
    game = SideBySide(calls, seconds)
    for _ in range(game.sets):
        game.play()
    return game.rounds


def _warmed_up(call: Call) -> float:
    """Call what may have to compile, load and fault pages in; return the seconds of the last."""
    seconds = _timed(call)
    for _ in range(3):
        if seconds > _SLOW:
            break
        seconds = _timed(call)
    return seconds


def _turn(call: Call, count: int) -> float:
    if count > 1:
        call()
    return statistics.median(_timed(call) for _ in range(count))


def _timed(call: Call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median_ms(seconds: list[float]) -> float:
    """Return the median in milliseconds."""
    return 1e3 * statistics.median(seconds)


def median_with_interval(values: list[float]) -> Interval:
    """Return the median and the order statistics around it that bound it, whatever the spread."""
    ordered = sorted(values)
    outside = max(0, math.floor(len(ordered) / 2 - 0.98 * math.sqrt(len(ordered))))
    return Interval(statistics.median(ordered), ordered[outside], ordered[-1 - outside])


def ratio(ours: list[float], peer: list[float]) -> Interval:
    """Return how many times as fast we are as a peer: the median over rounds, with its interval.

    Each round gives a ratio of its own, so that a machine that slows down midway changes none.
    """
    return median_with_interval([b / a for a, b in zip(ours, peer, strict=True)])


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
