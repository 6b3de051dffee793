"""The earth mover's distance of two maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from .distributions import pair
from .measured import Measured

_LONGER_SIDE = 16  # cells by default: the time grows with the sixth power
_MAX_CELLS = 1024


def emd(
    a: ArrayLike,
    b: ArrayLike,
    *,
    grid: tuple[int, int] | None = None,
    resize: bool = False,
) -> float:
    """Return the earth mover's distance of two maps: how far mass moves to turn one into the other.

    Parameters
    ----------
    a, b : array_like of uint8, integer or float, (H, W)
        The maps, of any range. A map with negative values is shifted to 0; each is divided by its
        sum.
    grid : (int, int), optional
        Rows and columns of cells that both maps are summed over first, at most 1,024 cells. By
        default the longer side has 16 cells; maps with sides of at most 16 pixels are not reduced.
    resize : bool, default False
        Resize `a`, linearly, to the shape of `b`.

    Returns
    -------
    distance : float
        From 0, for equal maps, up; in units of a cell's side. A constant map is the uniform
        density.

    Raises
    ------
    ImageError
        If one of the two is not a map of finite numbers in host memory, or shapes differ.
    ValueError
        If `grid` is not two integers from 1 to the sides of the maps, or has too many cells.

    Notes
    -----
    The optimum of the transport problem with Euclidean distances [1]_, by the solver HiGHS. MIT's
    code computes the same on a thirty-second of the size, rounded to a millionth of the mass.

    References
    ----------
    .. [1] Y. Rubner, C. Tomasi and L. J. Guibas, "The earth mover's distance as a metric for image
       retrieval", IJCV 40(2), 2000. https://doi.org/10.1023/A:1026543900054

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> round(metrics.emd(np.array([[1, 0, 0, 1]]), np.array([[0, 0, 1, 1]])), 9)
    1.0
    """
    first, second = pair(a, b, ("a", "b"), resize)
    return emd_of(first, second, checked_grid(grid, first.shape))


def checked_grid(grid: tuple[int, int] | None, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of the cells, or raise ValueError."""
    if grid is None:
        shrunk = max(1.0, max(shape) / _LONGER_SIDE)
        rows, cols = (max(1, round(length / shrunk)) for length in shape)
        return rows, cols
    rows, cols = validation.shape("grid", grid)
    if rows > shape[0] or cols > shape[1] or rows * cols > _MAX_CELLS:
        raise ValueError(
            f"`grid` must have at most {shape[0]} rows, {shape[1]} columns and {_MAX_CELLS} cells; "
            f"got {validation.shown(grid)}"
        )
    return rows, cols


def emd_of(first: Measured, second: Measured, grid: tuple[int, int]) -> float:
    """Return the distance of two maps that are measured."""
    moved = (_cells(first, grid) - _cells(second, grid)).reshape(-1)
    # The distance is a metric, so an optimum leaves in place the mass that both have.
    givers, takers = np.flatnonzero(moved > 0), np.flatnonzero(moved < 0)
    if not givers.size or not takers.size:
        return 0.0
    places = np.stack(np.divmod(np.arange(moved.size), grid[1]), axis=1)
    apart = places[givers][:, None] - places[takers][None]
    return _least_cost(np.hypot(apart[..., 0], apart[..., 1]), moved[givers], -moved[takers])


def _cells(measured: Measured, grid: tuple[int, int]) -> NDArray[np.float64]:
    """Return the fraction of a map's mass in each cell."""
    measured = measured.of_usual_peak()
    values = measured.values.astype(np.float64)
    low = min(0.0, measured.range.low)
    values = np.ones_like(values) if measured.is_constant else values - low
    cells = values
    for axis, count in enumerate(grid):
        cells = _summed(cells, axis, count)
    return np.asarray(cells / cells.sum())


def _summed(values: NDArray[np.float64], axis: int, count: int) -> NDArray[np.float64]:
    """Return sums over `count` equal parts of an axis; a part may end within a pixel."""
    length = values.shape[axis]
    if count == length:
        return values
    sums = np.insert(np.cumsum(values, axis), 0, 0.0, axis)
    ends = np.arange(count + 1) * length / count
    whole = np.minimum(ends.astype(np.int64), length - 1)
    form = [1] * values.ndim
    form[axis] = -1
    before, after = np.take(sums, whole, axis), np.take(sums, whole + 1, axis)
    return np.asarray(np.diff(before + (after - before) * (ends - whole).reshape(form), axis=axis))


def _least_cost(
    cost: NDArray[np.float64], given: NDArray[np.float64], taken: NDArray[np.float64]
) -> float:
    """Return the minimum cost of a transport; `given` and `taken` have equal sums."""
    from scipy import sparse
    from scipy.optimize import linprog

    rows, cols = cost.shape
    sources = sparse.kron(sparse.eye(rows), np.ones((1, cols)))
    sinks = sparse.kron(np.ones((1, rows)), sparse.eye(cols))
    # The last equation follows from the others; rounding would contradict it.
    limits = sparse.vstack([sources, sinks]).tocsr()[:-1]
    found: Any = linprog(
        cost.reshape(-1), A_eq=limits, b_eq=np.concatenate([given, taken])[:-1], method="highs-ds"
    )
    if found.status != 0:
        raise ArithmeticError(f"the transport problem was not solved: {found.message}")
    return float(found.fun)
