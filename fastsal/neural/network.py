"""`VideoNetwork`: a network over videos and streams of frames.

A network is a subclass. It implements `_predictions` for whole videos, `_step` and `_restart` for
streams, and `_finish`, which makes a map of the network's own output. Frames arrive checked: RGB,
uint8, (H, W, 3), all of one size. The subclass owns its weights and its caches.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import images, validation
from ..errors import ImageError
from .frames import FrameReader
from .report import Report
from .sound import Sound, checked_sound

if TYPE_CHECKING:
    import torch

Frame = NDArray[np.uint8]  # (H, W, 3), RGB
RawMap = NDArray[np.float32]  # (h, w): the network's own output, after the sigmoid
Map = NDArray[np.float32]  # (H, W) in [0, 1]
Between = Literal["hold", "blend"]
Precision = Literal["float32", "bfloat16"]
Item = TypeVar("Item")


class Prediction(NamedTuple):
    """The output of one frame of a video.

    `raw` is None for a frame that `stride` skips. `is_official` is true if the authors' procedure
    gives this output; False marks frames that our own rule fills.
    """

    raw: RawMap | None
    is_official: bool = True


class Settings(NamedTuple):
    """Options that all networks share, unchecked."""

    device: str = "auto"
    precision: Precision = "float32"
    stride: int = 1
    between: Between = "hold"
    color: images.Color = "rgb"
    channel_axis: int | None = -1


class VideoNetwork(abc.ABC):
    """A saliency network over the frames of a video.

    `fastsal.neural.tased`, `stra_net` and `stavis` make one. It can be pickled and copied at any
    time. One object serves one stream, from one thread at a time; `predict` uses no stream.

    Attributes
    ----------
    device : torch.device
        Where it runs.
    report : Report
        The loaded entries of the checkpoint file, one by one.
    delay : int
        Frames by which the maps of `update` lag behind.

    Examples
    --------
    >>> from fastsal import neural
    >>> network = neural.tased("TASED_updated.pt")  # doctest: +SKIP
    >>> network.predict(frames).shape  # doctest: +SKIP
    (90, 480, 640)
    """

    delay: int = 0
    listens: bool = False  # whether sound changes the maps
    batches: Mapping[str, int] = MappingProxyType({"cpu": 1, "cuda": 4, "mps": 2})  # windows
    memory_hint: str = ""  # another remedy where the memory is full

    def __init__(self, settings: Settings) -> None:
        from .device import device_of, dtype_of  # imports PyTorch

        self._settings = settings
        self._stride = validation.integer("stride", settings.stride, 1)
        validation.choice("between", settings.between, ("hold", "blend"))
        images.check_color(settings.color)
        images.check_channel_axis(settings.channel_axis)
        self.device: torch.device = device_of(settings.device)
        self.dtype: torch.dtype = dtype_of(settings.precision)
        self.report: Report  # set by the subclass
        self._reader = FrameReader(settings.color, settings.channel_axis)
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

    # For use by a network.

    def _in_batches(
        self, items: Iterator[Item | None], run: Callable[[Sequence[Item]], Sequence[RawMap]]
    ) -> Iterator[RawMap | None]:
        """Yield the output of each item in order, and None for None; `run` takes a batch."""
        size = self.batches[self.device.type]
        waiting: list[Item | None] = []
        for item in items:
            waiting.append(item)
            if sum(each is not None for each in waiting) == size:
                yield from _outputs(waiting, run)
                waiting = []
        yield from _outputs(waiting, run)

    # The public part.

    def reset(self) -> None:
        """Forget all frames: the next one is the first."""
        self._restart()
        self._forget()

    def _forget(self) -> None:
        self._count = 0
        self._form: tuple[Any, ...] | None = None
        self._maps: tuple[Map, Map] | None = None  # of the last two outputs

    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Return the map of the next frame of a stream.

        Parameters
        ----------
        frame : array of uint8, (H, W, 3), (H, W, 4) or (H, W)
            The next frame. One of another size or number of channels restarts the stream.
        out : array of float32 or uint8, (H, W), optional
            Where to put the map.

        Returns
        -------
        saliency : array of float32 (or `out`), (H, W)
            In [0, 1]. It belongs to the frame `delay` frames before. With ``stride=k`` only every
            k-th map is computed; the others repeat it, or approach it in equal steps with
            ``between="blend"``.

        Raises
        ------
        ImageError
            If `frame` is no image of uint8, or `out` does not fit it.
        ModelError
            If the memory of the device is full.
        """
        checked = self._reader.read(frame, "frame")
        target = checked.target(out)
        if self._form is not None and self._form != checked.form:
            self.reset()
        phase = self._count % self._stride
        try:
            with self._computing():
                raw = self._step(checked.rgb, phase == 0)
            if raw is not None:
                newest = self._finish(raw, checked.rgb.shape[:2])
                self._maps = (self._maps or (newest, newest))[1], newest
            saliency = self._current(phase, checked.rgb.shape[:2])
        except BaseException:  # also Ctrl-C: half a step must not be continued
            self.reset()
            raise
        self._form = checked.form
        self._count += 1
        return checked.filled(target, saliency, out)

    def _current(self, phase: int, shape: tuple[int, int]) -> Map:
        if self._maps is None:
            return np.zeros(shape, np.float32)
        before, newest = self._maps
        if self._settings.between == "hold" or phase == self._stride - 1:
            return newest
        return _mixed(before, newest, (phase + 1) / self._stride)

    def predict(
        self,
        frames: Any,
        *,
        audio: Any = None,
        audio_rate: float = 22050,
        fps: float = 25.0,
        raw: bool = False,
    ) -> NDArray[np.float32]:
        """Return the maps of a whole video, in the authors' window order.

        Parameters
        ----------
        frames : array of uint8, (N, H, W, 3), or iterable of frames
            All of one size.
        audio : array of int16, or of floats in [-1, 1], (samples,), optional
            Sound of the video, one channel. Networks without sound ignore it. Where it ends before
            the video, the rest is silent.
        audio_rate : float, default 22050
            Samples per second. Other rates than 22,050 Hz are resampled.
        fps : float, default 25.0
            Frames per second, which relate frames to sound.
        raw : bool, default False
            Return the network's own output, before the authors' blur and scaling.

        Returns
        -------
        maps : array of float32, (N, H, W) or with `raw` (N, h, w)
            In [0, 1]. With `raw`, frames for which the authors' procedure gives no output are NaN.
            Otherwise rules of fastsal fill them; `tased` and `stavis` describe these rules.

        Raises
        ------
        ImageError
            If a frame is no image of uint8, or differs in size, or there is none.
        ValueError
            If `audio`, `audio_rate` or `fps` is wrong.
        ModelError
            If the memory of the device is full.
        """
        if raw:
            found = list(self._run(frames, audio, audio_rate, fps))
            blank = np.full_like(next(each.raw for each in found if each.raw is not None), np.nan)
            return np.stack([
                each.raw if each.raw is not None and each.is_official else blank for each in found
            ])  # fmt: skip
        return np.stack(list(self.maps(frames, audio=audio, audio_rate=audio_rate, fps=fps)))

    def maps(
        self,
        frames: Any,
        *,
        audio: Any = None,
        audio_rate: float = 22050,
        fps: float = 25.0,
    ) -> Iterator[Map]:
        """Yield the maps that `predict` returns, one by one, in constant memory.

        Parameters
        ----------
        frames, audio, audio_rate, fps
            As in `predict`. An iterable of frames is read as far ahead as the network needs.

        Yields
        ------
        saliency : array of float32, (H, W)
            The map of each frame, in order.

        Raises
        ------
        ImageError, ValueError, ModelError
            As in `predict`.
        """
        before: Map | None = None
        skipped = 0
        for prediction in self._run(frames, audio, audio_rate, fps):
            if prediction.raw is None:
                if self._settings.between == "hold" and before is not None:
                    yield before
                else:
                    skipped += 1
                continue
            newest = self._finish(prediction.raw, self._reader.shape)
            for i in range(skipped):
                start = newest if before is None else before
                yield _mixed(start, newest, (i + 1) / (skipped + 1))
            skipped, before = 0, newest
            yield newest
        for _ in range(skipped):
            if before is not None:
                yield before

    def _run(self, frames: Any, audio: Any, audio_rate: float, fps: float) -> Iterator[Prediction]:
        rate = validation.number("fps", fps, 1e-3)
        sound = checked_sound(audio, audio_rate)
        source = self._reader.all_of(frames)
        predictions = self._predictions(source, sound, rate, self._stride)
        is_empty = True
        while True:
            with self._computing():  # not while the caller works
                prediction = next(predictions, None)
            if prediction is None:
                break
            is_empty = False
            yield prediction
        if is_empty:
            raise ImageError("`frames` must have at least one frame; got none")

    def _computing(self) -> AbstractContextManager[Any]:
        """Return the context of all computation: no gradients, and errors of memory in words."""
        import torch

        from .device import exact, memory_errors

        context = ExitStack()
        context.enter_context(torch.inference_mode())
        context.enter_context(exact(self.device))
        context.enter_context(memory_errors(self.device, self.memory_hint))
        return context


def _outputs(
    items: list[Item | None], run: Callable[[Sequence[Item]], Sequence[RawMap]]
) -> Iterator[RawMap | None]:
    batch = [each for each in items if each is not None]
    results = iter(run(batch) if batch else ())
    for each in items:
        yield None if each is None else next(results)


def _mixed(before: Map, after: Map, weight: float) -> Map:
    mixed: Map = before + np.float32(weight) * (after - before)
    return np.clip(mixed, 0, 1, out=mixed)
