"""BING on a CUDA device: all scales at once, one step per kernel, then the map of the boxes.

Scales lie along y of the grid. Each scale and colour space has one block that selects its windows
one after the other, so the host waits only for the final selection.
"""

import numpy as np
from numba import cuda, float32, int32, uint16

from ...devices import fetch, upload, workspace
from ...kernels import launch
from ...kernels.color._formulas import luma
from ...kernels.jit import device, kernel
from ...kernels.launch import grid_for
from ...kernels.reduce import MAX_THREADS
from ._formulas import (
    GRAY,
    HSV,
    MAXBGR,
    WEIGHTS,
    WINDOW,
    abs_diff,
    blended,
    corners,
    gradient,
    hue,
    rounded,
    saturation,
    score_of,
    shown,
    step_of,
)

NOTHING = -np.inf
PLANES = 7  # blue, green, red, hue, saturation, value, grey


def pick_windows(pixels, channels, first, plan, filters, nss, picked, keys):
    """Fill `picked` and `keys`, both (spaces, scales, 250), with the best windows of each scale.

    `pixels` is (H, W * channels), with blue in channel `first`. Windows are numbered in raster
    order of the scale's picture, -1 is none; keys order as their scores do.
    """
    spaces, scales, _ = picked.shape
    layout = _uploaded(plan.scales, "bing scales"), _uploaded(plan.tables, "bing tables")
    chosen, signs = (
        _uploaded(filters.spaces, "bing spaces"),
        _uploaded(filters.signs, "bing signs"),
    )
    factors = upload(np.ascontiguousarray(filters.factors, np.float32), "bing factors")
    planes = workspace("bing planes", (PLANES, plan.pixels), np.uint8)
    halves = workspace("bing halves", (spaces, plan.pixels), np.uint8)
    scores = workspace("bing scores", (spaces, plan.pixels), np.float32)
    tops = workspace("bing tops", (spaces, plan.rows), np.float32)
    found = workspace("bing picked", picked.shape, np.int32)
    best = workspace("bing best", picked.shape, np.float32)
    largest = int((plan.scales[:, 0] * plan.scales[:, 1]).max())
    blocks, threads = grid_for(largest, scales)
    _resize[blocks, threads](pixels, channels, first, *layout, planes)
    _fill_gradients[blocks, threads](planes, layout[0], chosen, halves)
    _score[blocks, threads](halves, layout[0], factors, signs, scores)
    _pick[(scales, spaces), threads](scores, layout[0], nss, tops, found, best)
    fetch(found, picked)
    values = fetch(best)
    bits = values.view(np.int32)
    keys[:] = bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))


def _uploaded(array, tag):
    return upload(np.ascontiguousarray(array, np.int32), tag)


@kernel
def _resize(pixels, channels, first, scales, tables, planes):
    """Fill the pictures of all scales, in all colour spaces."""
    scale = cuda.blockIdx.y
    cols, at = scales[scale, 1], scales[scale, 2]
    count = scales[scale, 0] * cols
    rows_at, cols_at = scales[scale, 4], scales[scale, 5]
    step = 1 if channels >= 3 else 0
    i = cuda.grid(1)
    while i < count:
        row, col = rows_at + i // cols, cols_at + i % cols
        blue = _sample(pixels, tables, row, col, channels, first * step)
        green = _sample(pixels, tables, row, col, channels, step)
        red = _sample(pixels, tables, row, col, channels, (2 - first) * step)
        low, high = min(min(blue, green), red), max(max(blue, green), red)
        planes[0, at + i], planes[1, at + i], planes[2, at + i] = blue, green, red
        planes[3, at + i] = hue(blue, green, red, low, high)
        planes[4, at + i] = saturation(low, high)
        planes[5, at + i] = high
        planes[6, at + i] = luma(blue, green, red, WEIGHTS)
        i += cuda.gridsize(1)


@device
def _sample(pixels, tables, row, col, channels, channel):
    upper, lower = tables[0, row], tables[1, row]
    left, right = channels * tables[0, col] + channel, channels * tables[1, col] + channel
    here = blended(pixels[upper, left], pixels[lower, left], tables[2, row])
    there = blended(pixels[upper, right], pixels[lower, right], tables[2, row])
    return rounded(blended(here, there, tables[2, col]))


