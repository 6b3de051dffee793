"""Working size, weights and tables of Boolean map saliency, made on the host for both backends."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...kernels.area._formulas import shape_of_thumbnail
from ._formulas import BLUR_SHIFT

Variant = Literal["default", "published"]

_WARM_WEIGHT = 0.7
_WARM_EXPONENT = 0.3
_POINTS = 1025  # of a curve
_LARGEST_UNIT = 1 << 24  # float64 holds its square exactly
# Zhang and Sclaroff's constants for a longer side of 400.
_SIDE, _REACH, _SPREAD, _SIGMA, _TAPS = 400, 3, 4, 9.0, 18


class Options(NamedTuple):
    """The checked options of a call."""

    variant: Variant
    size: int
    step: int
    warm: float
    smooth: float
    center_bias: float
    finds_bars: bool


class Plan(NamedTuple):
    """One call's constants for images of one size. Arrays are read-only."""

    rows: int
    cols: int
    step: int
    units: NDArray[np.int64]  # weight of each plane
    reach: int  # attention maps are dilated by a square of 2 * reach + 1
    is_published: bool
    spread: int  # of the second dilation, as published
    down: NDArray[np.uint32]  # half of the Gaussian, from its middle
    across: NDArray[np.uint32]
    chroma: NDArray[np.int32]  # (2, 256): skin by Cr and by Cb, in units of 2**-15
    curve: NDArray[np.int32]  # of the exponent; one point if it is 1
    bias: int  # 0 to 65,536
    rows_central: NDArray[np.uint32]
    cols_central: NDArray[np.uint32]
    finds_bars: bool


@lru_cache(maxsize=32)
def plan_of(height: int, width: int, channels: int, options: Options) -> Plan:
    """Return the plan for images of this size."""
    rows, cols = shape_of_thumbnail(height, width, options.size)
    scale = max(rows, cols) / _SIDE
    is_published = options.variant == "published"
    if is_published:
        sigma = _SIGMA * scale
        down = across = _half_gaussian(sigma, round(_TAPS * scale))
    else:
        sigma = options.smooth * width
        down = _half_gaussian(sigma * rows / height, None)
        across = _half_gaussian(sigma * cols / width, None)
    warm = options.warm if channels > 1 else 0.0
    return Plan(
        rows=rows,
        cols=cols,
        step=options.step,
        units=_units(channels, warm, options.step),
        reach=max(1, round(_REACH * scale)),
        is_published=is_published,
        spread=max(1, round(_SPREAD * scale)),
        down=down,
        across=across,
        chroma=_fixed(np.stack([_bell(153, 10), _bell(102, 12)]), np.int32),
        curve=_curve(1 + _WARM_EXPONENT * warm),
        bias=round(options.center_bias * 65_536),
        rows_central=_central(rows),
        cols_central=_central(cols),
        finds_bars=options.finds_bars,
    )


def _units(channels: int, warm: float, step: int) -> NDArray[np.int64]:
    """Return the weight of an attention map of one cell, so that sums fit into 31 bits."""
    weights = [1.0] * (3 if channels > 1 else 1)
    if warm > 0:
        weights += 2 * [_WARM_WEIGHT * warm]
    levels = math.ceil(255 / step)
    unit = min((1 << 31) / levels / sum(weights), _LARGEST_UNIT)
    return _fixed(np.floor(unit * np.array(weights)), np.int64)


def _half_gaussian(sigma: float, reach: int | None) -> NDArray[np.uint32]:
    """Return integer weights from the middle outwards; both sides add up to 1 << BLUR_SHIFT."""
    if reach is None:
        reach = int(4 * sigma + 0.5)
    steps = np.arange(reach + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2) if sigma > 0 else (steps == 0) * 1.0
    weights = np.rint(weights / (2 * weights.sum() - weights[0]) * (1 << BLUR_SHIFT))
    weights[0] = (1 << BLUR_SHIFT) - 2 * weights[1:].sum()
    last = int(np.flatnonzero(weights)[-1])
    return _fixed(weights[: last + 1], np.uint32)


def _bell(middle: float, sigma: float) -> NDArray[np.float64]:
    values = np.exp(-0.5 * ((np.arange(256) - middle) / sigma) ** 2)
    return np.asarray(np.rint(values * (1 << 15)))


def _curve(exponent: float) -> NDArray[np.int32]:
    if exponent == 1:
        return _fixed(np.zeros(1), np.int32)
    return _fixed(np.rint(65_536 * (np.arange(_POINTS) / (_POINTS - 1)) ** exponent), np.int32)


def _central(size: int) -> NDArray[np.uint32]:
    """Return a Gaussian around the middle of a side, a quarter of it wide, in 16 bits."""
    places = (np.arange(size) + 0.5) / size - 0.5
    return _fixed(np.rint(65_536 * np.exp(-0.5 * (places / 0.25) ** 2)), np.uint32)


def _fixed(values: NDArray[np.float64], dtype: type[np.generic]) -> NDArray[np.generic]:
    array = values.astype(dtype)
    array.setflags(write=False)
    return array
