"""The Itti-Koch map on a CUDA device: one atlas holds all scales, so few launches suffice.

A thread takes a pixel of an atlas, of scales or of features; a table says which of these a block
of threads belongs to. Frames lie along z. A long stack goes through in groups.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ...devices import settled, workspace
from ...kernels import launch
from ...kernels.postprocess._cuda import postprocess
from ._cuda_features import clear, compare, count, reduce
from ._cuda_pyramids import (
    TILE,
    average,
    filter_columns,
    filter_rows,
    halve,
    oppose,
    shrink,
    to_lab,
)
from ._cuda_sum import add_up, add_up_competing, compete, reduce_signs, sum_signs
from ._plan import PLANES, layout_of, plan_of, side_of_squares, unit_of

GROUP = 1 << 24  # pixels of the frames processed at once


class _Tables(NamedTuple):
    sizes: Any
    tasks: Any
    offsets: Any  # of the features in an atlas of their own
    contrasts: int  # pixels of all features
    scale_blocks: Any  # (blocks, 2): the scale of a block and its first pixel
    task_blocks: Any  # the same for features
    taps: Any
    weights: Any
    flats: Any
    across: Any
    down: Any


def itti_koch(pixels, channels, is_rgb, width, options, smooth, center_bias, out, parts):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `parts`, if any, are three more maps of that form, for intensity, colour and orientation.
    """
    height = out.shape[1] // width
    side = side_of_squares(height, width, options)
    shape = -(-height // side), -(-width // side)
    plan = plan_of(*shape, channels, options)
    tables = _tables(*shape, channels, options, launch.THREADS)
    layout = layout_of(channels, is_rgb)
    frames = len(out)
    group = launch.group_size(frames, shape[0] * shape[1], GROUP)
    maps = _work("maps", (4, frames, *plan.small))
    for start in range(0, frames, group):
        part = pixels if group == frames else pixels[start : start + group]
        unit = unit_of(part.dtype)
        if side > 1:
            part, unit = _averaged(part, channels, width, side, shape, group), np.float32(1)
        _fill_maps(part, layout, shape[1], unit, plan, tables, maps, start, group)
    for each, target in zip(maps, (out, *parts), strict=False):
        is_map = target is out
        postprocess(
            each, width, smooth if is_map else 0.0, center_bias if is_map else 0.0, True, target
        )


def _averaged(pixels, channels, width, side, shape, group):
    frames, size = len(pixels), shape[0] * shape[1] * channels
    small = _work("small", (group, size))[:frames]
    args = pixels, channels, width, side, unit_of(pixels.dtype), small
    average[launch.image_grid((1, size), frames)](*args)
    return small


def _fill_maps(pixels, layout, width, unit, plan, tables, maps, start, group):
    frames = len(pixels)
    rows, cols = (int(each) for each in plan.sizes[0, :2])
    threads = launch.THREADS
    planes = _work("planes", (group, PLANES, plan.atlas))[:frames]
    filtered = _work("filtered", (group, 5, plan.atlas))[:frames]
    contrasts = _work("gaps", (group, tables.contrasts))[:frames]
    summed = _work("summed", (group, PLANES, *plan.small))[:frames]
    tasks = len(plan.tasks)
    spans = workspace("itti-koch spans", (group, tasks, 2), np.float32)[:frames]
    tallies = workspace("itti-koch tallies", (group, tasks, 2, 3), np.int64)[:frames]
    bright = workspace("itti-koch bright", (group,), np.float32)[:frames]
    pixel_blocks = -(-rows * cols // threads)
    clear[frames, threads](spans, tallies, bright)
    tiles, _ = launch.image_grid((rows, cols), frames, TILE)
    args = pixels, layout, width, unit, tables.sizes, planes, bright
    shrink[tiles, threads](*args)
    if plan.is_lab:
        to_lab[(pixel_blocks, 1, frames), threads](rows * cols, layout[0], planes)
    elif layout[0] > 1:
        oppose[(pixel_blocks, 1, frames), threads](rows * cols, bright, planes)
    halve[(1, 3 if layout[0] > 1 else 1, frames), 2 * threads](tables.sizes, planes)
    each_scale = (len(tables.scale_blocks), 1, frames), threads
    filter_rows[each_scale](
        tables.scale_blocks, tables.sizes, tables.taps, plan.energy, planes, filtered
    )
    filter_columns[each_scale](
        tables.scale_blocks, tables.sizes, tables.taps, plan.energy, filtered, planes
    )
    each_task = (len(tables.task_blocks), 1, frames), threads
    args = tables.sizes, tables.tasks, tables.offsets
    compare[each_task](tables.task_blocks, *args, plan.is_sum, planes, contrasts, spans)
    if plan.promotes:
        count[each_task](tables.task_blocks, *args, tables.flats, contrasts, spans, tallies)
    if plan.competes:
        _compete(plan, tables, contrasts, spans, summed, maps, start)
        return
    reduce[_small_grid(plan, PLANES, frames), threads](
        *args, tables.flats, plan.shares, plan.promotes, contrasts, spans, tallies, summed
    )
    add_up[frames, 4 * threads](plan.shares, plan.promotes, tables.weights, start, summed, maps)


def _compete(plan, tables, contrasts, spans, summed, maps, start):
    frames, signs, threads = len(contrasts), 2 * len(plan.tasks), launch.THREADS
    shape = frames, signs, *plan.small
    values, spare = _work("signs", shape), _work("spare", shape)
    sums = _work("sums", (*shape[:3], len(plan.across)))
    cosines = plan.sigma, tables.across, tables.down
    args = tables.sizes, tables.tasks, tables.offsets, tables.flats
    reduce_signs[_small_grid(plan, signs, frames), threads](*args, contrasts, spans, values)
    compete[(signs, 1, frames), threads](*cosines, tables.tasks, values, spare, sums)
    args = tables.tasks, tables.flats, plan.shares
    sum_signs[_small_grid(plan, PLANES, frames), threads](*args, spans, values, summed)
    add_up_competing[frames, threads](
        plan.shares, *cosines, tables.weights, start, summed, values, spare, sums, maps
    )


def _small_grid(plan, planes, frames):
    return -(-plan.small[0] * plan.small[1] // launch.THREADS), planes, frames


@lru_cache(maxsize=8)
def _tables(height, width, channels, options, threads):
    """Return the tables of a plan on the device, where they stay."""
    plan = plan_of(height, width, channels, options)
    scales = plan.sizes[:, 0] * plan.sizes[:, 1]
    features = scales[plan.tasks[:, 1]]
    offsets = np.cumsum(features) - features
    return _Tables(
        sizes=_on_device(plan.sizes, np.int32),
        tasks=_on_device(plan.tasks, np.int32),
        offsets=_on_device(offsets, np.int32),
        contrasts=int(features.sum()),
        scale_blocks=_on_device(_blocks(scales, threads), np.int32),
        task_blocks=_on_device(_blocks(features, threads), np.int32),
        taps=_on_device(plan.taps, np.float32),
        weights=_on_device(plan.weights, np.float32),
        flats=_on_device(plan.flats, np.float32),
        across=_on_device(plan.across, np.float32),
        down=_on_device(plan.down, np.float32),
    )


def _blocks(pixels, threads):
    """Return, for each block of threads that all pixels need, its pyramid level and first pixel."""
    return [
        (index, first) for index, count in enumerate(pixels) for first in range(0, count, threads)
    ]


def _on_device(array, dtype):
    return settled(np.ascontiguousarray(array, dtype))


def _work(name, shape):
    return workspace(f"itti-koch {name}", shape, np.float32)
