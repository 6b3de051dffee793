"""OpenCV's k-means on a CUDA device, to the bit: a block per attempt runs it to its end.

OpenCV adds values up one by one in float32. While a sum stays between two powers of two, each adds
a multiple of one unit to it, whatever the sum: each thread adds up multiples of a few values in a
row, and one thread per cluster adds these up in order. Where a sum passes a power of two, or a
value lies half-way between two multiples, that thread takes these few values one by one; after a
new power the threads do again what is left of their round.
"""

from numba import cuda, float32, float64, int32, int64

from ...kernels.jit import device, kernel
from ._cuda_reads import otsu, times, value_at
from ._draws import ATTEMPTS, CLUSTERS, LANES, MAX_STEPS
from ._math import (
    bits_of,
    level_of,
    mean_of,
    moved_far,
    nearest,
    squared,
    start_of,
    value_of,
)

MAX_THREADS = 256
SPAN = 64  # values in a row per thread
LARGE = float32(8)  # times a value: from here on the multiples of a span fit 32 bits
TROUBLE = 1 << 30  # in a count: its values must be added one by one
_INFINITE = float("inf")
ONE = 1 << 23  # power of two further, in the bits of a float32


@kernel
def reset_extents(extents):
    """Make the extents of all frames empty."""
    frame = cuda.grid(1)
    if frame < extents.shape[0]:
        extents[frame, 0], extents[frame, 1] = (1 << 31) - 1, -(1 << 31)


@kernel
def fill_extents(pixels, extents):
    """Fill with the least and the greatest value of each frame, as integers in their order."""
    part = cuda.shared.array(2, int32)
    frame = cuda.blockIdx.y
    while frame < pixels.shape[0]:
        if cuda.threadIdx.x == 0:
            part[0], part[1] = (1 << 31) - 1, -(1 << 31)
        cuda.syncthreads()
        low, high = int32((1 << 31) - 1), int32(-(1 << 31))
        i = cuda.grid(1)
        while i < pixels.shape[1]:
            key = _turned(bits_of(value_at(pixels, frame, i)))
            low, high = min(low, key), max(high, key)
            i += cuda.gridsize(1)
        cuda.atomic.min(part, 0, low)
        cuda.atomic.max(part, 1, high)
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            cuda.atomic.min(extents, (frame, 0), part[0])
            cuda.atomic.max(extents, (frame, 1), part[1])
        cuda.syncthreads()
        frame += cuda.gridDim.y


@device
def _turned(bits):
    """Return bits of a float32 as integers in the order of values, or these as bits."""
    return bits if bits >= 0 else int32(bits ^ int32((1 << 31) - 1))


@kernel
def cluster(pixels, starts, extents, centres, old, sizes, moved, spreads):
    """Run each attempt on each frame: fill its centres, those before, sizes, moves and spread."""
    now = cuda.shared.array(CLUSTERS, float32)
    before = cuda.shared.array(CLUSTERS, float32)
    sums = cuda.shared.array(CLUSTERS, float32)
    counts = cuda.shared.array(CLUSTERS, int32)
    places = cuda.shared.array(CLUSTERS, int32)
    goes_on = cuda.shared.array(1, int32)
    me, attempt, frame = cuda.threadIdx.x, cuda.blockIdx.x, cuda.blockIdx.y
    while frame < pixels.shape[0]:
        if me < CLUSTERS:
            low = value_of(_turned(extents[frame, 0]))
            high = value_of(_turned(extents[frame, 1]))
            offset = times(starts[attempt * CLUSTERS + me], float32(high - low))
            now[me] = start_of(offset, low)
        if me == 0:
            goes_on[0] = 1
        step = 1
        cuda.syncthreads()
        while step < MAX_STEPS and goes_on[0]:
            if me < CLUSTERS:
                before[me], sums[me], counts[me], places[me] = now[me], 0, 0, -1
            cuda.syncthreads()
            _add_up(pixels, frame, before, sums, counts)
            _fill_empty(pixels, frame, before, sums, counts, places)
            if me == 0:
                goes_on[0] = 0
                for k in range(CLUSTERS):
                    now[k] = mean_of(sums[k], counts[k])
                    goes_on[0] |= int32(moved_far(now[k], before[k]))
            cuda.syncthreads()
            step += 1
        spread = _spread(pixels, frame, before, now, places)
        if me == 0:
            spreads[frame, attempt] = spread
        if me < CLUSTERS:
            centres[frame, attempt, me], old[frame, attempt, me] = now[me], before[me]
            sizes[frame, attempt, me], moved[frame, attempt, me] = counts[me], places[me]
        cuda.syncthreads()
        frame += cuda.gridDim.y


