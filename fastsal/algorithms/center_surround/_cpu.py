"""Centre-surround saliency on the CPU."""

import numpy as np
from numba import float32

from ...kernels import launch
from ...kernels.downsample._cpu import fill_means
from ...kernels.downsample._formulas import shape_of_cells
from ...kernels.jit import banded
from ...kernels.postprocess._cpu import postprocess
from . import _cpu_blur as blur
from . import _cpu_merge as merge
from ._formulas import blue_yellow, intensity, red_green


def center_surround(pixels, channels, is_rgb, width, form, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), bytes or [0, 1]."""
    frames, area = out.shape
    height = area // width
    rows, cols = shape_of_cells(height, width, form.longer or max(height, width))
    planes = _work("planes", (frames, 3 if channels > 1 else 1, rows, cols))
    fill_means(pixels, channels, is_rgb, width, planes)
    args = (planes, _firsts(planes), float32(form.lightness))
    launch.over_bands(_oppose, frames * rows, *args, pixels=planes.size)
    octaves = _octaves(planes, form)
    maps = merge.merged(octaves, form)
    postprocess(maps, width, smooth, center_bias, True, out)


def _work(name, shape):
    return launch.scratch(f"center-surround {name}", shape, np.float32)


def _firsts(planes):
    """Return the first pixels, which are subtracted: one colour is then exactly 0 throughout."""
    return planes[:, :, 0, 0].copy()


def _octaves(planes, form):
    """Return the contrast of each octave, summed over channels and scales."""
    frames, channels, *size = planes.shape
    center = _work("center 0", planes.shape)
    blur.blur(planes, form.center, center)
    octaves = []
    for octave in range(form.octaves_of(*size)):
        contrast = _work(f"contrast {octave}", (frames, *size))
        for scale in range(form.scales):
            sigma = form.sigma_of_surround(scale)
            apart = frames, channels, blur.rows_of_surround(size[0], sigma), size[1]
            far = _work(f"far {octave} {scale}", apart)
            blur.compare(center, sigma, far, contrast, scale == 0)
            is_last = scale == form.scales - 1
            halved = [max(1, side // 2) for side in size] if is_last else size
            tag = f"center {octave + 1}" if is_last else f"center {octave} {scale}"
            following = _work(tag, (frames, channels, *halved))
            blur.blur(center, form.sigma_to_next(scale), following)
            center = following
        octaves.append(contrast)
        size = center.shape[2:]
    return octaves


@banded
def _oppose(planes, firsts, lightness, start, stop):
    """Convert rows of red, green, blue to VOCUS2's opponents, in place, minus the first pixel."""
    count, rows, cols = planes.shape[1:]
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        if count == 1:
            values = planes[frame, 0, row]
            for col in range(cols):
                values[col] -= firsts[frame, 0]
            continue
        reds, greens, blues = planes[frame, 0, row], planes[frame, 1, row], planes[frame, 2, row]
        for col in range(cols):
            red, green = reds[col] - firsts[frame, 0], greens[col] - firsts[frame, 1]
            blue = blues[col] - firsts[frame, 2]
            reds[col] = lightness * intensity(red, green, blue)
            greens[col] = red_green(red, green)
            blues[col] = blue_yellow(red, green, blue)
