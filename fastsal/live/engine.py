"""The method at work, and the next one while it warms up."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import runtime
from ..registry import method_of
from ..stream import Stream

_WARMING_FRAMES = 2  # the first and one that has a frame before it

Map = NDArray[np.uint8]


@dataclass(frozen=True)
class Choice:
    """A method, and where it runs."""

    method: str
    backend: runtime.Choice
    weights: str | None = None  # the checkpoint file of a network


class Engine:
    """Turns frames into maps by a method that can be changed while frames come.

    A change compiles and warms up in a thread; until it is ready the old method goes on.

    Parameters
    ----------
    choice : Choice
        Method and backend at the start.
    smoothing : float, default 0
        Weight of the last map in the next one, in [0, 1); it reduces flicker.

    Attributes
    ----------
    choice : Choice
        Current method and backend.
    notice : str
        A change in progress, or the reason for its failure; else empty.
    """

    def __init__(self, choice: Choice, *, smoothing: float = 0.0) -> None:
        self.smoothing = smoothing
        self.choice = _checked(choice)
        self.notice = ""
        self._stream = _stream_of(choice)
        self._ready: tuple[Choice, Stream] | None = None
        self._warming: threading.Thread | None = None
        self._error: BaseException | None = None
        self._frame: Any = None
        self._map = np.empty((0, 0), np.uint8)
        self._mean = np.empty((0, 0), np.float32)

    @property
    def smoothing(self) -> float:
        """Weight of the last map in the next one."""
        return self._smoothing

    @smoothing.setter
    def smoothing(self, value: float) -> None:
        if not 0 <= value < 1:
            raise ValueError(f"`smoothing` must be in [0, 1); got {value!r}")
        self._smoothing = value

    @property
    def stream(self) -> Stream:
        """The current stream, which converts frames to maps."""
        return self._stream

    def update(self, frame: NDArray[np.uint8]) -> Map:
        """Return the map of the next frame, in memory that the one after it takes again."""
        self._change_if_ready()
        self._frame = frame
        if self._map.shape != frame.shape[:2]:
            self._map = np.empty(frame.shape[:2], np.uint8)
        self._stream.update(frame, out=self._map)
        return self._smoothed(self._map) if self._smoothing else self._map

    def warm_up(self, size: tuple[int, int]) -> None:
        """Compile, or load, the kernels for frames of that width and height."""
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        _warm_up(self._stream, frame)

    def warm_up_aside(self, size: tuple[int, int]) -> None:
        """Start the warm-up in a thread; see `is_warm`."""
        self.notice = f"compiling {self.choice.method} ..."
        self._start(self._warm_up_first, size)

    def is_warm(self, limit: float = 0.0) -> bool:
        """Return whether the warm-up in the background is done, after at most `limit` seconds.

        Raises
        ------
        Exception
            The error of the warm-up.
        """
        if self._warming is not None:
            self._warming.join(limit)
        is_alive = self._warming is not None and self._warming.is_alive()
        if self._error is not None:  # looked at last: a thread that has ended sets none any more
            raise self._error
        return not is_alive

    def change(self, choice: Choice) -> None:
        """Begin a change; requests during a change in progress are ignored."""
        if self._warming is not None and self._warming.is_alive():
            return
        if choice == self.choice:
            return
        self.notice = f"loading {choice.method} on {choice.backend} ..."
        self._start(self._prepare, choice, self._frame)

    def close(self, limit: float = 10.0) -> None:
        """Wait for a change under way."""
        if self._warming is not None:
            self._warming.join(limit)

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        context = contextvars.copy_context()  # or `use_backend` would not apply in the thread
        self._warming = threading.Thread(
            target=context.run, args=(work, *args), name="fastsal-warm-up", daemon=True
        )
        self._warming.start()

    def _warm_up_first(self, size: tuple[int, int]) -> None:
        try:
            self.warm_up(size)
        except BaseException as error:
            self._error = error  # there is no old method to go on with
        self.notice = ""

    def _prepare(self, choice: Choice, frame: Any) -> None:
        try:
            stream = _stream_of(_checked(choice))
            if frame is not None:
                _warm_up(stream, frame)
        except Exception as error:  # of any kind: the old method goes on, and the notice says so
            self.notice = f"{choice.method} on {choice.backend}: {error}"
        else:
            self._ready = (choice, stream)

    def _change_if_ready(self) -> None:
        if self._ready is not None:
            (self.choice, self._stream), self._ready = self._ready, None
            self.notice = ""
            self._mean = np.empty((0, 0), np.float32)

    def _smoothed(self, saliency: Map) -> Map:
        if self._mean.shape != saliency.shape:
            self._mean = saliency.astype(np.float32)
        cv2.accumulateWeighted(saliency, self._mean, 1 - self._smoothing)
        smoothed: Map = cv2.convertScaleAbs(self._mean)
        return smoothed


def _checked(choice: Choice) -> Choice:
    if method_of(choice.method).kind != "network":  # those run where PyTorch does
        runtime.check_backend(choice.backend)
    return choice


def _warm_up(stream: Stream, frame: NDArray[np.uint8]) -> None:
    out = np.empty(frame.shape[:2], np.uint8)
    for _ in range(_WARMING_FRAMES):
        stream.update(frame, out=out)
    stream.reset()


def _stream_of(choice: Choice) -> Stream:
    options: dict[str, Any] = {} if choice.weights is None else {"weights": choice.weights}
    return Stream(choice.method, backend=choice.backend, color="bgr", **options)
