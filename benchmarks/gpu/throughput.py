"""Frames per second: of stacks that lie on the device, and of such that the host keeps."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numba import cuda

from fastsal.bench.sidebyside import alternate, median_ms

from . import work
from .calls import Call, Row, attempted, shape_of

Result = dict[str, Any]
Limits = dict[str, float]  # as `limits.limits` returns them

_HOST_BYTES = 2 << 30  # of a stack and its maps, more than which the host does not stage
_WORK = 4  # size of work arrays at most, in multiples of the stack and its maps


def measured(
    row: Row, sizes: list[str], counts: list[int], seconds: float, most: Limits
) -> Iterator[Result]:
    """Yield a result per size and number of frames; one that does not fit says why not."""
    for size, frames in itertools.product(sizes, counts):
        shape = shape_of(size)
        found = attempted(functools.partial(_rates, row, shape, frames, seconds))
        if "resident, ms" in found:
            rate = frames * 1e3 / found["resident, ms"]
            found |= attempted(functools.partial(bound_of, row, shape, rate, most))
        yield {"method": row.name, "size": size, "frames": frames, **found}


def bound_of(row: Row, shape: tuple[int, int], rate: float, most: Limits) -> Result:
    """Return the fraction of each limit that this rate of maps reaches, and the nearer limit."""
    shares = {
        "bandwidth": rate * bytes_of(row, shape) / (1e9 * most["on the device, GB/s"]),
        "arithmetic": rate * operations_of(row, shape)
        / (1e9 * most["multiply-adds in float32, G/s"]),
    }  # fmt: skip
    bound = max(shares, key=shares.__getitem__)
    told = {f"share of {name}": share for name, share in shares.items()}
    return {**told, "bound": bound, "share of bound": shares[bound]}


def work_of(row: Row, shape: tuple[int, int]) -> Result:
    """Return the minimum bytes and operations per pixel, with the purpose of the operations."""
    pixels = math.prod(shape)
    parts = work.operations(row.name, pixels)
    told = {name: count / pixels for name, count in parts.items() if count}
    return {
        "bytes per pixel": bytes_of(row, shape) / pixels,
        "operations per pixel": sum(told.values()),
        "parts": told,
    }


def operations_of(row: Row, shape: tuple[int, int]) -> float:
    """Return the minimum number of operations for a map."""
    return sum(work.operations(row.name, math.prod(shape)).values())


def bytes_of(row: Row, shape: tuple[int, int]) -> int:
    """Return the bytes that a map takes: its frames, of a pair both, read and itself written."""
    frame = row.reads * (1 if row.is_grey else 3)
    return math.prod(shape) * (frame + np.dtype(row.out).itemsize)


def _rates(row: Row, shape: tuple[int, int], frames: int, seconds: float) -> Result:
    pixels = frames * math.prod(shape)
    moved = frames * bytes_of(row, shape)
    free = cuda.current_context().get_memory_info().free
    if _WORK * moved > free:
        return {"skipped": f"{_WORK * moved / 1e9:.1f} GB may be needed, {free / 1e9:.1f} are free"}
    times = _times(row, row.stack(shape, frames), frames, moved, seconds)
    rates = {f"{name}, frames per second": 1e3 * frames / each for name, each in times.items()}
    return {
        **{f"{name}, ms": each for name, each in times.items()}, **rates,
        "megapixels per second": pixels / 1e3 / times["resident"], "bytes moved": moved,
    }  # fmt: skip


def _times(row: Row, stack: Any, maps: int, moved: int, seconds: float) -> dict[str, float]:
    """Return the milliseconds of a call, by where its stack lies."""
    shape = (maps, *stack.shape[1:3])
    calls = {"resident": _resident(row.make(), stack, cuda.device_array(shape, row.out))}
    if moved <= _HOST_BYTES:
        calls["pageable"] = _from_host(row.make(), stack, np.empty(shape, row.out))
        pinned = cuda.pinned_array(stack.shape, stack.dtype), cuda.pinned_array(shape, row.out)
        pinned[0][:] = stack
        calls["pinned"] = _from_host(row.make(), *pinned)
        if maps > 1:
            calls["pinned, two streams"] = _overlapped(row, *pinned)
    return {name: median_ms(each) for name, each in alternate(calls, seconds).items()}


def _resident(call: Call, stack: Any, out: Any) -> Callable[[], None]:
    device = cuda.to_device(stack)

    def run() -> None:
        call(device, out=out)
        cuda.synchronize()

    return run


def _from_host(call: Call, stack: Any, out: Any) -> Callable[[], None]:
    def run() -> None:
        call(stack, out=out, backend="cuda")

    return run


def _overlapped(row: Row, stack: Any, out: Any) -> Callable[[], None]:
    """Return a call by halves: one is on its way while the other is computed."""
    middle, call = len(out) // 2, row.make()
    halves = []
    for first, last in ((0, middle), (middle, len(out))):
        part, target = stack[first : last + row.reads - 1], out[first:last]
        stream = cuda.stream()
        held = cuda.device_array(part.shape, part.dtype, stream=stream).bind(stream)
        maps = cuda.device_array(target.shape, target.dtype, stream=stream).bind(stream)
        halves.append((stream, part, target, held, maps))

    def run() -> None:
        for stream, part, target, held, maps in halves:
            held.copy_to_device(part, stream=stream)
            call(held, out=maps)
            maps.copy_to_host(target, stream=stream)
        for stream, *_ in halves:
            stream.synchronize()

    return run
