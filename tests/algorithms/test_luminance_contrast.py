import threading
import time

import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference.luma import luma
from reference.luminance_contrast import luminance_contrast as reference

import fastsal
from fastsal.kernels.launch import PARALLEL_FROM

SHAPES = [(1, 1), (1, 9), (11, 1), (7, 5), (33, 31)]


def levels_around(count):
    """Sizes on both sides of `count` pixels, some not a multiple of the 8 of a 64-bit word."""
    return [(1, count - 1), (1, count), (3, count // 3 + 1), (257, count // 256)]


def random_image(rng, shape, dtype=np.uint8):
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def by_histogram(gray):
    """The definition again, summed by levels, for images too large for every pair of pixels."""
    levels, inverse, counts = np.unique(gray, return_inverse=True, return_counts=True)
    levels = levels.astype(np.int64)
    contrast = np.array([(counts * np.abs(levels - level)).sum() for level in levels])
    spread = contrast.max() - contrast.min()
    return ((contrast - contrast.min()) / max(spread, 1)).astype(np.float32)[inverse]


def rounded(saliency):
    return np.rint(255 * saliency).astype(np.uint8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_the_definition(backend, shape, rng):
    image = random_image(rng, shape)

    actual = fastsal.luminance_contrast(image, backend=backend)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    np.testing.assert_allclose(actual, reference(image), rtol=3e-7, atol=0)


def test_sixteen_bits_match_the_definition(backend, rng):
    image = random_image(rng, (17, 9), np.uint16)

    actual = fastsal.luminance_contrast(image, backend=backend)

    np.testing.assert_allclose(actual, reference(image), rtol=3e-7, atol=0)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_colour_is_scored_by_its_luma(backend, color, channels, rng):
    image = random_image(rng, (9, 8, channels))

    actual = fastsal.luminance_contrast(image, color=color, backend=backend)

    np.testing.assert_array_equal(
        actual, fastsal.luminance_contrast(luma(image, color), backend=backend)
    )
    np.testing.assert_allclose(actual, reference(luma(image, color)), rtol=3e-7, atol=0)


def test_luma_is_that_of_opencv(backend, rng):
    image = random_image(rng, (31, 37, 3))
    for color, code in (("rgb", cv2.COLOR_RGB2GRAY), ("bgr", cv2.COLOR_BGR2GRAY)):
        np.testing.assert_array_equal(
            fastsal.luminance_contrast(image, color=color, backend=backend),
            fastsal.luminance_contrast(cv2.cvtColor(image, code), backend=backend),
        )


def test_sixteen_bit_luma_is_that_of_opencv(rng):
    image = random_image(rng, (300, 301, 3), np.uint16)
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)

    actual = fastsal.luminance_contrast(image, color="bgr", backend="cpu")

    np.testing.assert_array_equal(actual, fastsal.luminance_contrast(gray, backend="cpu"))


@pytest.mark.parametrize("channel_axis", [0, 1, 2, 3, -1, -4])
def test_each_frame_of_a_stack_is_scored_by_itself(backend, channel_axis, rng):
    frames = random_image(rng, (3, 5, 6, 3))
    stack = np.moveaxis(frames, -1, channel_axis)

    actual = fastsal.luminance_contrast(stack, channel_axis=channel_axis, backend=backend)

    assert actual.shape == (3, 5, 6)
    for frame, saliency in zip(frames, actual, strict=True):
        np.testing.assert_array_equal(saliency, fastsal.luminance_contrast(frame, backend=backend))


@pytest.mark.parametrize("channel_axis", [0, 1, 2])
def test_channels_may_lie_on_any_axis(backend, channel_axis, rng):
    image = random_image(rng, (6, 7, 3))

    actual = fastsal.luminance_contrast(
        np.moveaxis(image, -1, channel_axis), channel_axis=channel_axis, backend=backend
    )

    np.testing.assert_array_equal(actual, fastsal.luminance_contrast(image, backend=backend))


def test_grey_stack(backend, rng):
    stack = random_image(rng, (4, 7, 3))
    stack[2] = 9

    actual = fastsal.luminance_contrast(stack, channel_axis=None, backend=backend)

    for gray, saliency in zip(stack, actual, strict=True):
        np.testing.assert_allclose(saliency, reference(gray), rtol=3e-7, atol=0)


def test_one_channel_is_grey(backend, rng):
    image = random_image(rng, (6, 7, 1))

    actual = fastsal.luminance_contrast(image, backend=backend)

    np.testing.assert_allclose(actual, reference(image[..., 0]), rtol=3e-7, atol=0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (1, 1)], ids=str)
def test_uniform_image_has_no_contrast(backend, shape, dtype):
    if backend == "cuda" and dtype == np.uint16:
        pytest.skip("65,536 levels take the simulator seconds")
    image = np.full(shape, np.iinfo(dtype).max, dtype)

    assert not fastsal.luminance_contrast(image, backend=backend).any()


def test_least_is_zero_and_most_is_one(backend):
    image = np.array([[10, 10, 10, 20, 20, 200]], np.uint8)

    actual = fastsal.luminance_contrast(image, backend=backend)

    # Sums of |v - u|: 210 for 10, 210 for 20, 930 for 200.
    np.testing.assert_array_equal(actual, np.float32([[0, 0, 0, 0, 0, 1]]))


@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 3), (2, 5, 7, 3)], ids=str)
def test_out_is_filled_and_returned(backend, shape, rng):
    image = random_image(rng, shape)
    expected = fastsal.luminance_contrast(image, backend=backend)
    floats, bytes_ = np.full(expected.shape, 7, np.float32), np.full(expected.shape, 7, np.uint8)

    assert fastsal.luminance_contrast(image, out=floats, backend=backend) is floats
    assert fastsal.luminance_contrast(image, out=bytes_, backend=backend) is bytes_

    np.testing.assert_array_equal(floats, expected)
    np.testing.assert_array_equal(bytes_, rounded(expected))


