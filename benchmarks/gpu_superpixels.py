"""The part of ``python -m benchmarks.gpu`` about superpixels: labels, and maps over streams.

Sums of float32 add up in another order on a device, so that it is compared by how much is alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastsal
from fastsal.pipelines.bench import inputs
from fastsal.pipelines.bench.sidebyside import alternate, median_ms

STREAMS = ("superpixel", "superpixel-motion", "superpixel-change")
LEAST_ALIKE = 0.995  # of the labels, and of the pixels of a map that lie within MAP_GAP
MAP_GAP = 0.01


def check(sizes: list[str]) -> Iterator[dict[str, Any]]:
    """Yield per method and size how much of the device's result is like the CPU's."""
    for size in sizes:
        photo = inputs.photograph(size)
        labels = [fastsal.slic(photo, relabel=False, backend=each) for each in ("cuda", "cpu")]
        yield {"method": "slic", "size": size, "alike": float(np.mean(labels[0] == labels[1]))}
        for key in STREAMS:
            streams = [fastsal.Stream(key, backend=each) for each in ("cuda", "cpu")]
            for frame in (photo, inputs.moved(photo)):
                maps = [stream.update(frame) for stream in streams]
            alike = np.mean(np.abs(maps[0] - maps[1]) <= MAP_GAP)
            yield {"method": key, "size": size, "alike": float(alike)}


def throughput(sizes: list[str], seconds: float) -> Iterator[dict[str, Any]]:
    """Yield frames per second of frames that lie on the device, and of frames on the host."""
    from numba import cuda

    for size in sizes:
        photo = inputs.photograph(size)
        frames = [photo, inputs.moved(photo)]
        held = [cuda.to_device(frame) for frame in frames]
        for name, make in _calls().items():
            times = alternate(
                {
                    "resident": _turning(make(), held, cuda.synchronize),
                    "from host": _turning(make(), frames, cuda.synchronize),
                },
                seconds,
            )
            rates = {f"{place} fps": 1e3 / median_ms(each) for place, each in times.items()}
            yield {"method": name, "size": size, **rates}


def _calls() -> dict[str, Callable[[], Callable[[Any], Any]]]:
    """Return per row what makes a new function of a frame."""
    return {
        "slic to its end": lambda: lambda frame: fastsal.slic(frame, backend="cuda"),
        "slic, 10 rounds of 20 x 20": lambda: (
            lambda frame: fastsal.slic(
                frame, region_size=20, max_iter=10, relabel=False, backend="cuda"
            )
        ),
        **{key: lambda key=key: fastsal.Stream(key, backend="cuda").update for key in STREAMS},
    }


def _turning(
    call: Callable[[Any], Any], frames: list[Any], wait: Callable[[], None]
) -> Callable[[], None]:
    turns = itertools.cycle(frames)

    def run() -> None:
        call(next(turns))
        wait()

    return run
