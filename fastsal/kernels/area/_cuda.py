"""Area means on a CUDA device: a thread per cell."""

from numba import cuda, int64

from .. import launch
from ..jit import kernel
from ._formulas import divisor_of, first_pixel, last_pixel, mean_of, overlap, reciprocal_of, whole


def fill_area_means(pixels, channels, is_rgb, width, means):
    """Fill `means`, (N, planes, rows, cols) of uint8, with red, green and blue, or with grey.

    `pixels` are (N, H * width * channels): uint8, uint16, or float32 in [0, 1].
    """
    frames, _, rows, cols = means.shape
    source = pixels.reshape(frames, pixels.shape[1] // (width * channels), width * channels)
    divisor = divisor_of(pixels.dtype, source.shape[1] * width)
    grid = launch.image_grid((rows, cols), frames, launch.THREADS // 4)
    _fill[grid](source, channels, is_rgb, divisor, reciprocal_of(divisor), means)


@kernel
def _fill(pixels, channels, is_rgb, divisor, reciprocal, means):
    planes, rows, cols = means.shape[1:]
    height, width = pixels.shape[1], pixels.shape[2] // channels
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    left, right = first_pixel(col, cols, width), last_pixel(col, cols, width)
    top, bottom = first_pixel(row, rows, height), last_pixel(row, rows, height)
    for plane in range(planes):
        offset = plane if is_rgb or planes == 1 else 2 - plane
        total = int64(0)
        for y in range(top, bottom + 1):
            line = int64(0)
            for x in range(left, right + 1):
                value = whole(pixels[frame, y, channels * x + offset], pixels.itemsize)
                line += value * overlap(col, x, cols, width)
            total += line * overlap(row, y, rows, height)
        means[frame, plane, row, col] = mean_of(total, divisor, reciprocal)
