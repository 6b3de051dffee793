"""Small cosine transforms on the CPU, by halves.

Even cosines depend on sums of mirrored rows only, odd ones on differences only.
"""

from ...kernels.copies import copy_values
from ...kernels.jit import serial
from ._formulas import sign


@serial
def add_signature(plane, down, across, work, energy):
    """Add IDCT(sign(DCT(plane)))**2 to `energy`: Hou, Harel and Koch (2012).

    `down` and `across` are the transforms' matrices; `work`, (4, size), is for the steps between.
    """
    rows, cols = plane.shape
    upright, folds = work[0].reshape(rows, cols), work[1]
    transposed, coefficients = work[2].reshape(cols, rows), work[3].reshape(cols, rows)
    _transform(down, plane, folds.reshape(rows, cols), upright)
    _transpose(upright, transposed)
    _transform(across, transposed, folds.reshape(cols, rows), coefficients)
    for row in range(cols):
        values = coefficients[row]
        for col in range(rows):
            values[col] = sign(values[col])
    _transform_back(across, coefficients, folds, transposed)
    _transpose(transposed, upright)
    _transform_back(down, upright, folds, plane)
    for row in range(rows):
        values, total = plane[row], energy[row]
        for col in range(cols):
            total[col] += values[col] * values[col]


@serial
def _transform(cosines, source, folds, target):
    """Fill `target` with the DCT of the columns of `source`."""
    count = len(source)
    half = (count + 1) // 2
    for row in range(half):
        upper, lower, sums = source[row], source[count - 1 - row], folds[row]
        if row == count - 1 - row:
            copy_values(upper, sums)
            continue
        differences = folds[count - 1 - row]
        for col in range(sums.size):
            sums[col] = upper[col] + lower[col]
            differences[col] = upper[col] - lower[col]
    for frequency in range(count):
        weights = cosines[frequency]
        if frequency % 2 == 0:
            _combine(weights[:half], folds, target[frequency])
        else:  # the differences lie from the last row upwards; in the middle there is none
            _combine(weights[: count // 2], folds[::-1], target[frequency])


@serial
def _transform_back(cosines, source, spare, target):
    """Fill `target` with the inverse DCT of the columns of `source`."""
    count = len(source)
    odd = spare[: source.shape[1]]
    for row in range((count + 1) // 2):
        upper, lower = target[row], target[count - 1 - row]
        _combine(cosines[::2, row], source[::2], upper)
        _combine(cosines[1::2, row], source[1::2], odd)
        for col in range(odd.size):
            even = upper[col]
            upper[col] = even + odd[col]
            lower[col] = even - odd[col]


@serial
def _combine(weights, rows, target):
    """Fill `target` with the sum of the rows, weighted; two at a time halves the memory's work."""
    count = weights.size
    target[:] = 0
    for row in range(0, count - 1, 2):
        first, second = rows[row], rows[row + 1]
        one, other = weights[row], weights[row + 1]
        for col in range(target.size):
            target[col] += one * first[col] + other * second[col]
    if count % 2:
        last, weight = rows[count - 1], weights[count - 1]
        for col in range(target.size):
            target[col] += weight * last[col]


@serial
def _transpose(values, transposed):
    for row in range(values.shape[0]):
        for col in range(values.shape[1]):
            transposed[col, row] = values[row, col]
