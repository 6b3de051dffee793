"""From labels to sums per region, and from an image to the first centres."""

import numpy as np
from numba import float32, int64, prange

from ...kernels.jit import banded, parallel, serial
from ._formulas import channel_of, claim, claimant, edge, mean, middle, units
from ._grid import SUMS


@banded
def place_centers(image, channels, is_rgb, white, size, centers, start, stop):
    """Write vl_slic's first centres: the grid, each moved to the flattest pixel near it."""
    rows, cols = image.shape[0], image.shape[1] // channels
    for v in range(start, stop):
        for u in range(centers.shape[2]):
            at = middle(v, size, rows), middle(u, size, cols)
            row, col = _flattest(image, channels, is_rgb, white, at)
            centers[0, v, u], centers[1, v, u] = row, col
            for plane in range(3):
                channel, value = channel_of(plane, channels, is_rgb), float32(0)
                if channel >= 0:
                    value = float32(image[row, channels * col + channel]) / white
                centers[2 + plane, v, u] = value


@serial
def _flattest(image, channels, is_rgb, white, at):
    rows, cols = image.shape[0], image.shape[1] // channels
    best, best_row, best_col = float32(np.inf), at[0], at[1]
    for row in range(max(0, at[0] - 1), min(rows - 1, at[0] + 1) + 1):
        for col in range(max(0, at[1] - 1), min(cols - 1, at[1] + 1) + 1):
            strength = float32(0)
            if 0 < row < rows - 1 and 0 < col < cols - 1:
                strength = _edge_strength(image, channels, is_rgb, white, row, col)
            if strength < best:
                best, best_row, best_col = strength, row, col
    return best_row, best_col


@serial
def _edge_strength(image, channels, is_rgb, white, row, col):
    strength = float32(0)
    for plane in range(3):
        channel = channel_of(plane, channels, is_rgb)
        if channel >= 0:
            at = channels * col + channel
            left = float32(image[row, at - channels]) / white
            right = float32(image[row, at + channels]) / white
            above, below = float32(image[row - 1, at]) / white, float32(image[row + 1, at]) / white
            strength += edge(left, right, above, below)
    return strength


@serial
def move_centers(sums, white, size, by_grid, centers):
    """Overwrite centres by the means of the regions that claim their tiles.

    A region claims the tile its number names, or, not `by_grid`, the one its middle lies in.
    """
    _, down, across = centers.shape
    claims = np.zeros(down * across, np.int64)
    for label in range(len(sums)):
        area = sums[label, 0]
        if area > 0:
            tile = label
            if not by_grid:
                row, col = sums[label, 1] // area, sums[label, 2] // area
                tile = row // size * across + col // size
            claims[tile] = max(claims[tile], claim(area, label))
    for tile in range(claims.size):
        if claims[tile] > 0:
            label = claimant(claims[tile])
            for k in range(SUMS - 1):
                value = mean(sums[label, 1 + k], sums[label, 0])
                centers[k, tile // across, tile % across] = value if k < 2 else value / white


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
def add_regions_in_bands(image, channels, is_rgb, labels, shares, bands):
    """Fill a table of sums per band; the first ends as the sum of all."""
    rows = labels.shape[0]
    if bands == 0:
        shares[0] = 0
        add_regions(image, channels, is_rgb, labels, shares[0], 0, rows)
        return
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        shares[band] = 0
        add_regions(image, channels, is_rgb, labels, shares[band], start, stop)
    for band in range(1, bands):
        for label in range(shares.shape[1]):
            for k in range(SUMS):
                shares[0, label, k] += shares[band, label, k]


@serial
def renumber(labels, names):
    """Rename the labels 0, 1, 2, ... in the order of their first pixels, in place."""
    names[:] = -1
    count = 0
    for row in range(labels.shape[0]):
        line = labels[row]
        for col in range(line.size):
            label = line[col]
            if names[label] < 0:
                names[label] = count
                count += 1
            line[col] = names[label]


@serial
def fill_boxes(labels, boxes):
    """Fill `boxes` with first row, first column, last row + 1, last column + 1 of each label."""
    rows, cols = labels.shape
    for label in range(len(boxes)):
        boxes[label, 0], boxes[label, 1], boxes[label, 2], boxes[label, 3] = rows, cols, 0, 0
    for row in range(rows):
        for col in range(cols):
            box = boxes[labels[row, col]]
            box[0], box[1] = min(box[0], row), min(box[1], col)
            box[2], box[3] = max(box[2], row + 1), max(box[3], col + 1)


@serial
def least_and_most(labels):
    """Return the least and the greatest label."""
    low = high = labels[0, 0]
    for row in range(labels.shape[0]):
        for col in range(labels.shape[1]):
            low, high = min(low, labels[row, col]), max(high, labels[row, col])
    return low, high
