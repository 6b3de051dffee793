"""Maps of the size of the frames."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def upscaled(saliency: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return a map of `shape` in [0, 1] by bilinear interpolation."""
    result = saliency.astype(np.float32)
    if result.shape != shape:
        result = cv2.resize(result, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(result, 0, 1, out=result)
