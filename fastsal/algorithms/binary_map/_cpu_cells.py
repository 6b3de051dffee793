"""The cells of k-means: which values are nearest to which of the centres.

Along one axis every centre has an interval, so four edges tell values apart for less than five
distances would; they are found so that both agree to the bit.
"""

import numpy as np
from numba import float32

from ...kernels.jit import serial
from ._draws import CLUSTERS
from ._formulas import squared

_LEAST_GAP, _GREATEST = float32(2.0**-60), float32(2.0**60)  # squares of these are no trouble


@serial
def fill_cells(centres, low, high, edges, owners):
    """Fill with the upper edges of the cells and whose they are; return whether they hold.

    They need not hold for values between `low` and `high` where centres all but coincide.
    """
    count = 0
    for k in range(CLUSTERS):
        place = count
        while place > 0 and centres[owners[place - 1]] > centres[k]:
            place -= 1
        if place > 0 and centres[owners[place - 1]] == centres[k]:
            continue  # the first of equals gets all
        for cell in range(count, place, -1):
            owners[cell] = owners[cell - 1]
        owners[place] = k
        count += 1
    for cell in range(count - 1, CLUSTERS):
        edges[cell] = float32(np.inf)
        owners[cell] = owners[count - 1]
    for cell in range(count - 1):
        k, other = owners[cell], owners[cell + 1]
        edges[cell] = edge_between(centres[k], centres[other], k < other)
    holds = True
    for cell in range(count - 1):
        a, b = centres[owners[cell]], centres[owners[cell + 1]]
        start = low if cell == 0 else max(low, edges[cell - 1])
        stop = min(high, edges[cell + 1])
        holds = holds and stays_nearer(a, b, min(a, start)) and stays_nearer(b, a, max(b, stop))
    return holds


@serial
def edge_between(low, high, low_wins):
    """Return the greatest float32 that is nearer to `low` than to `high`, two centres.

    If `low_wins`, being as near is enough. Between them the distances grow and shrink evenly
    enough, rounded as they are, for one edge to tell all values apart.
    """
    inside, outside = low, high
    while True:
        middle = float32(inside + (outside - inside) * float32(0.5))
        if middle <= inside or middle >= outside:
            return inside
        one, other = squared(middle, low), squared(middle, high)
        if one < other or (low_wins and one == other):
            inside = middle
        else:
            outside = middle


@serial
def stays_nearer(near, far, end):
    """Return whether all values from `near` to `end`, away from `far`, are nearer to `near`.

    In float32 the two distances might be rounded to one. They are not if the gap shows in the
    longest of them, or if all differences are exact, being of numbers less than twice each other.
    """
    gap, longest = abs(far - near), abs(end - near)
    size = max(abs(near), max(abs(far), abs(end)))
    if not (gap > _LEAST_GAP and size < _GREATEST):
        return False
    least, most = min(far, end), max(far, end)
    return gap > longest * float32(2.0**-20) or (least > 0 and least * float32(2) >= most)
