"""Graph-based segmentation on the CPU: edges sorted once, then a union-find per scale."""

import numpy as np
from numba import float32, int32, prange, uint64

from ...kernels import threads
from ...kernels.jit import parallel, serial
from ...kernels.regions._cpu_components import find_root

_DIGIT = 13  # bits that one pass of the sort looks at
_PASSES = 5  # 65 bits: all of a float64


def segment(image, scales, min_size):
    """Return labels (S, H, W) of int32, one image per scale, of float64 colours (H, W, C).

    Equal costs come in a different order in scikit-image: its sort is not stable. Where that
    may change labels, which is rare, the edges are sorted again as scikit-image sorts them.
    """
    rows, cols, channels = image.shape
    count = rows * (cols - 1) + (rows - 1) * cols + 2 * (rows - 1) * (cols - 1)
    codes, costs = np.empty((2, count), np.int32), np.empty((2, count), np.float64)
    _fill_edges(image, codes[0], costs[0])
    if channels >= _PAIRWISE_FROM:
        _fill_costs_of_many_channels(image, costs[0])
    _sort_edges(costs.view(np.uint64), codes)  # ends in the second half
    labels = np.empty((len(scales), rows * cols), np.int32)
    doubtful = np.zeros(len(scales), np.bool_)
    _label(costs[1], codes[1], cols, scales, min_size, labels, doubtful)
    if doubtful.any():
        _fill_edges(image, codes[0], costs[0])
        if channels >= _PAIRWISE_FROM:
            _fill_costs_of_many_channels(image, costs[0])
        order = np.argsort(costs[0])
        again, rest = labels[doubtful], np.zeros(0, np.bool_)
        _label(costs[0][order], codes[0][order], cols, scales[doubtful], min_size, again, rest)
        labels[doubtful] = again
    return labels.reshape(len(scales), rows, cols)


def _label(costs, codes, cols, scales, min_size, labels, doubtful):
    if len(scales) == 1:
        _label_at(costs, codes, cols, scales, min_size, labels, doubtful, 0)
    else:
        with threads.safe_section():
            _label_at_all(costs, codes, cols, scales, min_size, labels, doubtful)


# number of channels from which NumPy's sum, and so scikit-image's, uses another order
_PAIRWISE_FROM = 8


def _fill_costs_of_many_channels(image, costs):
    at = 0
    for gaps in (
        image[:, 1:] - image[:, :-1],
        image[1:] - image[:-1],
        image[1:, 1:] - image[:-1, :-1],
        image[1:, :-1] - image[:-1, 1:],
    ):
        found = np.sqrt(np.sum(gaps * gaps, axis=-1)).ravel()
        costs[at : at + found.size] = found
        at += found.size


@serial
def _fill_edges(image, codes, costs):
    """Fill 4 * pixel + direction and the cost of every edge, in scikit-image's order.

    Directions are right, down, down-right and up-right, as in `_neighbour`.
    """
    rows, cols = image.shape[0], image.shape[1]
    k = 0
    for row in range(rows):
        for col in range(cols - 1):
            costs[k] = _distance(image, row, col, row, col + 1)
            codes[k] = int32(4 * (row * cols + col))
            k += 1
    for row in range(rows - 1):
        for col in range(cols):
            costs[k] = _distance(image, row, col, row + 1, col)
            codes[k] = int32(4 * (row * cols + col) + 1)
            k += 1
    for row in range(rows - 1):
        for col in range(cols - 1):
            costs[k] = _distance(image, row, col, row + 1, col + 1)
            codes[k] = int32(4 * (row * cols + col) + 2)
            k += 1
    for row in range(rows - 1):
        for col in range(cols - 1):
            costs[k] = _distance(image, row + 1, col, row, col + 1)
            codes[k] = int32(4 * (row * cols + cols + col) + 3)
            k += 1


@serial
def _distance(image, row, col, other_row, other_col):
    total = 0.0
    for channel in range(image.shape[2]):
        gap = image[other_row, other_col, channel] - image[row, col, channel]
        total += gap * gap
    return np.sqrt(total)


@serial
def _neighbour(code, cols):
    """Return the second pixel of an edge."""
    pixel, direction = code >> 2, code & 3
    if direction == 0:
        return pixel + 1
    if direction == 1:
        return pixel + cols
    return pixel + cols + 1 if direction == 2 else pixel - cols + 1


