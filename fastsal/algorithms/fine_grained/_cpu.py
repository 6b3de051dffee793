"""Fine-grained saliency on the CPU: smooth, sum, compare each pixel with its windows, stretch.

The rows of the table of sums are extended at either end by copies, so no window needs a test for
the border. The levels, the totals and the table are `padded` to whole blocks of 16 columns; columns
beyond the width are read and written, but never used.
"""

import numpy as np
from numba import float32, int32

from ...images import read_only
from ...kernels import launch
from ...kernels.borders import reflect101
from ...kernels.color._cpu import luma_span
from ...kernels.jit import banded, serial
from ._cpu_windows import LANES, compare_exactly, compare_row
from ._formulas import binomial, quantized, shown, sixteenth, stretched
from ._windows import MARGIN, REACHES

LOW = int32((1 << 16) - 1)  # ON lies in the lower half of a total, OFF in the upper


def fine_grained(pixels, channels, weights, width, exact, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels)."""
    if pixels.dtype.kind == "f":
        bytes_ = launch.scratch("fine-grained bytes", pixels.shape, np.uint8)
        args = (pixels.reshape(-1), bytes_.reshape(-1))
        launch.over_bands(_quantize, pixels.size, *args)
        pixels = read_only(bytes_)
    frames, area = out.shape
    if area < launch.PARALLEL_FROM:
        args = (pixels, channels, weights, width, exact, out)
        launch.over_bands(_small_frames, frames, *args, pixels=out.size)
        return
    for frame, saliency in zip(pixels, out, strict=True):
        _large_frame(frame, channels, weights, width, exact, saliency)


def _large_frame(pixels, channels, weights, width, exact, saliency):
    area = saliency.size
    height, padded = area // width, whole_blocks(width)
    levels = launch.scratch("fine-grained levels", (height, padded), np.uint8)
    smooth = launch.scratch("fine-grained smooth", (height, width), np.uint8)
    table = launch.scratch("fine-grained table", table_shape(height, padded), np.int32)
    totals = launch.scratch("fine-grained totals", (height, padded), np.int32)
    maxima = launch.scratch("fine-grained most", (height, 2), np.int32)
    gray = levels.reshape(-1)[:area]  # until it is smoothed, and the levels take its place
    over = launch.over_bands
    over(luma_span, area, pixels, channels, weights, gray)
    gray = gray.reshape(height, width)
    over(_smooth_rows, height, gray, smooth, pixels=area)
    over(_sum_rows, height, smooth, levels, table, pixels=area)
    over(_add_down, table.shape[1], table, exact, pixels=area)
    over(_compare, height, levels, width, table, exact, totals, maxima, pixels=area)
    tops = maxima.max(axis=0)
    saliency = saliency.reshape(height, width)
    over(_paint, height, totals, tops, saliency, pixels=area)


@banded
def _small_frames(pixels, channels, weights, width, exact, out, start, stop):
    area = out.shape[1]
    height, padded = area // width, whole_blocks(width)
    gray, smooth = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
    levels, totals = np.empty((height, padded), np.uint8), np.empty((height, padded), np.int32)
    table = np.empty(table_shape(height, padded), np.int32)
    maxima, tops = np.empty((height, 2), np.int32), np.empty(2, np.int32)
    for frame in range(start, stop):
        luma_span(pixels[frame], channels, weights, gray.reshape(-1), 0, area)
        _smooth_rows(gray, smooth, 0, height)
        _sum_rows(smooth, levels, table, 0, height)
        _add_down(table, exact, 0, table.shape[1])
        _compare(levels, width, table, exact, totals, maxima, 0, height)
        tops[:] = 0
        for row in range(height):
            tops[0], tops[1] = max(tops[0], maxima[row, 0]), max(tops[1], maxima[row, 1])
        _paint(totals, tops, out[frame].reshape(height, width), 0, height)


@serial
def whole_blocks(width):
    """Return `width` rounded up to whole blocks."""
    return -(-width // LANES) * LANES


@serial
def table_shape(height, padded):
    """Return the shape of the table of sums: a row above, MARGIN columns on either side."""
    return height + 1, padded + 2 * MARGIN


@banded
def _quantize(values, bytes_, start, stop):
    source, target = values[start:stop], bytes_[start:stop]
    for i in range(target.size):
        target[i] = quantized(source[i])


@banded
def _smooth_rows(source, target, start, stop):
    """Fill rows smoothed by OpenCV's 3 x 3 binomial filter (``GaussianBlur``)."""
    height, width = source.shape
    column = np.empty(width + 2, np.uint16)
    for row in range(start, stop):
        above, below = source[reflect101(row - 1, height)], source[reflect101(row + 1, height)]
        _smooth_row(above, source[row], below, column, target[row, :width])


