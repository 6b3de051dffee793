"""Metrics of salient objects: a map against the mask of an object."""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import images, validation
from ._cpu import objects as kernels
from ._cpu import weighted as weighted_kernels
from .inputs import Map, as_map, as_mask, check_finite, same_shape
from .measured import Measured

_EPSILON = float(np.spacing(1))
_CODES = np.arange(256)
_LARGEST_BETA2 = 1e6
_SIGMA = 5  # of the window of the weighted F-measure


class Curve(NamedTuple):
    """A metric at 256 thresholds, and at one that follows the map.

    Attributes
    ----------
    values : array of float64, (256,)
        The metric at the thresholds 255 / 255, 254 / 255, ..., 0, in this order.
    adaptive : float
        The metric at twice the mean of the map, or 1 if that is less.
    mean, max : float
        Mean and greatest of `values`.
    """

    values: NDArray[np.float64]
    adaptive: float
    mean: float
    max: float


class Compared:
    """A map scaled to [0, 1] beside a mask, and the counts that the metrics share."""

    def __init__(self, saliency: Map, mask: NDArray[np.bool]) -> None:
        self.mask = images.read_only(mask)
        self.size = mask.size
        self._measured = Measured(saliency, "saliency")
        _, low, high = self._measured.range
        self._saliency, self._low, self._high = self._measured.values, low, high

    @classmethod
    def of(cls, saliency: ArrayLike, mask: ArrayLike, *, resize: bool) -> Compared:
        """Return a checked map and a checked mask of one shape."""
        values, truth = as_map(saliency, "saliency"), as_mask(mask)
        if resize and values.shape != truth.shape:
            check_finite(values, "saliency")
        return cls(same_shape(values, truth, ("saliency", "mask"), resize), truth)

    @cached_property
    def _levels(self) -> NDArray[np.float64] | None:
        """The values of the 256 levels in [0, 1], or None for a map of floats."""
        if self._saliency.dtype != np.uint8:
            return None
        levels = _CODES / 255
        low, high = levels[int(self._low)], levels[int(self._high)]
        return levels if low == high else np.clip((levels - low) / (high - low), 0, 1)

    @cached_property
    def scaled(self) -> NDArray[np.float64]:
        """The map in [0, 1]: min-max normalised, or unchanged if constant."""
        if self._levels is not None:
            return images.read_only(self._levels[self._saliency])
        scaled = np.empty(self._saliency.shape)
        if self._low == self._high:
            scaled[:] = min(max(self._low, 0.0), 1.0)
        else:
            kernels.fill_scaled(self._saliency, self._low, self._high, scaled)
        return images.read_only(scaled)

    @cached_property
    def _sums_of_mask(self) -> NDArray[np.int64]:
        table = np.empty((len(self.mask), 2), np.int64)
        kernels.fill_mask_sums(self.mask, table)
        return table

    @cached_property
    def area(self) -> int:
        """Number of pixels of the object."""
        return int(self._sums_of_mask[:, 0].sum())

    @cached_property
    def corner(self) -> tuple[int, int]:
        """Rows and columns of the quadrant above and left of the object's centroid, included."""
        if not self.area:
            return 1, 1
        counts, cols = self._sums_of_mask.T
        row = int((counts * np.arange(len(counts))).sum()) / self.area
        return round(row) + 1, round(int(cols.sum()) / self.area) + 1

    @cached_property
    def _counts_of_levels(self) -> NDArray[np.int64]:
        return kernels.count_levels(self._saliency, self.mask, *self.corner)

    @cached_property
    def moments(self) -> NDArray[np.float64]:
        """Counts, means and sums of squares about them: (below, right, inside, 3)."""
        if self._levels is None:
            table = np.empty((len(self.mask), 2, 2, 3))
            row, col = self.corner
            kernels.fill_moments(self.scaled, self.mask, col, table)
            return np.stack([joined(table[:row]), joined(table[row:])])
        counts = self._counts_of_levels[..., None]
        single = np.stack(
            [*np.broadcast_arrays(counts[..., 0], self._levels), 0.0 * counts[..., 0]], axis=-1
        )
        return joined(np.moveaxis(single, 3, 0))

    @cached_property
    def whole(self) -> NDArray[np.float64]:
        """Counts, means and sums of squares outside and inside: (inside, 3)."""
        return joined(self.moments.reshape(4, 2, 3))

    @cached_property
    def mean(self) -> float:
        """Mean of the map."""
        return float(joined(self.whole)[1])

    @cached_property
    def _threshold(self) -> float:
        return min(2 * self.mean, 1.0)

    @cached_property
    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pixels by code, (inside, 256), and those that reach the adaptive threshold, (inside,)."""
        if self._levels is None:
            return kernels.count_codes(self.scaled, self.mask, self._threshold)
        by_level = self._counts_of_levels.sum((0, 1))
        counts = np.zeros_like(by_level)
        codes = (self._levels * 255).astype(np.uint8)
        for level, code in enumerate(codes):
            counts[:, code] += by_level[:, level]
        return counts, by_level[:, self._levels >= self._threshold].sum(1)

    @cached_property
    def reached(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pixels inside, and outside, that reach each threshold from 255 down to 0."""
        outside, inside = np.cumsum(self.counts[0][:, ::-1], axis=1)
        return inside, outside

    def mean_absolute_error(self) -> float:
        """Return the mean absolute error."""
        (outside, low, _), (inside, high, _) = self.whole
        return float((outside * low + inside * (1 - high)) / self.size)

    def f_measure(self, beta2: float) -> Curve:
        """Return the F-measure."""
        values = self._f_of(*self.reached, beta2)
        outside, inside = self.counts[1]
        adaptive = self._f_of(np.array([inside]), np.array([outside]), beta2)
        return _curve(values, float(adaptive[0]))

    def _f_of(
        self, inside: NDArray[np.int64], outside: NDArray[np.int64], beta2: float
    ) -> NDArray[np.float64]:
        precision = inside / np.maximum(inside + outside, 1)
        recall = inside / max(self.area, 1)
        above = (1 + beta2) * precision * recall
        return np.asarray(above / np.where(above == 0, 1, beta2 * precision + recall))

    def e_measure(self) -> Curve:
        """Return the E-measure."""
        values = self._e_of(*self.reached)
        outside, inside = self.counts[1]
        return _curve(values, float(self._e_of(np.array([inside]), np.array([outside]))[0]))

    def _e_of(self, inside: NDArray[np.int64], outside: NDArray[np.int64]) -> NDArray[np.float64]:
        found = inside + outside
        if self.area in (0, self.size):
            aligned = (self.size - found if self.area == 0 else found).astype(np.float64)
        else:
            mean_found, mean_true = found / self.size, self.area / self.size
            missed = self.area - inside
            parts = (
                (inside, 1 - mean_found, 1 - mean_true),
                (outside, 1 - mean_found, 0 - mean_true),
                (missed, 0 - mean_found, 1 - mean_true),
                (self.size - found - missed, 0 - mean_found, 0 - mean_true),
            )
            aligned = np.zeros(found.shape)
            for count, a, b in parts:
                alignment = 2 * (a * b) / (a**2 + b**2 + _EPSILON)
                aligned = aligned + (alignment + 1) ** 2 / 4 * count
        return np.asarray(aligned / (self.size - 1 + _EPSILON))

    def s_measure(self) -> float:
        """Return the S-measure."""
        if self.area == 0:
            return 1 - self.mean
        if self.area == self.size:
            return self.mean
        return float(max(0.0, 0.5 * self._object_score() + 0.5 * self._region_score()))

    def _object_score(self) -> float:
        (outside, low, low_squares), (inside, high, high_squares) = self.whole
        fraction = self.area / self.size
        score = _object_similarity(inside, high, high_squares) * fraction
        return score + _object_similarity(outside, 1 - low, low_squares) * (1 - fraction)

    def _region_score(self) -> float:
        score, (height, width) = 0.0, self.mask.shape
        row, col = self.corner
        weights = np.outer((row, height - row), (col, width - col)) / self.size
        for below, right in np.ndindex(2, 2):
            if weights[below, right] > 0:
                score += float(weights[below, right]) * self._similarity_in(below, right)
        return score

    def _similarity_in(self, below: int, right: int) -> float:
        """Return the structural similarity in one quadrant."""
        moments = self.moments[below, right]
        _, mean, squares = joined(moments)
        if squares > 0 or mean in (0, 1):
            return _structural_similarity(moments)
        row, col = self.corner
        place = slice(row, None) if below else slice(row), slice(col, None) if right else slice(col)
        return _similarity_of_one_value(self.scaled[place], self.mask[place])

    def weighted_f_measure(self, beta2: float) -> float:
        """Return the weighted F-measure."""
        if not self.area:
            return 0.0
        table = np.empty((len(self.mask), 2))
        window = np.exp(-(np.arange(-3, 4) ** 2) / (2.0 * _SIGMA**2))
        weighted_kernels.fill_errors(self.scaled, self.mask, window / window.sum(), table)
        inside, outside = (float(column.sum()) for column in table.T)
        hits = self.area - inside
        recall = 1 - inside / self.area
        precision = hits / (hits + outside + _EPSILON)
        return float((1 + beta2) * recall * precision / (recall + beta2 * precision + _EPSILON))


