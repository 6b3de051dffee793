"""Optical flow for STRA-Net: OpenCV's inverse search (DIS), or any function of two frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..errors import ImageError
from .stra_net_images import FIELDS, SIZE, Floats, Pixels, prepare_flow, prepare_image

Flow = Callable[[Pixels, Pixels], NDArray[np.floating]]

_MIN_SIDE = 16  # DIS needs a few patches of 8 pixels


class Input(NamedTuple):
    """One frame as the network takes it."""

    image: Floats  # (3, 224, 224)
    flow: Floats  # (10, 224, 224): five fields, the last one first


def inputs_of_video(frames: Iterator[Pixels], flow: Flow, stride: int) -> Iterator[Input | None]:
    """Yield the input of every frame i with ``i % stride == 0``, and None for the others.

    Frame i gets the fields from i to i + 1 up to i + 4 to i + 5. Towards the end of the video the
    last field is repeated. No field is computed twice or without need.
    """
    window: deque[Pixels] = deque()  # frames from `index` on
    fields: dict[int, Floats] = {}  # by the index of their first frame
    previous: Pixels | None = None
    index = 0
    while True:
        window.extend(islice(frames, FIELDS + 1 - len(window)))
        if not window:
            return
        if index % stride:
            yield None
        else:
            fields = {key: field for key, field in fields.items() if key >= index - 1}
            for key, pair in enumerate(pairwise(window), index):
                if key not in fields:
                    fields[key] = prepare_flow(flow(*pair))
            if len(window) == 1 and index - 1 not in fields:
                fields[index - 1] = _field(previous, window[0], flow)
            last = max(fields)
            stacked = [fields[min(index + i, last)] for i in reversed(range(FIELDS))]
            yield Input(prepare_image(window[0]), np.concatenate(stacked))
        previous = window.popleft()
        index += 1


def fields_of_stream(previous: Pixels | None, current: Pixels, flow: Flow) -> Floats:
    """Return the fields for the newest frame of a stream; the next frames are unknown.

    As at the end of a video, the last field is repeated. The first frame has no motion.
    """
    return np.tile(_field(previous, current, flow), (FIELDS, 1, 1))


def _field(previous: Pixels | None, current: Pixels, flow: Flow) -> Floats:
    if previous is None:
        return np.zeros((2, SIZE, SIZE), np.float32)
    return prepare_flow(flow(previous, current))


def flow_of(flow: str | Flow) -> Flow:
    """Return the function that computes optical flow.

    Raises
    ------
    ValueError
        If `flow` is not "dis" and not callable.
    """
    if callable(flow):
        return _Checked(flow)
    if flow == "dis":
        return _Dis()
    raise ValueError(
        f'`flow` must be "dis" or a function of two frames; got {validation.shown(flow)}'
    )


class _Dis:
    """Dense inverse search of OpenCV, with its medium preset.

    Source: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
    """

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __reduce__(self) -> tuple[type[_Dis], tuple[()]]:
        return _Dis, ()  # OpenCV's object cannot be pickled, and has no state

    def __call__(self, previous: Pixels, current: Pixels) -> Floats:
        first, second = _grey(previous), _grey(current)
        height, width = first.shape
        border = (0, max(_MIN_SIDE - height, 0), 0, max(_MIN_SIDE - width, 0))
        if any(border):
            first, second = (
                cv2.copyMakeBorder(each, *border, cv2.BORDER_REPLICATE) for each in (first, second)
            )
        flow: Floats = self._search.calc(first, second, None)
        return flow[:height, :width]


def _grey(frame: Pixels) -> Pixels:
    return frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


class _Checked:
    """A function of the caller's, with a check of its results."""

    def __init__(self, function: Flow) -> None:
        self._function = function

    def __call__(self, previous: Pixels, current: Pixels) -> NDArray[np.floating]:
        flow = np.asarray(self._function(previous, current))
        if flow.ndim != 3 or flow.shape[2] != 2 or 0 in flow.shape or flow.dtype.kind != "f":
            raise ImageError(
                "`flow` must return an array of floats of shape (H, W, 2); "
                f"got {flow.dtype} {flow.shape}"
            )
        if max(flow.shape[:2]) > SIZE * min(flow.shape[:2]):
            raise ImageError(
                f"`flow` must return a field not longer than {SIZE} times its other side; "
                f"got {flow.shape[0]} x {flow.shape[1]}"
            )
        if not np.isfinite(flow).all():
            raise ImageError("`flow` must return finite values; got NaN or infinity")
        return flow