@serial
def _smooth_row(above, middle, below, column, target):
    width = target.size
    inside, right = column[1:], column[2:]
    for col in range(width):
        inside[col] = binomial(above[col], middle[col], below[col])
    column[0] = inside[reflect101(-1, width)]
    inside[width] = inside[reflect101(width, width)]
    for col in range(width):
        target[col] = sixteenth(binomial(column[col], inside[col], right[col]))


@banded
def _sum_rows(source, levels, table, start, stop):
    """Smooth once more, and fill the table with sums of rows (first half of ``cv2.integral``)."""
    _smooth_rows(source, levels, start, stop)
    width = source.shape[1]
    for row in range(start, stop):
        sums, line = table[row + 1], levels[row]
        sums[:MARGIN] = 0
        inside = sums[MARGIN:]
        total = int32(0)
        for col in range(width):
            total = int32(total + int32(line[col]))
            inside[col] = total
        inside[width:] = total


@banded
def _add_down(table, exact, start, stop):
    """Add up the rows of the table: as integers, or in float32 as OpenCV, stored bit by bit."""
    table[0, start:stop] = 0
    for row in range(1, table.shape[0]):
        above, here = table[row - 1, start:stop], table[row, start:stop]
        if exact:
            for col in range(here.size):
                here[col] = int32(above[col] + here[col])
        else:
            above, sums = above.view(np.float32), here.view(np.float32)
            for col in range(sums.size):
                sums[col] = float32(above[col] + float32(here[col]))


@banded
def _compare(levels, width, table, exact, totals, maxima, start, stop):
    """Fill ON and OFF of each pixel (``getIntensityScaled``), and the maximum of each row."""
    height, padded = levels.shape
    edges = np.zeros((len(REACHES), 2), np.int64)
    others = np.empty((len(REACHES), padded), np.float32)
    inverses = np.empty((len(REACHES), padded), np.float32)
    for row in range(start, stop):
        _set_windows(row, height, width, edges, others, inverses)
        line, sums = levels[row], totals[row]
        if exact:
            compare_exactly(line, width, table, edges, others, inverses, sums)
        else:
            sums_of_floats = table.view(np.float32)
            compare_row(line, width, sums_of_floats, edges, others, inverses, sums)
        if height * width == 1:
            sums[0] = 0  # there are no other pixels to compare with
        on, off = int32(0), int32(0)
        for col in range(width):
            on = max(on, int32(sums[col] & LOW))
            off = max(off, int32(sums[col] >> int32(16)))
        maxima[row, 0], maxima[row, 1] = on, off


@serial
def _set_windows(row, height, width, edges, others, inverses):
    """Fill the edges of the windows of a row, and their numbers of other pixels."""
    for scale in range(len(REACHES)):
        reach = REACHES[scale]
        first, last = max(row + 1 - reach, 0), min(row + 1 + reach, height)
        is_as_before = edges[scale, 1] - edges[scale, 0] == last - first
        edges[scale, 0], edges[scale, 1] = first, last
        if is_as_before:
            continue
        counts, over = others[scale], inverses[scale]
        for col in range(counts.size):
            columns = int32(min(col + 1 + reach, width)) - int32(max(col + 1 - reach, 0))
            counts[col] = int32(columns * int32(last - first)) - int32(1)
            over[col] = float32(1) / counts[col]


@banded
def _paint(totals, tops, saliency, start, stop):
    """Fill rows of the map from ON and OFF (``mixScales`` and ``mixOnOff``)."""
    max_on, max_off = tops[0], tops[1]
    for row in range(start, stop):
        source, target = totals[row], saliency[row]
        for col in range(target.size):
            on = stretched(source[col] & LOW, max_on)
            off = stretched(source[col] >> int32(16), max_off)
            target[col] = shown(on, off, target.itemsize)
