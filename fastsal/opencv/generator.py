"""The state of OpenCV's random generator, which `computeBinaryMap` draws its starts from."""

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
    """Make the binary maps of this thread those that follow ``cv2.setRNGSeed(seed)``.

    OpenCV does not tell the state of its own generator, so that of cv2 cannot be shared: where a
    program calls ``cv2.setRNGSeed`` for the sake of `computeBinaryMap`, it must call this instead.

    Parameters
    ----------
    seed : int
        Any 32-bit integer; 0 is how every thread begins.

    Raises
    ------
    TypeError
        If `seed` is no integer.
    """
    _states.state = state_of_seed(operator.index(seed))


def state() -> int:
    """Return the state of this thread's generator."""
    return _states.state


def set_state(new: int) -> None:
    """Set the state of this thread's generator."""
    _states.state = new
