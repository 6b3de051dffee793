"""The formulas of flow saliency, for both backends. Scalars only, and plain functions at the end.

Grey levels are integers up to 4080, sixteenths of a byte's. So all sums over a patch are exact and
equal in any order, on any backend. Lengths are pixels of the level.

The functions at the end fit the camera's motion; each backend compiles them. Along a row of cells y
is constant. The sums of ``weight * x ** p`` for p up to 4, and of the same with the motions across
and down for p up to 2, determine the equations.
"""

import math

from numba import float32, int32, int64

from ...kernels.color._formulas import float_luma, luma
from ...kernels.jit import serial
from .plan import AREA, CELL, MARGIN, PATCH

WHITE = 4080
FINE = 7  # bits of a place behind the point
ONE = 1 << FINE

STEPS = 4  # of one search at most; more find nothing better
ROUNDS = 3  # of searches per level
FAR = float32(PATCH)  # a search that moves farther has failed
NEAR = float32(0.01)  # a shorter step changes no result
# Regularisation for patches without texture: as large as slopes of 2 grey levels in every pixel.
FIRMNESS = float32(AREA * (2 * 2 * 16) ** 2)

FIT_ROUNDS, BORDER_ROUNDS = 12, 4
INSIDE = float32(0.3)  # weight of cells off the border
BINS, PER_PIXEL = 2048, 32  # of the histograms that medians are read from

MIN_RESIDUAL = float32(0.5)  # minimum of the residual motion that is half salient, in pixels
# A patch that fits the camera's motion within 2 grey levels is no evidence of other motion.
PLAIN = float32(AREA * AREA * (2 * 16) ** 2)
BEYOND = float32(0.5)  # pixels of a patch that may lie outside the picture
CUT = 0.5  # fraction of the patches' variance that no motion explains


@serial
def gray_of(first, second, third, weights, itemsize):
    """Return the luma of a pixel of integers of one byte or two, or of floats (four)."""
    if itemsize == 4:
        return float_luma(float32(first), float32(second), float32(third), weights)
    return float32(luma(first, second, third, weights))


@serial
def leveled(luma, itemsize):
    """Return the grey level of a luma of one byte, two, or four (a float in [0, 1])."""
    if itemsize == 1:
        return int32(int32(luma) * int32(16))
    white = float32(65535) if itemsize == 2 else float32(1)
    fraction = min(max(float32(0), float32(luma)), white)
    return int32(float32(fraction * float32(float32(WHITE) / white)) + float32(0.5))


@serial
def overlap(source, sources, target, targets):
    """Return the overlap of a source line and a target line, in units of ``1 / targets``."""
    first = max(source * targets, target * sources)
    last = min((source + 1) * targets, (target + 1) * sources)
    return last - first


