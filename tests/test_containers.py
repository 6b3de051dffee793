"""Images other than plain arrays: PIL images, masked arrays, lists, foreign objects."""

import numpy as np
import pytest
from PIL import Image

import fastsal

STATIC = [row for row in fastsal.METHODS.values() if row.kind == "static"]


@pytest.fixture
def picture(rng):
    """Return a PIL image in RGB, of few colours so that a palette keeps them."""
    colors = rng.integers(0, 256, (6, 3), dtype=np.uint8)
    return Image.fromarray(colors[rng.integers(0, 6, (32, 40))])


def score(image, **options):
    return fastsal.luminance_contrast(image, **options)


@pytest.mark.parametrize("mode", ["P", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "RGBa", "PA"])
def test_pictures_in_colour_are_read_as_rgb(mode, picture):
    converted = picture.convert("RGBA").convert(mode) if mode in ("PA", "RGBa") else (
        picture.convert(mode)
    )  # fmt: skip
    back = converted.convert("RGBA") if mode == "RGBa" else converted.convert("RGB")

    np.testing.assert_array_equal(score(converted), score(np.asarray(back)[..., :3]))


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_pictures(mode, picture):
    converted = picture.convert(mode)

    np.testing.assert_array_equal(score(converted), score(np.asarray(converted.convert("L"))))


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
def test_pictures_of_sixteen_bits(mode, rng):
    levels = rng.integers(0, 65_536, (9, 11), dtype=np.uint16)
    if mode == "I":
        picture = Image.fromarray(levels.astype(np.int32))
    else:
        order = "<u2" if mode == "I;16" else ">u2"
        picture = Image.frombytes(mode, (11, 9), levels.astype(order).tobytes())
    assert picture.mode == mode

    np.testing.assert_array_equal(score(picture), score(levels))


def test_pictures_of_floats(rng):
    levels = rng.random((9, 11), np.float32)

    np.testing.assert_array_equal(score(Image.fromarray(levels)), score(levels))
    with pytest.raises(fastsal.ImageError, match=r"in \[0, 1\]; got"):
        score(Image.fromarray(levels * 255))


def test_pictures_that_cannot_be_read_are_refused():
    for mode, level in (("I", 70_000), ("I", -1)):
        bad = Image.new(mode, (3, 4), level)
        with pytest.raises(fastsal.ImageError, match=f"mode {mode}") as error:
            score(bad)
        assert "\n" not in str(error.value)


def test_transparent_palettes(picture):
    indexed = picture.convert("P")
    indexed.info["transparency"] = bytes(range(6))

    opaque = indexed.convert("RGBA").convert("RGB")
    np.testing.assert_array_equal(score(indexed), score(np.asarray(opaque)))


@pytest.mark.parametrize("row", STATIC, ids=lambda row: row.key)
def test_masks_are_refused_unless_they_mask_nothing(row, rng):
    function = getattr(fastsal, row.function)
    image = rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)
    masked = np.ma.array(image, mask=False)
    np.testing.assert_array_equal(function(masked), function(image))

    masked[3, 4] = np.ma.masked
    with pytest.raises(fastsal.ImageError, match=r"must have no masked elements; got 3; .*filled"):
        function(masked)


def test_masks_elsewhere_are_refused():
    values, masked = np.zeros((8, 9), np.uint8), np.ma.masked_equal(np.zeros((8, 9), np.uint8), 0)
    calls = [
        lambda x: fastsal.binary_map(x),
        lambda x: fastsal.scanpath(x),
        lambda x: fastsal.salient_boxes(x),
        lambda x: fastsal.overlay(values, x),
        lambda x: fastsal.overlay(x, values),
        lambda x: fastsal.region_stats(values, x),
        lambda x: fastsal.slic(values, initial=x),
        lambda x: fastsal.superpixels.draw_boundaries(values, x),
        lambda x: fastsal.superpixels.slic_like_skimage(x, channel_axis=None),
        lambda x: fastsal.luminance_contrast(values, out=np.ma.masked_equal(values, 0)),
        lambda x: fastsal.luminance_contrast([values, x], channel_axis=None),
        lambda x: fastsal.opencv.StaticSaliencyFineGrained_create().computeSaliency(x),
    ]
    for call in calls:
        with pytest.raises(fastsal.ImageError, match="no masked elements"):
            call(masked)


def test_lists_of_pictures_are_stacks(picture):
    stack = [picture.convert("P"), picture]

    read = [np.asarray(each.convert("RGB")) for each in stack]
    np.testing.assert_array_equal(score(stack), score(np.stack(read)))


class Like:
    """An object that NumPy can read, as those of pandas are."""

    def __init__(self, array, error=None):
        self.array, self.error = array, error

    def __array__(self, dtype=None, copy=None):
        if self.error:
            raise self.error
        return self.array


def test_objects_that_numpy_reads(rng):
    image = rng.integers(0, 256, (9, 11), dtype=np.uint8)
    for other in (Like(image), memoryview(image), list(image), tuple(image)):
        np.testing.assert_array_equal(score(other), score(image))


@pytest.mark.parametrize("error", [KeyError("no"), RuntimeError("two\nlines"), AttributeError()])
def test_errors_of_others_become_one_line(error):
    with pytest.raises(fastsal.ImageError, match="`image` must be an array; got Like") as raised:
        score(Like(None, error))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("dtype", ["float16", "bool"])
def test_other_dtypes_are_refused_with_the_remedy(dtype):
    with pytest.raises(fastsal.ImageError, match=f"got {dtype} .*; convert it with astype"):
        score(np.zeros((3, 4), dtype))
