"""Retargeting of videos: the deformation changes slowly, except at cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..images import Color
from ..kernels.resample import resample, taps_between
from ..stream import Stream
from .deformation import Floats, Scales, cell_means, check_solver, importance_of, solve
from .inputs import as_picture, as_saliency, check_shape, shaped
from .retargeting import Options, deformed

_LARGEST_MEMORY = 0.999
_CHANGE = 0.004  # largest change of a width or height, a fraction of the frame
_CELLS = 16  # rows and columns of the thumbnails that are compared
_CUT = 0.1  # mean absolute difference of thumbnails, as a fraction of white


class RetargetStream:
    """Retarget the frames of a video; salient regions keep their shape.

    Saliency is averaged over time. The width of a grid column changes by at most 0.4 % of the frame
    width per frame. The same holds for heights. The deformation restarts at a cut, or if the
    shape of the frames changes.

    Parameters
    ----------
    size : (int, int)
        Rows and columns of the results, as in `retarget`.
    saliency : str or callable, default "boolean-map"
        Key of any method of `METHODS` for images or videos, or a function that returns the map of a
        frame.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels, for a method given by key. Frames of OpenCV are "bgr".
    strength, min_scale, grid
        As in `retarget`.
    memory : float, default 0.9
        Weight of the saliency of earlier frames, from 0 to 0.999:
        ``memory * earlier + (1 - memory) * new``.

    Attributes
    ----------
    rows, cols : ndarray of float64
        Heights of the grid rows and widths of the grid columns of the last frame, in pixels of the
        result. Both are None before the first frame.

    Raises
    ------
    ValueError
        If an option is out of range.
    FastsalError
        If PIQP is not installed: ``pip install piqp``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.applications import RetargetStream
    >>> stream = RetargetStream((120, 80))
    >>> for frame in np.zeros((3, 120, 160, 3), np.uint8):
    ...     picture = stream.update(frame)
    >>> picture.shape, stream.cols.sum().round(6)
    ((120, 80, 3), np.float64(80.0))
    """

    def __init__(
        self,
        size: tuple[int, int],
        *,
        saliency: str | Callable[[Any], Any] = "boolean-map",
        color: Color = "rgb",
        strength: float = 1.0,
        min_scale: float = 0.15,
        grid: int = 25,
        memory: float = 0.9,
    ) -> None:
        self._options = Options.checked(size, strength, min_scale, grid)
        self._memory = validation.number("memory", memory, 0, _LARGEST_MEMORY)
        if not (isinstance(saliency, str) or callable(saliency)):
            raise ValueError(
                "`saliency` must be the key of a method or a function of a frame; "
                f"got {type(saliency).__name__}"
            )
        check_solver()
        self._stream = Stream(saliency, color=color) if isinstance(saliency, str) else None
        self._saliency = saliency
        self.reset()

    def reset(self) -> None:
        """Forget all frames: the next one is the first."""
        if self._stream is not None:
            self._stream.reset()
        self._forget()

    def _forget(self) -> None:
        self._means: Floats | None = None
        self._scales: Scales | None = None
        self._thumbnail: NDArray[np.float32] | None = None
        self._shape: tuple[int, ...] = ()

    @property
    def rows(self) -> Floats | None:
        """Heights of the grid rows in pixels of the result."""
        scales = self._scales
        return None if scales is None else scales.rows * (self._options.size[0] / scales.rows.size)

    @property
    def cols(self) -> Floats | None:
        """Widths of the grid columns in pixels of the result."""
        scales = self._scales
        return None if scales is None else scales.cols * (self._options.size[1] / scales.cols.size)

    def update(self, frame: ArrayLike) -> NDArray[Any]:
        """Return the next frame in the size of the stream.

        Parameters
        ----------
        frame : array_like of uint8, uint16 or float in [0, 1], (H, W), (H, W, 3) or (H, W, 4)
            As in `retarget`.

        Returns
        -------
        ndarray of the frame's dtype, `size` or (`size`, 3)

        Raises
        ------
        ImageError
            If the frame or its map is not as described.
        """
        pixels = as_picture(frame, "frame")
        saliency = self._saliency if self._stream is None else self._stream.update
        found = as_saliency(saliency(frame))  # type: ignore[operator]
        check_shape(found, pixels.shape[:2])
        thumbnail = _thumbnail_of(pixels)
        if self._is_cut(pixels, thumbnail):
            self._forget()
        self._thumbnail, self._shape = thumbnail, pixels.shape
        means = cell_means(found, self._options.grid)
        if self._means is not None:
            means = self._memory * self._means + (1 - self._memory) * means
        self._means = means
        self._scales = self._solved(pixels, means)
        if pixels.shape[:2] == self._options.size:
            return shaped(pixels.copy())
        return shaped(deformed(pixels, self._options.size, self._scales))

    def _is_cut(self, pixels: NDArray[Any], thumbnail: NDArray[np.float32]) -> bool:
        if self._thumbnail is None or self._shape != pixels.shape:
            return True
        return float(np.abs(thumbnail - self._thumbnail).mean()) > _CUT

    def _solved(self, pixels: NDArray[Any], means: Floats) -> Scales:
        options = self._options
        importance = importance_of(means / means.max(), options.strength)
        # In units of the mean width: a change of 1 % of the frame is 0.25 of these in 25 columns.
        changes = [_CHANGE * cells for cells in means.shape]
        return solve(
            importance, options.aspect_of(pixels), options.min_scale, self._scales, changes
        )


def _thumbnail_of(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return the mean of every fourth pixel of each cell, in [0, 1]."""
    step = max(1, min(pixels.shape[:2]) // (4 * _CELLS))
    few = np.ascontiguousarray(pixels[::step, ::step])
    white = 1.0 if few.dtype.kind == "f" else float(np.iinfo(few.dtype).max)
    taps = [
        taps_between(np.linspace(0, length, min(_CELLS, length) + 1), length)
        for length in few.shape[:2]
    ]
    values = (few / white).astype(np.float32)
    found: NDArray[np.float32] = resample(values, *taps)
    return found
