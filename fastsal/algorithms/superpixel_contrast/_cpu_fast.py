"""Uniqueness (Eq. 1) and distribution (Eq. 4) in linear time: Gaussian sums on a coarse grid.

Each superpixel is spread over the 4 x 4 (x 4) nodes around it with cubic B-spline weights. The grid
is blurred, and the sums are read back with the same weights. Spreading and reading add a variance
of 1/3 each to a kernel, at any place between the nodes. The blur has less variance by that, so only
terms of the fourth order in STEP remain.
"""

import math

import numpy as np
from numba import float32

from ...kernels import threads
from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands, scratch
from ._cpu_pairs import uniqueness_and_distribution as exact
from ._cpu_splines import NEAR, PARTS, blur, read, spread
from ._formulas import variance

STEP = 0.35  # distance of nodes in standard deviations; the error falls with its fourth power
BLUR = math.sqrt(1 / STEP**2 - 2 / 3)  # standard deviation of the blur in nodes
RADIUS = math.ceil(5 * BLUR)
# Below this sum of weights the tails matter, and all pairs are summed. A frame against itself
# has 1 or more.
MIN_WEIGHT = 0.9
POINTS = 1 << 10  # of a block; each block has a range
MAX_NODES = 1 << 18  # larger grids cost more than all pairs


def uniqueness_and_distribution(color, position, other_color, other_position, sigmas):
    """Return U and D of each superpixel; positions are fractions of the image."""
    points = color, position, other_color, other_position
    return uniqueness(*points, sigmas), distribution(*points, sigmas)


def uniqueness(color, position, other_color, other_position, sigmas):
    """Return only U, which is sufficient if D has no weight."""
    places = _on_grid(position, other_position, sigmas[1])
    if math.prod(places[2]) > MAX_NODES:
        return exact(color, position, other_color, other_position, sigmas)[0]
    unique, middle = np.empty(len(color), np.float32), _middle(other_color)
    values = scratch("contrast values", (len(other_color), 8), np.float32)
    _over(_color_values, other_color, middle, values)
    near = _gaussian_sums(*places, values)
    _over(_fill_uniqueness, color, middle, near, unique)
    isolated = np.flatnonzero(near[:, 0] < MIN_WEIGHT)
    if isolated.size:
        few = color[isolated], position[isolated]
        unique[isolated] = exact(*few, other_color, other_position, sigmas)[0]
    return unique


def distribution(color, position, other_color, other_position, sigmas):
    """Return only D."""
    colors = _on_grid(color, other_color, sigmas[0])
    if math.prod(colors[2]) > MAX_NODES:
        return exact(color, position, other_color, other_position, sigmas)[1]
    spread_ = np.empty(len(color), np.float32)
    values = scratch("contrast places", (len(other_color), 4), np.float32)
    _over(_place_values, other_position, values)
    near = _gaussian_sums(*colors, values)
    _over(_fill_distribution, near, spread_)
    isolated = np.flatnonzero(near[:, 0] < MIN_WEIGHT)
    if isolated.size:
        few = color[isolated], position[isolated]
        spread_[isolated] = exact(*few, other_color, other_position, sigmas)[1]
    return spread_


def _over(span, points, *args):
    """Run a kernel over points. The cost of a point is about that of 16 pixels."""
    over_bands(span, len(points), points, *args, pixels=16 * len(points))


def _on_grid(points, others, sigma):
    """Return both in steps of the grid, with the minimum at 1 for the splines, and its shape."""
    low, high = _range_of(points)
    if others is not points:
        other_low, other_high = _range_of(others)
        low, high = np.minimum(low, other_low), np.maximum(high, other_high)
    scale = float32(1 / (sigma * STEP))
    # One node more than the splines reach: a sum may round up to the next.
    shape = [int(end) + NEAR + 1 for end in (high - low) * scale]
    full = (1,) * (3 - len(shape)) + tuple(shape)
    where = _steps_of("contrast steps", points, low, scale)
    if others is points:
        return where, where, full
    return where, _steps_of("contrast other steps", others, low, scale), full


def _steps_of(tag, points, low, scale):
    steps = scratch(tag, points.shape, np.float32)
    _over(_in_steps, points, low, scale, steps)
    return steps


