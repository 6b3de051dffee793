"""Tensors of PyTorch on the CPU are read as arrays are, without a copy."""

import numpy as np
import pytest
import torch

from fastsal import ImageError, metrics


def test_tensors_score_as_arrays(rng):
    saliency, density = rng.random((2, 30, 40)).astype(np.float32)
    points, mask = np.array([[1, 2], [20, 30]]), density > 0.5
    tensors = [torch.from_numpy(each) for each in (saliency, density, points, mask)]

    found = metrics.evaluate(tensors[0], tensors[2], density=tensors[1], other=tensors[2])

    assert found == metrics.evaluate(saliency, points, density=density, other=points)
    assert metrics.evaluate(tensors[0], tensors[3]) == metrics.evaluate(saliency, mask)
    half = tensors[0][::2, ::2]
    assert metrics.nss(half, tensors[3], resize=True) == metrics.nss(
        saliency[::2, ::2], mask, resize=True
    )
    by_tensor, by_array = (metrics.evaluate_mask(*each) for each in (
        (tensors[0], tensors[3]), (saliency, mask),
    ))  # fmt: skip
    assert by_tensor["s_measure"] == by_array["s_measure"]


def test_halves_are_refused():
    with pytest.raises(ImageError, match=r"`saliency` must .*bfloat16"):
        metrics.auc(torch.zeros(3, 3, dtype=torch.bfloat16), [(1, 1)])
