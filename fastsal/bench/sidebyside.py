"""Two or more functions timed side by side in one run, so that drift and noise hit all alike."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from ..kernels import threads
from .cpu_probe import pace_of

Call = Callable[[], Any]

# A turn lasts long enough for the other side's waiting threads to have gone to sleep, and, beside
# something slow, for as many calls of the fast side as tell its median.
_TURN, _LONGEST_TURN, _MOST_CALLS = 4e-3, 0.25, 160
_SLOW = 0.25  # seconds; what takes longer is warmed up by two calls, and never played again
_SET, _LEAST_ROUNDS = 0.3, 5  # seconds of short rounds, and rounds in all
_DISTURBED = 1.1  # times as long as at full speed


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
    would now follow itself and now another, at two speeds. A turn before or after which the
    processors were not at full speed is played again, for as long again as the rounds take.

    Attributes
    ----------
    rounds : dict of list of float
        By function the seconds of every round.
    disturbed : int
        Turns that count though the processors were not at full speed.
    sets : int
        How often to `play`.
    """

    def __init__(self, calls: Mapping[str, Call], seconds: float) -> None:
        self._calls = dict(calls)
        self.rounds: dict[str, list[float]] = {name: [] for name in calls}
        self._pace = pace_of(threads.count())
        each = {name: _warmed_up(call) for name, call in calls.items()}
        turn = min(max(_TURN, max(each.values()) / 4), _LONGEST_TURN)
        self._counts = {name: _count_of(one, turn) for name, one in each.items()}
        self._a_round = sum(each[name] * (n + (n > 1)) for name, n in self._counts.items())
        self._patience, self.disturbed = 0.0, 0
        rounds = max(_LEAST_ROUNDS, math.ceil(seconds / self._a_round))
        self._rounds_of_a_set = min(max(1, round(_SET / self._a_round)), rounds)
        self.sets = math.ceil(rounds / self._rounds_of_a_set)

    @property
    def share_disturbed(self) -> float:
        """Of the turns that count."""
        return self.disturbed / sum(map(len, self.rounds.values()))

    def play(self) -> None:
        """Play one of the `sets`."""
        for _ in range(self._rounds_of_a_set):
            self._patience += self._a_round
            for name, call in self._calls.items():
                self.rounds[name].append(self._calmest_turn(call, self._counts[name]))

    def _calmest_turn(self, call: Call, count: int) -> float:
        """Play turns until one is undisturbed, or none of the patience is left."""
        calmest = self._watched_turn(call, count)
        while calmest.slowness > _DISTURBED and calmest.seconds < _SLOW and self._patience > 0:
            began = _now()
            calmest = min(calmest, self._watched_turn(call, count))
            self._patience -= _now() - began
        self.disturbed += calmest.slowness > _DISTURBED
        return calmest.seconds

    def _watched_turn(self, call: Call, count: int) -> _Turn:
        before = self._pace.slowness()
        seconds = _turn(call, count)
        return _Turn(max(before, self._pace.slowness()), seconds)


class _Turn(NamedTuple):
    slowness: float
    seconds: float


_now = time.perf_counter


def alternate(calls: Mapping[str, Call], seconds: float = 1.5) -> dict[str, list[float]]:
    """Let functions take turns for about `seconds` in all; return the seconds of every round."""
    return played(calls, seconds).rounds


def played(calls: Mapping[str, Call], seconds: float) -> SideBySide:
    """Let functions take turns for about `seconds` in all."""
    game = SideBySide(calls, seconds)
    for _ in range(game.sets):
        game.play()
    return game


def _count_of(seconds: float, turn: float) -> int:
    """Return how many calls make a turn: one of what is too slow to mind what caches hold."""
    least = 1 if seconds > _SLOW / 5 else 2
    return min(max(least, round(turn / max(seconds, 1e-9))), _MOST_CALLS)


def _warmed_up(call: Call) -> float:
    """Call what may have to compile, load and fault pages in; return the seconds of the last."""
    _timed(call)  # which may have compiled: only the next tells whether the call is slow
    for _ in range(3):
        seconds = _timed(call)
        if seconds > _SLOW:
            break
    return seconds


def _turn(call: Call, count: int) -> float:
    if count > 1:
        call()
    return statistics.median(_timed(call) for _ in range(count))


def _timed(call: Call) -> float:
    began = _now()
    call()
    return _now() - began


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
