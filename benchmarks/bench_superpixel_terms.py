"""Uniqueness and distribution alone, on the CPU, of random superpixels."""

import numpy as np
import pytest

from fastsal.algorithms.superpixel_contrast import _cpu_fast, _cpu_pairs

CONSTANTS = 20.0, 0.25  # of colours and places, the paper's


def points(count):
    rng = np.random.default_rng(5)
    color = rng.random((count, 3), np.float32) * np.float32([100, 60, 60])
    return color, rng.random((count, 2), np.float32)


@pytest.mark.benchmark(group="superpixel_terms")
@pytest.mark.parametrize("count", [4_000, 20_736])
@pytest.mark.parametrize("method", ["exact", "fast"])
def bench_terms_of_superpixels(timed_alone, method, count):
    color, place = points(count)
    terms = {"exact": _cpu_pairs, "fast": _cpu_fast}[method].uniqueness_and_distribution
    has_peer = method == "exact" and count == 4_000  # beyond that NumPy needs gigabytes
    timed_alone(
        f"{method} contrast of {count} superpixels",
        lambda: terms(color, place, color, place, CONSTANTS),
        lambda: {"NumPy, all pairs at once": lambda: _all_pairs(color, place)} if has_peer else {},
    )


def _all_pairs(color, place):
    sigma_color, sigma_place = map(np.float32, CONSTANTS)
    apart, away = _squared_gaps(color), _squared_gaps(place)
    near = np.exp(away / (-2 * sigma_place**2))
    alike = np.exp(apart / (-2 * sigma_color**2))
    near /= near.sum(1, keepdims=True)
    alike /= alike.sum(1, keepdims=True)
    middle = ((alike @ place)[:, None] - place) ** 2
    return (near * apart).sum(1), (alike * middle.sum(2)).sum(1)


def _squared_gaps(points):
    gaps = points[:, None] - points
    return np.einsum("ijk,ijk->ij", gaps, gaps)