@serial
def mean_level(total, area):
    """Return the level nearest to a mean over pixels."""
    return int32(int64(int64(total) + int64(area) // 2) // int64(area))


@serial
def binomial(first, middle, last):
    """Return the sum of three values, the middle one twice."""
    return int32(int32(first) + int32(int32(middle) << int32(1))) + int32(last)


@serial
def sixteenth(total):
    """Return the mean under a 3x3 binomial window from its sum."""
    return int32(int32(int32(total) + int32(8)) >> int32(4))


@serial
def quarter(first, second, third, fourth):
    """Return the mean of four levels."""
    total = int32(int32(int32(first) + int32(second)) + int32(int32(third) + int32(fourth)))
    return int32(int32(total + int32(2)) >> int32(2))


@serial
def corner(cell, size):
    """Return the first line of the patch of a cell, which lies in the picture if that is large."""
    return max(min(int64(CELL * cell - MARGIN), int64(size - PATCH)), int64(0))


@serial
def place(start, motion, size):
    """Return a patch's position after a motion, in 1 / ONE pixels, clamped just off the level."""
    moved = int64(math.floor(float32(motion * float32(ONE)) + float32(0.5))) + (start << FINE)
    return min(max(moved, int64(-PATCH << FINE)), int64(size << FINE))


@serial
def motion_to(start, placed):
    """Return the motion from a patch's start to a place."""
    return float32(float32(placed - (start << FINE)) * float32(1 / ONE))


@serial
def fraction_of(across, down):
    """Return the weights of four pixels for a place between them; they sum up to ONE ** 2."""
    right, below = int32(across), int32(down)
    left, above = int32(int32(ONE) - right), int32(int32(ONE) - below)
    return int32(left * above), int32(right * above), int32(left * below), int32(right * below)


@serial
def between(shares, first, second, third, fourth):
    """Return the level between four."""
    upper = int32(int32(shares[0] * int32(first)) + int32(shares[1] * int32(second)))
    lower = int32(int32(shares[2] * int32(third)) + int32(shares[3] * int32(fourth)))
    half = int32(1 << (2 * FINE - 1))
    return int32(int32(int32(upper + lower) + half) >> int32(2 * FINE))


@serial
def covariance(products, first, second):
    """Return AREA times the sum of products of two quantities, each less its mean."""
    return int64(AREA) * int64(products) - int64(first) * int64(second)


@serial
def structure(squares, total):
    """Return an entry of the inverse search's Hessian (Kroeger et al. 2016), with a ridge."""
    return float32(float32(covariance(squares, total, total)) * float32(1 / AREA)) + FIRMNESS


@serial
def determinant_of(structure_, other_structure, mixed_structure):
    """Return the determinant of a patch's structure tensor; never 0."""
    return float32(
        float32(structure_ * other_structure) - float32(mixed_structure * mixed_structure)
    )


@serial
def step(pull, other_pull, other_structure, mixed_structure, determinant):
    """Return the inverse search's step along an axis (Kroeger et al. 2016, Eq. 2).

    Pulls are covariances of the error with the gradients, which are twice the slopes.
    """
    solved = (
        float32(float32(other_structure * pull) - float32(mixed_structure * other_pull))
        / determinant
    )
    return float32(solved * float32(-2 / AREA))


@serial
def ordered(first, second):
    """Return two values, the smaller first."""
    return min(first, second), max(first, second)


@serial
def median_of_nine(a, b, c, d, e, f, g, h, i):
    """Return the middle one of nine values."""
    a, b = ordered(a, b)
    d, e = ordered(d, e)
    g, h = ordered(g, h)
    b, c = ordered(b, c)
    e, f = ordered(e, f)
    h, i = ordered(h, i)
    a, b = ordered(a, b)
    d, e = ordered(d, e)
    g, h = ordered(g, h)
    low = max(max(a, d), g)
    high = min(min(c, f), i)
    middle = max(min(b, e), min(max(b, e), h))
    low, middle = ordered(low, middle)
    return max(low, min(middle, high))


@serial
def spot(cell, cells, longest):
    """Return the position of a cell from the centre, in halves of the longer side."""
    return float32(float32(2 * cell + 1 - cells) / float32(longest))


@serial
def is_border(row, col, rows, cols):
    """Return whether a cell lies within 15 % of an edge."""
    near_row = min(row, rows - 1 - row)
    near_col = min(col, cols - 1 - col)
    return 20 * near_row < 3 * rows or 20 * near_col < 3 * cols


@serial
def camera_across(camera, x, y):
    """Return the camera's motion at a position, in columns.

    A camera is (down, across; across by x, by y; down by x, by y; two terms of perspective).
    """
    linear = float32(float32(camera[2] * x) + float32(camera[3] * y))
    bent = float32(float32(camera[6] * x) + float32(camera[7] * y))
    return float32(float32(camera[1] + linear) + float32(bent * x))


@serial
def camera_down(camera, x, y):
    """Return the camera's motion at a position, in rows."""
    linear = float32(float32(camera[4] * x) + float32(camera[5] * y))
    bent = float32(float32(camera[6] * x) + float32(camera[7] * y))
    return float32(float32(camera[0] + linear) + float32(bent * y))


@serial
def distance(down, across):
    """Return the length of a motion."""
    return float32(math.sqrt(float32(float32(down * down) + float32(across * across))))


@serial
def noise_of(median):
    """Return the scale of residuals from their median; flow is no finer than 0.05 pixels."""
    return max(float32(0.05), float32(float32(1.19) * median))


@serial
def robust_weight(residual, noise, is_near_border, is_late):
    """Return a cell's weight in the robust fit of the camera motion (Odobez and Bouthemy 1995)."""
    ratio = float32(residual / float32(float32(2) * noise))
    factor = float32(float32(1) + float32(ratio * ratio))
    weight = float32(float32(1) / float32(factor * factor))
    if is_near_border:
        return weight
    return float32(INSIDE * weight) if is_late else float32(0)


@serial
def bin_of(value):
    """Return the bin of a histogram, centred on 0, that a length falls into."""
    scaled = float32(float32(value * float32(PER_PIXEL)) + float32(BINS // 2))
    return int32(min(max(scaled, float32(0)), float32(BINS - 1)))


@serial
def length_of(bin_):
    """Return the length in the middle of a bin."""
    return float32(float32(float32(bin_ - BINS // 2) + float32(0.5)) * float32(1 / PER_PIXEL))


@serial
def is_in_sight(start, motion, size):
    """Return whether a patch is visible in a picture of that size after a motion."""
    before, after = float32(start) + motion, float32(start + PATCH - size) + motion
    return before >= -BEYOND and after <= BEYOND + float32(max(PATCH - size, 0))


@serial
def evidence(unexplained, own):
    """Return the evidence, 0 to 1, that a patch does not move as its reference does.

    Both are AREA times sums of squared errors: with the reference's motion, and with its own.
    """
    return min(max(float32(0), float32(unexplained - own) / PLAIN), float32(1))


@serial
def softness(median, is_fitted):
    """Return the residual motion that is half salient, from the median of all.

    The median residual of the camera fit estimates the noise level; without a fit it is the motion.
    """
    return max(MIN_RESIDUAL, float32(float32(3) * median)) if is_fitted else MIN_RESIDUAL


@serial
def squash(residual, softness_):
    """Map a residual from [0, inf) to [0, 1): r**2 / (r**2 + softness**2)."""
    square = float32(residual * residual)
    return float32(square / float32(square + float32(softness_ * softness_)))


@serial
def is_cut(own, variance):
    """Return whether two frames show two scenes: no motion explains the one by the other."""
    return float32(own) > float32(float32(CUT) * float32(variance))


@serial
def blended(score, kept, memory):
    """Return a score smoothed over time; one below 0 marks a cut, which restarts the smoothing."""
    if score < float32(0):
        return float32(0)
    return float32(float32(memory * kept) + float32(float32(float32(1) - memory) * score))


POWERS = 5
SUMS = 3 * POWERS  # of a row: of the weights, of the motions across, and down
MOMENTS = SUMS * POWERS  # over all rows: each sum with every power of y
TERMS = 8  # of a camera at most
COEFFICIENTS = TERMS + 1  # of an equation, and its right side

# Powers of x and y in the motion across, and down, per unit of each term; -1 for none.
_ACROSS = ((-1, 0), (0, 0), (1, 0), (0, 1), (-1, 0), (-1, 0), (2, 0), (1, 1))
_DOWN = ((0, 0), (-1, 0), (-1, 0), (-1, 0), (1, 0), (0, 1), (1, 1), (0, 2))
_RIDGE = float32(1e-6)  # terms that cells do not determine, as in one row of them, become 0


def add_row(sums, y, moments):
    """Add the sums of a row of cells to the moments."""
    for i in range(SUMS):
        value = sums[i]
        for power in range(POWERS):
            moments[POWERS * i + power] += value
            value = float32(value * y)


def fill_equations(moments, count, equations):
    """Fill `count` rows of nine: the normal equations of the first terms, and their right sides.

    They are those of the weighted least squares of Odobez and Bouthemy (1995).
    """
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
    """Add the terms of a cell to the sums of its row."""
    for power in range(POWERS):
        sums[power] += weight
        sums[POWERS + power] += float32(weight * across)
        sums[2 * POWERS + power] += float32(weight * down)
        weight = float32(weight * x)
