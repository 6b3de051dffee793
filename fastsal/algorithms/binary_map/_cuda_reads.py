"""How kernels read maps, and Otsu's threshold: products are kept from melting into sums."""

from numba import cuda, float32, float64, int64

from ...kernels.jit import device
from ._formulas import clipped, level_of, mean_below, spread_of

_GREATEST = float32(3.4028234663852886e38)


@device
def times(a, b):
    """Return the product of two float32, rounded for itself."""
    return cuda.fma(a, b, float32(-0.0))


@device
def times_in_double(a, b):
    """Return the product of two float64, rounded for itself."""
    return cuda.fma(a, b, float64(-0.0))


@device
def share_at(pixels, frame, i):
    """Return a value of a map as a share of 1: bytes are 255ths."""
    value = float32(pixels[frame, i])
    return times(value, float32(1 / 255)) if pixels.itemsize == 1 else clipped(value)


@device
def level_at(pixels, frame, i):
    """Return a value of a map as a level of grey."""
    value = float32(pixels[frame, i])
    return level_of(value if pixels.itemsize == 1 else times(float32(255), clipped(value)))


@device
def value_at(pixels, frame, i):
    """Return a value of a map as k-means takes it: of any size, but a number."""
    value = float32(pixels[frame, i])
    if pixels.itemsize == 1:
        return times(value, float32(1 / 255))
    return value if abs(value) <= _GREATEST else float32(0)


@device
def otsu(counts, frame):
    """Return the level that splits the counts of a frame best by Otsu's method."""
    total, mean = int64(0), int64(0)
    for level in range(256):
        total += counts[frame, level]
        mean += level * counts[frame, level]
    scale = 1.0 / float64(total)
    whole_mean = times_in_double(float64(mean), scale)
    below, moment, best, threshold = 0.0, 0.0, 0.0, 0
    for level in range(256):
        share = times_in_double(float64(counts[frame, level]), scale)
        below += share
        part = times_in_double(float64(level), share)
        mean_of_below = mean_below(below, moment, part)
        moment = times_in_double(below, mean_of_below)
        spread = spread_of(below, mean_of_below, moment, whole_mean)
        if spread > best:
            best, threshold = spread, level
    return threshold