@serial
def _sort_edges(keys, codes):
    """Sort by keys, (2, E), digit by digit; the result is in the second row.

    Costs are not negative, so their bits as integers have their order.
    """
    count, digits = keys.shape[1], 1 << _DIGIT
    counts = np.zeros((_PASSES, digits + 1), np.int64)
    mask = uint64(digits - 1)
    for k in range(count):
        key = keys[0, k]
        for step in range(_PASSES):
            counts[step, ((key >> uint64(_DIGIT * step)) & mask) + uint64(1)] += 1
    for step in range(_PASSES):
        for digit in range(digits):
            counts[step, digit + 1] += counts[step, digit]
    for step in range(_PASSES):
        source, target = step % 2, 1 - step % 2
        for k in range(count):
            key = keys[source, k]
            digit = (key >> uint64(_DIGIT * step)) & mask
            place = counts[step, digit]
            counts[step, digit] = place + 1
            keys[target, place] = key
            codes[target, place] = codes[source, k]


@serial
def _label_at(costs, codes, cols, scales, min_size, labels, doubtful, index):
    """Fill `labels[index]`: merge along cheap edges (Eq. 3), then merge small regions.

    `doubtful[index]` is true if the order of equal costs may matter; it may be empty.
    """
    parents = labels[index]
    pixels, edges = parents.size, costs.size
    sizes = np.empty(pixels, np.int32)
    inner = np.zeros(pixels, np.float64)  # the greatest cost within each region
    for pixel in range(pixels):
        parents[pixel] = pixel
        sizes[pixel] = 1
    scale = scales[index] / 255.0
    is_doubtful = False
    apart = np.empty(edges, np.int32)  # edges between two regions, for the second pass
    count = 0
    for edge in range(edges):
        code = codes[edge]
        a, b = code >> 2, _neighbour(code, cols)
        if parents[a] == parents[b]:
            continue
        a, b = find_root(parents, a), find_root(parents, b)
        if a != b:
            cost = costs[edge]
            # scikit-image keeps both bounds as float32.
            bound_a = float32(inner[a] + scale / sizes[a])
            bound_b = float32(inner[b] + scale / sizes[b])
            if cost < min(bound_a, bound_b):
                a, b = min(a, b), max(a, b)
                parents[b] = a
                sizes[a] += sizes[b]
                inner[a] = cost
                # A region that still takes edges of this cost takes all of them in any order.
                if float32(cost + scale / sizes[a]) <= cost:
                    is_doubtful = is_doubtful or (edge + 1 < edges and costs[edge + 1] == cost)
                    is_doubtful = is_doubtful or (edge > 0 and costs[edge - 1] == cost)
            else:
                apart[count] = edge
                count += 1
    apart = apart[:count]
    if doubtful.size:
        found = _merge_small_checked(costs, codes, cols, apart, min_size, parents, sizes)
        doubtful[index] = is_doubtful or found
    else:
        for edge in apart:
            _merge_small(codes[edge], cols, min_size, parents, sizes)
    # A root is the first pixel of its region, so parents come before children.
    count = 0
    for pixel in range(pixels):
        if parents[pixel] == pixel:
            parents[pixel] = count
            count += 1
        else:
            parents[pixel] = parents[parents[pixel]]


@serial
def _merge_small(code, cols, min_size, parents, sizes):
    """Merge regions below `min_size` along edges in order, as scikit-image's postprocessing."""
    a, b = find_root(parents, code >> 2), find_root(parents, _neighbour(code, cols))
    if a != b and (sizes[a] < min_size or sizes[b] < min_size):
        a, b = min(a, b), max(a, b)
        parents[b] = a
        sizes[a] += sizes[b]


@serial
def _merge_small_checked(costs, codes, cols, apart, min_size, parents, sizes):
    """Merge small regions; return whether a region had edges of equal cost to two others."""
    partners, seen = np.empty(parents.size, np.int32), np.full(parents.size, -1, np.int32)
    is_doubtful = False
    first = 0
    while first < apart.size:
        end, cost = first + 1, costs[apart[first]]
        while end < apart.size and costs[apart[end]] == cost:
            end += 1
        if end - first > 1 and not is_doubtful:
            for k in range(first, end):
                code = codes[apart[k]]
                a, b = find_root(parents, code >> 2), find_root(parents, _neighbour(code, cols))
                if a != b and (sizes[a] < min_size or sizes[b] < min_size):
                    for one, other in ((a, b), (b, a)):
                        if seen[one] == first and partners[one] != other:
                            is_doubtful = True
                        seen[one], partners[one] = int32(first), int32(other)
        for k in range(first, end):
            _merge_small(codes[apart[k]], cols, min_size, parents, sizes)
        first = end
    return is_doubtful


@parallel
def _label_at_all(costs, codes, cols, scales, min_size, labels, doubtful):
    for index in prange(scales.size):
        _label_at(costs, codes, cols, scales, min_size, labels, doubtful, index)
