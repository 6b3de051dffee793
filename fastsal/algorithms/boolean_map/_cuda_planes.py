"""Colour planes on a CUDA device: letterbox bars, CIELab, covariance, stretch, median filter."""

from numba import cuda, int64

from ...kernels.color._lab8 import chroma_bytes, lab_bytes
from ...kernels.jit import device, kernel
from . import _bars
from ._axes import axes_of, covariance
from ._math import (
    BYTE_SHIFT,
    SUMS,
    factor_of,
    is_unlike,
    likeness,
    middle_of_nine,
    projection,
    redness,
    scaled,
)

MAX_THREADS = 1024

fill_window = device(_bars.fill_window)


@kernel
def clear_counts(unlike):
    frame = cuda.blockIdx.x
    while frame < unlike.shape[0]:
        i = cuda.threadIdx.x
        while i < unlike.shape[1]:
            unlike[frame, i] = 0
            i += cuda.blockDim.x
        frame += cuda.gridDim.x


@kernel
def count_unlike(small, unlike):
    """Count per row and column the cells that differ from the corner."""
    frames, planes, rows, cols = small.shape
    last, col = planes - 1, cuda.grid(1)
    if col >= cols:
        return
    frame = cuda.blockIdx.z
    while frame < frames:
        row = cuda.blockIdx.y
        while row < rows:
            if is_unlike(
                small[frame, 0, row, col], small[frame, last // 2, row, col],
                small[frame, last, row, col], small[frame, 0, 0, 0],
                small[frame, last // 2, 0, 0], small[frame, last, 0, 0],
            ):  # fmt: skip
                cuda.atomic.add(unlike, (frame, row), 1)
                cuda.atomic.add(unlike, (frame, rows + col), 1)
            row += cuda.gridDim.y
        frame += cuda.gridDim.z


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
def fill_colors(small, chroma, lab, raw):
    """Fill `lab`, and the planes of `raw` behind those of `lab` with redness and likeness."""
    frames, planes, rows, cols = small.shape
    col = cuda.grid(1)
    if col >= cols:
        return
    frame = cuda.blockIdx.z
    while frame < frames:
        row = cuda.blockIdx.y
        while row < rows:
            red = small[frame, 0, row, col]
            green = small[frame, (planes - 1) // 2, row, col]
            blue = small[frame, planes - 1, row, col]
            lightness, a, b = lab_bytes(red, green, blue)
            lab[frame, 0, row, col] = lightness
            if planes > 1:
                lab[frame, 1, row, col], lab[frame, 2, row, col] = a, b
            if raw.shape[1] > planes:
                red_chroma, blue_chroma = chroma_bytes(red, green, blue)
                raw[frame, 3, row, col] = redness(red_chroma)
                raw[frame, 4, row, col] = likeness(chroma[0, red_chroma], chroma[1, blue_chroma])
            row += cuda.gridDim.y
        frame += cuda.gridDim.z


@kernel
def fill_covariance_axes(lab, windows, axes):
    """Fill the axes of each frame, a block each."""
    parts = cuda.shared.array((SUMS, 256), int64)
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    frame = cuda.blockIdx.x
    while frame < lab.shape[0]:
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
            found = axes_of(
                covariance(parts[3, 0], x, x, count, True),
                covariance(parts[4, 0], x, y, count, False),
                covariance(parts[5, 0], x, z, count, False),
                covariance(parts[6, 0], y, y, count, True),
                covariance(parts[7, 0], y, z, count, False),
                covariance(parts[8, 0], z, z, count, True),
            )
            for k in range(3):
                axes[frame, 0, k] = found[0][k]
                axes[frame, 1, k] = found[1][k]
                axes[frame, 2, k] = found[2][k]
        cuda.syncthreads()
        frame += cuda.gridDim.x


@device
def _value(lab, frame, row, col, axes):
    if lab.shape[1] == 1:
        return int64(lab[frame, 0, row, col])
    axis = axes[0], axes[1], axes[2]
    return projection(
        lab[frame, 0, row, col], lab[frame, 1, row, col], lab[frame, 2, row, col], axis
    )


@kernel
def project(lab, windows, axes, raw):
    """Fill the planes of `raw` along the axes, stretched to 0 to 255; a block per plane."""
    lows = cuda.shared.array(MAX_THREADS, int64)
    highs = cuda.shared.array(MAX_THREADS, int64)
    me, threads, plane = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    frame = cuda.blockIdx.y
    while frame < lab.shape[0]:
        top, bottom = windows[frame, 0], windows[frame, 1]
        left, right = windows[frame, 2], windows[frame, 3]
        cols, axis = right - left, axes[frame, plane]
        low = high = _value(lab, frame, top, left, axis)
        i = int64(me)
        while i < (bottom - top) * cols:
            value = _value(lab, frame, top + i // cols, left + i % cols, axis)
            low, high = min(low, value), max(high, value)
            i += threads
        low, high = range_of_block(low, high, lows, highs)
        factor = factor_of(low, high, 255, BYTE_SHIFT)
        i = int64(me)
        while i < (bottom - top) * cols:
            row, col = top + i // cols, left + i % cols
            value = _value(lab, frame, row, col, axis)
            raw[frame, plane, row, col] = scaled(value, low, factor, BYTE_SHIFT)
            i += threads
        frame += cuda.gridDim.y


@device
def range_of_block(low, high, lows, highs):
    """Return the smallest and the greatest value of all threads of a block, to each of them."""
    me, half = cuda.threadIdx.x, cuda.blockDim.x >> 1  # a power of two
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


@kernel
def filter_planes(raw, windows, planes):
    """Fill `planes` with 3 x 3 medians, the border of the window repeated."""
    frames, count, rows, cols = raw.shape
    col = cuda.grid(1)
    frame = cuda.blockIdx.z
    while frame < frames:
        top, bottom = windows[frame, 0], windows[frame, 1]
        left, right = windows[frame, 2], windows[frame, 3]
        row = cuda.blockIdx.y
        while row < rows:
            if top <= row < bottom and left <= col < right:
                above, below = max(row - 1, top), min(row + 1, bottom - 1)
                before, after = max(col - 1, left), min(col + 1, right - 1)
                for k in range(count):
                    plane = raw[frame, k]
                    planes[frame, k, row, col] = middle_of_nine(
                        plane[above, before], plane[row, before], plane[below, before],
                        plane[above, col], plane[row, col], plane[below, col],
                        plane[above, after], plane[row, after], plane[below, after],
                    )  # fmt: skip
            row += cuda.gridDim.y
        frame += cuda.gridDim.z
