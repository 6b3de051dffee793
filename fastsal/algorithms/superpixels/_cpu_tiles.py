"""Between images in raster order and tiles in strips."""

import numpy as np
from numba import float32, int32, uintp

from ...kernels.jit import banded, serial
from ._cpu_assign import LANES, OWNED, PLANES
from ._formulas import channel_of


@banded
def fill_tiles(image, channels, is_rgb, white, size, strips, pixels, start, stop):
    """Lay rows of the image out in strips of 16 tiles, each value divided by white."""
    # With the overhang of the first and last tiles.
    line = np.zeros((strips * OWNED + 1) * size * channels, np.float32)
    for row in range(start, stop):
        _scale(image[row], white, line[size // 2 * channels :])
        below = row + size // 2
        for strip in range(strips):
            tile = (below // size * strips + strip) * size + below % size
            source = line[strip * OWNED * size * channels :]
            _fill_row(source, channels, is_rgb, size, pixels[tile * size * PLANES * LANES :])


@serial
def _scale(values, white, line):
    for i in range(values.size):
        line[i] = float32(values[i]) / white


@serial
def _fill_row(line, channels, is_rgb, size, pixels):
    for dx in range(uintp(size)):
        for plane in range(PLANES):
            channel = channel_of(plane, channels, is_rgb)
            target = (dx * uintp(PLANES) + uintp(plane)) * uintp(LANES)
            if channel < 0:
                for lane in range(uintp(LANES)):
                    pixels[target + lane] = float32(0)
            else:
                source = dx * uintp(channels) + uintp(channel)
                for lane in range(uintp(LANES)):
                    pixels[target + lane] = line[source + lane * uintp(size * channels)]


@banded
def paint_labels(choice, size, strips, across, labels, start, stop):
    """Write the region that each pixel chose, as its index in the grid."""
    regions, order = np.empty(size * LANES, np.int32), _raster_order(size)
    for row in range(start, stop):
        below = row + size // 2
        for strip in range(strips):
            at = ((below // size * strips + strip) * size + below % size) * size * LANES
            first_region = (below // size - 1) * across + strip * OWNED - 1
            _name_regions(choice[at:], size, first_region, across, regions)
            _paint_strip(regions, order, strip * OWNED * size - size // 2, labels[row])


@serial
def _name_regions(choice, size, first_region, across, regions):
    for dx in range(uintp(size)):
        for lane in range(uintp(LANES)):
            at = dx * uintp(LANES) + lane
            pick = int32(choice[at])
            below, right = int32(pick >> 1), int32(pick & 1)
            here = int32(first_region) + int32(lane)
            regions[at] = here + below * int32(across) + right


@serial
def _raster_order(size):
    """Return where a strip keeps each of its columns."""
    order = np.empty(size * LANES, np.int32)
    for i in range(order.size):
        order[i] = i % size * LANES + i // size
    return order


@serial
def _paint_strip(regions, order, first_col, line):
    start = max(0, -first_col)
    count = uintp(max(0, min(order.size, line.size - first_col) - start))
    order, line = order[start:], line[first_col + start :]
    for i in range(count):
        line[i] = regions[uintp(order[i])]
