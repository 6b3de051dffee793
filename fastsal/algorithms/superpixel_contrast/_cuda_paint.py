"""From a value per superpixel to a map (Eq. 8), on a CUDA device."""

from numba import cuda, float32

from ...kernels.color._formulas import lab_of_srgb
from ...kernels.jit import kernel
from ...kernels.regions._formulas import channel_of
from ...kernels.scale import stored
from ._formulas import change, half_to, squared_distance, weight_exponent

NEAR = 16  # superpixels a pixel is a mean of: those of the 4 x 4 tiles around it
FAR = float32(1e30)


@kernel
def paint(labels, values, out):
    """Write the value of the label of each pixel."""
    i = cuda.grid(1)
    while i < out.size:
        out[i] = stored(values[labels[i]], out.itemsize)
        i += cuda.gridsize(1)


@kernel
def average(
    pixels, channels, is_rgb, white, size, down, across, sums, position, color, labels, values, out
):
    """Write the weighted mean of the values of near superpixels (Eq. 8)."""
    cols = labels.shape[1]
    i = cuda.grid(1)
    while i < out.size:
        row, col = i // cols, i % cols
        red = float32(pixels[i * channels + channel_of(0, channels, is_rgb)]) / white
        green = blue = red
        if channels >= 3:
            green = float32(pixels[i * channels + 1]) / white
            blue = float32(pixels[i * channels + channel_of(2, channels, is_rgb)]) / white
        c0, c1, c2 = lab_of_srgb(red, green, blue)
        first_v, first_u = (row + size // 2) // size - 2, (col + size // 2) // size - 2
        nearest = FAR
        total = mean = float32(0)
        for turn in range(2):  # first the minimum exponent, which gets the weight 1
            for near in range(NEAR):
                v, u = first_v + near // 4, first_u + near % 4
                if 0 <= v < down and 0 <= u < across and sums[v * across + u, 0] > 0:
                    at = v * across + u
                    color_dist = squared_distance(
                        c0, c1, c2, color[at, 0], color[at, 1], color[at, 2]
                    )
                    drow, dcol = position[at, 0] - float32(row), position[at, 1] - float32(col)
                    times = weight_exponent(color_dist, drow * drow + dcol * dcol)
                    if turn == 0:
                        nearest = min(nearest, times)
                    else:
                        weight = half_to(times - nearest)
                        total += weight
                        mean += weight * values[at]
        value = mean / total if total > 0 else values[labels[row, col]]
        out[i] = stored(value, out.itemsize)
        i += cuda.gridsize(1)


@kernel
def subtract(current, previous, signed, out):
    """Write the change between two maps."""
    i = cuda.grid(1)
    while i < out.size:
        out[i] = change(current[i], previous[i], signed, out.itemsize)
        i += cuda.gridsize(1)
