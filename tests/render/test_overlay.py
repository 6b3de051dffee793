from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsal


@pytest.fixture
def image(rng):
    return rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)


@pytest.fixture
def saliency(rng):
    return rng.random((9, 11), np.float32)


def inferno(saliency):
    """The colours of a map, RGB, by OpenCV."""
    levels = np.rint(255 * np.float64(saliency)).astype(np.uint8)
    return cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1]


@pytest.mark.parametrize("alpha", [0, 0.25, 0.5, 1])
def test_is_the_weighted_mean_of_picture_and_colours(alpha, image, saliency):
    picture = fastsal.overlay(image, saliency, alpha=alpha)

    expected = (1 - alpha) * image + alpha * inferno(saliency).astype(float)
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(picture, expected, rtol=0, atol=0.5001)


@pytest.mark.parametrize("alpha", [0, 0.25, 0.5, 1])
def test_salient_pixels_get_more_colour(alpha, image, saliency):
    saliency[:2] = 0
    picture = fastsal.overlay(image, saliency, alpha=alpha, blend="saliency")

    levels = np.rint(255 * np.float64(saliency)) / 255
    weight = np.sqrt(alpha * levels)[..., None]
    expected = (1 - weight) * image + weight * inferno(saliency).astype(float)
    np.testing.assert_allclose(picture, expected, rtol=0, atol=0.51)
    np.testing.assert_array_equal(picture[:2], image[:2])


def test_an_unknown_blend_is_refused(image, saliency):
    with pytest.raises(ValueError, match="`blend` must be 'uniform' or 'saliency'; got 'screen'"):
        fastsal.overlay(image, saliency, blend="screen")


def test_the_ends_of_alpha_are_the_picture_and_the_map(image, saliency):
    np.testing.assert_array_equal(fastsal.overlay(image, saliency, alpha=0), image)
    np.testing.assert_array_equal(fastsal.overlay(image, saliency, alpha=1), inferno(saliency))


def test_bgr_is_rgb_the_other_way_round(image, saliency):
    rgb = fastsal.overlay(image, saliency)
    bgr = fastsal.overlay(image[..., ::-1], saliency, color="bgr")

    np.testing.assert_array_equal(rgb, bgr[..., ::-1])


def test_grey_pictures_and_pictures_with_alpha(image, saliency):
    gray = image[..., 0]
    expected = fastsal.overlay(np.stack([gray] * 3, axis=-1), saliency)
    with_alpha = np.concatenate([image, image[..., :1]], axis=-1)

    np.testing.assert_array_equal(fastsal.overlay(gray, saliency), expected)
    np.testing.assert_array_equal(fastsal.overlay(gray[..., None], saliency), expected)
    np.testing.assert_array_equal(
        fastsal.overlay(with_alpha, saliency), fastsal.overlay(image, saliency)
    )


def test_maps_of_bytes_and_of_doubles(image, saliency):
    levels = np.rint(255 * saliency).astype(np.uint8)
    expected = fastsal.overlay(image, saliency)

    np.testing.assert_array_equal(fastsal.overlay(image, levels), expected)
    np.testing.assert_array_equal(fastsal.overlay(image, saliency.astype(float)), expected)


def test_inputs_of_any_layout_are_left_alone(image, saliency):
    before = image.copy(), saliency.copy()
    expected = fastsal.overlay(image, saliency)
    for strange in (np.asfortranarray(image), image[::-1].copy()[::-1]):
        strange.flags.writeable = False
        np.testing.assert_array_equal(fastsal.overlay(strange, saliency), expected)
    np.testing.assert_array_equal(fastsal.overlay(image, np.asfortranarray(saliency)), expected)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(saliency, before[1])


@pytest.mark.parametrize("colormap", ["inferno", "JET", "viridis", "turbo"])
def test_colormaps_are_opencvs(colormap, image):
    ramp = np.tile(np.arange(99, dtype=np.uint8), (9, 1))[:, :11]
    code = getattr(cv2, f"COLORMAP_{colormap.upper()}")

    picture = fastsal.overlay(image, ramp, alpha=1, colormap=colormap, color="bgr")

    np.testing.assert_array_equal(picture, cv2.applyColorMap(np.ascontiguousarray(ramp), code))


BAD = {
    "sizes that differ": (lambda i, s: (i, s[1:]), "must have the same height and width; got"),
    "float picture": (lambda i, s: (i / 100, s), r"floats of `image` must be in \[0, 1\]"),
    "picture of two channels": (lambda i, s: (i[..., :2], s), "`image` must have 1, 3 or 4"),
    "stack of pictures": (lambda i, s: (i[None], s), "`image` must be a single image"),
    "empty picture": (lambda i, s: (i[:0], s[:0]), "`image` must not be empty"),
    "no picture": (lambda i, s: (None, s), "`image` must be an array"),
    "map of colours": (lambda i, s: (i, i), "`saliency` must be a single image"),
    "map of ints": (lambda i, s: (i, s.astype(int)), "`saliency` must have dtype"),
    "no map": (lambda i, s: (i, None), "`saliency` must be an array"),
    "map above 1": (lambda i, s: (i, s + 1), r"`saliency` must be in \[0, 1\]; got"),
    "map below 0": (lambda i, s: (i, s - 1), r"`saliency` must be in \[0, 1\]; got"),
    "map with NaN": (lambda i, s: (i, np.where(s < 0.5, np.nan, s)), r"in \[0, 1\]; got"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD.keys())
def test_bad_inputs_are_refused(spoil, message, image, saliency):
    with pytest.raises(fastsal.ImageError, match=message) as error:
        fastsal.overlay(*spoil(image, saliency))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -0.1}, r"`alpha` must be a number from 0 to 1; got -0.1"),
        ({"alpha": 1.1}, r"`alpha` must be a number from 0 to 1; got 1.1"),
        ({"alpha": float("nan")}, r"`alpha` must be a number from 0 to 1; got nan"),
        ({"colormap": "rainbows"}, "`colormap` must be autumn, .*viridis.*; got 'rainbows'"),
        ({"color": "gray"}, "`color` must be 'rgb' or 'bgr'; got 'gray'"),
    ],
)
def test_bad_options_are_refused(options, message, image, saliency):
    with pytest.raises(ValueError, match=message):
        fastsal.overlay(image, saliency, **options)


