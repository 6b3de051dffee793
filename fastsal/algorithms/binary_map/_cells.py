"""The cells of k-means: which values are nearest to which of the centres.

The twins compile this each for itself. Along one axis every centre has an interval, so four edges
tell values apart for less than five distances would; they are found so that both agree to the bit.
"""

from ._draws import CLUSTERS
from ._math import edge_between, stays_nearer

NEVER = float("inf")


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
        edges[cell] = NEVER
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
