"""Metrics of maps as distributions: NSS, CC, similarity, divergence and information gain."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..errors import ImageError
from ._cpu import divergence, moments
from .inputs import Points, as_fixations, shape_of_fixation_map
from .measured import LEAST_SQUARES, MOST_SQUARES, Measured, comoments, in_one_dtype
from .ranking import values_at

Convention = Literal["pysaliency", "mit"]
DivergenceConvention = Literal["pysaliency", "mit", "pysaliency-mit"]
_CONVENTIONS = ("pysaliency", "mit")
_DDOF = {0: 0, 1: 1, "pysaliency": 0, "mit": 1}
_SCALES = {"sum": "sum", "minmax": "minmax", "pysaliency": "sum", "mit": "minmax"}
_LEAST_DENSITY = 1e-20  # that pysaliency adds to every pixel
_EPSILON = 2.0**-52  # of MIT's code
_EPSILONS = {"pysaliency": 0.0, "mit": _EPSILON, "pysaliency-mit": 2.2204e-16}


def nss(
    saliency: ArrayLike,
    fixations: ArrayLike,
    *,
    ddof: Literal[0, 1, "pysaliency", "mit"] = 0,
    strict: bool = False,
    resize: bool = False,
) -> float:
    """Return the normalized scanpath saliency: the mean of the standardised map at fixations.

    Parameters
    ----------
    saliency : array_like of uint8, integer or float, (H, W)
        The map, of any range.
    fixations, strict, resize
        As in `auc`.
    ddof : {0, 1, "pysaliency", "mit"}, default 0
        The standard deviation divides by the number of pixels less this. pysaliency uses 0, MIT's
        code 1, with a boolean map of fixations.

    Returns
    -------
    nss : float
        In units of the standard deviation. NaN without fixations. A constant map scores 0, and
        NaN with ``ddof=1``, as in MIT's code.

    Raises
    ------
    ImageError
        As in `auc`; infinities are refused too.
    ValueError
        If `ddof` is not one of the listed values.

    References
    ----------
    .. [1] R. J. Peters, A. Iyer, L. Itti and C. Koch, "Components of bottom-up gaze allocation in
       natural images", Vision Research 45(18), 2005. https://doi.org/10.1016/j.visres.2005.03.019

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.array([[0, 0], [0, 4]], np.uint8)
    >>> round(metrics.nss(saliency, [(1, 1)]), 3)
    1.732
    """
    chosen = _named("ddof", ddof, _DDOF)
    measured, points = _map_and_points(saliency, fixations, resize=resize, strict=strict)
    return nss_of(measured, points, chosen)


def nss_of(measured: Measured, points: Points, ddof: int) -> float:
    """Return the NSS of a map that is measured."""
    if not len(points):
        return math.nan
    usual = measured.of_usual_squares()
    if usual is None:
        return 0.0 if ddof == 0 else math.nan
    mean, squares = usual.moments
    deviation = math.sqrt(squares / (measured.size - ddof))
    at_points = values_at(usual.values, points).astype(np.float64)
    return float((at_points - mean).mean() / deviation)


def cc(a: ArrayLike, b: ArrayLike, *, resize: bool = False) -> float:
    """Return the correlation coefficient (Pearson) of two maps.

    Parameters
    ----------
    a, b : array_like of uint8, integer or float, (H, W)
        The maps, of any range, such as a saliency map and a density of fixations.
    resize : bool, default False
        Resize `a`, linearly, to the shape of `b`.

    Returns
    -------
    cc : float
        In [-1, 1]. If `a` alone is constant, it is 0; if `b` is, it is NaN. So does pysaliency;
        MIT's code returns NaN for both.

    Raises
    ------
    ImageError
        If one of the two is not a map of finite numbers in host memory, or shapes differ.

    References
    ----------
    .. [1] N. Ouerhani, R. von Wartburg, H. Hügli and R. Müri, "Empirical validation of the
       saliency-based model of visual attention", ELCVIA 3(1), 2004.
       https://doi.org/10.5565/rev/elcvia.66

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> a = np.array([[0, 1], [2, 3]], np.uint8)
    >>> round(metrics.cc(a, 2.0 * a + 1), 12)
    1.0
    """
    first, second = pair(a, b, ("a", "b"), resize)
    return cc_of(first, second)


def cc_of(first: Measured, second: Measured) -> float:
    """Return the correlation coefficient of two maps that are measured."""
    aa, bb, ab = comoments(first, second)
    if not all(LEAST_SQUARES < each < MOST_SQUARES for each in (aa, bb)):
        a, b = first.of_usual_squares(), second.of_usual_squares()
        if b is None:
            return math.nan
        if a is None:
            return 0.0
        aa, bb, ab = comoments(a, b)
    return min(1.0, max(-1.0, ab / (math.sqrt(aa) * math.sqrt(bb))))


def similarity(
    a: ArrayLike,
    b: ArrayLike,
    *,
    scale: Literal["sum", "minmax", "pysaliency", "mit"] = "sum",
    resize: bool = False,
) -> float:
    """Return the similarity of two maps: the sum of the smaller of their densities.

    Parameters
    ----------
    a, b : array_like of uint8, integer or float, (H, W)
        The maps, of any range.
    scale : {"sum", "minmax", "pysaliency", "mit"}, default "sum"
        "sum", as pysaliency: a map with negative values is shifted to 0, then each is divided by
        its sum. "minmax", as MIT's code: each is scaled to [0, 1] first. They differ for maps with
        a positive minimum.
    resize : bool, default False
        Resize `a`, linearly, to the shape of `b`.

    Returns
    -------
    similarity : float
        In [0, 1]; equal maps give 1. With "sum", a constant map is the uniform density. With
        "minmax", an all-zero map gives 0 and another constant map NaN.

    Raises
    ------
    ImageError
        If one of the two is not a map of finite numbers in host memory, or shapes differ.
    ValueError
        If `scale` is not one of the listed values.

    References
    ----------
    .. [1] T. Judd, F. Durand and A. Torralba, "A benchmark of computational models of saliency to
       predict human fixations", MIT-CSAIL-TR-2012-001, 2012. https://hdl.handle.net/1721.1/68590

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> metrics.similarity(np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]]))
    0.75
    """
    chosen = _named("scale", scale, _SCALES)
    first, second = pair(a, b, ("a", "b"), resize)
    return similarity_of(first, second, chosen)


def similarity_of(first: Measured, second: Measured, scale: str) -> float:
    """Return the similarity of two maps that are measured."""
    if scale == "minmax":
        for each in (first, second):
            if each.is_constant and each.range.low != 0:
                return math.nan
        if first.is_constant or second.is_constant:
            return 0.0
    first, second = _from_zero(first, scale), _from_zero(second, scale)
    form = (*_density(first, scale), *_density(second, scale))
    pixels = in_one_dtype(first, second)
    table = np.empty(moments.count_of_blocks(first.size))
    moments.fill_minima(*pixels, form, table)
    return float(table.sum())


def _from_zero(measured: Measured, scale: str) -> Measured:
    if scale == "sum" and measured.plain_sum is not None:
        return measured
    return measured.of_usual_peak().from_zero(always=scale == "minmax")


def _density(measured: Measured, scale: str) -> tuple[float, float]:
    """Return shift and scale: ``(value - shift) * scale`` sums to 1."""
    if scale == "sum" and measured.plain_sum is not None:
        return 0.0, 1.0 / measured.plain_sum
    mean, low, _ = measured.range
    if measured.is_constant and low <= 0:  # uniform
        return low - 1.0, 1.0 / measured.size
    shift = low if scale == "minmax" or low < 0 else 0.0
    return shift, 1.0 / ((mean - shift) * measured.size)


def kl_divergence(
    truth: ArrayLike,
    saliency: ArrayLike,
    *,
    convention: DivergenceConvention = "pysaliency",
    resize: bool = False,
) -> float:
    """Return the Kullback-Leibler divergence of a saliency map from the true density, in nats.

    Parameters
    ----------
    truth : array_like of uint8, integer or float, (H, W)
        The density of the fixations, in any scale.
    saliency : array_like of uint8, integer or float, (H, W)
        The map. Maps with negative values are shifted to 0, with both conventions.
    convention : {"pysaliency", "mit", "pysaliency-mit"}, default "pysaliency"
        All divide the maps by their sums. "pysaliency" first adds 1e-20 to every pixel and takes
        ``sum(q * log(q / p))``. "mit" takes ``sum(q * log(eps + q / (p + eps)))`` with eps =
        2**-52, as MIT's code. "pysaliency-mit" does the same with eps = 2.2204e-16, as
        ``MIT_KLDiv`` of pysaliency. They differ where p is 0.
    resize : bool, default False
        Resize `saliency`, linearly, to the shape of `truth`.

    Returns
    -------
    divergence : float
        From 0, for equal maps, up; rounding may leave it a little below 0. A constant map is the
        uniform density. With "mit" an all-zero map is a density of 0 instead: the divergence from
        it is about 30, and 0 if it is the truth.

    Raises
    ------
    ImageError
        If one of the two is not a map of finite numbers in host memory, or shapes differ.
    ValueError
        If `convention` is not one of the listed values.

    References
    ----------
    .. [1] Z. Bylinskii, T. Judd, A. Oliva, A. Torralba and F. Durand, "What do different
       evaluation metrics tell us about saliency models?", IEEE TPAMI 41(3), 2019.
       https://doi.org/10.1109/TPAMI.2018.2815601

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> truth, saliency = np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]])
    >>> round(metrics.kl_divergence(truth, saliency), 6)
    0.130812
    """
    validation.choice("convention", convention, _EPSILONS)
    second, first = pair(saliency, truth, ("saliency", "truth"), resize)
    return kl_of(first, second, convention)


def kl_of(truth: Measured, saliency: Measured, convention: str) -> float:
    """Return the divergence of two maps that are measured."""
    least = _LEAST_DENSITY if convention == "pysaliency" else 0.0
    keeps_zeros = convention == "mit"
    truth, saliency = _from_zero(truth, "sum"), _from_zero(saliency, "sum")
    form = (
        *_divisor(truth, least, keeps_zeros), *_divisor(saliency, least, keeps_zeros), least
    )  # fmt: skip
    pixels = in_one_dtype(truth, saliency)
    table = np.empty(moments.count_of_blocks(truth.size))
    divergence.fill_divergence(*pixels, form, _EPSILONS[convention], table)
    return float(table.sum())


def _divisor(measured: Measured, least: float, keeps_zeros: bool) -> tuple[float, float]:
    """Return shift and scale: ``(value - shift + least) * scale`` sums to 1."""
    if measured.plain_sum is not None:
        return 0.0, 1.0 / (measured.plain_sum + least * measured.size)
    mean, low, _ = measured.range
    shift = min(low, 0.0)
    if measured.is_constant and least == 0:  # uniform
        return low - 1.0, 0.0 if keeps_zeros and low == 0 else 1.0 / measured.size
    return shift, 1.0 / ((mean - shift + least) * measured.size)


def information_gain(
    saliency: ArrayLike,
    baseline: ArrayLike | None,
    fixations: ArrayLike,
    *,
    convention: Convention = "pysaliency",
    strict: bool = False,
    resize: bool = False,
) -> float:
    """Return how many bits per fixation a map gains over a baseline.

    Parameters
    ----------
    saliency : array_like of uint8, integer or float, (H, W)
        The map. It is made a density.
    baseline : array_like of uint8, integer or float, (H, W), or None
        The map to compare with, such as a centre bias. None is the uniform density.
    fixations, strict
        As in `auc`.
    convention : {"pysaliency", "mit"}, default "pysaliency"
        "pysaliency": a map with negative values is shifted to 0, and divided by its sum. "mit":
        maps are scaled to [0, 1] first, and eps = 2**-52 is added to the densities.
    resize : bool, default False
        Resize both maps, linearly, to the shape of a boolean map of fixations, or `baseline` to
        that of `saliency`.

    Returns
    -------
    gain : float
        In bits per fixation. NaN without fixations. With "pysaliency", a constant map is the
        uniform density, and a fixated pixel of density 0 gives minus infinity, or NaN if its
        baseline is 0 too. With "mit", a constant map gives NaN.

    Raises
    ------
    ImageError
        As in `auc`; infinities are refused too.
    ValueError
        If `convention` is not one of the listed values.

    References
    ----------
    .. [1] M. Kümmerer, T. S. A. Wallis and M. Bethge, "Information-theoretic model comparison
       unifies saliency metrics", PNAS 112(52), 2015. https://doi.org/10.1073/pnas.1510393112

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> metrics.information_gain(np.array([[1.0, 3.0]]), None, [(0, 1)]).__round__(6)
    0.584963
    """
    validation.choice("convention", convention, _CONVENTIONS)
    measured, points = _map_and_points(saliency, fixations, resize=resize, strict=strict)
    base = None
    if baseline is not None:
        base = one_shape(Measured.of(baseline, "baseline"), measured, resize)
    return gain_of(measured, base, points, convention)


def gain_of(
    measured: Measured, baseline: Measured | None, points: Points, convention: str
) -> float:
    """Return the information gain of a map that is measured."""
    if not len(points):
        return math.nan
    is_mit = convention == "mit"
    logs = _log2_at(measured, points, is_mit)
    if baseline is not None:
        others = _log2_at(baseline, points, is_mit)
    else:
        uniform = 1.0 / measured.size
        others = np.full(len(points), math.log2(uniform + _EPSILON * is_mit))
    with np.errstate(invalid="ignore"):  # both minus infinity
        return float((logs - others).mean())


def _log2_at(measured: Measured, points: Points, is_mit: bool) -> NDArray[np.float64]:
    """Return the binary logarithm of the density at points."""
    if is_mit and measured.is_constant:
        return np.full(len(points), np.nan)
    form = "minmax" if is_mit else "sum"
    measured = _from_zero(measured, form)
    shift, scale = _density(measured, form)
    density = (values_at(measured.values, points).astype(np.float64) - shift) * scale
    with np.errstate(divide="ignore"):
        return np.asarray(np.log2(density + _EPSILON * is_mit))


def _named(name: str, value: Any, choices: dict[Any, Any]) -> Any:
    known = not isinstance(value, bool) and isinstance(value, str | int) and value in choices
    if not known:
        raise ValueError(
            f"`{name}` must be {validation.listed(choices)}; got {validation.shown(value)}"
        )
    return choices[value]


def pair(
    first: ArrayLike, second: ArrayLike, names: tuple[str, str], resize: bool
) -> tuple[Measured, Measured]:
    """Return two maps in the shape of the second."""
    a, b = Measured.of(first, names[0]), Measured.of(second, names[1])
    return one_shape(a, b, resize), b


def one_shape(first: Measured, second: Measured, resize: bool) -> Measured:
    """Return a map in the shape of another, or raise ImageError unless it may be resized."""
    if first.shape != second.shape and not resize:
        raise ImageError(
            f"`{first.name}` and `{second.name}` must have one shape; got {first.shape} and "
            f"{second.shape}: pass resize=True to resize `{first.name}`"
        )
    return first.resized_to(second.shape)


def _map_and_points(
    saliency: ArrayLike, fixations: ArrayLike, *, resize: bool, strict: bool
) -> tuple[Measured, Points]:
    measured = Measured.of(saliency, "saliency")
    shape = shape_of_fixation_map(fixations) if resize else None
    if shape is not None:
        measured = measured.resized_to(shape)
    return measured, as_fixations(fixations, measured.shape, strict=strict)  # type: ignore[arg-type]
