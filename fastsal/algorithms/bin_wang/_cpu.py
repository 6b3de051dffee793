"""BinWang's background model on the CPU: a frame in one sweep over tiles of 4 x 64 pixels.

Two counts over the whole frame steer its second half, so by definition there would be a sweep
to each count. But counts change slowly: from those at the end of a frame follow bounds on the
next frame's, and only while the bounds say nothing does the sweep stop for counting.

Memory sets the pace. Two flags per tile spare most of it: a tile is live if templates but the first
are in use, and calm if no pixel is active and all reaches are the least.
"""

import numpy as np
from numba import float32, float64, int16, int64, prange, uint8

from ...kernels.jit import parallel, serial
from ...kernels.launch import over_bands, scratch
from ._math import (
    BUSY,
    HIGH,
    KEPT,
    LEAST_REACH,
    LOW,
    MOST_FIRST,
    MOST_OTHER,
    MOST_SECOND,
    MOVING,
    RATE,
    SUSPECT,
    activity_of,
    blended,
    block_matches,
    coded,
    has_calmed,
    is_near,
    ordered,
    patience,
    reach_of,
    recounted,
)
from .suspects._cpu import settle
from .tiles import ACTIVITY, AREA, CANDIDATE, CODE, COLS, COUNT, LEVEL, REACH, ROWS

MATCH, LOWRES, LEARN = 1, 2, 4  # stages of a sweep


