"""Histograms, Otsu's threshold, painting and sums of regions, for all methods on the CPU."""

import numpy as np
from numba import float32, float64, int64, uint32

from ...kernels.jit import banded, serial
from ._cpu_assign import fill_intervals
from ._cpu_kmeans import label_of
from ._draws import CLUSTERS
from ._formulas import between_class_variance, clipped, fixed, level_of, mean_below, twice_the_mean

BLOCK = 1 << 15  # values that are counted or added up as one
FITTING = 1 << 10  # values that stay in the cache; their sum of `fixed` fits 64 bits
LOW_BITS = 26


@banded
def count_levels(values, levels, counts, start, stop):
    """Fill with the level of grey of each value, and with how many of each block have each."""
    # Four tables: in runs of one level each count would wait until the last one is stored.
    tables = np.empty((4, 256), np.int64)
    for block in range(start, stop):
        tables[:] = 0
        for at in range(block * BLOCK, min((block + 1) * BLOCK, levels.size), FITTING):
            _fill_levels(values[at : at + FITTING], levels[at : at + FITTING])
            _count(levels[at : at + FITTING], tables)
        for level in range(256):
            first, second = tables[0, level] + tables[1, level], tables[2, level] + tables[3, level]
            counts[block, level] = first + second


@serial
def _fill_levels(values, levels):
    for i in range(levels.size):
        if values.itemsize == 1:
            levels[i] = values[i]
        else:
            levels[i] = level_of(float32(float32(255) * clipped(values[i])))


@serial
def _count(levels, tables):
    first, second, third, fourth = tables[0], tables[1], tables[2], tables[3]
    whole = levels.size // 4 * 4
    words = levels[:whole].view(np.uint32)
    for i in range(words.size):
        word = words[i]
        first[word & uint32(255)] += 1
        second[(word >> uint32(8)) & uint32(255)] += 1
        third[(word >> uint32(16)) & uint32(255)] += 1
        fourth[word >> uint32(24)] += 1
    for i in range(whole, levels.size):
        first[levels[i]] += 1


@serial
def otsu(counts):
    """Return the level that maximises the between-class variance, as Otsu (1979) defines it."""
    total, mean = int64(0), int64(0)
    for block in range(counts.shape[0]):
        for level in range(256):
            total += counts[block, level]
            mean += level * counts[block, level]
    scale = 1.0 / float64(total)
    below, moment, best, threshold = 0.0, 0.0, 0.0, 0
    for level in range(256):
        count = int64(0)
        for block in range(counts.shape[0]):
            count += counts[block, level]
        fraction = float64(count) * scale
        below += fraction
        mean_of_below = mean_below(below, moment, level * fraction)
        moment = below * mean_of_below
        inertia = between_class_variance(below, mean_of_below, moment, float64(mean) * scale)
        if inertia > best:
            best, threshold = inertia, level
    return threshold


@serial
def fraction_of(value, itemsize):
    """Return a value of a map in [0, 1]: bytes are divided by 255."""
    return float32(float32(value) * float32(1 / 255)) if itemsize == 1 else clipped(value)


@banded
def cut_levels(levels, threshold, start, stop):
    """Set grey levels to 255 above the threshold, and to 0 elsewhere."""
    part = levels[start:stop]
    for i in range(part.size):
        part[i] = 255 if part[i] > threshold else 0


@banded
def add_up_fixed(values, sums, start, stop):
    """Fill with the sum of each block of values as `fixed`, in two parts."""
    for block in range(start, stop):
        high, low = int64(0), int64(0)
        for at in range(block * BLOCK, min((block + 1) * BLOCK, values.size), FITTING):
            total, part = int64(0), values[at : at + FITTING]
            for i in range(part.size):
                total += fixed(fraction_of(part[i], part.itemsize))
            high += total >> LOW_BITS
            low += total & ((int64(1) << LOW_BITS) - 1)
        sums[block, 0], sums[block, 1] = high, low


@serial
def bound_of(sums, count):
    """Return the adaptive threshold of Achanta et al. (2009): twice the mean of all values."""
    high, low = int64(0), int64(0)
    for block in range(sums.shape[0]):
        high += sums[block, 0]
        low += sums[block, 1]
    return twice_the_mean(high, low, count)


@banded
def paint_above(values, bound, binary, start, stop):
    """Fill with 255 where the value is above the bound, else 0."""
    source, target = values[start:stop], binary[start:stop]
    for i in range(target.size):
        target[i] = 255 if fraction_of(source[i], source.itemsize) > bound else 0


@serial
def best_of(inertias):
    """Return the attempt with minimum inertia, or -1 if all are infinite."""
    best, minimum = -1, np.inf
    for attempt in range(inertias.size):
        if inertias[attempt] < minimum:
            best, minimum = attempt, inertias[attempt]
    return best


@serial
def fill_table(centres, sizes, table):
    """Fill with 255 for the clusters that Otsu's method takes for foreground, else 0."""
    counts = np.zeros((1, 256), np.int64)
    for k in range(CLUSTERS):
        counts[0, level_of(float32(float32(255) * centres[k]))] += sizes[k]
    threshold = otsu(counts)
    for k in range(CLUSTERS):
        table[k] = 255 if level_of(float32(float32(255) * centres[k])) > threshold else 0


@banded
def paint_clusters(values, old, extent, moved, table, binary, start, stop):
    """Fill with the table's entry for the cluster of each value."""
    edges, owners = np.empty(CLUSTERS, np.float32), np.empty(CLUSTERS, np.int64)
    source, target = values[start:stop], binary[start:stop]
    if fill_intervals(old, extent[0], extent[1], edges, owners):
        p, q, r, s = edges[0], edges[1], edges[2], edges[3]
        a, b, c = table[owners[0]], table[owners[1]], table[owners[2]]
        d, e = table[owners[3]], table[owners[4]]
        for i in range(target.size):
            value = source[i]
            upper = e if value > s else (d if value > r else c)
            target[i] = upper if value > q else (b if value > p else a)
    else:
        for i in range(target.size):
            target[i] = table[label_of(source[i], old)]
    for k in range(CLUSTERS):
        if start <= moved[k] < stop:
            binary[moved[k]] = table[k]


@serial
def region_sums(values, labels, count):
    """Return the sum of the values of each label, 0 to count - 1."""
    sums = np.zeros(count, np.float64)
    label, total = labels[0], 0.0
    for i in range(values.size):
        if labels[i] != label:  # runs are long, and a register is faster than a table
            sums[label] += total
            label, total = labels[i], 0.0
        total += values[i]
    sums[label] += total
    return sums
