"""Centre-surround feature maps, normalised by N or by iteration, at the scale of the map."""

import numpy as np
from numba import float32, int32, int64, prange

from ...kernels.jit import parallel, serial
from ...kernels.postprocess._cpu import blur_across, blur_down
from ...kernels.postprocess._formulas import lerp
from ._cpu_pyramids import plane_at
from ._formulas import ROUNDS, after_round, place, promotion, ramp, units


@serial
def compare(plan, planes, work, reduced, spans, start, stop):
    """Fill reduced[start:stop] with N of each feature (Eq. 1 to 4), and `spans` with ranges."""
    for task in range(start, stop):
        spans[task] = _fill_feature(plan, planes, plan.tasks[task], work[0], reduced[task])


@parallel
def compare_bands(plan, planes, work, reduced, spans, bands):
    for band in prange(bands):
        # Interleaved, because neighbours in the list have equal sizes.
        for task in range(band, len(plan.tasks), bands):
            this = plan.tasks[task]
            spans[task] = _fill_feature(plan, planes, this, work[band], reduced[task])


@serial
def _fill_feature(plan, planes, task, work, reduced):
    """Fill with N of one feature, its two signs added up if it has two; return its range."""
    plane, center, surround, has_signs = task
    fine = plane_at(planes[plane], plan.sizes, center)
    coarse = plane_at(planes[plane], plan.sizes, surround)
    contrasts = work[: fine.size].reshape(fine.shape)
    is_color = plane == 1 or plane == 2
    flat = plan.flats[1] if is_color else plan.flats[0]
    is_sum = plan.is_sum and is_color
    margin = plan.sizes[center, 3]
    low, high = _fill_contrasts(
        fine, coarse, surround - center, is_sum, has_signs, margin, contrasts
    )
    reduced[:] = 0
    span = max(high, -low) if has_signs else high - low
    if span <= flat:
        return float32(0)
    scale = float32(1) / span
    if has_signs:
        _add_half(plan, contrasts, float32(1), float32(0), high, scale, reduced)
        _add_half(plan, contrasts, float32(-1), float32(0), -low, scale, reduced)
    else:
        _add_half(plan, contrasts, float32(1), low, high, scale, reduced)
    return span


@serial
def _fill_contrasts(fine, coarse, octaves, is_sum, has_signs, margin, contrasts):
    """Fill with centre minus surround (Eq. 1 to 4), weaker near the border; return the range."""
    rows, cols = fine.shape
    across = np.empty(cols, np.float32)
    for col in range(cols):
        across[col] = ramp(col, cols, margin)
    wide = np.empty((2, cols), np.float32)  # row r of the surround in wide[r % 2]
    lows, highs = np.empty(cols, np.float32), np.empty(cols, np.float32)
    lows[:], highs[:] = np.inf, -np.inf
    sign = float32(-1) if is_sum else float32(1)
    done = -1
    for row in range(rows):
        first, part = place(row, octaves, coarse.shape[0])
        last = min(first + 1, coarse.shape[0] - 1)
        for source in range(max(first, done + 1), last + 1):
            _upsample(coarse[source], octaves, wide[source % 2])
        done = last
        weight = ramp(row, rows, margin)
        _fill_row(
            fine[row], wide[first % 2], wide[last % 2], part, sign, across, weight, contrasts[row]
        )
        if not has_signs:
            _drop_signs(contrasts[row])
        _update_range(contrasts[row], lows, highs)
    return _minimum(lows), -_minimum(-highs)


@serial
def _upsample(source, octaves, target):
    """Fill with a row of the surround, each pixel grown to 2 ** octaves."""
    step, cols = 1 << octaves, target.size
    half = step // 2
    shares = np.empty(step, np.float32)
    for index in range(step):
        shares[index] = float32(2 * index + 1) / float32(2 * step)
    target[: min(half, cols)] = source[0]
    for index in range(source.size):
        begin = step * index + half
        if begin >= cols:
            return
        span = target[begin : min(begin + step, cols)]
        one, other = source[index], source[min(index + 1, source.size - 1)]
        for col in range(span.size):
            span[col] = lerp(one, other, shares[col])


@serial
def _fill_row(fine, above, below, part, sign, across, weight, contrasts):
    for col in range(contrasts.size):
        around = lerp(above[col], below[col], part)
        contrasts[col] = (fine[col] - sign * around) * (across[col] * weight)


@serial
def _drop_signs(contrasts):
    for col in range(contrasts.size):
        contrasts[col] = abs(contrasts[col])


@serial
def _update_range(values, lows, highs):
    for col in range(values.size):
        lows[col] = min(lows[col], values[col])
        highs[col] = max(highs[col], values[col])


@serial
def _minimum(values):
    minimum = values[0]
    for col in range(values.size):
        minimum = min(minimum, values[col])
    return minimum


@serial
def _add_half(plan, values, sign, low, high, scale, reduced):
    """Add N of sign * values; values below `low` count as `low`."""
    gain = scale
    if plan.promotes:
        gain = scale * weight_of(values, sign, low, high, scale)
    if plan.competes:
        half = np.zeros(reduced.shape, np.float32)
        _add_reduced(values, sign, low, gain, half)
        compete(plan, half)
        add(half, float32(1), reduced)
    else:
        _add_reduced(values, sign, low, gain, reduced)