@kernel
def _fill_gradients(planes, scales, spaces, halves):
    """Fill the upper halves of the normed gradients of all scales (section 3.1)."""
    scale = cuda.blockIdx.y
    rows, cols, at = scales[scale, 0], scales[scale, 1], scales[scale, 2]
    i = cuda.grid(1)
    while i < rows * cols:
        row, col = i // cols, i % cols
        left, right = at + i - (1 if col > 0 else 0), at + i + (1 if col < cols - 1 else 0)
        above, below = at + i - (cols if row > 0 else 0), at + i + (cols if row < rows - 1 else 0)
        for s in range(halves.shape[0]):
            is_side, is_end = col == 0 or col == cols - 1, row == 0 or row == rows - 1
            across = step_of(_abs_diffs(planes, spaces[s], left, right), is_side)
            down = step_of(_abs_diffs(planes, spaces[s], above, below), is_end)
            halves[s, at + i] = gradient(across, down)
        i += cuda.gridsize(1)


@device
def _abs_diffs(planes, space, one, other):
    """Return twice the maximum difference of any channel, or for HSV the sum of differences."""
    if space == GRAY:
        return uint16(2 * abs_diff(planes[6, one], planes[6, other]))
    at = 3 if space == HSV else 0
    first = abs_diff(planes[at, one], planes[at, other])
    second = abs_diff(planes[at + 1, one], planes[at + 1, other])
    third = abs_diff(planes[at + 2, one], planes[at + 2, other])
    if space == MAXBGR:
        return uint16(2 * max(first, max(second, third)))
    return uint16(first + second + third)


