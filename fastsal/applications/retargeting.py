"""Retargeting: another size or aspect ratio in which salient regions keep their shape."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..kernels.resample import resample, taps_between
from .deformation import Scales, cell_means, check_solver, importance_of, solve, source_edges
from .inputs import Saliency, as_picture, as_saliency, check_shape, map_of, shaped

_LARGEST = 1 << 15  # rows or columns of a target
_FINEST = 200  # rows or columns of the grid


def retarget(
    image: ArrayLike,
    size: tuple[int, int],
    *,
    saliency: Saliency = "boolean-map",
    strength: float = 1.0,
    min_scale: float = 0.15,
    grid: int = 25,
) -> NDArray[Any]:
    """Return an image in another size or aspect ratio; salient regions keep their shape.

    The rows and columns of a grid get sizes of their own (axis-aligned deformation [1]_).
    Regions with little saliency shrink or grow most. The result has no seams and no folds.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float in [0, 1], (H, W), (H, W, 3) or (H, W, 4)
        The image. Its fourth channel is left out.
    size : (int, int)
        Rows and columns of the result, from 1 to 32,768, smaller or larger than those of `image`.
    saliency : array_like (H, W), str or callable, default "boolean-map"
        A map of numbers from 0 up, the key of a method for single images, or a function of
        `image` that returns the map.
    strength : float, default 1.0
        From 0, plain scaling, to 1, where regions without saliency give way most.
    min_scale : float, default 0.15
        Smallest size of a grid row or column, as a fraction of its size in a plain scaling; from
        0.01 to 1.
    grid : int, default 25
        Number of grid rows and of grid columns, from 1 to 200.

    Returns
    -------
    ndarray of the image's dtype, `size` or (`size`, 3)
        Each pixel is the mean of its area in `image`, or interpolated linearly where the image
        grows. The size of `image` gives its copy, and a uniform map gives plain scaling.

    Raises
    ------
    ImageError
        If the image or its map is not as described.
    ValueError
        If an option is out of range.
    FastsalError
        If PIQP is not installed: ``pip install piqp``.

    See Also
    --------
    RetargetStream : the same for the frames of a video.

    Notes
    -----
    Cells that matter keep their aspect ratio: the ASAP energy of [1]_, with the square root of the
    mean saliency as weight. It is a quadratic programme of 50 unknowns, solved by PIQP [2]_.

    References
    ----------
    .. [1] D. Panozzo, O. Weber, O. Sorkine, "Robust image retargeting via axis-aligned
       deformation", Eurographics 2012. https://doi.org/10.1111/j.1467-8659.2012.03001.x
    .. [2] R. Schwan, Y. Jiang, D. Kuhn, C. N. Jones, "PIQP: a proximal interior-point quadratic
       programming solver", CDC 2023. https://doi.org/10.1109/CDC49753.2023.10383915

    Examples
    --------
    >>> from skimage import data
    >>> from fastsal.applications import retarget
    >>> image = data.chelsea()
    >>> image.shape, retarget(image, (300, 225)).shape
    ((300, 451, 3), (300, 225, 3))
    """
    options = Options.checked(size, strength, min_scale, grid)
    pixels = as_picture(image, "image")
    check_solver()
    found = as_saliency(map_of(saliency, image))
    check_shape(found, pixels.shape[:2])
    if pixels.shape[:2] == options.size:
        return shaped(pixels.copy())
    importance = importance_of(cell_means(found, options.grid), options.strength)
    scales = solve(importance, options.aspect_of(pixels), options.min_scale)
    return shaped(deformed(pixels, options.size, scales))


class Options(NamedTuple):
    """Options of `retarget`, checked."""

    size: tuple[int, int]
    strength: float
    min_scale: float
    grid: int

    @classmethod
    def checked(cls, size: Any, strength: Any, min_scale: Any, grid: Any) -> Options:
        """Return the options, or raise ValueError."""
        return cls(
            validation.shape("size", size, _LARGEST),
            validation.number("strength", strength, 0, 1),
            validation.number("min_scale", min_scale, 0.01, 1),
            validation.integer("grid", grid, 1, _FINEST),
        )

    def aspect_of(self, pixels: NDArray[Any]) -> float:
        """Return the change of the aspect ratio from an image to the target."""
        height, width = pixels.shape[:2]
        change: float = (self.size[1] / width) / (self.size[0] / height)
        return change


def deformed(pixels: NDArray[Any], size: tuple[int, int], scales: Scales) -> NDArray[Any]:
    """Return (H, W, channels) resampled to the scales of its grid rows and columns."""
    working = pixels.astype(np.float32, copy=False) if pixels.dtype.kind == "f" else pixels
    taps = [
        taps_between(source_edges(axis, source, target), source)
        for axis, source, target in zip(scales, pixels.shape[:2], size, strict=True)
    ]
    found: NDArray[Any] = resample(np.ascontiguousarray(working), *taps)
    return found.astype(pixels.dtype, copy=False)
