"""Formulas of BinWang's background model, for both backends. Scalars only.

Names in brackets are those of OpenCV's ``MotionSaliencyBinWangApr2014``, which follows Wang and
Dudek (2014).

A template is a grey level (float32, NaN if never filled) with a count (int16, 0 if not in use).
Reaches are stored in eighths of a grey level (int16); they change by multiples of that.

OpenCV compares a pixel's new level with the templates of its 3 x 3 neighbourhood. Its raster scan
has then replaced the last template of earlier neighbours. All other votes are counted in parallel.
The scan reads eight bits per pixel, see `is_settled`.
"""

from numba import float32, int16, uint8

from ...kernels.jit import serial

# Bits of a pixel's code. HIGH and LOW: no template matched at full and at low resolution.
HIGH, LOW, WAS_NOISE, IS_CANDIDATE = 1, 2, 4, 8
MOVING, NOISE = HIGH | LOW, HIGH  # of the bits HIGH | LOW
ACTIVE = 20  # activity from which on a pixel's model rests
MAX_FIRST, MAX_SECOND, MAX_OTHER = 1000, 800, 32_000
EIGHTH = float32(0.125)
RATE, KEPT = float32(0.01), float32(float32(1) - float32(0.01))
FIRST_REACH, MIN_REACH = 160, 145


@serial
def is_near(level, reach, template):
    """Return whether a grey level lies within reach of a template; never of one not filled."""
    return abs(float32(level) - template) < float32(reach) * EIGHTH


@serial
def blended(kept, fresh):
    """Return an updated template: KEPT of its level plus RATE of the pixel's (OpenCV's ``alpha``).

    The products come rounded from the backends: a device would fuse them with the sum.
    """
    return float32(kept + fresh)


@serial
def recounted(count, is_hit, is_free, max_count):
    """Return a template's efficacy C after a frame, as ``fullResolutionDetection``."""
    grown = count + (count < max_count)
    shrunk = count - (is_free & (count > 0))
    return int16(grown if is_hit else shrunk)


@serial
def coded(is_high, code):
    """Return the code of a pixel after full resolution, from that of the last frame."""
    was_noise = WAS_NOISE if (code & MOVING) == NOISE else 0
    return uint8((MOVING if is_high else LOW) | was_noise)


@serial
def has_calmed(code):
    """Return whether a pixel was noise in the last frame and is not now [``activityControl``]."""
    was_noise = uint8(code & uint8(WAS_NOISE)) != uint8(0)
    return was_noise & (uint8(code & uint8(MOVING)) != uint8(NOISE))


@serial
def activity_of(activity, has_calmed):
    """Return the activity of a pixel after a frame [``activityControl``]."""
    risen = activity + (6 if activity < 80 else 0)
    return uint8(risen if has_calmed else activity - (activity > 0))


@serial
def reach_of(reach, activity):
    """Return a pixel's threshold: up if active, down if idle [``decisionThresholdAdaptation``]."""
    widens = (activity > 15) & (reach + 160 < 640)
    narrows = (activity < 5) & (reach > MIN_REACH)
    return int16(reach + 160 if widens else reach - narrows)


@serial
def patience(level, candidate, count, reach):
    """Return C_A, the frames since a new level came, modulo 256 [``templateReplacement``]."""
    difference = max(level, candidate) - min(level, candidate)
    step = 1 if int16(8 * difference) < reach else -1
    return uint8(1 if count == 0 else count + step)


@serial
def ordered(t0, t1, t2, t3, c0, c1, c2, c3, limit):
    """Return templates with the later three sorted, the first renewed [``templateOrdering``]."""
    (t1, t2, c1, c2) = (t2, t1, c2, c1) if c2 > c1 else (t1, t2, c1, c2)
    (t1, t3, c1, c3) = (t3, t1, c3, c1) if c3 > c1 else (t1, t3, c1, c3)
    (t2, t3, c2, c3) = (t3, t2, c3, c2) if c3 > c2 else (t2, t3, c2, c3)
    is_due = (c1 > limit) & (limit > c0)
    (t0, t1, c0, c1) = (t1, t0, limit, c0) if is_due else (t0, t1, c0, c1)
    return t0, t1, t2, t3, int16(c0), int16(c1), int16(c2), int16(c3)


@serial
def block_matches(levels, reaches, count, templates, is_used):
    """Return whether a block is background, from sums over its pixels [``lowResolutionDetection``].

    NaN is no match.

    OpenCV multiplies sums by the inverse of their count in float64, then rounds to float32.
    """
    inverse = 1.0 / count
    difference = abs(float32(levels * inverse) - float32(templates * inverse))
    return is_used & (difference < float32(reaches * 0.125 * inverse))


CERTAIN = 255  # all votes: accepted in any case
FAR = -1000  # a level far from all others

_ROUNDER = float32(1 << 23)  # see kernels/scale.py


@serial
def gray_level(template, unfilled):
    """Return a template as an 8-bit grey level, rounded to even; or that of one never filled."""
    is_filled = template == template
    return int16((template + _ROUNDER) - _ROUNDER if is_filled else float32(unfilled))


@serial
def is_alike(level, other, reach):
    """Return whether two grey levels differ by a reach, in eighths and rounded down, at most."""
    return abs(int16(level - other)) <= (reach >> 3)


@serial
def is_settled(verdict, accepted):
    """Return whether a candidate is accepted, from the results of its four earlier neighbours.

    The low bits of `verdict` are votes of rejected neighbours, the high bits votes of accepted
    ones, in the order northwest, north, northeast, west.
    """
    return (((verdict >> 4) & accepted) | (verdict & ~accepted & 15)) != 0