def new_model(planes):
    """Return a model from arrays on the host: templates, shorts, codes and the two controls."""
    templates, shorts, codes, controls = planes
    height, width = templates.shape[1:]
    outside = -8 * np.ones(1, np.int16)  # a reach nothing lies within: no template ever fills
    model = {
        "shape": (height, width),
        "templates": _tiled(templates, np.nan),
        "shorts": _tiled(shorts, outside[0]),
        "codes": _tiled(np.concatenate([codes, np.zeros_like(codes[:1])]), 0),
        "controls": np.array(controls, np.int64),
        "verdicts": np.zeros((height, width), np.uint8),
        "suspects": np.zeros(height, np.int64),
    }
    rows, blocks = -(-height // ROWS), -(-width // ROWS)
    model["busy"] = (codes[0, :rows, :blocks] >= BUSY).astype(np.uint8)
    model["live"] = np.ones(len(model["templates"]), np.uint8)
    model["calm"] = np.zeros(len(model["templates"]), np.uint8)
    model["tallies"] = np.zeros((rows, 5), np.int64)
    model["tallies"][0] = 0, height * width, height * width, 0, 0  # no bounds known
    model["firsts"] = np.zeros((rows, 2), np.int64)
    # There are no suspects, but compiling now saves a frame from waiting for it.
    _replace_suspects(model, 0)
    return model


def planes_of(model):
    """Return the arrays on the host that `new_model` makes the same model from."""
    shape = model["shape"]
    names = ("templates", "shorts", "codes")
    templates, shorts, codes = (_untiled(model[name], shape) for name in names)
    return templates, shorts, codes[:4], model["controls"].copy()


def update(model, gray, opencv5, unfilled):
    """Take the next frame, (P,), into the model; `unfilled` is what an empty template counts as."""
    height, width = model["shape"]
    started, limit = (int(each) for each in model["controls"])
    half = height * width // 2
    used, last, due = (int(each) for each in model["tallies"][:, :3].sum(axis=0))
    stages = MATCH | LOWRES | LEARN
    if used - last <= half < used + due:
        _sweep(model, gray, MATCH, limit=limit)
        stages = LOWRES | LEARN
        first, second = (int(each) for each in model["tallies"][:, 3:].sum(axis=0))
    else:
        first = second = used
    steering = {"is_low": first > half, "limit": limit, "check": second > half}
    steering |= {"started": started, "opencv5": opencv5}
    model["suspects"][:] = 0
    if opencv5 and started:
        _sweep(model, gray, stages & ~LEARN, **steering)
        steering["changes"] = tuple(int(each) for each in model["firsts"].min(axis=0))
        stages = LEARN
    _sweep(model, gray, stages, **steering)
    model["controls"][:] = 1, _limits(second > half)[1]
    if model["suspects"].any():
        _replace_suspects(model, unfilled)


def fill_mask(model, white, out):
    """Fill `out`, (P,), with `white` where something moves and 0 elsewhere."""
    height, width = model["shape"]
    args = (model["codes"], white, out.reshape(height, width))
    over_bands(_mask_span, _mask_bands, -(-height // ROWS), *args, pixels=out.size)


def _tiled(planes, outside):
    fields, height, width = planes.shape
    pad = (0, 0), (0, -height % ROWS), (0, -width % COLS)
    padded = np.pad(planes, pad, constant_values=outside)
    tiles = padded.reshape(fields, -1, ROWS, padded.shape[2] // COLS, COLS)
    return np.ascontiguousarray(tiles.transpose(1, 3, 0, 2, 4)).reshape(-1, fields * AREA)


def _untiled(tiles, shape):
    columns = -(-shape[1] // COLS)
    fields = tiles.shape[1] // AREA
    planes = tiles.reshape(-1, columns, fields, ROWS, COLS).transpose(2, 0, 3, 1, 4)
    return planes.reshape(fields, -1, columns * COLS)[:, : shape[0], : shape[1]].copy()


def _limits(check):
    """Return after how many frames a level is a suspect, and a template the first."""
    return (200, 250) if check else (50, 150)


def _sweep(
    model, gray, stages, *, limit, is_low=False, check=False, started=0, opencv5=False,
    changes=(-1, -1),
):  # fmt: skip
    arrays = tuple(model[name] for name in ("templates", "shorts", "codes", "live", "calm"))
    busy_before = model["busy"]
    if stages & LEARN:
        busy_before = scratch("bin_wang busy", busy_before.shape, np.uint8)
        busy_before[:] = model["busy"]
    args = (*arrays, busy_before, model["busy"], gray.reshape(model["shape"]))
    args += tuple(model[name] for name in ("tallies", "firsts", "suspects"))
    args += (stages, bool(is_low), limit, *_limits(check), bool(check), bool(started))
    args += (bool(opencv5), *changes)
    over_bands(_sweep_span, _sweep_bands, len(model["tallies"]), *args, pixels=gray.size)


@parallel
def _sweep_bands(
    templates, shorts, codes, live, calm, busy, busy_next, gray, tallies, firsts, suspects,
    stages, is_low, limit, frames, limit_next, check, started, opencv5, calmed, other, bands,
):  # fmt: skip
    rows = tallies.shape[0]
    for band in prange(bands):
        _sweep_span(
            templates, shorts, codes, live, calm, busy, busy_next, gray, tallies, firsts, suspects,
            stages, is_low, limit, frames, limit_next, check, started, opencv5, calmed, other,
            band * rows // bands, (band + 1) * rows // bands,
        )  # fmt: skip


@serial
def _sweep_span(
    templates, shorts, codes, live, calm, busy, busy_next, gray, tallies, firsts, suspects,
    stages, is_low, limit, frames, limit_next, check, started, opencv5, calmed, other,
    start, stop,
):  # fmt: skip
    height, width = gray.shape
    columns = -(-width // COLS)
    for row in range(start, stop):
        tiles = range(row * columns, (row + 1) * columns)
        if stages & MATCH:
            tallies[row, :] = 0
            for t in tiles:
                _copy_levels(gray, ROWS * row, COLS * (t - row * columns), codes[t])
                if live[t]:
                    _match(templates[t], shorts[t], codes[t])
                else:
                    _match_first(templates[t], shorts[t], codes[t], calm[t] > 0)
                if stages == MATCH:
                    _count_used(shorts[t], limit, tallies[row])
        if stages & LOWRES:
            if is_low:
                _match_blocks(templates, shorts, codes, live, busy, row, height, width)
            if opencv5 and started:
                _find_firsts(codes, row, height, width, firsts[row])
        if stages & LEARN:
            tallies[row, :] = 0
            for t in tiles:
                col = COLS * (t - row * columns)
                if opencv5 and started:
                    _touch_activity(codes[t], row, col, width, calmed, other)
                found = uint8(0)
                if not calm[t] or _is_eventful(codes[t]):
                    args = (shorts[t], codes[t], frames, started, opencv5)
                    found, calm[t] = _watch(*args)
                _copy_busy(codes[t], ROWS * row, col, busy_next)
                if live[t]:
                    _order(templates[t], shorts[t], limit)
                if found and check:
                    _count_suspects(codes[t], ROWS * row, suspects)
                    continue
                if found:
                    _replace(templates[t], shorts[t], codes[t])
                live[t] = _finish(
                    templates[t], shorts[t], live[t] | found, limit_next, tallies[row]
                )


@serial
def _copy_levels(gray, top, left, codes):
    height, width = gray.shape
    for row in range(min(ROWS, height - top)):
        source = gray[top + row, left : min(left + COLS, width)]
        target = codes[LEVEL + COLS * row : LEVEL + COLS * (row + 1)]
        for i in range(source.size):
            target[i] = source[i]


@serial
def _match_first(templates, shorts, codes, is_calm):
    """Match every pixel at full resolution where only the first template is in use."""
    if is_calm:
        for i in range(AREA):
            level, count, template = codes[LEVEL + i], shorts[i], templates[i]
            hit = (count > 0) & is_near(level, LEAST_REACH, template)
            shorts[i] = recounted(count, hit, True, MOST_FIRST)
            templates[i] = _learnt(template, level) if hit else template
            codes[CODE + i] = coded(not hit, codes[CODE + i])
        return
    for i in range(AREA):
        level, reach = codes[LEVEL + i], shorts[REACH + i]
        free = codes[ACTIVITY + i] < BUSY
        count, template = shorts[i], templates[i]
        hit = free & (count > 0) & is_near(level, reach, template)
        shorts[i] = recounted(count, hit, free, MOST_FIRST)
        templates[i] = _learnt(template, level) if hit else template
        codes[CODE + i] = coded(free & (not hit), codes[CODE + i])


@serial
def _match(templates, shorts, codes):
    """Match every pixel at full resolution."""
    for i in range(AREA):
        level, reach = codes[LEVEL + i], shorts[REACH + i]
        free = codes[ACTIVITY + i] < BUSY
        c0, c1, c2, c3 = shorts[i], shorts[i + AREA], shorts[i + 2 * AREA], shorts[i + 3 * AREA]
        t0, t1 = templates[i], templates[i + AREA]
        t2, t3 = templates[i + 2 * AREA], templates[i + 3 * AREA]
        hit0 = free & (c0 > 0) & is_near(level, reach, t0)
        hit1 = free & (c1 > 0) & is_near(level, reach, t1) & (not hit0)
        missed = (not hit0) & (not hit1)
        hit2 = free & (c2 > 0) & is_near(level, reach, t2) & missed
        hit3 = free & (c3 > 0) & is_near(level, reach, t3) & missed & (not hit2)
        shorts[i] = recounted(c0, hit0, free, MOST_FIRST)
        shorts[i + AREA] = recounted(c1, hit1, free, MOST_SECOND)
        shorts[i + 2 * AREA] = recounted(c2, hit2, free, MOST_OTHER)
        shorts[i + 3 * AREA] = recounted(c3, hit3, free, MOST_OTHER)
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
def _count_used(shorts, limit, tally):
    """Count the first templates in use, now and after the ordering that comes next."""
    for i in range(AREA):
        latest = max(shorts[i + AREA], shorts[i + 2 * AREA], shorts[i + 3 * AREA])
        tally[3] += shorts[i] > 0
        tally[4] += (shorts[i] > 0) | (latest > limit)


@serial
def _match_blocks(templates, shorts, codes, live, busy, row, height, width):
    """Match blocks of 4 x 4 pixels, with OpenCV's quirk.

    It looks up a block's activity at the pixel whose coordinates are the block's numbers, and a
    busy one clears the block at hand without moving on to the next.
    """
    columns, number, block = -(-width // COLS), 0, 0
    rows = min(ROWS, height - ROWS * row)
    is_shifted = _is_any_busy(busy[row])
    looked_at, is_high = -1, False
    while number < busy.shape[1]:
        tile, left = row * columns + ROWS * block // COLS, ROWS * block % COLS
        if tile != looked_at:
            looked_at, is_high = tile, _is_any(HIGH, codes[tile])
        if not (is_shifted or is_high):
            number, block = number + COLS // ROWS, block + COLS // ROWS
            continue
        is_busy = busy[row, number]
        if is_high and _is_block_high(codes[tile], left):
            cols = min(ROWS, width - ROWS * block)
            args = (templates[tile], shorts[tile], codes[tile], left, rows, cols)
            if is_busy or _is_background(*args, 0) or (live[tile] and _is_background(*args, 1)):
                _clear_low(codes[tile], left, rows, cols)
        number, block = number + 1, block + (not is_busy)


@serial
def _is_any_busy(busy):
    found = uint8(0)
    for i in range(busy.size):
        found = uint8(found | busy[i])
    return found != 0


@serial
def _is_any(bit, codes):
    """Return whether the code of any pixel of a tile has the bit."""
    found = uint8(0)
    for i in range(AREA):
        found = uint8(found | codes[CODE + i])
    return (found & bit) != 0


@serial
def _is_block_high(codes, left):
    found = uint8(0)
    for row in range(ROWS):
        for col in range(ROWS):
            found = uint8(found | codes[CODE + COLS * row + left + col])
    return (found & HIGH) != 0


@serial
def _is_background(templates, shorts, codes, left, rows, cols, number):
    levels, reaches, total, used = int64(0), int64(0), float64(0), False
    for row in range(rows):
        for col in range(cols):
            i = COLS * row + left + col
            levels += codes[LEVEL + i]
            reaches += shorts[REACH + i]
            total += templates[number * AREA + i]
            used |= shorts[number * AREA + i] > 0
    return block_matches(levels, reaches, rows * cols, total, used)


@serial
def _clear_low(codes, left, rows, cols):
    for row in range(rows):
        for col in range(cols):
            codes[CODE + COLS * row + left + col] &= uint8(255 - LOW)


@serial
def _find_firsts(codes, row, height, width, firsts):
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
def _touch_activity(codes, row, col, width, calmed, other):
    for pixel, is_calmed in ((calmed, True), (other, False)):
        y, x = pixel // width - ROWS * row, pixel % width - col
        if 0 <= y < ROWS and 0 <= x < COLS:
            i = ACTIVITY + COLS * y + x
            codes[i] = activity_of(codes[i], is_calmed)


@serial
def _is_eventful(codes):
    """Return whether any pixel of a tile moves or has calmed."""
    found = uint8(0)
    for i in range(AREA):
        code = codes[CODE + i]
        moves = uint8(code & uint8(MOVING)) == uint8(MOVING)
        found = uint8(found | uint8(moves) | uint8(has_calmed(code)))
    return found != 0


@serial
def _watch(shorts, codes, frames, started, opencv5):
    """Follow noise and new levels.

    Return whether a level has stayed for more than `frames`, and whether the tile is calm now.
    """
    found, excited = uint8(0), int16(opencv5)
    for i in range(AREA):
        code, activity = codes[CODE + i], codes[ACTIVITY + i]
        if not opencv5:
            activity = activity_of(activity, has_calmed(code))
            codes[ACTIVITY + i] = activity
        reach = shorts[REACH + i]
        reach = reach_of(reach, activity) if started else reach
        shorts[REACH + i] = reach
        excited = int16(excited | activity | (reach ^ LEAST_REACH))
        level, candidate, count = codes[LEVEL + i], codes[CANDIDATE + i], codes[COUNT + i]
        moves = (code & MOVING) == MOVING
        kept = candidate if count > 0 else level
        stayed = patience(level, kept, count, reach) if moves else count
        is_suspect = moves & (stayed > frames)
        code = uint8(code | (SUSPECT if is_suspect else 0))
        codes[CANDIDATE + i] = kept if moves else candidate
        codes[COUNT + i] = stayed
        codes[CODE + i] = code
        found = uint8(found | code)
    return uint8((found & SUSPECT) != 0), uint8(excited == 0)


@serial
def _copy_busy(codes, top, left, busy):
    """Keep who is busy where the next frame's quirk will look: see `_match_blocks`."""
    for row in range(top, min(top + ROWS, busy.shape[0])):
        for col in range(left, min(left + COLS, busy.shape[1])):
            busy[row, col] = codes[ACTIVITY + COLS * (row - top) + col - left] >= BUSY


@serial
def _order(templates, shorts, limit):
    for i in range(AREA):
        j, k, m = i + AREA, i + 2 * AREA, i + 3 * AREA
        t0, t1, t2, t3, c0, c1, c2, c3 = ordered(
            templates[i], templates[j], templates[k], templates[m],
            shorts[i], shorts[j], shorts[k], shorts[m], int16(limit),
        )  # fmt: skip
        templates[i], templates[j], templates[k], templates[m] = t0, t1, t2, t3
        shorts[i], shorts[j], shorts[k], shorts[m] = c0, c1, c2, c3


@serial
def _replace(templates, shorts, codes):
    """Make the level of every pixel marked as suspect its last template."""
    for i in range(AREA):
        taken = (codes[CODE + i] & SUSPECT) != 0
        candidate, count = codes[CANDIDATE + i], codes[COUNT + i]
        last, its_count = templates[3 * AREA + i], shorts[3 * AREA + i]
        templates[3 * AREA + i] = float32(candidate) if taken else last
        shorts[3 * AREA + i] = int16(count) if taken else its_count
        codes[CANDIDATE + i] = uint8(0) if taken else candidate
        codes[COUNT + i] = uint8(0) if taken else count


@serial
def _finish(templates, shorts, is_live, limit, tally):
    """Order for the second time, tally for the next frame, and return whether still live."""
    if is_live:
        _order(templates, shorts, limit)
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
def _count_suspects(codes, top, suspects):
    for row in range(ROWS):
        for col in range(COLS):
            if codes[CODE + COLS * row + col] & SUSPECT:
                suspects[top + row] += 1


def _replace_suspects(model, unfilled):
    """Settle the suspects in raster order, then finish the tiles they wait in."""
    shape = model["shape"]
    fields = tuple(model[name] for name in ("templates", "shorts", "codes"))
    settle(*fields, model["suspects"], model["verdicts"], unfilled)
    args = (*fields, model["live"], model["suspects"], model["verdicts"], model["tallies"])
    args += (int(model["controls"][1]),)
    over_bands(_late_span, _late_bands, len(model["tallies"]), *args, pixels=shape[0] * shape[1])


@serial
def _late_span(templates, shorts, codes, live, suspects, verdicts, tallies, limit, start, stop):
    height, width = verdicts.shape
    columns = -(-width // COLS)
    for row in range(start, stop):
        top = ROWS * row
        found = 0
        for y in range(top, min(top + ROWS, height)):
            found += suspects[y]
        for t in range(row * columns, (row + 1) * columns) if found else range(0):
            if not _is_any(SUSPECT, codes[t]):
                continue
            _drop_rejected(codes[t], top, COLS * (t - row * columns), verdicts)
            _replace(templates[t], shorts[t], codes[t])
            live[t] = _finish(templates[t], shorts[t], True, limit, tallies[row])


@parallel
def _late_bands(templates, shorts, codes, live, suspects, verdicts, tallies, limit, bands):
    rows = tallies.shape[0]
    for band in prange(bands):
        _late_span(
            templates, shorts, codes, live, suspects, verdicts, tallies, limit,
            band * rows // bands, (band + 1) * rows // bands,
        )  # fmt: skip


@serial
def _drop_rejected(codes, top, left, verdicts):
    height, width = verdicts.shape
    for y in range(top, min(top + ROWS, height)):
        for x in range(left, min(left + COLS, width)):
            i = CODE + COLS * (y - top) + x - left
            if codes[i] & SUSPECT and not verdicts[y, x]:
                codes[i] &= uint8(255 - SUSPECT)


@serial
def _mask_span(codes, white, out, start, stop):
    height, width = out.shape
    columns = -(-width // COLS)
    for row in range(start, stop):
        for t in range(columns):
            tile = codes[row * columns + t]
            cols = min(COLS, width - COLS * t)
            for y in range(min(ROWS, height - ROWS * row)):
                code = tile[CODE + COLS * y : CODE + COLS * y + cols]
                target = out[ROWS * row + y, COLS * t : COLS * t + cols]
                for x in range(cols):
                    target[x] = white if (code[x] & MOVING) == MOVING else 0


@parallel
def _mask_bands(codes, white, out, bands):
    rows = -(-out.shape[0] // ROWS)
    for band in prange(bands):
        _mask_span(codes, white, out, band * rows // bands, (band + 1) * rows // bands)