@serial
def _add_reduced(values, sign, low, gain, reduced):
    """Add the excess of sign * values over `low`, times `gain`, at the scale of the map."""
    step = 1
    while reduced.shape[0] * step < values.shape[0] or reduced.shape[1] * step < values.shape[1]:
        step *= 2
    sums = np.empty(step * reduced.shape[1], np.float32)
    for row in range(reduced.shape[0]):
        sums[:] = 0
        last = min((row + 1) * step, values.shape[0])
        for source in range(row * step, last):
            _add_row(values[source], sign, low, sums)
        _fold(sums, last - row * step, step, values.shape[1], gain, reduced[row])


@serial
def add(source, factor, target):
    """Add `factor` times a map to another."""
    for row in range(target.shape[0]):
        values, sums = source[row], target[row]
        for col in range(sums.size):
            sums[col] += factor * values[col]


@serial
def _add_row(values, sign, low, sums):
    for col in range(values.size):
        sums[col] += max(float32(0), sign * values[col] - low)


@serial
def _fold(sums, rows, step, cols, gain, reduced):
    for col in range(reduced.size):
        total = float32(0)
        for index in range(step * col, step * col + step):
            total += sums[index]
        columns = min(step, cols - step * col)
        reduced[col] += gain * (total / float32(rows * columns))


@serial
def weight_of(values, sign, low, high, scale):
    """Return N's factor of sign * values (section 2.2): maximum minus mean of other maxima."""
    rows, cols = values.shape
    floor = low + float32(0.1) * (high - low)
    columns = np.empty(cols, np.float32)
    totals, counts = np.zeros(cols, np.int32), np.zeros(cols, np.int32)
    tops = np.zeros(cols, np.int32)
    for row in range(1, rows - 1):
        above, here, below = values[row - 1], values[row], values[row + 1]
        for col in range(cols):
            columns[col] = max(max(sign * above[col], sign * below[col]), sign * here[col])
        _count(here, columns, sign, low, high, floor, scale, totals, counts, tops)
    total, count, has_top = int64(0), int64(0), int32(0)
    for col in range(cols):
        total, count, has_top = total + totals[col], count + counts[col], has_top | tops[col]
    top = units(high, low, scale)
    if has_top:
        total, count = total - top, count - 1
    return promotion(top, total, count)


@serial
def _count(here, columns, sign, low, high, floor, scale, totals, counts, tops):
    """Add the local maxima of a row; written without branches, so that it vectorises."""
    size = here.size - 2
    if size < 1:
        return
    values, left, right = here[1:], columns[:size], columns[2:]
    middle = columns[1:]
    for col in range(size):
        value = sign * values[col]
        around = max(max(left[col], right[col]), middle[col])
        is_peak = int32(value >= around) & int32(value > floor)
        totals[col] += units(value, low, scale) * is_peak
        counts[col] += is_peak
        tops[col] |= is_peak & int32(value >= high)


@serial
def compete(plan, values):
    """Apply the iterations of the competition to a map of values from 0 up."""
    rows, cols = values.shape
    maps = values.reshape(1, rows, cols)
    spare, near = np.empty_like(maps), np.empty_like(maps)
    sums = np.empty((rows, len(plan.across)), np.float32)
    for _ in range(ROUNDS):
        blur_across(maps, plan.sigma, spare, 0, rows)
        blur_down(spare, plan.sigma, near, 0, rows)
        cosines = _coefficients_of(values, plan, sums)
        top = _greatest(values)
        for row in range(rows):
            _finish_round(near[0, row], plan, cosines, row, top, spare[0, 0], values[row])


@serial
def _coefficients_of(values, plan, sums):
    """Return the coefficient of each pair of cosines, one down and one across, of a map."""
    for row in range(len(values)):
        for cosine in range(len(plan.across)):
            sums[row, cosine] = _product(values[row], plan.across[cosine])
    cosines = np.zeros((len(plan.down), len(plan.across)), np.float32)
    for cosine in range(len(plan.down)):
        for row in range(len(values)):
            _add(plan.down[cosine, row], sums[row], cosines[cosine])
    return cosines


@serial
def _product(values, others):
    """Return the sum of products; eight sums side by side, which vectorise."""
    parts = np.zeros(8, np.float32)
    whole = values.size // 8 * 8
    for first in range(0, whole, 8):
        some, more = values[first : first + 8], others[first : first + 8]
        for i in range(8):
            parts[i] += some[i] * more[i]
    total = float32(0)
    for i in range(8):
        total += parts[i]
    for i in range(whole, values.size):
        total += values[i] * others[i]
    return total


@serial
def _add(weight, source, target):
    for i in range(target.size):
        target[i] += weight * source[i]


@serial
def _greatest(values):
    maximum = values[0, 0]
    for row in range(len(values)):
        line = values[row]
        for col in range(line.size):
            maximum = max(maximum, line[col])
    return maximum


@serial
def _finish_round(near, plan, cosines, row, top, far, values):
    far[:] = 0
    for cosine in range(len(plan.across)):
        weight = float32(0)
        for other in range(len(plan.down)):
            weight += plan.down[other, row] * cosines[other, cosine]
        _add(weight, plan.across[cosine], far)
    for col in range(values.size):
        values[col] = after_round(values[col], near[col], far[col], top)