def test_leaves_its_input_alone(backend, rng):
    image = random_image(rng, (8, 8, 3))
    before = image.copy()

    fastsal.luminance_contrast(image, backend=backend)

    np.testing.assert_array_equal(image, before)
    assert image.flags.writeable


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("out", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", levels_around(PARALLEL_FROM), ids=str)
def test_sizes_around_the_parallel_path(shape, dtype, out, rng):
    # Few levels in places, so that runs of one level and unequal bands are among them.
    image = np.minimum(random_image(rng, shape, dtype), rng.integers(1, 300, (*shape[:1], 1)))
    image = image.astype(dtype)

    actual = fastsal.luminance_contrast(image, out=np.empty(shape, out), backend="cpu")

    expected = by_histogram(image).reshape(shape)
    if out == np.uint8:
        # One float32 apart may round to the other side.
        assert np.abs(actual.astype(int) - rounded(expected)).max() <= 1
        assert np.mean(actual != rounded(expected)) < 1e-3
    else:
        np.testing.assert_allclose(actual, expected, rtol=3e-7, atol=0)


@pytest.mark.parametrize("out", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(1, 2), (64, 64), *levels_around(1 << 15)], ids=str)
def test_sixteen_bits_of_any_size(shape, out, rng):
    """Below a size pixels are sorted, above it counted; of few levels, many, and all."""
    for most in (3, 300, 65535):
        image = rng.integers(0, most + 1, shape, dtype=np.uint16)
        image.flat[0] = 65535 - most

        actual = fastsal.luminance_contrast(image, out=np.empty(shape, out), backend="cpu")

        expected = by_histogram(image).reshape(shape)
        if out == np.uint8:
            assert np.abs(actual.astype(int) - rounded(expected)).max() <= 1
        else:
            np.testing.assert_allclose(actual, expected, rtol=3e-7, atol=0)


