"""Letterbox bars: plain functions of arrays, which each backend compiles for itself."""

from numba import int64

from ._formulas import is_bare

_SMALLEST_PICTURE = 8  # lines between the bars


def fill_window(rows_unlike, cols_unlike, window):
    """Fill `window` with the first and last + 1 row and column between letterbox bars.

    The arrays hold for each row and column how many cells differ from the corner of the image. Bars
    lie above and below the picture, or left and right of it. They are two lines of difference wide
    at most, and no wider together than 4/5 of the side; half of the line next to them or more is
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
