"""OpenCV's k-means on a CUDA device, to the bit: a block per attempt runs it to its end."""

from numba import cuda, float32, float64, int32, int64

from ...kernels.jit import device, kernel
from ._cuda_reads import times, value_at
from ._cuda_sums import add_up, label_of
from ._draws import CLUSTERS, LANES, MAX_STEPS
from ._formulas import bits_of, mean_of, moved_far, squared, start_of, value_of


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
            add_up(pixels, frame, before, sums, counts)
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
            place = int32(max(int64(0), most[0]) & ((int64(1) << 32) - 1))
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
        if label_of(value, centres) == cluster and not _is_moved(i, places):
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
            total += float64(squared(value, now[label_of(value, before)]))
        lanes[lane] = total
        lane += cuda.blockDim.x
    cuda.syncthreads()
    total = 0.0
    for lane in range(LANES):  # on every thread, though one answer is enough
        total += lanes[lane]
    for k in range(CLUSTERS):
        if places[k] >= 0:
            value = value_at(pixels, frame, places[k])
            total -= float64(squared(value, now[label_of(value, before)]))
            total += float64(squared(value, now[k]))
    return total
