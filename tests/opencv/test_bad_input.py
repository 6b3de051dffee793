"""Input on which OpenCV crashes, fails or returns noise, by section."""

import numpy as np
import pytest

import fastsal
from fastsal import opencv

STATIC = [opencv.StaticSaliencySpectralResidual, opencv.StaticSaliencyFineGrained]


def one_line(error):
    assert "\n" not in str(error.value)


def saliency_of(finder, image):
    found, saliency = finder().computeSaliency(image)
    assert found is True
    return saliency


@pytest.mark.parametrize("finder", STATIC)
def test_a_fourth_channel_is_ignored(finder, photo):
    bgra = np.dstack([photo, np.full(photo.shape[:2], 9, np.uint8)])

    np.testing.assert_array_equal(saliency_of(finder, bgra), saliency_of(finder, photo))


def test_a_fourth_channel_is_ignored_by_bing(bing, photo):
    bgra = np.dstack([photo, np.full(photo.shape[:2], 9, np.uint8)])
    expected = bing.computeSaliency(photo)[1]

    np.testing.assert_array_equal(bing.computeSaliency(bgra)[1], expected)


@pytest.mark.parametrize("finder", [*STATIC, opencv.ObjectnessBING])
@pytest.mark.parametrize("channels", [2, 5])
def test_two_or_five_channels_are_refused(finder, channels):
    with pytest.raises(fastsal.ImageError, match=f"1, 3 or 4 channels; got {channels}") as error:
        finder().computeSaliency(np.zeros((30, 40, channels), np.uint8))
    one_line(error)