def joined(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return counts, means and sums of squares over the first axis of (n, ..., 3) together."""
    if not len(table):
        return np.zeros(table.shape[1:])
    counts, means, squares = np.moveaxis(table, -1, 0)
    count = counts.sum(0)
    # Apart from the first mean that counts, so that parts of one value have exactly that mean.
    first = np.take_along_axis(means, (counts > 0).argmax(0)[None], 0)
    apart = np.where(counts > 0, means - first, 0.0)
    offset = (counts * apart).sum(0) / np.maximum(count, 1)
    spread = squares.sum(0) + (counts * (apart - offset) ** 2).sum(0)
    return np.stack([count, first[0] + offset, spread], axis=-1)


def _curve(values: NDArray[np.float64], adaptive: float) -> Curve:
    return Curve(values, adaptive, float(values.mean()), float(values.max()))


def _object_similarity(count: float, mean: float, squares: float) -> float:
    deviation = math.sqrt(squares / (count - 1)) if count > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + deviation + _EPSILON)


def _structural_similarity(moments: NDArray[np.float64]) -> float:
    """Return the structural similarity of the map and the mask in one quadrant."""
    (outside, low, _), (inside, high, _) = moments
    count, mean, squares = joined(moments)
    mean_of_mask = inside / count
    covariance = outside * inside / count * (high - low) if outside and inside else 0.0
    sums = squares, outside * inside / count, covariance
    return _similarity(mean, mean_of_mask, *(each / (count - 1 + _EPSILON) for each in sums))


def _similarity_of_one_value(saliency: NDArray[np.float64], mask: NDArray[np.bool]) -> float:
    """Return the structural similarity of a map of one value, as PySODMetrics computes it.

    NumPy's mean of equal values may be off by a bit. The variance then is not 0 but very small, and
    the similarity 0 instead of 1.
    """
    x, y = saliency - np.mean(saliency), mask - np.mean(mask)
    sums = np.sum(x**2), np.sum(y**2), np.sum(x * y)
    variances = (float(each) / (mask.size - 1 + _EPSILON) for each in sums)
    return _similarity(float(np.mean(saliency)), float(np.mean(mask)), *variances)


def _similarity(
    mean: float, mean_of_mask: float, variance: float, variance_of_mask: float, covariance: float
) -> float:
    above = 4 * mean * mean_of_mask * covariance
    below = (mean**2 + mean_of_mask**2) * (variance + variance_of_mask)
    if above != 0:
        return float(above / (below + _EPSILON))
    return 1.0 if below == 0 else 0.0


def mean_absolute_error(saliency: ArrayLike, mask: ArrayLike, *, resize: bool = False) -> float:
    """Return the mean absolute error between a map, scaled to [0, 1], and a mask.

    Parameters
    ----------
    saliency : array_like of uint8, integer or float, (H, W)
        The map. Its range is scaled to [0, 1]. A constant map is not scaled: levels of uint8 are
        divided by 255, other values are clipped to [0, 1].
    mask : array_like of bool or uint8, (H, W)
        The object: True, or above 128. It may be empty or full.
    resize : bool, default False
        Resize the map, linearly, to the shape of the mask.

    Returns
    -------
    error : float
        In [0, 1]; 0 is best.

    Raises
    ------
    ImageError
        If the map is not a map of finite numbers in host memory, the mask is of another form, or
        shapes differ.

    Notes
    -----
    This and the other metrics of masks equal those of PySODMetrics 1.6.2.

    References
    ----------
    .. [1] F. Perazzi, P. Krähenbühl, Y. Pritch and A. Hornung, "Saliency filters: contrast based
       filtering for salient region detection", CVPR, 2012.
       https://doi.org/10.1109/CVPR.2012.6247743

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.array([[0.0, 0.5], [0.5, 1.0]])
    >>> metrics.mean_absolute_error(saliency, np.array([[False, False], [True, True]]))
    0.25
    """
    return Compared.of(saliency, mask, resize=resize).mean_absolute_error()


def f_measure(
    saliency: ArrayLike, mask: ArrayLike, *, beta2: float = 0.3, resize: bool = False
) -> Curve:
    """Return the F-measure of a map at 256 thresholds.

    Parameters
    ----------
    saliency, mask, resize
        As in `mean_absolute_error`.
    beta2 : float, default 0.3
        Weight of recall against precision, squared; above 0.

    Returns
    -------
    curve : Curve
        ``(values, adaptive, mean, max)``, in [0, 1]; 1 is best. An empty mask gives 0.

    Raises
    ------
    ImageError
        As in `mean_absolute_error`.
    ValueError
        If `beta2` is not a number above 0.

    References
    ----------
    .. [1] R. Achanta, S. Hemami, F. Estrada and S. Susstrunk, "Frequency-tuned salient region
       detection", CVPR, 2009. https://doi.org/10.1109/CVPR.2009.5206596

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.array([[0.0, 0.5], [0.5, 1.0]])
    >>> round(metrics.f_measure(saliency, np.array([[False, False], [True, True]])).max, 6)
    0.8125
    """
    beta2 = checked_beta2(beta2)
    return Compared.of(saliency, mask, resize=resize).f_measure(beta2)


def e_measure(saliency: ArrayLike, mask: ArrayLike, *, resize: bool = False) -> Curve:
    """Return the enhanced-alignment measure of a map at 256 thresholds.

    Parameters
    ----------
    saliency, mask, resize
        As in `mean_absolute_error`.

    Returns
    -------
    curve : Curve
        ``(values, adaptive, mean, max)``. A perfect map of n pixels scores n / (n - 1). With an
        empty mask it is the fraction of pixels below the threshold, with a full one of the others.

    Raises
    ------
    ImageError
        As in `mean_absolute_error`.

    References
    ----------
    .. [1] D.-P. Fan, C. Gong, Y. Cao, B. Ren, M.-M. Cheng and A. Borji, "Enhanced-alignment measure
       for binary foreground map evaluation", IJCAI, 2018. https://doi.org/10.24963/ijcai.2018/97

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> mask = np.zeros((10, 10), bool)
    >>> mask[2:5, 2:5] = True
    >>> round(metrics.e_measure(mask, mask).max, 6)
    1.010101
    """
    return Compared.of(saliency, mask, resize=resize).e_measure()


def s_measure(saliency: ArrayLike, mask: ArrayLike, *, resize: bool = False) -> float:
    """Return the structure measure of a map: of the object, and of four regions around it.

    Parameters
    ----------
    saliency, mask, resize
        As in `mean_absolute_error`.

    Returns
    -------
    score : float
        In [0, 1]; 1 is best. With an empty mask it is 1 minus the mean of the map, with a full
        one the mean.

    Raises
    ------
    ImageError
        As in `mean_absolute_error`.

    Notes
    -----
    Both parts count one half. PySODMetrics returns NaN if the centroid of the object is in the
    last row or column; here a region without pixels counts nothing.

    References
    ----------
    .. [1] D.-P. Fan, M.-M. Cheng, Y. Liu, T. Li and A. Borji, "Structure-measure: a new way to
       evaluate foreground maps", ICCV, 2017. https://doi.org/10.1109/ICCV.2017.487

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> mask = np.zeros((10, 10), bool)
    >>> mask[2:5, 2:5] = True
    >>> round(metrics.s_measure(mask, mask), 6)
    1.0
    """
    return Compared.of(saliency, mask, resize=resize).s_measure()


def weighted_f_measure(
    saliency: ArrayLike, mask: ArrayLike, *, beta2: float = 1.0, resize: bool = False
) -> float:
    """Return the weighted F-measure of a map: errors count by where they are.

    Parameters
    ----------
    saliency, mask, resize
        As in `mean_absolute_error`.
    beta2 : float, default 1
        Weight of recall against precision, squared; above 0.

    Returns
    -------
    score : float
        In [0, 1]; 1 is best. An empty mask gives 0.

    Raises
    ------
    ImageError
        As in `mean_absolute_error`.
    ValueError
        If `beta2` is not a number above 0.

    Notes
    -----
    A pixel outside the object takes the error of the nearest pixel inside. Where several are as
    near, the choice matters: mirrored images differ by less than 0.001.

    References
    ----------
    .. [1] R. Margolin, L. Zelnik-Manor and A. Tal, "How to evaluate foreground maps?", CVPR, 2014.
       https://doi.org/10.1109/CVPR.2014.39

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> mask = np.zeros((10, 10), bool)
    >>> mask[2:5, 2:5] = True
    >>> round(metrics.weighted_f_measure(mask, mask), 6)
    1.0
    """
    beta2 = checked_beta2(beta2)
    return Compared.of(saliency, mask, resize=resize).weighted_f_measure(beta2)


def checked_beta2(beta2: float) -> float:
    """Return `beta2` as a float above 0, or raise ValueError."""
    form = "a number above 0"
    return validation.number("beta2", beta2, validation.TINY, _LARGEST_BETA2, form=form)