def _range_of(points):
    """Return the minimum and the maximum coordinates of points."""
    ends = np.empty((-(-len(points) // POINTS), 2, points.shape[1]), np.float32)
    over_bands(_find_ranges, len(ends), points, ends, pixels=16 * len(points))
    return ends[:, 0].min(axis=0), ends[:, 1].max(axis=0)


@banded
def _find_ranges(points, ends, start, stop):
    for block in range(start, stop):
        first, last = block * POINTS, min((block + 1) * POINTS, len(points))
        third = points.shape[1] - 1
        low0, low1, low2 = points[first, 0], points[first, 1], points[first, third]
        high0, high1, high2 = low0, low1, low2
        for i in range(first, last):
            low0, high0 = min(low0, points[i, 0]), max(high0, points[i, 0])
            low1, high1 = min(low1, points[i, 1]), max(high1, points[i, 1])
            low2, high2 = min(low2, points[i, third]), max(high2, points[i, third])
        ends[block, 0, 0], ends[block, 1, 0] = low0, high0
        ends[block, 0, 1], ends[block, 1, 1] = low1, high1
        ends[block, 0, third], ends[block, 1, third] = low2, high2


@banded
def _in_steps(points, low, scale, steps, start, stop):
    for i in range(start, stop):
        for k in range(points.shape[1]):
            steps[i, k] = (points[i, k] - low[k]) * scale + float32(1)


@serial
def _middle(points):
    """Return the mean colour, summed in a fixed order for equal bits."""
    total0 = total1 = total2 = 0.0
    for i in range(len(points)):
        total0 += points[i, 0]
        total1 += points[i, 1]
        total2 += points[i, 2]
    middle = np.empty(3, np.float32)
    middle[0], middle[1] = total0 / len(points), total1 / len(points)
    middle[2] = total2 / len(points)
    return middle


@banded
def _color_values(color, middle, values, start, stop):
    """Write 1, the colour from the middle of all, its square, and three zeros."""
    for i in range(start, stop):
        c0, c1, c2 = color[i, 0] - middle[0], color[i, 1] - middle[1], color[i, 2] - middle[2]
        values[i, 0], values[i, 1], values[i, 2], values[i, 3] = 1, c0, c1, c2
        values[i, 4] = c0 * c0 + c1 * c1 + c2 * c2
        values[i, 5], values[i, 6], values[i, 7] = 0, 0, 0


@banded
def _place_values(position, values, start, stop):
    """Write 1, the position from the image's middle, and its square."""
    for i in range(start, stop):
        row, col = position[i, 0] - float32(0.5), position[i, 1] - float32(0.5)
        values[i, 0], values[i, 1], values[i, 2], values[i, 3] = 1, row, col, row * row + col * col


def _gaussian_sums(points, others, shape, values):
    """Return for each point the sum over the others of value * exp(-distance**2 / 2)."""
    channels = values.shape[1]
    grids = np.zeros((PARTS, math.prod(shape) * channels), np.float32)
    sums = scratch(f"contrast sums {channels}", (len(points), channels), np.float32)
    with threads.safe_section():
        spread(others, values, *shape, grids)
    grid, spare = grids[0], grids[1]
    for axis in range(3 - points.shape[1], 3):
        inner = math.prod(shape[axis + 1 :]) * channels
        width = inner if inner < grid.size // shape[axis] else channels
        items = grid.size // (shape[axis] * width)
        args = grid, spare, shape[axis], inner, width, _weights()
        over_bands(blur, items, *args, pixels=grid.size)
        grid, spare = spare, grid
    _over(read, points, grid, *shape, sums)
    return sums


def _weights():
    """Return the weights of the blur; with both splines (sums of 6) distance 0 has weight 1."""
    height = 1 / (STEP * BLUR * 36)
    return (height * np.exp(-0.5 * (np.arange(RADIUS + 1) / BLUR) ** 2)).astype(np.float32)


@banded
def _fill_uniqueness(color, middle, sums, unique, start, stop):
    for i in range(start, stop):
        c0, c1, c2 = color[i, 0] - middle[0], color[i, 1] - middle[1], color[i, 2] - middle[2]
        across = c0 * sums[i, 1] + c1 * sums[i, 2] + c2 * sums[i, 3]
        mean = (sums[i, 4] - float32(2) * across) / sums[i, 0]
        unique[i] = max(float32(0), mean + (c0 * c0 + c1 * c1 + c2 * c2))


@banded
def _fill_distribution(sums, spread_, start, stop):
    for i in range(start, stop):
        row, col = sums[i, 1] / sums[i, 0], sums[i, 2] / sums[i, 0]
        spread_[i] = variance(sums[i, 3] / sums[i, 0], row, col)
