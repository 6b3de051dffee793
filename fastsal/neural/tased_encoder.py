"""The encoder of TASED-Net over a sliding window, without repeated computation.

Away from the ends of a window the output of a layer depends on the frames only, not on where the
window starts. The first temporal stride is 2, so windows share these steps if their starts differ
by an even number. Zero padding at the ends of the window spoils one more step per layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from .layers import Tensor
from .tased_model import FRAMES, TasedModel

_STEPS = FRAMES // 2
_CHUNK = 4  # steps of the first layer that run at once: less memory

# First and last step of each layer that do not depend on the ends of the window.
_INNER = {"space3": (2, 14), "time3": (3, 13), "3b": (4, 12), "3c": (5, 11)}


class TasedEncoder:
    """Features of the last 32 frames. Each frame and each shared step is computed once."""

    def __init__(self, model: TasedModel) -> None:
        self._model = model
        self._ring: Tensor | None = None  # features of frame i at i % 32
        self._position = 0  # frames until now
        self._kept: dict[tuple[int, str], tuple[int, Tensor]] = {}  # parity, layer: start, steps

    def push(self, frame: Tensor, times: int = 1) -> None:
        """Take the next frame, (1, 3, h, w); `times` repeats it."""
        feature = self._model.space(frame)
        if self._ring is None:
            shape = (FRAMES, *feature.shape[1:])
            self._ring = _empty(shape, feature)
        for _ in range(times):
            self._ring[self._position % FRAMES] = feature[0]
            self._position += 1

    def turned(self) -> TasedEncoder:
        """Return an encoder of this one's window in reverse order. It takes its memory."""
        other = TasedEncoder(self._model)
        other._ring, self._ring = self._ring, None
        if other._ring is not None:
            oldest = self._position % FRAMES
            order = [(oldest - 1 - i) % FRAMES for i in range(FRAMES)]
            other._ring.copy_(other._ring[order])
        return other

    def window(self) -> tuple[Tensor, Tensor]:
        """Return both inputs of `TasedModel.tail` for the last 32 frames."""
        model = self._model
        x = self._steps("space3", self._first_steps)
        x = self._steps("time3", _beside(model.time3, x))
        m3 = x.unflatten(0, (-1, 4)).amax(1)
        x = functional.max_pool2d(x, 3, 2, 1)
        x = self._steps("3b", _beside(model.base2[0], x))
        return m3, self._steps("3c", _beside(model.base2[1], x))

    def _steps(self, layer: str, compute: Callable[[int, int], Tensor]) -> Tensor:
        """Return all 16 steps of a layer; `compute` gives those from `low` up to `high`."""
        first, last = _INNER[layer]
        key = (self._position % 2, layer)
        start, kept = self._kept.pop(key, (self._position, None))
        shift = (self._position - start) // 2
        if kept is None or not 1 <= shift <= last - first:
            steps = compute(0, _STEPS)
        else:
            steps = _joined(compute(0, first), kept[shift - 1 :], compute, last + 1 - shift)
        del kept
        # The next window of this parity starts at least one step later.
        self._kept[key] = (self._position, steps[first + 1 : last + 1].clone())
        return steps

    def _first_steps(self, low: int, high: int) -> Tensor:
        """Return the first layers up to the convolution over space of base1.3."""
        parts = [
            self._first_chunk(start, min(start + _CHUNK, high))
            for start in range(low, high, _CHUNK)
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _first_chunk(self, low: int, high: int) -> Tensor:
        model = self._model
        reach = model.time.weight.shape[2] // 2
        x = model.time.unpadded(self._frames(2 * low - reach, 2 * high - 1 + reach))
        return model.space3(model.point(functional.max_pool2d(x, 3, 2, 1)))

    def _frames(self, low: int, high: int) -> Tensor:
        """Return the features of the frames from `low` up to `high` of the window, else zeros."""
        assert self._ring is not None
        shape = (high - low, *self._ring.shape[1:])
        frames = _empty(shape, self._ring)
        for i in range(low, high):
            is_inside = 0 <= i < FRAMES
            frames[i - low] = self._ring[(self._position + i) % FRAMES] if is_inside else 0
        return frames


def _empty(shape: tuple[int, ...], like: Tensor) -> Tensor:
    return torch.empty(
        shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last
    )


def _joined(left: Tensor, kept: Tensor, compute: Callable[[int, int], Tensor], stop: int) -> Tensor:
    """Return 16 steps: the computed ones at both ends, and the kept ones up to `stop`."""
    shape = (_STEPS, *left.shape[1:])
    steps = _empty(shape, left)
    steps[: len(left)] = left
    steps[len(left) : stop] = kept
    steps[stop:] = compute(stop, _STEPS)
    return steps


def _beside(layer: Any, x: Tensor) -> Callable[[int, int], Tensor]:
    """Return a function for some steps of a layer that reaches one step to each side."""

    def compute(low: int, high: int) -> Tensor:
        start, stop = max(low - 1, 0), min(high + 1, len(x))
        found: Tensor = layer(x[start:stop])[low - start : high - start]
        return found

    return compute
