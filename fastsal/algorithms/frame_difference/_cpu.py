"""Frame differencing on the CPU: one pass over both frames, luma included."""

import numpy as np
from numba import uint8

from ...kernels.color._cpu import luma_span
from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands
from ._formulas import abs_diff, change

CHUNK = 1 << 12  # pixels with luma that is still in the first-level cache when it is compared

# Grey frames take time for bytes moved; this number of bytes counts as a pixel of other kernels.
# Two VGA frames of bytes run faster on one thread, two 720p frames do not.
_BYTES = 24


def frame_difference(frame, previous, channels, weights, white, threshold, out):
    """Fill `out`, (N, P), from two arrays (N, P * channels); float ones have one channel."""
    flat, frame, previous = out.reshape(-1), frame.reshape(-1), previous.reshape(-1)
    if channels == 1:
        args = (frame, previous, white, threshold, flat)
        work = (2 * frame.nbytes + flat.nbytes) // _BYTES
        over_bands(_gray_span, flat.size, *args, pixels=work)
    else:
        args = (frame, previous, channels, weights, white, threshold, flat)
        over_bands(_color_span, flat.size, *args)


@banded
def _gray_span(frame, previous, white, threshold, out, start, stop):
    """Fill pixels of the difference picture of grey frames (Jain and Nagel 1979)."""
    # Slices that start at 0 exclude negative indices, so the loops vectorise.
    _fill(frame[start:stop], previous[start:stop], white, threshold, out[start:stop])


@banded
def _color_span(frame, previous, channels, weights, white, threshold, out, start, stop):
    """Fill pixels of the difference picture of the luma of colour frames (Jain and Nagel 1979)."""
    luma = np.empty((2, CHUNK), frame.dtype)
    for at in range(start, stop, CHUNK):
        end = min(at + CHUNK, stop)
        first, second = luma[0, : end - at], luma[1, : end - at]
        luma_span(frame[channels * at : channels * end], channels, weights, first, 0, end - at)
        luma_span(previous[channels * at : channels * end], channels, weights, second, 0, end - at)
        _fill(first, second, white, threshold, out[at:end])


@serial
def _fill(frame, previous, white, threshold, out):
    if out.itemsize == 1 and white == 255 and threshold < 0:
        for i in range(out.size):
            out[i] = uint8(abs_diff(frame[i], previous[i]))  # the formula, in 8-bit lanes
    else:
        for i in range(out.size):
            out[i] = change(frame[i], previous[i], white, threshold, out.itemsize)
