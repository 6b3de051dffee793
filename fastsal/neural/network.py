"""`VideoNetwork`: a network over videos and streams of frames.

A network is a subclass. It implements `_predictions` for whole videos, `_step` and `_restart` for
streams, and `_finish`, which makes a map of the network's own output. Frames arrive checked: RGB,
uint8, (H, W, 3), all of one size. The subclass owns its device, its weights and its caches.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import containers, images, validation
from ..errors import ImageError
from .report import Report

if TYPE_CHECKING:
    import torch

Frame = NDArray[np.uint8]  # (H, W, 3), RGB
RawMap = NDArray[np.float32]  # (h, w): the network's own output, after the sigmoid
Map = NDArray[np.float32]  # (H, W) in [0, 1]
Between = Literal["hold", "blend"]


class Sound(NamedTuple):
    """Samples of one channel, float32 in [-1, 1], and their rate in Hz."""

    samples: NDArray[np.float32]
    rate: float


class Prediction(NamedTuple):
    """The output of one frame of a video.

    `raw` is None for a frame that `stride` skips. `is_official` tells whether the authors'
    procedure gives this output; False marks frames that our own rule fills.
    """

    raw: RawMap | None
    is_official: bool = True


class Settings(NamedTuple):
    """Options that all networks share, unchecked."""

    device: str = "auto"
    stride: int = 1
    between: Between = "hold"
    color: images.Color = "rgb"
    channel_axis: int | None = -1


class VideoNetwork(abc.ABC):
    """A saliency network over the frames of a video.

    `fastsal.neural.tased`, `stra_net` and `stavis` make one.

    Attributes
    ----------
    device : torch.device
        Where it runs.
    report : Report
        The loaded entries of the checkpoint file, one by one.
    delay : int
        Frames by which the maps of `update` lag behind.
    """

    delay: int = 0
    memory_hint: str = "use device='cpu'"

    def __init__(self, settings: Settings) -> None:
        from .device import device_of  # imports PyTorch

        self._settings = settings
        self._stride = validation.integer("stride", settings.stride, 1)
        validation.choice("between", settings.between, ("hold", "blend"))
        images.check_color(settings.color)
        images.check_channel_axis(settings.channel_axis)
        self.device: torch.device = device_of(settings.device)
        self.report: Report  # set by the subclass
        self._forget()

    # To be implemented by a network.

    @abc.abstractmethod
    def _predictions(
        self, frames: Iterator[Frame], sound: Sound | None, fps: float, stride: int
    ) -> Iterator[Prediction]:
        """Yield one prediction per frame, in order, in the authors' window order.

        It runs inside `torch.inference_mode`, reads `frames` no further ahead than it needs, and
        keeps memory constant over long videos. Frame i has an output if ``i % stride == 0``.
        """

    @abc.abstractmethod
    def _step(self, frame: Frame, is_wanted: bool) -> RawMap | None:
        """Take the next frame of a stream, and return the newest output if it is wanted.

        It runs inside `torch.inference_mode`.
        """

    @abc.abstractmethod
    def _restart(self) -> None:
        """Forget all frames of the stream."""

    @abc.abstractmethod
    def _finish(self, raw: RawMap, shape: tuple[int, int]) -> Map:
        """Return the map of a frame of `shape` by the authors' blur and scaling, in [0, 1]."""

    # The public part.

    def reset(self) -> None:
        """Forget all frames: the next one is the first."""
        self._restart()
        self._forget()

    def _forget(self) -> None:
        self._count = 0
        self._form: tuple[Any, ...] | None = None
        self._last: RawMap | None = None

    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Return the map of the next frame of a stream."""
        checked = self._checked(frame, "frame")
        if self._form is not None and self._form != checked.form:
            self.reset()
        self._form = checked.form
        target = images.host_out(out, (checked.frames,))
        is_wanted = self._count % self._stride == 0
        try:
            with self._computing():
                raw = self._step(checked.rgb, is_wanted)
        except BaseException:  # also Ctrl-C: half a step must not be continued
            self.reset()
            raise
        self._count += 1
        self._last = self._last if raw is None else raw
        height, width = checked.rgb.shape[:2]
        saliency = np.zeros((height, width), np.float32)
        if self._last is not None:
            saliency = self._finish(self._last, (height, width))
        np.copyto(target, saliency if target.dtype == np.float32 else _bytes(saliency))
        return out if out is not None else containers.returned(target, checked.frames.is_tensor)

    def predict(
        self,
        frames: Any,
        *,
        audio: Any = None,
        audio_rate: float = 22050,
        fps: float = 25.0,
        raw: bool = False,
    ) -> NDArray[np.float32]:
        """Return the maps of a whole video, in the authors' window order."""
        results = []
        shape: list[tuple[int, int]] = []
        source = self._checked_frames(frames, shape)
        sound = None if audio is None else Sound(np.asarray(audio, np.float32), audio_rate)
        with self._computing():
            for prediction in self._predictions(source, sound, fps, self._stride):
                results.append(prediction)
        return self._stacked(results, shape[0], raw)

    def _stacked(
        self, found: list[Prediction], shape: tuple[int, int], raw: bool
    ) -> NDArray[np.float32]:
        last = next(each.raw for each in found if each.raw is not None)
        maps = []
        for each in found:
            if raw:
                has_map = each.raw is not None and each.is_official
                maps.append(each.raw if has_map else np.full_like(last, np.nan))
            else:
                last = last if each.raw is None else each.raw
                maps.append(self._finish(last, shape))
        return np.stack(maps)  # type: ignore[arg-type]

    def _computing(self) -> AbstractContextManager[Any]:
        """Return the context of all computation: no gradients, and errors of memory in words."""
        import torch

        from .device import memory_errors

        context = ExitStack()
        context.enter_context(torch.inference_mode())
        context.enter_context(memory_errors(self.device, self.memory_hint))
        return context

    def _checked_frames(
        self, frames: Iterable[Any], shape: list[tuple[int, int]]
    ) -> Iterator[Frame]:
        first: tuple[Any, ...] | None = None
        for i, frame in enumerate(frames):
            checked = self._checked(frame, f"frames[{i}]")
            if first is not None and checked.form != first:
                raise ImageError(
                    f"`frames` must have one shape; got {first} and {checked.form} at {i}"
                )
            first = checked.form
            shape[:] = [checked.rgb.shape[:2]]
            yield checked.rgb

    def _checked(self, frame: Any, name: str) -> _Checked:
        found = images.as_frames(
            frame, color=self._settings.color, channel_axis=self._settings.channel_axis,
            name=name, stacks=False,
        )  # fmt: skip
        rgb = images.picture_of(found)
        if self._settings.color == "bgr" and found.channels > 1:
            rgb = np.ascontiguousarray(rgb[..., ::-1])
        return _Checked(found, rgb, (found.shape, found.channels))


class _Checked(NamedTuple):
    frames: images.Frames
    rgb: Frame
    form: tuple[Any, ...]


def _bytes(saliency: Map) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.rint(saliency * np.float32(255)).astype(np.uint8)
    return levels
