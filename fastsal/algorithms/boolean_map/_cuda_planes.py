"""Colour planes on a CUDA device: letterbox bars, CIELab, covariance, stretch, median filter."""

from numba import cuda, int64

from ...kernels.jit import device, kernel
from ...kernels.reduce import MAX_THREADS, range_of_block
from . import _axes
from ._axes import axes_of, covariance
from ._formulas import (
    BYTE_SHIFT,
    SUMS,
    chroma_of,
    factor_of,
    is_unlike,
    likeness,
    projection,
    redness,
    scaled,
)

fill_window = device(_axes.fill_window)


@kernel
def clear_counts(unlike):
    frame = cuda.blockIdx.x
    i = cuda.threadIdx.x
    while i < unlike.shape[1]:
        unlike[frame, i] = 0
        i += cuda.blockDim.x


@kernel
def count_unlike(small, unlike):
    """Count per row and column the cells that differ from the corner."""
    planes, rows, cols = small.shape[1:]
    last = planes - 1
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    if is_unlike(
        small[frame, 0, row, col], small[frame, last // 2, row, col],
        small[frame, last, row, col], small[frame, 0, 0, 0],
        small[frame, last // 2, 0, 0], small[frame, last, 0, 0],
    ):  # fmt: skip
        cuda.atomic.add(unlike, (frame, row), 1)
        cuda.atomic.add(unlike, (frame, rows + col), 1)


@kernel
def find_windows(unlike, rows, windows):
    frame = cuda.grid(1)
    if frame < windows.shape[0]:
        fill_window(unlike[frame, :rows], unlike[frame, rows:], windows[frame])


@kernel
def set_windows(top, bottom, left, right, windows):
    frame = cuda.grid(1)
    if frame < windows.shape[0]:
        windows[frame, 0], windows[frame, 1] = top, bottom
        windows[frame, 2], windows[frame, 3] = left, right


@kernel
def replicate(small, windows):
    """Replicate borders: cells outside of the windows get the nearest value inside."""
    planes, cols = small.shape[1], small.shape[3]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    nearest_row = min(max(row, windows[frame, 0]), windows[frame, 1] - 1)
    nearest = min(max(col, windows[frame, 2]), windows[frame, 3] - 1)
    if col < cols and (row != nearest_row or col != nearest):
        for plane in range(planes):
            small[frame, plane, row, col] = small[frame, plane, nearest_row, nearest]


@kernel
def fill_warm(small, chroma, raw):
    """Fill the fourth and fifth planes of `raw` with redness and likeness to skin."""
    cols = small.shape[3]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    red_chroma, blue_chroma = chroma_of(
        small[frame, 0, row, col], small[frame, 1, row, col], small[frame, 2, row, col]
    )
    raw[frame, 3, row, col] = redness(red_chroma)
    raw[frame, 4, row, col] = likeness(chroma[0, red_chroma], chroma[1, blue_chroma])


@kernel
def fill_covariance_axes(lab, windows, axes):
    """Fill the axes of each frame, a block each."""
    parts = cuda.shared.array((SUMS, 256), int64)
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    frame = cuda.blockIdx.x
    top, bottom = windows[frame, 0], windows[frame, 1]
    left, right = windows[frame, 2], windows[frame, 3]
    cols = right - left
    for k in range(SUMS):
        parts[k, me] = 0
    i = int64(me)
    while i < (bottom - top) * cols:
        row, col = top + i // cols, left + i % cols
        x = int64(lab[frame, 0, row, col])
        y, z = int64(lab[frame, 1, row, col]), int64(lab[frame, 2, row, col])
        parts[0, me] += x
        parts[1, me] += y
        parts[2, me] += z
        parts[3, me] += x * x
        parts[4, me] += x * y
        parts[5, me] += x * z
        parts[6, me] += y * y
        parts[7, me] += y * z
        parts[8, me] += z * z
        i += threads
    cuda.syncthreads()
    if me < SUMS:
        for other in range(1, threads):
            parts[me, 0] += parts[me, other]
    if threads < SUMS and me == 0:
        for k in range(threads, SUMS):
            for other in range(1, threads):
                parts[k, 0] += parts[k, other]
    cuda.syncthreads()
    if me == 0:
        count = (bottom - top) * cols
        x, y, z = parts[0, 0], parts[1, 0], parts[2, 0]
        result = axes_of(
            covariance(parts[3, 0], x, x, count, True),
            covariance(parts[4, 0], x, y, count, False),
            covariance(parts[5, 0], x, z, count, False),
            covariance(parts[6, 0], y, y, count, True),
            covariance(parts[7, 0], y, z, count, False),
            covariance(parts[8, 0], z, z, count, True),
        )
        for k in range(3):
            axes[frame, 0, k] = result[0][k]
            axes[frame, 1, k] = result[1][k]
            axes[frame, 2, k] = result[2][k]


@device
def _value(lab, frame, row, col, axes):
    if lab.shape[1] == 1:
        return int64(lab[frame, 0, row, col])
    axis = axes[0], axes[1], axes[2]
    return projection(
        lab[frame, 0, row, col], lab[frame, 1, row, col], lab[frame, 2, row, col], axis
    )


@kernel
def project(lab, axes, raw):
    """Fill the planes of `raw` along the axes, stretched to 0 to 255; a block per plane."""
    lows = cuda.shared.array(MAX_THREADS, int64)
    highs = cuda.shared.array(MAX_THREADS, int64)
    me, threads, plane = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    rows, cols = lab.shape[2:]
    frame = cuda.blockIdx.y
    axis = axes[frame, plane]
    low = high = _value(lab, frame, 0, 0, axis)
    i = int64(me)
    while i < rows * cols:
        value = _value(lab, frame, i // cols, i % cols, axis)
        low, high = min(low, value), max(high, value)
        i += threads
    low, high = range_of_block(low, high, lows, highs)
    factor = factor_of(low, high, 255, BYTE_SHIFT)
    i = int64(me)
    while i < rows * cols:
        row, col = i // cols, i % cols
        value = _value(lab, frame, row, col, axis)
        raw[frame, plane, row, col] = scaled(value, low, factor, BYTE_SHIFT)
        i += threads


@device
def range_within(values, window, lows, highs):
    """Return the smallest and the greatest value within a window, to all threads of a block."""
    top, left, cols = window[0], window[2], window[3] - window[2]
    low = high = int64(values[top, left])
    i = int64(cuda.threadIdx.x)
    while i < (window[1] - top) * cols:
        value = int64(values[top + i // cols, left + i % cols])
        low, high = min(low, value), max(high, value)
        i += cuda.blockDim.x
    return range_of_block(low, high, lows, highs)
