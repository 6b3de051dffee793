"""The formulas of the spectral residual, for both backends. Scalars only.

L, P and R are the log-amplitude, phase and residual of Hou and Zhang (2007). Rounding follows
OpenCV's ``StaticSaliencySpectralResidual``.

All numbers of the 64 x 64 spectrum are float64, except where OpenCV uses float32.
"""

import math

from numba import float32, float64, int32, int64, uint64

from ...kernels.borders import clamp
from ...kernels.jit import serial

_DEGREE = float32(180 / math.pi)
_RADIAN = float32(math.pi / 180)
_TINY = float32(2.220446e-16)
# OpenCV's polynomial for the arc tangent, in degrees; right to 1e-4 rad, and part of its map.
_P1 = float32(float32(0.9997878412794807) * _DEGREE)
_P3 = float32(float32(-0.3258083974640975) * _DEGREE)
_P5 = float32(float32(0.1555786518463281) * _DEGREE)
_P7 = float32(float32(-0.04432655552792128) * _DEGREE)


@serial
def tap(index, source, target):
    """Return the first of two source pixels (OpenCV's resize), and the second's weight."""
    place = (1.0 / (target / source)) * (index + 0.5) - 0.5
    first = int64(math.floor(place))
    if first < 0 or first >= source - 1:
        return clamp(first, source), 0.0
    return first, place - first


@serial
def fixed(fraction, bits):
    """Return a fraction in units of 2**-bits."""
    return int64(round(fraction * (int64(1) << bits)))


@serial
def blended(a, b, c, d, across, down, bits):
    """Interpolate between the integers a b / c d by OpenCV's fixed-point rules."""
    one = int64(1) << bits
    upper = int64(a) * (one - across) + int64(b) * across
    lower = int64(c) * (one - across) + int64(d) * across
    half = int64(1) << (2 * bits - 1)
    return float64((upper * (one - down) + lower * down + half) >> (2 * bits))


@serial
def blended_bytes(a, b, c, d, across, down):
    """Interpolate as `blended` for bytes, with weights in units of 1/256, in 32-bit arithmetic."""
    upper = int32(int32(a * int32(256 - across)) + int32(b * across))
    lower = int32(int32(c * int32(256 - across)) + int32(d * across))
    total = int32(int32(upper * int32(256 - down)) + int32(lower * down))
    return int32(int32(total + int32(1 << 15)) >> int32(16))


@serial
def blended_wide(a, b, c, d, across, down):
    """Interpolate as `blended` for 32-bit integers, with weights in units of 2**-32 and a carry.

    The terms left out below the carry are too small to round up.
    """
    one = int64(1) << 32
    upper = int64(a) * (one - across) + int64(b) * across
    lower = int64(c) * (one - across) + int64(d) * across
    high, low = (lower - upper) >> 32, (lower - upper) & (one - 1)
    carry = int64((uint64(low) * uint64(down)) >> uint64(32))
    return float64((upper + high * down + carry + (one >> 1)) >> 32)


@serial
def float_blended(a, b, c, d, across, down, itemsize):
    """Interpolate between the floats a b / c d, rounded to floats of that item size."""
    upper = float64(a) + (float64(b) - float64(a)) * across
    lower = float64(c) + (float64(d) - float64(c)) * across
    value = upper + (lower - upper) * down
    return value if itemsize == 8 else float64(float32(value))


@serial
def magnitude(real, imag):
    """Return the size of a complex number as OpenCV: by a fused multiply-add of float32."""
    real, imag = float32(real), float32(imag)
    squares = float32(float64(real) * float64(real) + float64(float32(imag * imag)))
    return float64(float32(math.sqrt(squares)))


@serial
def phase(real, imag):
    """Return the angle of a complex number as OpenCV, 0 to 2 pi."""
    degrees = _degrees(real, imag)
    degrees = float32(float32(360) - degrees) if imag < 0 else degrees
    return float64(float32(degrees * _RADIAN))


@serial
def phase_and_excess(real, imag):
    """Return the phase, and its and the conjugate's excess over 2 pi: OpenCV rounds both."""
    degrees = _degrees(real, imag)
    upper = float64(float32(degrees * _RADIAN))
    lower = float64(float32(float32(float32(360) - degrees) * _RADIAN))
    excess = upper + lower - 2 * math.pi if degrees > 0 else 0.0
    return (lower if imag < 0 else upper), excess


@serial
def _degrees(real, imag):
    """Return the angle between a number and the real axis, 0 to 180."""
    real, imag = float32(real), float32(imag)
    wide, high = abs(real), abs(imag)
    ratio = float32(min(wide, high) / float32(max(wide, high) + _TINY))
    square = float64(float32(ratio * ratio))
    # Products in float64 do not round: these are float32 fused multiply-adds on any machine.
    total = float32(_P7 * square + _P5)
    total = float32(total * square + _P3)
    total = float32(total * square + _P1)
    degrees = float32(total * ratio)
    degrees = float32(float32(90) - degrees) if high > wide else degrees
    return float32(float32(180) - degrees) if real < float32(0) else degrees


@serial
def cos_sin(angle):
    """Return cosine and sine of an angle from 0 to 2 pi, right to 1e-8, in steps that vectorise."""
    quarter = math.floor(angle * (2 / math.pi) + 0.5)
    rest = angle - quarter * (math.pi / 2)
    square = rest * rest
    sine = _sine_series(rest, square)
    cosine = _cosine_series(square)
    is_odd = quarter == 1.0 or quarter == 3.0
    first, second = (sine, cosine) if is_odd else (cosine, sine)
    first = -first if quarter == 1.0 or quarter == 2.0 else first
    second = -second if quarter == 2.0 or quarter == 3.0 else second
    return first, second


@serial
def _sine_series(angle, square):
    total = square * (1 / 362880) - 1 / 5040
    total = total * square + 1 / 120
    total = total * square - 1 / 6
    return angle + angle * square * total


@serial
def _cosine_series(square):
    total = 1 / 40320 - square * (1 / 3628800)
    total = total * square - 1 / 720
    total = total * square + 1 / 24
    return 1.0 - square * 0.5 + square * square * total


@serial
def blur(first, second, third, fourth, fifth):
    """Return the mean of five values under OpenCV's ``GaussianBlur`` of size 5 and sigma 8."""
    near, far = second + fourth, first + fifth
    return 0.20313220328645026 * third + 0.20155141593914233 * near + 0.19688248241763248 * far


@serial
def without_noise(part, total):
    """Return a part of a spectrum, or 0 if it is rounding error of an image of that total."""
    return part if abs(part) >= 1e-14 * abs(total) else 0.0
