"""Fine-grained saliency on the CPU: smooth, sum, compare each pixel with its windows, stretch.

The rows of the table of sums are widened at either end by copies, so that no window needs a test
for the border and the loop over a row vectorises.
"""

import numpy as np
from numba import float32, int32, prange

from ...images import read_only
from ...kernels import launch
from ...kernels.color._cpu import luma_span
from ...kernels.jit import parallel, serial
from ._math import (
    binomial,
    exact_contrast,
    mirrored,
    on_and_off,
    quantized,
    rounded_contrast,
    shown,
    sixteenth,
    stretched,
)
from ._windows import MARGIN, REACHES, TOTALS

LOW = int32((1 << 16) - 1)  # ON lies in the lower half of a total, OFF in the upper


def fine_grained(pixels, channels, weights, width, exact, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels)."""
    if pixels.dtype.kind == "f":
        bytes_ = launch.scratch("fine-grained bytes", pixels.shape, np.uint8)
        args = (pixels.reshape(-1), bytes_.reshape(-1))
        launch.over_bands(_quantize, _quantize_bands, pixels.size, *args)
        pixels = read_only(bytes_)
    frames, area = out.shape
    if area < launch.PARALLEL_FROM:
        args = (pixels, channels, weights, width, exact, out)
        launch.over_bands(_small_frames, _small_bands, frames, *args, pixels=out.size)
        return
    for frame, saliency in zip(pixels, out, strict=True):
        _large_frame(frame, channels, weights, width, exact, saliency)


def _large_frame(pixels, channels, weights, width, exact, saliency):
    area = saliency.size
    height = area // width
    gray = launch.scratch("fine-grained gray", (height, width), np.uint8)
    smooth = launch.scratch("fine-grained smooth", (height, width), np.uint8)
    table = launch.scratch("fine-grained table", table_shape(height, width), np.int32)
    totals = launch.scratch("fine-grained totals", (height, width), np.int32)
    most = launch.scratch("fine-grained most", (height, 2), np.int32)
    over = launch.over_bands
    over(luma_span, _luma_bands, area, pixels, channels, weights, gray.reshape(-1))
    over(_smooth_rows, _smooth_bands, height, gray, smooth, pixels=area)
    over(_sum_rows, _sum_bands, height, smooth, gray, table, pixels=area)
    over(_add_down, _add_bands, table.shape[1], table, exact, pixels=area)
    over(_compare, _compare_bands, height, gray, table, exact, totals, most, pixels=area)
    lookup = np.empty((2, TOTALS), np.uint8)
    _fill_lookup(most, lookup)
    over(_paint, _paint_bands, area, totals.reshape(-1), lookup, saliency)


@serial
def _small_frames(pixels, channels, weights, width, exact, out, start, stop):
    area = out.shape[1]
    height = area // width
    gray, smooth = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
    table = np.empty(table_shape(height, width), np.int32)
    totals, most = np.empty((height, width), np.int32), np.empty((height, 2), np.int32)
    lookup = np.empty((2, TOTALS), np.uint8)
    for frame in range(start, stop):
        luma_span(pixels[frame], channels, weights, gray.reshape(-1), 0, area)
        _smooth_rows(gray, smooth, 0, height)
        _sum_rows(smooth, gray, table, 0, height)
        _add_down(table, exact, 0, table.shape[1])
        _compare(gray, table, exact, totals, most, 0, height)
        _fill_lookup(most, lookup)
        _paint(totals.reshape(-1), lookup, out[frame], 0, area)


@serial
def table_shape(height, width):
    """Return the shape of the table of sums: a row above, MARGIN columns on either side."""
    return height + 1, width + 2 * MARGIN


@serial
def _quantize(values, bytes_, start, stop):
    source, target = values[start:stop], bytes_[start:stop]
    for i in range(target.size):
        target[i] = quantized(source[i])


@serial
def _smooth_rows(source, target, start, stop):
    height, width = source.shape
    column = np.empty(width + 2, np.uint16)
    for row in range(start, stop):
        above, below = source[mirrored(row - 1, height)], source[mirrored(row + 1, height)]
        _smooth_row(above, source[row], below, column, target[row])


@serial
def _smooth_row(above, middle, below, column, target):
    width = target.size
    inside, right = column[1:], column[2:]
    for col in range(width):
        inside[col] = binomial(above[col], middle[col], below[col])
    column[0] = inside[mirrored(-1, width)]
    inside[width] = inside[mirrored(width, width)]
    for col in range(width):
        target[col] = sixteenth(binomial(column[col], inside[col], right[col]))


@serial
def _sum_rows(source, gray, table, start, stop):
    """Smooth once more, and fill the table with the sums of each row from its left end on."""
    _smooth_rows(source, gray, start, stop)
    width = gray.shape[1]
    for row in range(start, stop):
        sums, levels = table[row + 1], gray[row]
        sums[:MARGIN] = 0
        inside = sums[MARGIN:]
        total = int32(0)
        for col in range(width):
            total = int32(total + int32(levels[col]))
            inside[col] = total
        inside[width:] = total


@serial
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


@serial
def _compare(gray, table, exact, totals, most, start, stop):
    """Fill `totals` with ON and OFF of each pixel, and `most` with the greatest of each row."""
    height, width = gray.shape
    columns = np.empty((len(REACHES), width), np.float32)
    _fill_columns(columns)
    for row in range(start, stop):
        levels, sums = gray[row], totals[row]
        sums[:] = 0
        for scale in range(len(REACHES)):
            reach = REACHES[scale]
            first, last = max(row + 1 - reach, 0), min(row + 1 + reach, height)
            top, bottom = table[first], table[last]
            rows = float32(last - first)
            _add_scale(levels, top, bottom, reach, columns[scale], rows, exact, sums)
        on, off = int32(0), int32(0)
        for col in range(width):
            on = max(on, int32(sums[col] & LOW))
            off = max(off, int32(sums[col] >> int32(16)))
        most[row, 0], most[row, 1] = on, off


@serial
def _fill_columns(columns):
    """Fill `columns` with the widths of the windows of each reach and column."""
    width = columns.shape[1]
    for scale in range(len(REACHES)):
        reach = REACHES[scale]
        for col in range(width):
            columns[scale, col] = min(col + 1 + reach, width) - max(col + 1 - reach, 0)


@serial
def _add_scale(levels, top, bottom, reach, columns, rows, exact, sums):
    width = levels.size
    left, right = MARGIN - reach, MARGIN + reach
    a, b = top[left : left + width], top[right : right + width]
    c, d = bottom[left : left + width], bottom[right : right + width]
    if exact:
        for col in range(width):
            window = int32(int32(int32(d[col] + a[col]) - c[col]) - b[col])
            contrast = exact_contrast(levels[col], window, float32(columns[col] * rows))
            sums[col] = int32(sums[col] + on_and_off(contrast))
    else:
        a, b = a.view(np.float32), b.view(np.float32)
        c, d = c.view(np.float32), d.view(np.float32)
        for col in range(width):
            window = float32(float32(float32(d[col] + a[col]) - c[col]) - b[col])
            contrast = rounded_contrast(levels[col], window, float32(columns[col] * rows))
            sums[col] = int32(sums[col] + on_and_off(contrast))


@serial
def _fill_lookup(most, lookup):
    for part in range(2):
        top = int32(0)
        for row in range(most.shape[0]):
            top = max(top, most[row, part])
        for total in range(top + 1):
            lookup[part, total] = stretched(total, top)


@serial
def _paint(totals, lookup, saliency, start, stop):
    on, off = lookup[0], lookup[1]
    source, target = totals[start:stop], saliency[start:stop]
    for i in range(target.size):
        total = source[i]
        target[i] = shown(on[total & LOW], off[total >> int32(16)], target.itemsize)


@parallel
def _quantize_bands(values, bytes_, bands):
    for band in prange(bands):
        start, stop = band * bytes_.size // bands, (band + 1) * bytes_.size // bands
        _quantize(values, bytes_, start, stop)


@parallel
def _small_bands(pixels, channels, weights, width, exact, out, bands):
    for band in prange(bands):
        start, stop = band * out.shape[0] // bands, (band + 1) * out.shape[0] // bands
        _small_frames(pixels, channels, weights, width, exact, out, start, stop)


@parallel
def _luma_bands(pixels, channels, weights, gray, bands):
    for band in prange(bands):
        start, stop = band * gray.size // bands, (band + 1) * gray.size // bands
        luma_span(pixels, channels, weights, gray, start, stop)


@parallel
def _smooth_bands(source, target, bands):
    for band in prange(bands):
        start, stop = band * source.shape[0] // bands, (band + 1) * source.shape[0] // bands
        _smooth_rows(source, target, start, stop)


@parallel
def _sum_bands(source, gray, table, bands):
    for band in prange(bands):
        start, stop = band * gray.shape[0] // bands, (band + 1) * gray.shape[0] // bands
        _sum_rows(source, gray, table, start, stop)


@parallel
def _add_bands(table, exact, bands):
    for band in prange(bands):
        start, stop = band * table.shape[1] // bands, (band + 1) * table.shape[1] // bands
        _add_down(table, exact, start, stop)


@parallel
def _compare_bands(gray, table, exact, totals, most, bands):
    for band in prange(bands):
        start, stop = band * gray.shape[0] // bands, (band + 1) * gray.shape[0] // bands
        _compare(gray, table, exact, totals, most, start, stop)


@parallel
def _paint_bands(totals, lookup, saliency, bands):
    for band in prange(bands):
        start, stop = band * saliency.size // bands, (band + 1) * saliency.size // bands
        _paint(totals, lookup, saliency, start, stop)
