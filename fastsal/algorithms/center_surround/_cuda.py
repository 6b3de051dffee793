"""Centre-surround saliency on a CUDA device: a thread per pixel of an octave, pass by pass."""

import numpy as np
from numba import cuda, float32

from ...devices import workspace
from ...kernels import launch
from ...kernels.downsample._cuda import fill_means
from ...kernels.downsample._formulas import shape_of_cells
from ...kernels.jit import kernel
from ...kernels.postprocess._cuda import postprocess
from ._cuda_blur import across, compare, down
from ._cuda_merge import add_cubic, add_next, fade_out
from ._formulas import blue_yellow, intensity, red_green

GROUP = 1 << 23  # pixels of the first octave of all frames processed at once


def center_surround(pixels, channels, is_rgb, width, form, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), bytes or [0, 1]."""
    frames, area = out.shape
    height = area // width
    rows, cols = shape_of_cells(height, width, form.longer or max(height, width))
    group = launch.group_size(frames, rows * cols, GROUP, grids=3)
    for part, saliency in launch.in_groups(group, pixels, out):
        shape = (group, 3 if channels > 1 else 1, rows, cols)
        means = _work("means", shape, len(part))
        fill_means(part, channels, is_rgb, width, means)
        maps = _merged(_octaves(means, form, group), form)
        postprocess(maps, width, smooth, center_bias, True, saliency)


def _octaves(means, form, group):
    """Return the contrast of each octave, summed over channels and scales."""
    frames, channels, *size = means.shape
    center, planes = (
        _work(name, (group, channels, *size), frames) for name in ("center", "planes")
    )
    _oppose[_each(size, frames)](means, float32(form.lightness), planes)
    sigma = float32(form.center)
    every = _each(size, frames * channels)
    across[every](_flat(planes), sigma, sigma, _flat(means), _flat(means))
    down[every](_flat(means), sigma, _flat(center))
    octaves = []
    for octave in range(form.octaves_of(*size)):
        contrast = _work(f"contrast {octave}", (group, *size), frames)
        shape = (group, channels, *size)
        far, near = (_work(f"{name} {octave}", shape, frames) for name in ("far", "near"))
        every = _each(size, frames * channels)
        for scale in range(form.scales):
            is_last = scale == form.scales - 1
            halved = [max(1, side // 2) for side in size] if is_last else size
            tag = f"center {octave + 1}" if is_last else f"center {octave} {scale}"
            following = _work(tag, (group, channels, *halved), frames)
            sigmas = form.sigma_of_surround(scale), form.sigma_to_next(scale)
            sigmas = float32(sigmas[0]), float32(sigmas[1])
            across[every](_flat(center), *sigmas, _flat(far), _flat(near))
            args = (center, far, near, *sigmas, contrast, scale == 0, following)
            compare[_each(size, frames)](*args)
            center = following
        octaves.append(contrast)
        size = center.shape[2:]
    return octaves


def _merged(octaves, form):
    """Return the first octave, (N, rows, cols), with the others added to it."""
    maps = octaves[0]
    frames, *size = maps.shape
    if form.cubic:
        for octave in octaves[1:]:
            add_cubic[_each(size, frames)](octave, maps)
        return maps
    for octave, following in zip(octaves[-2::-1], octaves[:0:-1], strict=True):
        add_next[_each(octave.shape[1:], frames)](following, octave)
    fade_out[_each(size, frames)](maps, float32(form.border * max(size)))
    return maps


def _work(name, shape, frames):
    array = workspace(f"center-surround {name}", shape, np.float32)
    return array if frames == shape[0] else array[:frames]


def _flat(planes):
    return planes.reshape(planes.shape[0] * planes.shape[1], *planes.shape[2:])


def _each(size, planes):
    """Return the launch configuration of kernels with threads that stride over rows and planes."""
    return launch.image_grid(size, planes, launch.THREADS // 2)


@kernel
def _oppose(means, lightness, planes):
    """Convert red, green and blue to VOCUS2's opponents, minus those of the first pixel.

    One colour is then exactly 0 throughout.
    """
    count, rows, cols = means.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    row = cuda.blockIdx.y
    while row < rows:
        red = means[frame, 0, row, col] - means[frame, 0, 0, 0]
        if count == 1:
            planes[frame, 0, row, col] = red
        else:
            green = means[frame, 1, row, col] - means[frame, 1, 0, 0]
            blue = means[frame, 2, row, col] - means[frame, 2, 0, 0]
            planes[frame, 0, row, col] = lightness * intensity(red, green, blue)
            planes[frame, 1, row, col] = red_green(red, green)
            planes[frame, 2, row, col] = blue_yellow(red, green, blue)
        row += cuda.gridDim.y
