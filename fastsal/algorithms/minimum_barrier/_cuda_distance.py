"""Minimum barrier distances on a CUDA device: a block per plane, a thread per cell of a diagonal.

A raster pass reads the new values to the left and above, which lie on the diagonal before. So the
cells of one diagonal do not depend on each other, and going from diagonal to diagonal gives the
bits of the raster order.
"""

from numba import cuda

from ...kernels import launch
from ...kernels.jit import device, kernel
from ._formulas import PASSES, closer, first_row, last_row


def fill_distances(planes, bounds, low, high):
    """Fill `low` and `high`, whose gaps are the distances, from `planes`: all (N, planes, h, w)."""
    blocks = planes.shape[1], launch.capped(len(planes))
    _fill_distances[blocks, launch.THREADS](planes, bounds, low, high)


@kernel
def _fill_distances(planes, bounds, low, high):
    plane, frame = cuda.blockIdx.x, cuda.blockIdx.y
    while frame < planes.shape[0]:
        top, bottom, left, right = (
            bounds[frame, 0], bounds[frame, 1], bounds[frame, 2], bounds[frame, 3],
        )  # fmt: skip
        rows, cols = bottom - top, right - left
        i = cuda.threadIdx.x
        while i < rows * cols:
            row, col = top + i // cols, left + i % cols
            low[frame, plane, row, col] = planes[frame, plane, row, col]
            high[frame, plane, row, col] = planes[frame, plane, row, col]
            i += cuda.blockDim.x
        cuda.syncthreads()
        inner = planes[frame, plane], low[frame, plane], high[frame, plane]
        for number in range(PASSES):
            step = -1 if number % 2 == 0 else 1
            for order in range(2, rows + cols - 3):
                diagonal = order if step < 0 else rows + cols - 2 - order
                row = first_row(diagonal, cols) + cuda.threadIdx.x
                while row <= last_row(diagonal, rows):
                    _relax(number == 0, inner, top + row, left + diagonal - row, step)
                    row += cuda.blockDim.x
                cuda.syncthreads()
        frame += cuda.gridDim.y


@device
def _relax(is_first, inner, row, col, step):
    values, low, high = inner
    least, greatest = closer(
        is_first, values[row, col], low[row, col], high[row, col],
        low[row, col + step], high[row, col + step], low[row + step, col], high[row + step, col],
    )  # fmt: skip
    low[row, col] = least
    high[row, col] = greatest
