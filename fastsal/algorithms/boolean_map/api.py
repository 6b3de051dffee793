"""Boolean map saliency: regions that the border of an image does not reach."""

from __future__ import annotations

import numbers
from typing import Any, Literal

from numpy.typing import ArrayLike

from ... import images, runtime
from ...errors import ImageError
from ...kernels import finish
from ...parts import Jobs
from .plan import Options, Plan, Variant, plan_of

Bars = Literal["auto", "keep"]

_DTYPES = ("uint8", "uint16", "float32", "float64")
_LARGEST = 4096
# A film's bars show in its first seconds, if not in its first frame.
_FRAMES_SEARCHED = 100


def boolean_map(
    image: ArrayLike,
    *,
    variant: Variant = "default",
    size: int = 384,
    step: int = 8,
    warm: float = 0.0,
    smooth: float = 0.02,
    center_bias: float = 0.0,
    bars: Bars = "auto",
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Score each pixel by the regions around it that do not touch the border of the image.

    Return
    """
    options = _checked(variant, size, step, warm, smooth, center_bias, bars)
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, dtypes=_DTYPES)
    plan = plan_of(*frames.shape[-2:], frames.channels, options)
    jobs = Jobs(backend, out, frames)
    for job in jobs:
        _fill(job, color == "rgb", plan, None)
    return jobs.result


class BooleanMaps:
    """`boolean_map` over a stream: letterbox bars are found once."""

    def __init__(
        self,
        *,
        variant: Variant = "default",
        size: int = 384,
        step: int = 8,
        warm: float = 0.0,
        smooth: float = 0.02,
        center_bias: float = 0.0,
        bars: Bars = "auto",
        color: images.Color = "rgb",
        backend: runtime.Choice = "auto",
    ) -> None:
        runtime.resolve(backend)
        images.check_color(color)
        self._options = _checked(variant, size, step, warm, smooth, center_bias, bars)
        self._color: images.Color = color
        self._backend: runtime.Choice = backend
        self.reset()

    def reset(self) -> None:
        """Forget the bars: they are looked for again."""
        self._shape: tuple[int, ...] | None = None
        self._window: tuple[int, int, int, int] | None = None
        self._searched = 0

    def update(self, frame: ArrayLike, *, out: Any = None) -> Any:
        """Return the map of the next frame; a frame of another size starts anew."""
        frames = images.as_frames(frame, color=self._color, dtypes=_DTYPES, name="frame")
        if len(frames.shape) == 3:
            raise ImageError(f"expected one frame at a time, got a stack {frames.shape}")
        plan = plan_of(*frames.shape, frames.channels, self._options)
        if frames.shape != self._shape:
            self.reset()
            self._shape = frames.shape
        job = images.Job(self._backend, out, frames)
        _fill(job, self._color == "rgb", plan, self._window_of(job, plan))
        return job.result()

    def _window_of(self, job: images.Job, plan: Plan) -> tuple[int, int, int, int]:
        """Return the part of the thumbnail between the bars, or all of it."""
        whole = 0, plan.rows, 0, plan.cols
        if plan.finds_bars and self._window is None and self._searched < _FRAMES_SEARCHED:
            (source,) = job.inputs
            bench = runtime.bench(__package__, job.target)
            is_rgb, width = self._color == "rgb", job.inputs[0].shape[-1]
            window = bench.content_window(source.pixels, source.channels, is_rgb, width, plan)
            if window is not None:
                self._searched += 1
                self._window = window if window != whole else None
        return self._window or whole


def _fill(job: images.Job, is_rgb: bool, plan: Plan, window: Any) -> None:
    (source,) = job.inputs
    bench = runtime.bench(__package__, job.target)
    width = source.shape[-1]
    bench.boolean_map(source.pixels, source.channels, is_rgb, width, plan, window, job.saliency)


def _checked(
    variant: Variant, size: int, step: int, warm: float, smooth: float, center_bias: float,
    bars: Bars,
) -> Options:  # fmt: skip
    """Return the options of a call, or raise ValueError."""
    if variant not in ("default", "published"):
        raise ValueError(f"`variant` must be 'default' or 'published'; got {variant!r}")
    _check_whole("size", size, 16, _LARGEST)
    _check_whole("step", step, 1, 255)
    if not (_is_number(warm) and 0 <= warm <= 1):
        raise ValueError(f"`warm` must be a number from 0 to 1; got {warm!r}")
    if warm > 0 and variant == "published":
        raise ValueError("`warm` must be 0 with variant='published'; use variant='default'")
    if bars not in ("auto", "keep"):
        raise ValueError(f"`bars` must be 'auto' or 'keep'; got {bars!r}")
    smooth, center_bias = finish.checked(smooth, center_bias)
    return Options(variant, int(size), int(step), float(warm), smooth, center_bias, bars == "auto")


def _check_whole(name: str, value: int, low: int, high: int) -> None:
    if not (isinstance(value, numbers.Integral) and not isinstance(value, bool)):
        raise ValueError(f"`{name}` must be an integer from {low} to {high}; got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"`{name}` must be an integer from {low} to {high}; got {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
