import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference.fine_grained import fine_grained as reference
from reference.luma import luma

import fastsal
from fastsal import runtime
from fastsal.algorithms.fine_grained import fine_grained
from fastsal.kernels import launch

SHAPES = [(1, 1), (1, 6), (7, 1), (2, 2), (5, 7)]
UNIT = np.float32(1 / 255)


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """Scans make the threads of a block wait for each other, which takes the simulator long."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 8)


def random_image(rng, shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def gray_of(image, color="rgb"):
    return luma(image, color) if image.ndim == 3 else image


@pytest.fixture(scope="module")
def golden(shared):
    folder = shared / "golden" / "opencv"
    with np.load(folder / "images.npz") as images, np.load(folder / "fine_grained.npz") as maps:
        return [(name, images[name], maps[name]) for name in images]


def test_equals_the_golden_data_bit_for_bit(golden):
    assert len(golden) == 24
    for name, image, expected in golden:
        actual = fine_grained(image, color="bgr", backend="cpu")
        np.testing.assert_array_equal(actual, expected, err_msg=name)


def test_exact_sums_of_the_golden_images(golden):
    for name, image, _ in golden:
        gray = gray_of(image, "bgr")
        actual = fine_grained(image, color="bgr", exact=True, out=np.empty_like(gray))
        np.testing.assert_array_equal(actual, reference(gray, exact=True), err_msg=name)


@pytest.mark.cuda
def test_tiny_golden_data_on_the_device(golden, cuda_device):
    for name, image, expected in golden:
        if expected.size < 10:
            actual = fine_grained(image, color="bgr", backend="cuda")
            np.testing.assert_array_equal(actual, expected, err_msg=name)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_the_definition(backend, shape, exact, rng):
    image = random_image(rng, shape)

    actual = fine_grained(image, exact=exact, backend=backend)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    np.testing.assert_array_equal(actual, reference(image, exact) * UNIT)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("shape", [(256, 256), (255, 257), (70, 1001), (1200, 61)], ids=str)
def test_sizes_around_the_parallel_path(shape, exact, rng):
    # Bright, so that sums are rounded, and dark in places, so that there is much to see.
    image = np.maximum(random_image(rng, shape), 200)
    image[20:40, 20:40] = 0

    actual = fine_grained(image, exact=exact, backend="cpu")

    assert (image.size < launch.PARALLEL_FROM) == (shape == (255, 257))
    np.testing.assert_array_equal(actual, reference(image, exact) * UNIT)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_colour_is_scored_by_its_luma(backend, color, channels, rng):
    image = random_image(rng, (5, 4, channels))

    actual = fine_grained(image, color=color, backend=backend)

    np.testing.assert_array_equal(actual, reference(luma(image, color)) * UNIT)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)], ids=str)
def test_floats_stand_for_bytes(backend, shape, dtype, rng):
    image = random_image(rng, shape)
    nudge = rng.uniform(-0.4, 0.4, shape)

    actual = fine_grained(
        np.clip((image + nudge) / 255, 0, 1).astype(dtype), color="bgr", backend=backend
    )

    np.testing.assert_array_equal(actual, fine_grained(image, color="bgr", backend="cpu"))


@pytest.mark.parametrize("shape", [(300, 300), (2, 300, 300, 3), (40, 30, 40, 3)], ids=str)
def test_large_floats_stand_for_bytes(shape, rng):
    image = random_image(rng, shape)

    actual = fine_grained((image / 255).astype(np.float32), backend="cpu")

    np.testing.assert_array_equal(actual, fine_grained(image, backend="cpu"))


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf, 255])
def test_floats_of_other_ranges_are_refused(value):
    image = np.full((4, 4), value, np.float32)

    with pytest.raises(fastsal.ImageError, match=r"floats of `image` must be in \[0, 1\]"):
        fine_grained(image)


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
def test_what_opencv_takes_for_noise_or_crashes_on_is_refused(image):
    with pytest.raises(fastsal.ImageError, match="image"):
        fine_grained(image)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(6, 5), (2, 4, 5, 3)], ids=str)
def test_out_is_filled_and_returned(backend, shape, dtype, rng):
    image = random_image(rng, shape)
    expected = fine_grained(image, backend="cpu")
    out = np.full(expected.shape, 7, dtype)

    assert fine_grained(image, out=out, backend=backend) is out

    # As uint8 these are OpenCV's own whole numbers.
    np.testing.assert_array_equal(out if dtype == np.float32 else out * UNIT, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_large_out_is_filled(dtype, rng):
    image = random_image(rng, (300, 300))

    out = fine_grained(image, out=np.empty((300, 300), dtype), backend="cpu")

    expected = reference(image)
    np.testing.assert_array_equal(out, expected if dtype == np.uint8 else expected * UNIT)


@pytest.mark.parametrize("shape", [(3, 3, 5), (3, 3, 5, 3)], ids=str)
def test_stack_is_scored_frame_by_frame(backend, shape, rng):
    stack = random_image(rng, shape)
    axis = None if len(shape) == 3 else -1

    actual = fine_grained(stack, channel_axis=axis, backend=backend)

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, fine_grained(frame, backend="cpu"))


@pytest.mark.parametrize("shape", [(40, 50, 61, 3), (3, 260, 261, 3)], ids=str)
def test_large_stacks(shape, rng):
    stack = random_image(rng, shape)

    actual = fine_grained(stack, backend="cpu")

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, reference(luma(frame)) * UNIT)


@pytest.mark.parametrize(
    "view",
    [lambda a: a[::-1], lambda a: a[:, ::2], lambda a: a.swapaxes(0, 1), lambda a: a[..., ::-1]],
    ids=["upside down", "every other column", "transposed", "channels reversed"],
)
def test_memory_in_any_order(view, rng):
    image = view(random_image(rng, (30, 40, 3)))

    np.testing.assert_array_equal(
        fine_grained(image, backend="cpu"), fine_grained(image.copy(), backend="cpu")
    )


@pytest.mark.parametrize("level", [0, 77, 255])
@pytest.mark.parametrize("exact", [False, True])
def test_uniform_image_stands_out_nowhere(backend, level, exact):
    assert not fine_grained(np.full((4, 5), level, np.uint8), exact=exact, backend=backend).any()


def test_exact_has_no_spots_on_large_white_images():
    image = np.full((1080, 1920), 255, np.uint8)

    assert fine_grained(image, backend="cpu").max() == 1  # as OpenCV
    assert fine_grained(image, exact=True, backend="cpu").max() == 0


def test_exact_is_no_other_map_where_nothing_is_rounded(rng):
    image = random_image(rng, (250, 250))
    assert image.sum(dtype=np.int64) < 1 << 23

    exact, rounded = (fine_grained(image, exact=each, backend="cpu") for each in (True, False))

    np.testing.assert_array_equal(exact, rounded)


def test_sums_past_32_bits_stay_exact():
    # The table of sums wraps round at 2**32; the windows must not notice.
    image = np.full((4200, 4200), 255, np.uint8)
    image[2000:2100, 2000:2100] = 0
    saliency = fine_grained(image, exact=True, backend="cpu")

    assert not saliency[:1800].any()
    assert not saliency[:, 2300:].any()
    # All but the smoothing at the edges, it is the same on both sides of the square.
    np.testing.assert_array_equal(saliency[1800:2300, 1800:2300], saliency[1800:2300, 1800:2300].T)


@pytest.mark.parametrize("shape", [(301, 402, 3), (30, 50, 61, 3)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape, rng):
    image = random_image(rng, shape)
    many = fine_grained(image, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = fine_grained(image, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


def test_leaves_its_input_alone(backend, rng):
    image = random_image(rng, (4, 4, 3))
    before = image.copy()

    fine_grained(image, backend=backend)

    np.testing.assert_array_equal(image, before)


@given(
    image=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=30),
        elements=st.integers(0, 255),
    ),
    exact=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_any_small_image(image, exact):
    actual = fine_grained(image, exact=exact, backend="cpu")

    np.testing.assert_array_equal(actual, reference(image, exact) * UNIT)


@pytest.mark.cuda
def test_rows_and_columns_beyond_one_block(cuda_device, rng):
    image = random_image(rng, (3, 30))

    np.testing.assert_array_equal(
        fine_grained(image, backend="cuda"), fine_grained(image, backend="cpu")
    )


@pytest.mark.cuda
def test_rows_added_eight_at_a_time(cuda_device, rng):
    image = random_image(rng, (19, 2))

    np.testing.assert_array_equal(
        fine_grained(image, backend="cuda"), fine_grained(image, backend="cpu")
    )


@pytest.mark.cuda
def test_a_long_stack_goes_through_in_groups(cuda_device, rng, monkeypatch):
    from fastsal.algorithms.fine_grained import _cuda

    monkeypatch.setattr(_cuda, "GROUP", 24)
    stack = random_image(rng, (5, 3, 4, 3))

    np.testing.assert_array_equal(
        fine_grained(stack, backend="cuda"), fine_grained(stack, backend="cpu")
    )


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)], ids=str)
def test_device_array_in_device_array_out(shape, cuda_device, rng):
    image = random_image(rng, shape)
    held = cuda_device.to_device(image)
    out = cuda_device.to_device(np.full((4, 6), 7, np.uint8))

    actual = fine_grained(held)

    assert type(actual) is type(held)
    expected = fine_grained(image, backend="cpu")
    np.testing.assert_array_equal(actual.copy_to_host(), expected)
    assert fine_grained(held, out=out) is out
    np.testing.assert_array_equal(out.copy_to_host() * UNIT, expected)


@pytest.mark.cuda
def test_floats_on_a_device_are_clipped(cuda_device):
    image = np.float32([[0, 1, 0.2], [0.4, 0.6, 0.8]])
    held = np.float32([[-2, 5, 0.2], [np.nan, 0.6, 0.8]])
    image[1, 0] = 0

    actual = fine_grained(cuda_device.to_device(held))

    np.testing.assert_array_equal(actual.copy_to_host(), fine_grained(image, backend="cpu"))
