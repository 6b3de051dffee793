"""State of OpenCV's random generator, for the random starts of `computeBinaryMap`."""

from __future__ import annotations

import operator
import threading

from ..algorithms.binary_map import state_of_seed


class _States(threading.local):
    """One state per thread, as in OpenCV; each begins as after ``setRNGSeed(0)``."""

    def __init__(self) -> None:
        self.state = state_of_seed(0)


_states = _States()


def setRNGSeed(seed: int) -> None:
    """Set the seed of `computeBinaryMap` in this thread, as ``cv2.setRNGSeed`` does in OpenCV.

    OpenCV does not expose the state of its generator. Programs that call ``cv2.setRNGSeed`` before
    `computeBinaryMap` must call this function instead.

    Parameters
    ----------
    seed : int
        Any 32-bit integer. Every thread starts with 0.

    Raises
    ------
    TypeError
        If `seed` is not an integer.

    Examples
    --------
    >>> from fastsal import opencv
    >>> opencv.setRNGSeed(7)
    """
    _states.state = state_of_seed(operator.index(seed))


def state() -> int:
    """Return the state of this thread's generator."""
    return _states.state


def set_state(new: int) -> None:
    """Set the state of this thread's generator."""
    _states.state = new