@device
def _label(value, centres):
    return nearest(value, centres[0], centres[1], centres[2], centres[3], centres[4])


@device
def _add_up(pixels, frame, centres, sums, counts):
    """Add to the sums and counts of each centre the values nearest to it, in their order."""
    parts = cuda.shared.array((MAX_THREADS, CLUSTERS), int32)
    members = cuda.shared.array((MAX_THREADS, CLUSTERS), int32)
    powers = cuda.shared.array(CLUSTERS, float32)
    firsts = cuda.shared.array(CLUSTERS, int32)
    is_done = cuda.shared.array(1, int32)
    me = cuda.threadIdx.x
    if me < CLUSTERS:
        powers[me] = 0
    tile = 0
    while tile < pixels.shape[1]:
        start = tile + me * SPAN
        if me < CLUSTERS:
            firsts[me] = 0
        if me == 0:
            is_done[0] = 0
        cuda.syncthreads()
        while not is_done[0]:
            _add_span(pixels, frame, start, centres, powers, firsts, parts, members)
            cuda.syncthreads()
            if me == 0:
                is_done[0] = 1
            cuda.syncthreads()
            if me < CLUSTERS:
                stopped = _add_spans(
                    pixels, frame, tile, centres, me, powers, firsts, parts, members, sums, counts
                )
                if stopped:
                    is_done[0] = 0
            cuda.syncthreads()
        cuda.syncthreads()  # all have seen that it is done before the next round says it is not
        tile += cuda.blockDim.x * SPAN


@device
def _add_span(pixels, frame, start, centres, powers, firsts, parts, members):
    """Add up the multiples of one thread's values, per cluster."""
    me = cuda.threadIdx.x
    for k in range(CLUSTERS):
        parts[me, k], members[me, k] = 0, 0
    for i in range(start, min(start + SPAN, pixels.shape[1])):
        value = value_at(pixels, frame, i)
        k = _label(value, centres)
        members[me, k] += 1
        if value != 0 and me >= firsts[k]:
            power = powers[k]
            bits = bits_of(power)
            multiple = bits_of(float32(value + power)) - bits
            # Half-way between two multiples, what is added to an odd one is not what is to an even.
            other = bits_of(float32(value + value_of(bits + 1))) - bits - 1
            if value < 0 or not power > LARGE * value or multiple != other:
                members[me, k] |= TROUBLE
            else:
                parts[me, k] += multiple


@device
def _add_spans(pixels, frame, tile, centres, k, powers, firsts, parts, members, sums, counts):
    """Add up what the threads have of one cluster; return whether a new power stopped it."""
    total, power = sums[k], powers[k]
    for thread in range(firsts[k], cuda.blockDim.x):
        count = members[thread, k]
        counts[k] += count & (TROUBLE - 1)
        grown = bits_of(total) + parts[thread, k]
        if not count & TROUBLE and (parts[thread, k] == 0 or grown < bits_of(power) + ONE):
            total = value_of(grown)
            continue
        start = tile + thread * SPAN
        for i in range(start, min(start + SPAN, pixels.shape[1])):
            value = value_at(pixels, frame, i)
            if _label(value, centres) == k:
                total = float32(total + value)
        reached = value_of(bits_of(total) & ~(ONE - 1)) if total > 0 else float32(0)
        if reached != power:
            sums[k], powers[k], firsts[k] = total, reached, thread + 1
            return True
    sums[k], firsts[k] = total, cuda.blockDim.x
    return False


