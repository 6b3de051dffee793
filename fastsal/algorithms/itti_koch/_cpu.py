"""The Itti-Koch map on the CPU: pyramids in bands of rows, features in parallel, then their sum.

The largest intermediate array has a quarter of the image's sides.
"""

from functools import cache

import numpy as np
from numba import float32

from ...images import read_only
from ...kernels import launch, threads
from ...kernels.color._cpu_lab import linear_table
from ...kernels.jit import banded, serial
from ...kernels.postprocess._cpu import postprocess
from ._cpu_features import add, compare, compare_bands, compete, weight_of
from ._cpu_pyramids import average, build, oppose, orient, shrink, to_lab
from ._formulas import modality, range_weight
from ._plan import PLANES, layout_of, plan_of, side_of_squares, unit_of


def itti_koch(pixels, channels, is_rgb, width, options, smooth, center_bias, out, parts):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `parts`, if any, are three more maps of that form, for intensity, colour and orientation.
    """
    side = side_of_squares(out.shape[1] // width, width, options)
    source, cols, unit = _averaged(pixels, channels, width, side)
    frames, area = source.shape[0], source.shape[1] // channels
    plan = plan_of(area // cols, cols, channels, options)
    maps = launch.scratch("itti-koch maps", (4, frames, *plan.small), np.float32)
    form = layout_of(channels, is_rgb), cols, unit
    if area < launch.PARALLEL_FROM:
        args = (plan, source, *form, _light(plan.is_lab), maps)
        launch.over_bands(_small_frames, frames, *args, pixels=frames * area)
    else:
        for frame in range(frames):
            _large_frame(plan, source[frame], *form, maps[:, frame])
    postprocess(maps[0], width, smooth, center_bias, True, out)
    for each, part in zip(maps[1:], parts, strict=False):
        postprocess(each, width, 0.0, 0.0, True, part)


def _averaged(pixels, channels, width, side):
    """Return pixels or means of squares, their width, and the factor from values to levels."""
    unit = unit_of(pixels.dtype)
    if side == 1:
        return pixels, width, unit
    frames, height = len(pixels), pixels.shape[1] // (width * channels)
    rows, cols = -(-height // side), -(-width // side)
    small = launch.scratch("itti-koch small", (frames, rows, cols * channels), np.float32)
    args = pixels, channels, width, side, unit, small
    launch.over_bands(average, frames * rows, *args, pixels=pixels.size)
    return read_only(small).reshape(frames, -1), cols, np.float32(1)


def _large_frame(plan, pixels, layout, width, unit, maps):
    rows, cols = plan.sizes[0, :2]
    size, area = rows * cols, pixels.size // layout[0]
    planes = launch.scratch("itti-koch planes", (PLANES, plan.atlas), np.float32)
    brightest = launch.scratch("itti-koch brightest", (rows,), np.float32)
    work = launch.scratch("itti-koch work", (threads.count(), size), np.float32)
    reduced = launch.scratch("itti-koch reduced", (len(plan.tasks), *plan.small), np.float32)
    spans = launch.scratch("itti-koch spans", (len(plan.tasks),), np.float32)
    over = launch.over_bands
    args = plan, pixels, layout, width, unit, planes, brightest
    over(shrink, rows, *args, pixels=area)
    if plan.is_lab:
        over(to_lab, size, layout[0], _light(True), planes, pixels=area)
    elif layout[0] > 1:
        over(oppose, size, brightest, planes, pixels=area)
    over(build, 3, plan, planes, pixels=area)
    over(orient, rows, plan, planes, pixels=area)
    with threads.safe_section():
        bands = min(len(plan.tasks), threads.count())
        compare_bands(plan, planes, work, reduced, spans, bands)
    combine(plan, reduced, spans, maps)


@cache
def _light(is_lab):
    """Return the table that CIELab is made with; an empty one if it is not made."""
    return linear_table() if is_lab else np.empty(0, np.float32)


@banded
def _small_frames(plan, pixels, layout, width, unit, linear_table, maps, start, stop):
    rows, size = plan.sizes[0, 0], plan.sizes[0, 0] * plan.sizes[0, 1]
    planes, brightest = np.zeros((PLANES, plan.atlas), np.float32), np.empty(rows, np.float32)
    work, tasks = np.empty((1, size), np.float32), len(plan.tasks)
    reduced = np.empty((tasks, *maps.shape[2:]), np.float32)
    spans = np.empty(tasks, np.float32)
    for frame in range(start, stop):
        shrink(plan, pixels[frame], layout, width, unit, planes, brightest, 0, rows)
        if plan.is_lab:
            to_lab(layout[0], linear_table, planes, 0, size)
        elif layout[0] > 1:
            oppose(brightest, planes, 0, size)
        build(plan, planes, 0, 3)
        orient(plan, planes, 0, rows)
        compare(plan, planes, work, reduced, spans, 0, tasks)
        combine(plan, reduced, spans, maps[:, frame])


@serial
def combine(plan, reduced, spans, maps):
    """Fill `maps`: the map (Eq. 8), and intensity, colour and orientation (Eq. 5 to 7)."""
    summed = np.zeros((4, *maps.shape[1:]), np.float32)
    maps[:] = 0
    widest = np.zeros(3, np.float32)
    for task in range(len(plan.tasks)):
        kind = modality(plan.tasks[task, 0])
        widest[kind] = max(widest[kind], spans[task])
    for task in range(len(plan.tasks)):
        plane = plan.tasks[task, 0]
        kind = modality(plane)
        factor = float32(1)
        if plan.shares:
            factor = range_weight(spans[task], widest[kind], plan.promotes)
        add(reduced[task], factor, summed[plane - 3] if kind == 2 else maps[kind + 1])
    _add_orientations(plan, summed, maps[3])
    for kind in range(3):
        low, high = _range_of(maps[kind + 1])
        _add_normalized(maps[kind + 1], low, high, plan, plan.weights[kind], maps[0])


@serial
def _add_orientations(plan, summed, target):
    """Add N of each orientation to the conspicuity map of orientation (Eq. 7)."""
    widest = float32(0)
    for orientation in range(4):
        low, high = _range_of(summed[orientation])
        widest = max(widest, high - low)
    for orientation in range(4):
        low, high = _range_of(summed[orientation])
        factor = float32(1)
        if plan.shares:
            factor = range_weight(high - low, widest, plan.promotes)
        _add_normalized(summed[orientation], low, high, plan, factor, target)


@serial
def _range_of(source):
    low, high = source[0, 0], source[0, 0]
    for row in range(source.shape[0]):
        values = source[row]
        for col in range(values.size):
            low, high = min(low, values[col]), max(high, values[col])
    return low, high


@serial
def _add_normalized(source, low, high, plan, weight, target):
    """Add weight * N(source)."""
    if not high > low:
        return
    scale = float32(1) / (high - low)
    stretched = np.empty(source.shape, np.float32)
    for row in range(stretched.shape[0]):
        values, shares = source[row], stretched[row]
        for col in range(shares.size):
            shares[col] = scale * (values[col] - low)
    if plan.promotes:
        weight *= weight_of(source, float32(1), low, high, scale)
    if plan.competes:
        compete(plan, stretched)
    add(stretched, weight, target)
