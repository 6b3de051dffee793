"""OpenCV's sums in float32 on a CUDA device, to the bit, by a block of threads.

OpenCV adds values up one by one. While a sum stays between two powers of two, each value adds a
multiple of one unit to it, whatever the sum: each thread adds up the multiples of a few values in
a row, and one thread per cluster adds these up in order. Where a sum passes a power of two, or a
value lies half-way between two multiples, that thread takes these few values one by one; after a
new power the threads do again what is left of their round.
"""

from numba import cuda, float32, int32

from ...kernels.jit import device
from ._cuda_reads import value_at
from ._draws import CLUSTERS
from ._formulas import bits_of, nearest, value_of

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
        k = label_of(value, centres)
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
            if label_of(value, centres) == k:
                total = float32(total + value)
        reached = value_of(bits_of(total) & ~(ONE - 1)) if total > 0 else float32(0)
        if reached != power:
            sums[k], powers[k], firsts[k] = total, reached, thread + 1
            return True
    sums[k], firsts[k] = total, cuda.blockDim.x
    return False
