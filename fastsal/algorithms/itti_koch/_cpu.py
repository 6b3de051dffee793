"""The Itti-Koch map on the CPU: bands of rows for the scales, features dealt to the threads.

Nothing larger than a quarter of the image's sides is stored before the map itself.
"""

import numpy as np
from numba import get_num_threads, prange

from ...kernels import launch
from ...kernels.finish._cpu import finish
from ...kernels.jit import parallel, serial
from ._cpu_features import compare, compare_bands
from ._cpu_orientations import orient, orient_bands
from ._cpu_scales import build, build_bands, oppose, oppose_bands, shrink, shrink_bands
from ._cpu_sum import combine
from ._plan import PLANES, layout_of, plan_of, unit_of


def itti_koch(pixels, channels, weights, width, options, smooth, center_bias, out, parts):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `parts`, if any, are three more maps of that form, for intensity, colour and orientation.
    """
    frames, area = out.shape
    plan = plan_of(area // width, width, channels, options)
    maps = launch.scratch("itti-koch maps", (4, frames, *plan.small), np.float32)
    args = (layout_of(channels, weights), width, unit_of(pixels.dtype), plan.sizes, plan.taps,
            plan.tasks, plan.flags, plan.border, plan.weights)  # fmt: skip
    if area < launch.PARALLEL_FROM:
        over = launch.over_bands
        over(_small_frames, _small_bands, frames, pixels, *args, maps, pixels=out.size)
    else:
        for frame in range(frames):
            _large_frame(pixels[frame], *args, plan.atlas, maps[:, frame])
    finish(maps[0], width, smooth, center_bias, True, out)
    for each, part in zip(maps[1:], parts, strict=False):
        finish(each, width, 0.0, 0.0, True, part)


def _large_frame(
    pixels, layout, width, unit, sizes, taps, tasks, flags, border, weights, atlas, maps
):
    rows, cols, _ = sizes[0]
    area = pixels.size // layout[0]
    planes = launch.scratch("itti-koch planes", (PLANES, atlas), np.float32)
    brightest = launch.scratch("itti-koch brightest", (rows,), np.float32)
    work = launch.scratch("itti-koch work", (get_num_threads(), rows * cols), np.float32)
    reduced = launch.scratch("itti-koch reduced", (len(tasks), *maps.shape[1:]), np.float32)
    over = launch.over_bands
    over(shrink, shrink_bands, rows, pixels, layout, width, unit, sizes, planes, brightest, pixels=area)
    if layout[0] > 1:
        over(oppose, oppose_bands, rows * cols, brightest, planes[:, : rows * cols])
    over(build, build_bands, 3, sizes, planes, pixels=area)
    over(orient, orient_bands, rows, sizes, taps, flags[0], planes, pixels=area)
    args = (planes, sizes, tasks, flags[1:], border, work, reduced)
    over(compare, compare_bands, len(tasks), *args, pixels=area)
    combine(reduced, tasks, flags[2], weights, maps)


@serial
def _small_frames(
    pixels, layout, width, unit, sizes, taps, tasks, flags, border, weights, maps, start, stop
):
    rows, cols, _ = sizes[0]
    planes = np.zeros((PLANES, sizes[-1, 2] + sizes[-1, 0] * sizes[-1, 1]), np.float32)
    brightest, work = np.empty(rows, np.float32), np.empty((1, rows * cols), np.float32)
    reduced = np.empty((len(tasks), *maps.shape[2:]), np.float32)
    for frame in range(start, stop):
        shrink(pixels[frame], layout, width, unit, sizes, planes, brightest, 0, rows)
        if layout[0] > 1:
            oppose(brightest, planes, 0, rows * cols)
        build(sizes, planes, 0, 3)
        orient(sizes, taps, flags[0], planes, 0, rows)
        compare(planes, sizes, tasks, flags[1:], border, work, reduced, 0, len(tasks))
        combine(reduced, tasks, flags[2], weights, maps[:, frame])


@parallel
def _small_bands(
    pixels, layout, width, unit, sizes, taps, tasks, flags, border, weights, maps, bands
):
    for band in prange(bands):
        start, stop = band * len(pixels) // bands, (band + 1) * len(pixels) // bands
        _small_frames(
            pixels, layout, width, unit, sizes, taps, tasks, flags, border, weights, maps,
            start, stop,
        )  # fmt: skip