@given(height=st.integers(1, 9), width=st.integers(1, 9), level=st.integers(0, 255))
@settings(deadline=None, max_examples=30)
def test_any_size(height, width, level):
    image = np.full((height, width), level, np.uint8)

    picture = fastsal.overlay(image, image)

    assert picture.shape == (height, width, 3)
    assert (picture == picture[0, 0]).all()


@pytest.mark.parametrize("alpha", [True, np.True_, "0.5", None, float("nan"), -0.1, 1.1, [0.5]])
def test_alpha_that_is_no_number_in_range_is_refused(alpha, image, saliency):
    with pytest.raises(ValueError, match=r"`alpha` must be a number from 0 to 1; got"):
        fastsal.overlay(image, saliency, alpha=alpha)


@pytest.mark.parametrize("colormap", [3, None, ["inferno"], "nonsense", ""])
def test_colormaps_that_there_are_not(colormap, image, saliency):
    with pytest.raises(ValueError, match=r"`colormap` must be autumn, .* got"):
        fastsal.overlay(image, saliency, colormap=colormap)


@pytest.mark.parametrize("color", [3, None, ["rgb"], "RGB"])
def test_colors_that_there_are_not(color, image, saliency):
    with pytest.raises(ValueError, match="`color` must be 'rgb' or 'bgr'; got"):
        fastsal.overlay(image, saliency, color=color)


@pytest.mark.parametrize("shape", [(0, 0), (0, 11), (9, 0)])
def test_an_empty_map_is_refused(shape, image):
    with pytest.raises(fastsal.ImageError, match="`saliency` must not be empty"):
        fastsal.overlay(image, np.empty(shape, np.float32))


@pytest.mark.parametrize("dtype", ["uint16", "float32", ">f8"])
def test_pictures_of_other_dtypes(dtype, image, saliency):
    scale = 257 if dtype == "uint16" else 1 / 255
    picture = (image * np.float64(scale)).round(12).astype(dtype)

    np.testing.assert_array_equal(
        fastsal.overlay(picture, saliency.astype(">f4")), fastsal.overlay(image, saliency)
    )


def test_channels_in_front(image, saliency):
    turned = np.moveaxis(image, -1, 0)

    np.testing.assert_array_equal(
        fastsal.overlay(turned, saliency, channel_axis=0), fastsal.overlay(image, saliency)
    )


def test_fractions_are_numbers(image, saliency):
    np.testing.assert_array_equal(
        fastsal.overlay(image, saliency, alpha=Fraction(1, 2)), fastsal.overlay(image, saliency)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_percentile_is_shown_as_1(dtype):
    values = np.linspace(0, 0.1, 4000, dtype=np.float32).reshape(40, 100)
    saliency = values if dtype == np.float32 else np.rint(255 * values).astype(np.uint8)
    image = np.zeros((40, 100), np.uint8)

    shown = fastsal.overlay(image, saliency, alpha=1, percentile=50)
    brighter = np.minimum(saliency / np.percentile(saliency, 50), 1)
    expected = fastsal.overlay(image, brighter.astype(np.float32), alpha=1)

    np.testing.assert_allclose(shown.astype(int), expected.astype(int), rtol=0, atol=8)
    assert (shown[20:] == shown[-1, -1]).all(-1).mean() > 0.98


def test_sparse_and_empty_maps_at_a_percentile():
    image, saliency = np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.float32)
    plain = fastsal.overlay(image, saliency, alpha=1)
    np.testing.assert_array_equal(fastsal.overlay(image, saliency, alpha=1, percentile=95), plain)
    saliency[3, 3] = 0.2  # the greatest value stands for the percentile, which is 0
    white = fastsal.overlay(image, np.ones_like(saliency), alpha=1)[0, 0]
    shown = fastsal.overlay(image, saliency, alpha=1, percentile=95)
    np.testing.assert_array_equal(shown[3, 3], white)
    np.testing.assert_array_equal(shown[0, 0], plain[0, 0])


@pytest.mark.parametrize("percentile", [0, 101, -1, float("nan"), "high", True])
def test_other_percentiles_are_refused(percentile):
    with pytest.raises(ValueError, match="`percentile` must be a number above 0, up to 100; got"):
        fastsal.overlay(np.zeros((4, 4), np.uint8), np.zeros((4, 4)), percentile=percentile)
