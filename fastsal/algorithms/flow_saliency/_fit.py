"""The camera's motion from sums over rows of cells: plain functions, which either backend compiles.

Along a row of cells y does not change, so the sums of ``weight * x ** p`` for p up to 4, and of
the same with the motions across and down for p up to 2, hold all that the equations need.
"""

from numba import float32

POWERS = 5
SUMS = 3 * POWERS  # of a row: of the weights, of the motions across, and down
MOMENTS = SUMS * POWERS  # over all rows: each sum with every power of y
TERMS = 8  # of a camera at most
COEFFICIENTS = TERMS + 1  # of an equation, and its right side

# Powers of x and y in what one unit of each term moves across, and down; -1 where it does not.
_ACROSS = ((-1, 0), (0, 0), (1, 0), (0, 1), (-1, 0), (-1, 0), (2, 0), (1, 1))
_DOWN = ((0, 0), (-1, 0), (-1, 0), (-1, 0), (1, 0), (0, 1), (1, 1), (0, 2))
_RIDGE = float32(1e-6)  # what cells cannot tell, as in one row of them, is 0


def add_row(sums, y, moments):
    """Add what a row of cells tells."""
    for i in range(SUMS):
        value = sums[i]
        for power in range(POWERS):
            moments[POWERS * i + power] += value
            value = float32(value * y)


def fill_equations(moments, count, equations):
    """Fill `count` rows of nine: the normal equations of the first terms, and their right sides."""
    for term in range(count):
        for other in range(count):
            total = float32(0)
            if _ACROSS[term][0] >= 0 and _ACROSS[other][0] >= 0:
                x, y = _ACROSS[term][0] + _ACROSS[other][0], _ACROSS[term][1] + _ACROSS[other][1]
                total += moments[POWERS * x + y]
            if _DOWN[term][0] >= 0 and _DOWN[other][0] >= 0:
                x, y = _DOWN[term][0] + _DOWN[other][0], _DOWN[term][1] + _DOWN[other][1]
                total += moments[POWERS * x + y]
            equations[term, other] = total
        known = float32(0)
        if _ACROSS[term][0] >= 0:
            known += moments[POWERS * (POWERS + _ACROSS[term][0]) + _ACROSS[term][1]]
        if _DOWN[term][0] >= 0:
            known += moments[POWERS * (2 * POWERS + _DOWN[term][0]) + _DOWN[term][1]]
        equations[term, term] += float32(_RIDGE * moments[0])
        equations[term, TERMS] = known


def solve(count, equations, camera):
    """Fill the first `count` terms of `camera` with the solution of the equations."""
    for term in range(count):
        for other in range(term + 1, count):
            factor = float32(equations[other, term] / equations[term, term])
            for i in range(term, count):
                equations[other, i] -= float32(factor * equations[term, i])
            equations[other, TERMS] -= float32(factor * equations[term, TERMS])
    for term in range(count - 1, -1, -1):
        value = equations[term, TERMS]
        for i in range(term + 1, count):
            value -= float32(equations[term, i] * camera[i])
        camera[term] = float32(value / equations[term, term])


def add_cell(weight, x, across, down, sums):
    """Add what a cell tells to the sums of its row."""
    for power in range(POWERS):
        sums[power] += weight
        sums[POWERS + power] += float32(weight * across)
        sums[2 * POWERS + power] += float32(weight * down)
        weight = float32(weight * x)
