"""Time several functions side by side in one run, so that drift and noise affect all equally."""

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

# A block of calls lasts until waiting threads of the other function sleep. Next to a slow function
# it has enough calls of a fast one for a stable median.
_TURN, _LONGEST_TURN, _MOST_CALLS = 4e-3, 0.25, 160
_SLOW = 0.25  # seconds; slower calls are warmed up by two calls and never repeated
_SET, _LEAST_ROUNDS = 0.3, 5  # seconds of short rounds, and rounds in all
_DISTURBED = 1.1  # times as long as at full speed


class Interval(NamedTuple):
    """A median, and bounds that hold the true one with a chance of about 95 %."""

    median: float
    low: float
    high: float


class SideBySide:
    """Functions that alternate, round after round.

    In a round every function has one block of calls, several if it is fast. The first of several
    does not count: caches hold the other function's data, and the other's threads are awake. The
    median of a block is the function's time in that round. The order is fixed: reversed, a slow
    function would follow itself or another one, at two speeds. A block is repeated if the
    processors were below full speed before or after it. Repetitions at most double the time of the
    rounds.

    Attributes
    ----------
    rounds : dict of list of float
        By function the seconds of every round.
    disturbed : int
        Blocks that count although the processors were below full speed.
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
        """Fraction of counted blocks that were disturbed."""
        return self.disturbed / sum(map(len, self.rounds.values()))

    def play(self) -> None:
        """Play one of the `sets`."""
        for _ in range(self._rounds_of_a_set):
            self._patience += self._a_round
            for name, call in self._calls.items():
                self.rounds[name].append(self._calmest_turn(call, self._counts[name]))

    def _calmest_turn(self, call: Call, count: int) -> float:
        """Repeat a block of calls until it is undisturbed or the time for repetitions is up."""
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
    """Alternate the functions for about `seconds` in all; return the seconds of every round."""
    return played(calls, seconds).rounds


def played(calls: Mapping[str, Call], seconds: float) -> SideBySide:
    """Alternate the functions for about `seconds` in all."""
    game = SideBySide(calls, seconds)
    for _ in range(game.sets):
        game.play()
    return game


def _count_of(seconds: float, turn: float) -> int:
    """Return the number of calls in a block: one for calls too slow for cache effects."""
    least = 1 if seconds > _SLOW / 5 else 2
    return min(max(least, round(turn / max(seconds, 1e-9))), _MOST_CALLS)


def _warmed_up(call: Call) -> float:
    """Call until compilation, loading and page faults are over; return the seconds of the last."""
    _timed(call)  # it may compile, so only the next one shows whether the call is slow
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
    """Return the median and its interval by order statistics, which assume no distribution."""
    ordered = sorted(values)
    outside = max(0, math.floor(len(ordered) / 2 - 0.98 * math.sqrt(len(ordered))))
    return Interval(statistics.median(ordered), ordered[outside], ordered[-1 - outside])


def ratio(ours: list[float], peer: list[float]) -> Interval:
    """Return how many times as fast we are as a peer: the median over rounds, with its interval.

    Each round gives one ratio, so a machine that slows down midway does not bias it.
    """
    return median_with_interval([b / a for a, b in zip(ours, peer, strict=True)])


def copy_bandwidth(threads: int, megabytes: int = 128) -> float:
    """Return the bytes read and written per second by copying out of cache on `threads` threads."""
    source = np.ones(megabytes << 20, np.uint8)
    parts = list(zip(np.array_split(source, threads),
                     np.array_split(np.empty_like(source), threads), strict=True))  # fmt: skip
    with ThreadPoolExecutor(threads) as pool:

        def copy() -> None:
            list(pool.map(lambda part: np.copyto(part[1], part[0]), parts))

        rounds = alternate({"copy": copy}, seconds=1.0)["copy"]
    return 2 * source.nbytes / statistics.median(rounds)
