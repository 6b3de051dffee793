import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference.center_surround import center_surround as reference

import fastsal
from fastsal import runtime
from fastsal.algorithms.center_surround import center_surround
from fastsal.io.pictures import read_image
from fastsal.kernels import launch

TOLERANCE = 1e-5
SHAPES = [(1, 1), (1, 6), (5, 1, 3), (4, 6), (6, 4, 3), (3, 4, 4)]
VARIANTS = ["fast", "vocus2"]


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """The simulator takes long to start those that have nothing to do."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 8)


def random_image(rng, shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE)


def test_vocus2_gives_the_golden_data(recordings):
    with np.load(recordings / "itti" / "vocus2.npz") as maps:
        expected = {key.split("__")[1]: maps[key] for key in maps if key.startswith("default__")}
    assert len(expected) >= 2

    for name in expected:
        image = read_image(recordings / "itti" / "images" / f"{name}.png")
        actual = center_surround(image, variant="vocus2", backend="cpu")
        np.testing.assert_allclose(
            actual[::2, ::2], expected[name], rtol=0, atol=5e-6, err_msg=name
        )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_the_definition(backend, shape, rng):
    image = random_image(rng, shape)

    actual = center_surround(image, backend=backend)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    assert_close(actual, reference(image))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    "shape", [(64, 64, 3), (300, 400, 3), (600, 31, 3), (200, 1000), (480, 640, 4)], ids=str
)
def test_large_images_match_the_definition(variant, shape, rng):
    image = random_image(rng, shape)

    assert_close(center_surround(image, variant=variant, backend="cpu"), reference(image, variant))


@pytest.mark.parametrize("period", [7, 21, 42, 62, 83])
def test_stripes_match_the_definition(period):
    """Skipped rows are hardest to detect where all rows change equally."""
    wave = 127.5 + 127.5 * np.sin(2 * np.pi * np.arange(600) / period)
    image = np.repeat(np.rint(wave).astype(np.uint8)[:, None], 40, axis=1)
    image = np.stack([image, image[::-1], 255 - image], axis=-1)

    for variant in VARIANTS:
        assert_close(center_surround(image, variant=variant, backend="cpu"),
                     reference(image, variant))  # fmt: skip


@pytest.mark.parametrize("options", [(0, 0), (0.1, 0), (0.045, 1), (0.02, 0.3)], ids=str)
def test_options_match_the_definition(options, rng):
    image = random_image(rng, (90, 120, 3))

    actual = center_surround(image, smooth=options[0], center_bias=options[1], backend="cpu")

    assert_close(actual, reference(image, "fast", *options))


def test_options_on_either_backend(backend, rng):
    image = random_image(rng, (4, 6, 3))

    actual = center_surround(image, smooth=0.2, center_bias=0.5, backend=backend)

    assert_close(actual, reference(image, "fast", 0.2, 0.5))


@pytest.mark.parametrize("variant", VARIANTS)
def test_photograph(variant):
    from skimage import data

    image = data.coffee()

    assert_close(center_surround(image, variant=variant, backend="cpu"), reference(image, variant))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)], ids=str)
def test_floats_match_the_definition(backend, shape, dtype, rng):
    image = rng.random(shape).astype(dtype)

    assert_close(center_surround(image, backend=backend), reference(image))


def test_bytes_and_their_shares_give_nearly_the_same(rng):
    image = random_image(rng, (100, 120, 3))

    actual = center_surround(image / 255, backend="cpu")

    assert_close(actual, center_surround(image, backend="cpu"))


def test_grey_is_what_its_colours_are(rng):
    image = random_image(rng, (70, 90))

    assert_close(
        center_surround(image, backend="cpu"),
        center_surround(np.dstack([image] * 3), backend="cpu"),
    )


@pytest.mark.parametrize("channels", [3, 4])
def test_order_of_the_channels(backend, channels, rng):
    image = random_image(rng, (5, 4, channels))
    turned = image.copy()
    turned[..., :3] = image[..., 2::-1]

    np.testing.assert_array_equal(
        center_surround(turned, color="bgr", backend=backend),
        center_surround(image, backend=backend),
    )


@pytest.mark.parametrize("variant", ["", "slow", None, 3])
def test_other_variants_are_refused(variant):
    with pytest.raises(ValueError, match="`variant` must be 'fast' or 'vocus2'; got"):
        center_surround(np.zeros((4, 4), np.uint8), variant=variant)


@pytest.mark.parametrize("shape", [(1, 2), (3, 4, 3)], ids=str)
def test_vocus2_on_either_backend(backend, shape, rng):
    image = random_image(rng, shape)

    actual = center_surround(image, variant="vocus2", backend=backend)

    assert_close(actual, reference(image, "vocus2"))


def test_a_patch_of_another_colour_is_found():
    image = np.full((60, 90, 3), (60, 110, 60), np.uint8)
    image[12:24, 60:72] = 160, 60, 60

    saliency = center_surround(image, backend="cpu")

    assert 12 <= saliency.argmax() // 90 < 24
    assert 60 <= saliency.argmax() % 90 < 72
    assert saliency[40:, :30].max() < 0.3


@pytest.mark.parametrize("color", [0, 77, 255, (13, 200, 77)])
@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (2, 7)], ids=str)
@pytest.mark.parametrize("center_bias", [0, 0.5])
def test_one_colour_stands_out_nowhere(backend, shape, color, center_bias):
    image = np.empty((*shape, 3), np.uint8)
    image[:] = color

    assert not center_surround(image, center_bias=center_bias, backend=backend).any()


@pytest.mark.parametrize("shape", [(300, 417, 3), (64, 64), (540, 959, 3)], ids=str)
def test_large_images_of_one_colour(shape):
    for image in (np.full(shape, 201, np.uint8), np.full(shape, 0.1, np.float32)):
        for variant in VARIANTS:
            assert not center_surround(image, variant=variant, backend="cpu").any()


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf, 255])
def test_floats_of_other_ranges_are_refused(value):
    with pytest.raises(fastsal.ImageError, match=r"floats of `image` must be in \[0, 1\]"):
        center_surround(np.full((4, 4), value, np.float32))


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
        center_surround(image)


@pytest.mark.parametrize("option", ["smooth", "center_bias"])
@pytest.mark.parametrize("value", [-0.1, 2, float("nan"), "much"])
def test_other_options_are_refused(option, value):
    with pytest.raises(ValueError, match=f"`{option}` must be a number from 0 to 1; got"):
        center_surround(np.zeros((4, 4), np.uint8), **{option: value})


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(6, 5), (2, 4, 5, 3)], ids=str)
def test_out_is_filled_and_returned(backend, shape, dtype, rng):
    image = random_image(rng, shape)
    fresh = center_surround(image, backend=backend)
    out = np.full(fresh.shape, 7, dtype)

    assert center_surround(image, out=out, backend=backend) is out

    np.testing.assert_array_equal(out, fresh if dtype == np.float32 else np.rint(255 * fresh))


@pytest.mark.parametrize("shape", [(3, 3, 5), (3, 3, 5, 3)], ids=str)
def test_stack_is_scored_frame_by_frame(backend, shape, rng):
    stack = random_image(rng, shape)
    axis = None if len(shape) == 3 else -1

    actual = center_surround(stack, channel_axis=axis, backend=backend)

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, center_surround(frame, backend=backend))


@pytest.mark.parametrize("shape", [(40, 50, 61, 3), (3, 260, 261, 3)], ids=str)
def test_large_stacks(shape, rng):
    stack = random_image(rng, shape)

    actual = center_surround(stack, backend="cpu")

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, center_surround(frame, backend="cpu"))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("shape", [(301, 402, 3), (30, 50, 61, 3)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(variant, shape, rng):
    image = random_image(rng, shape)
    many = center_surround(image, variant=variant, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = center_surround(image, variant=variant, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


@given(
    image=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=30),
        elements=st.integers(0, 255),
    ),
    variant=st.sampled_from(VARIANTS),
)
@settings(deadline=None, max_examples=60)
def test_any_small_image(image, variant):
    actual = center_surround(image, variant=variant, backend="cpu")

    assert 0 <= actual.min() <= actual.max() <= 1
    assert_close(actual, reference(image, variant))


@pytest.mark.cuda
def test_a_long_stack_goes_through_in_groups(cuda_device, rng, monkeypatch):
    from fastsal.algorithms.center_surround import _cuda

    monkeypatch.setattr(_cuda, "GROUP", 24)
    stack = random_image(rng, (5, 3, 4, 3))

    actual = center_surround(stack, backend="cuda")

    for frame, saliency in zip(stack, actual, strict=True):
        assert_close(saliency, reference(frame))


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)], ids=str)
def test_device_array_in_device_array_out(shape, cuda_device, rng):
    image = random_image(rng, shape)
    held = cuda_device.to_device(image)
    out = cuda_device.to_device(np.full((4, 6), 7, np.uint8))

    actual = center_surround(held)

    assert type(actual) is type(held)
    assert_close(actual.copy_to_host(), reference(image))
    assert center_surround(held, out=out) is out
    np.testing.assert_array_equal(out.copy_to_host(), np.rint(255 * actual.copy_to_host()))
