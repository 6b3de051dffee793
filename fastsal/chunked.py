"""Process host stacks in chunks on two streams to overlap transfers with kernels."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from . import devices, images, runtime
from .call import Call

PART_BYTES = 32 << 20  # of frames and maps: their copy takes much longer than the start of a part


def compute(
    fill: Callable[[Call], None], backend: runtime.Choice, out: Any, *frames: images.Frames
) -> Any:
    """Return the map of `frames` that `fill` computes, in `out` if given.

    `fill` gets one call for all frames. Large stacks of the host that are computed on a device are
    divided: `fill` gets a call for each part, alternating between two streams. While one part is
    computed, the next is copied to the device and the last one back.
    """
    call = Call(backend, out, *frames)
    if call.is_staged:
        count = _frames_of_part(frames)
        if 2 * count <= frames[0].flat_shape[0]:
            return _in_parts(call, fill, count)
    with call:
        fill(call)
        return call.result()


def _in_parts(call: Call, fill: Callable[[Call], None], count: int) -> Any:
    total = len(call.inputs[0].pixels)
    on_the_way: deque[Callable[[], None]] = deque()
    try:
        for number, start in enumerate(range(0, total, count)):
            if len(on_the_way) == 2:
                on_the_way.popleft()()
            # The last part is as long as the others, so their work arrays fit it.
            first = min(start, total - count)
            with call.part(first, first + count, devices.side_stream(number % 2)) as part:
                fill(part)
                on_the_way.append(part.send_back())
        while on_the_way:
            on_the_way.popleft()()
    finally:
        for wait in on_the_way:  # after an error, which is the one to report
            with suppress(Exception):
                wait()
    return call.result()


def _frames_of_part(frames: tuple[images.Frames, ...]) -> int:
    read = sum(each.pixels.dtype.itemsize * each.pixels.shape[1] for each in frames)
    return int(max(1, PART_BYTES // (read + 4 * frames[0].flat_shape[1])))
