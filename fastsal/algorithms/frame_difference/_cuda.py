"""Frame differencing on a CUDA device: one pass over both frames, luma included."""

from numba import cuda

from ...kernels.color._formulas import luma
from ...kernels.jit import kernel
from ...kernels.launch import grid_for
from ._formulas import change


def frame_difference(frame, previous, channels, weights, white, threshold, out):
    """Fill `out`, (N, P), from two arrays (N, P * channels); float ones have one channel."""
    pixels = out.shape[0] * out.shape[1]
    blocks, threads = grid_for(pixels, 1, per_thread=16)
    start = (blocks, threads)
    frame, previous = frame.reshape(pixels * channels), previous.reshape(pixels * channels)
    if channels == 1:
        _fill_from_gray[start](frame, previous, white, threshold, out.reshape(pixels))
    else:
        args = (channels, weights, white, threshold, out.reshape(pixels))
        _fill_from_color[start](frame, previous, *args)


@kernel
def _fill_from_gray(frame, previous, white, threshold, out):
    """Fill the difference picture of grey frames (Jain and Nagel 1979)."""
    step, size = cuda.gridsize(1), out.itemsize
    i = cuda.grid(1)
    while i + 3 * step < out.size:
        # Eight loads start before the first store, or they would wait for it.
        j, k, m = i + step, i + 2 * step, i + 3 * step
        a, b, c, d = frame[i], frame[j], frame[k], frame[m]
        e, f, g, h = previous[i], previous[j], previous[k], previous[m]
        out[i] = change(a, e, white, threshold, size)
        out[j] = change(b, f, white, threshold, size)
        out[k] = change(c, g, white, threshold, size)
        out[m] = change(d, h, white, threshold, size)
        i += 4 * step
    while i < out.size:
        out[i] = change(frame[i], previous[i], white, threshold, size)
        i += step


@kernel
def _fill_from_color(frame, previous, channels, weights, white, threshold, out):
    """Fill the difference picture of the luma of colour frames (Jain and Nagel 1979)."""
    i = cuda.grid(1)
    while i < out.size:
        at = channels * i
        level = luma(frame[at], frame[at + 1], frame[at + 2], weights)
        other = luma(previous[at], previous[at + 1], previous[at + 2], weights)
        out[i] = change(level, other, white, threshold, out.itemsize)
        i += cuda.gridsize(1)
