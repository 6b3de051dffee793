"""BinWang's background model on the CPU: a frame in one sweep over tiles of 4 x 64 pixels.

The second half of a frame depends on two global counts, which would need two extra passes. Counts
change slowly, so bounds from the previous frame usually suffice; if not, a pass counts again.

Memory bandwidth limits the speed. Two flags per tile avoid most of the work. A tile is live if
templates other than the first are in use. It is calm if no pixel is active and all reaches are
minimal.
"""

import numpy as np
from numba import uint8

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands, scratch
from ._cpu_blocks import has_code, match_blocks
from ._cpu_candidates import settle
from ._cpu_learn import (
    copy_active,
    count_candidates,
    drop_rejected,
    find_firsts,
    finish_tile,
    is_eventful,
    order_templates,
    take_candidates,
    touch_activity,
    watch,
)
from ._cpu_match import copy_levels, count_used, match_all, match_first
from ._formulas import ACTIVE, IS_CANDIDATE, MAX_FIRST, MIN_REACH, MOVING
from .tiles import AREA, CODE, COLS, ROWS

MATCH, LOWRES, LEARN = 1, 2, 4  # stages of a sweep


def new_model(planes):
    """Return a model from arrays on the host: templates, shorts, codes and the two controls."""
    templates, shorts, codes, controls = planes
    height, width = templates.shape[1:]
    model = {
        "shape": (height, width),
        "templates": _tiled(templates, (0, 0, 0, 0)),
        "shorts": _tiled(shorts, (MAX_FIRST, 0, 0, 0, MIN_REACH)),
        "codes": _tiled(np.concatenate([codes, np.zeros_like(codes[:1])]), (0, 0, 0, 0, 0)),
        "controls": np.array(controls, np.int64),
        "verdicts": np.zeros((height, width), np.uint8),
        "suspects": np.zeros(height, np.int64),
    }
    rows, blocks = -(-height // ROWS), -(-width // ROWS)
    model["busy"] = (codes[0, :rows, :blocks] >= ACTIVE).astype(np.uint8)
    model["live"] = np.ones(len(model["templates"]), np.uint8)
    model["calm"] = np.zeros(len(model["templates"]), np.uint8)
    model["tallies"] = np.zeros((rows, 5), np.int64)
    model["beyond"] = model["calm"].size * AREA - height * width
    # No bounds are known.
    model["tallies"][0] = model["beyond"], height * width, height * width, 0, 0
    model["firsts"] = np.zeros((rows, 2), np.int64)
    # There are no candidates, but compiling now saves a frame from waiting for it.
    _replace_candidates(model, 0)
    return model


def planes_of(model):
    """Return the arrays on the host that `new_model` makes the same model from."""
    shape = model["shape"]
    names = ("templates", "shorts", "codes")
    templates, shorts, codes = (_untiled(model[name], shape) for name in names)
    return templates, shorts, codes[:4], model["controls"].copy()


def update(model, gray, opencv5, unfilled):
    """Update the model with the next frame, (P,); empty templates count as `unfilled`."""
    height, width = model["shape"]
    started, limit = (int(each) for each in model["controls"])
    half = height * width // 2
    used, last, due = _counts(model, slice(3))
    used -= model["beyond"]
    stages = MATCH | LOWRES | LEARN
    if used - last <= half < used + due:
        _sweep(model, gray, MATCH, limit=limit)
        stages = LOWRES | LEARN
        first, second = (each - model["beyond"] for each in _counts(model, slice(3, 5)))
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
        _replace_candidates(model, unfilled)


def fill_mask(model, white, out):
    """Fill `out`, (P,), with `white` where something moves and 0 elsewhere."""
    height, width = model["shape"]
    args = (model["codes"], white, out.reshape(height, width))
    over_bands(_mask_span, -(-height // ROWS), *args, pixels=out.size)


def _counts(model, which):
    """Return counts over the whole frame, and of templates in use beyond the frame."""
    return [int(each) for each in model["tallies"][:, which].sum(axis=0)]


def _tiled(planes, beyond):
    """Return planes as tiles; `beyond` has the fields of padding pixels, which are at rest.

    A black padding pixel always equals its one template, so a tile at the border can be calm.
    """
    fields, height, width = planes.shape
    padded = np.empty((fields, height + -height % ROWS, width + -width % COLS), planes.dtype)
    padded[:] = np.reshape(beyond, (fields, 1, 1))
    padded[:, :height, :width] = planes
    tiles = padded.reshape(fields, -1, ROWS, padded.shape[2] // COLS, COLS)
    return np.ascontiguousarray(tiles.transpose(1, 3, 0, 2, 4)).reshape(-1, fields * AREA)


def _untiled(tiles, shape):
    columns = -(-shape[1] // COLS)
    fields = tiles.shape[1] // AREA
    planes = tiles.reshape(-1, columns, fields, ROWS, COLS).transpose(2, 0, 3, 1, 4)
    return planes.reshape(fields, -1, columns * COLS)[:, : shape[0], : shape[1]].copy()


def _limits(check):
    """Return the frames after which a level becomes a candidate, and a template the first one."""
    return (200, 250) if check else (50, 150)


def _sweep(
    model, gray, stages, *, limit, is_low=False, check=False, started=0, opencv5=False,
    changes=(-1, -1),
):  # fmt: skip
    arrays = tuple(model[name] for name in ("templates", "shorts", "codes", "live", "calm"))
    active_before = model["busy"]
    if stages & LEARN:
        active_before = scratch("bin_wang busy", active_before.shape, np.uint8)
        active_before[:] = model["busy"]
    args = (*arrays, active_before, model["busy"], gray.reshape(model["shape"]))
    args += tuple(model[name] for name in ("tallies", "firsts", "suspects"))
    args += (stages, bool(is_low), limit, *_limits(check), bool(check), bool(started))
    args += (bool(opencv5), *changes)
    over_bands(_sweep_span, len(model["tallies"]), *args, pixels=gray.size)


@banded
def _sweep_span(
    templates, shorts, codes, live, idle, active, active_next, gray, tallies, firsts, candidates,
    stages, is_low, limit, frames, limit_next, check, started, opencv5, calmed, other,
    start, stop,
):  # fmt: skip
    """Process tiles: match, update noise and thresholds, order and replace templates."""
    height, width = gray.shape
    columns = -(-width // COLS)
    for row in range(start, stop):
        tiles = range(row * columns, (row + 1) * columns)
        if stages & MATCH:
            tallies[row, :] = 0
            for t in tiles:
                copy_levels(gray, ROWS * row, COLS * (t - row * columns), codes[t])
                if live[t]:
                    match_all(templates[t], shorts[t], codes[t])
                else:
                    match_first(templates[t], shorts[t], codes[t], idle[t] > 0)
                if stages == MATCH:
                    count_used(shorts[t], limit, tallies[row])
        if stages & LOWRES:
            if is_low:
                match_blocks(templates, shorts, codes, live, active, row, height, width)
            if opencv5 and started:
                find_firsts(codes, row, height, width, firsts[row])
        if stages & LEARN:
            tallies[row, :] = 0
            for t in tiles:
                col = COLS * (t - row * columns)
                if opencv5 and started:
                    touch_activity(codes[t], row, col, width, calmed, other)
                found = uint8(0)
                if not idle[t] or is_eventful(codes[t]):
                    args = (shorts[t], codes[t], frames, started, opencv5)
                    found, idle[t] = watch(*args)
                copy_active(codes[t], ROWS * row, col, active_next)
                if live[t]:
                    order_templates(templates[t], shorts[t], limit)
                if found and check:
                    count_candidates(codes[t], ROWS * row, candidates)
                    continue
                if found:
                    take_candidates(templates[t], shorts[t], codes[t])
                live[t] = finish_tile(
                    templates[t], shorts[t], live[t] | found, limit_next, tallies[row]
                )


def _replace_candidates(model, unfilled):
    """Decide the candidates in raster order, then update the tiles that wait for them."""
    shape = model["shape"]
    fields = tuple(model[name] for name in ("templates", "shorts", "codes"))
    settle(*fields, model["suspects"], model["verdicts"], unfilled)
    args = (*fields, model["live"], model["suspects"], model["verdicts"], model["tallies"])
    args += (int(model["controls"][1]),)
    over_bands(_late_span, len(model["tallies"]), *args, pixels=shape[0] * shape[1])


@banded
def _late_span(templates, shorts, codes, live, candidates, verdicts, tallies, limit, start, stop):
    """Finish the tiles that waited for their candidates [``templateReplacement``]."""
    height, width = verdicts.shape
    columns = -(-width // COLS)
    for row in range(start, stop):
        top = ROWS * row
        found = 0
        for y in range(top, min(top + ROWS, height)):
            found += candidates[y]
        for t in range(row * columns, (row + 1) * columns) if found else range(0):
            if not has_code(IS_CANDIDATE, codes[t]):
                continue
            drop_rejected(codes[t], top, COLS * (t - row * columns), verdicts)
            take_candidates(templates[t], shorts[t], codes[t])
            live[t] = finish_tile(templates[t], shorts[t], True, limit, tallies[row])


@banded
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
                _mask_run(code, white, target)


@serial
def _mask_run(code, white, target):
    for x in range(target.size):
        target[x] = white if (code[x] & MOVING) == MOVING else 0
