"""Superpixel contrast in time linear in the number of superpixels: Gaussian sums by a coarse grid.

Each superpixel is spread over the 4 x 4 (x 4) nodes around it with cubic B-spline weights, the grid
is blurred, and the sums are read back with the same weights. Spreading and reading widen a kernel
by a variance of 1/3 each, whatever the place between the nodes, so the blur is narrower by that
much: only terms of the fourth order in STEP remain.
"""

import math

import numpy as np
from numba import float32

from ...kernels import threads
from ...kernels.jit import serial
from ._cpu_pairs import uniqueness_and_distribution as exact
from ._cpu_splines import NEAR, SHARES, blur, read, spread
from ._formulas import variance

STEP = 0.35  # distance of nodes in standard deviations; the error falls with its fourth power
BLUR = math.sqrt(1 / STEP**2 - 2 / 3)  # standard deviation of the blur in nodes
RADIUS = math.ceil(5 * BLUR)
# Sum of weights below which the tails matter, so that all pairs are summed. A frame against itself
# has 1 or more.
LONELY = 0.9
MOST_NODES = 1 << 18  # beyond it the grid costs more than all pairs


def uniqueness_and_distribution(color, position, other_color, other_position, sigmas):
    """Return U and D of each superpixel against the others; positions are shares of the image."""
    points = color, position, other_color, other_position
    return uniqueness(*points, sigmas), distribution(*points, sigmas)


def uniqueness(color, position, other_color, other_position, sigmas):
    """Return U alone, which is all that counts where D has no weight."""
    places = _on_grid(position, other_position, sigmas[1])
    if math.prod(places[2]) > MOST_NODES:
        return exact(color, position, other_color, other_position, sigmas)[0]
    unique, middle = np.empty(len(color), np.float32), _middle(other_color)
    near = _gaussian_sums(*places, _color_values(other_color, middle))
    _fill_uniqueness(color, middle, near, unique)
    lonely = np.flatnonzero(near[:, 0] < LONELY)
    if lonely.size:
        mine = color[lonely], position[lonely]
        unique[lonely] = exact(*mine, other_color, other_position, sigmas)[0]
    return unique


def distribution(color, position, other_color, other_position, sigmas):
    """Return D alone."""
    colors = _on_grid(color, other_color, sigmas[0])
    if math.prod(colors[2]) > MOST_NODES:
        return exact(color, position, other_color, other_position, sigmas)[1]
    spread_ = np.empty(len(color), np.float32)
    alike = _gaussian_sums(*colors, _place_values(other_position))
    _fill_distribution(alike, spread_)
    lonely = np.flatnonzero(alike[:, 0] < LONELY)
    if lonely.size:
        mine = color[lonely], position[lonely]
        spread_[lonely] = exact(*mine, other_color, other_position, sigmas)[1]
    return spread_


def _on_grid(points, others, sigma):
    """Return both in steps of the grid, the lowest at 1 so that splines fit, and its shape."""
    ends = np.empty((2, points.shape[1]), np.float32)
    ends[0], ends[1] = np.inf, -np.inf
    _stretch(points, ends)
    _stretch(others, ends)
    scale = float32(1 / (sigma * STEP))
    where = _in_steps(points, ends[0], scale)
    # One node more than the splines reach: a sum may round up to the next.
    shape = [int(high) + NEAR + 1 for high in (ends[1] - ends[0]) * scale]
    full = (1,) * (3 - len(shape)) + tuple(shape)
    return where, where if others is points else _in_steps(others, ends[0], scale), full


@serial
def _stretch(points, ends):
    for i in range(len(points)):
        for k in range(points.shape[1]):
            ends[0, k], ends[1, k] = min(ends[0, k], points[i, k]), max(ends[1, k], points[i, k])


@serial
def _in_steps(points, low, scale):
    steps = np.empty(points.shape, np.float32)
    for i in range(len(points)):
        for k in range(points.shape[1]):
            steps[i, k] = (points[i, k] - low[k]) * scale + float32(1)
    return steps


@serial
def _middle(points):
    middle = np.zeros(3, np.float32)
    for k in range(3):
        total = 0.0
        for i in range(len(points)):
            total += points[i, k]
        middle[k] = total / len(points)
    return middle


@serial
def _color_values(color, middle):
    """Return 1, the colour from the middle of all, its square, and three zeros."""
    values = np.zeros((len(color), 8), np.float32)
    for i in range(len(color)):
        values[i, 0] = 1
        for k in range(3):
            gap = color[i, k] - middle[k]
            values[i, 1 + k] = gap
            values[i, 4] += gap * gap
    return values


@serial
def _place_values(position):
    """Return 1, the position from the image's middle, and its square."""
    values = np.empty((len(position), 4), np.float32)
    for i in range(len(position)):
        row, col = position[i, 0] - float32(0.5), position[i, 1] - float32(0.5)
        values[i, 0], values[i, 1], values[i, 2], values[i, 3] = 1, row, col, row * row + col * col
    return values


def _gaussian_sums(points, others, shape, values):
    """Return for each point the sum over the others of value * exp(-gap**2 / 2)."""
    channels = values.shape[1]
    grids = np.zeros((SHARES, math.prod(shape) * channels), np.float32)
    sums = np.empty((len(points), channels), np.float32)
    with threads.safe_section():
        spread(others, values, *shape, grids)
        grid, spare = grids[0], grids[1]
        for axis in range(3 - points.shape[1], 3):
            blur(grid, spare, shape[axis], math.prod(shape[axis + 1 :]) * channels, _weights())
            grid, spare = spare, grid
        read(points, grid, *shape, sums, threads.count())
    return sums


def _weights():
    """Return the blur's weights, so that with both splines (which sum to 6) a gap of 0 weighs 1."""
    height = 1 / (STEP * BLUR * 36)
    return (height * np.exp(-0.5 * (np.arange(RADIUS + 1) / BLUR) ** 2)).astype(np.float32)


@serial
def _fill_uniqueness(color, middle, sums, unique):
    for i in range(unique.size):
        c0, c1, c2 = color[i, 0] - middle[0], color[i, 1] - middle[1], color[i, 2] - middle[2]
        across = c0 * sums[i, 1] + c1 * sums[i, 2] + c2 * sums[i, 3]
        mean = (sums[i, 4] - float32(2) * across) / sums[i, 0]
        unique[i] = max(float32(0), mean + (c0 * c0 + c1 * c1 + c2 * c2))


@serial
def _fill_distribution(sums, spread_):
    for i in range(spread_.size):
        row, col = sums[i, 1] / sums[i, 0], sums[i, 2] / sums[i, 0]
        spread_[i] = variance(sums[i, 3] / sums[i, 0], row, col)
