"""ON and OFF of the pixels of a row: vectors of 16 columns, or one pixel after the other."""

from numba import float32, int32

from ...kernels import simd
from ...kernels.jit import serial
from ...kernels.simd.windows import LANES, columns_comparer
from ._formulas import exact_contrast, on_and_off, rounded_contrast
from ._windows import MARGIN, REACHES

if simd.ENABLED:
    _compare_inside = columns_comparer(REACHES, MARGIN, uniform=True)
    _compare_at_edges = columns_comparer(REACHES, MARGIN, uniform=False)

    @serial
    def compare_row(levels, width, table, edges, others, inverses, totals):
        padded = levels.size
        left = min(MARGIN, padded)
        right = max(left, (width - MARGIN) // LANES * LANES)
        _compare_at_edges(levels, table, edges, others, inverses, totals, 0, left)
        if left < right:
            _compare_inside(levels, table, edges, others, inverses, totals, left, right)
        _compare_at_edges(levels, table, edges, others, inverses, totals, right, padded)

    compare_exactly = compare_row
else:

    @serial
    def compare_row(levels, width, table, edges, others, inverses, totals):
        for col in range(width):
            total = int32(0)
            for scale in range(len(REACHES)):
                window = _window_sum(table, edges[scale], col, REACHES[scale])
                pixels = others[scale, col] + float32(1)
                total = int32(total + on_and_off(rounded_contrast(levels[col], window, pixels)))
            totals[col] = total

    @serial
    def compare_exactly(levels, width, table, edges, others, inverses, totals):
        for col in range(width):
            total = int32(0)
            for scale in range(len(REACHES)):
                window = _window_sum(table, edges[scale], col, REACHES[scale])
                pixels = others[scale, col] + float32(1)
                total = int32(total + on_and_off(exact_contrast(levels[col], window, pixels)))
            totals[col] = total


@serial
def _window_sum(table, rows, col, reach):
    """Return the sum over a window in OpenCV's order, in which float32 rounds."""
    upper, lower = table[rows[0]], table[rows[1]]
    left, right = col + MARGIN - reach, col + MARGIN + reach
    return lower[right] + upper[left] - lower[left] - upper[right]
