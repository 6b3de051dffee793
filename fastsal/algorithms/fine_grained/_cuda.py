"""Fine-grained saliency on a CUDA device: smooth, sum, compare with the windows, stretch.

Threads along x take columns, blocks along y rows and along z frames. Nothing waits for the host in
between. A long stack is processed in groups with tables that stay in a large second-level cache.
"""

import numpy as np
from numba import cuda, float32, int32

from ...devices import workspace
from ...kernels import launch
from ...kernels.borders import reflect101
from ...kernels.color._cuda import fill_luma
from ...kernels.jit import kernel
from ...kernels.reduce import MAX_THREADS
from ._formulas import (
    binomial,
    exact_contrast,
    on_and_off,
    quantized,
    rounded_contrast,
    shown,
    sixteenth,
    stretched,
)
from ._windows import MARGIN, REACHES

GROUP = 1 << 23  # pixels
LOW = int32((1 << 16) - 1)


def fine_grained(pixels, channels, weights, width, exact, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels)."""
    frames, area = out.shape
    group = launch.group_size(frames, area, GROUP)
    for part, saliency in launch.in_groups(group, pixels, out):
        _fill_group(part, channels, weights, width, exact, saliency, group)


def _fill_group(pixels, channels, weights, width, exact, out, group):
    frames, area = out.shape
    height = area // width
    sums = np.int32 if exact else np.float32
    gray = _work("gray", (group, height, width), np.uint8, frames)
    smooth = _work("smooth", (group, height, width), np.uint8, frames)
    totals = _work("totals", (group, height, width), np.int32, frames)
    maxima = _work("most", (group, 2), np.int32, frames)
    wide = width + 2 * MARGIN
    table = _work(f"{sums.__name__} table", (group, height + 1, wide), sums, frames)
    _fill_gray(pixels, channels, weights, gray.reshape(frames, area), group)
    rows = launch.image_grid((-(-height // 4), width), frames)
    _smooth[rows](gray, smooth)
    _smooth[rows](smooth, gray)
    _sum_rows[(1, launch.capped(height), frames), launch.THREADS](gray, table, maxima)
    _add_down[launch.image_grid((1, wide), frames)](table)
    _compare[rows](gray, table, exact, totals, maxima)
    blocks, threads = launch.grid_for(area, frames)
    _paint[blocks, threads](totals.reshape(frames, area), maxima, out)


def _fill_gray(pixels, channels, weights, gray, group):
    frames = pixels.shape[0]
    if pixels.dtype.kind == "f":
        bytes_ = _work("bytes", (group, pixels.shape[1]), np.uint8, frames)
        blocks, threads = launch.grid_for(pixels.shape[1], frames)
        _quantize[blocks, threads](pixels, bytes_)
        pixels = bytes_
    fill_luma(pixels, channels, weights, gray)


def _work(name, shape, dtype, frames):
    array = workspace(f"fine-grained {name}", shape, dtype)
    return array if frames == shape[0] else array[:frames]


@kernel
def _quantize(values, bytes_):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < bytes_.shape[1]:
        bytes_[frame, i] = quantized(values[frame, i])
        i += cuda.gridsize(1)


@kernel
def _smooth(source, target):
    """Smooth by OpenCV's 3 x 3 binomial filter (``GaussianBlur``)."""
    height, width = source.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= width:
        return
    left, right = reflect101(col - 1, width), reflect101(col + 1, width)
    row = cuda.blockIdx.y
    while row < height:
        up, down = reflect101(row - 1, height), reflect101(row + 1, height)
        first = binomial(source[frame, up, left], source[frame, row, left],
                         source[frame, down, left])  # fmt: skip
        middle = binomial(source[frame, up, col], source[frame, row, col],
                          source[frame, down, col])  # fmt: skip
        last = binomial(source[frame, up, right], source[frame, row, right],
                        source[frame, down, right])  # fmt: skip
        target[frame, row, col] = sixteenth(binomial(first, middle, last))
        row += cuda.gridDim.y


