"""The spectral residual on a CUDA device: threads along x take columns, blocks rows and frames.

The spectrum is small and of any size, so its transform is summed up term by term. In float32,
cancelling terms would leave noise with a phase, and the map depends on the phase. So the spectrum,
some 4,096 numbers a frame, is float64; only the map is float32.
"""

import math

import numpy as np
from numba import cuda, float32, float64, int32

from ...devices import workspace
from ...kernels import launch
from ...kernels.borders import reflect101
from ...kernels.color._formulas import float_luma, luma
from ...kernels.cosines import cosine_of_turn
from ...kernels.jit import device, kernel
from ...kernels.postprocess._cuda import upsample
from ...kernels.reduce import MAX_THREADS, range_of_block
from ._formulas import (
    blended,
    blended_wide,
    blur,
    cos_sin,
    fixed,
    float_blended,
    magnitude,
    phase,
    tap,
    without_noise,
)

GROUP = 1 << 20  # numbers in the spectra of the frames processed at once


def spectral_residual(pixels, channels, weights, width, size, scale, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), times `scale`.

    `size` is that of the spectrum, rows and columns.
    """
    frames = out.shape[0]
    group = launch.group_size(frames, size[0] * size[1], GROUP)
    twiddles = [_work(f"turns {axis}", (2, side), np.float64) for axis, side in enumerate(size)]
    for table in twiddles:
        blocks = -(-table.shape[1] // launch.THREADS)
        _fill_twiddles[blocks, launch.THREADS](table)
    for part, saliency in launch.in_groups(group, pixels, out):
        _fill_group(part, channels, weights, width, size, scale, twiddles, saliency, group)


def _fill_group(pixels, channels, weights, width, size, scale, twiddles, out, group):
    frames = out.shape[0]
    names = ("real", "imag", "logs", "cosines", "sines")
    arrays = [_work(name, (group, *size), np.float64)[:frames] for name in names]
    real, imag, logs, cosines, sines = arrays
    small = _work("small", (group, *size), np.float32)[:frames]
    each = launch.image_grid(size, frames)
    if pixels.dtype.kind == "f":
        _shrink_floats[each](pixels, channels, weights, width, scale, real, imag)
    else:
        _shrink[each](pixels, channels, weights, width, real, imag)
    _transform_rows[each](real, imag, twiddles[1], cosines, sines)
    _transform_cols[each](cosines, sines, twiddles[0], real, imag)
    _fill_spectrum[each](real, imag, logs, cosines, sines)
    _fill_residual[each](logs, cosines, sines, real, imag)
    _transform_rows[each](real, imag, twiddles[1], cosines, sines)
    _transform_cols[each](cosines, sines, twiddles[0], real, imag)
    _fill_sizes[each](real, imag, logs)
    _fill_blurred[each](logs, cosines)
    flat = cosines.reshape(frames, size[0] * size[1]), small.reshape(frames, size[0] * size[1])
    _normalize[frames, launch.THREADS](*flat)
    upsample(small, width, out)


def _work(name, shape, dtype):
    return workspace(f"spectral-residual {name}", shape, dtype)


@kernel
def _fill_twiddles(twiddles):
    """Fill with cosines and negative sines of the angles that cut a circle into equal parts."""
    count = twiddles.shape[1]
    part = cuda.grid(1)
    if part < count:
        twiddles[0, part] = cosine_of_turn(part, count)
        twiddles[1, part] = cosine_of_turn((4 * part + count) % (4 * count), 4 * count)


@kernel
def _shrink(pixels, channels, weights, width, real, imag):
    rows, cols = real.shape[1:]
    height = pixels.shape[1] // (width * channels)
    bits = 8 * pixels.itemsize
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    first, fraction = tap(col, width, cols)
    across = fixed(fraction, bits)
    left, right = channels * first, channels * min(first + 1, width - 1)
    top, fraction = tap(row, height, rows)
    a = channels * width * top
    c = channels * width * min(top + 1, height - 1)
    a, b, c, d = a + left, a + right, c + left, c + right
    source = pixels[frame]
    levels = (
        _level(source, a, channels, weights), _level(source, b, channels, weights),
        _level(source, c, channels, weights), _level(source, d, channels, weights),
    )  # fmt: skip
    down = fixed(fraction, bits)
    if bits == 32:
        real[frame, row, col] = blended_wide(*levels, across, down)
    else:
        real[frame, row, col] = blended(*levels, across, down, bits)
    imag[frame, row, col] = 0.0


@kernel
def _shrink_floats(pixels, channels, weights, width, scale, real, imag):
    rows, cols = real.shape[1:]
    height = pixels.shape[1] // (width * channels)
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    first, across = tap(col, width, cols)
    left, right = channels * first, channels * min(first + 1, width - 1)
    top, down = tap(row, height, rows)
    a = channels * width * top
    c = channels * width * min(top + 1, height - 1)
    a, b, c, d = a + left, a + right, c + left, c + right
    source = pixels[frame]
    value = float_blended(
        _fraction(source, a, channels, weights), _fraction(source, b, channels, weights),
        _fraction(source, c, channels, weights), _fraction(source, d, channels, weights),
        across, down, 4,
    )  # fmt: skip
    real[frame, row, col] = scale * value
    imag[frame, row, col] = 0.0


@device
def _level(pixels, at, channels, weights):
    """Return the luma of an integer pixel."""
    if channels == 1:
        return int32(pixels[at])
    return int32(luma(pixels[at], pixels[at + 1], pixels[at + 2], weights))


@device
def _fraction(pixels, at, channels, weights):
    """Return the luma of a pixel of floats."""
    if channels == 1:
        return float32(pixels[at])
    return float_luma(pixels[at], pixels[at + 1], pixels[at + 2], weights)


@device
def _coefficient(real, imag, twiddles, frequency):
    """Return the real and imaginary part of a Fourier coefficient of a row or column."""
    wide, high = float64(0), float64(0)
    turn, index = 0, 0
    while index < real.size:
        cosine, sine = twiddles[0, turn], twiddles[1, turn]
        wide += real[index] * cosine - imag[index] * sine
        high += real[index] * sine + imag[index] * cosine
        turn += frequency
        turn -= real.size if turn >= real.size else 0
        index += 1
    return wide, high


@kernel
def _transform_rows(real, imag, twiddles, next_real, next_imag):
    cols = real.shape[2]
    frequency, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if frequency >= cols:
        return
    wide, high = _coefficient(real[frame, row], imag[frame, row], twiddles, frequency)
    next_real[frame, row, frequency] = wide
    next_imag[frame, row, frequency] = high


@kernel
def _transform_cols(real, imag, twiddles, next_real, next_imag):
    cols = real.shape[2]
    col, frequency, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    column = real[frame, :, col], imag[frame, :, col]
    wide, high = _coefficient(*column, twiddles, frequency)
    next_real[frame, frequency, col] = wide
    next_imag[frame, frequency, col] = high


@kernel
def _fill_spectrum(real, imag, logs, cosines, sines):
    """Fill with L = log(1 + amplitude), and with cosine and sine of the phase P."""
    cols = real.shape[2]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    total = real[frame, 0, 0]
    wide = without_noise(real[frame, row, col], total)
    high = without_noise(imag[frame, row, col], total)
    logs[frame, row, col] = math.log(magnitude(wide, high) + 1.0)
    cosine, sine = cos_sin(phase(wide, high))
    cosines[frame, row, col] = cosine
    sines[frame, row, col] = sine


@kernel
def _fill_residual(logs, cosines, sines, real, imag):
    """Fill with the spectrum for the inverse, mirrored; its amplitude is exp(R)."""
    rows, cols = logs.shape[1:]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    left, right = reflect101(col - 1, cols), reflect101(col + 1, cols)
    total = float64(0)
    step = -1
    while step < 2:
        near = reflect101(row + step, rows)
        total += logs[frame, near, left] + logs[frame, near, col] + logs[frame, near, right]
        step += 1
    size = math.exp(logs[frame, row, col] - total / 9.0)
    real[frame, row, col] = size * cosines[frame, row, col]
    imag[frame, row, col] = -size * sines[frame, row, col]


@kernel
def _fill_sizes(real, imag, sizes):
    """Fill with the amplitudes of complex numbers."""
    cols = real.shape[2]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    sizes[frame, row, col] = magnitude(real[frame, row, col], imag[frame, row, col])


@kernel
def _fill_blurred(sizes, squares):
    """Fill with the squares of the blurred sizes, and leave their greatest to `_normalize`."""
    rows, cols = sizes.shape[1:]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    a, b = reflect101(col - 2, cols), reflect101(col - 1, cols)
    d, e = reflect101(col + 1, cols), reflect101(col + 2, cols)
    p, q = reflect101(row - 2, rows), reflect101(row - 1, rows)
    r, s = reflect101(row + 1, rows), reflect101(row + 2, rows)
    total = blur(
        blur(sizes[frame, p, a], sizes[frame, q, a], sizes[frame, row, a],
             sizes[frame, r, a], sizes[frame, s, a]),
        blur(sizes[frame, p, b], sizes[frame, q, b], sizes[frame, row, b],
             sizes[frame, r, b], sizes[frame, s, b]),
        blur(sizes[frame, p, col], sizes[frame, q, col], sizes[frame, row, col],
             sizes[frame, r, col], sizes[frame, s, col]),
        blur(sizes[frame, p, d], sizes[frame, q, d], sizes[frame, row, d],
             sizes[frame, r, d], sizes[frame, s, d]),
        blur(sizes[frame, p, e], sizes[frame, q, e], sizes[frame, row, e],
             sizes[frame, r, e], sizes[frame, s, e]),
    )  # fmt: skip
    squares[frame, row, col] = total * total


@kernel
def _normalize(values, small):
    """Fill with values divided by the maximum of the frame, a block per frame."""
    lows = cuda.shared.array(MAX_THREADS, float64)
    highs = cuda.shared.array(MAX_THREADS, float64)
    me, threads, area = cuda.threadIdx.x, cuda.blockDim.x, values.shape[1]
    frame = cuda.blockIdx.x
    maximum = float64(0)
    i = me
    while i < area:
        maximum = max(maximum, values[frame, i])
        i += threads
    _, maximum = range_of_block(maximum, maximum, lows, highs)
    i = me
    while i < area:
        small[frame, i] = values[frame, i] / maximum
        i += threads