def test_few_pixels_of_sixteen_bits_do_not_pay_for_65536_levels(rng):
    def least_seconds(dtype):
        image, out = random_image(rng, (64, 64), dtype), np.empty((64, 64), np.float32)
        seconds = []
        for _ in range(60):
            began = time.perf_counter()
            fastsal.luminance_contrast(image, out=out, backend="cpu")
            seconds.append(time.perf_counter() - began)
        return min(seconds)

    # 3 times as long as 8 bits; with a table of all levels it was 45 times.
    assert least_seconds(np.uint16) < 12 * least_seconds(np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_large_colour_images(channels, dtype, rng):
    image = random_image(rng, (257, 259, channels), dtype)

    actual = fastsal.luminance_contrast(image, color="bgr", backend="cpu")

    np.testing.assert_array_equal(
        actual, fastsal.luminance_contrast(luma(image, "bgr"), backend="cpu")
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(3, 40, 41), (9, 100, 101), (2, 300, 233)], ids=str)
def test_stacks_of_any_size(shape, dtype, rng):
    stack = random_image(rng, shape, dtype)

    actual = fastsal.luminance_contrast(stack, channel_axis=None, backend="cpu")

    for gray, saliency in zip(stack, actual, strict=True):
        np.testing.assert_allclose(saliency, by_histogram(gray).reshape(gray.shape), rtol=3e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(300, 401), (300, 401, 3), (30, 50, 61, 3)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape, dtype, rng):
    image = random_image(rng, shape, dtype)
    many = fastsal.luminance_contrast(image, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = fastsal.luminance_contrast(image, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


def test_scratch_of_one_call_is_not_seen_by_the_next(rng):
    first, second = random_image(rng, (300, 300)), random_image(rng, (300, 300)) // 2
    alone = fastsal.luminance_contrast(second, backend="cpu")

    kept = fastsal.luminance_contrast(first, backend="cpu")
    copy = kept.copy()
    again = fastsal.luminance_contrast(second, backend="cpu")

    np.testing.assert_array_equal(again, alone)
    np.testing.assert_array_equal(kept, copy)


def test_work_of_another_thread_does_not_disturb(rng):
    image = random_image(rng, (300, 300))
    expected = fastsal.luminance_contrast(image, backend="cpu")
    results = []

    worker = threading.Thread(
        target=lambda: results.append(fastsal.luminance_contrast(image, backend="cpu"))
    )
    worker.start()
    worker.join(60)

    np.testing.assert_array_equal(results[0], expected)


def test_largest_sums_do_not_overflow():
    # Half black, half white, 16 bits: the sums are near 2**37.
    image = np.zeros((2048, 2048), np.uint16)
    image[1024:] = 65535
    image[0, 0] = 32768

    actual = fastsal.luminance_contrast(image, backend="cpu")

    np.testing.assert_allclose(actual, by_histogram(image).reshape(image.shape), rtol=3e-7)


@given(
    image=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.integers(0, 255),
    )
)
@settings(deadline=None, max_examples=60)
def test_any_small_image(image):
    actual = fastsal.luminance_contrast(image, backend="cpu")

    np.testing.assert_allclose(actual, reference(image), rtol=3e-7, atol=0)
    assert actual.min() == 0
    assert actual.max() in (0, 1)


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(1, 1), (9, 13), (9, 13, 3), (2, 5, 4, 3)], ids=str)
def test_same_bits_as_on_the_cpu(shape, cuda_device, rng):
    image = random_image(rng, shape)
    for out in (np.float32, np.uint8):
        maps = [
            fastsal.luminance_contrast(
                image, out=np.empty(shape[: 3 if len(shape) == 4 else 2], out), backend=backend
            )
            for backend in ("cpu", "cuda")
        ]
        np.testing.assert_array_equal(*maps)


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(9, 13), (9, 13, 3)], ids=str)
def test_device_array_in_device_array_out(shape, cuda_device, rng):
    image = random_image(rng, shape)
    expected = fastsal.luminance_contrast(image, backend="cpu")
    held = cuda_device.to_device(image)

    actual = fastsal.luminance_contrast(held)

    assert type(actual) is type(held)
    assert actual.dtype == np.float32
    np.testing.assert_array_equal(actual.copy_to_host(), expected)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_device_out_is_filled_and_returned(dtype, cuda_device, rng):
    image = random_image(rng, (9, 13))
    out = cuda_device.to_device(np.full((9, 13), 7, dtype))

    assert fastsal.luminance_contrast(cuda_device.to_device(image), out=out) is out

    expected = fastsal.luminance_contrast(image, out=np.empty((9, 13), dtype), backend="cpu")
    np.testing.assert_array_equal(out.copy_to_host(), expected)


@pytest.mark.cuda
def test_two_maps_from_a_device_are_two_arrays(cuda_device, rng):
    images = [random_image(rng, (6, 7)) for _ in range(2)]
    maps = [fastsal.luminance_contrast(cuda_device.to_device(image)) for image in images]

    for image, saliency in zip(images, maps, strict=True):
        np.testing.assert_array_equal(
            saliency.copy_to_host(), fastsal.luminance_contrast(image, backend="cpu")
        )
