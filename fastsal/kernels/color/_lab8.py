"""CIELab and YCrCb as bytes, by the integer arithmetic of OpenCV. Scalars only.

Integers give the same values on every backend; the tables are those of OpenCV's `cvtColor`.
"""

import numpy as np
from numba import int32

from ..jit import serial

_GAMMA_SHIFT, _SHIFT = 3, 12
_FINAL_SHIFT = _GAMMA_SHIFT + _SHIFT
_CURVE_SIZE = 256 * 3 // 2 << _GAMMA_SHIFT


def _gamma_table():
    """Return linear light of sRGB bytes, in units of 1 / 2040."""
    value = np.arange(256) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.rint(255 * (1 << _GAMMA_SHIFT) * light).astype(np.uint16)


def _curve_table():
    """Return the function f of CIELab, in units of 2**-15."""
    value = np.arange(_CURVE_SIZE) / (255 << _GAMMA_SHIFT)
    curve = np.where(value < 216 / 24389, value * (841 / 108) + 16 / 116, np.cbrt(value))
    return np.rint((1 << _FINAL_SHIFT) * curve).astype(np.uint16)


def _coefficients():
    """Return the matrix from linear sRGB to XYZ over white (D65), in units of 2**-12."""
    matrix = [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169],
              [0.019334, 0.119193, 0.950227]]  # fmt: skip
    white = np.array([0.950456, 1, 1.088754])
    return tuple(int(each) for each in np.rint(np.array(matrix) * 4096 / white[:, None]).flat)


GAMMA, CURVE = _gamma_table(), _curve_table()
_XR, _XG, _XB, _YR, _YG, _YB, _ZR, _ZG, _ZB = _coefficients()
_LIGHTNESS_SCALE = (116 * 255 + 50) // 100
_LIGHTNESS_OFFSET = -((16 * 255 * (1 << _FINAL_SHIFT) + 50) // 100)
_NEUTRAL = 128 << _FINAL_SHIFT


@serial
def lab_bytes(red, green, blue):
    """Return L * 255 / 100, a + 128 and b + 128 of bytes of sRGB."""
    red, green, blue = int32(GAMMA[red]), int32(GAMMA[green]), int32(GAMMA[blue])
    half = int32(1 << (_SHIFT - 1))
    x = int32(CURVE[(red * _XR + green * _XG + blue * _XB + half) >> _SHIFT])
    y = int32(CURVE[(red * _YR + green * _YG + blue * _YB + half) >> _SHIFT])
    z = int32(CURVE[(red * _ZR + green * _ZG + blue * _ZB + half) >> _SHIFT])
    half = 1 << (_FINAL_SHIFT - 1)
    lightness = (_LIGHTNESS_SCALE * y + _LIGHTNESS_OFFSET + half) >> _FINAL_SHIFT
    a = (500 * (x - y) + _NEUTRAL + half) >> _FINAL_SHIFT
    b = (200 * (y - z) + _NEUTRAL + half) >> _FINAL_SHIFT
    return _byte(lightness), _byte(a), _byte(b)


@serial
def chroma_bytes(red, green, blue):
    """Return Cr and Cb of YCrCb of bytes of sRGB."""
    half = 1 << 13
    luma = (4899 * int32(red) + 9617 * int32(green) + 1868 * int32(blue) + half) >> 14
    red_chroma = ((int32(red) - luma) * 11682 + (128 << 14) + half) >> 14
    blue_chroma = ((int32(blue) - luma) * 9241 + (128 << 14) + half) >> 14
    return _byte(red_chroma), _byte(blue_chroma)


@serial
def _byte(value):
    return min(max(value, 0), 255)