@kernel
def _sum_rows(gray, table, maxima):
    """Fill the table with the sums of each row from its left end on, a block per row."""
    part = cuda.shared.array(MAX_THREADS, int32)
    height, width = gray.shape[1:]
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    frame = cuda.blockIdx.z
    if cuda.blockIdx.y == 0 and me < 2:
        maxima[frame, me] = 0
    row = cuda.blockIdx.y
    while row < height:
        before = int32(0)  # the sum of the columns left of this round's
        col = me
        while col - me < width:
            part[me] = int32(gray[frame, row, col]) if col < width else int32(0)
            cuda.syncthreads()
            reach = 1
            while reach < threads:
                value = part[me - reach] if me >= reach else int32(0)
                cuda.syncthreads()
                part[me] += value
                cuda.syncthreads()
                reach *= 2
            if col < width:
                table[frame, row + 1, col + MARGIN] = before + part[me]
            before += part[threads - 1]
            col += threads
            cuda.syncthreads()
        col = me
        while col < MARGIN:
            table[frame, row + 1, col] = 0
            table[frame, row + 1, col + width + MARGIN] = before
            col += threads
        row += cuda.gridDim.y


@kernel
def _add_down(table):
    """Add up the rows of the table, each thread down a column: the order float32 sums need."""
    rows, cols = table.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    table[frame, 0, col] = 0
    total = table[frame, 0, col]
    row = 1
    while row + 7 < rows:
        # Eight loads start before the first result is needed.
        a, b = table[frame, row, col], table[frame, row + 1, col]
        c, d = table[frame, row + 2, col], table[frame, row + 3, col]
        e, f = table[frame, row + 4, col], table[frame, row + 5, col]
        g, h = table[frame, row + 6, col], table[frame, row + 7, col]
        a += total
        b += a
        c += b
        d += c
        e += d
        f += e
        g += f
        h += g
        table[frame, row, col], table[frame, row + 1, col] = a, b
        table[frame, row + 2, col], table[frame, row + 3, col] = c, d
        table[frame, row + 4, col], table[frame, row + 5, col] = e, f
        table[frame, row + 6, col], table[frame, row + 7, col] = g, h
        total = h
        row += 8
    while row < rows:
        total += table[frame, row, col]
        table[frame, row, col] = total
        row += 1


@kernel
def _compare(gray, table, exact, totals, maxima):
    """Fill ON and OFF of each pixel (``getIntensityScaled``), and raise `maxima` of a frame."""
    top_on = cuda.shared.array(1, int32)
    top_off = cuda.shared.array(1, int32)
    height, width = gray.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if cuda.threadIdx.x == 0:
        top_on[0] = 0
        top_off[0] = 0
    cuda.syncthreads()
    on, off = int32(0), int32(0)
    row = cuda.blockIdx.y
    while row < height and col < width:
        level = gray[frame, row, col]
        total = int32(0)
        for reach in REACHES:
            top, bottom = max(row + 1 - reach, 0), min(row + 1 + reach, height)
            columns = min(col + 1 + reach, width) - max(col + 1 - reach, 0)
            pixels = float32(int32(columns) * int32(bottom - top))
            left, right = col + MARGIN - reach, col + MARGIN + reach
            window = table[frame, bottom, right] + table[frame, top, left]
            window = window - table[frame, bottom, left] - table[frame, top, right]
            if exact:
                contrast = exact_contrast(level, window, pixels)
            else:
                contrast = rounded_contrast(level, window, pixels)
            total += on_and_off(contrast)
        totals[frame, row, col] = total
        on, off = max(on, total & LOW), max(off, total >> 16)
        row += cuda.gridDim.y
    cuda.atomic.max(top_on, 0, on)
    cuda.atomic.max(top_off, 0, off)
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        cuda.atomic.max(maxima, (frame, 0), top_on[0])
        cuda.atomic.max(maxima, (frame, 1), top_off[0])


@kernel
def _paint(totals, maxima, out):
    """Fill the map from ON and OFF (``mixScales`` and ``mixOnOff``)."""
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < out.shape[1]:
        total = totals[frame, i]
        on, off = (
            stretched(total & LOW, maxima[frame, 0]),
            stretched(total >> 16, maxima[frame, 1]),
        )
        out[frame, i] = shown(on, off, out.itemsize)
        i += cuda.gridsize(1)
