"""Decide on a CUDA device which candidate pixels get their new level as a template.

Pixels with col + 2 * row = t depend on smaller t only. So the raster scan becomes a wavefront: one
block of threads processes all pixels of one t at once, within the box around all candidates.
"""

from numba import cuda, uint8

from ...kernels.jit import device, kernel
from ...kernels.launch import grid_for
from ._formulas import CERTAIN, IS_CANDIDATE, gray_level, is_alike, is_settled

REACH, CANDIDATE, CODE = 4, 1, 3
CHECK, TOP, BOTTOM, LEFT, RIGHT = 4, 7, 8, 9, 10  # among the controls


def settle(templates, shorts, codes, candidates, verdicts, unfilled):
    """Fill `verdicts`, (H, W), with 1 for accepted candidates and 0 for the others.

    Only rows with `candidates` are filled. A template never filled counts as level `unfilled`.
    """
    (blocks, _), threads = grid_for(verdicts.size, 1)
    _judge[blocks, threads](templates, shorts, codes, candidates, verdicts, unfilled)
    _scan[1, threads](codes, candidates, verdicts)


@kernel
def _judge(templates, shorts, codes, controls, verdicts, unfilled):
    """Fill the votes of candidates' neighbours in 3 x 3 pixels (``templateReplacement``)."""
    if controls[CHECK] == 0 or controls[BOTTOM] < 0:
        return
    height, width = verdicts.shape
    i = cuda.grid(1)
    while i < verdicts.size:
        if codes[CODE, i] & IS_CANDIDATE:
            row, col = i // width, i % width
            votes = _votes(templates, shorts, codes, height, width, row, col, unfilled)
            verdicts[row, col] = votes
        i += cuda.gridsize(1)


@device
def _votes(templates, shorts, codes, height, width, row, col, unfilled):
    i = row * width + col
    own, reach, votes = codes[CANDIDATE, i], shorts[REACH, i], uint8(0)
    for place in range(9):
        y, x = row + place // 3 - 1, col + place % 3 - 1
        if y < 0 or y >= height or x < 0 or x >= width:
            continue
        other = y * width + x
        for number in range(3):
            if is_alike(own, gray_level(templates[number, other], unfilled), reach):
                return uint8(CERTAIN)
        last = is_alike(own, gray_level(templates[3, other], unfilled), reach)
        if place >= 4 or not codes[CODE, other] & IS_CANDIDATE:  # not yet replaced
            if last:
                return uint8(CERTAIN)
        else:
            if last:
                votes = uint8(votes | (1 << place))
            if is_alike(own, codes[CANDIDATE, other], reach):
                votes = uint8(votes | (16 << place))
    return votes


@kernel
def _scan(codes, controls, verdicts):
    if controls[CHECK] == 0 or controls[BOTTOM] < 0:
        return
    width = verdicts.shape[1]
    top, bottom, left, right = controls[TOP], controls[BOTTOM], controls[LEFT], controls[RIGHT]
    front, last = left + 2 * top, right + 2 * bottom
    while front <= last:
        row = max(top, (front - right + 1) // 2) + cuda.threadIdx.x
        while row <= bottom and front - 2 * row >= left:
            col = front - 2 * row
            if col <= right and codes[CODE, row * width + col] & IS_CANDIDATE:
                accepted = uint8(0)
                for place in range(4):
                    y, x = row + place // 3 - 1, col + place % 3 - 1
                    if (
                        y >= top and left <= x <= right
                        and codes[CODE, y * width + x] & IS_CANDIDATE
                        and verdicts[y, x]
                    ):  # fmt: skip
                        accepted = uint8(accepted | (1 << place))
                verdicts[row, col] = is_settled(verdicts[row, col], accepted)
            row += cuda.blockDim.x
        cuda.syncthreads()
        front += 1
