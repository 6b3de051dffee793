import importlib

import numpy as np
import pytest
from reference.reconstruction import reconstruct as reference

from fastsal import runtime


def reconstruct(backend, seeds, masks):
    module = importlib.import_module(f"fastsal.kernels.reconstruction._{backend}")
    maps = np.minimum(seeds, masks)
    module.reconstruct(masks, maps)
    return maps


def spiral(side):
    """Return a mask of one path that winds inwards, the worst case for sweeps."""
    mask = np.zeros((side, side), np.uint8)
    row = col = turn = 0
    steps = ((0, 1), (1, 0), (0, -1), (-1, 0))
    mask[0, 0] = 200
    while True:
        moved = False
        for _ in range(2):
            down, across = steps[turn % 4]
            while True:
                ahead = row + 2 * down, col + 2 * across
                inside = 0 <= row + down < side and 0 <= col + across < side
                if not inside or (0 <= ahead[0] < side and 0 <= ahead[1] < side and mask[ahead]):
                    break
                row, col = row + down, col + across
                if mask[row, col]:
                    return mask
                mask[row, col] = 200
                moved = True
            turn += 1
        if not moved:
            return mask


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 6), (1, 7, 1), (2, 6, 9)], ids=str)
def test_small_images(backend, shape, rng):
    masks = rng.integers(0, 256, shape, dtype=np.uint8)
    seeds = np.where(rng.random(shape) < 0.2, masks, 0).astype(np.uint8)

    actual = reconstruct(backend, seeds, masks)

    for seed, mask, found in zip(seeds, masks, actual, strict=True):
        np.testing.assert_array_equal(found, reference(seed, mask))


def test_a_spiral(backend):
    mask = spiral(9 if runtime.is_simulated() else 41)
    seed = np.zeros_like(mask)
    seed[0, 0] = 150

    (actual,) = reconstruct(backend, seed[None], mask[None])

    np.testing.assert_array_equal(actual, reference(seed, mask))
    assert (actual > 0).sum() > mask.size // 3


def test_large_stacks_on_all_threads(rng):
    masks = rng.integers(0, 256, (3, 120, 131), dtype=np.uint8)
    seeds = np.where(rng.random(masks.shape) < 0.01, masks, 0).astype(np.uint8)

    actual = reconstruct("cpu", seeds, masks)

    for seed, mask, found in zip(seeds, masks, actual, strict=True):
        np.testing.assert_array_equal(found, reference(seed, mask))
