"""The formula of frame differencing, for both backends. Scalars only."""

from numba import float32

from ...kernels.jit import serial
from ...kernels.scale import stored


@serial
def abs_diff(level, other):
    """Return the absolute difference of two levels, without underflow of unsigned ones."""
    return max(level, other) - min(level, other)


@serial
def change(level, other, white, threshold, itemsize):
    """Return the difference of two levels divided by `white`, or 1 above `threshold` and 0 below.

    This is the difference picture of Jain and Nagel (1979). `threshold` is in grey levels, or
    negative for none; `itemsize` is that of the map's entries.
    """
    # `abs_diff` of unsigned levels has 64 bits, so half as many fit a register.
    distance = abs(float32(level) - float32(other))
    if threshold >= float32(0):
        return stored(float32(1) if distance > threshold else float32(0), itemsize)
    return stored(min(distance / float32(white), float32(1)), itemsize)
