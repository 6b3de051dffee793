import importlib

import cv2
import numpy as np
import pytest


def planes_of(image):
    return np.ascontiguousarray(np.moveaxis(image, -1, 0)[None])


def lab_of(backend, image):
    module = importlib.import_module(f"fastsal.kernels.lab_bytes._{backend}")
    colors = planes_of(image)
    lab = np.full_like(colors, 128)
    module.fill_lab(colors, lab)
    return np.moveaxis(lab[0], 0, -1)


def test_every_colour_is_opencvs():
    grid = np.arange(256, dtype=np.uint8)
    for red in range(256):
        colours = np.empty((256, 256, 3), np.uint8)
        colours[..., 0] = red
        colours[..., 1] = grid[:, None]
        colours[..., 2] = grid
        np.testing.assert_array_equal(
            lab_of("cpu", colours), cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_either_backend(backend, channels, rng):
    image = rng.integers(0, 256, (4, 7, channels), dtype=np.uint8)
    colours = np.repeat(image, 3, -1) if channels == 1 else image

    expected = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[..., :channels]

    np.testing.assert_array_equal(lab_of(backend, image), expected)
