"""The camera's motion, and the residual motion, on a CUDA device.

Sums and medians over all cells, which are few, run in one block.
"""

import numpy as np
from numba import cuda, float32, int32, int64

from ...devices import workspace
from ...kernels import launch
from ...kernels.jit import device, kernel
from ...kernels.reduce import MAX_THREADS
from . import _formulas
from ._cuda_flow import SLOTS, error_at, pixel_of, summed
from ._formulas import (
    BINS,
    BORDER_ROUNDS,
    FIT_ROUNDS,
    bin_of,
    blended,
    camera_across,
    camera_down,
    corner,
    covariance,
    distance,
    evidence,
    is_border,
    is_cut,
    is_in_sight,
    length_of,
    noise_of,
    place,
    robust_weight,
    softness,
    spot,
    squash,
)
from .plan import AREA, MAX_CELLS, PATCH

SUMS, MOMENTS = _formulas.SUMS, _formulas.MOMENTS
TERMS, COEFFICIENTS = _formulas.TERMS, _formulas.COEFFICIENTS

add_cell, add_row = device(_formulas.add_cell), device(_formulas.add_row)
fill_equations, solve = device(_formulas.fill_equations), device(_formulas.solve)


def fit_camera(flow, count, camera):
    """Fill `camera` with `count` terms fitted robustly to the flow, at first near the border."""
    residuals = workspace("flow residuals", flow.shape[1:], np.float32)
    _fit_camera[1, launch.THREADS](flow, count, residuals, camera)


def fill_reference(flow, camera, reach, reference):
    """Fill the reference flow: the camera's, and with `reach` the mean within that many cells."""
    grid = _grid(flow.shape[1:]), launch.THREADS
    _fill_reference[grid](camera, reference)
    if reach > 0:
        spare = workspace("flow means", flow.shape, np.float32)
        _average_across[grid](flow, reach, reference, spare)
        _average_down[grid](spare, reach, reference)


def fill_scores(level, previous, flow, reference, is_fitted, scores):
    """Fill `scores` from each cell's motion relative to its reference and the evidence of it."""
    rows, cols = scores.shape
    residuals = workspace("flow residuals", (rows, cols), np.float32)
    fits = workspace("flow fits", (2, rows, cols), np.int64)
    each = (cols, rows), AREA
    _weigh[each](level, previous, flow, reference, residuals, scores, fits)
    _soften[1, launch.THREADS](residuals, fits, is_fitted, scores)


def blend(scores, others, memory, kept, shown):
    """Fill with the minimum of two scores, smoothed over time."""
    grid = _grid(kept.shape), launch.THREADS
    _blend[grid](scores, others, memory, kept, shown)


def scale(down, across, flow):
    """Scale `flow` to other units."""
    _scale[_grid(flow.shape[1:]), launch.THREADS](down, across, flow)


