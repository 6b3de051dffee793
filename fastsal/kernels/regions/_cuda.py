"""Sums, means, boxes and numbers of the regions of a label map, on a CUDA device."""

import numpy as np
from numba import cuda, int32, int64

from ...devices import fetch, send, workspace
from .. import launch
from ..color._formulas import lab_of_srgb
from ..jit import kernel
from ._cuda_grid import ROWS, blocks_for, fill, rows_and_columns
from ._formulas import channel_of, mean, units

NEVER = np.int32((1 << 31) - 1)
RUN = 16  # pixels below each other that one thread adds before it writes to memory


def sum_regions(pixels, channels, is_rgb, labels, sums):
    """Fill `sums`, int64 (n, 6), with the pixels, rows, columns and channels of each label."""
    fill(sums, np.int64(0))
    grid = rows_and_columns(labels.shape, ROWS * RUN), launch.THREADS
    add_regions[grid](pixels, channels, is_rgb, labels, sums)


@kernel
def add_regions(pixels, channels, is_rgb, labels, sums):
    """Add each pixel to its region; threads take strips of a column, run by run."""
    rows, cols = labels.shape
    col, first = cuda.grid(1), cuda.blockIdx.y * RUN
    while first < rows and col < cols:
        last = min(rows, first + RUN)
        row = first
        while row < last:
            label = labels[row, col]
            count = row_sum = sum0 = sum1 = sum2 = int64(0)
            while row < last and labels[row, col] == label:
                at = (row * cols + col) * channels
                count += 1
                row_sum += row
                sum0 += units(pixels[at + channel_of(0, channels, is_rgb)], pixels.itemsize)
                if channels >= 3:
                    sum1 += units(pixels[at + 1], pixels.itemsize)
                    sum2 += units(pixels[at + channel_of(2, channels, is_rgb)], pixels.itemsize)
                row += 1
            cuda.atomic.add(sums, (label, 0), count)
            cuda.atomic.add(sums, (label, 1), row_sum)
            cuda.atomic.add(sums, (label, 2), count * col)
            cuda.atomic.add(sums, (label, 3), sum0)
            if channels >= 3:
                cuda.atomic.add(sums, (label, 4), sum1)
                cuda.atomic.add(sums, (label, 5), sum2)
        first += cuda.gridDim.y * RUN


def fill_means(sums, channels, white, position, color):
    """Fill `position` with mean row and column, `color` with CIELab of the mean colour."""
    grid = blocks_for(len(sums)), launch.THREADS
    average[grid](sums, channels, np.float32(white), position, color)


@kernel
def average(sums, channels, white, position, color):
    """Write the mean position and the CIELab of the mean colour of each region."""
    i = cuda.grid(1)
    if i >= sums.shape[0]:
        return
    area = max(sums[i, 0], int64(1))
    position[i, 0], position[i, 1] = mean(sums[i, 1], area), mean(sums[i, 2], area)
    red = mean(sums[i, 3], area) / white
    green = mean(sums[i, 4], area) / white if channels >= 3 else red
    blue = mean(sums[i, 5], area) / white if channels >= 3 else red
    color[i, 0], color[i, 1], color[i, 2] = lab_of_srgb(red, green, blue)


def fill_boxes(labels, boxes):
    """Fill `boxes`, int32 (n, 4), with first row and column, last row and column + 1."""
    start_boxes[blocks_for(len(boxes)), launch.THREADS](*labels.shape, boxes)
    stretch_boxes[rows_and_columns(labels.shape), launch.THREADS](labels, boxes)


@kernel
def start_boxes(rows, cols, boxes):
    """Write empty boxes."""
    i = cuda.grid(1)
    if i < boxes.shape[0]:
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = rows, cols, 0, 0


@kernel
def stretch_boxes(labels, boxes):
    """Extend the box of each label by its pixels."""
    rows, cols = labels.shape
    col = cuda.grid(1)
    row = cuda.blockIdx.y
    while row < rows and col < cols:
        label = labels[row, col]
        # Most pixels change nothing, and reading is cheaper than an atomic.
        if row < boxes[label, 0]:
            cuda.atomic.min(boxes, (label, 0), int32(row))
        if col < boxes[label, 1]:
            cuda.atomic.min(boxes, (label, 1), int32(col))
        if row >= boxes[label, 2]:
            cuda.atomic.max(boxes, (label, 2), int32(row + 1))
        if col >= boxes[label, 3]:
            cuda.atomic.max(boxes, (label, 3), int32(col + 1))
        row += cuda.gridDim.y


def renumber(labels, tiles, limit):
    """Rename the labels, all below `limit`, in place: 0, 1, ... by first pixels.

    Labels from `tiles` on are `tiles` plus the index of their first pixel.
    """
    threads = launch.THREADS
    rows, cols = labels.shape
    flat = labels.reshape(labels.size)
    firsts = workspace("slic firsts", (limit,), np.int32)
    names = workspace("slic names", (limit,), np.int32)
    counts = workspace("slic counts", (rows,), np.int32)
    per_pixel, per_row = (blocks_for(flat.size), threads), (blocks_for(rows), threads)
    fill(firsts, NEVER)
    find_first_pixels[per_pixel](flat, firsts)
    count_first_pixels[per_row](flat, cols, firsts, counts)
    add_up[1, threads](counts)
    name_labels[per_row](flat, cols, firsts, counts, names)
    rename[per_pixel](flat, names)


@kernel
def find_first_pixels(labels, firsts):
    """Write the index of the first pixel of each label."""
    i = cuda.grid(1)
    if i < labels.size and i < firsts[labels[i]]:
        cuda.atomic.min(firsts, labels[i], int32(i))


@kernel
def count_first_pixels(labels, cols, firsts, counts):
    """Count the first pixels in each row, a thread per row."""
    row = cuda.grid(1)
    if row < counts.size:
        count = int32(0)
        for i in range(row * cols, (row + 1) * cols):
            count += int32(firsts[labels[i]] == i)
        counts[row] = count


@kernel
def add_up(counts):
    """Replace counts by the sums of those before; one thread, because there are few."""
    if cuda.grid(1) == 0:
        before = int32(0)
        for row in range(counts.size):
            count = counts[row]
            counts[row] = before
            before += count


@kernel
def name_labels(labels, cols, firsts, counts, names):
    """Assign numbers in the order of first pixels, a thread per row."""
    row = cuda.grid(1)
    if row < counts.size:
        name = counts[row]
        for i in range(row * cols, (row + 1) * cols):
            if firsts[labels[i]] == i:
                names[labels[i]] = name
                name += int32(1)


@kernel
def rename(labels, names):
    """Replace each label by its number."""
    i = cuda.grid(1)
    if i < labels.size:
        labels[i] = names[labels[i]]


def range_of_labels(labels):
    """Return the minimum and the maximum label."""
    threads = launch.THREADS
    ends = workspace("slic ends", (2,), np.int32)
    send(np.array([NEVER, -NEVER], np.int32), ends)
    blocks = min(blocks_for(labels.size), 1024)
    find_range[blocks, threads](labels.reshape(labels.size), ends)
    low, high = fetch(ends)
    return int(low), int(high)


@kernel
def find_range(labels, ends):
    """Lower the first of `ends` to the minimum label, and raise the second to the maximum."""
    i = cuda.grid(1)
    low, high = int32(NEVER), int32(-NEVER)
    while i < labels.size:
        low, high = min(low, labels[i]), max(high, labels[i])
        i += cuda.gridsize(1)
    cuda.atomic.min(ends, 0, low)
    cuda.atomic.max(ends, 1, high)
