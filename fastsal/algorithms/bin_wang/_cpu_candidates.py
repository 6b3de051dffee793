"""Decide on the CPU, row by row, which candidate pixels get their new level as a template."""

import numpy as np
from numba import uint8

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands
from ._formulas import CERTAIN, FAR, IS_CANDIDATE, gray_level, is_alike, is_settled
from .tiles import AREA, CANDIDATE, CODE, COLS, REACH, ROWS


def settle(templates, shorts, codes, candidates, verdicts, unfilled):
    """Fill `verdicts`, (H, W), with 1 for accepted candidates and 0 for the others.

    Only rows with `candidates` are filled. A template never filled counts as level `unfilled`.
    """
    args = (templates, shorts, codes, candidates, verdicts, unfilled)
    over_bands(_judge_span, verdicts.shape[0], *args, pixels=verdicts.size)
    _scan(candidates, verdicts)


@banded
def _judge_span(templates, shorts, codes, candidates, verdicts, unfilled, start, stop):
    """Fill the votes of candidates' neighbours in 3 x 3 pixels (``templateReplacement``)."""
    height, width = verdicts.shape
    # Three rows in turn, with a margin that nothing is near to.
    levels = np.empty((3, 5, width + 2), np.int16)  # four templates, the candidate's level
    levels[:] = FAR
    is_candidate = np.zeros((3, width + 2), np.uint8)
    kept = np.full(3, -1, np.int64)
    reach = np.empty(width, np.int16)
    votes = np.empty(width, np.uint8)
    for row in range(start, stop):
        if candidates[row] == 0:
            continue
        votes[:] = 0
        _copy_reach(shorts, row, reach)
        for other in range(max(row - 1, 0), min(row + 2, height)):
            if kept[other % 3] != other:
                flags = is_candidate[other % 3]
                _copy_row(templates, codes, other, unfilled, levels[other % 3], flags)
                kept[other % 3] = other
        own = levels[row % 3, 4, 1 : width + 1]
        for other in range(max(row - 1, 0), min(row + 2, height)):
            near, flags = levels[other % 3], is_candidate[other % 3]
            for col in range(3):
                for number in range(3):
                    _vote(own, near[number, col : col + width], reach, votes)
                if other < row or (other == row and col == 0):
                    bit = uint8(1 << (3 if other == row else col))
                    last, new = near[3, col : col + width], near[4, col : col + width]
                    _vote_if_settled(own, last, new, flags[col : col + width], reach, bit, votes)
                else:
                    _vote(own, near[3, col : col + width], reach, votes)
        _store(votes, is_candidate[row % 3, 1 : width + 1], verdicts[row])


@serial
def _copy_reach(shorts, row, reach):
    columns = -(-reach.size // COLS)
    for t in range(columns):
        source = shorts[row // ROWS * columns + t, REACH + COLS * (row % ROWS) :]
        target = reach[COLS * t : COLS * (t + 1)]
        for i in range(target.size):
            target[i] = source[i]


@serial
def _copy_row(templates, codes, row, unfilled, levels, is_candidate):
    width = is_candidate.size - 2
    columns, at = -(-width // COLS), COLS * (row % ROWS)
    for t in range(columns):
        tile, code = templates[row // ROWS * columns + t], codes[row // ROWS * columns + t]
        start, stop = COLS * t + 1, min(COLS * (t + 1), width) + 1
        for number in range(4):
            source, target = tile[number * AREA + at :], levels[number, start:stop]
            for i in range(target.size):
                target[i] = gray_level(source[i], unfilled)
        source_codes, flags = code[CODE + at :], is_candidate[start:stop]
        for i in range(flags.size):
            flags[i] = source_codes[i] & IS_CANDIDATE
        candidates, target = code[CANDIDATE + at :], levels[4, start:stop]
        for i in range(target.size):
            target[i] = candidates[i]


@serial
def _vote(own, others, reach, votes):
    for i in range(votes.size):
        votes[i] = uint8(CERTAIN) if is_alike(own[i], others[i], reach[i]) else votes[i]


@serial
def _vote_if_settled(own, last, new, flags, reach, bit, votes):
    """Vote with the last template of an earlier neighbour, which may have been replaced."""
    for i in range(votes.size):
        if_rejected = uint8(bit if is_alike(own[i], last[i], reach[i]) else 0)
        if_accepted = uint8(16 * bit if is_alike(own[i], new[i], reach[i]) else 0)
        certain = uint8(CERTAIN if if_rejected else 0)
        votes[i] |= uint8(if_rejected | if_accepted) if flags[i] else certain


@serial
def _store(votes, is_candidate, verdicts):
    for i in range(votes.size):
        verdicts[i] = votes[i] if is_candidate[i] else 0


@serial
def _scan(candidates, verdicts):
    """Convert votes to verdicts in OpenCV's raster order."""
    height, width = verdicts.shape
    for row in range(height):
        if candidates[row] == 0:
            continue
        above = row > 0 and candidates[row - 1] > 0
        before = verdicts[max(row - 1, 0)]
        west = uint8(0)
        for col in range(width):
            votes = verdicts[row, col]
            if votes == 0:
                west = uint8(0)
                continue
            accepted = uint8(west << 3)
            if above:
                accepted |= before[col - 1] if col > 0 else uint8(0)
                accepted |= uint8(before[col] << 1)
                accepted |= uint8(before[col + 1] << 2) if col + 1 < width else uint8(0)
            west = uint8(is_settled(votes, accepted))
            verdicts[row, col] = west
