import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference.minimum_barrier import minimum_barrier as reference
from skimage import data

import fastsal
from fastsal import minimum_barrier, runtime
from fastsal.algorithms.minimum_barrier._cpu import fill_distances
from fastsal.algorithms.minimum_barrier._cpu_background import fill_background
from fastsal.kernels import launch

TOLERANCE = 2e-6
SHAPES = [(1, 1), (1, 9), (9, 1, 3), (2, 2, 3), (3, 3, 3), (5, 7), (7, 5, 3), (6, 4, 4)]
OPTIONS = [
    {},
    {"center": True},
    {"background": False},
    {"refine": False},
    {"background": False, "refine": False},
    {"background": False, "center": True, "refine": False},
]


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """The simulator takes long to start those that have nothing to do."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 8)


def random_image(rng, shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def blobs(rng, shape):
    """Return smooth blobs of colour, as photographs have, of less than all values."""
    from scipy.ndimage import gaussian_filter

    noise = rng.random((*shape, 3))
    smooth = gaussian_filter(noise, (shape[0] / 12, shape[1] / 12, 0))
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return (smooth * 255).astype(np.uint8)


def assert_close(actual, expected, refine=True):
    """Compare two maps; where a cell lies between two levels, rounding may choose the other."""
    differs = np.abs(actual - expected) > TOLERANCE
    assert not differs.any() or (refine and differs.mean() < 0.02), differs.mean()
    assert np.abs(actual - expected).max() < 0.03


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_the_definition(backend, shape, rng):
    image = random_image(rng, shape)

    actual = minimum_barrier(image, backend=backend)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    assert_close(actual, reference(image))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_match_the_definition_on_either_backend(backend, options, rng):
    image = blobs(rng, (9, 11))

    actual = minimum_barrier(image, **options, backend=backend)

    assert_close(actual, reference(image, **options), options.get("refine", True))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("shape", [(70, 90), (120, 61)], ids=str)
def test_large_images_match_the_definition(options, shape, rng):
    image = blobs(rng, shape)

    actual = minimum_barrier(image, **options, backend="cpu")

    assert_close(actual, reference(image, **options), options.get("refine", True))


@pytest.mark.parametrize("size", [3, 20, 77])
@pytest.mark.parametrize("shape", [(90, 121, 3), (200, 83)], ids=str)
def test_any_size_matches_the_definition(size, shape, rng):
    image = blobs(rng, shape[:2])
    image = image if len(shape) == 3 else image[..., 0].copy()

    actual = minimum_barrier(image, size=size, backend="cpu")

    assert_close(actual, reference(image, size=size))


def test_photograph():
    image = data.coffee()

    assert_close(minimum_barrier(image, size=120), reference(image, size=120))


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "camera"])
def test_maps_as_recorded(name, center, shared):
    """Recorded from NumPy and OpenCV on pictures of 300 pixels."""
    recorded = np.load(shared / "golden" / "classical" / "golden.npz")
    expected = recorded[f"{name}__mbplus" + "_centre" * center]
    image = getattr(data, name)()
    small = cv2.resize(image, expected.shape[::-1], interpolation=cv2.INTER_AREA)

    actual = minimum_barrier(small, center=center, backend="cpu")

    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "camera"])
def test_distances_and_background_as_recorded(name, shared):
    recorded = np.load(shared / "golden" / "classical" / "golden.npz")
    expected, background = recorded[f"{name}__mbd"], recorded[f"{name}__backgroundness"]
    image = getattr(data, name)()
    image = image if image.ndim == 3 else np.dstack([image] * 3)
    small = cv2.resize(image, background.shape[::-1], interpolation=cv2.INTER_AREA)
    planes = np.ascontiguousarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB).transpose(2, 0, 1))
    scores, distances = np.empty(background.shape, np.float32), np.empty_like(planes)

    fill_background(planes, scores)
    for plane, target in zip(planes, distances, strict=True):
        fill_distances(cv2.medianBlur(plane, 5), target)

    np.testing.assert_allclose(scores, background, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(distances, expected)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)], ids=str)
def test_other_dtypes_match_the_definition(backend, shape, dtype, rng):
    image = rng.random(shape)
    image = (image * 65_535).astype(dtype) if dtype == np.uint16 else image.astype(dtype)

    assert_close(minimum_barrier(image, backend=backend), reference(image))


def test_floats_and_words_of_an_image_give_its_map(rng):
    image = blobs(rng, (61, 83))
    expected = minimum_barrier(image)

    np.testing.assert_array_equal(minimum_barrier(image / 255), expected)
    np.testing.assert_array_equal(minimum_barrier(image.astype(np.uint16) * 257), expected)


def test_grey_is_what_its_colours_are(rng):
    image = blobs(rng, (60, 80))[..., 0].copy()

    np.testing.assert_allclose(
        minimum_barrier(image), minimum_barrier(np.dstack([image] * 3)), rtol=0, atol=TOLERANCE
    )


@pytest.mark.parametrize("channels", [3, 4])
def test_order_of_the_channels(backend, channels, rng):
    image = random_image(rng, (5, 4, channels))
    swapped = image.copy()
    swapped[..., :3] = image[..., 2::-1]

    np.testing.assert_array_equal(
        minimum_barrier(swapped, color="bgr", backend=backend),
        minimum_barrier(image, backend=backend),
    )


def test_the_distance_of_a_ramp_is_its_height():
    """Where grey rises from the border to the middle, the barrier of a cell equals the rise."""
    steps = np.minimum(np.arange(41), np.arange(41)[::-1])
    ramp = 5 * np.minimum.outer(steps, steps)
    image = (60 + ramp).astype(np.uint8)

    saliency = minimum_barrier(image, background=False, refine=False)

    assert saliency[20, 20] == 1
    assert (np.diff(saliency[20, :18]) >= 0).all()
    assert saliency[0].max() == 0


def test_an_object_inside_stands_out_and_one_on_the_border_does_not():
    image = np.full((90, 120, 3), (90, 110, 90), np.uint8)
    image[30:60, 40:70] = 200, 60, 60
    image[:20, 90:] = 60, 60, 200

    saliency = minimum_barrier(image, background=False)

    assert saliency[34:56, 44:66].min() > 0.9
    assert saliency[:16, 94:].max() < 0.1
    assert saliency[70:].max() < 0.1


@pytest.mark.parametrize("sides", ["top", "top bottom", "left right", "top bottom left right"])
@pytest.mark.parametrize("value", [0, 255])
def test_an_artificial_frame_is_cut_off(backend, sides, value, rng):
    image = blobs(rng, (46, 50)) // 4 + 80
    image[15:32, 17:34, 0] = 220
    for side in sides.split():
        line = {"top": np.s_[:5], "bottom": np.s_[-5:], "left": np.s_[:, :5],
                "right": np.s_[:, -5:]}[side]  # fmt: skip
        image[line] = value

    actual = minimum_barrier(image, refine=False, backend=backend)

    assert_close(actual, reference(image, refine=False), refine=False)
    assert actual[:5].max() == 0
    assert actual[20:28, 22:30].min() > 0.9


@pytest.mark.parametrize("color", [0, 77, 255, (13, 200, 77)])
@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (2, 7)], ids=str)
@pytest.mark.parametrize("center", [False, True])
def test_one_colour_stands_out_nowhere(backend, shape, color, center):
    image = np.empty((*shape, 3), np.uint8)
    image[:] = color

    assert not minimum_barrier(image, center=center, backend=backend).any()


@pytest.mark.parametrize("shape", [(300, 417, 3), (64, 64), (1081, 1919, 3)], ids=str)
@pytest.mark.parametrize("refine", [False, True])
def test_large_images_of_one_colour(shape, refine):
    for image in (np.full(shape, 201, np.uint8), np.full(shape, 0.1, np.float32)):
        assert not minimum_barrier(image, refine=refine, backend="cpu").any()


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf, 255])
def test_floats_of_other_ranges_are_refused(value):
    with pytest.raises(fastsal.ImageError, match=r"floats of `image` must be in \[0, 1\]"):
        minimum_barrier(np.full((4, 4), value, np.float32))


@pytest.mark.parametrize("size", [2, 2001, 0, -3, 300.0, True, "300", None, float("nan")])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match=r"`size` must be an integer from 3 to 2000; got"):
        minimum_barrier(np.zeros((4, 4), np.uint8), size=size)


@pytest.mark.parametrize("option", ["background", "center", "refine"])
@pytest.mark.parametrize("value", [0, 1.5, None, "yes"])
def test_flags_are_bools(option, value):
    with pytest.raises(TypeError, match=rf"`{option}` must be True or False; got"):
        minimum_barrier(np.zeros((4, 4), np.uint8), **{option: value})


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(6, 5), (2, 4, 5, 3)], ids=str)
def test_out_is_filled_and_returned(backend, shape, dtype, rng):
    image = random_image(rng, shape)
    fresh = minimum_barrier(image, backend=backend)
    out = np.full(fresh.shape, 7, dtype)

    assert minimum_barrier(image, out=out, backend=backend) is out

    np.testing.assert_array_equal(out, fresh if dtype == np.float32 else np.rint(255 * fresh))


@pytest.mark.parametrize("shape", [(3, 3, 5), (3, 3, 5, 3)], ids=str)
def test_stack_is_scored_frame_by_frame(backend, shape, rng):
    stack = random_image(rng, shape)
    axis = None if len(shape) == 3 else -1

    actual = minimum_barrier(stack, channel_axis=axis, backend=backend)

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, minimum_barrier(frame, backend=backend))


@pytest.mark.parametrize("shape", [(301, 402, 3), (30, 50, 61, 3), (5, 260, 261, 3)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape, rng):
    image = random_image(rng, shape)
    many = minimum_barrier(image, center=True, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = minimum_barrier(image, center=True, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)
    if image.ndim == 4:
        np.testing.assert_array_equal(minimum_barrier(image[1], center=True), many[1])


@given(
    image=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=30),
        elements=st.integers(0, 255),
    ),
    options=st.sampled_from(OPTIONS),
)
@settings(deadline=None, max_examples=60)
def test_any_small_image(image, options):
    actual = minimum_barrier(image, **options, backend="cpu")

    assert 0 <= actual.min() <= actual.max() <= 1
    expected = reference(image, **options)
    if options.get("refine", True):
        assert np.abs(actual - expected).mean() < 0.1  # an opening may be one cell wider
    else:
        np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)], ids=str)
def test_device_array_in_device_array_out(shape, cuda_device, rng):
    image = random_image(rng, shape)
    held = cuda_device.to_device(image)
    out = cuda_device.to_device(np.full((4, 6), 7, np.uint8))

    actual = minimum_barrier(held)

    assert type(actual) is type(held)
    assert_close(actual.copy_to_host(), reference(image))
    assert minimum_barrier(held, out=out) is out
    np.testing.assert_array_equal(out.copy_to_host(), np.rint(255 * actual.copy_to_host()))
