"""Blurs on a CUDA device: across rows, then down columns, where centre and surround are compared.

Threads compute their weights, which costs less than to load them.
"""

from numba import cuda, float32

from ...kernels.borders import clamp
from ...kernels.gaussian import gaussian
from ...kernels.jit import device, kernel
from ._formulas import reach_of, source_of


@kernel
def across(planes, sigma, other_sigma, target, other):
    """Blur rows by two sigmas, or by one if they are equal."""
    rows, cols = planes.shape[1:]
    col, plane = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    row = cuda.blockIdx.y
    while row < rows:
        target[plane, row, col] = _blurred(planes[plane, row], col, sigma)
        if sigma != other_sigma:
            other[plane, row, col] = _blurred(planes[plane, row], col, other_sigma)
        row += cuda.gridDim.y


@kernel
def down(planes, sigma, target):
    """Blur columns."""
    rows, cols = planes.shape[1:]
    col, plane = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    row = cuda.blockIdx.y
    while row < rows:
        target[plane, row, col] = _blurred(planes[plane, :, col], row, sigma)
        row += cuda.gridDim.y


@kernel
def compare(center, far, near, sigma, next_sigma, contrast, is_first, following):
    """Add VOCUS2's contrast, |centre - surround|; fill `following` with the next centre."""
    channels, rows, cols = center.shape[1:]
    next_rows, next_cols = following.shape[2:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    next_col = (col * next_cols + cols - 1) // cols
    is_col_kept = next_col < next_cols and source_of(next_col, cols, next_cols) == col
    row = cuda.blockIdx.y
    while row < rows:
        next_row = (row * next_rows + rows - 1) // rows
        is_kept = is_col_kept and next_row < next_rows
        is_kept = is_kept and source_of(next_row, rows, next_rows) == row
        total = float32(0) if is_first else contrast[frame, row, col]
        for channel in range(channels):
            surround = _blurred(far[frame, channel, :, col], row, sigma)
            total += abs(center[frame, channel, row, col] - surround)
            if is_kept:
                blurred = _blurred(near[frame, channel, :, col], row, next_sigma)
                following[frame, channel, next_row, next_col] = blurred
        contrast[frame, row, col] = total
        row += cuda.gridDim.y


@device
def _blurred(values, index, sigma):
    """Return an item of a row or column, blurred."""
    total, weights = values[index], float32(1)
    for step in range(1, reach_of(sigma) + 1):
        weight = gaussian(step, sigma)
        before, after = clamp(index - step, values.size), clamp(index + step, values.size)
        total += weight * (values[before] + values[after])
        weights += weight + weight
    return total / weights