def test_bing_takes_grey_images(bing, photo):
    gray = photo[..., 0]
    expected = bing.computeSaliency(np.dstack([gray] * 3))[1]

    np.testing.assert_array_equal(bing.computeSaliency(gray)[1], expected)
    np.testing.assert_array_equal(bing.computeSaliency(gray[..., None])[1], expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_fine_grained_takes_floats_for_the_bytes_they_stand_for(dtype, channels, rng):
    image = rng.integers(0, 256, (30, 40, *channels), dtype=np.uint8)
    finder = opencv.StaticSaliencyFineGrained

    floats = saliency_of(finder, (image / 255).astype(dtype))

    np.testing.assert_array_equal(floats, saliency_of(finder, image))


@pytest.mark.parametrize("values", [(-2.1, 2.6), (0, 255)], ids=["normalised", "0 to 255"])
def test_fine_grained_refuses_other_floats(values, rng):
    """A user may pass floats that were normalised for a network."""
    image = rng.uniform(*values, (32, 32, 3)).astype(np.float32)

    with pytest.raises(fastsal.ImageError, match=r"floats of `image` must be in \[0, 1\]") as error:
        opencv.StaticSaliencyFineGrained_create().computeSaliency(image)
    one_line(error)


def test_spectral_residual_takes_floats_as_they_are(rng):
    image = rng.random((30, 40, 3), np.float32)
    finder = opencv.StaticSaliencySpectralResidual

    assert np.abs(saliency_of(finder, image) - saliency_of(finder, 255 * image)).max() > 0.01
    np.testing.assert_allclose(
        saliency_of(finder, image.astype(np.float64)), saliency_of(finder, image), atol=1e-5
    )


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.int32, np.int64])
def test_spectral_residual_takes_integers_of_any_size(dtype, rng):
    low = 0 if dtype == np.uint16 else -100
    image = rng.integers(low, 100, (30, 40)).astype(dtype)
    wide, finder = image.astype(np.int16), opencv.StaticSaliencySpectralResidual

    np.testing.assert_allclose(saliency_of(finder, image), saliency_of(finder, wide), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_spectral_residual_refuses_such_colours(dtype):
    with pytest.raises(fastsal.ImageError, match="colour images must have dtype uint8, ") as error:
        opencv.StaticSaliencySpectralResidual().computeSaliency(np.zeros((9, 9, 3), dtype))
    one_line(error)


def test_integers_past_32_bits_are_refused():
    with pytest.raises(fastsal.ImageError, match="32 bits"):
        opencv.StaticSaliencySpectralResidual().computeSaliency(np.full((9, 9), 1 << 40))


@pytest.mark.parametrize("dtype", [np.int16, np.int8, np.int32, np.int64, bool])
@pytest.mark.parametrize("finder", [opencv.StaticSaliencyFineGrained, opencv.ObjectnessBING])
def test_other_integers_are_refused_by_the_others(finder, dtype):
    with pytest.raises(fastsal.ImageError, match="`image` must have dtype uint8") as error:
        finder().computeSaliency(np.zeros((30, 40, 3), dtype))
    one_line(error)


@pytest.mark.parametrize("dtype", [bool, np.uint32, np.uint64, np.float16, np.complex64])
def test_dtypes_opencv_has_no_spectrum_of_are_refused(dtype):
    with pytest.raises(fastsal.ImageError, match="`image` must have dtype") as error:
        opencv.StaticSaliencySpectralResidual().computeSaliency(np.zeros((30, 40), dtype))
    one_line(error)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bing_refuses_floats_above_1(dtype):
    with pytest.raises(fastsal.ImageError, match=r"floats of `image` must be in \[0, 1\]; got"):
        opencv.ObjectnessBING().computeSaliency(np.full((30, 40, 3), 2, dtype))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("finder", STATIC)
def test_floats_that_are_none_are_refused(finder, value):
    image = np.zeros((30, 40), np.float32)
    image[3, 4] = value
    with pytest.raises(fastsal.ImageError, match="floats of `image` must") as error:
        finder().computeSaliency(image)
    one_line(error)


@pytest.mark.parametrize("finder", STATIC)
def test_a_stack_is_taken_image_by_image(finder, rng):
    stack = rng.integers(0, 256, (3, 20, 30, 3), dtype=np.uint8)
    out = np.empty((3, 20, 30), np.float32)

    _, maps = finder().computeSaliency(stack, out)

    assert maps is out
    for image, saliency in zip(stack, maps, strict=True):
        np.testing.assert_array_equal(saliency, saliency_of(finder, image))


def test_bing_refuses_a_stack(bing):
    with pytest.raises(fastsal.ImageError, match="`image` must be a single image; got a stack"):
        bing.computeSaliency(np.zeros((2, 20, 30, 3), np.uint8))


@pytest.mark.parametrize("val", [0, -5, 5000])
@pytest.mark.parametrize("name", ["setImageWidth", "setImageHeight"])
def test_sizes_of_a_spectrum_that_are_none_are_refused(name, val):
    with pytest.raises(ValueError, match="`val` must be an integer from 1 to 4096") as error:
        getattr(opencv.StaticSaliencySpectralResidual(), name)(val)
    one_line(error)


@pytest.mark.parametrize("val", ["a", 3.7, None])
def test_numbers_that_are_none_are_refused(val):
    spectral, moving = (
        opencv.StaticSaliencySpectralResidual(),
        opencv.MotionSaliencyBinWangApr2014(),
    )
    for setter in (spectral.setImageWidth, moving.setImageWidth, moving.setImageHeight,
                   opencv.ObjectnessBING().setNSS, opencv.ObjectnessBING().setW):  # fmt: skip
        with pytest.raises(TypeError):
            setter(val)


@pytest.mark.parametrize(
    "image",
    [[[1, 2], [3, 4]], 5, "abc", (1, 2, 3, 4), object()],
    ids=["list", "number", "text", "tuple", "object"],
)
@pytest.mark.parametrize("finder", [*STATIC, opencv.ObjectnessBING])
def test_what_is_no_array_is_refused(finder, image):
    with pytest.raises(fastsal.ImageError, match="`image` must be an array; got") as error:
        finder().computeSaliency(image)
    one_line(error)


@pytest.mark.parametrize("out", [[1], "out", 5])
def test_results_go_to_arrays_only(out, photo):
    with pytest.raises(fastsal.ImageError, match="the output must be an array or None; got"):
        opencv.StaticSaliencyFineGrained().computeSaliency(photo, out)


def test_results_go_to_writeable_arrays_only(photo):
    out = np.zeros((40, 50), np.float32)
    out.flags.writeable = False
    with pytest.raises(fastsal.ImageError, match="writeable"):
        opencv.StaticSaliencyFineGrained().computeSaliency(photo, out)


@pytest.mark.parametrize(
    "view",
    [lambda a: a[::-1], lambda a: a[:, ::2], lambda a: a.swapaxes(0, 1), lambda a: a[..., ::-1]],
    ids=["upside down", "every other column", "transposed", "channels reversed"],
)
def test_memory_in_any_order(view, photo, bing):
    image = view(photo)
    for finder in (*(each() for each in STATIC), bing):
        np.testing.assert_array_equal(
            finder.computeSaliency(image)[1], finder.computeSaliency(image.copy())[1]
        )


@pytest.mark.parametrize("steps", [(), ("setImagesize",)], ids=["nothing", "setImagesize only"])
def test_a_background_model_wants_init(steps):
    finder = opencv.MotionSaliencyBinWangApr2014_create()
    for step in steps:
        getattr(finder, step)(6, 5)
    with pytest.raises(fastsal.ImageError, match="before the first frame") as error:
        finder.computeSaliency(np.zeros((5, 6), np.uint8))
    one_line(error)


@pytest.mark.parametrize("size", [None, (0, 5), (6, 0), (-6, 5)])
def test_init_wants_a_size(size):
    finder = opencv.MotionSaliencyBinWangApr2014_create()
    if size is not None:
        finder.setImagesize(*size)
    with pytest.raises(ValueError, match="image size must be positive") as error:
        finder.init()
    one_line(error)


@pytest.mark.parametrize("shape", [(9, 9), (4, 6), (6, 5)], ids=["larger", "smaller", "swapped"])
def test_frames_of_another_size_are_refused(shape):
    finder = opencv.MotionSaliencyBinWangApr2014_create()
    finder.setImagesize(W=6, H=5)
    finder.init()
    with pytest.raises(
        fastsal.ImageError, match=r"`frame` must have shape \(5, 6\), as set; got"
    ) as error:
        finder.computeSaliency(np.zeros(shape, np.uint8))
    one_line(error)


def test_sizes_of_a_background_model_hold_from_init_on(photo):
    finder = opencv.MotionSaliencyBinWangApr2014_create()
    assert (finder.getImageWidth(), finder.getImageHeight()) == (0, 0)
    finder.setImagesize(W=50, H=40)
    assert (finder.getImageWidth(), finder.getImageHeight()) == (50, 40)
    finder.init()
    finder.setImageWidth(val=10)
    finder.setImageHeight(val=20)
    assert finder.computeSaliency(photo[..., 0])[0] is True
    finder.init()
    assert finder.computeSaliency(photo[:20, :10, 0])[0] is True


def test_init_starts_anew():
    finder = opencv.MotionSaliencyBinWangApr2014_create()
    finder.setImagesize(6, 5)
    frame = np.full((5, 6), 90, np.uint8)
    for _ in range(2):
        finder.init()
        masks = [finder.computeSaliency(frame)[1].mean() for _ in range(53)]
        assert masks == [1] * 51 + [0] * 2


@pytest.mark.parametrize("channels", [3, 4])
def test_frames_in_colour_are_taken_by_their_luma(channels, rng):
    frames = rng.integers(0, 256, (3, 5, 6, channels), dtype=np.uint8)
    colour, stream = opencv.MotionSaliencyBinWangApr2014_create(), fastsal.BinWang(color="bgr")
    colour.setImagesize(6, 5)
    colour.init()

    for frame in frames:
        np.testing.assert_array_equal(colour.computeSaliency(frame)[1], stream.update(frame))


@pytest.mark.parametrize("dtype", [np.int16, np.float16])
def test_frames_of_other_dtypes_are_refused(dtype):
    finder = opencv.MotionSaliencyBinWangApr2014_create()
    finder.setImagesize(6, 5)
    finder.init()
    with pytest.raises(fastsal.ImageError, match="`frame` must have dtype uint8,") as error:
        finder.computeSaliency(np.zeros((5, 6), dtype))
    one_line(error)


def test_frames_of_under_four_pixels_work():
    finder = opencv.MotionSaliencyBinWangApr2014_create()
    finder.setImagesize(2, 3)
    finder.init()
    for _ in range(300):
        mask = finder.computeSaliency(np.full((3, 2), 90, np.uint8))[1]
    assert not mask.any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_binary_maps_of_no_number_are_refused(value):
    saliency = np.zeros((4, 5), np.float32)
    saliency[1, 2] = value
    with pytest.raises(fastsal.ImageError, match="finite") as error:
        opencv.StaticSaliencyFineGrained().computeBinaryMap(saliency)
    one_line(error)


@pytest.mark.parametrize(
    "saliency",
    [np.zeros((2, 2), np.float32), np.zeros((4, 5, 3), np.float32), np.zeros((4, 5)), None,
     np.zeros((4, 5), np.uint8), np.zeros((0, 5), np.float32), [[0.5]]],
    ids=["under five pixels", "three channels", "float64", "none", "bytes", "empty", "list"],
)  # fmt: skip
def test_binary_maps_of_other_forms_are_refused(saliency):
    with pytest.raises(fastsal.ImageError, match=" must ") as error:
        opencv.StaticSaliencyFineGrained().computeBinaryMap(saliency)
    one_line(error)


def test_a_binary_map_refused_draws_no_numbers(rng):
    saliency, finder = rng.random((20, 30), np.float32), opencv.StaticSaliencyFineGrained()
    opencv.setRNGSeed(3)
    expected = finder.computeBinaryMap(saliency)[1]
    opencv.setRNGSeed(3)
    with pytest.raises(fastsal.ImageError):
        finder.computeBinaryMap(np.zeros((2, 2), np.float32))

    np.testing.assert_array_equal(finder.computeBinaryMap(saliency)[1], expected)


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8", "<f8", ">i2", ">i4", ">i8"])
def test_numbers_of_either_byte_order(dtype, rng):
    levels = rng.integers(0, 256, (30, 40), dtype=np.uint8)
    values, native = levels.astype(dtype), levels.astype(np.dtype(dtype).newbyteorder("="))
    finder = opencv.StaticSaliencySpectralResidual
    np.testing.assert_array_equal(saliency_of(finder, values), saliency_of(finder, native))

    if values.dtype.kind == "f":
        finder, values, native = opencv.StaticSaliencyFineGrained, values / 255, native / 255
        np.testing.assert_array_equal(
            saliency_of(finder, values.astype(dtype)), saliency_of(finder, native)
        )


def test_maps_of_either_byte_order(rng):
    saliency = rng.random((20, 30), np.float32)
    finder, binary = opencv.StaticSaliencyFineGrained(), []
    for values in (saliency, saliency.astype(">f4")):
        opencv.setRNGSeed(3)
        binary.append(finder.computeBinaryMap(values)[1])

    np.testing.assert_array_equal(*binary)


@pytest.mark.parametrize("finder", [*STATIC, opencv.ObjectnessBING])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_wider_dtypes_count_as_the_bytes_they_stand_for(finder, dtype, photo):
    if finder is opencv.StaticSaliencySpectralResidual:
        return  # it does not scale values
    wide = photo * np.uint16(257) if dtype == "uint16" else (photo / 255).astype(dtype)

    np.testing.assert_array_equal(
        finder().computeSaliency(wide)[1], finder().computeSaliency(photo)[1]
    )


@pytest.mark.parametrize("finder", [*STATIC, opencv.ObjectnessBING])
def test_channels_in_front_are_refused_with_the_remedy(finder, photo):
    with pytest.raises(fastsal.ImageError, match=r"np\.moveaxis\(image, 0, -1\)") as error:
        finder().computeSaliency(np.moveaxis(photo, -1, 0))
    one_line(error)
    assert "channel_axis" not in str(error.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_floats_are_scored_or_refused(dtype, rng):
    signs = np.where(rng.random((30, 40, 3)) < 0.5, 1, -0.3).astype(dtype)
    found = saliency_of(opencv.StaticSaliencySpectralResidual, signs * dtype(1e12))
    assert np.isfinite(found).all()
    for value in (1.1e12, -1e30, 3e38):
        with pytest.raises(fastsal.ImageError, match=r"floats of `image` .* to 1e\+12; got"):
            saliency_of(opencv.StaticSaliencySpectralResidual, signs * dtype(value))


@pytest.mark.parametrize("value", [1e30, 1.1e30, 1e35, 3e38])
def test_maps_of_large_values_are_cut_or_refused(value, rng):
    saliency = (rng.random((8, 9)) * value).astype(np.float32)
    finder = opencv.StaticSaliencyFineGrained()
    if value == 1e30:
        assert set(np.unique(finder.computeBinaryMap(saliency)[1])) <= {0, 255}
        return
    with pytest.raises(fastsal.ImageError, match=r"floats of `saliency` .* to 1e\+30; got"):
        finder.computeBinaryMap(saliency)
