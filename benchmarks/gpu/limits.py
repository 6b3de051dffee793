"""Limits of the device: bandwidth of copies on it, to it and from it, and rate of multiply-adds."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda, float32, float64

from fastsal.bench.sidebyside import alternate
from fastsal.kernels.jit import kernel

ROUNDS = 512  # of eight multiply-adds for each thread of a block
_THREADS = 256


def limits(megabytes: int = 256, blocks: int = 4096, seconds: float = 1.0) -> dict[str, float]:
    """Return gigabytes per second of each kind of copy, and multiply-adds per nanosecond."""
    size = megabytes << 20
    device, other = (cuda.device_array(size, np.uint8) for _ in range(2))
    pageable, pinned = np.ones(size, np.uint8), cuda.pinned_array(size, np.uint8)
    pinned[:] = 1
    sums = {name: cuda.device_array(_THREADS * blocks, name) for name in ("float32", "float64")}
    copies: dict[str, Callable[[], Any]] = {
        "on the device": lambda: other.copy_to_device(device),
        "upload, pageable": lambda: device.copy_to_device(pageable),
        "upload, pinned": lambda: device.copy_to_device(pinned),
        "download, pageable": lambda: device.copy_to_host(pageable),
        "download, pinned": lambda: device.copy_to_host(pinned),
    }
    work = {
        "float32": lambda: _add32[blocks, _THREADS](sums["float32"]),
        "float64": lambda: _add64[blocks, _THREADS](sums["float64"]),
    }
    times = alternate({name: _waiting(call) for name, call in (copies | work).items()}, seconds)
    rates = {name: 1e-9 / statistics.median(each) for name, each in times.items()}
    found = {f"{name}, GB/s": rates[name] * size for name in copies}
    found["on the device, GB/s"] *= 2  # read and written
    each = 8 * ROUNDS * _THREADS * blocks
    return found | {f"multiply-adds in {name}, G/s": rates[name] * each for name in work}


def _waiting(call: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        call()
        cuda.synchronize()

    return run


def _add_up(kind: Any) -> Callable[[Any], None]:
    def add(sums: Any) -> None:
        i = cuda.grid(1)
        step, a, b, c, d = kind(0.9999), kind(1), kind(2), kind(3), kind(4)
        e, f, g, h = kind(5), kind(6), kind(7), kind(8)
        for _ in range(ROUNDS):
            a, b, c, d = a * step + b, b * step + c, c * step + d, d * step + a
            e, f, g, h = e * step + f, f * step + g, g * step + h, h * step + e
        sums[i] = a + b + c + d + e + f + g + h

    return add


_add32, _add64 = kernel(_add_up(float32)), kernel(_add_up(float64))
