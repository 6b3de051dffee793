"""Sizes of the rows and columns of a grid that keep the shape of salient cells.

Axis-aligned deformation of Panozzo, Weber and Sorkine, "Robust image retargeting via axis-aligned
deformation", Eurographics 2012, https://doi.org/10.1111/j.1467-8659.2012.03001.x
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import FastsalError
from ..kernels.resample import resample, taps_between
from ..metrics.inputs import Map

Floats = NDArray[np.float64]

# Importance of cells without saliency; with this value, squares of 100 to 700 pixels keep their
# aspect best.
_FLOOR = 0.09
_RIGID = 1 - 1e-6  # leaves nothing to choose
_SNAP = 2.0**20  # positions per pixel, so that rounding of the solver moves no pixel


class Scales(NamedTuple):
    """Heights of grid rows and widths of grid columns; each axis has a mean of 1."""

    rows: Floats
    cols: Floats


def check_solver() -> Any:
    """Return the module of the solver, or raise FastsalError."""
    try:
        import piqp
    except ImportError as error:
        raise FastsalError("retargeting needs PIQP; run `pip install piqp`") from error
    return piqp


def cell_means(saliency: Map, grid: int) -> Floats:
    """Return the mean saliency of each cell of a grid, the largest being 1; ones if all are 0."""
    high = float(saliency.max()) or 1.0
    if saliency.dtype == np.float64:  # its values may not fit into float32
        saliency = saliency / high
        high = 1.0
    values = np.divide(saliency, np.float32(high), dtype=np.float32, casting="unsafe")
    taps = [
        taps_between(np.linspace(0, length, min(grid, length) + 1), length)
        for length in saliency.shape
    ]
    means = resample(values[..., None], *taps)[..., 0].astype(np.float64)
    peak = means.max()
    return means / peak if peak > 0 else np.ones_like(means)


def importance_of(means: Floats, strength: float) -> Floats:
    """Return how much the shape of each cell matters, in (0, 1]: the square root of the mean."""
    return 1 - strength * (1 - _FLOOR) * (1 - np.sqrt(means))


def solve(
    importance: Floats,
    aspect: float,
    min_scale: float,
    last: Scales | None = None,
    changes: Sequence[float] = (0.0, 0.0),
) -> Scales:
    """Return the scales of minimum ASAP energy (Eq. 5).

    Parameters
    ----------
    importance : array of float64, (N, M)
        Importance of each cell.
    aspect : float
        Ratio of the widths of target and source, divided by the ratio of their heights.
    min_scale : float
        Smallest scale, 0 to 1.
    last : Scales, optional
        The scales of the frame before, from which rows and columns may differ by `changes`.
    """
    piqp = check_solver()
    rows, cols = importance.shape
    if min_scale > _RIGID:
        return Scales(np.ones(rows), np.ones(cols))
    weights = importance**2
    weights /= weights.sum()
    quadratic = np.zeros((rows + cols, rows + cols))
    quadratic[:rows, :rows] = np.diag(weights.sum(1)) / aspect
    quadratic[rows:, rows:] = np.diag(weights.sum(0)) * aspect
    quadratic[:rows, rows:] = -weights
    quadratic[rows:, :rows] = -weights.T
    means = np.zeros((2, rows + cols))
    means[0, :rows], means[1, rows:] = 1 / rows, 1 / cols
    low, high = np.full(rows + cols, min_scale), np.full(rows + cols, np.inf)
    if last is not None:
        middle = np.concatenate(last)
        change = np.repeat(changes, importance.shape)
        low, high = np.maximum(low, middle - change), middle + change
    solver = piqp.DenseSolver()
    solver.setup(quadratic, np.zeros(rows + cols), means, np.ones(2), None, None, None, low, high)
    if solver.solve() != piqp.PIQP_SOLVED:
        raise FastsalError("PIQP found no solution; choose a larger `min_scale`")
    scales = np.array(solver.result.x)
    return Scales(scales[:rows] / scales[:rows].mean(), scales[rows:] / scales[rows:].mean())


def source_edges(scales: Floats, source: int, target: int) -> Floats:
    """Return the positions in the source of the edges of all target pixels, (target + 1,).

    They go through the borders of the grid, and between these along monotone cubics, which have no
    kinks.
    """
    from scipy.interpolate import PchipInterpolator

    borders = np.concatenate(([0.0], np.cumsum(scales))) * (target / scales.size)
    positions = np.linspace(0, source, scales.size + 1)
    edges = np.arange(target + 1, dtype=np.float64)
    if scales.size > 1:
        found = PchipInterpolator(borders, positions, extrapolate=True)(edges)
    else:
        found = edges * (source / target)
    snapped: Floats = np.clip(np.round(found * _SNAP) / _SNAP, 0, source)
    snapped[0], snapped[-1] = 0, source
    return snapped
