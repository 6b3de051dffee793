"""Boolean map saliency on the CPU: colour planes from projections, then two jobs for each plane."""

import numpy as np
from numba import int32, int64

from ...kernels import launch, threads
from ...kernels.area._cpu import fill_area_means
from ...kernels.jit import banded, serial
from ...kernels.lab_bytes._cpu import fill_lab
from ...kernels.median._cpu import fill_medians
from ...kernels.postprocess._cpu import upsample
from . import _axes
from ._axes import axes_of, covariance
from ._cpu_blur import (
    blur_across,
    blur_down,
    quantize,
    shape_map,
)
from ._cpu_regions import add_jobs, add_jobs_bands
from ._formulas import (
    BYTE_SHIFT,
    SUMS,
    chroma_of,
    factor_of,
    is_unlike,
    likeness,
    projection,
    redness,
    scaled,
)

fill_window = serial(_axes.fill_window)

_PARALLEL_FROM = 1 << 12  # cells of all jobs: a cell takes as long as some twenty pixels


def boolean_map(pixels, channels, is_rgb, width, plan, window, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `window` holds first and last + 1 row and column of the thumbnail's part between letterbox bars.
    If it is None and the plan says so, it is found for each frame.
    """
    maps = launch.scratch("boolean map", (1, plan.rows, plan.cols), np.float32)
    for frame in range(len(out)):
        small = _thumbnail(pixels[frame : frame + 1], channels, is_rgb, width, plan)
        inside = window
        if inside is None and plan.finds_bars:
            inside = _window(small)
        _fill_map(small, plan, inside, maps[0])
        upsample(maps, width, out[frame : frame + 1])


def content_window(pixels, channels, is_rgb, width, plan):
    """Return the window of one frame, or None if the frame is of one colour."""
    small = _thumbnail(pixels, channels, is_rgb, width, plan)
    return None if small.min() == small.max() else _window(small)


def _thumbnail(pixels, channels, is_rgb, width, plan):
    shape = (1, 3 if channels > 1 else 1, plan.rows, plan.cols)
    small = launch.scratch("boolean map colors", shape, np.uint8)
    fill_area_means(pixels, channels, is_rgb, width, small)
    return small[0]


def _window(small):
    window = np.empty(4, np.int64)
    _find_window(small, window)
    return tuple(window.tolist())


@serial
def _find_window(small, window):
    rows, cols = small.shape[1:]
    window[0], window[1], window[2], window[3] = 0, rows, 0, cols
    across, down = 0, 0
    for col in range(cols):
        across += _is_unlike(small, 0, col)
    for row in range(rows):
        down += _is_unlike(small, row, 0)
    if across * 100 > cols and down * 100 > rows:
        return  # no bar above and none on the left, as in most images
    rows_unlike, cols_unlike = np.zeros(rows, np.int64), np.zeros(cols, np.int64)
    for row in range(rows):
        for col in range(cols):
            unlike = _is_unlike(small, row, col)
            rows_unlike[row] += unlike
            cols_unlike[col] += unlike
    fill_window(rows_unlike, cols_unlike, window)


@serial
def _is_unlike(small, row, col):
    last = len(small) - 1
    return is_unlike(
        small[0, row, col], small[last // 2, row, col], small[last, row, col],
        small[0, 0, 0], small[last // 2, 0, 0], small[last, 0, 0],
    )  # fmt: skip


def _fill_map(small, plan, window, saliency):
    """Fill a map of the thumbnail's size, with zeros outside of the window."""
    top, bottom, left, right = window or (0, plan.rows, 0, plan.cols)
    if (bottom - top, right - left) == saliency.shape:
        _fill_content(small, plan, plan.rows_central, plan.cols_central, saliency)
        return
    content = np.empty((bottom - top, right - left), np.float32)
    inside = np.ascontiguousarray(small[:, top:bottom, left:right])
    central = plan.rows_central[top:bottom], plan.cols_central[left:right]
    _fill_content(inside, plan, *central, content)
    saliency[:] = 0
    saliency[top:bottom, left:right] = content


def _fill_content(small, plan, rows_central, cols_central, saliency):
    rows, cols = small.shape[1:]
    area = rows * cols
    planes = _fill_planes(small, plan)
    jobs = 2 * len(planes)
    count = min(jobs, threads.count()) if jobs * area >= _PARALLEL_FROM else 1
    work = launch.scratch("boolean map work", (count, 2, rows, cols), np.uint8)
    totals = launch.scratch("boolean map totals", (count, rows, cols), np.uint32)
    values = launch.scratch("boolean map values", (2, rows, cols), np.uint32)
    args = (planes, plan.units, plan.step, plan.reach, plan.is_published, work, totals)
    if count == 1:
        add_jobs(*args, 0, 1)
    else:
        with threads.safe_section():
            add_jobs_bands(*args, count)
    quantize(totals, plan.is_published, plan.spread, values[0])
    over, taps = launch.over_bands, plan.across.size
    args = (values[0], plan.across, plan.is_published, values[1])
    over(blur_across, rows, *args, pixels=area * taps // 8)
    args = (values[1], plan.down, plan.is_published, values[0])
    over(blur_down, rows, *args, pixels=area * taps // 8)
    args = (plan.is_published, plan.curve, plan.bias, rows_central, cols_central)
    shape_map(values[0], *args, saliency)


def _fill_planes(small, plan):
    channels, rows, cols = small.shape
    area, count = rows * cols, len(plan.units)
    lab = launch.scratch("boolean map lab", small.shape, np.uint8)
    sums = launch.scratch("boolean map sums", (rows, SUMS), np.int64)
    raw = launch.scratch("boolean map raw", (count, rows, cols), np.uint8)
    planes = launch.scratch("boolean map planes", (count, rows, cols), np.uint8)
    axes = np.zeros((3, 3), np.int64)
    fill_lab(small[None], lab[None])
    if channels > 1:
        args = (small, lab, plan.chroma, raw, sums)
        launch.over_bands(fill_sums, rows, *args, pixels=area)
        _fill_axes(sums, area, axes)
    args = (lab, axes, raw)
    launch.over_bands(project, channels, *args, pixels=2 * lab.size)
    fill_medians(raw, 1, planes)
    return planes


@serial
def _fill_axes(sums, count, axes):
    """Fill `axes`, (3, 3), from the sums of all rows: three planes, then 00, 01, 02, 11, 12, 22."""
    total = np.zeros(SUMS, np.int64)
    for row in range(len(sums)):
        for k in range(SUMS):
            total[k] += sums[row, k]
    x, y, z = total[0], total[1], total[2]
    result = axes_of(
        covariance(total[3], x, x, count, True), covariance(total[4], x, y, count, False),
        covariance(total[5], x, z, count, False), covariance(total[6], y, y, count, True),
        covariance(total[7], y, z, count, False), covariance(total[8], z, z, count, True),
    )  # fmt: skip
    for k in range(3):
        axes[0, k], axes[1, k], axes[2, k] = result[0][k], result[1][k], result[2][k]


@banded
def fill_sums(small, lab, chroma, raw, sums, start, stop):
    """Fill the sums of each row for the covariance, and rows of the warm planes of `raw`."""
    for row in range(start, stop):
        _add_up(lab[0, row], lab[1, row], lab[2, row], sums[row])
        if len(raw) > len(lab):
            red, green, blue = small[0, row], small[1, row], small[2, row]
            for col in range(red.size):
                red_chroma, blue_chroma = chroma_of(red[col], green[col], blue[col])
                raw[3, row, col] = redness(red_chroma)
                raw[4, row, col] = likeness(chroma[0, red_chroma], chroma[1, blue_chroma])


@serial
def _add_up(first, second, third, sums):
    for k in range(SUMS):
        sums[k] = 0
    one, two, three = int64(0), int64(0), int64(0)
    for i in range(first.size):
        one += first[i]
        two += second[i]
        three += third[i]
    sums[0], sums[1], sums[2] = one, two, three
    sums[3], sums[4], sums[5] = _dot(first, first), _dot(first, second), _dot(first, third)
    sums[6], sums[7], sums[8] = _dot(second, second), _dot(second, third), _dot(third, third)


@serial
def _dot(first, second):
    total = int64(0)
    for i in range(first.size):
        total += int32(first[i]) * int32(second[i])
    return total


@banded
def project(lab, axes, raw, start, stop):
    """Fill planes of `raw`, feature maps, along the axes or with lightness, from 0 to 255."""
    for plane in range(start, stop):
        _project(lab, (axes[plane, 0], axes[plane, 1], axes[plane, 2]), raw[plane])


@serial
def _project(lab, axis, plane):
    rows, cols = plane.shape
    values = np.empty(cols, np.int32)
    lows, highs = np.empty(cols, np.int32), np.empty(cols, np.int32)
    for row in range(rows):
        _fill_values(lab, axis, row, values)
        if row == 0:
            for col in range(cols):
                lows[col] = highs[col] = values[col]
        for col in range(cols):
            lows[col] = min(lows[col], values[col])
            highs[col] = max(highs[col], values[col])
    low, high = lows[0], highs[0]
    for col in range(cols):
        low, high = min(low, lows[col]), max(high, highs[col])
    factor = factor_of(low, high, 255, BYTE_SHIFT)
    for row in range(rows):
        _fill_values(lab, axis, row, values)
        target = plane[row]
        for col in range(cols):
            target[col] = scaled(values[col], low, factor, BYTE_SHIFT)


@serial
def _fill_values(lab, axis, row, values):
    if len(lab) == 1:
        source = lab[0, row]
        for col in range(values.size):
            values[col] = source[col]
        return
    first, second, third = lab[0, row], lab[1, row], lab[2, row]
    axis = int32(axis[0]), int32(axis[1]), int32(axis[2])
    for col in range(values.size):
        values[col] = int32(projection(first[col], second[col], third[col], axis))
