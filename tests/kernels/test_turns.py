import numba
import numpy as np
from numba import prange

from fastsal.kernels import threads
from fastsal.kernels.jit import parallel, serial
from fastsal.kernels.turns import taken_at_once

BANDS = 37


@parallel
def count_visits(visits, at_once):
    before = taken_at_once(at_once)
    for band in prange(visits.size):
        visits[band] += 1
    return taken_at_once(before)


@serial
def swap_twice(at_once):
    before = taken_at_once(at_once)
    return before, taken_at_once(before)


def test_every_band_is_taken_once():
    for at_once in (0, 1, 5, BANDS, 2 * BANDS):
        visits = np.zeros(BANDS, np.int64)
        with threads.safe_section():
            held = count_visits(visits, at_once)

        assert held == at_once  # past the loop too, so all through it
        np.testing.assert_array_equal(visits, 1)


def test_numba_goes_by_what_was_set():
    threads.layer()
    numba.set_parallel_chunksize(0)

    assert swap_twice(3) == (0, 3)


def test_what_the_caller_set_holds_afterwards():
    threads.layer()
    numba.set_parallel_chunksize(2)
    try:
        with threads.safe_section():
            count_visits(np.zeros(BANDS, np.int64), 1)

        assert numba.get_parallel_chunksize() == 2
    finally:
        numba.set_parallel_chunksize(0)
