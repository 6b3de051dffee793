"""Fixations in other samples: the negatives of the shuffled AUC, and the baseline density."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..datasets.dataset import Dataset
from ..datasets.sample import inside

Values = NDArray[np.float64]

MOST = 100_000  # fixations; beyond, samples are drawn at random


class Others:
    """Fixations of a data set as fractions of height and width.

    Parameters
    ----------
    points : ndarray, (n, 2)
        Fractions of height and width.
    samples : ndarray of int, (n,)
        Index of the sample of each.
    """

    def __init__(self, points: Values, samples: NDArray[np.int64]) -> None:
        self._points, self._samples = points, samples
        self._densities: dict[tuple[tuple[int, int], float], Values] = {}

    def of(self, index: int, size: tuple[int, int]) -> NDArray[np.int64]:
        """Return rows and columns of the fixations in all samples but one, scaled and truncated."""
        chosen = self._points[self._samples != index]
        return _pixels(chosen, size)

    def density(self, index: int, size: tuple[int, int], sigma: float) -> Values | None:
        """Return the density of the fixations in all samples but one, or None if there are none.

        It is the density of all fixations, which is computed once per size, minus that of one
        sample.
        """
        from ..metrics import density_map

        is_own = self._samples == index
        if is_own.all():
            return None
        key = size, sigma
        if key not in self._densities:
            self._densities.clear()  # one size at a time keeps the memory flat
            points = _pixels(self._points, size)
            self._densities[key] = density_map(points, size, sigma=sigma)
        own = density_map(_pixels(self._points[is_own], size), size, sigma=sigma)
        rest: Values = np.maximum(self._densities[key] - own, 0)  # rounding may pass 0
        return rest

    @property
    def digest(self) -> str:
        """A text that changes with any of the fixations."""
        state = hashlib.sha256(self._points.tobytes())
        state.update(self._samples.tobytes())
        return state.hexdigest()


def no_others() -> Others:
    """Return an empty set of fixations."""
    return Others(np.empty((0, 2)), np.empty(0, np.int64))


def others_of(dataset: Dataset, note: Callable[[], None] | None = None) -> Others:
    """Read the fixations of a data set; up to 100,000, else of samples drawn at random.

    Unreadable samples are skipped here; scoring them gives the reason.
    """
    order = np.random.default_rng(0).permutation(len(dataset))
    points: list[Values] = []
    samples: list[NDArray[np.int64]] = []
    count = 0
    for index in order:
        sample = dataset[int(index)]
        try:
            size = sample.size
            found = inside(sample.fixations, size) / size
        except (OSError, ValueError):
            continue
        finally:
            if note is not None:
                note()
        points.append(found)
        samples.append(np.full(len(found), index, np.int64))
        count += len(found)
        if count >= MOST:
            break
    if not points:
        return no_others()
    return Others(np.concatenate(points), np.concatenate(samples))


def _pixels(points: Values, size: tuple[int, int]) -> NDArray[np.int64]:
    """Return fractions as pixels, truncated; 1e-6 makes up for the rounding of the fractions."""
    return (points * size + 1e-6).astype(np.int64)
