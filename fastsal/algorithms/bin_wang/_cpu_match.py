"""A frame against the templates, at full resolution, a tile at a time."""

from numba import float32

from ...kernels.jit import serial
from ._formulas import (
    ACTIVE,
    KEPT,
    MAX_FIRST,
    MAX_OTHER,
    MAX_SECOND,
    MIN_REACH,
    RATE,
    blended,
    coded,
    is_near,
    recounted,
)
from .tiles import ACTIVITY, AREA, CODE, COLS, LEVEL, REACH, ROWS


@serial
def copy_levels(gray, top, left, codes):
    height, width = gray.shape
    for row in range(min(ROWS, height - top)):
        source = gray[top + row, left : min(left + COLS, width)]
        target = codes[LEVEL + COLS * row : LEVEL + COLS * (row + 1)]
        for i in range(source.size):
            target[i] = source[i]


@serial
def match_first(templates, shorts, codes, is_idle):
    """Match every pixel where only the first template is in use (``fullResolutionDetection``)."""
    if is_idle:
        for i in range(AREA):
            level, count, template = codes[LEVEL + i], shorts[i], templates[i]
            hit = (count > 0) & is_near(level, MIN_REACH, template)
            shorts[i] = recounted(count, hit, True, MAX_FIRST)
            templates[i] = _learnt(template, level) if hit else template
            codes[CODE + i] = coded(not hit, codes[CODE + i])
        return
    for i in range(AREA):
        level, reach = codes[LEVEL + i], shorts[REACH + i]
        free = codes[ACTIVITY + i] < ACTIVE
        count, template = shorts[i], templates[i]
        hit = free & (count > 0) & is_near(level, reach, template)
        shorts[i] = recounted(count, hit, free, MAX_FIRST)
        templates[i] = _learnt(template, level) if hit else template
        codes[CODE + i] = coded(free & (not hit), codes[CODE + i])


@serial
def match_all(templates, shorts, codes):
    """Match every pixel at full resolution (``fullResolutionDetection``)."""
    for i in range(AREA):
        level, reach = codes[LEVEL + i], shorts[REACH + i]
        free = codes[ACTIVITY + i] < ACTIVE
        c0, c1, c2, c3 = shorts[i], shorts[i + AREA], shorts[i + 2 * AREA], shorts[i + 3 * AREA]
        t0, t1 = templates[i], templates[i + AREA]
        t2, t3 = templates[i + 2 * AREA], templates[i + 3 * AREA]
        hit0 = free & (c0 > 0) & is_near(level, reach, t0)
        hit1 = free & (c1 > 0) & is_near(level, reach, t1) & (not hit0)
        missed = (not hit0) & (not hit1)
        hit2 = free & (c2 > 0) & is_near(level, reach, t2) & missed
        hit3 = free & (c3 > 0) & is_near(level, reach, t3) & missed & (not hit2)
        shorts[i] = recounted(c0, hit0, free, MAX_FIRST)
        shorts[i + AREA] = recounted(c1, hit1, free, MAX_SECOND)
        shorts[i + 2 * AREA] = recounted(c2, hit2, free, MAX_OTHER)
        shorts[i + 3 * AREA] = recounted(c3, hit3, free, MAX_OTHER)
        templates[i] = _learnt(t0, level) if hit0 else t0
        templates[i + AREA] = _learnt(t1, level) if hit1 else t1
        templates[i + 2 * AREA] = _learnt(t2, level) if hit2 else t2
        templates[i + 3 * AREA] = _learnt(t3, level) if hit3 else t3
        missed = missed & (not hit2) & (not hit3)
        codes[CODE + i] = coded(free & missed, codes[CODE + i])


@serial
def _learnt(template, level):
    return blended(float32(KEPT * template), float32(RATE * float32(level)))


@serial
def count_used(shorts, limit, tally):
    """Count the first templates in use, now and after the ordering that comes next."""
    for i in range(AREA):
        latest = max(shorts[i + AREA], shorts[i + 2 * AREA], shorts[i + 3 * AREA])
        tally[3] += shorts[i] > 0
        tally[4] += (shorts[i] > 0) | (latest > limit)
