"""The random numbers of OpenCV, from which its k-means starts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CLUSTERS = ATTEMPTS = 5
MAX_STEPS = 100
LANES = 256  # sums of squared distances, each of every 256th value, so that both backends agree
_LOW = (1 << 32) - 1


def state_of_seed(seed: int) -> int:
    """Return the state of OpenCV's generator after ``cv2.setRNGSeed(seed)``."""
    return seed % (1 << 64) or _LOW


@lru_cache(maxsize=16)  # drawing takes longer than to cut a small map
def starts(state: int) -> tuple[NDArray[np.float32], int]:
    """Return where the centres of every attempt start, and the next state of the generator.

    They lie between -1 and 2, in units of the range of the values; all calls read one array.
    """
    draws = np.empty(ATTEMPTS * CLUSTERS, np.float32)
    for i in range(draws.size):
        state = ((state & _LOW) * 4164903690 + (state >> 32)) % (1 << 64)
        draws[i] = np.float32(state & _LOW) * np.float32(2.0**-32)
    shares = (draws * np.float32(3) - np.float32(1)).reshape(ATTEMPTS, CLUSTERS)
    shares.setflags(write=False)
    return shares, state
