"""Up-sampling of the rows of a small map on the CPU, by linear interpolation."""

import numpy as np
from numba import float32

from ..jit import serial
from ..simd.interpolate import HAS_PERMUTE, LANES, interpolate_eight
from ._formulas import held, raised


@serial
def places_of(source, target, start, stop):
    """Return the source before each of these target pixels, and the weight of the next."""
    firsts, shares = np.empty(stop - start, np.int32), np.empty(stop - start, np.float32)
    rest = (2 * start + 1) * source - target
    first = rest // (2 * target)
    rest -= first * 2 * target
    for i in range(stop - start):
        firsts[i], shares[i] = held(first, rest, source, target)
        rest += 2 * source
        while rest >= 2 * target:  # in place of a division for each
            rest -= 2 * target
            first += 1
    return firsts, shares


@serial
def ends_of(source):
    """Return the work space of `upsample_row`: two rows, with LANES more items.

    LANES items are read from any place on, the last one too.
    """
    return np.zeros((2, source + LANES), np.float32)


@serial
def fill_steps(source, ends):
    """Fill ends[0] with the values of a row, ends[1] with the steps from each to the next."""
    values, steps = ends[0], ends[1]
    for i in range(source.size):
        values[i] = source[i]
    for i in range(source.size - 1):
        steps[i] = float32(source[i + 1] - source[i])
    steps[source.size - 1] = 0


@serial
def widen(source, firsts, shares, ends, target):
    """Fill `target` by linear interpolation of `source`; `ends` is work space."""
    fill_steps(source, ends)
    values, steps = ends[0], ends[1]
    done = 0
    if HAS_PERMUTE and target.size >= source.size:  # else eight columns lie next to more than eight
        done = target.size // LANES * LANES
        for col in range(0, done, LANES):
            interpolate_eight(values, steps, firsts, shares, col, target)
    for col in range(done, target.size):
        first = firsts[col]
        target[col] = raised(values[first], steps[first], shares[col])
