import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference.image_signature import doubtful_waves
from reference.image_signature import image_signature as reference

import fastsal
from fastsal import runtime
from fastsal.algorithms.image_signature import image_signature
from fastsal.kernels import launch

TOLERANCE = 5e-6
SHAPES = [(1, 1), (1, 9), (9, 1, 3), (5, 7), (7, 5, 3), (6, 4, 4)]


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """The simulator takes long to start those that have nothing to do."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 8)


def random_image(rng, shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def assert_close(actual, expected, image):
    """Compare two maps, with tolerance for DCT coefficients with signs that rounding decides."""
    tolerance = TOLERANCE + 0.02 * doubtful_waves(image)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_the_definition(backend, shape, rng):
    image = random_image(rng, shape)

    actual = image_signature(image, backend=backend)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    assert_close(actual, reference(image), image)


@pytest.mark.parametrize(
    "shape", [(64, 64, 3), (300, 400, 3), (600, 31, 3), (200, 1000), (480, 640, 4)], ids=str
)
def test_large_images_match_the_definition(shape, rng):
    image = random_image(rng, shape)

    assert_close(image_signature(image, backend="cpu"), reference(image), image)


@pytest.mark.parametrize("options", [(0, 0), (0.1, 0), (0.045, 1), (0.02, 0.3)], ids=str)
def test_options_match_the_definition(options, rng):
    image = random_image(rng, (90, 120, 3))

    actual = image_signature(image, smooth=options[0], center_bias=options[1], backend="cpu")

    assert_close(actual, reference(image, *options), image)


def test_options_on_either_backend(backend, rng):
    image = random_image(rng, (4, 6, 3))

    actual = image_signature(image, smooth=0.2, center_bias=0.5, backend=backend)

    assert_close(actual, reference(image, 0.2, 0.5), image)


def test_photograph():
    from skimage import data

    image = data.coffee()

    assert_close(image_signature(image, backend="cpu"), reference(image), image)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)], ids=str)
def test_floats_match_the_definition(backend, shape, dtype, rng):
    image = rng.random(shape).astype(dtype)

    assert_close(image_signature(image, backend=backend), reference(image), image)


def test_bytes_and_their_shares_give_nearly_the_same(rng):
    image = random_image(rng, (100, 120, 3))

    actual = image_signature(image / 255, backend="cpu")

    assert_close(actual, image_signature(image, backend="cpu"), image)


def test_grey_is_what_its_colours_are(rng):
    image = random_image(rng, (70, 90))

    assert_close(
        image_signature(image, backend="cpu"),
        image_signature(np.dstack([image] * 3), backend="cpu"),
        image,
    )


@pytest.mark.parametrize("channels", [3, 4])
def test_order_of_the_channels(backend, channels, rng):
    image = random_image(rng, (5, 4, channels))
    turned = image.copy()
    turned[..., :3] = image[..., 2::-1]

    np.testing.assert_array_equal(
        image_signature(turned, color="bgr", backend=backend),
        image_signature(image, backend=backend),
    )


def test_a_patch_of_another_colour_is_found():
    image = np.full((60, 90, 3), (60, 110, 60), np.uint8)
    image[12:24, 60:72] = 160, 60, 60

    saliency = image_signature(image, backend="cpu")

    assert 12 <= saliency.argmax() // 90 < 24
    assert 60 <= saliency.argmax() % 90 < 72
    assert saliency[40:, :30].max() < 0.3


@pytest.mark.parametrize("color", [0, 77, 255, (13, 200, 77)])
@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (2, 7)], ids=str)
@pytest.mark.parametrize("center_bias", [0, 0.5])
def test_one_colour_stands_out_nowhere(backend, shape, color, center_bias):
    image = np.empty((*shape, 3), np.uint8)
    image[:] = color

    assert not image_signature(image, center_bias=center_bias, backend=backend).any()


@pytest.mark.parametrize("shape", [(300, 417, 3), (64, 64), (1081, 1919, 3)], ids=str)
def test_large_images_of_one_colour(shape):
    for image in (np.full(shape, 201, np.uint8), np.full(shape, 0.1, np.float32)):
        assert not image_signature(image, backend="cpu").any()


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf, 255])
def test_floats_of_other_ranges_are_refused(value):
    with pytest.raises(fastsal.ImageError, match=r"floats of `image` must be in \[0, 1\]"):
        image_signature(np.full((4, 4), value, np.float32))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.int16),
        np.zeros((4, 4), bool),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros(4, np.uint8),
    ],
    ids=["int16", "bool", "two channels", "empty", "rank 1"],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(fastsal.ImageError, match="image"):
        image_signature(image)


@pytest.mark.parametrize("option", ["smooth", "center_bias"])
@pytest.mark.parametrize("value", [-0.1, 2, float("nan"), "much", None])
def test_other_options_are_refused(option, value):
    with pytest.raises(ValueError, match=f"`{option}` must be a number from 0 to 1; got"):
        image_signature(np.zeros((4, 4), np.uint8), **{option: value})


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(6, 5), (2, 4, 5, 3)], ids=str)
def test_out_is_filled_and_returned(backend, shape, dtype, rng):
    image = random_image(rng, shape)
    fresh = image_signature(image, backend=backend)
    out = np.full(fresh.shape, 7, dtype)

    assert image_signature(image, out=out, backend=backend) is out

    np.testing.assert_array_equal(out, fresh if dtype == np.float32 else np.rint(255 * fresh))


@pytest.mark.parametrize("shape", [(3, 3, 5), (3, 3, 5, 3)], ids=str)
def test_stack_is_scored_frame_by_frame(backend, shape, rng):
    stack = random_image(rng, shape)
    axis = None if len(shape) == 3 else -1

    actual = image_signature(stack, channel_axis=axis, backend=backend)

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, image_signature(frame, backend=backend))


@pytest.mark.parametrize("shape", [(40, 50, 61, 3), (3, 260, 261, 3)], ids=str)
def test_large_stacks(shape, rng):
    stack = random_image(rng, shape)

    actual = image_signature(stack, backend="cpu")

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, image_signature(frame, backend="cpu"))


@pytest.mark.parametrize("shape", [(301, 402, 3), (30, 50, 61, 3)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape, rng):
    image = random_image(rng, shape)
    many = image_signature(image, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = image_signature(image, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


@given(
    image=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=30),
        elements=st.integers(0, 255),
    )
)
@settings(deadline=None, max_examples=60)
def test_any_small_image(image):
    actual = image_signature(image, backend="cpu")

    assert 0 <= actual.min() <= actual.max() <= 1
    assert_close(actual, reference(image), image)


@pytest.mark.cuda
def test_a_long_stack_goes_through_in_groups(cuda_device, rng, monkeypatch):
    from fastsal.algorithms.image_signature import _cuda

    monkeypatch.setattr(_cuda, "GROUP", 2)
    stack = random_image(rng, (5, 3, 4, 3))

    actual = image_signature(stack, backend="cuda")

    for frame, saliency in zip(stack, actual, strict=True):
        assert_close(saliency, reference(frame), frame)


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)], ids=str)
def test_device_array_in_device_array_out(shape, cuda_device, rng):
    image = random_image(rng, shape)
    held = cuda_device.to_device(image)
    out = cuda_device.to_device(np.full((4, 6), 7, np.uint8))

    actual = image_signature(held)

    assert type(actual) is type(held)
    assert_close(actual.copy_to_host(), reference(image), image)
    assert image_signature(held, out=out) is out
    np.testing.assert_array_equal(out.copy_to_host(), np.rint(255 * actual.copy_to_host()))
