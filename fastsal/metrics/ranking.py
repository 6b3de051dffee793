"""Areas under the ROC curve: how well a map ranks fixated pixels above others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import images, validation
from ..errors import ImageError
from ._cpu import ranks as kernels
from .inputs import Map, Points, as_fixations, as_map, check_finite, resized, shape_of_fixation_map

_CONVENTIONS = ("mit", "pysaliency")
_LARGEST_COUNT = 1 << 20


class Ranked:
    """A map with the ranks of its fixated pixels, which all variants of AUC share."""

    def __init__(
        self, saliency: Map, fixations: Points, levels: NDArray[np.int64] | None = None
    ) -> None:
        self.saliency = saliency
        self.fixations = fixations
        self._levels = levels  # pixels of each level, if a map of 8 bits has been counted
        self.at_fixations = values_at(saliency, fixations)

    @cached_property
    def _counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return per fixation how many pixels of the map are below it, and equal to it."""
        return count_pixels(self.saliency, self.at_fixations, self._levels)

    @cached_property
    def pixels(self) -> Points:
        """The fixated pixels, each once, in raster order."""
        return np.unique(self.fixations, axis=0)

    def area(self, negatives: str | Points = "all") -> float:
        """Return the area under the curve: exact, a tie counts half."""
        positives = self.at_fixations
        if not isinstance(negatives, str):
            return area_between(positives, values_at(self.saliency, negatives))
        if not positives.size:
            return np.nan
        below, equal = self._counts
        count = self.saliency.size
        if negatives == "unfixated":
            fixated = values_at(self.saliency, self.pixels)
            fewer_below, fewer_equal = counts_in(fixated, positives)
            below, equal, count = below - fewer_below, equal - fewer_equal, count - fixated.size
            if not count:
                return np.nan
        return _ratio(2 * int(below.sum()) + int(equal.sum()), 2 * positives.size * count)

    def area_judd(self) -> float:
        """Return AUC-Judd as MIT's code computes it, without jitter."""
        saliency, pixels = self.saliency, self.pixels
        count, negatives = len(pixels), saliency.size - len(pixels)
        if not count or not negatives or is_constant(saliency):
            return np.nan
        if count == len(self.fixations):
            below = self._counts[0]
        else:
            below = count_pixels(saliency, values_at(saliency, pixels), self._levels)[0]
        # Pixels that reach the threshold of the i-th greatest fixated value, less the i of them.
        reached = np.sort(saliency.size - below)
        place = np.arange(1, count + 1)
        true_rate = np.concatenate(([0.0], place / count, [1.0]))
        false_rate = np.concatenate(([0.0], (reached - place) / negatives, [1.0]))
        return float(np.trapezoid(true_rate, false_rate))

    def area_judd_like_pysaliency(self) -> float:
        """Return AUC-Judd as pysaliency computes it, without jitter."""
        positives = self.at_fixations
        fixated = values_at(self.saliency, self.pixels)
        negatives = self.saliency.size - fixated.size
        if not positives.size or not negatives:
            return np.nan
        below = self._counts[0] - counts_in(fixated, positives)[0]
        order = np.argsort(positives, kind="stable")[::-1]
        false_rate = 1 - below[order] / negatives
        ordered = positives[order]
        true_rate = 1 - np.searchsorted(ordered[::-1], ordered, "left") / positives.size
        return float(
            np.trapezoid(
                np.concatenate(([0.0], true_rate, [1.0])),
                np.concatenate(([0.0], false_rate, [1.0])),
            )
        )


def values_at(saliency: Map, points: Points) -> NDArray[Any]:
    """Return the values of a map at points."""
    values: NDArray[Any] = saliency[points[:, 0], points[:, 1]]
    return values


def is_constant(saliency: Map) -> bool:
    """Return whether all values of a map are one."""
    return bool(saliency.min() == saliency.max())


