"""Four orientations at every scale, from row filters and column filters of nine taps."""

from numba import cuda, float32, int32

from ...kernels.borders import reflect
from ...kernels.jit import device, kernel
from ._formulas import symmetric


@kernel
def filter_rows(blocks, sizes, taps, energy, planes, filtered):
    """Fill with rows under Gaussian, cosine, sine, slow cosine and slow sine."""
    level = blocks[cuda.blockIdx.x, 0]
    cols, offset = sizes[level, 1], sizes[level, 2]
    i = blocks[cuda.blockIdx.x, 1] + int32(cuda.threadIdx.x)
    if i >= sizes[level, 0] * cols:
        return
    row = i // cols
    col = i - row * cols
    start = offset + row * cols
    frame = cuda.blockIdx.z
    while frame < planes.shape[0]:
        source = planes[frame, 0]
        middle = source[start + col]
        l1, r1 = source[start + reflect(col - 1, cols)], source[start + reflect(col + 1, cols)]
        l2, r2 = source[start + reflect(col - 2, cols)], source[start + reflect(col + 2, cols)]
        l3, r3 = source[start + reflect(col - 3, cols)], source[start + reflect(col + 3, cols)]
        l4, r4 = source[start + reflect(col - 4, cols)], source[start + reflect(col + 4, cols)]
        target = filtered[frame]
        at = offset + i
        p1, p2, p3, p4 = l1 + r1, l2 + r2, l3 + r3, l4 + r4
        target[0, at] = symmetric(_half(taps, 0), middle, p1, p2, p3, p4)
        target[1, at] = symmetric(_half(taps, 1), middle, p1, p2, p3, p4)
        target[3, at] = symmetric(_half(taps, 3), middle, p1, p2, p3, p4)
        p1, p2, p3, p4 = r1 - l1, r2 - l2, r3 - l3, r4 - l4
        target[4, at] = symmetric(_half(taps, 4), float32(0), p1, p2, p3, p4)
        if energy:
            target[2, at] = symmetric(_half(taps, 2), float32(0), p1, p2, p3, p4)
        frame += cuda.gridDim.z


@kernel
def filter_columns(blocks, sizes, taps, energy, filtered, planes):
    """Fill the planes of orientation from filtered rows."""
    level = blocks[cuda.blockIdx.x, 0]
    rows, cols, offset = sizes[level, 0], sizes[level, 1], sizes[level, 2]
    i = blocks[cuda.blockIdx.x, 1] + int32(cuda.threadIdx.x)
    if i >= rows * cols:
        return
    row = i // cols
    start = offset + (i - row * cols)
    frame = cuda.blockIdx.z
    while frame < planes.shape[0]:
        gauss, cosine, slow_cosine = filtered[frame, 0], filtered[frame, 1], filtered[frame, 3]
        slow_sine = filtered[frame, 4]
        even, excess = taps[5, 2], taps[5, 4]
        across = taps[5, 0] * _even(cosine, start, row, rows, cols, _half(taps, 0))
        down = taps[5, 0] * _even(gauss, start, row, rows, cols, _half(taps, 1))
        cosines = even * _even(slow_cosine, start, row, rows, cols, _half(taps, 3))
        cosines -= even * excess * _even(gauss, start, row, rows, cols, _half(taps, 0))
        sines = even * _odd(slow_sine, start, row, rows, cols, _half(taps, 4))
        rising, falling = cosines - sines, cosines + sines
        if energy:
            sine, straight, diagonal = filtered[frame, 2], taps[5, 1], taps[5, 3]
            across = abs(across) + abs(
                straight * _even(sine, start, row, rows, cols, _half(taps, 0))
            )
            down = abs(down) + abs(straight * _odd(gauss, start, row, rows, cols, _half(taps, 2)))
            third = diagonal * _even(slow_sine, start, row, rows, cols, _half(taps, 3))
            fourth = diagonal * _odd(slow_cosine, start, row, rows, cols, _half(taps, 4))
            rising = abs(rising) + abs(third + fourth)
            falling = abs(falling) + abs(third - fourth)
        at = offset + i
        planes[frame, 3, at], planes[frame, 4, at] = across, down
        planes[frame, 5, at], planes[frame, 6, at] = rising, falling
        frame += cuda.gridDim.z


@device
def _half(taps, which):
    """Return a filter's taps from the middle on, as scalars."""
    return taps[which, 0], taps[which, 1], taps[which, 2], taps[which, 3], taps[which, 4]


@device
def _at(values, start, row, rows, cols):
    return values[start + cols * int32(reflect(row, rows))]


@device
def _even(values, start, row, rows, cols, taps):
    return symmetric(
        taps, values[start + cols * row],
        _at(values, start, row - 1, rows, cols) + _at(values, start, row + 1, rows, cols),
        _at(values, start, row - 2, rows, cols) + _at(values, start, row + 2, rows, cols),
        _at(values, start, row - 3, rows, cols) + _at(values, start, row + 3, rows, cols),
        _at(values, start, row - 4, rows, cols) + _at(values, start, row + 4, rows, cols),
    )  # fmt: skip


@device
def _odd(values, start, row, rows, cols, taps):
    return symmetric(
        taps, float32(0),
        _at(values, start, row + 1, rows, cols) - _at(values, start, row - 1, rows, cols),
        _at(values, start, row + 2, rows, cols) - _at(values, start, row - 2, rows, cols),
        _at(values, start, row + 3, rows, cols) - _at(values, start, row - 3, rows, cols),
        _at(values, start, row + 4, rows, cols) - _at(values, start, row - 4, rows, cols),
    )  # fmt: skip
