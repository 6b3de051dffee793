"""Linear support vector machines, by scikit-learn, which only training needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of points (n, d), whether they are positive, and a cost: the weights (d,) and the bias.
Fit = Callable[[NDArray[Any], NDArray[np.bool_], float], tuple[NDArray[np.float64], float]]


def linear_svm() -> Fit:
    """Return what fits a linear support vector machine, or say how to get it."""
    try:
        from sklearn.svm import LinearSVC
    except ImportError:
        raise ImportError(
            "training needs scikit-learn, which is not installed; "
            'run `pip install "fastsal[train]"`'
        ) from None

    def fit(
        points: NDArray[Any], is_positive: NDArray[np.bool_], cost: float
    ) -> tuple[NDArray[np.float64], float]:
        # The primal problem, whose solution depends on no random numbers.
        machine = LinearSVC(C=cost, dual=False, max_iter=10_000)
        machine.fit(points.astype(np.float64), is_positive)
        return machine.coef_[0], float(machine.intercept_[0])

    return fit
