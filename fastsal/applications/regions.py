"""Rectangles of finer and coarser quantisation, as encoders of H.264 and H.265 take them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..errors import ImageError
from .inputs import as_saliency
from .salient import FRACTION

Levels = NDArray[np.int64]  # (rows, cols) of blocks

_MOST_LEVELS = 50
_LARGEST_BLOCK = 1024


def regions_of(
    saliency: ArrayLike,
    *,
    block: int = 16,
    levels: int = 5,
    strength: float = 0.15,
    background: float | None = None,
) -> NDArray[np.float64]:
    """Return rectangles that an encoder should make finer or coarser.

    Parameters
    ----------
    saliency : array_like of uint8, integer or float, (H, W)
        The map, of any range from 0 up.
    block : int, default 16
        Side of the blocks in pixels, 1 to 1024. Encoders of H.264 work on blocks of 16 x 16.
    levels : int, default 5
        Number of different offsets, 2 to 50.
    strength : float, default 0.15
        How much finer the most salient blocks are, 0 to 1, as a fraction of the whole range of the
        quantiser. In H.264 that range is 51 steps, and 6 steps halve or double the precision.
    background : float, optional
        How much coarser blocks without saliency are, 0 to 1. By default the value of `strength`.

    Returns
    -------
    ndarray of float64, (n, 5)
        Column, row, width and height of each rectangle in pixels, and its offset, from `-strength`
        to `background`. Rectangles do not overlap. Pixels in none of them have offset 0. A uniform
        map has no rectangles.

    Raises
    ------
    ImageError
        If `saliency` is not a map of finite numbers from 0 up in host memory.
    ValueError
        If an option is out of range.

    See Also
    --------
    as_addroi : the same as a filter of FFmpeg.
    compress_video : encode a video with regions of its saliency.

    Notes
    -----
    Values are divided by the threshold of the most salient fifth of the pixels. If fewer pixels lie
    above the minimum, the divisor is their mean. Values above 1 become 1. The score
    of a block is the cube root of the mean of their sixteenth powers, rounded to one of the levels.
    These powers gave the highest PSNR of salient pixels at equal bytes on two videos.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.applications import regions_of
    >>> saliency = np.zeros((32, 48))
    >>> saliency[:16, 16:32] = 1
    >>> for x, y, width, height, offset in regions_of(saliency):
    ...     print(int(x), int(y), int(width), int(height), offset)
    0 0 16 16 0.15
    16 0 16 16 -0.15
    32 0 16 16 0.15
    0 16 48 16 0.15
    """
    block = validation.integer("block", block, 1, _LARGEST_BLOCK)
    levels = validation.integer("levels", levels, 2, _MOST_LEVELS)
    strength = validation.number("strength", strength, 0, 1)
    background = strength if background is None else background
    background = validation.number("background", background, 0, 1)
    found = as_saliency(saliency)
    scores = block_scores(found, block)
    if scores is None:
        return np.empty((0, 5))
    return rectangles(scores, found.shape, block, offsets_of(levels, strength, background))


def as_addroi(regions: ArrayLike) -> str:
    """Return regions as filters of FFmpeg, for its option ``-vf``.

    Parameters
    ----------
    regions : array_like, (n, 5)
        Column, row, width, height and offset of each rectangle, as `regions_of` returns them.

    Returns
    -------
    str
        Filters ``addroi`` joined by commas; "null", which is FFmpeg's filter that changes nothing,
        if there are no regions.

    Raises
    ------
    ImageError
        If `regions` has another shape, or values outside of the ranges of the filter.

    Notes
    -----
    Only libx264, libx265 and some hardware encoders read regions, and only while adaptive
    quantisation is on: with libx264 not at ``-preset ultrafast``, ``-aq-mode 0`` or ``-qp``.

    Examples
    --------
    >>> from fastsal.applications import as_addroi
    >>> as_addroi([(0, 16, 48, 16, -0.15), (0, 0, 48, 16, 0.1)])
    'addroi=x=0:y=16:w=48:h=16:qoffset=-0.15,addroi=x=0:y=0:w=48:h=16:qoffset=0.1'
    """
    try:
        rows = np.asarray(regions, np.float64)
    except (TypeError, ValueError):
        rows = np.full(1, np.nan)
    if rows.size == 0:
        return "null"
    is_right = rows.ndim == 2 and rows.shape[1] == 5 and np.isfinite(rows).all()
    if not is_right or (rows[:, :4] < 0).any() or (abs(rows[:, 4]) > 1).any():
        raise ImageError(
            "`regions` must have shape (n, 5), sides from 0 up and offsets from -1 to 1; "
            f"got shape {rows.shape}"
        )
    return ",".join(
        f"addroi=x={x:.0f}:y={y:.0f}:w={width:.0f}:h={height:.0f}:qoffset={offset:g}"
        for x, y, width, height, offset in rows
    )


def block_scores(saliency: NDArray[Any], block: int) -> NDArray[np.float32] | None:
    """Return how salient each block is, in [0, 1]; None for a uniform map."""
    low = saliency.min()
    threshold = np.quantile(saliency, 1 - FRACTION)
    if threshold == low:
        above = saliency[saliency > low]
        if above.size == 0:
            return None
        threshold = above.mean(dtype=np.float64)
    values = saliency.astype(np.float32)
    values -= np.float32(low)
    values /= np.float32(float(threshold) - float(low))
    height, width = values.shape
    grid = (-(-width // block), -(-height // block))
    missing = (-width % block, -height % block)
    return means_of_blocks(contrasted(values), grid, missing)


def contrasted(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sixteenth powers of values, at most 1: those near the threshold stand out."""
    powers = np.minimum(values, 1)
    for _ in range(4):
        powers *= powers
    return powers


