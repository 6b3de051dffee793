"""The image signature on a CUDA device: a block per cell, then a thread per wave.

The transforms are float64, as on the CPU: there are few waves, and their signs hang on rounding.
"""

import numpy as np
from numba import cuda, float32, float64

from ...devices import workspace
from ...kernels import launch
from ...kernels.color._math import lab, lightness, linear
from ...kernels.finish._cuda import finish
from ...kernels.jit import kernel
from ._math import ROWS_PER_CELL, balanced, cosine, edge, row_within, shape_of_cells, sign

GROUP = 256  # frames whose waves are kept at once
MAX_THREADS = 1024


def image_signature(pixels, channels, is_rgb, width, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), bytes or [0, 1]."""
    (frames, area), stream = out.shape, pixels.stream
    size = rows, cols = shape_of_cells(area // width, width)
    group, planes = min(frames, GROUP), 3 if channels > 1 else 1
    down, across = _work("down", (rows, rows)), _work("across", (cols, cols))
    threads = max(1, launch.THREADS // 4)  # about as many as there are cells in a row
    _fill_cosines[(-(-cols * cols // threads), 2), threads, stream](down, across)
    for start in range(0, frames, group):
        stop = min(start + group, frames)
        part, saliency = (pixels, out) if group == frames else (pixels[start:stop], out[start:stop])
        saliency.stream = stream
        shape = stop - start, planes, *size
        work = [_work(name, (group, planes, *size))[: stop - start] for name in ("here", "there")]
        maps = workspace("signature maps", (group, *size), np.float32)[: stop - start]
        blocks = cols, rows, min(stop - start, 65_535)
        image = part.reshape(stop - start, area // width, width * channels)
        _shrink[blocks, threads, stream](image, channels, is_rgb, work[0])
        flat = [array.reshape(shape[0] * planes, *size) for array in work]
        blocks = -(-cols // threads), rows, shape[0] * planes
        _transform_across[blocks, threads, stream](flat[0], across, flat[1])
        _sign_down[blocks, threads, stream](flat[1], down, flat[0])
        _transform_back_down[blocks, threads, stream](flat[0], down, flat[1])
        blocks = *blocks[:2], shape[0]
        _add_up[blocks, threads, stream](work[1], across, maps)
        finish(maps, width, smooth, center_bias, True, saliency)


def _work(name, shape):
    return workspace(f"signature {name}", shape, np.float64)


@kernel
def _fill_cosines(down, across):
    i = cuda.grid(1)
    rows, cols = down.shape[0], across.shape[0]
    if cuda.blockIdx.y == 0 and i < rows * rows:
        down[i // rows, i % rows] = cosine(i // rows, i % rows, rows)
    if cuda.blockIdx.y == 1 and i < cols * cols:
        across[i // cols, i % cols] = cosine(i // cols, i % cols, cols)


@kernel
def _shrink(pixels, channels, is_rgb, planes):
    """Fill the planes with CIELab of the cells' means, a block per cell."""
    reds = cuda.shared.array(MAX_THREADS, float32)
    greens = cuda.shared.array(MAX_THREADS, float32)
    blues = cuda.shared.array(MAX_THREADS, float32)
    frames, count, rows, cols = planes.shape
    height, width = pixels.shape[1], pixels.shape[2] // channels
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    col, row = cuda.blockIdx.x, cuda.blockIdx.y
    first, last = edge(row, rows, height), edge(row + 1, rows, height)
    left, right = edge(col, cols, width), edge(col + 1, cols, width)
    taken, wide = min(last - first, ROWS_PER_CELL), right - left
    frame = cuda.blockIdx.z
    while frame < frames:
        red, green, blue = float32(0), float32(0), float32(0)
        i = me
        while i < taken * wide:
            at = channels * (left + i % wide)
            source = row_within(i // wide, taken, first, last)
            red += float32(pixels[frame, source, at])
            if count > 1:
                green += float32(pixels[frame, source, at + 1])
                blue += float32(pixels[frame, source, at + 2])
            i += threads
        reds[me] = red
        greens[me] = green
        blues[me] = blue
        cuda.syncthreads()
        half = threads >> 1  # launch.THREADS is a power of two
        while half > 0:
            if me < half:
                reds[me] += reds[me + half]
                greens[me] += greens[me + half]
                blues[me] += blues[me + half]
            cuda.syncthreads()
            half >>= 1
        if me == 0:
            white = float32(255 if pixels.itemsize == 1 else 1)
            share = float32(1) / (float32(taken * wide) * white)
            red, green, blue = linear(share * reds[0]), share * greens[0], share * blues[0]
            if count == 1:
                green = blue = red
            else:
                green, blue = linear(green), linear(blue)
                red, blue = (red, blue) if is_rgb else (blue, red)
            x, y, z = balanced(red, green, blue)
            x, y, z = lab(lightness(x), lightness(y), lightness(z))
            planes[frame, 0, row, col] = x
            if count > 1:
                planes[frame, 1, row, col] = y
                planes[frame, 2, row, col] = z
        cuda.syncthreads()
        frame += cuda.gridDim.z


@kernel
def _transform_across(planes, cosines, waves):
    cols = cosines.shape[0]
    row, plane, wave = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if wave < cols:
        total = float64(0)
        for col in range(cols):
            total += cosines[wave, col] * planes[plane, row, col]
        waves[plane, row, wave] = total


@kernel
def _sign_down(planes, cosines, signs):
    rows = cosines.shape[0]
    wave, plane, col = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if col < planes.shape[2]:
        total = float64(0)
        for row in range(rows):
            total += cosines[wave, row] * planes[plane, row, col]
        signs[plane, wave, col] = sign(total)


@kernel
def _transform_back_down(signs, cosines, waves):
    rows = cosines.shape[0]
    row, plane, col = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if col < signs.shape[2]:
        total = float64(0)
        for wave in range(rows):
            total += cosines[wave, row] * signs[plane, wave, col]
        waves[plane, row, col] = total


@kernel
def _add_up(waves, cosines, maps):
    """Fill maps with the squares of what the waves of all planes add up to."""
    cols = cosines.shape[0]
    row, frame, col = cuda.blockIdx.y, cuda.blockIdx.z, cuda.grid(1)
    if col < cols:
        energy = float64(0)
        for plane in range(waves.shape[1]):
            total = float64(0)
            for wave in range(cols):
                total += cosines[wave, col] * waves[frame, plane, row, wave]
            energy += total * total
        maps[frame, row, col] = energy
