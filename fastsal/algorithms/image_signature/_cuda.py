"""The image signature on a CUDA device: a thread per cell, then one per coefficient.

The transforms are float64, as on the CPU: there are few coefficients, and rounding can change their
signs.
"""

import numpy as np
from numba import cuda, float64

from ...devices import workspace
from ...kernels import launch
from ...kernels.color._formulas import balanced, lab, lightness, linear
from ...kernels.downsample._cuda import fill_means
from ...kernels.downsample._formulas import shape_of_cells
from ...kernels.jit import kernel
from ...kernels.postprocess._cuda import postprocess
from ._formulas import CELLS, cosine, sign

GROUP = 256  # frames with coefficients stored at once


def image_signature(pixels, channels, is_rgb, width, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), bytes or [0, 1]."""
    frames, area = out.shape
    rows, cols = shape_of_cells(area // width, width, CELLS)
    down = workspace("signature down", (rows, rows), np.float64)
    across = workspace("signature across", (cols, cols), np.float64)
    blocks = -(-(max(rows, cols) ** 2) // launch.THREADS), 2
    _fill_cosines[blocks, launch.THREADS](down, across)
    group = min(frames, GROUP)
    for part, saliency in launch.in_groups(group, pixels, out):
        maps = workspace("signature maps", (group, rows, cols), np.float32)[: len(part)]
        planes = (group, 3 if channels > 1 else 1, rows, cols)
        _fill_maps(part, channels, is_rgb, width, planes, (down, across), maps)
        postprocess(maps, width, smooth, center_bias, True, saliency)


def _fill_maps(pixels, channels, is_rgb, width, shape, cosines, maps):
    (frames, rows, cols), planes = maps.shape, shape[1]
    down, across = cosines
    means = workspace("signature means", shape, np.float32)[:frames]
    here = workspace("signature here", shape, np.float64)[:frames]
    there = workspace("signature there", shape, np.float64)[:frames]
    threads = max(1, launch.THREADS // 4)  # about the number of cells in a row
    fill_means(pixels, channels, is_rgb, width, means)
    each = (-(-cols // threads), rows, frames), threads
    _fill_lab[each](means, here)
    flat = (frames * planes, rows, cols)
    here, flat_there = here.reshape(flat), there.reshape(flat)
    all_planes = (-(-cols // threads), rows, frames * planes), threads
    _transform_across[all_planes](here, across, flat_there)
    _sign_down[all_planes](flat_there, down, here)
    _transform_back_down[all_planes](here, down, flat_there)
    _add_up[each](there, across, maps)


@kernel
def _fill_cosines(down, across):
    i = cuda.grid(1)
    rows, cols = down.shape[0], across.shape[0]
    if cuda.blockIdx.y == 0 and i < rows * rows:
        down[i // rows, i % rows] = cosine(i // rows, i % rows, rows)
    if cuda.blockIdx.y == 1 and i < cols * cols:
        across[i // cols, i % cols] = cosine(i // cols, i % cols, cols)


@kernel
def _fill_lab(means, planes):
    row, frame, col = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if col >= means.shape[3]:
        return
    red = linear(means[frame, 0, row, col])
    green = blue = red
    if means.shape[1] > 1:
        green, blue = linear(means[frame, 1, row, col]), linear(means[frame, 2, row, col])
    x, y, z = balanced(red, green, blue)
    x, y, z = lab(lightness(x), lightness(y), lightness(z))
    planes[frame, 0, row, col] = x
    if means.shape[1] > 1:
        planes[frame, 1, row, col] = y
        planes[frame, 2, row, col] = z


@kernel
def _transform_across(planes, cosines, coefficients):
    """Fill coefficients with the DCT along the rows."""
    cols = cosines.shape[0]
    row, plane, frequency = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if frequency < cols:
        total = float64(0)
        for col in range(cols):
            total += cosines[frequency, col] * planes[plane, row, col]
        coefficients[plane, row, frequency] = total


@kernel
def _sign_down(planes, cosines, signs):
    """Finish the DCT down the columns, and fill `signs` with the image signature."""
    rows = cosines.shape[0]
    frequency, plane, col = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if col < planes.shape[2]:
        total = float64(0)
        for row in range(rows):
            total += cosines[frequency, row] * planes[plane, row, col]
        signs[plane, frequency, col] = sign(total)


@kernel
def _transform_back_down(signs, cosines, coefficients):
    """Fill coefficients with the inverse DCT of the signature down the columns."""
    rows = cosines.shape[0]
    row, plane, col = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if col < signs.shape[2]:
        total = float64(0)
        for frequency in range(rows):
            total += cosines[frequency, row] * signs[plane, frequency, col]
        coefficients[plane, row, col] = total


@kernel
def _add_up(coefficients, cosines, maps):
    """Finish the inverse DCT, and fill maps with the sum of its squares over all planes."""
    cols = cosines.shape[0]
    row, frame, col = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if col < cols:
        energy = float64(0)
        for plane in range(coefficients.shape[1]):
            total = float64(0)
            for frequency in range(cols):
                total += cosines[frequency, col] * coefficients[frame, plane, row, frequency]
            energy += total * total
        maps[frame, row, col] = energy
