"""OpenCV's k-means on a CUDA device, bit for bit: one block per attempt runs all iterations.

OpenCV adds float32 values one by one. Between two powers of two, each value adds a multiple of one
unit. Each thread sums the multiples of a few consecutive values, and one thread per cluster adds
these sums in order. Where a sum passes a power of two, or a value lies half-way between two
multiples, that thread adds the values one by one. After a new power the threads repeat the rest of
their iteration.
"""

from numba import cuda, float32, float64, int32, int64

from ...kernels.jit import device, kernel
from ._draws import CLUSTERS, LANES, MAX_STEPS
from ._formulas import (
    between_class_variance,
    bits_of,
    clipped,
    level_of,
    mean_below,
    mean_of,
    moved_far,
    nearest,
    squared,
    start_of,
    value_of,
)


@kernel
def reset_extents(extents):
    """Make the extents of all frames empty."""
    frame = cuda.grid(1)
    if frame < extents.shape[0]:
        extents[frame, 0], extents[frame, 1] = (1 << 31) - 1, -(1 << 31)


@kernel
def fill_extents(pixels, extents):
    """Fill with the minimum and maximum of each frame, as integers in their order."""
    part = cuda.shared.array(2, int32)
    frame = cuda.blockIdx.y
    if cuda.threadIdx.x == 0:
        part[0], part[1] = (1 << 31) - 1, -(1 << 31)
    cuda.syncthreads()
    low, high = int32((1 << 31) - 1), int32(-(1 << 31))
    i = cuda.grid(1)
    while i < pixels.shape[1]:
        key = _sort_key(bits_of(value_at(pixels, frame, i)))
        low, high = min(low, key), max(high, key)
        i += cuda.gridsize(1)
    cuda.atomic.min(part, 0, low)
    cuda.atomic.max(part, 1, high)
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        cuda.atomic.min(extents, (frame, 0), part[0])
        cuda.atomic.max(extents, (frame, 1), part[1])


@device
def _sort_key(bits):
    """Return bits of a float32 as integers in the order of values, or these as bits."""
    return bits if bits >= 0 else int32(bits ^ int32((1 << 31) - 1))


@kernel
def cluster(pixels, starts, extents, centres, old, sizes, moved, inertias):
    """Run each attempt on each frame: fill its centres, those before, sizes, moves and spread."""
    now = cuda.shared.array(CLUSTERS, float32)
    before = cuda.shared.array(CLUSTERS, float32)
    sums = cuda.shared.array(CLUSTERS, float32)
    counts = cuda.shared.array(CLUSTERS, int32)
    places = cuda.shared.array(CLUSTERS, int32)
    goes_on = cuda.shared.array(1, int32)
    me, attempt, frame = cuda.threadIdx.x, cuda.blockIdx.x, cuda.blockIdx.y
    if me < CLUSTERS:
        low = value_of(_sort_key(extents[frame, 0]))
        high = value_of(_sort_key(extents[frame, 1]))
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
        add_up(pixels, frame, before, sums, counts)
        _fill_empty(pixels, frame, before, sums, counts, places)
        if me == 0:
            goes_on[0] = 0
            for k in range(CLUSTERS):
                now[k] = mean_of(sums[k], counts[k])
                goes_on[0] |= int32(moved_far(now[k], before[k]))
        cuda.syncthreads()
        step += 1
    inertia = _inertia(pixels, frame, before, now, places)
    if me == 0:
        inertias[frame, attempt] = inertia
    if me < CLUSTERS:
        centres[frame, attempt, me], old[frame, attempt, me] = now[me], before[me]
        sizes[frame, attempt, me], moved[frame, attempt, me] = counts[me], places[me]


@device
def _fill_empty(pixels, frame, centres, sums, counts, places):
    """Give each empty cluster the value of the largest that is farthest from its mean."""
    maximum = cuda.shared.array(1, int64)
    me = cuda.threadIdx.x
    for empty in range(CLUSTERS):
        if counts[empty] > 0:
            continue
        largest = 0
        for k in range(1, CLUSTERS):
            largest = k if counts[k] > counts[largest] else largest
        mean = mean_of(sums[largest], counts[largest])
        if me == 0:
            maximum[0] = -1
        cuda.syncthreads()
        result = _farthest(pixels, frame, centres, largest, mean, places)
        cuda.atomic.max(maximum, 0, result)
        cuda.syncthreads()
        if me == 0:
            place = int32(max(int64(0), maximum[0]) & ((int64(1) << 32) - 1))
            value = value_at(pixels, frame, place)
            sums[largest] = float32(sums[largest] - value)
            sums[empty] = float32(sums[empty] + value)
            counts[largest] -= 1
            counts[empty] += 1
            places[empty] = place
        cuda.syncthreads()


@device
def _farthest(pixels, frame, centres, cluster, mean, places):
    """Return the distance, in bits above the place, of the farthest of a thread's values."""
    maximum = int64(-1)
    i = cuda.threadIdx.x
    while i < pixels.shape[1]:
        value = value_at(pixels, frame, i)
        if label_of(value, centres) == cluster and not _is_moved(i, places):
            maximum = max(maximum, (int64(bits_of(squared(value, mean))) << 32) | int64(i))
        i += cuda.blockDim.x
    return maximum


