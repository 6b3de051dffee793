"""Levels of a frame on a CUDA device: plain pictures, whose edges clipped places repeat."""

from itertools import pairwise

from numba import cuda, float32, int64

from ...devices import workspace
from ...kernels import launch
from ...kernels.jit import kernel
from ._formulas import binomial, gray_of, leveled, mean_level, overlap, quarter, sixteenth


def fill_levels(pixels, channels, weights, width, levels):
    """Fill `levels` from the pixels, (1, H * width * channels), of a frame."""
    shape = levels[0].shape
    picture = workspace("flow picture", shape, levels[0].dtype)
    source = pixels.reshape(pixels.size)
    _reduce[_grid(shape), launch.THREADS](source, channels, weights, width, picture)
    _smooth[_grid(shape), launch.THREADS](picture, levels[0])
    for level, half in pairwise(levels):
        _halve[_grid(half.shape), launch.THREADS](level, half)


def _grid(shape):
    return -(-shape[1] // launch.THREADS), shape[0]


@kernel
def _reduce(pixels, channels, weights, width, picture):
    rows, cols = picture.shape
    height = pixels.size // (width * channels)
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col >= cols:
        return
    total = int64(0)
    for source_row in range(row * height // rows, -(-(row + 1) * height // rows)):
        line = int64(0)
        for source_col in range(col * width // cols, -(-(col + 1) * width // cols)):
            at = channels * (source_row * width + source_col)
            gray = float32(pixels[at])
            if channels > 1:
                second, third = pixels[at + 1], pixels[at + 2]
                gray = gray_of(pixels[at], second, third, weights, pixels.itemsize)
            level = leveled(gray, pixels.itemsize)
            line += int64(level) * overlap(source_col, width, col, cols)
        total += line * overlap(source_row, height, row, rows)
    picture[row, col] = mean_level(total, int64(height) * int64(width))


@kernel
def _smooth(picture, smooth):
    rows, cols = picture.shape
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col >= cols:
        return
    up, down = max(row - 1, 0), min(row + 1, rows - 1)
    left, right = max(col - 1, 0), min(col + 1, cols - 1)
    first = binomial(picture[up, left], picture[row, left], picture[down, left])
    middle = binomial(picture[up, col], picture[row, col], picture[down, col])
    last = binomial(picture[up, right], picture[row, right], picture[down, right])
    smooth[row, col] = sixteenth(binomial(first, middle, last))


@kernel
def _halve(picture, half):
    rows, cols = picture.shape
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col >= half.shape[1]:
        return
    up, down = 2 * row, min(2 * row + 1, rows - 1)
    left, right = 2 * col, min(2 * col + 1, cols - 1)
    half[row, col] = quarter(
        picture[up, left], picture[up, right], picture[down, left], picture[down, right]
    )
