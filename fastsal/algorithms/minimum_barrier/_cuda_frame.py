"""Artificial frames around images, found on a CUDA device: a block per image."""

from numba import cuda, int32, int64

from ...kernels import launch
from ...kernels.borders import reflect101
from ...kernels.color._formulas import luma
from ...kernels.jit import device, kernel
from ._formulas import FRAME, SMALLEST, cut, is_edge, is_line, slope

_WEIGHTS = (9798, 19235, 3735)  # of red, green and blue in luma
_LINES = 4 * FRAME


def fill_bounds(colors, bounds):
    """Fill `bounds`, (N, 4), with the first and last + 1 row and column inside each frame."""
    _fill_bounds[len(colors), launch.THREADS](colors, bounds)


@kernel
def _fill_bounds(colors, bounds):
    counts = cuda.shared.array(_LINES, int32)
    rows, cols = colors.shape[2:]
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    frame = cuda.blockIdx.x
    line = me
    while line < _LINES:
        counts[line] = 0
        line += threads
    cuda.syncthreads()
    if min(rows, cols) >= SMALLEST:
        _count(colors[frame], counts)
    cuda.syncthreads()
    if me == 0:
        _cut_off(counts, rows, cols, bounds[frame])


@device
def _count(colors, counts):
    """Count the edges of each line, FRAME lines to a side."""
    rows, cols = colors.shape[1], colors.shape[2]
    longer = max(rows, cols)
    i = cuda.threadIdx.x
    while i < _LINES * longer:
        line, place = i // longer, i % longer
        side, depth = line // FRAME, line % FRAME
        length = cols if side < 2 else rows
        if place < length:
            edge = _edge(colors, side, depth, place, length)
            if is_edge(edge, edge) and is_edge(
                edge, _strongest(colors, side, depth, place, length)
            ):
                cuda.atomic.add(counts, line, 1)
        i += cuda.blockDim.x


@device
def _strongest(colors, side, depth, place, length):
    """Return the strongest edge of a window of 5 x 5."""
    strongest = int32(0)
    for line in range(max(depth - 2, 0), min(depth + 3, FRAME)):
        for other in range(max(place - 2, 0), min(place + 3, length)):
            strongest = max(strongest, _edge(colors, side, line, other, length))
    return strongest


@device
def _edge(colors, side, depth, place, length):
    """Return the slope of luma across the lines of a side; the border is mirrored."""
    before, after = abs(depth - 1), depth + 1
    left, right = reflect101(place - 1, length), reflect101(place + 1, length)
    return slope(
        _luma(colors, side, before, left), _luma(colors, side, before, place),
        _luma(colors, side, before, right), _luma(colors, side, after, left),
        _luma(colors, side, after, place), _luma(colors, side, after, right),
    )  # fmt: skip


@device
def _luma(colors, side, depth, place):
    planes, rows, cols = colors.shape
    row, col = place, place
    if side == 0:
        row = depth
    elif side == 1:
        row = rows - 1 - depth
    elif side == 2:
        col = depth
    else:
        col = cols - 1 - depth
    if planes == 1:
        return int32(colors[0, row, col])
    return int32(luma(colors[0, row, col], colors[1, row, col], colors[2, row, col], _WEIGHTS))


@device
def _cut_off(counts, rows, cols, bounds):
    margins = cuda.local.array(4, int64)
    greatest = sides = int64(0)
    for side in range(4):
        margins[side] = 0
        for depth in range(FRAME):
            if is_line(counts[FRAME * side + depth], cols if side < 2 else rows):
                margins[side] = depth + 1
        greatest = max(greatest, margins[side])
        if margins[side] > 0:
            sides += 1
    bounds[0] = cut(margins[0], greatest, sides)
    bounds[1] = rows - cut(margins[1], greatest, sides)
    bounds[2] = cut(margins[2], greatest, sides)
    bounds[3] = cols - cut(margins[3], greatest, sides)
