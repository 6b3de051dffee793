"""BinWang's background model on a CUDA device, bit for bit as on the CPU.

Counts that control the second half of a frame stay in `controls` on the device, so the host never
waits. float64 occurs only in the means of blocks, which OpenCV's bits depend on.
"""

import numpy as np
from numba import cuda, float32, float64, int32, uint8

from ...devices import fetch, settled
from ...kernels.jit import device, kernel
from ...kernels.launch import capped, grid_for
from ._cuda_candidates import settle
from ._formulas import (
    ACTIVE,
    HIGH,
    IS_CANDIDATE,
    KEPT,
    LOW,
    MAX_FIRST,
    MAX_OTHER,
    MAX_SECOND,
    MOVING,
    RATE,
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

REACH = 4  # among the shorts, after the counts of four templates
ACTIVITY, CANDIDATE, COUNT, CODE = range(4)
BLOCK = 4
# Fields of the controls: two persistent ones, counts of this frame, a box around its candidates.
STARTED, LIMIT, USED, USED_LATER, CHECK, CALMED, OTHER, TOP, BOTTOM, LEFT, RIGHT = range(11)
NONE = (1 << 31) - 1


def new_model(planes):
    """Return a model from arrays on the host: templates, shorts, codes and the two controls."""
    *fields, controls = planes
    height, width = fields[0].shape[1:]
    blocks = -(-height // BLOCK), -(-width // BLOCK)
    state = np.array([*controls, 0, 0, 0, NONE, NONE, NONE, -1, NONE, -1], np.int32)
    flat = [each.reshape(len(each), -1) for each in fields]
    model = {
        name: settled(np.ascontiguousarray(each))
        for name, each in zip(("templates", "shorts", "codes"), flat, strict=True)
    }
    model["controls"] = settled(state)
    model["lows"] = cuda.device_array(blocks, np.uint8)
    model["verdicts"] = cuda.device_array((height, width), np.uint8)
    return model


def planes_of(model):
    """Return the arrays on the host that `new_model` makes the same model from."""
    shape = model["verdicts"].shape
    planes = [fetch(model[name]) for name in ("templates", "shorts", "codes")]
    controls = fetch(model["controls"])[:2].astype(np.int64)
    return *(each.reshape(-1, *shape) for each in planes), controls


def update(model, gray, opencv5, unfilled):
    """Update the model with the next frame, (P,); empty templates count as `unfilled`."""
    width = model["verdicts"].shape[1]
    fields = tuple(model[name] for name in ("templates", "shorts", "codes"))
    controls, lows, verdicts = (model[name] for name in ("controls", "lows", "verdicts"))
    (blocks, _), threads = grid_for(gray.size, 1)
    start = (blocks, threads)
    _match[start](*fields, gray, controls)
    _match_blocks[capped(lows.shape[0]), threads](*fields, gray, width, lows, controls)
    if opencv5:
        _find_firsts[start](fields[2], width, lows, controls)
    _learn[start](*fields, gray, width, lows, controls, int(opencv5))
    settle(*fields, controls, verdicts, unfilled)
    _finish[start](*fields, verdicts.reshape(gray.size), controls)
    _start_anew[1, 1](controls)


def fill_mask(model, white, out):
    """Fill `out`, (P,), with `white` where something moves and 0 elsewhere."""
    (blocks, _), threads = grid_for(out.size, 1, per_thread=16)
    _paint[blocks, threads](model["codes"], white, out)


@kernel
def _match(templates, shorts, codes, gray, controls):
    """Match every pixel at full resolution (``fullResolutionDetection``); count first templates."""
    counts = cuda.shared.array(2, int32)
    if cuda.threadIdx.x < 2:
        counts[cuda.threadIdx.x] = 0
    cuda.syncthreads()
    limit, used, used_later = controls[LIMIT], int32(0), int32(0)
    i = cuda.grid(1)
    while i < gray.size:
        level, reach = gray[i], shorts[REACH, i]
        free = codes[ACTIVITY, i] < ACTIVE
        missed, latest, count = True, int32(0), int32(0)
        for number in range(4):
            count = int32(shorts[number, i])
            if free and count > 0:
                template = templates[number, i]
                hit = missed and is_near(level, reach, template)
                max_count = MAX_FIRST if number == 0 else MAX_SECOND if number == 1 else MAX_OTHER
                count = int32(recounted(count, hit, True, max_count))
                shorts[number, i] = count
                if hit:
                    templates[number, i] = _learnt(template, level)
                    missed = False
            if number == 0:
                used += 1 if count > 0 else 0
                latest = NONE if count > 0 else latest
            else:
                latest = max(latest, count)
        used_later += 1 if latest > limit else 0
        codes[CODE, i] = coded(free and missed, codes[CODE, i])
        i += cuda.gridsize(1)
    cuda.atomic.add(counts, 0, used)
    cuda.atomic.add(counts, 1, used_later)
    cuda.syncthreads()
    if cuda.threadIdx.x < 2:
        cuda.atomic.add(controls, USED + cuda.threadIdx.x, counts[cuda.threadIdx.x])


@device
def _learnt(template, level):
    # A device fuses a sum of products, but not a sum of two products that are fused with -0.
    kept = cuda.fma(KEPT, template, float32(-0.0))
    return blended(kept, cuda.fma(RATE, float32(level), float32(-0.0)))


@kernel
def _match_blocks(templates, shorts, codes, gray, width, lows, controls):
    """Match blocks of 4 x 4 pixels, a row of them per block of threads.

    OpenCV 4 reads a block's activity at the pixel with the block's numbers as coordinates. An
    active one clears the current block, and the index does not advance.
    """
    matched = cuda.shared.array(1, int32)
    rows, cols = lows.shape
    is_low = controls[USED] > gray.size // 2
    row = cuda.blockIdx.x
    while row < rows:
        active, col = 0, cuda.threadIdx.x
        while col < cols:
            active |= 1 if codes[ACTIVITY, row * width + col] >= ACTIVE else 0
            col += cuda.blockDim.x
        active = cuda.syncthreads_or(active)
        if cuda.threadIdx.x == 0:
            block, col = 0, 0
            while active and col < cols:
                block += 1 if codes[ACTIVITY, row * width + col] < ACTIVE else 0
                col += 1
            matched[0] = (block if active else cols) if is_low else 0
        cuda.syncthreads()
        col = cuda.threadIdx.x
        while col < cols:
            low = uint8(LOW)
            if col < matched[0]:
                for number in range(2):
                    if low and _is_background(
                        templates, shorts, gray, width, BLOCK * row, BLOCK * col, number
                    ):
                        low = uint8(0)
            lows[row, col] = low
            col += cuda.blockDim.x
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            block, col = 0, 0
            while active and is_low and col < cols:
                if codes[ACTIVITY, row * width + col] >= ACTIVE:
                    lows[row, block] = 0
                else:
                    block += 1
                col += 1
        cuda.syncthreads()
        row += cuda.gridDim.x


@device
def _is_background(templates, shorts, gray, width, top, left, number):
    levels, reaches, total, used, count = int32(0), int32(0), float64(0), False, int32(0)
    bottom, right = min(top + BLOCK, gray.size // width), min(left + BLOCK, width)
    row = top
    while row < bottom:
        col = left
        while col < right:
            i = row * width + col
            levels += int32(gray[i])
            reaches += int32(shorts[REACH, i])
            total += templates[number, i]
            used = used or shorts[number, i] > 0
            count += 1
            col += 1
        row += 1
    return block_matches(levels, reaches, count, total, used)


@kernel
def _find_firsts(codes, width, lows, controls):
    """Find the first pixel that has calmed and the first that has not, for OpenCV 5's rule."""
    first, other = int32(NONE), int32(NONE)
    i = cuda.grid(1)
    while i < codes.shape[1]:
        if has_calmed(_code_of(codes, i, width, lows)):
            first = min(first, int32(i))
        else:
            other = min(other, int32(i))
        i += cuda.gridsize(1)
    if first < controls[CALMED]:  # a stale value only costs an atomic
        cuda.atomic.min(controls, CALMED, first)
    if other < controls[OTHER]:
        cuda.atomic.min(controls, OTHER, other)


@device
def _code_of(codes, i, width, lows):
    """Return the code of a pixel, combined with the result of its block."""
    code = codes[CODE, i]
    if code & HIGH and not lows[i // width // BLOCK, i % width // BLOCK]:
        code = uint8(code & (255 - LOW))
    return code


@kernel
def _learn(templates, shorts, codes, gray, width, lows, controls, opencv5):
    """Finish the update after matching, except for candidates that depend on their neighbours."""
    check = controls[USED_LATER] > gray.size // 2
    started, limit = controls[STARTED], controls[LIMIT]
    frames, limit_next = (200, 250) if check else (50, 150)
    i = cuda.grid(1)
    while i < gray.size:
        code, activity = _code_of(codes, i, width, lows), codes[ACTIVITY, i]
        calmed = has_calmed(code)
        if not opencv5 or (started and (i == controls[CALMED] or i == controls[OTHER])):
            activity = activity_of(activity, calmed)
            codes[ACTIVITY, i] = activity
        reach = shorts[REACH, i]
        if started:
            reach = reach_of(reach, activity)
            shorts[REACH, i] = reach
        stayed = uint8(0)
        if (code & MOVING) == MOVING:
            candidate, count = codes[CANDIDATE, i], codes[COUNT, i]
            candidate = candidate if count > 0 else gray[i]
            stayed = patience(gray[i], candidate, count, reach)
            codes[CANDIDATE, i] = candidate
            codes[COUNT, i] = stayed
        _order(templates, shorts, i, limit)
        if stayed > frames:
            code = uint8(code | IS_CANDIDATE)
        codes[CODE, i] = code
        if stayed > frames and check:
            cuda.atomic.min(controls, TOP, int32(i // width))
            cuda.atomic.max(controls, BOTTOM, int32(i // width))
            cuda.atomic.min(controls, LEFT, int32(i % width))
            cuda.atomic.max(controls, RIGHT, int32(i % width))
        else:
            if stayed > frames:
                _replace(templates, shorts, codes, i)
            _order(templates, shorts, i, limit_next)
        i += cuda.gridsize(1)
    if cuda.grid(1) == 0:
        controls[CHECK] = check


@device
def _order(templates, shorts, i, limit):
    """Sort the templates of a pixel by efficacy (``templateOrdering``)."""
    c1, c2, c3 = shorts[1, i], shorts[2, i], shorts[3, i]
    if c1 == 0 and c2 == 0 and c3 == 0:
        return  # nothing moves, which saves most pixels seven loads
    t0, t1, t2, t3, c0, c1, c2, c3 = ordered(
        templates[0, i], templates[1, i], templates[2, i], templates[3, i],
        shorts[0, i], c1, c2, c3, limit,
    )  # fmt: skip
    templates[0, i], templates[1, i], templates[2, i], templates[3, i] = t0, t1, t2, t3
    shorts[0, i], shorts[1, i], shorts[2, i], shorts[3, i] = c0, c1, c2, c3


@device
def _replace(templates, shorts, codes, i):
    """Replace the last template of a pixel by its candidate (``templateReplacement``)."""
    templates[3, i] = float32(codes[CANDIDATE, i])
    shorts[3, i] = codes[COUNT, i]
    codes[CANDIDATE, i] = 0
    codes[COUNT, i] = 0


@kernel
def _finish(templates, shorts, codes, verdicts, controls):
    """Replace the last templates of accepted candidates; sort the templates of all candidates."""
    if controls[CHECK] == 0 or controls[BOTTOM] < 0:
        return
    i = cuda.grid(1)
    while i < verdicts.size:
        if codes[CODE, i] & IS_CANDIDATE:
            if verdicts[i]:
                _replace(templates, shorts, codes, i)
            _order(templates, shorts, i, 250)
        i += cuda.gridsize(1)


@kernel
def _start_anew(controls):
    controls[STARTED] = 1
    controls[LIMIT] = 250 if controls[CHECK] else 150
    controls[USED] = 0
    controls[USED_LATER] = 0
    controls[CALMED] = NONE
    controls[OTHER] = NONE
    controls[TOP] = NONE
    controls[BOTTOM] = -1
    controls[LEFT] = NONE
    controls[RIGHT] = -1


@kernel
def _paint(codes, white, out):
    i = cuda.grid(1)
    while i < out.size:
        out[i] = white if (codes[CODE, i] & MOVING) == MOVING else 0
        i += cuda.gridsize(1)
