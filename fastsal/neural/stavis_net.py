"""STAViS over videos and streams: windows, sound, input and output as its authors have them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from .. import validation
from . import checkpoints
from .layers import Tensor
from .maps import upscaled
from .network import Frame, Map, Prediction, RawMap, Settings, VideoNetwork
from .sound import RATE, Sound
from .stavis_model import FOR_SOUND, FRAMES, SAMPLES, SIDE, StavisModel, shapes

PREDICTED = 8  # the network gives the map of this frame of a window, counted from 0
_MEAN = np.array([114.7748, 107.7354, 99.4750], np.float32)
_REACH = 3  # frames to each side that the first layer sees
_RANGE = 256  # of sound, as the network takes it
# Steps of a window that see frames inside it only.
_INNER = range(_REACH, FRAMES - _REACH)
_FILTERS = {"nearest": Image.Resampling.NEAREST, "bicubic": Image.Resampling.BICUBIC}


class _Window(NamedTuple):
    """Output of the first layer for each of 16 frames, and their sound."""

    steps: list[Tensor]
    wave: Tensor | None


class StavisNetwork(VideoNetwork):
    """STAViS (Tsiami, Koutras and Maragos, CVPR 2020): each map is of the ninth of 16 frames."""

    delay = FRAMES - 1 - PREDICTED
    # Small layers: several windows at once keep all threads busy.
    batches = MappingProxyType({"cpu": 4, "cuda": 32, "mps": 8})

    def __init__(
        self,
        weights: str | os.PathLike[str] | None,
        settings: Settings,
        *,
        audio: bool = True,
        resize: Literal["nearest", "bicubic"] = "nearest",
    ) -> None:
        super().__init__(settings)
        audio = validation.flag("audio", audio, ValueError)
        self._filter = _FILTERS[validation.choice("resize", resize, tuple(_FILTERS))]
        self._has_sound = self.listens = audio
        state, self.report = checkpoints.load(
            weights,
            "stavis",
            shapes(),
            self._is_optional,
            {FOR_SOUND: "audio=False needs no sound"},
        )
        self._model = StavisModel(state, audio)
        for layer in self._model.layers():
            layer.to(self.device, self.dtype)
        self._stream = WindowSteps(self._model)

    def _is_optional(self, name: str) -> bool:
        is_for_sound = not self._has_sound and name.startswith(FOR_SOUND)
        return is_for_sound or checkpoints.is_counter(name)

    def _predictions(
        self, frames: Iterator[Frame], sound: Sound | None, fps: float, stride: int
    ) -> Iterator[Prediction]:
        """Give the first eight frames the map of the ninth."""
        steps = WindowSteps(self._model)
        heard = sound if self._has_sound else None
        raws = self._in_batches(self._windows(steps, frames, heard, fps, stride), self._outputs)
        first = next(raws, None)
        for index in range(min(steps.count, PREDICTED)):
            yield Prediction(first if index % stride == 0 else None, is_official=False)
        if steps.count > PREDICTED:
            yield Prediction(first if PREDICTED % stride == 0 else None)
            for raw in raws:
                yield Prediction(raw)

    def _windows(
        self,
        steps: WindowSteps,
        frames: Iterator[Frame],
        sound: Sound | None,
        fps: float,
        stride: int,
    ) -> Iterator[_Window | None]:
        """Yield the window of each frame from the ninth on; of all frames if there are fewer.

        Windows at the end of the video have fewer frames, which are repeated. The first window is
        always there, since the first eight frames need it.
        """

        def window(start: int, count: int) -> _Window | None:
            if start and (start + PREDICTED) % stride:
                return None
            wave = None if sound is None else self._wave(sound, start, count, fps)
            return _Window(steps.window(start, count), wave)

        start = 0
        for frame in frames:
            steps.push(self._tensor(frame))
            if steps.count >= FRAMES:
                yield window(start, FRAMES)
                start += 1
        while start < max(steps.count - PREDICTED, min(steps.count, 1)):
            yield window(start, steps.count - start)
            start += 1

    def _outputs(self, windows: Sequence[_Window]) -> Sequence[RawMap]:
        heard = [each.wave for each in windows if each.wave is not None]
        wave = torch.cat(heard) if heard else None
        maps = torch.sigmoid(self._model.tail([each.steps for each in windows], wave).float())
        found: Sequence[RawMap] = maps.cpu().numpy()
        return found

    def _wave(self, sound: Sound, start: int, count: int, fps: float) -> Tensor:
        wave = torch.from_numpy(excerpt(sound, start, count, fps))
        return wave[None, None, None].to(self.device, self.dtype)

    def _step(self, frame: Frame, is_wanted: bool) -> RawMap | None:
        """Before the first frame of a stream, its picture stands still."""
        tensor = self._tensor(frame)
        for _ in range(1 if self._stream.count else FRAMES):
            self._stream.push(tensor)
        if not is_wanted:
            return None
        steps = self._stream.window(self._stream.count - FRAMES, FRAMES)
        return self._outputs([_Window(steps, None)])[0]

    def _restart(self) -> None:
        self._stream = WindowSteps(self._model)

    def _tensor(self, frame: Frame) -> Tensor:
        """Return a frame minus the authors' mean colour, (3, 112, 112)."""
        return torch.from_numpy(prepared(frame, self._filter)).to(self.device, self.dtype)

    def _finish(self, raw: RawMap, shape: tuple[int, int]) -> Map:
        low, high = float(raw.min()), float(raw.max())
        return upscaled((raw - low) / np.float32(high - low or 1), shape)


