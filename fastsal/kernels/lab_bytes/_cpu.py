"""8-bit CIELab on the CPU."""

from ..jit import banded
from ..launch import over_bands
from ._formulas import chroma_bytes, lightness_byte


def fill_lab(colors, lab):
    """Fill `lab` from `colors`, RGB or grey bytes, both (N, 3, h, w), or (N, 1, h, w) if grey.

    Grey images keep the lightness only: the other two planes are 128.
    """
    rows = colors.shape[0] * colors.shape[2]
    over_bands(_fill_lab, rows, colors, lab, pixels=4 * colors.size)


@banded
def _fill_lab(colors, lab, start, stop):
    _, planes, rows, cols = colors.shape
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        source, target = colors[frame], lab[frame]
        if planes == 1:
            for col in range(cols):
                grey = source[0, row, col]
                target[0, row, col] = lightness_byte(grey, grey, grey)
        else:
            for col in range(cols):
                red, green, blue = source[0, row, col], source[1, row, col], source[2, row, col]
                target[0, row, col] = lightness_byte(red, green, blue)
                target[1, row, col], target[2, row, col] = chroma_bytes(red, green, blue)
