"""State of a stream of frames on a backend, and the steps from frames to maps."""

from __future__ import annotations

import math
import threading
from typing import Any, Literal, NamedTuple

from ... import devices, images, runtime, validation
from ...errors import ImageError
from .plan import LONGEST_SIDE, cells_of, level_shapes

Camera = bool | Literal["affine", "translation", "homography"]

SMOOTH = 0.01  # sigma of the last blur, in widths
_TERMS = {"translation": 2, "affine": 6, "homography": 8}
_of_thread = threading.local()


class Options(NamedTuple):
    """The reference of motion."""

    terms: int  # of the camera's motion; 0 for one that stands still
    contrast: bool

    @classmethod
    def checked(cls, compensate_camera: Camera, contrast: bool) -> Options:
        """Return the options, or raise ValueError."""
        contrast = validation.flag("contrast", contrast)
        if compensate_camera is False:
            return cls(0, contrast)
        name = "affine" if compensate_camera is True else compensate_camera
        if not isinstance(name, str) or name not in _TERMS:
            raise ValueError(
                "`compensate_camera` must be True, False, 'affine', 'translation' or "
                f"'homography'; got {validation.shown(compensate_camera)}"
            )
        return cls(_TERMS[name], contrast)


def checked_memory(memory: float) -> float:
    """Return `memory` if it is a number in [0, 1), or raise ValueError."""
    form = "a number in [0, 1)"
    return validation.number("memory", memory, 0, math.nextafter(1, 0), form=form)


class FlowState(devices.Portable):
    """Levels of the last two frames of one shape, their flow and scores, on one backend."""

    def __init__(self, target: runtime.Backend, shape: tuple[int, int]) -> None:
        self.form = target, shape
        self.turns = devices.Turns()
        shapes = level_shapes(*shape)
        self._unit = shape[0] / shapes[0][0], shape[1] / shapes[0][1]
        self._cells = cells = cells_of(shapes[0])
        self._levels, self._previous = (self._kernels.new_levels(shapes) for _ in range(2))
        self._flow, self._shown = (self._kernels.new_field((n, *cells)) for n in (2, 1))
        new = self._kernels.new_field
        self._scores, self._before, self._ahead, self._kept = (new(cells) for _ in range(4))

    @property
    def _kernels(self) -> Any:
        return runtime.backend_module(__package__, self.form[0])

    def take(self, frames: images.Frames, index: int = 0) -> None:
        """Take one of `frames` as the next one of the stream."""
        self._levels, self._previous = self._previous, self._levels
        self._scores, self._before = self._before, self._scores
        pixels = part(frames.pixels, index)
        self._kernels.fill_levels(
            pixels, frames.channels, frames.weights, frames.shape[-1], self._levels
        )

    def score(self, options: Options) -> None:
        """Score how the last frame moves from the one before."""
        self._fill(options, self._levels, self._previous, self._scores)

    def score_ahead(self, options: Options) -> None:
        """Score how the frame before moves to the last one."""
        self._fill(options, self._previous, self._levels, self._ahead)

    def _fill(self, options: Options, levels: Any, others: Any, scores: Any) -> None:
        reach = max(1, max(self._cells) // 8) if options.contrast else 0
        self._kernels.fill_scores(levels, others, options.terms, reach, self._flow, scores)

    def paint(self, saliency: Any, *, is_late: bool = False, memory: float = 0.0) -> None:
        """Fill the map, (1, H * W), of the last frame; if late, of the one before, seen twice."""
        pair = (self._before, self._ahead) if is_late else (self._scores, self._scores)
        self._kernels.blend(*pair, memory, self._kept, self._shown)
        self._enlarge(self._shown, SMOOTH, saliency)

    def paint_flow(self, flow: Any) -> None:
        """Fill `flow`, (2, H * W), with the last one in pixels of the frame."""
        self._kernels.scale(*self._unit, self._flow)
        self._enlarge(self._flow, 0, flow)

    def _enlarge(self, maps: Any, smooth: float, out: Any) -> None:
        target, (_, width) = self.form
        postprocess = runtime.backend_module("fastsal.kernels.postprocess", target).postprocess
        postprocess(maps, width, smooth, 0, False, out)


def state_of_thread(target: runtime.Backend, shape: tuple[int, int]) -> FlowState:
    """Return this thread's state for frames of that shape, kept between calls."""
    kept: dict[str, FlowState] = _of_thread.__dict__
    state = kept.get(target)
    if state is None or state.form != (target, shape):
        state = kept[target] = FlowState(target, shape)
    return state


def shape_of(frames: images.Frames) -> tuple[int, int]:
    """Return the height and width of each frame, or raise ImageError if sums would overflow."""
    height, width = frames.shape[-2:]
    if max(height, width) > LONGEST_SIDE:
        raise ImageError(
            f"`frame` must be at most {LONGEST_SIDE} pixels high and wide; got {height} x {width}"
        )
    return height, width


def part(array: Any, index: int) -> Any:
    """Return row `index` of an array as an array of one row."""
    return array if len(array) == 1 else array[index : index + 1]
