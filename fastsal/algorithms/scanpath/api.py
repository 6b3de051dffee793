"""The scan path: where attention goes on a saliency map, one place after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import devices, images, runtime, validation
from ...errors import ImageError

MOST_FOCI = 1_000_000  # which takes about half a minute


def scanpath(
    saliency: ArrayLike,
    n: int = 5,
    *,
    return_times: bool = False,
    backend: runtime.Choice = "auto",
) -> Any:
    """Return the places that attention goes to on a saliency map, in their order.

    Works on the map of any method.

    Parameters
    ----------
    saliency : array of uint8 or float, (H, W)
        The map. Floats lie in [0, 1]; bytes stand for 255ths. Of a map on a device (Numba, CuPy,
        PyTorch) some thousand cells are copied to the host, where the foci are used.
    n : int, default 5
