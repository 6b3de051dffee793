"""Sums, means, boxes and numbers of the regions of a label map, on the CPU."""

import numpy as np
from numba import int64, prange

from ...images import read_only
from .. import launch, threads
from ..color._formulas import lab_of_srgb
from ..jit import banded, parallel, serial
from ..launch import over_bands
from ._formulas import FIELDS, channel_of, mean, units


def sum_regions(pixels, channels, is_rgb, labels, sums):
    """Fill `sums`, int64 (n, 6), with the pixels, rows, columns and channels of each label."""
    args = (pixels.reshape(labels.shape[0], -1), channels, is_rgb, read_only(labels))
    bands = min(threads.count(), labels.shape[0], labels.size // max(1, 16 * len(sums)))
    if labels.size < launch.PARALLEL_FROM or bands < 2:
        add_regions_in_bands(*args, sums[np.newaxis], 0)
        return
    partial = launch.scratch("region sums", (bands, len(sums), FIELDS), np.int64)
    with threads.safe_section():
        add_regions_in_bands(*args, partial, bands)
    sums[:] = partial[0]


@serial
def add_regions(image, channels, is_rgb, labels, sums, start, stop):
    """Add rows to the sums of their regions, run by run: one access for each run."""
    cols = labels.shape[1]
    for row in range(start, stop):
        line, names = image[row], labels[row]
        col = 0
        while col < cols:
            label, end = names[col], col + 1
            while end < cols and names[end] == label:
                end += 1
            total = sums[label]
            count = end - col
            total[0] += count
            total[1] += count * row
            total[2] += count * (col + end - 1) // 2
            for plane in range(3):
                channel = channel_of(plane, channels, is_rgb)
                if channel >= 0:
                    total[3 + plane] += _sum_of(line, channels * col + channel, channels, count)
            col = end


@serial
def _sum_of(line, first, step, count):
    total = int64(0)
    for i in range(count):
        total += units(line[first + step * i], line.itemsize)
    return total


@parallel
def add_regions_in_bands(image, channels, is_rgb, labels, partial, bands):
    """Fill a table of sums per band, and add all of them to the first."""
    rows = labels.shape[0]
    if bands == 0:
        partial[0] = 0
        add_regions(image, channels, is_rgb, labels, partial[0], 0, rows)
        return
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        partial[band] = 0
        add_regions(image, channels, is_rgb, labels, partial[band], start, stop)
    for band in range(1, bands):
        for label in range(partial.shape[1]):
            for k in range(FIELDS):
                partial[0, label, k] += partial[band, label, k]


def fill_means(sums, channels, white, position, color):
    """Fill `position` with mean row and column, `color` with CIELab of the mean colour."""
    args = sums, channels, np.float32(white), position, color
    over_bands(_fill_means, len(sums), *args, pixels=32 * len(sums))


@banded
def _fill_means(sums, channels, white, position, color, start, stop):
    for i in range(start, stop):
        area = max(sums[i, 0], 1)
        position[i, 0], position[i, 1] = mean(sums[i, 1], area), mean(sums[i, 2], area)
        red = mean(sums[i, 3], area) / white
        green = mean(sums[i, 4], area) / white if channels >= 3 else red
        blue = mean(sums[i, 5], area) / white if channels >= 3 else red
        color[i, 0], color[i, 1], color[i, 2] = lab_of_srgb(red, green, blue)


def fill_boxes(labels, boxes):
    """Fill `boxes`, int32 (n, 4), with first row and column, last row and column + 1."""
    _fill_boxes(labels, boxes)


@serial
def _fill_boxes(labels, boxes):
    """Fill `boxes` with first row, first column, last row + 1, last column + 1 of each label."""
    rows, cols = labels.shape
    for label in range(len(boxes)):
        boxes[label, 0], boxes[label, 1], boxes[label, 2], boxes[label, 3] = rows, cols, 0, 0
    for row in range(rows):
        for col in range(cols):
            box = boxes[labels[row, col]]
            box[0], box[1] = min(box[0], row), min(box[1], col)
            box[2], box[3] = max(box[2], row + 1), max(box[3], col + 1)


def renumber(labels, tiles, limit):
    """Rename the labels, all below `limit`, in place: 0, 1, ... by first pixels.

    Labels from `tiles` on are `tiles` plus the index of their first pixel.
    """
    _renumber(labels, tiles, np.empty(limit, np.int32))


@serial
def _renumber(labels, tiles, names):
    """Rename the labels 0, 1, 2, ... in the order of their first pixels, in place."""
    names[:tiles] = -1
    count = 0
    for row in range(labels.shape[0]):
        line = labels[row]
        for col in range(line.size):
            label = line[col]
            if names[label] < 0 if label < tiles else label - tiles == row * line.size + col:
                names[label] = count
                count += 1
            line[col] = names[label]


def range_of_labels(labels):
    """Return the minimum and the maximum label."""
    low, high = _find_range(labels)
    return int(low), int(high)


@serial
def _find_range(labels):
    """Return the minimum and the maximum label."""
    low = high = labels[0, 0]
    for row in range(labels.shape[0]):
        for col in range(labels.shape[1]):
            low, high = min(low, labels[row, col]), max(high, labels[row, col])
    return low, high
