"""The arithmetic that each row needs for a map, counted from the formulas of the methods.

An operation is one instruction on one number. It is a sum, a product, a multiply-add, a comparison,
a minimum, a shift, an addition in memory, a root, a quotient or an exponential. Loads, stores,
indices and conversions are none. The count is a minimum:

* separable filters run as two passes, and symmetric ones add pairs first, so that n taps are n
  operations;
* loops that depend on data run the minimum number of times, and branches take the shorter way;
* quotients and exponentials, which take a device several instructions, count once, and float64
  like float32.

A fraction of the arithmetic peak by this count is therefore a lower bound. So is the fraction of
the copy bandwidth, with a frame read once and a map written once. Rows on pairs are the exception:
a frame that two pairs of a stack share is counted for both, and its luma too. Work on a reduced
picture is counted for frames of 16:9.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from fastsal.algorithms.center_surround.forms import FORMS, Form
from fastsal.algorithms.superpixels import options

Parts = dict[str, float]  # operations for a map, by purpose

_LUMA = 4  # three multiply-adds that start from the rounding term, and a shift
_LERP = 2  # a difference and a multiply-add
# A row of the reduced map is upsampled once for many rows of the large one. Each pixel then costs
# one interpolation down its column.
_ENLARGED = _LERP
_REGION = 10  # rows and columns of a tile of superpixels
_OCTAVES = 4 / 3  # pixels of all octaves, in pixels of the first
_BINOMIAL = 2 * 2 + 2  # 3x3: a sum and a multiply-add in each direction; a sum that rounds, a shift
_STRETCH = 2 + 2  # minimum and maximum; a difference and a product
_LAB = (
    32  # of linear sRGB: three sums of three, three roots, the three formulas; and 3 x 5 for that
)


def operations(name: str, pixels: int) -> Parts:
    """Return the operations of a map of that many pixels; none where they are not counted."""
    return _COUNTS[name](float(pixels)) if name in _COUNTS else {}


def _taps(sigma: float) -> int:
    """Return how many taps a Gaussian of this project's has."""
    return round(8 * sigma + 1) | 1


def _lc(pixels: float) -> Parts:
    return {
        "luma": _LUMA * pixels,
        "count of the level": pixels,
        "scores of 256 levels by running sums": 256 * 8,
    }


def _frame_difference(pixels: float) -> Parts:
    return {
        "luma of both frames": 2 * _LUMA * pixels,
        "difference, its size, share of white, at most 1": 4 * pixels,
    }


def _fine_grained(pixels: float) -> Parts:
    return {
        "luma": _LUMA * pixels,
        "two binomial windows": 2 * _BINOMIAL * pixels,
        "integral image": 2 * pixels,
        "sums of six windows from their corners": 6 * 3 * pixels,
        "six contrasts: less the pixel, times 1 / count, from the pixel": 6 * 3 * pixels,
        "their positive and negative parts, added up": 6 * 4 * pixels,
        "greatest, quotient and product of both sums, and their sum": (2 * 3 + 1) * pixels,
    }


def _spectral_residual(pixels: float) -> Parts:
    cells = 64 * 64
    return {
        "luma of four pixels a cell, blended": (4 * _LUMA + 3 * _LERP) * cells,
        # 5 n log2(n) sums and products of complex numbers, half of them because one side is real.
        "two Fourier transforms of real planes": 2 * 2.5 * cells * math.log2(cells),
        "amplitude, logarithm, 3x3 mean, exponential, new spectrum": 17 * cells,
        "square, window of 5x5": (3 + 2 * 5) * cells,
        "stretched": _STRETCH * cells,
        "enlarged": _ENLARGED * pixels,
    }


def _itti_koch(pixels: float) -> Parts:
    second = pixels / 16  # pixels of scale 2
    window = 9  # five pairs of equal weight: five sums, four multiply-adds
    features = 7 * 2 * (1 + 1 / 4 + 1 / 16) * second  # two surrounds at scales 2, 3 and 4
    return {
        "three channels at scale 2: rows, then columns": 3
        * (window * pixels / 4 + window * second),
        "intensity and opponents at scale 2": (3 + 18) * second,
        "three planes at coarser scales: 1 3 3 1 in each direction": 3 * (3 * 2 + 3) * second / 3,
        # By 9 taps along the rows and 9 down the columns: four filters each, two that are sums.
        "four orientations at all scales": (8 * 9 + 2) * _OCTAVES * second,
        "surround, difference, its size, ramp": (2 * _LERP + 3) * features,
        "range, local maxima of 3x3, their sum": (2 + 4 + 2) * features,
        "sums at scale 4": 2 * features,
        "enlarged": _ENLARGED * pixels,
    }


