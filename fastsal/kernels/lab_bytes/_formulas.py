"""The formulas of 8-bit CIELab, for both backends. Scalars only.

They equal OpenCV's ``COLOR_RGB2LAB`` of bytes for every colour (tests/kernels/test_lab_bytes.py).
"""

import numpy as np
from numba import int32

from ..jit import serial

_MATRIX = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.950456, 1.0, 1.088754)
_COLOR_BITS = 12  # of the matrix entries
_ROOT_BITS = 15  # of the compressed colours
_STEPS = 8 * 255  # linear light of white
_L_SCALE = (116 * 255 + 50) // 100
_L_OFFSET = (16 * 255 * (1 << _ROOT_BITS) + 50) // 100
_MIDDLE = 128 << _ROOT_BITS


def _table_of_linear():
    """Return linear light, 0 to `_STEPS`, for each byte of sRGB."""
    value = np.arange(256) / 255
    linear_light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.rint(_STEPS * linear_light).astype(np.int32)


def _table_of_roots():
    """Return CIE's compressed form of each light; rounded to float32 first, as in OpenCV."""
    linear_light = np.arange(_STEPS * 3 // 2) / _STEPS
    root = np.where(linear_light < 0.008856, 7.787 * linear_light + 16 / 116, np.cbrt(linear_light))
    return np.rint(((1 << _ROOT_BITS) * root).astype(np.float32)).astype(np.int32)


SRGB_TO_LINEAR, ROOTS = _table_of_linear(), _table_of_roots()
_X, _Y, _Z = (
    tuple(round((1 << _COLOR_BITS) * entry / white) for entry in row)
    for row, white in zip(_MATRIX, _WHITE, strict=True)
)


@serial
def _descaled(value, bits):
    return int32(int32(value + int32(1 << (bits - 1))) >> int32(bits))


@serial
def _compressed(red, green, blue, weights):
    """Return the compressed form of one of X, Y and Z."""
    total = int32(red * int32(weights[0])) + int32(green * int32(weights[1]))
    total = int32(int32(total) + int32(blue * int32(weights[2])))
    return ROOTS[_descaled(total, _COLOR_BITS)]


@serial
def lightness_byte(red, green, blue):
    """Return L of three bytes, 0 to 255."""
    y = _compressed(SRGB_TO_LINEAR[red], SRGB_TO_LINEAR[green], SRGB_TO_LINEAR[blue], _Y)
    return _descaled(int32(int32(_L_SCALE) * y) - int32(_L_OFFSET), _ROOT_BITS)


@serial
def chroma_bytes(red, green, blue):
    """Return a and b of three bytes, 128 being grey."""
    red, green, blue = SRGB_TO_LINEAR[red], SRGB_TO_LINEAR[green], SRGB_TO_LINEAR[blue]
    x, y = _compressed(red, green, blue, _X), _compressed(red, green, blue, _Y)
    z = _compressed(red, green, blue, _Z)
    a = _descaled(int32(int32(500) * int32(x - y)) + int32(_MIDDLE), _ROOT_BITS)
    return a, _descaled(int32(int32(200) * int32(y - z)) + int32(_MIDDLE), _ROOT_BITS)
