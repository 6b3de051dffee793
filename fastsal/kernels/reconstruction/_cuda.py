"""Reconstruction on a CUDA device: a block per image sweeps in four directions until it is done."""

from numba import cuda, int32

from .. import launch
from ..jit import device, kernel
from ._formulas import grown


def reconstruct(masks, maps):
    """Grow `maps` under `masks`, bytes, both (N, h, w), until nothing changes: 8 neighbours.

    `maps` start at most at their masks. The result is unique, so any order gives the same bytes.
    """
    _reconstruct[len(maps), 2 * launch.THREADS](masks, maps)


@kernel
def _reconstruct(masks, maps):
    changed = cuda.shared.array(1, int32)
    frame = cuda.blockIdx.x
    is_busy = True
    while is_busy:
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            changed[0] = 0
        cuda.syncthreads()
        for step in (1, -1):
            _sweep_rows(masks[frame], maps[frame], step, changed)
            _sweep_cols(masks[frame], maps[frame], step, changed)
        is_busy = changed[0] != 0


@device
def _sweep_rows(mask, seed, step, changed):
    """Grow each row from the one before: threads take columns."""
    rows, cols = mask.shape
    for index in range(1, rows):
        row = index if step > 0 else rows - 1 - index
        col = cuda.threadIdx.x
        while col < cols:
            before = seed[row - step, col]
            if col > 0:
                before = max(before, seed[row - step, col - 1])
            if col < cols - 1:
                before = max(before, seed[row - step, col + 1])
            _grow(mask, seed, row, col, before, changed)
            col += cuda.blockDim.x
        cuda.syncthreads()


@device
def _sweep_cols(mask, seed, step, changed):
    """Grow each column from the one before: threads take rows. The rows' kernel handles corners."""
    rows, cols = mask.shape
    for index in range(1, cols):
        col = index if step > 0 else cols - 1 - index
        row = cuda.threadIdx.x
        while row < rows:
            _grow(mask, seed, row, col, seed[row, col - step], changed)
            row += cuda.blockDim.x
        cuda.syncthreads()


@device
def _grow(mask, seed, row, col, neighbor, changed):
    value = grown(seed[row, col], neighbor, mask[row, col])
    if value != seed[row, col]:
        seed[row, col] = value
        changed[0] = 1