@device
def _fill_empty(pixels, frame, centres, sums, counts, places):
    """Give each empty cluster the value of the largest that is farthest from its mean."""
    most = cuda.shared.array(1, int64)
    me = cuda.threadIdx.x
    for empty in range(CLUSTERS):
        if counts[empty] > 0:
            continue
        largest = 0
        for k in range(1, CLUSTERS):
            largest = k if counts[k] > counts[largest] else largest
        mean = mean_of(sums[largest], counts[largest])
        if me == 0:
            most[0] = -1
        cuda.syncthreads()
        found = _farthest(pixels, frame, centres, largest, mean, places)
        cuda.atomic.max(most, 0, found)
        cuda.syncthreads()
        if me == 0:
            place = int32(most[0] & ((int64(1) << 32) - 1))
            value = value_at(pixels, frame, place)
            sums[largest] = float32(sums[largest] - value)
            sums[empty] = float32(sums[empty] + value)
            counts[largest] -= 1
            counts[empty] += 1
            places[empty] = place
        cuda.syncthreads()


@device
def _farthest(pixels, frame, centres, cluster, mean, places):
    """Return the distance, above its place, of what is farthest of a thread's share of values."""
    most = int64(-1)
    i = cuda.threadIdx.x
    while i < pixels.shape[1]:
        value = value_at(pixels, frame, i)
        if _label(value, centres) == cluster and not _is_moved(i, places):
            most = max(most, (int64(bits_of(squared(value, mean))) << 32) | int64(i))
        i += cuda.blockDim.x
    return most


@device
def _is_moved(i, places):
    found = False
    for k in range(CLUSTERS):
        found |= places[k] == i
    return found


@device
def _spread(pixels, frame, before, now, places):
    """Return the sum of the squared distances, in the order in which the CPU adds them up."""
    lanes = cuda.shared.array(LANES, float64)
    lane = cuda.threadIdx.x
    while lane < LANES:
        total = 0.0
        for i in range(lane, pixels.shape[1], LANES):
            value = value_at(pixels, frame, i)
            total += float64(squared(value, now[_label(value, before)]))
        lanes[lane] = total
        lane += cuda.blockDim.x
    cuda.syncthreads()
    total = 0.0
    for lane in range(LANES):  # on every thread, though one answer is enough
        total += lanes[lane]
    for k in range(CLUSTERS):
        if places[k] >= 0:
            value = value_at(pixels, frame, places[k])
            total -= float64(squared(value, now[_label(value, before)]))
            total += float64(squared(value, now[k]))
    return total


@kernel
def choose(centres, old, sizes, moved, spreads, counts, tables):
    """Put the best attempt of each frame first, and fill the table: 255 for its foreground."""
    frame = cuda.grid(1)
    if frame >= spreads.shape[0]:
        return
    best, least = 0, float64(_INFINITE)
    for attempt in range(ATTEMPTS):
        if spreads[frame, attempt] < least:
            best, least = attempt, spreads[frame, attempt]
    for level in range(256):
        counts[frame, level] = 0
    for k in range(CLUSTERS):
        level = level_of(times(float32(255), centres[frame, best, k]))
        counts[frame, level] += sizes[frame, best, k]
        old[frame, 0, k], moved[frame, 0, k] = old[frame, best, k], moved[frame, best, k]
    threshold = otsu(counts, frame)
    for k in range(CLUSTERS):
        level = level_of(times(float32(255), centres[frame, best, k]))
        tables[frame, k] = 255 if level > threshold and least < _INFINITE else 0


@kernel
def paint_clusters(pixels, old, moved, tables, out):
    """Fill with what the table says of the cluster of each value."""
    frame = cuda.blockIdx.y
    while frame < out.shape[0]:
        a, b, c = old[frame, 0, 0], old[frame, 0, 1], old[frame, 0, 2]
        d, e = old[frame, 0, 3], old[frame, 0, 4]
        i = cuda.grid(1)
        while i < out.shape[1]:
            label = nearest(value_at(pixels, frame, i), a, b, c, d, e)
            for k in range(CLUSTERS):
                label = k if moved[frame, 0, k] == i else label
            out[frame, i] = tables[frame, label]
            i += cuda.gridsize(1)
        frame += cuda.gridDim.y
