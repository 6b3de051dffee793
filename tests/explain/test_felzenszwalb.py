"""Felzenszwalb's segments against scikit-image and the definition."""

import warnings

import numpy as np
import pytest
from reference.felzenszwalb import felzenszwalb as reference
from scipy import ndimage
from skimage import data, segmentation

import fastsal
from fastsal.superpixels import felzenszwalb

SCALES = (1, 50, 1200)


def by_skimage(image, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # more than three channels
        return segmentation.felzenszwalb(image, **options)


def images():
    rng = np.random.default_rng(5)
    yield "photo", data.chelsea()[40:160, 100:240]
    yield "floats", data.coffee()[:90, :120] / 255
    yield "float32", (data.coffee()[:90, :120] / 255).astype(np.float32)
    yield "grey", data.camera()[100:200, 200:330]
    yield "16 bits", data.camera()[100:180, 200:300].astype(np.uint16) * 257
    yield "cartoon", data.checkerboard()[:90, :80]
    yield "few levels", rng.integers(0, 3, (50, 60, 3)).astype(np.uint8)
    yield "flat", np.full((30, 20, 3), 7, np.uint8)
    yield "two channels", rng.random((30, 40, 2))
    yield "eight channels", rng.integers(0, 9, (40, 30, 8)).astype(np.uint8)
    yield "nine channels", rng.random((30, 40, 9))
    yield "one row", rng.random((1, 50, 3))
    yield "one column", rng.random((50, 1))
    yield "one pixel", rng.random((1, 1, 3))


IMAGES = dict(images())


@pytest.mark.parametrize("sigma", [0.8, 0, 2.5])
@pytest.mark.parametrize("min_size", [1, 20, 150])
@pytest.mark.parametrize("name", IMAGES)
def test_labels_are_those_of_scikit_image(name, min_size, sigma):
    image = IMAGES[name]
    options = {"sigma": sigma, "min_size": min_size,
               "channel_axis": -1 if image.ndim == 3 else None}  # fmt: skip
    together = felzenszwalb(image, scale=SCALES, **options)

    assert together.dtype == np.int32
    assert together.shape == (len(SCALES), *image.shape[:2])
    for labels, scale in zip(together, SCALES, strict=True):
        np.testing.assert_array_equal(labels, by_skimage(image, scale=scale, **options))
        np.testing.assert_array_equal(labels, felzenszwalb(image, scale=scale, **options))


def test_labels_are_those_of_the_definition(rng):
    image = rng.random((13, 17, 3))
    blurred = ndimage.gaussian_filter(image, (0.8, 0.8, 0), mode="reflect")
    for scale in (10, 300):
        np.testing.assert_array_equal(
            felzenszwalb(image, scale=scale, min_size=6), reference(blurred, scale, 6)
        )


def test_a_scale_of_zero_merges_only_what_is_small(rng):
    image = rng.integers(0, 4, (20, 30)).astype(np.uint8)
    np.testing.assert_array_equal(
        felzenszwalb(image, scale=0, sigma=0, min_size=5, channel_axis=None),
        by_skimage(image, scale=0, sigma=0, min_size=5, channel_axis=None),
    )


def test_the_input_stays_writable_and_unchanged(rng):
    image = rng.random((20, 20, 3))
    before = image.copy()
    felzenszwalb(image, sigma=0)
    assert image.flags.writeable
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": -1}, "`scale` must be a number from 0"),
        ({"scale": []}, "`scale` must be a number from 0 up, or a sequence"),
        ({"scale": "many"}, "`scale` must be"),
        ({"scale": np.nan}, "`scale` must be"),
        ({"sigma": -0.1}, "`sigma` must be"),
        ({"min_size": 2.5}, "`min_size` must be an integer"),
        ({"channel_axis": 3}, "`channel_axis` must be"),
    ],
)
def test_wrong_options_are_one_line(options, message):
    with pytest.raises(ValueError, match=message) as error:
        felzenszwalb(np.zeros((4, 5, 3)), **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "image",
    [np.zeros((0, 4)), np.zeros(5), np.zeros((2, 3, 4, 3)), np.full((3, 3), np.nan),
     np.array([["a"]]), np.zeros((3, 3), complex), None],
    ids=["empty", "1-D", "4-D", "NaN", "text", "complex", "None"],
)  # fmt: skip
def test_wrong_images_are_one_line(image):
    with pytest.raises(fastsal.ImageError) as error:
        felzenszwalb(image)
    assert "\n" not in str(error.value)
