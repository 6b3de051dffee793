"""Sums over one block of a map, in lanes that fill the vector units."""

import numpy as np
from numba import float64

from ...kernels.jit import serial

BLOCK = 1 << 12  # pixels that stay in the first-level cache from one sum to the next
LANES = 64


@serial
def block_of(values, block):
    """Return the pixels of a block."""
    return values[block * BLOCK : min((block + 1) * BLOCK, values.size)]


@serial
def new_lanes():
    """Return work space for one sum."""
    return np.empty(LANES, np.float64)


@serial
def sum_of_differences(values, pivot, lanes):
    """Return the sum of ``values - pivot``."""
    _clear(lanes)
    whole = values.size - values.size % LANES
    for start in range(0, whole, LANES):
        _add_differences(values[start : start + LANES], pivot, lanes)
    rest = values[whole:]
    _add_differences(rest, pivot, lanes[: rest.size])
    return _total(lanes)


@serial
def sum_of_products(first, first_mean, second, second_mean, lanes):
    """Return the sum of ``(first - first_mean) * (second - second_mean)``."""
    _clear(lanes)
    whole = first.size - first.size % LANES
    for start in range(0, whole, LANES):
        stop = start + LANES
        _add_products(first[start:stop], first_mean, second[start:stop], second_mean, lanes)
    rest = first[whole:]
    _add_products(rest, first_mean, second[whole:], second_mean, lanes[: rest.size])
    return _total(lanes)


@serial
def sum_of_minima(first, second, form, lanes):
    """Return the sum of the smaller of two densities, (shift, scale) of each in `form`."""
    _clear(lanes)
    whole = first.size - first.size % LANES
    for start in range(0, whole, LANES):
        stop = start + LANES
        _add_minima(first[start:stop], second[start:stop], form, lanes)
    rest = first[whole:]
    _add_minima(rest, second[whole:], form, lanes[: rest.size])
    return _total(lanes)


@serial
def smallest(values, lanes):
    """Return the least value; NaN is passed over."""
    _fill(lanes, np.inf)
    whole = values.size - values.size % LANES
    for start in range(0, whole, LANES):
        _keep_smaller(values[start : start + LANES], lanes)
    rest = values[whole:]
    _keep_smaller(rest, lanes[: rest.size])
    found = lanes[0]
    for lane in range(1, LANES):
        found = min(found, lanes[lane])
    return found


@serial
def largest(values, lanes):
    """Return the greatest value; NaN is passed over."""
    _fill(lanes, -np.inf)
    whole = values.size - values.size % LANES
    for start in range(0, whole, LANES):
        _keep_larger(values[start : start + LANES], lanes)
    rest = values[whole:]
    _keep_larger(rest, lanes[: rest.size])
    found = lanes[0]
    for lane in range(1, LANES):
        found = max(found, lanes[lane])
    return found


@serial
def _clear(lanes):
    _fill(lanes, 0.0)


@serial
def _fill(lanes, value):
    for lane in range(lanes.size):
        lanes[lane] = value


@serial
def _total(lanes):
    """Return the sum of the lanes, in pairs."""
    size = LANES // 2
    while size:
        for lane in range(size):
            lanes[lane] += lanes[lane + size]
        size //= 2
    return lanes[0]


@serial
def _add_differences(values, pivot, lanes):
    for lane in range(lanes.size):
        lanes[lane] += float64(values[lane]) - pivot


@serial
def _add_products(first, first_mean, second, second_mean, lanes):
    for lane in range(lanes.size):
        lanes[lane] += (float64(first[lane]) - first_mean) * (float64(second[lane]) - second_mean)


@serial
def _add_minima(first, second, form, lanes):
    first_shift, first_scale, second_shift, second_scale = form
    for lane in range(lanes.size):
        a = (float64(first[lane]) - first_shift) * first_scale
        b = (float64(second[lane]) - second_shift) * second_scale
        lanes[lane] += a if a < b else b


@serial
def _keep_smaller(values, lanes):
    for lane in range(lanes.size):
        value = float64(values[lane])
        lanes[lane] = value if value < lanes[lane] else lanes[lane]


@serial
def _keep_larger(values, lanes):
    for lane in range(lanes.size):
        value = float64(values[lane])
        lanes[lane] = value if value > lanes[lane] else lanes[lane]
