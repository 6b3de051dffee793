"""Reductions over the threads of a CUDA block; their number is a power of two."""

from numba import cuda

from .jit import device

MAX_THREADS = 1024  # of a block, on every device


@device
def range_of_block(low, high, lows, highs):
    """Return the smallest and the greatest value of all threads of a block, to each of them.

    `lows` and `highs` are shared arrays with an item per thread.
    """
    me, half = cuda.threadIdx.x, cuda.blockDim.x >> 1
    lows[me], highs[me] = low, high
    cuda.syncthreads()
    while half > 0:
        if me < half:
            lows[me] = min(lows[me], lows[me + half])
            highs[me] = max(highs[me], highs[me + half])
        cuda.syncthreads()
        half >>= 1
    low, high = lows[0], highs[0]
    cuda.syncthreads()
    return low, high


@device
def add_up_block(parts):
    """Add up each row of a shared array, (rows, threads), in pairs; column 0 ends as the sums."""
    me, half = cuda.threadIdx.x, cuda.blockDim.x >> 1
    cuda.syncthreads()
    while half > 0:
        if me < half:
            for row in range(parts.shape[0]):
                parts[row, me] += parts[row, me + half]
        cuda.syncthreads()
        half >>= 1
