import importlib

import numpy as np
import pytest
from reference.median import median as reference

from fastsal.kernels.median._formulas import PAIRS_OF_9, PAIRS_OF_25


def fill_medians(backend, planes, reach):
    module = importlib.import_module(f"fastsal.kernels.median._{backend}")
    medians = np.empty_like(planes)
    module.fill_medians(planes, reach, medians)
    return medians


@pytest.mark.parametrize("reach", [1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 7), (2, 9, 1), (2, 5, 8)], ids=str)
def test_small_planes(backend, shape, reach, rng):
    planes = rng.integers(0, 256, shape, dtype=np.uint8)

    actual = fill_medians(backend, planes, reach)

    for plane, found in zip(planes, actual, strict=True):
        np.testing.assert_array_equal(found, reference(plane, reach))


@pytest.mark.parametrize("reach", [1, 2])
def test_large_planes_on_all_threads(reach, rng):
    planes = rng.integers(0, 256, (2, 170, 301), dtype=np.uint8)

    actual = fill_medians("cpu", planes, reach)

    for plane, found in zip(planes, actual, strict=True):
        np.testing.assert_array_equal(found, reference(plane, reach))


@pytest.mark.parametrize("pairs", [PAIRS_OF_9, PAIRS_OF_25], ids=len)
def test_the_network_finds_the_median_of_any_zeros_and_ones(pairs, rng):
    """By the zero-one principle a network that is right for these is right for all values."""
    count = {len(PAIRS_OF_9): 9, len(PAIRS_OF_25): 25}[len(pairs)]
    # All inputs of 9 values; a million of the 33 million of 25.
    words = np.arange(1 << 9) if count == 9 else rng.integers(0, 1 << count, 1 << 20)
    values = [(words >> place & 1).astype(bool) for place in range(count)]
    expected = np.sum(values, axis=0) > count // 2

    for first, second in pairs:
        one, other = values[first], values[second]
        values[first], values[second] = one & other, one | other

    assert (values[count // 2] == expected).all()
