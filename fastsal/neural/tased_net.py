"""TASED-Net over videos and streams: windows, input and output as its authors have them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from .. import validation
from . import checkpoints
from .layers import Tensor
from .maps import upscaled
from .network import Frame, Map, Prediction, RawMap, Settings, VideoNetwork
from .sound import Sound
from .tased_encoder import TasedEncoder
from .tased_model import FRAMES, SIZE, TasedModel, shapes

_BLUR = 7.0  # standard deviation of the authors' Gaussian, in pixels of the output
_GRID = 32  # sides of the input are multiples of the coarsest pixel


class _Window(NamedTuple):
    """Both inputs of the later layers."""

    m3: Tensor
    y2: Tensor


class TasedNetwork(VideoNetwork):
    """TASED-Net (Min and Corso, ICCV 2019): each map is of the last of 32 frames."""

    def __init__(
        self,
        weights: str | os.PathLike[str] | None,
        settings: Settings,
        *,
        size: tuple[int, int] = SIZE,
    ) -> None:
        super().__init__(settings)
        self._size = checked_size(size, _GRID)
        smaller = tuple(max(side // (2 * _GRID), 1) * _GRID for side in self._size)
        self.memory_hint = f"size={smaller}"
        self._encoder: TasedEncoder | None = None
        state, self.report = checkpoints.load(weights, "tased", shapes())
        self._model = TasedModel(state)
        for layer in self._model.layers():
            layer.to(self.device, self.dtype)

    def _predictions(
        self, frames: Iterator[Frame], sound: Sound | None, fps: float, stride: int
    ) -> Iterator[Prediction]:
        """Predict the first 31 frames from windows played backwards, as the authors do.

        Those windows come from the frames 61 to 0, which form one sliding window.
        """
        start = [self._small(frame) for frame in islice(frames, 2 * FRAMES - 2)]
        if not start:
            return
        encoder = TasedEncoder(self._model)
        first = list(self._in_batches(self._backwards(encoder, start, stride), self._outputs))
        for index, raw in enumerate(reversed(first)):
            yield Prediction(raw, is_official=index + FRAMES <= len(start))
        if len(start) < FRAMES:
            return
        rest = (self._small(frame) for frame in frames)
        windows = self._forwards(encoder.turned(), start[FRAMES:], rest, stride)
        del encoder
        for raw in self._in_batches(windows, self._outputs):
            yield Prediction(raw)

    def _backwards(
        self, encoder: TasedEncoder, start: Sequence[Frame], stride: int
    ) -> Iterator[_Window | None]:
        """Yield the windows of the first 31 frames, from the last to the first of them.

        A video of fewer than 62 frames is continued by its mirror image.
        """
        last = min(FRAMES - 1, len(start)) - 1
        for index in range(last + FRAMES - 1, -1, -1):
            encoder.push(self._tensor(start[_mirrored(index, len(start))]))
            if index <= last:
                yield _Window(*encoder.window()) if index % stride == 0 else None

    def _forwards(
        self, encoder: TasedEncoder, start: list[Frame], rest: Iterator[Frame], stride: int
    ) -> Iterator[_Window | None]:
        """Yield the windows of the frames from 31 on; the encoder has the first 32 frames."""
        index = FRAMES - 1
        yield _Window(*encoder.window()) if index % stride == 0 else None
        for frames in (start, rest):
            for frame in frames:
                index += 1
                encoder.push(self._tensor(frame))
                yield _Window(*encoder.window()) if index % stride == 0 else None

    def _outputs(self, windows: Sequence[_Window]) -> Sequence[RawMap]:
        m3, y2 = windows[0]
        if len(windows) > 1:
            m3, y2 = (torch.cat(parts) for parts in zip(*windows, strict=True))
        maps = torch.sigmoid(self._model.tail(m3, y2, len(windows)).float())
        found: Sequence[RawMap] = maps.cpu().numpy()
        return found

    def _step(self, frame: Frame, is_wanted: bool) -> RawMap | None:
        """Before the first frame of a stream, its picture stands still."""
        tensor = self._tensor(self._small(frame))
        if self._encoder is None:
            self._encoder = TasedEncoder(self._model)
            self._encoder.push(tensor, FRAMES)
        else:
            self._encoder.push(tensor)
        return self._outputs([_Window(*self._encoder.window())])[0] if is_wanted else None

    def _restart(self) -> None:
        self._encoder = None

    def _small(self, frame: Frame) -> Frame:
        height, width = self._size
        small: Frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
        return small

    def _tensor(self, frame: Frame) -> Tensor:
        """Return a frame in [-1, 1], (1, 3, h, w) in channels-last memory."""
        pixels = (frame.astype(np.float32) * 2 - 255) / np.float32(255)
        return torch.from_numpy(pixels).permute(2, 0, 1)[None].to(self.device, self.dtype)

    def _finish(self, raw: RawMap, shape: tuple[int, int]) -> Map:
        return upscaled(blurred(raw), shape)


def blurred(raw: RawMap) -> NDArray[np.float64]:
    """Return the authors' map: rounded down to 8 bits, blurred, and divided by its maximum."""
    levels = (raw * 255).astype(np.uint8) / 255
    smooth: NDArray[np.float64] = ndimage.gaussian_filter(levels, _BLUR)
    return smooth / (smooth.max() or 1)


def checked_size(size: tuple[int, int], grid: int) -> tuple[int, int]:
    """Return the rows and columns of the input, multiples of `grid`, or raise ValueError."""
    rows, cols = validation.shape("size", size, 4096)
    if rows % grid or cols % grid:
        raise ValueError(f"`size` must be multiples of {grid}, rows and columns; got {size}")
    return rows, cols


def _mirrored(index: int, count: int) -> int:
    """Return the frame at an index beyond the end of a video that runs back and forth."""
    period = max(2 * count - 2, 1)
    index %= period
    return index if index < count else period - index