def _center_surround(form: Form) -> Callable[[float], Parts]:
    def count(pixels: float) -> Parts:
        cells = form.longer**2 * 9 / 16 if form.longer else pixels
        blurs = sum(
            _taps(form.sigma_of_surround(scale)) + _taps(form.sigma_to_next(scale))
            for scale in range(form.scales)
        )
        per_octave = 2 * blurs + 3 * form.scales  # difference, its size, sum
        taps = 4 if form.cubic else 2
        return {
            "channels added up" if form.longer else "channels as shares": 3 * pixels,
            "intensity and opponents": 6 * cells,
            "first blur of three planes": 3 * 2 * _taps(form.center) * cells,
            "blurs and contrasts of three planes in octaves": 3 * _OCTAVES * per_octave * cells,
            "octaves enlarged and added": taps * (form.octaves - 1) * cells,
            "final blur": 2 * _taps(form.smooth * form.longer) * cells if form.smooth else 0,
            "stretched": _STRETCH * cells,
            "enlarged": _ENLARGED * pixels if form.longer else 0,
        }

    return count


def _signature(pixels: float) -> Parts:
    cells = 64 * 36
    side = math.sqrt(pixels / cells)
    return {
        "channels of eight rows a cell added up": 3 * min(8.0, side) * side * cells,
        "CIELab": _LAB * cells,
        "three cosine transforms there and back, by matrices": 3 * 2 * (64 + 36) * cells,
        "signs, squares, sum": 3 * (2 + 1) * cells,
        "blur": 2 * _taps(0.045 * 64) * cells,
        "stretched": _STRETCH * cells,
        "enlarged": _ENLARGED * pixels,
    }


def _boolean_map(pixels: float) -> Parts:
    cells = min(384 * 216, pixels)
    jobs = 2 * 3  # planes and their complements
    network = 2 * 19  # of the median of 9
    sweeps = 2 * (2 + 1 + 1) + 2 * (1 + 1)  # down and up take three neighbours, across one
    return {
        "channels added up": 3 * pixels,
        "CIELab of integers": 3 * (3 + 2) * cells,
        "sums, and sums of products of two": 9 * cells,
        "three projections, stretched": 3 * (3 + _STRETCH) * cells,
        "medians of three planes": 3 * network * cells,
        "levels": jobs * 3 * cells,
        "reconstructions, one round": jobs * sweeps * cells,
        "areas": jobs * 2 * cells,
        "words dilated by seven, both ways": jobs * (2 * 6 + 3) * cells,
        "weights of words added up": jobs * 8 * cells,
        "blur": 2 * _taps(0.02 * 384) * cells,
        "stretched": 2 * _STRETCH * cells,
        "enlarged": _ENLARGED * pixels,
    }


def _whitened(pixels: float) -> Parts:
    cells = 128 * 72
    side = math.sqrt(pixels / cells)
    features = 3 * 7
    taps = sum(_taps(sigma) for sigma in (0.8, 1.26, 2.0, 3.2, 5.0, 8.0, 12.7))
    return {
        "channels of eight rows a cell added up": 3 * min(8.0, side) * side * cells,
        "CIELab": _LAB * cells,
        "three planes blurred by seven Gaussians": 3 * 2 * taps * cells,
        "differences": features * cells,
        "sums, and sums of products of two": features * (features + 3) / 2 * cells,
        "whitened, squares, sum": features * (features + 3) / 2 * cells,
        "blur": 2 * _taps(0.02 * 128) * cells,
        "stretched": _STRETCH * cells,
        "enlarged": _ENLARGED * pixels,
    }


def _minimum_barrier(pixels: float) -> Parts:
    cells = 300 * 169
    network = 2 * 113  # of the median of 25
    relaxed = 2 + 2 + 2 + 2  # minimum and maximum with two neighbours, differences, comparisons
    distance = 3 + 3 * (3 + 1)  # from a mean, along three axes, their sizes added
    sweep = 2 + 1 + 1  # of 8 neighbours: the greatest of three, with the mask, with the cell
    return {
        "channels added up by rows, then by columns": 3 * pixels,
        "CIELab of integers": 3 * (3 + 2) * cells,
        "slopes at the four sides": 4 * 20 * 300 * 5,
        "medians of three planes": 3 * network * cells,
        "three passes over three planes": 3 * 3 * relaxed * cells,
        "distances from four strips, stretched": 4 * (distance + _STRETCH) * cells,
        "sums of three strips and three planes, stretched": (2 + 4 + 3 + 2 * _STRETCH) * cells,
        "two openings of a square, by doubling, and two sweeps": 2 * (2 * 6 + 2 * sweep) * cells,
        "levels, their count": 3 * cells,
        "enlarged": _ENLARGED * pixels,
    }


def _segments(pixels: float, frames: int = 1) -> Parts:
    """Count for ``slic="auto"``: large frames are segmented in fast mode."""
    auto = options.checked_options(_REGION, 1, None, None, "auto", name="slic")
    return (_slic_fast if auto.is_fast((1, round(pixels))) else _slic)(pixels, frames)


def _slic_fast(pixels: float, frames: int = 1) -> Parts:
    # The last iteration reads all rows, the others every second one.
    iterations = 1 + (options.fast_iterations(_REGION) - 1) / options.STEP
    distance = 5 * 2 + 1  # differences, their squares added; the minimum
    return {
        "iterations: distances to four centres": frames * iterations * 4 * distance * pixels,
        "iterations: sums of five, and a count": frames * iterations * 6 * pixels,
        "components: comparisons with two neighbours": frames * 2 * pixels,
    }


