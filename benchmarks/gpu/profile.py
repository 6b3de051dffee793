"""Where the time goes: each kernel between two events, and how many are launched for a frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from numba import cuda

from fastsal.kernels.kernel import Launch, watched

from .calls import Row


def launches(row: Row, shape: tuple[int, int], frames: int = 1) -> list[Launch]:
    """Return the launches of a call after its tables have been uploaded."""
    seen: list[Launch] = []

    def watch(launch: Launch, start: Callable[[], None]) -> None:
        seen.append(launch)
        start()

    _called(row, shape, frames, watch)
    return seen


def kernels(row: Row, shape: tuple[int, int], frames: int = 1) -> list[dict[str, Any]]:
    """Return the kernels of a call, the longest first, with their milliseconds and launches."""
    spans: dict[str, list[tuple[Any, Any]]] = defaultdict(list)

    def watch(launch: Launch, start: Callable[[], None]) -> None:
        before, after = cuda.event(), cuda.event()
        before.record(launch.stream)
        start()
        after.record(launch.stream)
        spans[launch.kernel].append((before, after))

    _called(row, shape, frames, watch)
    cuda.synchronize()
    times = {name: sum(a.elapsed_time(b) for a, b in each) for name, each in spans.items()}
    return [
        {"kernel": name, "ms": times[name], "launches": len(spans[name])}
        for name in sorted(times, key=times.__getitem__, reverse=True)
    ]


def _called(row: Row, shape: tuple[int, int], frames: int, watch: Any) -> None:
    stack = cuda.to_device(row.stack(shape, frames))
    call, out = row.make(), cuda.device_array((frames, *shape), row.out)
    call(stack, out=out)  # compiles, and gives streams a frame to compare with
    cuda.synchronize()
    with watched(watch):
        call(stack, out=out)
