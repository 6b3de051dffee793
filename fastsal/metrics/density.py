"""Densities of fixations."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ._cpu import density as kernels
from .inputs import as_fixations

Mode = Literal["reflect", "nearest", "constant", "mirror", "wrap"]
_MODES = ("reflect", "nearest", "constant", "mirror", "wrap")
_TRUNCATE = 4.0  # standard deviations, as scipy.ndimage.gaussian_filter
_LONGEST = 1 << 20  # rows or columns, and the largest sigma


def density_map(
    fixations: ArrayLike,
    shape: tuple[int, int],
    *,
    sigma: float,
    mode: Mode = "reflect",
    strict: bool = False,
) -> NDArray[np.float64]:
    """Return the density of fixations: a Gaussian around each.

    Parameters
    ----------
    fixations : array_like of float or int, (n, 2), or of bool, (H, W)
        As in `auc`.
    shape : (int, int)
        Rows and columns of the map.
    sigma : float
        Standard deviation in pixels, above 0. It is usually one degree of visual angle.
    mode : {"reflect", "nearest", "constant", "mirror", "wrap"}, default "reflect"
        How the map goes on beyond its borders; names and meanings are those of
        ``scipy.ndimage.gaussian_filter``. With "constant" it is 0 there.
    strict : bool, default False
        Refuse fixations outside the map. Otherwise they are dropped, and a warning counts them.

    Returns
    -------
    density : array of float64, (H, W)
        With "reflect" and "wrap" its sum is the number of fixations. All zeros without fixations.

    Raises
    ------
    ImageError
        If the fixations have another form, or lie outside and `strict` is set.
    ValueError
        If `shape`, `sigma` or `mode` is not one of these.

    Notes
    -----
    Equal to ``scipy.ndimage.gaussian_filter`` of the map of counts, to rounding; the kernel ends
    at four standard deviations. Only the surroundings of fixations are computed.

    References
    ----------
    .. [1] O. Le Meur and T. Baccino, "Methods for comparing scanpaths and saliency maps: strengths
       and weaknesses", Behavior Research Methods 45, 2013.
       https://doi.org/10.3758/s13428-012-0226-9

    Examples
    --------
    >>> from fastsal import metrics
    >>> density = metrics.density_map([(4, 6)], (9, 13), sigma=1)
    >>> round(float(density.sum()), 12), round(float(density.max()), 4)
    (1.0, 0.1592)
    """
    height, width = validation.shape("shape", shape, _LONGEST)
    deviation = validation.number(
        "sigma", sigma, validation.TINY, _LONGEST, form="a number above 0"
    )
    validation.choice("mode", mode, _MODES)
    points = as_fixations(fixations, (height, width), strict=strict)
    density = np.zeros((height, width))
    if len(points):
        _fill(density, points, deviation, mode)
    return density


def _fill(density: NDArray[np.float64], points: NDArray[Any], sigma: float, mode: str) -> None:
    """Add the contribution of every fixation to the density, which starts at zero."""
    height, width = density.shape
    pixels, counts = np.unique(points, axis=0, return_counts=True)
    rows, row_of = np.unique(pixels[:, 0], return_inverse=True)
    cols, col_of = np.unique(pixels[:, 1], return_inverse=True)
    weights = _weights(sigma)
    vertical = _responses(rows, height, weights, mode)
    horizontal = _responses(cols, width, weights, mode)
    kernels.add_fixations(
        density, row_of.reshape(-1), col_of.reshape(-1), counts.astype(np.float64), vertical,
        horizontal,
    )  # fmt: skip


def _weights(sigma: float) -> NDArray[np.float64]:
    """Return the weights of the Gaussian as SciPy computes them."""
    radius = int(_TRUNCATE * sigma + 0.5)
    with np.errstate(under="ignore", over="ignore", divide="ignore", invalid="ignore"):
        exponents = -0.5 / (sigma * sigma) * np.arange(-radius, radius + 1) ** 2.0
        heights = np.exp(exponents) if radius else np.ones(1)
    return np.asarray(heights / heights.sum())


def _responses(
    places: NDArray[np.int64], length: int, weights: NDArray[np.float64], mode: str
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return, for a one at each place of a line, the blurred values and the range they cover.

    The values of a place begin at the start of its range.
    """
    radius = weights.size // 2
    padded = _inside(np.arange(-radius, length + radius), length, mode)
    order = np.argsort(padded, kind="stable")
    starts = np.searchsorted(padded[order], places, "left")
    stops = np.searchsorted(padded[order], places, "right")
    found = [order[start:stop] - radius for start, stop in zip(starts, stops, strict=True)]
    first = np.array([max(int(each.min()) - radius, 0) for each in found])
    last = np.array([min(int(each.max()) + radius + 1, length) for each in found])
    table = np.zeros((len(places), int((last - first).max())))
    for line, offset, images in zip(table, first, found, strict=True):
        for image in images:  # of this place, inside and beyond the borders
            begin, end = max(image - radius, 0), min(image + radius + 1, length)
            if begin < end:
                part = weights[begin - image + radius : end - image + radius]
                line[begin - offset : end - offset] += part
    return table, first, last


def _inside(places: NDArray[np.int64], length: int, mode: str) -> NDArray[np.int64]:
    """Return the pixel that stands at each place of a line that goes on; -1 for none."""
    if mode == "reflect":
        place = places % (2 * length)
        return np.minimum(place, 2 * length - 1 - place)
    if mode == "mirror":
        period = max(1, 2 * length - 2)
        place = places % period
        return np.minimum(place, period - place) if length > 1 else 0 * place
    if mode == "wrap":
        return places % length
    if mode == "nearest":
        return np.clip(places, 0, length - 1)
    return np.where((places >= 0) & (places < length), places, -1)
