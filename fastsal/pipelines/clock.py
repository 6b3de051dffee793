"""Frame timing: rates from time stamps, percentiles from durations."""

import time
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np


class FrameClock:
    """Frames per second over the last frames.

    Parameters
    ----------
    window : int
        How many of the newest stamps count.
    """

    def __init__(self, window: int = 120) -> None:
        self._stamps: deque[float] = deque(maxlen=window)

    def tick(self, stamp: float | None = None) -> None:
        """Note one frame, at `stamp` seconds on any steady clock, or now."""
        self._stamps.append(time.perf_counter() if stamp is None else stamp)

    def reset(self) -> None:
        """Forget all stamps, as after a change that makes the old rate meaningless."""
        self._stamps.clear()

    @property
    def fps(self) -> float:
        """Frames per second; 0.0 below two stamps."""
        return frames_per_second(self._stamps)


def frames_per_second(stamps: Sequence[float]) -> float:
    """Rate of frames stamped at these seconds; 0.0 below two stamps or without time passed.

    n stamps enclose n - 1 gaps: counting n is the usual way to report too much.
    """
    if len(stamps) < 2 or stamps[-1] <= stamps[0]:
        return 0.0
    return (len(stamps) - 1) / (stamps[-1] - stamps[0])


def percentiles_ms(seconds: Iterable[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and maximum of durations, in milliseconds.

    Parameters
    ----------
    seconds : iterable of float

    Returns
    -------
    dict
        Keys ``p50``, ``p95``, ``p99``, ``max``; all 0.0 without durations.
    """
    durations = np.fromiter(seconds, np.float64) * 1e3
    if durations.size == 0:
        durations = np.zeros(1)
    p50, p95, p99, most = np.percentile(durations, (50, 95, 99, 100)).tolist()
    return {"p50": p50, "p95": p95, "p99": p99, "max": most}