def means_of_blocks(
    values: NDArray[np.float32], grid: tuple[int, ...], missing: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return the cube roots of the means over blocks: a few salient pixels count too.

    `grid` has the blocks across and down, `missing` the columns and rows to repeat at the end.
    """
    right, below = missing
    if right or below:
        values = cv2.copyMakeBorder(values, 0, below, 0, right, cv2.BORDER_REPLICATE)
    means = cv2.resize(values, grid, interpolation=cv2.INTER_AREA)
    scores: NDArray[np.float32] = np.cbrt(means.reshape(grid[::-1]))
    return scores


def offsets_of(levels: int, strength: float, background: float) -> NDArray[np.float64]:
    """Return the offset of each level, by increasing saliency."""
    return np.round(np.linspace(background, -strength, levels), 6)


def rectangles(
    scores: NDArray[np.float32], shape: tuple[int, ...], block: int, offsets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the blocks as few rectangles with offsets, as `regions_of` describes them."""
    height, width = shape
    levels = np.rint(scores * (len(offsets) - 1)).astype(np.int64)
    found = [
        (
            block * left,
            block * top,
            min(block * right, width) - block * left,
            min(block * bottom, height) - block * top,
            offsets[level],
        )
        for left, top, right, bottom, level in _merged(levels)
        if offsets[level]
    ]
    return np.array(found, np.float64).reshape(-1, 5)


def _merged(levels: Levels) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield rectangles of blocks of one level: runs along rows, joined with equal runs below."""
    begun: dict[tuple[int, int, int], int] = {}  # runs that reach the row before, with their tops
    found = []
    for row, line in enumerate([*levels, np.empty(0, np.int64)]):
        now = {run: begun.get(run, row) for run in _runs(line)}
        found += [
            (left, top, right, row, level)
            for (left, right, level), top in begun.items()
            if now.get((left, right, level)) != top
        ]
        begun = now
    return iter(sorted(found, key=lambda each: (each[1], each[0])))


def _runs(line: Any) -> Iterator[tuple[int, int, int]]:
    """Yield begin, end and level of the runs of equal blocks in a row."""
    begin = 0
    for level, run in itertools.groupby(line.tolist()):
        end = begin + len(list(run))
        yield begin, end, level
        begin = end