@device
def _is_moved(i, places):
    result = False
    for k in range(CLUSTERS):
        result |= places[k] == i
    return result


@device
def _inertia(pixels, frame, before, now, places):
    """Return the sum of the squared distances, in the order in which the CPU adds them up."""
    lanes = cuda.shared.array(LANES, float64)
    lane = cuda.threadIdx.x
    while lane < LANES:
        total = 0.0
        for i in range(lane, pixels.shape[1], LANES):
            value = value_at(pixels, frame, i)
            total += float64(squared(value, now[label_of(value, before)]))
        lanes[lane] = total
        lane += cuda.blockDim.x
    cuda.syncthreads()
    total = 0.0
    for lane in range(LANES):  # computed by every thread, although one result is enough
        total += lanes[lane]
    for k in range(CLUSTERS):
        if places[k] >= 0:
            value = value_at(pixels, frame, places[k])
            total -= float64(squared(value, now[label_of(value, before)]))
            total += float64(squared(value, now[k]))
    return total


MAX_THREADS = 256
SPAN = 64  # values in a row per thread
LARGE = float32(8)  # times a value: from here on the multiples of a span fit 32 bits
TROUBLE = 1 << 30  # in a count: its values must be added one by one
ONE = 1 << 23  # power of two further, in the bits of a float32


@device
def label_of(value, centres):
    return nearest(value, centres[0], centres[1], centres[2], centres[3], centres[4])


@device
def add_up(pixels, frame, centres, sums, counts):
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
        cuda.syncthreads()  # all threads must read the flag before the next iteration clears it
        tile += cuda.blockDim.x * SPAN


@device
def _add_span(pixels, frame, start, centres, powers, firsts, parts, members):
    """Add up the multiples of one thread's values, per cluster."""
    me = cuda.threadIdx.x
    for k in range(CLUSTERS):
        parts[me, k], members[me, k] = 0, 0
    for i in range(start, min(start + SPAN, pixels.shape[1])):
        value = value_at(pixels, frame, i)
        k = label_of(value, centres)
        members[me, k] += 1
        if value != 0 and me >= firsts[k]:
            power = powers[k]
            bits = bits_of(power)
            multiple = bits_of(float32(value + power)) - bits
            # Half-way between two multiples, odd and even sums add different ones.
            other = bits_of(float32(value + value_of(bits + 1))) - bits - 1
            if value < 0 or not power > LARGE * value or multiple != other:
                members[me, k] |= TROUBLE
            else:
                parts[me, k] += multiple


@device
def _add_spans(pixels, frame, tile, centres, k, powers, firsts, parts, members, sums, counts):
    """Add the sums of all threads for one cluster; return whether a new power stopped it."""
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
            if label_of(value, centres) == k:
                total = float32(total + value)
        reached = value_of(bits_of(total) & ~(ONE - 1)) if total > 0 else float32(0)
        if reached != power:
            sums[k], powers[k], firsts[k] = total, reached, thread + 1
            return True
    sums[k], firsts[k] = total, cuda.blockDim.x
    return False


_GREATEST = float32(3.4028234663852886e38)


@device
def times(a, b):
    """Return the product of two float32, rounded before any sum."""
    return cuda.fma(a, b, float32(-0.0))


@device
def times_in_double(a, b):
    """Return the product of two float64, rounded before any sum."""
    return cuda.fma(a, b, float64(-0.0))


@device
def fraction_at(pixels, frame, i):
    """Return a value of a map in [0, 1]: bytes are divided by 255."""
    value = float32(pixels[frame, i])
    return times(value, float32(1 / 255)) if pixels.itemsize == 1 else clipped(value)


@device
def level_at(pixels, frame, i):
    """Return a value of a map as a level of grey."""
    value = float32(pixels[frame, i])
    return level_of(value if pixels.itemsize == 1 else times(float32(255), clipped(value)))


@device
def value_at(pixels, frame, i):
    """Return a value of a map as k-means takes it: of any size, but a number."""
    value = float32(pixels[frame, i])
    if pixels.itemsize == 1:
        return times(value, float32(1 / 255))
    return value if abs(value) <= _GREATEST else float32(0)


@device
def otsu(counts, frame):
    """Return the level that maximises the between-class variance of a frame (Otsu 1979)."""
    total, mean = int64(0), int64(0)
    for level in range(256):
        total += counts[frame, level]
        mean += level * counts[frame, level]
    scale = 1.0 / float64(total)
    whole_mean = times_in_double(float64(mean), scale)
    below, moment, best, threshold = 0.0, 0.0, 0.0, 0
    for level in range(256):
        fraction = times_in_double(float64(counts[frame, level]), scale)
        below += fraction
        part = times_in_double(float64(level), fraction)
        mean_of_below = mean_below(below, moment, part)
        moment = times_in_double(below, mean_of_below)
        inertia = between_class_variance(below, mean_of_below, moment, whole_mean)
        if inertia > best:
            best, threshold = inertia, level
    return threshold
