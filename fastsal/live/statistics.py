"""Counts and times of a live session."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..pipelines.clock import FrameClock, percentiles_ms

_RECENT = 120


@dataclass(frozen=True)
class LiveReport:
    """Result of a live session.

    Attributes
    ----------
    captured, shown, dropped : int
        Frames that came (except during pauses), that were shown, and that came too fast to be
        shown. Every captured frame is shown or dropped, except at most one in progress at the end.
    fps : float
        Frames shown per second, over the last 120, without pauses.
    latency_ms, compute_ms : dict
        ``p50`` and ``p95`` of the last 120 frames: from grabbed to shown, and the method alone. The
        delay in the camera and its driver is unknown.
    method, backend : str
        Method and backend at the end.
    size : (int, int)
        Width and height of the frames worked on.
    """

    captured: int
    shown: int
    dropped: int
    fps: float
    latency_ms: dict[str, float]
    compute_ms: dict[str, float]
    method: str
    backend: str
    size: tuple[int, int]


class Statistics:
    """Times of the last frames."""

    def __init__(self) -> None:
        self.shown = 0
        self._paused = 0.0
        self._clock = FrameClock(_RECENT)
        self._latency: deque[float] = deque(maxlen=_RECENT)
        self._compute: deque[float] = deque(maxlen=_RECENT)

    def note(self, *, grabbed: float, shown: float, compute: float) -> None:
        """Note one frame: when it was grabbed and shown, and how long the method took."""
        self.shown += 1
        self._clock.tick(shown - self._paused)
        self._latency.append(shown - grabbed)
        self._compute.append(compute)

    def start_anew(self) -> None:
        """Forget the times, which are those of another method; go on counting."""
        self._clock.reset()
        self._latency.clear()
        self._compute.clear()

    def leave_out(self, seconds: float) -> None:
        """Leave a pause out of the rate."""
        self._paused += seconds

    @property
    def fps(self) -> float:
        """Frames shown per second."""
        return self._clock.fps

    @property
    def latency_ms(self) -> dict[str, float]:
        """Median and 95th percentile from grabbed to shown."""
        return _two_of(self._latency)

    @property
    def compute_ms(self) -> dict[str, float]:
        """Median and 95th percentile of the method alone."""
        return _two_of(self._compute)


def _two_of(seconds: deque[float]) -> dict[str, float]:
    found = percentiles_ms(seconds)
    return {name: found[name] for name in ("p50", "p95")}