def _grid(shape):
    return -(-shape[1] // launch.THREADS), shape[0]


@device
def median_of(values, only_border, counts, parts):
    """Return the median of the values of all cells, or of those near the border, to each thread."""
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    rows, cols = values.shape
    bin_ = me
    while bin_ < BINS:
        counts[bin_] = 0
        bin_ += threads
    cuda.syncthreads()
    cell = me
    while cell < rows * cols:
        row, col = cell // cols, cell % cols
        if not only_border or is_border(row, col, rows, cols):
            cuda.atomic.add(counts, bin_of(values[row, col]), 1)
        cell += threads
    cuda.syncthreads()
    fraction = BINS // threads  # launch.THREADS is a power of two
    part = int32(0)
    for i in range(fraction):
        part += counts[me * fraction + i]
    parts[me] = part
    cuda.syncthreads()
    total = int32(0)
    for i in range(threads):
        total += parts[i]
    below, part = int32(0), 0
    while 2 * (below + parts[part]) < total:
        below += parts[part]
        part += 1
    bin_ = part * fraction
    below += counts[bin_]
    while 2 * below < total:
        bin_ += 1
        below += counts[bin_]
    cuda.syncthreads()
    return length_of(bin_)


@device
def terms_of(camera):
    """Return the terms of a camera as scalars, which formulas take."""
    return (camera[0], camera[1], camera[2], camera[3],
            camera[4], camera[5], camera[6], camera[7])  # fmt: skip


@kernel
def _fit_camera(flow, count, residuals, camera):
    """Fit `count` camera terms by robust least squares, as Odobez and Bouthemy (1995)."""
    counts = cuda.shared.array(BINS, int32)
    parts = cuda.shared.array(MAX_THREADS, int32)
    sums = cuda.shared.array((MAX_CELLS, SUMS), float32)
    moments = cuda.shared.array(MOMENTS, float32)
    equations = cuda.shared.array((TERMS, COEFFICIENTS), float32)
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    rows, cols = residuals.shape
    longest = max(rows, cols)
    if me < TERMS:
        camera[me] = 0
    cuda.syncthreads()
    if count == 0:
        return
    down = median_of(flow[0], True, counts, parts)
    across = median_of(flow[1], True, counts, parts)
    if me == 0:
        camera[0], camera[1] = down, across
    cuda.syncthreads()
    for iteration in range(FIT_ROUNDS):
        is_late = iteration >= BORDER_ROUNDS
        terms = terms_of(camera)
        cell = me
        while cell < rows * cols:
            row, col = cell // cols, cell % cols
            x, y = spot(col, cols, longest), spot(row, rows, longest)
            down = float32(flow[0, row, col] - camera_down(terms, x, y))
            across = float32(flow[1, row, col] - camera_across(terms, x, y))
            residuals[row, col] = distance(down, across)
            cell += threads
        cuda.syncthreads()
        noise = noise_of(median_of(residuals, not is_late, counts, parts))
        row = me
        while row < rows:
            for i in range(SUMS):
                sums[row, i] = 0
            for col in range(cols):
                border = is_border(row, col, rows, cols)
                weight = robust_weight(residuals[row, col], noise, border, is_late)
                x = spot(col, cols, longest)
                add_cell(weight, x, flow[1, row, col], flow[0, row, col], sums[row])
            row += threads
        cuda.syncthreads()
        if me == 0:
            for i in range(MOMENTS):
                moments[i] = 0
            for row in range(rows):
                add_row(sums[row], spot(row, rows, longest), moments)
            fill_equations(moments, count, equations)
            solve(count, equations, camera)
        cuda.syncthreads()


@kernel
def _fill_reference(camera, reference):
    rows, cols = reference.shape[1], reference.shape[2]
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col < cols:
        x, y = spot(col, cols, max(rows, cols)), spot(row, rows, max(rows, cols))
        terms = terms_of(camera)
        reference[0, row, col] = camera_down(terms, x, y)
        reference[1, row, col] = camera_across(terms, x, y)


@kernel
def _average_across(flow, reach, reference, means):
    """Fill with mean residuals of `flow` over `reference` in the cells to either side."""
    row, col, cols = cuda.blockIdx.y, cuda.grid(1), flow.shape[2]
    if col >= cols:
        return
    first, last = max(col - reach, 0), min(col + reach + 1, cols)
    for axis in range(2):
        total = float32(0)
        for near in range(first, last):
            total += flow[axis, row, near] - reference[axis, row, near]
        means[axis, row, col] = total / float32(last - first)


@kernel
def _average_down(means, reach, reference):
    """Add the means of the cells above and below."""
    row, col, rows = cuda.blockIdx.y, cuda.grid(1), means.shape[1]
    if col >= means.shape[2]:
        return
    first, last = max(row - reach, 0), min(row + reach + 1, rows)
    for axis in range(2):
        total = float32(0)
        for near in range(first, last):
            total += means[axis, near, col]
        reference[axis, row, col] += total / float32(last - first)


@kernel
def _weigh(level, previous, flow, reference, residuals, scores, fits):
    """Fill with each cell's motion against its reference, and the evidence that it is one."""
    sums = cuda.shared.array((SLOTS, 4), int32)
    me, row, col = cuda.threadIdx.x, cuda.blockIdx.y, cuda.blockIdx.x
    height, width = level.shape[0], level.shape[1]
    if me < 4:
        sums[0, me] = 0
    cuda.syncthreads()
    start_row, start_col = corner(row, height), corner(col, width)
    here = pixel_of(level, start_row + me // PATCH, start_col + me % PATCH)
    down, across = flow[0, row, col], flow[1, row, col]
    still_down, still_across = reference[0, row, col], reference[1, row, col]
    own = error_at(previous, here, place(start_row, down, height), place(start_col, across, width))
    still = error_at(
        previous, here, place(start_row, still_down, height), place(start_col, still_across, width)
    )
    own_sums = summed(own, own * own, still, still * still, sums, 0)
    levels = summed(here, here * here, int32(0), int32(0), sums, 1)
    if me > 0:
        return
    own_error = covariance(own_sums[1], own_sums[0], own_sums[0])
    error = covariance(own_sums[3], own_sums[2], own_sums[2])
    is_seen = is_in_sight(start_row, still_down, height) and is_in_sight(
        start_col, still_across, width
    )
    residuals[row, col] = distance(down - still_down, across - still_across)
    scores[row, col] = evidence(error, own_error) if is_seen else float32(0)
    fits[0, row, col] = own_error
    fits[1, row, col] = covariance(levels[1], levels[0], levels[0])


@kernel
def _soften(residuals, fits, is_fitted, scores):
    counts = cuda.shared.array(BINS, int32)
    parts = cuda.shared.array(MAX_THREADS, int32)
    totals = cuda.shared.array(2, int64)
    me, threads, cols = cuda.threadIdx.x, cuda.blockDim.x, scores.shape[1]
    if me < 2:
        totals[me] = 0
    cuda.syncthreads()
    own, variance = int64(0), int64(0)
    cell = me
    while cell < scores.size:
        own += fits[0, cell // cols, cell % cols]
        variance += fits[1, cell // cols, cell % cols]
        cell += threads
    cuda.atomic.add(totals, 0, own)
    cuda.atomic.add(totals, 1, variance)
    # The median waits for all threads, and so do the totals.
    half = softness(median_of(residuals, False, counts, parts), is_fitted)
    cell = me
    while cell < scores.size:
        row, col = cell // cols, cell % cols
        score = float32(scores[row, col] * squash(residuals[row, col], half))
        scores[row, col] = float32(-1) if is_cut(totals[0], totals[1]) else score
        cell += threads


@kernel
def _blend(scores, others, memory, kept, shown):
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col < kept.shape[1]:
        score = min(scores[row, col], others[row, col])
        score = blended(score, kept[row, col], memory)
        kept[row, col] = score
        shown[0, row, col] = score


@kernel
def _scale(down, across, flow):
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col < flow.shape[2]:
        flow[0, row, col] *= down
        flow[1, row, col] *= across
