from pathlib import Path

import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from reference.boolean_map import boolean_map as reference
from reference.boolean_map import content_window, thumbnail
from skimage import data

import fastsal
from fastsal import runtime
from fastsal.algorithms.boolean_map import _cpu, boolean_map
from fastsal.algorithms.boolean_map._cpu_regions import add_jobs
from fastsal.algorithms.boolean_map.plan import Options, plan_of
from fastsal.kernels import launch

GOLDEN = Path(__file__).parents[1] / "golden" / "classical"
TOLERANCE = 5e-4  # maps have 16 bits until they are stretched
SHAPES = [(1, 1), (1, 9), (9, 2, 3), (5, 7), (9, 8, 4)]
OPTIONS = [
    {}, {"variant": "published"}, {"warm": 0.6, "center_bias": 0.5}, {"step": 3}, {"smooth": 0},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """The simulator takes long to start those that have nothing to do."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 2)


def random_image(rng, shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def letterboxed(rng, bar=6):
    image = random_image(rng, (60, 80, 3))
    image[:bar] = image[-bar:] = 0
    return image


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_the_definition(shape, options, rng):
    image = random_image(rng, shape)

    actual = boolean_map(image, backend="cpu", **options)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    assert_close(actual, reference(image, **options))


@pytest.mark.cuda
@pytest.mark.parametrize("options", OPTIONS[:4], ids=str)
@pytest.mark.parametrize("shape", [(5, 7), (7, 8, 3)], ids=str)
def test_a_device_gives_the_same_map(shape, options, cuda_device, rng):
    image = random_image(rng, shape)

    actual = boolean_map(image, backend="cuda", **options)

    expected = boolean_map(image, backend="cpu", **options)
    if runtime.is_simulated():
        np.testing.assert_array_equal(actual, expected)
    else:  # upsampling may round products and sums together
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [16, 50, 96])
@pytest.mark.parametrize("shape", [(64, 64, 3), (90, 120, 3), (130, 31, 3), (60, 100)], ids=str)
def test_reduced_images_match_the_definition(shape, size, rng):
    image = random_image(rng, shape)

    assert_close(boolean_map(image, size=size, backend="cpu"), reference(image, size=size))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_photograph(options):
    image = data.coffee()[::2, ::2]

    actual = boolean_map(image, size=96, backend="cpu", **options)

    assert_close(actual, reference(image, size=96, **options))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)], ids=str)
def test_other_dtypes_match_the_definition(shape, dtype, rng):
    image = rng.random(shape)
    image = (image * 65_535).astype(dtype) if dtype == np.uint16 else image.astype(dtype)

    assert_close(boolean_map(image, size=16, backend="cpu"), reference(image, size=16))


def test_bytes_and_their_fractions_give_the_same(rng):
    image = random_image(rng, (100, 120, 3))
    expected = boolean_map(image, size=64, backend="cpu")

    np.testing.assert_array_equal(boolean_map(image / 255, size=64, backend="cpu"), expected)
    wide = image.astype(np.uint16) * 257
    np.testing.assert_array_equal(boolean_map(wide, size=64, backend="cpu"), expected)


def test_grey_is_what_its_colours_are(rng):
    image = random_image(rng, (70, 90))

    np.testing.assert_array_equal(
        boolean_map(image, backend="cpu"), boolean_map(np.dstack([image] * 3), backend="cpu")
    )


def test_order_of_the_channels(rng):
    image = random_image(rng, (20, 30, 3))

    np.testing.assert_array_equal(
        boolean_map(image[..., ::-1], color="bgr", warm=1, backend="cpu"),
        boolean_map(image, warm=1, backend="cpu"),
    )


def test_a_square_on_the_ground_and_one_at_the_border():
    image = np.full((40, 60), 50, np.uint8)
    image[10:20, 20:30] = 200
    alone = boolean_map(image, smooth=0, backend="cpu")
    image[:] = 50
    image[:10, 20:30] = 200

    assert (alone[12:18, 22:28] == 1).all()
    assert not alone[:8].any()
    assert not boolean_map(image, smooth=0, backend="cpu").any()


def test_the_hole_of_a_ring_counts_in_the_complement():
    image = np.full((40, 40), 50, np.uint8)
    image[10:30, 10:30] = 200
    image[15:25, 15:25] = 50

    saliency = boolean_map(image, smooth=0, backend="cpu")

    assert saliency[20, 20] > 0
    assert not saliency[:8].any()


@pytest.mark.parametrize("color", [0, 77, 255, (13, 200, 77)])
@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (1, 7), (200, 300)], ids=str)
@pytest.mark.parametrize("variant", ["default", "published"])
def test_one_colour_stands_out_nowhere(shape, color, variant):
    image = np.empty((*shape, 3), np.uint8)
    image[:] = color

    assert not boolean_map(image, variant=variant, warm=0, backend="cpu").any()


@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, np.rot90], ids=lambda f: f.__name__)
def test_turned_pictures_have_turned_maps(turn, rng):
    image = random_image(rng, (40, 40, 3))

    np.testing.assert_allclose(
        boolean_map(turn(image), backend="cpu"), turn(boolean_map(image, backend="cpu")), atol=1e-3
    )


def test_bars_are_left_out(rng):
    image = letterboxed(rng)

    actual = boolean_map(image, backend="cpu")

    assert content_window(thumbnail(image, 384)) == (7, 53, 0, 80)
    assert_close(actual, reference(image))
    assert not actual[:6].any()
    assert boolean_map(image, bars="keep", backend="cpu")[:6].any()
    turned = np.ascontiguousarray(image.transpose(1, 0, 2))
    assert_close(boolean_map(turned, backend="cpu"), reference(turned))


@pytest.mark.cuda
def test_bars_are_left_out_on_a_device(cuda_device, rng):
    image = random_image(rng, (16, 6, 3))
    image[:3] = image[-3:] = 0

    actual = boolean_map(image, backend="cuda")

    np.testing.assert_allclose(actual, boolean_map(image, backend="cpu"), rtol=0, atol=1e-6)
    assert not actual[:3].any()


def test_an_object_on_a_ground_is_no_picture_between_bars():
    image = np.zeros((60, 60), np.uint8)
    image[10:50, 10:50] = 200

    assert boolean_map(image, backend="cpu")[30, 30] > 0.9


def test_a_stream_finds_bars_once(rng):
    stream = fastsal.Stream("boolean-map", backend="cpu")
    dark, image = np.zeros((60, 80, 3), np.uint8), letterboxed(rng)
    later = image.copy()
    later[:6] = random_image(rng, (6, 80, 3))

    assert not stream.update(dark).any()
    np.testing.assert_array_equal(stream.update(image), boolean_map(image, backend="cpu"))
    assert not stream.update(later)[:6].any()
    stream.reset()
    np.testing.assert_array_equal(stream.update(later), boolean_map(later, backend="cpu"))


@pytest.mark.parametrize(
    ("option", "value"),
    [("variant", "fast"), ("size", 15), ("size", 5000), ("size", 100.5), ("size", True),
     ("step", 0), ("step", 256), ("step", 2.5), ("warm", -0.1), ("warm", 1.1), ("warm", "much"),
     ("smooth", -1), ("smooth", None), ("center_bias", 2), ("bars", "none"), ("bars", None)],
    ids=str,
)  # fmt: skip
def test_other_options_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        boolean_map(np.zeros((4, 4), np.uint8), **{option: value})
    with pytest.raises(ValueError, match=option):
        fastsal.Stream("boolean-map", **{option: value})


def test_the_published_variant_has_no_warm_planes():
    with pytest.raises(ValueError, match="`warm` must be 0 with variant='published'"):
        boolean_map(np.zeros((4, 4), np.uint8), warm=0.5, variant="published")


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_out_is_filled_and_returned(dtype, rng):
    image = random_image(rng, (2, 14, 15, 3))
    fresh = boolean_map(image, backend="cpu")
    out = np.full(fresh.shape, 7, dtype)

    assert boolean_map(image, out=out, backend="cpu") is out

    np.testing.assert_array_equal(out, fresh if dtype == np.float32 else np.rint(255 * fresh))
    for frame, saliency in zip(image, fresh, strict=True):
        np.testing.assert_array_equal(saliency, boolean_map(frame, backend="cpu"))


@pytest.mark.cuda
def test_stacks_go_through_a_device_in_groups(cuda_device, rng, monkeypatch):
    from fastsal.algorithms.boolean_map import _cuda

    monkeypatch.setattr(_cuda, "FRAMES", 2)
    stack = random_image(rng, (3, 5, 6))

    actual = boolean_map(stack, channel_axis=None, backend="cuda")

    expected = boolean_map(stack, channel_axis=None, backend="cpu")
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(301, 402, 3), (3, 120, 161, 3)], ids=str)
@pytest.mark.parametrize("variant", ["default", "published"])
def test_any_number_of_threads_gives_the_same_bits(shape, variant, rng):
    image = random_image(rng, shape)
    many = boolean_map(image, variant=variant, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = boolean_map(image, variant=variant, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


@given(image=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)))
@settings(deadline=None, max_examples=40)
def test_any_small_image(image):
    actual = boolean_map(image, backend="cpu")

    assert 0 <= actual.min() <= actual.max() <= 1
    assert_close(actual, reference(image))


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "camera"])
def test_published_maps_as_recorded(name, shared):
    """Recorded from NumPy and OpenCV on pictures of 400 pixels, 0 to 255."""
    recorded = np.load(shared / "golden" / "classical" / "golden.npz")[f"{name}__bms"]
    image = resized(getattr(data, name)(), recorded.shape)

    actual = 255 * boolean_map(image, variant="published", size=400, backend="cpu")

    np.testing.assert_allclose(actual, recorded, rtol=0, atol=1)


@pytest.mark.parametrize("name", ["coffee", "rocket"])
def test_planes_as_recorded(name):
    recorded = np.load(GOLDEN / "golden.npz")[f"{name}__planes"].astype(int)
    small = np.ascontiguousarray(
        resized(getattr(data, name)(), recorded.shape[1:]).transpose(2, 0, 1)
    )
    plan = plan_of(*recorded.shape[1:], 3, Options("published", 200, 8, 0.0, 0.0, 0.0, True))

    planes = _cpu._fill_planes(small, plan).astype(int)

    for plane in recorded:  # in another order
        assert min(np.abs(each - plane).max() for each in planes) <= 1


@pytest.mark.parametrize("name", ["coffee", "rocket"])
@pytest.mark.parametrize(("form", "reach"), [("it0", 0), ("it2_dilated", 2)])
def test_attention_maps_as_recorded(name, form, reach):
    recorded = np.load(GOLDEN / "golden.npz")
    planes, expected = recorded[f"{name}__planes"], recorded[f"{name}__att_step8_{form}"]
    work = np.empty((1, 2, *planes.shape[1:]), np.uint8)
    total = np.empty((1, *planes.shape[1:]), np.uint32)
    for plane, attention in zip(planes, expected, strict=True):
        units = np.array([1 << 28])  # finer than in calls, where more sums have to fit
        add_jobs(plane[None], units, 8, reach, reach > 0, work, total, 0, 1)
        np.testing.assert_allclose(total[0] / units[0], attention, rtol=0, atol=1e-6)


def resized(image, shape):
    return cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA)
