"""How far boxes overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ENOUGH = 0.5  # from here on a box is said to be found


def overlaps(boxes: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the area that two boxes x, y, w, h share, of the area of both, (n, m)."""
    first, second = boxes[:, None].astype(np.int64), others[None].astype(np.int64)
    start = np.maximum(first[..., :2], second[..., :2])
    stop = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    shared = np.maximum(stop - start, 0).prod(axis=-1)
    return shared / (first[..., 2:].prod(axis=-1) + second[..., 2:].prod(axis=-1) - shared)
