"""The Itti-Koch map on a CUDA device: all scales lie in one atlas, so that few kernels do.

Scales or features lie along y of the grid and frames along z; a thread takes a pixel. A long stack
goes through in groups whose atlases stay small.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ...devices import workspace
from ...kernels import launch
from ...kernels.finish._cuda import finish
from ._cuda_features import clear, compare, count, reduce
from ._cuda_orientations import filter_columns, filter_rows
from ._cuda_scales import TILE, halve, oppose, shrink, to_lab
from ._cuda_sum import add_up
from ._plan import PLANES, layout_of, plan_of, unit_of

GROUP = 1 << 24  # pixels of frames under way at once


class _Tables(NamedTuple):
    sizes: Any
    tasks: Any
    offsets: Any  # of the features in an atlas of their own
    gaps: int  # pixels of all features
    taps: Any
    weights: Any
    flats: Any


def itti_koch(pixels, channels, weights, width, options, smooth, center_bias, out, parts):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `parts`, if any, are three more maps of that form, for intensity, colour and orientation.
    """
    frames, area = out.shape
    shape = area // width, width, channels, options
    plan, stream = plan_of(*shape), pixels.stream
    group = min(frames, max(1, GROUP // area))
    maps = _work("maps", (4, frames, *plan.small))
    layout = layout_of(channels, weights)
    for start in range(0, frames, group):
        some = slice(start, start + group)
        part = pixels if group == frames else pixels[some]
        part.stream = stream
        _fill_maps(part, layout, width, plan, _tables(*shape), maps, start, group)
    for each, target in zip(maps, (out, *parts), strict=False):
        target.stream = stream
        is_map = target is out
        finish(each, width, smooth if is_map else 0.0, center_bias if is_map else 0.0, True, target)


def _fill_maps(pixels, layout, width, plan, tables, maps, start, group):
    frames, stream = len(pixels), pixels.stream
    rows, cols, _ = (int(each) for each in plan.sizes[0])
    threads = launch.THREADS
    planes = _work("planes", (group, PLANES, plan.atlas))[:frames]
    filtered = _work("filtered", (group, 5, plan.atlas))[:frames]
    gaps = _work("gaps", (group, tables.gaps))[:frames]
    summed = _work("summed", (group, PLANES, *plan.small))[:frames]
    tasks = len(plan.tasks)
    spans = workspace("itti-koch spans", (group, tasks, 2), np.float32)[:frames]
    tallies = workspace("itti-koch tallies", (group, tasks, 2, 3), np.int64)[:frames]
    bright = workspace("itti-koch bright", (group,), np.float32)[:frames]
    deep = min(frames, 65_535)
    pixel_blocks = -(-rows * cols // threads)
    levels = len(plan.sizes)
    clear[min(frames, 65_535), threads, stream](spans, tallies, bright)
    tiles = -(-cols // TILE), min(rows, 65_535), deep
    shrink[tiles, threads, stream](
        pixels, layout, width, unit_of(pixels.dtype), tables.sizes, planes, bright
    )
    if plan.is_lab:
        to_lab[(pixel_blocks, 1, deep), threads, stream](rows * cols, layout[0], planes)
    elif layout[0] > 1:
        oppose[(pixel_blocks, 1, deep), threads, stream](rows * cols, bright, planes)
    halve[(1, 3 if layout[0] > 1 else 1, deep), 4 * threads, stream](tables.sizes, planes)
    each_scale = (pixel_blocks, levels, deep), threads, stream
    filter_rows[each_scale](tables.sizes, tables.taps, plan.energy, planes, filtered)
    filter_columns[each_scale](tables.sizes, tables.taps, plan.energy, filtered, planes)
    each_task = (pixel_blocks, tasks, deep), threads, stream
    args = tables.sizes, tables.tasks, tables.offsets
    border = np.float32(plan.border)
    compare[each_task](*args, plan.is_sum, border, planes, gaps, spans)
    if plan.promotes:
        count[each_task](*args, tables.flats, gaps, spans, tallies)
    small = plan.small[0] * plan.small[1]
    reduce[(-(-small // threads), PLANES, deep), threads, stream](
        *args, tables.flats, plan.shares, plan.promotes, gaps, spans, tallies, summed
    )
    add_up[deep, 4 * threads, stream](
        plan.shares, plan.promotes, tables.weights, start, summed, maps
    )


@lru_cache(maxsize=8)
def _tables(height, width, channels, options):
    """Return the tables of a plan on the device, where they stay."""
    plan = plan_of(height, width, channels, options)
    sizes = plan.sizes.astype(np.int32)
    pixels = [int(plan.sizes[center, 0] * plan.sizes[center, 1]) for center in plan.tasks[:, 1]]
    offsets = np.concatenate([[0], np.cumsum(pixels)]).astype(np.int32)
    first = cuda.to_device(sizes), cuda.to_device(plan.tasks.astype(np.int32))
    rest = (cuda.to_device(each) for each in (plan.taps, plan.weights, plan.flats))
    return _Tables(*first, cuda.to_device(offsets[:-1].copy()), int(offsets[-1]), *rest)


def _work(name, shape):
    return workspace(f"itti-koch {name}", shape, np.float32)