class WindowSteps:
    """The first layer over sliding windows: steps that windows share are computed once.

    Attributes
    ----------
    count : int
        Frames until now.
    """

    def __init__(self, model: StavisModel) -> None:
        self._first = model.first
        self._frames: dict[int, Tensor] = {}
        self._shares: dict[int, Tensor] = {}  # of each frame in the steps around it
        self._inner: dict[int, Tensor] = {}  # step of a frame that the ends do not reach
        self.count = 0

    def push(self, frame: Tensor) -> None:
        """Take the next frame, (3, 112, 112)."""
        self._frames[self.count] = frame
        self.count += 1
        for kept in (self._frames, self._shares, self._inner):
            kept.pop(self.count - 1 - FRAMES, None)

    def window(self, start: int, count: int) -> list[Tensor]:
        """Return the 16 steps (1, 64, 56, 56) of `count` frames from `start`, repeated to 16."""
        shares = [self._shares_of(start + i % count) for i in range(FRAMES)]
        if count < FRAMES:
            return [self._step(shares, i) for i in range(FRAMES)]
        for i in _INNER:
            if start + i not in self._inner:
                self._inner[start + i] = self._step(shares, i)
        return [
            self._inner[start + i] if i in _INNER else self._step(shares, i) for i in range(FRAMES)
        ]

    def _shares_of(self, index: int) -> Tensor:
        if index not in self._shares:
            frame = self._frames[index][None].contiguous(memory_format=torch.channels_last)
            self._shares[index] = self._first.shares(frame)
        return self._shares[index]

    def _step(self, shares: Sequence[Tensor], index: int) -> Tensor:
        """Return a step from the frames around it that lie in the window."""
        first = max(index - _REACH, 0)
        return self._first.step(shares[first : index + _REACH + 1], first - index + _REACH)


def prepared(frame: Frame, first: Image.Resampling) -> NDArray[np.float32]:
    """Return a frame as the authors reduce it, minus their mean colour, (3, 112, 112)."""
    small = Image.fromarray(frame).resize((320, 240), first)
    small = small.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    centred: NDArray[np.float32] = np.asarray(small, np.float32) - _MEAN
    return np.ascontiguousarray(centred.transpose(2, 0, 1))


def excerpt(sound: Sound, start: int, count: int, fps: float) -> NDArray[np.float32]:
    """Return the sound of some frames under a Hann window, in the middle of 35,280 zeros.

    A longer one, of a video with few frames per second, is cut at both ends.
    """
    per_frame = RATE / fps
    first = int(max(0.0, start * per_frame - per_frame / 2))
    last = int(min(len(sound), (start + count - 1) * per_frame + per_frame / 2))
    part = sound[first : last + 1]
    if len(part) > SAMPLES:
        cut = (len(part) - SAMPLES) // 2
        part = part[cut : cut + SAMPLES]
    wave = np.zeros(SAMPLES, np.float32)
    offset = SAMPLES // 2 - len(part) // 2
    wave[offset : offset + len(part)] = part * _RANGE * np.hanning(len(part))
    return wave