def _slic(pixels: float, frames: int = 1) -> Parts:
    rounds = 2  # the second one detects the end
    # colour differences, their squares; the same for positions; the minimum
    distance = 3 + 3 + 1 + 2 + 2
    return {
        "shares of white": frames * 3 * pixels,
        "rounds: distances to four centres": frames * rounds * 4 * distance * pixels,
        "rounds: sums of five, and a count": frames * rounds * 6 * pixels,
        "pieces: comparisons with two neighbours": frames * 2 * pixels,
    }


def _pairs(pixels: float, times: int = 1) -> Parts:
    superpixels = pixels / _REGION**2
    colours, places, weights, sums = 3 + 3, 2 + 2, 2 * 3, 6
    each = colours + places + weights + sums
    return {
        "sums of superpixels": times * 6 * pixels,
        "CIELab, uniqueness, distribution": times * (_LAB + 10) * superpixels,
        "all pairs of superpixels": times * each * superpixels**2,
    }


def _superpixel_motion(pixels: float) -> Parts:
    parts = _segments(pixels, 2) | _pairs(pixels)
    parts["sums of superpixels"] *= 2
    return parts


def _superpixel_change(pixels: float) -> Parts:
    return _segments(pixels, 2) | _pairs(pixels, 2) | {"difference, at least 0": 2 * pixels}


def _flow(pixels: float) -> Parts:
    working = 320 * 180
    cells, patch = working / 16, 64
    levels = _OCTAVES * cells
    # Four multiply-adds, a sum that rounds and a shift; the error, its square and its two pulls.
    step = (4 + 2 + 1 + 3) * patch
    return {
        "luma of both frames, added up": 2 * (_LUMA + 1) * pixels,
        "binomial windows": 2 * _BINOMIAL * working,
        "levels": 2 * 5 * working / 3,
        "slopes of patches, their sums and products": (2 + 5) * patch * levels,
        "three rounds of searches, of a step each": 3 * step * levels,
        "medians of 3x3": 2 * 38 * levels,
        "twelve rounds of the camera's fit": 12 * 40 * cells,
        "evidence at the camera's motion": 8 * patch * cells,
        "enlarged": _ENLARGED * pixels,
    }


def _bin_wang(pixels: float) -> Parts:
    return {
        "luma": _LUMA * pixels,
        "near to the first template": 4 * pixels,
        "its count and level, the pixel's code": (3 + 2 + 2) * pixels,
        "sums over 4x4 pixels": 4 * pixels,
        "activity and reach": (2 + 3) * pixels,
        "a new level's patience": 4 * pixels,
        "tallies": 3 * pixels,
        "mask": pixels,
    }


def _bing(pixels: float) -> Parts:
    # One scale for each pair of sides of 16 to 512; a window always has 8 x 8 pixels.
    scaled = pixels * sum(8 / (16 << power) for power in range(6)) ** 2
    spaces = 3
    return {
        "scaled, three channels": 3 * (3 * _LERP + 2) * scaled,
        "hue and saturation, luma": (14 + _LUMA) * scaled,
        "gradients: three channels twice, and one": 7 * 5 * scaled,
        "upper halves": spaces * 2 * scaled,
        "two filters of 64 signs, four bytes at a time": spaces * (64 / 4 + 8) * scaled,
        "greatest of 5x5 windows": spaces * (4 + 4) * scaled,
        "boxes added up by their corners, share": 3 * pixels,
    }


def _otsu(pixels: float) -> Parts:
    return {
        "level of grey: product, bounds": 3 * pixels,
        "count of the level": pixels,
        "spread of 256 levels": 256 * 12,
        "comparison": pixels,
    }


def _adaptive(pixels: float) -> Parts:
    return {"bounds, in units, sum": 4 * pixels, "comparison": pixels}


def _kmeans(pixels: float) -> Parts:
    nearest = 5 * 3
    return {
        "five starts of two rounds: nearest of five": 5 * 2 * nearest * pixels,
        "five starts: sums and counts": 5 * 2 * pixels,
        "five starts: compactness": 5 * 2 * pixels,
        "levels of the best": pixels,
    }


_COUNTS: dict[str, Callable[[float], Parts]] = {
    "lc": _lc,
    "fine-grained": _fine_grained,
    "spectral-residual": _spectral_residual,
    "itti-koch": _itti_koch,
    "center-surround": _center_surround(FORMS["fast"]),
    "center-surround, VOCUS2's": _center_surround(FORMS["vocus2"]),
    "signature": _signature,
    "boolean-map": _boolean_map,
    "whitened": _whitened,
    "minimum-barrier": _minimum_barrier,
    "superpixel": lambda pixels: _segments(pixels) | _pairs(pixels),
    "frame-difference": _frame_difference,
    "flow": _flow,
    "bin-wang": _bin_wang,
    "superpixel-motion": _superpixel_motion,
    "superpixel-change": _superpixel_change,
    "bing": _bing,
    "binary map by otsu": _otsu,
    "binary map by adaptive": _adaptive,
    "binary map by kmeans": _kmeans,
    "slic": _slic,
    "slic, fast": _slic_fast,
}
