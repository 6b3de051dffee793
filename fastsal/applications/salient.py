"""The part of a map that counts as salient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool]  # (H, W)

FRACTION = 0.2  # of the pixels


def salient_mask(saliency: NDArray[Any]) -> Mask:
    """Return the most salient fifth of a map; the pixels above the minimum if these are fewer.

    A uniform map is salient everywhere.
    """
    low = saliency.min()
    threshold = np.quantile(saliency, 1 - FRACTION, method="higher")
    found: Mask = saliency >= threshold if threshold > low else saliency > low
    return found if found.any() else np.ones(saliency.shape, bool)
