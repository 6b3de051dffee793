"""Eigenvectors of a colour covariance, rounded to integers, and letterbox bars.

Eigenvectors leave their signs open, and their directions where eigenvalues are equal. Here

* a plane of CIELab without covariance is an axis, with a positive sign;
* in other axes the first component with a magnitude of 0.5 or more is negative, as LAPACK has it
  for most photographs;
* of two axes with nearly equal eigenvalues, one is as near to lightness as possible;
* it is as near to a* as possible if the third axis is nearer to lightness;
* if all three eigenvalues are nearly equal, the axes are L*, a* and b*.
"""

import math

from numba import float64, int64

from ...kernels.jit import serial
from ._formulas import AXIS_SCALE, is_bare

_RIDGE = 50  # added to the variances, as in the code of Zhang and Sclaroff
_SWEEPS = 8  # of Jacobi's rotations; three variables converge in five
_EQUAL = 1e-3  # eigenvalues that differ by a smaller fraction are nearly equal


@serial
def covariance(product, first, second, count, is_variance):
    """Return count**2 times a covariance, exactly, from sums over `count` cells; with the ridge."""
    count = int64(count)
    value = count * int64(product) - int64(first) * int64(second)
    return float64(value + _RIDGE * count * count) if is_variance else float64(value)


@serial
def axes_of(xx, xy, xz, yy, yz, zz):
    """Return the three axes of a symmetric matrix, each as three integers."""
    u = 1.0, 0.0, 0.0
    v = 0.0, 1.0, 0.0
    w = 0.0, 0.0, 1.0
    for _ in range(_SWEEPS):
        xx, yy, xy, xz, yz, u, v = _rotated(xx, yy, xy, xz, yz, u, v)
        xx, zz, xz, xy, yz, u, w = _rotated(xx, zz, xz, xy, yz, u, w)
        yy, zz, yz, xy, xz, v, w = _rotated(yy, zz, yz, xy, xz, v, w)
    same_uv, same_uw, same_vw = _is_equal(xx, yy), _is_equal(xx, zz), _is_equal(yy, zz)
    if (same_uv and same_uw) or (same_uv and same_vw) or (same_uw and same_vw):
        u, v, w = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    elif same_uv:
        u, v = _settled(w)
    elif same_uw:
        u, w = _settled(v)
    elif same_vw:
        v, w = _settled(u)
    return _integers(u), _integers(v), _integers(w)


@serial
def _rotated(pp, qq, pq, pr, qr, p, q):
    """Return the matrix, pq being zero, and the axes p and q after one of Jacobi's rotations."""
    if pq == 0:
        return pp, qq, pq, pr, qr, p, q
    ratio = (qq - pp) / (2 * pq)
    tangent = 1 / (abs(ratio) + math.sqrt(ratio * ratio + 1))
    if ratio < 0:
        tangent = -tangent
    cosine = 1 / math.sqrt(tangent * tangent + 1)
    sine = tangent * cosine
    pr, qr = cosine * pr - sine * qr, sine * pr + cosine * qr
    first = _mixed(p, q, cosine, -sine)
    return pp - tangent * pq, qq + tangent * pq, 0.0, pr, qr, first, _mixed(p, q, sine, cosine)


@serial
def _mixed(p, q, first, second):
    x, y, z = (
        first * p[0] + second * q[0],
        first * p[1] + second * q[1],
        first * p[2] + second * q[2],
    )
    return x, y, z


@serial
def _is_equal(first, second):
    return abs(first - second) <= _EQUAL * max(first, second)


@serial
def _settled(alone):
    """Return the two axes at right angles to `alone`, by the rule of this module."""
    x, y, z = alone
    is_lightness = 2 * x * x <= 1
    along = x if is_lightness else y
    p = (
        (1.0 if is_lightness else 0.0) - along * x,
        (0.0 if is_lightness else 1.0) - along * y,
        -along * z,
    )
    length = math.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2])
    first, second, third = p[0] / length, p[1] / length, p[2] / length
    q = y * third - z * second, z * first - x * third, x * second - y * first
    return (first, second, third), q


@serial
def _integers(axis):
    """Return an axis with its sign settled, in units of 1 / AXIS_SCALE."""
    first, second, third = axis
    if max(abs(first), abs(second), abs(third)) > 1 - 1e-12:
        is_turned = first + second + third < 0
    else:
        leading = second if abs(second) >= 0.5 else third
        is_turned = (first if abs(first) >= 0.5 else leading) > 0
    scale = float64(-AXIS_SCALE if is_turned else AXIS_SCALE)
    return (
        int64(math.floor(first * scale + 0.5)),
        int64(math.floor(second * scale + 0.5)),
        int64(math.floor(third * scale + 0.5)),
    )


_SMALLEST_PICTURE = 8  # lines between the bars


def fill_window(rows_unlike, cols_unlike, window):
    """Fill `window` with the first and last + 1 row and column between letterbox bars.

    The arrays hold for each row and column how many cells differ from the corner of the image. Bars
    lie above and below the picture, or left and right of it. They are at most two lines of
    difference wide, and together at most 4/5 of the side. At least half of the line next to them is
    picture. A ground of one colour on all four sides is no bars. The line that a bar shares with
    the picture counts as bar.
    """
    rows, cols = len(rows_unlike), len(cols_unlike)
    window[0], window[1], window[2], window[3] = 0, rows, 0, cols
    for side in range(2):
        unlike, other = (rows_unlike, cols_unlike) if side == 0 else (cols_unlike, rows_unlike)
        size, length = len(unlike), len(other)
        if is_bare(other[0], size) and is_bare(other[length - 1], size):
            continue
        before, after = int64(0), int64(0)
        while before < size and is_bare(unlike[before], length):
            before += 1
        while before + after < size and is_bare(unlike[size - 1 - after], length):
            after += 1
        is_pair = before > 0 and after > 0 and abs(before - after) <= 2
        if not is_pair or 5 * max(before, after) > 2 * size:
            continue
        if size - before - after < _SMALLEST_PICTURE:
            continue
        first = max(unlike[before], unlike[before + 1])
        last = max(unlike[size - 1 - after], unlike[size - 2 - after])
        if 2 * min(first, last) >= length:
            window[2 * side], window[2 * side + 1] = before + 1, size - after - 1
