"""How well a saliency map fits what people looked at, or what moved: exact, without bins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


def nss(saliency: Values, fixations: NDArray[np.int64]) -> float:
    """Return the normalised scanpath saliency: the mean of the map, standardised, at fixations.

    `fixations` are (n, 2), row and column. A map of one value scores 0.
    """
    values = saliency.astype(np.float64)
    spread = values.std()
    return float((_at(values, fixations).mean() - values.mean()) / spread) if spread > 0 else 0.0


def auc(saliency: Values, fixations: NDArray[np.int64]) -> float:
    """Return how probably a fixated pixel scores above any pixel, ties counting half."""
    return area_under_curve(_at(saliency, fixations), saliency)


def shuffled_auc(
    saliency: Values, fixations: NDArray[np.int64], others: NDArray[np.int64]
) -> float:
    """Return how probably a fixated pixel scores above one fixated in other images.

    What is salient only for lying in the middle gains nothing by it.
    """
    return area_under_curve(_at(saliency, fixations), _at(saliency, others))


def area_under_curve(positives: Values, negatives: Values) -> float:
    """Return the share of pairs whose positive is the greater, ties counting half."""
    ordered = np.sort(negatives, axis=None)
    below = np.searchsorted(ordered, positives, "left").sum(dtype=np.int64)
    not_above = np.searchsorted(ordered, positives, "right").sum(dtype=np.int64)
    return float(below + not_above) / (2 * positives.size * ordered.size)


def mask_auc(saliency: Values, mask: NDArray[np.bool_]) -> float:
    """Return how probably a pixel of the object scores above one beside it."""
    return area_under_curve(saliency[mask], saliency[~mask])


def max_f(saliency: Values, mask: NDArray[np.bool_], beta2: float = 0.3) -> float:
    """Return the greatest F measure over all thresholds, precision counting more (Achanta 2009)."""
    values = saliency.ravel()
    order = np.argsort(values)[::-1]
    hits = np.cumsum(mask.ravel()[order])
    # A threshold cuts between different values only.
    ends = np.append(np.flatnonzero(np.diff(values[order])), values.size - 1)
    hits, found = hits[ends], ends + 1
    return float(((1 + beta2) * hits / (found + beta2 * mask.sum())).max())


def _at(values: Values, places: NDArray[np.int64]) -> Values:
    return values[places[:, 0], places[:, 1]]
