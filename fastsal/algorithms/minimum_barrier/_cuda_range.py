"""The range of a map within bounds, found by all threads of a block."""

from ...kernels.jit import device
from ...kernels.postprocess._cuda import range_of


@device
def range_within(values, bounds, lows, highs):
    """Return the least and the greatest value inside `bounds`, one if rounding parts them."""
    return range_of(values[bounds[0] : bounds[1], bounds[2] : bounds[3]], lows, highs)
