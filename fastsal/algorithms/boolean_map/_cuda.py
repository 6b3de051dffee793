"""Boolean map saliency on a CUDA device, a group of frames at a time."""

import numpy as np

from ...devices import fetch, upload, workspace
from ...kernels import launch
from ...kernels.area._cuda import fill_area_means
from ...kernels.lab_bytes._cuda import fill_lab
from ...kernels.median._cuda import fill_medians
from ...kernels.postprocess._cuda import upsample
from ...kernels.reconstruction._cuda import reconstruct
from ._cuda_blur import blur, dilate, quantize, shape_map
from ._cuda_planes import (
    clear_counts,
    count_unlike,
    fill_covariance_axes,
    fill_warm,
    find_windows,
    project,
    replicate,
    set_windows,
)
from ._cuda_regions import (
    add_maps,
    fill_levels,
    spread_across,
    spread_down,
    weigh_areas,
    weigh_maps,
)
from ._formulas import BLUR_SHIFT, GROUP

LEVELS = 257  # maximum per plane, and one for the end
FRAMES = 16  # that are computed at once: at size 384 a frame takes 6 MB


def boolean_map(pixels, channels, is_rgb, width, plan, window, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `window` holds first and last + 1 row and column of the thumbnail's part between letterbox bars.
    If it is None and the plan says so, it is found for each frame.
    """
    group = min(len(out), FRAMES)
    for part, saliency in launch.in_groups(group, pixels, out):
        small = _thumbnails(part, channels, is_rgb, width, plan, group)
        windows = _windows(small, plan, window, group)
        maps = workspace("boolean map", (group, plan.rows, plan.cols), np.float32)[: len(part)]
        _fill_maps(small, plan, windows, group, maps)
        upsample(maps, width, saliency)


def content_window(pixels, channels, is_rgb, width, plan):
    """Return the window of one frame, or None if the frame is of one colour."""
    small = _thumbnails(pixels, channels, is_rgb, width, plan, 1)
    windows = _windows(small, plan, None, 1)
    colors = fetch(small)
    return None if colors.min() == colors.max() else tuple(fetch(windows)[0].tolist())


def _thumbnails(pixels, channels, is_rgb, width, plan, group):
    shape = (group, 3 if channels > 1 else 1, plan.rows, plan.cols)
    small = workspace("boolean map colors", shape, np.uint8)[: len(pixels)]
    fill_area_means(pixels, channels, is_rgb, width, small)
    return small


def _windows(small, plan, window, group):
    """Return the window of each frame, (N, 4) on the device."""
    frames, _, rows, cols = small.shape
    windows = workspace("boolean map windows", (group, 4), np.int64)[:frames]
    if window is None and plan.finds_bars:
        unlike = workspace("boolean map unlike", (group, rows + cols), np.int32)[:frames]
        clear_counts[frames, launch.THREADS](unlike)
        count_unlike[_cells(small)](small, unlike)
        find_windows[-(-frames // launch.THREADS), launch.THREADS](unlike, rows, windows)
    else:
        top, bottom, left, right = window or (0, rows, 0, cols)
        blocks = -(-frames // launch.THREADS)
        set_windows[blocks, launch.THREADS](top, bottom, left, right, windows)
    return windows


def _fill_maps(small, plan, windows, group, maps):
    frames, rows, cols = maps.shape
    values = workspace("boolean map values", (group, rows, cols), np.uint32)[:frames]
    spare = workspace("boolean map spare", (group, rows, cols), np.uint32)[:frames]
    planes = _fill_planes(small, plan, windows, group)
    _add_attention(planes, plan, windows, group, values)
    each, wide = _cells(maps), (frames, 4 * launch.THREADS)
    quantize[wide](values, windows, plan.is_published)
    if plan.is_published:
        dilate[each](values, windows, plan.spread, spare)
        values, spare = spare, values
    across = upload(plan.across, "boolean map across")
    down = upload(plan.down, "boolean map down")
    blur[each](values, windows, across, plan.is_published, False, BLUR_SHIFT, spare)
    blur[each](spare, windows, down, plan.is_published, True, 0, values)
    curve = upload(plan.curve, "boolean map curve")
    rows_central = upload(plan.rows_central, "boolean map central rows")
    cols_central = upload(plan.cols_central, "boolean map central cols")
    central = plan.bias, rows_central, cols_central
    shape_map[wide](values, windows, plan.is_published, curve, *central, maps)


def _fill_planes(small, plan, windows, group):
    """Return the planes of all frames, (N, planes, rows, cols)."""
    frames, channels, rows, cols = small.shape
    count = len(plan.units)
    lab = workspace("boolean map lab", (group, channels, rows, cols), np.uint8)[:frames]
    raw = workspace("boolean map raw", (group, count, rows, cols), np.uint8)[:frames]
    planes = workspace("boolean map planes", (group, count, rows, cols), np.uint8)[:frames]
    axes = workspace("boolean map axes", (group, 3, 3), np.int64)[:frames]
    replicate[_cells(small)](small, windows)
    fill_lab(small, lab)
    if channels > 1:
        fill_covariance_axes[frames, launch.THREADS](lab, windows, axes)
    if count > channels:
        fill_warm[_cells(small)](small, upload(plan.chroma, "boolean map chroma"), raw)
    project[(channels, frames), 4 * launch.THREADS](lab, axes, raw)
    flat = frames * count, rows, cols
    fill_medians(raw.reshape(flat), 1, planes.reshape(flat))
    return planes


def _add_attention(planes, plan, windows, group, totals):
    """Fill `totals` with the sum of the normalised attention maps."""
    frames, count, rows, cols = planes.shape
    jobs, groups = 2 * count, -(-255 // (plan.step * GROUP))
    form = group, jobs, rows, cols
    levels = workspace("boolean map levels", form, np.uint8)[:frames]
    reached = workspace("boolean map reached", form, np.uint8)[:frames]
    words = workspace("boolean map words", form, np.uint32)[:frames]
    grown = workspace("boolean map grown", form, np.uint32)[:frames]
    counts = workspace("boolean map counts", (group, jobs), np.int64)[:frames]
    weights = workspace("boolean map weights", (group, jobs, LEVELS), np.int64)[:frames]
    units = upload(plan.units, "boolean map units")
    wide = (jobs, frames), 4 * launch.THREADS
    fill_levels[wide](planes, windows, plan.step, levels, reached, counts)
    flat = frames * jobs, rows, cols
    reconstruct(levels.reshape(flat), reached.reshape(flat))
    weigh_areas[wide](levels, reached, counts, units, weights)
    each = _cells(planes)
    for number in range(groups):
        spread_across[each](levels, reached, counts, plan.reach, number, words)
        spread_down[each](words, windows, plan.reach, grown)
        if plan.is_published:
            weigh_maps[wide](grown, windows, units, number, weights)
        add_maps[each](grown, weights, windows, number, totals)


def _cells(array):
    """Return blocks and threads that take a cell of every frame each."""
    frames, (rows, cols) = array.shape[0], array.shape[-2:]
    return launch.image_grid((rows, cols), frames, max(1, launch.THREADS // 2))
