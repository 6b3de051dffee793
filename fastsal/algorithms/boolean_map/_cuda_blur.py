"""From sums of attention maps to maps on a CUDA device: dilation, blur, stretch."""

from numba import cuda, float32, int64, uint32

from ...kernels.borders import reflect_either
from ...kernels.jit import device, kernel
from ...kernels.reduce import MAX_THREADS
from ._cuda_planes import range_within
from ._formulas import (
    BLUR_SHIFT,
    BYTE_SHIFT,
    CURVE_SHIFT,
    WIDE,
    WIDE_SHIFT,
    between,
    centred,
    factor_of,
    scaled,
)


@device
def _scale(values, window, low, high, top, shift):
    first, left, cols = window[0], window[2], window[3] - window[2]
    factor = factor_of(low, high, top, shift)
    i = int64(cuda.threadIdx.x)
    while i < (window[1] - first) * cols:
        row, col = first + i // cols, left + i % cols
        values[row, col] = scaled(values[row, col], low, factor, shift)
        i += cuda.blockDim.x
    cuda.syncthreads()


@kernel
def quantize(values, windows, is_published):
    """Stretch sums to 16 bits, or to bytes as published; a block per frame."""
    lows = cuda.shared.array(MAX_THREADS, int64)
    highs = cuda.shared.array(MAX_THREADS, int64)
    frame = cuda.blockIdx.x
    low, high = range_within(values[frame], windows[frame], lows, highs)
    if is_published:
        _scale(values[frame], windows[frame], low, high, 255, BYTE_SHIFT)
    else:
        _scale(values[frame], windows[frame], low, high, WIDE, WIDE_SHIFT)


@kernel
def dilate(values, windows, spread, target):
    """Fill `target` with the greatest byte within a square, times 257."""
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    top, bottom = windows[frame, 0], windows[frame, 1]
    left, right = windows[frame, 2], windows[frame, 3]
    if top <= row < bottom and left <= col < right:
        maximum = uint32(0)
        for y in range(max(row - spread, top), min(row + spread + 1, bottom)):
            for x in range(max(col - spread, left), min(col + spread + 1, right)):
                maximum = max(maximum, values[frame, y, x])
        target[frame, row, col] = maximum * 257


@kernel
def blur(values, windows, weights, skips_edge, is_down, shift, target):
    """Fill `target` with rows, or if `is_down` with columns, blurred and divided by 2**shift."""
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    half = (int64(1) << shift) >> 1
    window = windows[frame]
    if window[0] <= row < window[1] and window[2] <= col < window[3]:
        total = int64(weights[0]) * values[frame, row, col]
        for k in range(1, weights.size):
            one = _neighbour(values[frame], window, row, col, -k, skips_edge, is_down)
            two = _neighbour(values[frame], window, row, col, k, skips_edge, is_down)
            total += weights[k] * (one + two)
        target[frame, row, col] = (total + half) >> shift


@device
def _neighbour(values, window, row, col, step, skips_edge, is_down):
    """Return the value `step` cells to the right, or below if `is_down`; borders are mirrored."""
    top, bottom, left, right = window[0], window[1], window[2], window[3]
    if is_down:
        return int64(values[top + reflect_either(row - top + step, bottom - top, skips_edge), col])
    return int64(values[row, left + reflect_either(col - left + step, right - left, skips_edge)])


@kernel
def shape_map(values, windows, is_published, curve, bias, down, across, saliency):
    """Fill `saliency`, in [0, 1], from blurred values of 32 bits, which are overwritten."""
    lows = cuda.shared.array(MAX_THREADS, int64)
    highs = cuda.shared.array(MAX_THREADS, int64)
    rows, cols = saliency.shape[1:]
    frame = cuda.blockIdx.x
    window, source = windows[frame], values[frame]
    low, high = int64(0), int64(WIDE) << BLUR_SHIFT
    if not is_published:
        low, high = range_within(source, window, lows, highs)
    _scale(source, window, low, high, WIDE, WIDE_SHIFT)
    _bend(source, window, curve, bias, down, across)
    if bias > 0 and not is_published:
        low, high = range_within(source, window, lows, highs)
        _scale(source, window, low, high, WIDE, WIDE_SHIFT)
    i = int64(cuda.threadIdx.x)
    while i < rows * cols:
        row, col = i // cols, i % cols
        value = float32(0)
        if window[0] <= row < window[1] and window[2] <= col < window[3]:
            value = float32(source[row, col]) / float32(WIDE)
        saliency[frame, row, col] = value
        i += cuda.blockDim.x


@device
def _bend(values, window, curve, bias, down, across):
    """Apply the curve, if there is one, and the centre bias to values of 16 bits."""
    top, left, cols = window[0], window[2], window[3] - window[2]
    i = int64(cuda.threadIdx.x)
    while i < (window[1] - top) * cols:
        row, col = top + i // cols, left + i % cols
        value = int64(values[row, col])
        if curve.size > 1:
            at, rest = value >> CURVE_SHIFT, value & (1 << CURVE_SHIFT) - 1
            value = between(curve[at], curve[at + 1], rest)
        if bias > 0:
            value = centred(value, bias, down[row], across[col])
        values[row, col] = value
        i += cuda.blockDim.x
    cuda.syncthreads()
