"""All pairs of superpixels on the CPU: 16 side by side against one other at a time, in bands.

Points are by feature, float32: colour and position, scaled so that a weight is 2**-(squared gap).
"""

import math

import numpy as np
from numba import float32, prange, uintp

from ...kernels import threads
from ...kernels.jit import parallel, serial
from ._formulas import squared_gap, variance

LANES = 16
FEATURES = 5
OTHER_FEATURES = 6  # with 1, or 0 where there is nobody
PLACES, COLORS, UNIQUE = 0, LANES, 2 * LANES
SPREAD, ROWS, COLS = 3 * LANES, 4 * LANES, 5 * LANES
SUMS = 6 * LANES
GROUP = 2
CHUNK = 128 * GROUP  # terms added in float32 before the sum moves to float64
SERIAL_PAIRS = 1 << 16

# 2**-x over [-1/2, 1/2], its relative error of 3e-6 evened out, so that most cancels in a mean.
C0, C1 = float32(0.9999992847442627), float32(-0.6931217908859253)
C2, C3 = float32(0.240247443318367), float32(-0.05591785907745361)
C4 = float32(0.009570102207362652)
# 1.5 * 2**23 + 127: adding it rounds to an integer, and leaves that in the low bits with the bias
# of a float32 exponent.
EXPONENT_ONE = float32(12583039)
DEEPEST = float32(126)  # 2**-126 is the smallest float32 of full precision


def units(sigma):
    """Return what one unit of a scaled coordinate is worth."""
    return sigma * math.sqrt(2 * math.log(2))


def uniqueness_and_distribution(color, position, other_color, other_position, sigmas):
    """Return U and D of each superpixel against the others; positions are shares of the image."""
    points = _scaled(color, position, sigmas, LANES)
    others = np.ascontiguousarray(_scaled(other_color, other_position, sigmas, GROUP).T).reshape(-1)
    unique, spread = np.empty((2, points.shape[1]), np.float32)
    blocks = points.shape[1] // LANES
    if points.shape[1] * others.size < OTHER_FEATURES * SERIAL_PAIRS:
        _add_blocks(points, others, unique, spread, 0, blocks)
    else:
        with threads.safe_section():
            bands = min(blocks, 4 * threads.count())
            _add_blocks_in_bands(points, others, unique, spread, bands)
    count, (unit_color, unit_place) = len(color), map(units, sigmas)
    return unique[:count] * np.float32(unit_color**2), spread[:count] * np.float32(unit_place**2)


def _scaled(color, position, sigmas, multiple):
    """Return the points by feature, scaled; padded to a multiple with points that weigh nothing."""
    count = -(-len(color) // multiple) * multiple
    points = np.zeros((OTHER_FEATURES, count), np.float32)
    points[:3, : len(color)] = color.T * np.float32(1 / units(sigmas[0]))
    points[3:5, : len(color)] = position.T * np.float32(1 / units(sigmas[1]))
    points[5, : len(color)] = 1
    return points


@serial
def halved(times):
    """Return 2**-times for times >= 0; unlike that of math.exp, a loop over it vectorises."""
    times = min(times, DEEPEST)
    shifted = EXPONENT_ONE - times
    part = times + (shifted - EXPONENT_ONE)
    mantissa = C4
    mantissa = mantissa * part + C3
    mantissa = mantissa * part + C2
    mantissa = mantissa * part + C1
    mantissa = mantissa * part + C0
    return mantissa * np.int32(np.float32(shifted).view(np.int32) << 23).view(np.float32)


@serial
def _add_blocks(points, others, unique, spread, start, stop):
    mine, count = np.zeros(FEATURES * LANES, np.float32), others.size // OTHER_FEATURES
    sums, totals = np.zeros(SUMS, np.float32), np.zeros(SUMS)
    for block in range(start, stop):
        first = block * LANES
        for feature in range(FEATURES):
            for lane in range(LANES):
                mine[feature * LANES + lane] = points[feature, first + lane]
        totals[:] = 0
        for begin in range(0, count, CHUNK):
            sums[:] = 0
            _add_others(mine, others, begin, min(begin + CHUNK, count), sums)
            for i in range(SUMS):
                totals[i] += sums[i]
        _write_terms(totals, unique[first:], spread[first:])


@parallel
def _add_blocks_in_bands(points, others, unique, spread, bands):
    blocks = points.shape[1] // LANES
    for band in prange(bands):
        start, stop = band * blocks // bands, (band + 1) * blocks // bands
        _add_blocks(points, others, unique, spread, start, stop)


@serial
def _add_others(mine, others, start, stop, sums):
    # Written out in one piece: in several functions the loop over lanes would not vectorise.
    for first in range(uintp(start), uintp(stop), uintp(GROUP)):
        for lane in range(uintp(LANES)):
            places, colors = sums[uintp(PLACES) + lane], sums[uintp(COLORS) + lane]
            unique, spread = sums[uintp(UNIQUE) + lane], sums[uintp(SPREAD) + lane]
            rows, cols = sums[uintp(ROWS) + lane], sums[uintp(COLS) + lane]
            for j in range(first, first + uintp(GROUP)):  # a group: the sums pass through memory
                at = j * uintp(OTHER_FEATURES)
                apart = squared_gap(
                    mine[lane], mine[uintp(LANES) + lane], mine[uintp(2 * LANES) + lane],
                    others[at], others[at + uintp(1)], others[at + uintp(2)],
                )  # fmt: skip
                down = others[at + uintp(3)] - mine[uintp(3 * LANES) + lane]
                across = others[at + uintp(4)] - mine[uintp(4 * LANES) + lane]
                away = down * down + across * across
                near = others[at + uintp(5)] * halved(away)
                alike = others[at + uintp(5)] * halved(apart)
                places += near
                unique += near * apart
                colors += alike
                spread += alike * away
                rows += alike * down
                cols += alike * across
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
