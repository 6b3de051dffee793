"""Stacks of the host go through a device in parts, so that copies and kernels overlap."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from . import containers, devices, images, runtime

PART_BYTES = 32 << 20  # of frames and maps: long to copy against what it costs to start a part


class Calls:
    """The parts of a call, each a `Call` of its own.

    There is one for all frames, unless they are a stack on the host and are computed on a device.
    Then there is one for each part of it, by turns on two streams: while one part is computed, the
    next is on its way there and the last on its way back.

    Attributes
    ----------
    result : array
        The map, when all calls are done.
    """

    result: Any

    def __init__(self, backend: runtime.Choice, out: Any, *frames: images.Frames) -> None:
        self._backend, self._out, self._frames = backend, out, frames

    def __iter__(self) -> Iterator[images.Call]:
        first, backend = self._frames[0], self._backend
        if first.owner is None:
            backend = runtime.resolve(backend)
        if first.owner is None and backend == "cuda":
            count = _frames_of_part(self._frames)
            if 2 * count <= first.flat_shape[0]:
                yield from self._in_parts(count)
                return
        call = images.Call(backend, self._out, *self._frames)
        yield call
        self.result = call.result()

    def _in_parts(self, count: int) -> Iterator[images.Call]:
        total = self._frames[0].shape[0]
        memory = images.host_out(self._out, self._frames)
        on_the_way: deque[Callable[[], None]] = deque()
        try:
            for number, start in enumerate(range(0, total, count)):
                if len(on_the_way) == 2:
                    on_the_way.popleft()()
                devices.work_on(devices.side_stream(number % 2))
                # The last part is as long as the others, whose work arrays so fit it.
                first = min(start, total - count)
                call = images.Call("cuda", *self._cut(memory, first, first + count))
                yield call
                on_the_way.append(call.send_back())
            while on_the_way:
                on_the_way.popleft()()
            made = containers.returned(memory, self._frames[0].is_tensor)
            self.result = made if self._out is None else self._out
        finally:
            devices.work_on(0)
            for wait in on_the_way:  # after an error, which is the one to be told of
                with suppress(Exception):
                    wait()

    def _cut(self, memory: Any, first: int, last: int) -> tuple[Any, ...]:
        part = slice(first, last)
        cut = (
            each._replace(pixels=each.pixels[part], shape=(last - first, *each.shape[1:]))
            for each in self._frames
        )
        return (memory[part], *cut)


def _frames_of_part(frames: tuple[images.Frames, ...]) -> int:
    read = sum(each.pixels.dtype.itemsize * each.pixels.shape[1] for each in frames)
    return int(max(1, PART_BYTES // (read + 4 * frames[0].flat_shape[1])))
