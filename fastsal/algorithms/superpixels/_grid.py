"""The grid of regions that vl_slic lays over an image."""

from __future__ import annotations

FEATURES = 5  # of a centre: row, column and three channels
SUMS = 6  # of a region: pixels, rows, columns and three channels
STEP = 2  # of the rows fast mode takes every second in all iterations but the last


def grid_shape(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    """Return how many regions lie below each other and side by side in an image of `shape`."""
    return -(-shape[0] // size), -(-shape[1] // size)


def least_area(size: int) -> int:
    """Return how many pixels vl_slic's command leaves a region at the least."""
    return max(1, size * size // 36)
