"""Border rules against NumPy's padding."""

import numpy as np
import pytest

from fastsal.kernels.borders import clamp, reflect, reflect101, reflect_either

RULES = [
    (clamp, "edge", 9),
    (reflect, "symmetric", 9),  # repeatedly, where the border is farther than the image is long
    (reflect101, "reflect", 2),
    (lambda index, size: reflect_either(index, size, False), "symmetric", 9),
    (lambda index, size: reflect_either(index, size, True), "reflect", 9),
]


@pytest.mark.parametrize(("rule", "mode", "reach"), RULES)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 10])
def test_indices_are_those_of_padding(rule, mode, reach, size):
    if rule is reflect101:
        reach = min(reach, max(1, size - 1))  # the range it is meant for
    expected = np.pad(np.arange(size), reach, mode=mode)

    found = [rule(index, size) for index in range(-reach, size + reach)]

    assert found == expected.tolist()