@kernel
def _score(halves, scales, factors, signs, scores):
    """Fill the scores of all windows (Eq. 1)."""
    scale = cuda.blockIdx.y
    rows, cols, at = scales[scale, 0], scales[scale, 1], scales[scale, 2]
    i = cuda.grid(1)
    while i < rows * cols:
        is_window = i // cols <= rows - WINDOW and i % cols <= cols - WINDOW
        for s in range(scores.shape[0]):
            first, second, tap = int32(0), int32(0), 0
            while is_window and tap < WINDOW * WINDOW:
                half = int32(halves[s, at + i + tap // WINDOW * cols + tap % WINDOW])
                first += signs[s, 0, tap] * half
                second += signs[s, 1, tap] * half
                tap += 1
            # A device fuses a sum of products, but not a sum of two explicitly fused ones.
            one = cuda.fma(factors[s, 0], float32(first), float32(-0.0))
            other = cuda.fma(factors[s, 1], float32(second), float32(-0.0))
            scores[s, at + i] = score_of(one, other) if is_window else float32(NOTHING)
        i += cuda.gridsize(1)


@kernel
def _pick(scores, scales, nss, tops, picked, best):
    """Suppress non-maxima: take the best window, the last of equals, block around it, repeat."""
    values = cuda.shared.array(MAX_THREADS, float32)
    places = cuda.shared.array(MAX_THREADS, int32)
    scale, s, me = cuda.blockIdx.x, cuda.blockIdx.y, cuda.threadIdx.x
    rows, cols, at = scales[scale, 0] - WINDOW + 1, scales[scale, 1], scales[scale, 2]
    row_at = scales[scale, 3]
    row = me
    while row < rows:
        top, col = float32(NOTHING), 0
        while col < cols:
            top = max(top, scores[s, at + row * cols + col])
            col += 1
        tops[s, row_at + row] = top
        row += cuda.blockDim.x
    cuda.syncthreads()
    count, going = 0, True
    while count < picked.shape[2]:
        if going:
            row = _last_best(tops[s], row_at, rows, values, places)
            going = values[0] > float32(NOTHING)
        if not going:
            if me == 0:
                picked[s, scale, count], best[s, scale, count] = -1, float32(NOTHING)
            count += 1
            continue
        col = _last_best(scores[s], at + row * cols, cols, values, places)
        if me == 0:
            picked[s, scale, count], best[s, scale, count] = row * cols + col, values[0]
        cuda.syncthreads()
        left, right = max(col - nss, 0), min(col + nss + 1, cols)
        upper, lower = max(row - nss, 0), min(row + nss + 1, rows)
        i = me
        while i < (lower - upper) * (right - left):
            y, x = upper + i // (right - left), left + i % (right - left)
            scores[s, at + y * cols + x] = float32(NOTHING)
            i += cuda.blockDim.x
        cuda.syncthreads()
        other = upper
        while other < lower:
            _last_best(scores[s], at + other * cols, cols, values, places)
            if me == 0:
                tops[s, row_at + other] = values[0]
            cuda.syncthreads()
            other += 1
        count += 1


@device
def _last_best(array, at, count, values, places):
    """Return where the greatest value is, of equal ones the last, and leave it in values[0]."""
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    value, place, i = float32(NOTHING), -1, me
    while i < count:
        if array[at + i] >= value:
            value, place = array[at + i], i
        i += threads
    cuda.syncthreads()  # all threads have read the result of the last call
    values[me] = value
    places[me] = place
    cuda.syncthreads()
    width = threads
    while width > 1:
        half = (width + 1) // 2
        if me < width - half:
            value, place = values[me + half], places[me + half]
            if value > values[me] or (value == values[me] and place > places[me]):
                values[me] = value
                places[me] = place
        cuda.syncthreads()
        width = half
    return places[0]


def fill_map(boxes, weights, width, out):
    """Fill `out`, (P,), with the sums of `weights`, (N,), of the `boxes`, (N, 4), on each pixel.

    The values are divided by the maximum sum; all zeros if there is none.
    """
    height = out.size // width
    steps = workspace("bing steps", (height + 1, width + 1), np.int32)
    maximum = workspace("bing most", (1,), np.int32)
    _clear[_form(steps.size)](steps.reshape(steps.size), maximum)
    if weights.size:
        inside = upload(boxes, "bing boxes"), upload(weights, "bing weights")
        _mark[_form(weights.size)](*inside, steps)
    _add_right[_form(height)](steps)
    _add_down[_form(width)](steps, maximum)
    _paint[_form(out.size)](steps, maximum, width, out)


def _form(items):
    (blocks, _), threads = launch.grid_for(items, 1, per_thread=1)
    return blocks, threads


@kernel
def _clear(steps, maximum):
    i = cuda.grid(1)
    if i == 0:
        maximum[0] = 0
    while i < steps.size:
        steps[i] = 0
        i += cuda.gridsize(1)


@kernel
def _mark(boxes, weights, steps):
    i = cuda.grid(1)
    while i < weights.size:
        top, left, bottom, right = corners((boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]))
        cuda.atomic.add(steps, (top, left), weights[i])
        cuda.atomic.sub(steps, (top, right), weights[i])
        cuda.atomic.sub(steps, (bottom, left), weights[i])
        cuda.atomic.add(steps, (bottom, right), weights[i])
        i += cuda.gridsize(1)


@kernel
def _add_right(steps):
    row = cuda.grid(1)
    while row < steps.shape[0] - 1:
        total, col = int32(0), 0
        while col < steps.shape[1]:
            total = int32(total + steps[row, col])
            steps[row, col] = total
            col += 1
        row += cuda.gridsize(1)


@kernel
def _add_down(steps, maximum):
    col = cuda.grid(1)
    while col < steps.shape[1] - 1:
        total, top, row = int32(0), int32(0), 0
        while row < steps.shape[0] - 1:
            total = int32(total + steps[row, col])
            steps[row, col] = total
            top = max(top, total)
            row += 1
        cuda.atomic.max(maximum, 0, top)
        col += cuda.gridsize(1)


@kernel
def _paint(steps, maximum, width, out):
    i = cuda.grid(1)
    while i < out.size:
        out[i] = shown(steps[i // width, i % width], maximum[0], out.itemsize)
        i += cuda.gridsize(1)
