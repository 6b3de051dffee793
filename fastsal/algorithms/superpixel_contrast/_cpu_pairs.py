"""Uniqueness (Eq. 1) and distribution (Eq. 4) over all pairs, on the CPU.

16 superpixels in the lanes of a vector are compared with one other at a time. Points are by
feature, float32: colour and position, scaled so that a weight is 2**-(squared distance).
"""

import math

import numpy as np
from numba import float32, uintp

from ...kernels import launch, threads
from ...kernels.jit import banded, serial
from ._formulas import DEEPEST, squared_distance, variance

LANES = 16
FEATURES = 5
OTHER_FEATURES = 6  # and 1, or 0 for padding
PLACES, COLORS, UNIQUE = 0, LANES, 2 * LANES
SPREAD, ROWS, COLS = 3 * LANES, 4 * LANES, 5 * LANES
SUMS = 6 * LANES
GROUP = 2
CHUNK = 128 * GROUP  # terms added in float32 before the sum moves to float64
SERIAL_PAIRS = 1 << 16

# 2**-x over [-1/2, 1/2]. The relative error of 3e-6 alternates, so most of it cancels in a mean.
C0, C1 = float32(0.9999992847442627), float32(-0.6931217908859253)
C2, C3 = float32(0.240247443318367), float32(-0.05591785907745361)
C4 = float32(0.009570102207362652)
# 1.5 * 2**23 + 127: adding it rounds to an integer in the low bits, with the bias of an exponent.
EXPONENT_ONE = float32(12583039)


def units(sigma):
    """Return the length of one unit of a scaled coordinate."""
    return sigma * math.sqrt(2 * math.log(2))


def uniqueness_and_distribution(color, position, other_color, other_position, sigmas):
    """Return U and D of each superpixel; positions are fractions of the image."""
    points = _scaled(color, position, sigmas, LANES)
    others = np.ascontiguousarray(_scaled(other_color, other_position, sigmas, GROUP).T).reshape(-1)
    unique, spread = np.empty((2, points.shape[1]), np.float32)
    blocks = points.shape[1] // LANES
    if points.shape[1] * others.size < OTHER_FEATURES * SERIAL_PAIRS:
        launch.on_this_thread(_add_blocks.bands, points, others, unique, spread, blocks)
    else:
        with threads.safe_section():
            bands = min(blocks, 4 * threads.count())
            _add_blocks.bands(points, others, unique, spread, blocks, bands)
    count, (unit_color, unit_place) = len(color), map(units, sigmas)
    return unique[:count] * np.float32(unit_color**2), spread[:count] * np.float32(unit_place**2)


def _scaled(color, position, sigmas, multiple):
    """Return the points by feature, scaled, and padded to a multiple with points of weight 0."""
    count = -(-len(color) // multiple) * multiple
    points = np.zeros((OTHER_FEATURES, count), np.float32)
    points[:3, : len(color)] = color.T * np.float32(1 / units(sigmas[0]))
    points[3:5, : len(color)] = position.T * np.float32(1 / units(sigmas[1]))
    points[5, : len(color)] = 1
    return points


@serial
def halved(times):
    """Return 2**-times for times >= 0; loops over it vectorise, unlike loops over math.exp."""
    times = min(times, DEEPEST)
    shifted = EXPONENT_ONE - times
    part = times + (shifted - EXPONENT_ONE)
    mantissa = C4
    mantissa = mantissa * part + C3
    mantissa = mantissa * part + C2
    mantissa = mantissa * part + C1
    mantissa = mantissa * part + C0
    return mantissa * np.int32(np.float32(shifted).view(np.int32) << 23).view(np.float32)


@banded
def _add_blocks(points, others, unique, spread, start, stop):
    own, count = np.zeros(FEATURES * LANES, np.float32), others.size // OTHER_FEATURES
    sums, totals = np.zeros(SUMS, np.float32), np.zeros(SUMS)
    for block in range(start, stop):
        first = block * LANES
        for feature in range(FEATURES):
            for lane in range(LANES):
                own[feature * LANES + lane] = points[feature, first + lane]
        totals[:] = 0
        for begin in range(0, count, CHUNK):
            sums[:] = 0
            _add_others(own, others, begin, min(begin + CHUNK, count), sums)
            for i in range(SUMS):
                totals[i] += sums[i]
        _write_terms(totals, unique[first:], spread[first:])


@serial
def _add_others(own, others, start, stop, sums):
    # In one function, because the loop over lanes does not vectorise in several.
    for first in range(uintp(start), uintp(stop), uintp(GROUP)):
        for lane in range(uintp(LANES)):
            places, colors = sums[uintp(PLACES) + lane], sums[uintp(COLORS) + lane]
            unique, spread = sums[uintp(UNIQUE) + lane], sums[uintp(SPREAD) + lane]
            rows, cols = sums[uintp(ROWS) + lane], sums[uintp(COLS) + lane]
            for j in range(first, first + uintp(GROUP)):  # a group: the sums pass through memory
                at = j * uintp(OTHER_FEATURES)
                color_dist = squared_distance(
                    own[lane], own[uintp(LANES) + lane], own[uintp(2 * LANES) + lane],
                    others[at], others[at + uintp(1)], others[at + uintp(2)],
                )  # fmt: skip
                down = others[at + uintp(3)] - own[uintp(3 * LANES) + lane]
                across = others[at + uintp(4)] - own[uintp(4 * LANES) + lane]
                spatial_dist = down * down + across * across
                near = others[at + uintp(5)] * halved(spatial_dist)
                similar = others[at + uintp(5)] * halved(color_dist)
                places += near
                unique += near * color_dist
                colors += similar
                spread += similar * spatial_dist
                rows += similar * down
                cols += similar * across
            sums[uintp(PLACES) + lane], sums[uintp(COLORS) + lane] = places, colors
            sums[uintp(UNIQUE) + lane], sums[uintp(SPREAD) + lane] = unique, spread
            sums[uintp(ROWS) + lane], sums[uintp(COLS) + lane] = rows, cols


@serial
def _write_terms(totals, unique, spread):
    for lane in range(LANES):
        places, colors = totals[PLACES + lane], totals[COLORS + lane]
        row, col = totals[ROWS + lane] / colors, totals[COLS + lane] / colors
        unique[lane] = totals[UNIQUE + lane] / places
        spread[lane] = variance(totals[SPREAD + lane] / colors, row, col)
