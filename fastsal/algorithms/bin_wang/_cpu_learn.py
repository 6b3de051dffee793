"""Update of the model after matching, one tile at a time."""

from numba import float32, int16, uint8

from ...kernels.jit import serial
from ._formulas import (
    ACTIVE,
    IS_CANDIDATE,
    MIN_REACH,
    MOVING,
    activity_of,
    has_calmed,
    ordered,
    patience,
    reach_of,
)
from .tiles import ACTIVITY, AREA, CANDIDATE, CODE, COLS, COUNT, LEVEL, REACH, ROWS


@serial
def find_firsts(codes, row, height, width, firsts):
    """Find the first pixel that has calmed and the first that has not, for OpenCV 5's rule."""
    columns = -(-width // COLS)
    firsts[:] = height * width
    for y in range(ROWS * row, min(ROWS * row + ROWS, height)):
        for x in range(width):
            code = codes[row * columns + x // COLS, CODE + COLS * (y % ROWS) + x % COLS]
            which = 0 if has_calmed(code) else 1
            if firsts[which] == height * width:
                firsts[which] = y * width + x
        if firsts[0] < height * width and firsts[1] < height * width:
            return


@serial
def touch_activity(codes, row, col, width, calmed, other):
    for pixel, is_calmed in ((calmed, True), (other, False)):
        y, x = pixel // width - ROWS * row, pixel % width - col
        if 0 <= y < ROWS and 0 <= x < COLS:
            i = ACTIVITY + COLS * y + x
            codes[i] = activity_of(codes[i], is_calmed)


@serial
def is_eventful(codes):
    """Return whether any pixel of a tile moves or has calmed."""
    found = uint8(0)
    for i in range(AREA):
        code = codes[CODE + i]
        moves = uint8(code & uint8(MOVING)) == uint8(MOVING)
        found = uint8(found | uint8(moves) | uint8(has_calmed(code)))
    return found != 0


@serial
def watch(shorts, codes, frames, started, opencv5):
    """Follow noise (``activityControl``), thresholds and new levels of a tile.

    Return whether a level has stayed for more than `frames`, and whether the tile is calm now.
    """
    found, changed = uint8(0), int16(opencv5)
    for i in range(AREA):
        code, activity = codes[CODE + i], codes[ACTIVITY + i]
        if not opencv5:
            activity = activity_of(activity, has_calmed(code))
            codes[ACTIVITY + i] = activity
        reach = shorts[REACH + i]
        reach = reach_of(reach, activity) if started else reach
        shorts[REACH + i] = reach
        changed = int16(changed | activity | (reach ^ MIN_REACH))
        level, candidate, count = codes[LEVEL + i], codes[CANDIDATE + i], codes[COUNT + i]
        moves = (code & MOVING) == MOVING
        kept = candidate if count > 0 else level
        stayed = patience(level, kept, count, reach) if moves else count
        is_candidate = moves & (stayed > frames)
        code = uint8(code | (IS_CANDIDATE if is_candidate else 0))
        codes[CANDIDATE + i] = kept if moves else candidate
        codes[COUNT + i] = stayed
        codes[CODE + i] = code
        found = uint8(found | code)
    return uint8((found & IS_CANDIDATE) != 0), uint8(changed == 0)


@serial
def copy_active(codes, top, left, active):
    """Save the active-pixel mask where OpenCV 4 reads it in the next frame (see `match_blocks`)."""
    for row in range(top, min(top + ROWS, active.shape[0])):
        for col in range(left, min(left + COLS, active.shape[1])):
            active[row, col] = codes[ACTIVITY + COLS * (row - top) + col - left] >= ACTIVE


@serial
def order_templates(templates, shorts, limit):
    """Sort the templates of a tile by efficacy (``templateOrdering``)."""
    for i in range(AREA):
        j, k, m = i + AREA, i + 2 * AREA, i + 3 * AREA
        t0, t1, t2, t3, c0, c1, c2, c3 = ordered(
            templates[i], templates[j], templates[k], templates[m],
            shorts[i], shorts[j], shorts[k], shorts[m], int16(limit),
        )  # fmt: skip
        templates[i], templates[j], templates[k], templates[m] = t0, t1, t2, t3
        shorts[i], shorts[j], shorts[k], shorts[m] = c0, c1, c2, c3


@serial
def take_candidates(templates, shorts, codes):
    """Replace the last template of every candidate by its level (``templateReplacement``)."""
    for i in range(AREA):
        taken = (codes[CODE + i] & IS_CANDIDATE) != 0
        candidate, count = codes[CANDIDATE + i], codes[COUNT + i]
        last, its_count = templates[3 * AREA + i], shorts[3 * AREA + i]
        templates[3 * AREA + i] = float32(candidate) if taken else last
        shorts[3 * AREA + i] = int16(count) if taken else its_count
        codes[CANDIDATE + i] = uint8(0) if taken else candidate
        codes[COUNT + i] = uint8(0) if taken else count


@serial
def finish_tile(templates, shorts, is_live, limit, tally):
    """Order for the second time, tally for the next frame, and return whether still live."""
    if is_live:
        order_templates(templates, shorts, limit)
    used, last, due, others = int16(0), int16(0), int16(0), int16(0)
    for i in range(AREA):
        used = int16(used + (shorts[i] > 0))
        last = int16(last + (shorts[i] == 1))
    if is_live:
        for i in range(AREA):
            due = int16(due + ((shorts[i] <= 1) & (shorts[i + AREA] >= limit)))
            others = int16(others | shorts[i + AREA] | shorts[i + 2 * AREA] | shorts[i + 3 * AREA])
    tally[0] += used
    tally[1] += last
    tally[2] += due
    return uint8(others != 0)


@serial
def count_candidates(codes, top, candidates):
    for row in range(ROWS):
        for col in range(COLS):
            if codes[CODE + COLS * row + col] & IS_CANDIDATE:
                candidates[top + row] += 1


@serial
def drop_rejected(codes, top, left, verdicts):
    height, width = verdicts.shape
    for y in range(top, min(top + ROWS, height)):
        for x in range(left, min(left + COLS, width)):
            i = CODE + COLS * (y - top) + x - left
            if codes[i] & IS_CANDIDATE and not verdicts[y, x]:
                codes[i] &= uint8(255 - IS_CANDIDATE)