def count_pixels(
    saliency: Map, positives: NDArray[Any], levels: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return per positive how many pixels of the map are below it, and equal to it."""
    if not positives.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if saliency.dtype == np.uint8:
        counts = kernels.count_levels(saliency.reshape(-1)) if levels is None else levels
        return (np.cumsum(counts) - counts)[positives], counts[positives]
    if np.isnan(positives).any():
        check_finite(saliency, "saliency", infinite=True)
    values, which = np.unique(positives.astype(np.float64), return_inverse=True)
    below, equal, missing = kernels.ranks(saliency.reshape(-1), values)
    if missing:
        check_finite(saliency, "saliency", infinite=True)
    return below[which], equal[which]


def counts_in(
    values: NDArray[Any], positives: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return per positive how many of the values are below it, and equal to it."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, positives, "left")
    return below, np.searchsorted(ordered, positives, "right") - below


def area_between(positives: NDArray[Any], negatives: NDArray[Any]) -> float:
    """Return the probability that a positive is above a negative, ties counting half."""
    if not positives.size or not negatives.size:
        return np.nan
    if np.isnan(positives).any() or np.isnan(negatives).any():
        raise ImageError("`saliency` must hold no NaN; got NaN at a fixation")
    below, equal = counts_in(negatives, positives)
    return _ratio(2 * int(below.sum()) + int(equal.sum()), 2 * positives.size * negatives.size)


def _ratio(part: int, whole: int) -> float:
    return part / whole  # of Python's integers: rounded once


def prepared(
    saliency: ArrayLike, fixations: ArrayLike, *, resize: bool, strict: bool
) -> tuple[Map, Points]:
    """Return a checked map and the pixels that were fixated in it."""
    values = as_map(saliency, "saliency")
    shape = shape_of_fixation_map(fixations) if resize else None
    if shape is not None and shape != values.shape:
        check_finite(values, "saliency", infinite=True)
        values = resized(values, shape)
    return values, as_fixations(fixations, values.shape, strict=strict)


def auc(
    saliency: ArrayLike,
    fixations: ArrayLike,
    *,
    negatives: Literal["all", "unfixated"] | ArrayLike = "all",
    strict: bool = False,
    resize: bool = False,
) -> float:
    """Return the area under the ROC curve of a saliency map: exact, without thresholds.

    It is the probability that a fixated pixel has a greater value than a negative pixel. A tie
    counts one half.

    Parameters
    ----------
    saliency : array_like of uint8, integer or float, (H, W)
        The map, of any range; infinities are ordered as numbers.
    fixations : array_like of float or int, (n, 2), or of bool, (H, W)
        Rows and columns, which are truncated; duplicates count. A boolean map counts each pixel
        once.
    negatives : {"all", "unfixated"} or array_like, (m, 2), default "all"
        The pixels to compare with: all, all that were never fixated, or these. With the fixations
        of other images it is the shuffled AUC of pysaliency.
    strict : bool, default False
        Refuse fixations outside the map. Otherwise they are dropped, and a warning counts them.
    resize : bool, default False
        Resize the map, linearly, to the shape of a boolean map of fixations.

    Returns
    -------
    auc : float
        In [0, 1]. A constant map scores 0.5. The result is NaN without fixations or negatives.

    Raises
    ------
    ImageError
        If the map is not a map of numbers, holds NaN, or lies on a device. If the fixations have
        another form, or lie outside and `strict` is set. If shapes differ.
    ValueError
        If `negatives` is another string.

    Notes
    -----
    Equal to ``AUC(nonfixations="uniform")`` and ``"unfixated"`` of pysaliency [1]_. Metrics run on
    the CPU only: each is one pass over a map, which takes less time than a copy to a device.

    References
    ----------
    .. [1] M. Kümmerer, T. S. A. Wallis and M. Bethge, "Saliency benchmarking made easy:
       separating models, maps and metrics", ECCV, 2018.
       https://doi.org/10.1007/978-3-030-01270-0_47

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.array([[0, 1], [2, 3]], np.uint8)
    >>> metrics.auc(saliency, [(1, 1), (1, 0)])
    0.75
    """
    values, points = prepared(saliency, fixations, resize=resize, strict=strict)
    if isinstance(negatives, str):
        chosen: str | Points = validation.choice("negatives", negatives, ("all", "unfixated"))
    else:
        chosen = as_fixations(negatives, values.shape, "negatives", strict=strict)
    return Ranked(values, points).area(chosen)


def auc_judd(
    saliency: ArrayLike,
    fixations: ArrayLike,
    *,
    jitter: float = 0,
    seed: int | None = None,
    convention: Literal["mit", "pysaliency"] = "mit",
    strict: bool = False,
    resize: bool = False,
) -> float:
    """Return AUC-Judd: thresholds at the fixated values, negatives never fixated.

    Parameters
    ----------
    saliency, fixations, strict, resize
        As in `auc`. With "mit", a pixel counts once, however often it was fixated.
    jitter : float, default 0
        Add noise of this amplitude to the map to break ties; MIT's code adds 1e-7. It is absolute,
        and changes the ranks of maps with small values, such as densities.
    seed : int, optional
        Seed of the noise. pysaliency uses 42.
    convention : {"mit", "pysaliency"}, default "mit"
        "mit" follows MIT's code [1]_, "pysaliency" that package.

    Returns
    -------
    auc : float
        In [0, 1]. NaN without fixations or without other pixels. A constant map without jitter
        gives NaN with "mit" and 0.5 with "pysaliency".

    Raises
    ------
    ImageError
        As in `auc`.
    ValueError
        If `jitter`, `seed` or `convention` is not one of these.

    Notes
    -----
    Without ties the score is above `auc` with ``negatives="unfixated"``: only thresholds at
    fixated values are used. With ties "mit" counts tied fixations one by one against all pixels
    that reach the threshold, so the score is too low. Use `auc` for maps with ties.

    References
    ----------
    .. [1] T. Judd, K. Ehinger, F. Durand and A. Torralba, "Learning to predict where humans look",
       ICCV, 2009. https://doi.org/10.1109/ICCV.2009.5459462

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.array([[0, 1], [2, 3]], np.uint8)
    >>> metrics.auc_judd(saliency, [(1, 1)])
    1.0
    """
    amplitude = validation.number("jitter", jitter, 0)
    if seed is not None:
        validation.integer("seed", seed, 0, 2**32 - 1)
    validation.choice("convention", convention, _CONVENTIONS)
    values, points = prepared(saliency, fixations, resize=resize, strict=strict)
    if amplitude:
        check_finite(values, "saliency")
        noise: NDArray[np.float64]
        if convention == "mit":
            noise = np.random.default_rng(seed).random(values.shape)
        else:
            noise = np.random.RandomState(seed).randn(*values.shape)
        values = images.read_only(values + amplitude * noise)
    ranked = Ranked(values, points)
    return ranked.area_judd() if convention == "mit" else ranked.area_judd_like_pysaliency()


def auc_borji(
    saliency: ArrayLike,
    fixations: ArrayLike,
    *,
    splits: int = 100,
    step: float = 0.1,
    seed: int | None = 0,
    strict: bool = False,
    resize: bool = False,
) -> float:
    """Return AUC-Borji: random pixels as negatives, thresholds at multiples of a step.

    Parameters
    ----------
    saliency, fixations, strict, resize
        As in `auc`, but a pixel counts once, however often it was fixated.
    splits : int, default 100
        Number of random draws, each of as many pixels as were fixated.
    step : float, default 0.1
        Distance of the thresholds on the map, which is scaled to [0, 1]; from 0.0001 to 1.
    seed : int or None, default 0
        Seed of the random pixels; None gives other pixels in each call.

    Returns
    -------
    auc : float
        Mean over the draws, in [0, 1]. NaN for a constant map, or for fewer than two pixels.

    Raises
    ------
    ImageError
        As in `auc`; infinities are refused too.
    ValueError
        If `splits`, `step` or `seed` is out of range.

    Notes
    -----
    As MIT's code computes it [1]_. All values between two thresholds are tied, so the score
    depends on the step, and on the draws. `auc` is its limit, exact and without draws.

    References
    ----------
    .. [1] A. Borji, D. N. Sihite and L. Itti, "Quantitative analysis of human-model agreement in
       visual saliency modeling", IEEE TIP 22(1), 2013. https://doi.org/10.1109/TIP.2012.2210727

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.arange(16.0).reshape(4, 4)
    >>> metrics.auc_borji(saliency, [(3, 3), (3, 2)]) > 0.9
    True
    """
    splits, step = _checked_draws(splits, step, seed)
    values, points = prepared(saliency, fixations, resize=resize, strict=strict)
    check_finite(values, "saliency")
    generator = np.random.default_rng(seed)
    return borji(Ranked(values, points), lambda shape: generator.integers(0, values.size, shape),
                 splits, step)  # fmt: skip


def borji(
    ranked: Ranked,
    draw: Callable[[tuple[int, int]], NDArray[np.integer[Any]]],
    splits: int,
    step: float,
) -> float:
    """Return AUC-Borji; `draw` returns indices of pixels of the shape (splits, fixations)."""
    saliency, pixels = ranked.saliency, ranked.pixels
    if len(pixels) <= 1 or is_constant(saliency):
        return np.nan
    scaled = _scaled(saliency)
    negatives = scaled(saliency.reshape(-1)[draw((splits, len(pixels)))])
    return _mean_area(scaled(values_at(saliency, pixels)), negatives, step)


def auc_shuffled(
    saliency: ArrayLike,
    fixations: ArrayLike,
    other: ArrayLike,
    *,
    splits: int = 100,
    step: float = 0.1,
    seed: int | None = 0,
    strict: bool = False,
    resize: bool = False,
) -> float:
    """Return the shuffled AUC: pixels fixated in other images as negatives.

    Parameters
    ----------
    saliency, fixations, strict, resize
        As in `auc`, but a pixel counts once, however often it was fixated.
    other : array_like of float or int, (m, 2), or of bool, (H, W)
        Fixations of other images, in pixels of this map; each pixel counts once.
    splits, step, seed
        As in `auc_borji`. Each split draws from the other pixels without replacement. It draws one
        per fixated pixel, or all if there are fewer.

    Returns
    -------
    auc : float
        Mean over the draws, in [0, 1]. NaN for a constant map, and without fixations or others.

    Raises
    ------
    ImageError
        As in `auc`; infinities are refused too.
    ValueError
        If `splits`, `step` or `seed` is out of range.

    Notes
    -----
    As MIT's code computes it [1]_, with its ties. ``auc(saliency, fixations, negatives=other)`` is
    exact, uses all others and needs no draws; it is the shuffled AUC of pysaliency.

    References
    ----------
    .. [1] L. Zhang, M. H. Tong, T. K. Marks, H. Shan and G. W. Cottrell, "SUN: A Bayesian framework
       for saliency using natural statistics", Journal of Vision 8(7), 2008.
       https://doi.org/10.1167/8.7.32

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.arange(16.0).reshape(4, 4)
    >>> metrics.auc_shuffled(saliency, [(3, 3), (3, 2)], [(0, 0), (1, 1)])
    1.0
    """
    splits, step = _checked_draws(splits, step, seed)
    values, points = prepared(saliency, fixations, resize=resize, strict=strict)
    check_finite(values, "saliency")
    others = as_fixations(other, values.shape, "other", strict=strict)
    generator = np.random.default_rng(seed)

    def draw(count: int, total: int) -> NDArray[np.int64]:
        return np.stack([generator.permutation(total)[:count] for _ in range(splits)])

    return shuffled(Ranked(values, points), others, draw, step)


def shuffled(
    ranked: Ranked,
    others: Points,
    draw: Callable[[int, int], NDArray[np.integer[Any]]],
    step: float,
) -> float:
    """Return the shuffled AUC; `draw` returns indices of other fixations for every split."""
    saliency, pixels, others = ranked.saliency, ranked.pixels, np.unique(others, axis=0)
    if not len(pixels) or not len(others) or is_constant(saliency):
        return np.nan
    scaled = _scaled(saliency)
    drawn = draw(min(len(pixels), len(others)), len(others))
    return _mean_area(
        scaled(values_at(saliency, pixels)), scaled(values_at(saliency, others))[drawn], step
    )


def _checked_draws(splits: int, step: float, seed: int | None) -> tuple[int, float]:
    if seed is not None:
        validation.integer("seed", seed, 0)
    return (
        validation.integer("splits", splits, 1, _LARGEST_COUNT),
        validation.number("step", step, 1e-4, 1),
    )


def _scaled(saliency: Map) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    """Return the function that maps the range of a map, which is not constant, to [0, 1]."""
    low, high = float(saliency.min()), float(saliency.max())
    half = np.isinf(high - low)  # the range of huge values is no number

    def scaled(values: NDArray[Any]) -> NDArray[np.float64]:
        wide = values.astype(np.float64)
        if half:
            return (wide / 2 - low / 2) / (high / 2 - low / 2)
        return (wide - low) / (high - low)

    return scaled


def _mean_area(
    positives: NDArray[np.float64], negatives: NDArray[np.float64], step: float
) -> float:
    """Return the mean area over the rows of `negatives`, thresholds at multiples of `step`.

    Thresholds above all values add nothing, so all rows share those up to 1.
    """
    count = int(np.floor(1 / step * (1 + np.finfo(np.float64).eps)))
    thresholds = np.minimum(np.arange(count + 1) * step, 1.0)[::-1]

    def rates(values: NDArray[np.float64]) -> NDArray[np.float64]:
        ordered = np.sort(values)
        reached = values.size - np.searchsorted(ordered, thresholds, "left")
        return np.concatenate(([0.0], reached / values.size, [1.0]))

    true_rate = rates(positives)
    areas = [np.trapezoid(true_rate, rates(row)) for row in negatives]
    return float(np.mean(areas))
