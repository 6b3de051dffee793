"""Several metrics of one map, from shared counts and moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ._cpu import ranks
from .distributions import cc_of, gain_of, kl_of, nss_of, one_shape, similarity_of
from .inputs import Points, as_fixations, as_map, shape_of_fixation_map
from .measured import Measured
from .objects import Compared, Curve
from .ranking import Ranked, borji, shuffled
from .transport import checked_grid, emd_of

_SPLITS, _STEP, _SEED = 100, 0.1, 0


class _Maps:
    """The checked arguments of `evaluate`; a map of 8 bits is counted once for all metrics."""

    def __init__(
        self, saliency: ArrayLike, fixations: ArrayLike | None, *, strict: bool, resize: bool
    ) -> None:
        values = as_map(saliency, "saliency")
        shape = shape_of_fixation_map(fixations) if resize and fixations is not None else None
        if shape is not None:
            values = Measured(values, "saliency").resized_to(shape).values
        self._levels: NDArray[np.int64] | None = None
        if values.dtype == np.uint8:
            self._levels = ranks.count_levels(values.reshape(-1))
        self._map, self._strict, self._resize = values, strict, resize
        self.fixations = self._points(fixations, "fixations")
        self.density: Measured | None = None
        self.baseline: Measured | None = None
        self.other: Points | None = None

    def add(
        self, density: ArrayLike | None, other: ArrayLike | None, baseline: ArrayLike | None
    ) -> None:
        """Check the arguments that some metrics need."""
        if density is not None:
            self.density = Measured.of(density, "density")
            one_shape(self.measured, self.density, self._resize)
        if baseline is not None:
            measured = Measured.of(baseline, "baseline")
            self.baseline = one_shape(measured, self.measured, self._resize)
        self.other = self._points(other, "other")

    def _points(self, value: ArrayLike | None, name: str) -> Points | None:
        if value is None:
            return None
        height, width = self._map.shape
        return as_fixations(value, (height, width), name, strict=self._strict)

    @cached_property
    def measured(self) -> Measured:
        """The map with its moments."""
        return Measured(self._map, "saliency", self._levels)

    @cached_property
    def ranked(self) -> Ranked:
        """The map with the ranks of its fixated pixels."""
        assert self.fixations is not None
        return Ranked(self.measured.values, self.fixations, self._levels)

    @cached_property
    def beside_density(self) -> tuple[Measured, Measured]:
        """The map in the shape of the density, and the density."""
        assert self.density is not None
        return self.measured.resized_to(self.density.shape), self.density


def _borji(maps: _Maps) -> float:
    generator = np.random.default_rng(_SEED)
    size = maps.measured.size
    return borji(maps.ranked, lambda shape: generator.integers(0, size, shape), _SPLITS, _STEP)


def _shuffled(maps: _Maps) -> float:
    generator = np.random.default_rng(_SEED)

    def draw(count: int, total: int) -> NDArray[np.int64]:
        return np.stack([generator.permutation(total)[:count] for _ in range(_SPLITS)])

    assert maps.other is not None
    return shuffled(maps.ranked, maps.other, draw, _STEP)


def _sauc(maps: _Maps) -> float:
    assert maps.other is not None
    return maps.ranked.area(maps.other)


def _similarity(maps: _Maps) -> float:
    first, second = maps.beside_density
    return similarity_of(first, second, "sum")


def _divergence(maps: _Maps) -> float:
    first, second = maps.beside_density
    return kl_of(second, first, "pysaliency")


def _emd(maps: _Maps) -> float:
    first, second = maps.beside_density
    return emd_of(first, second, checked_grid(None, second.shape))


# Inputs of each metric, and its function.
_FIXATION_METRICS: dict[str, tuple[tuple[str, ...], Callable[[Any], float]]] = {
    "auc": (("fixations",), lambda maps: maps.ranked.area()),
    "auc_judd": (("fixations",), lambda maps: maps.ranked.area_judd()),
    "auc_borji": (("fixations",), _borji),
    "auc_shuffled": (("fixations", "other"), _shuffled),
    "sauc": (("fixations", "other"), _sauc),
    "nss": (("fixations",), lambda maps: nss_of(maps.measured, maps.fixations, 0)),
    "cc": (("density",), lambda maps: cc_of(*maps.beside_density)),
    "similarity": (("density",), _similarity),
    "kl_divergence": (
        ("density",), _divergence
    ),
    "information_gain": (
        ("fixations", "baseline"),
        lambda maps: gain_of(maps.measured, maps.baseline, maps.fixations, "pysaliency"),
    ),
    "emd": (("density",), _emd),
}  # fmt: skip
_ON_REQUEST = ("auc_borji", "auc_shuffled", "emd")  # random, or slow

_MASK_METRICS: dict[str, Callable[[Compared], float | Curve]] = {
    "mean_absolute_error": Compared.mean_absolute_error,
    "f_measure": lambda compared: compared.f_measure(0.3),
    "e_measure": Compared.e_measure,
    "s_measure": Compared.s_measure,
    "weighted_f_measure": lambda compared: compared.weighted_f_measure(1.0),
}


def evaluate(
    saliency: ArrayLike,
    fixations: ArrayLike | None,
    *,
    density: ArrayLike | None = None,
    other: ArrayLike | None = None,
    baseline: ArrayLike | None = None,
    metrics: Iterable[str] | None = None,
    strict: bool = False,
    resize: bool = False,
) -> dict[str, float]:
    """Return several metrics of a map; counts, ranks and moments are taken once.

    Parameters
    ----------
    saliency : array_like of uint8, integer or float, (H, W)
        The map, of any range.
    fixations : array_like of float or int, (n, 2), or of bool, (H, W), or None
        As in `auc`. Without them only metrics of `density` can be had.
    density : array_like of uint8, integer or float, (H, W), optional
        The density of the fixations, as `density_map` makes it.
    other : array_like of float or int, (m, 2), or of bool, (H, W), optional
        Fixations of other images, for the shuffled AUC.
    baseline : array_like of uint8, integer or float, (H, W), optional
        The map that information is gained over, such as a centre bias.
    metrics : iterable of str, optional
        Names of functions of this module, and "sauc" for the exact shuffled AUC,
        ``auc(..., negatives=other)``. Default: all that the arguments allow, except "auc_borji" and
        "auc_shuffled", which are random, and "emd", which is slow.
    strict : bool, default False
        Refuse fixations outside the map. Otherwise they are dropped, and a warning counts them.
    resize : bool, default False
        Resize the map, linearly, to the shape of a boolean map of fixations or of the density.

    Returns
    -------
    scores : dict of str to float
        By name, in the order of `metrics`. Each is the result of the function of that name with
        default options.

    Raises
    ------
    ImageError
        As in `auc`, for any of the maps; infinities are refused.
    ValueError
        If a name in `metrics` is unknown, or needs an argument that was not given.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> saliency = np.array([[0, 1], [2, 3]], np.uint8)
    >>> scores = metrics.evaluate(saliency, [(1, 1)], metrics=["auc", "nss"])
    >>> {name: round(score, 3) for name, score in scores.items()}
    {'auc': 0.875, 'nss': 1.342}
    """
    given = {"fixations": fixations, "density": density, "other": other, "baseline": baseline}
    present = {name for name, value in given.items() if value is not None}
    if metrics is None:
        names = [
            name
            for name, (needs, _) in _FIXATION_METRICS.items()
            if present.issuperset(needs) and name not in _ON_REQUEST
        ]
    else:
        names = _checked_names(metrics, _FIXATION_METRICS)
        for name in names:
            missing = [each for each in _FIXATION_METRICS[name][0] if each not in present]
            if missing:
                raise ValueError(f"`{missing[0]}` must be given for the metric {name!r}; got None")
    maps = _Maps(saliency, fixations, strict=strict, resize=resize)
    maps.add(density, other, baseline)
    _ = maps.measured.moments  # refuses NaN and infinities
    return {name: _FIXATION_METRICS[name][1](maps) for name in names}


def evaluate_mask(
    saliency: ArrayLike,
    mask: ArrayLike,
    *,
    metrics: Iterable[str] | None = None,
    resize: bool = False,
) -> dict[str, float | Curve]:
    """Return several metrics of a map against a mask; counts and moments are taken once.

    Parameters
    ----------
    saliency, mask, resize
        As in `mean_absolute_error`.
    metrics : iterable of str, optional
        Names among "mean_absolute_error", "f_measure", "e_measure", "s_measure" and
        "weighted_f_measure"; by default all.

    Returns
    -------
    scores : dict of str to float or Curve
        By name, in the order of `metrics`. Each is the result of the function of that name with
        default options.

    Raises
    ------
    ImageError
        As in `mean_absolute_error`.
    ValueError
        If a name in `metrics` is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import metrics
    >>> mask = np.array([[False, True], [True, True]])
    >>> metrics.evaluate_mask(mask, mask, metrics=["mean_absolute_error"])
    {'mean_absolute_error': 0.0}
    """
    names = list(_MASK_METRICS) if metrics is None else _checked_names(metrics, _MASK_METRICS)
    compared = Compared.of(saliency, mask, resize=resize)
    return {name: _MASK_METRICS[name](compared) for name in names}


def _checked_names(metrics: Iterable[str], known: dict[str, Any]) -> list[str]:
    if isinstance(metrics, str):
        raise ValueError(f"`metrics` must be a list of names; got the string {metrics!r}")
    return [validation.choice("metrics", name, known) for name in metrics]
