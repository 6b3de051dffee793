import itertools
import tracemalloc

import cv2
import numba
import numpy as np
import pytest
from reference import superpixel_contrast as reference
from skimage import data
from superpixel_frames import as_bytes, panned_photos, tiny_scene

import fastsal
from fastsal.algorithms.superpixel_contrast import (
    SuperpixelChange,
    SuperpixelMotion,
    _cpu,
    superpixel_change,
    superpixel_contrast,
)
from fastsal.algorithms.superpixels import slic


@pytest.fixture(scope="module")
def photos():
    return panned_photos()


@pytest.mark.parametrize("form", ["colour", "grey", "floats", "alpha"])
def test_matches_the_definition(form, photos):
    image = photos[0]
    if form == "grey":
        image = image[..., 1]
    elif form == "floats":
        image = (image / 255).astype(np.float32)
    elif form == "alpha":
        image = np.dstack([image, image[..., 0]])

    actual = superpixel_contrast(image, method="exact", backend="cpu")

    expected = reference.superpixel_contrast(image, slic(image))
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-5)
    assert (actual.min(), actual.max()) == (0, 1)


@pytest.mark.parametrize(
    "options", [{}, {"sigma_color": 8, "sigma_position": 0.1, "steepness": 2}], ids=str
)
def test_against_another_frame(photos, options):
    image, other = photos[0], photos[3]

    actual = superpixel_contrast(image, other, method="exact", **options)

    labels = slic(image), slic(other)
    expected = reference.superpixel_contrast(image, labels[0], other, labels[1], **options)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-5)
    assert np.abs(actual - superpixel_contrast(image, **options)).max() > 0.01


@pytest.mark.parametrize("options", [{"region_size": 5}, {"region_size": 16, "regularizer": 0.1}])
def test_options_of_superpixels(photos, options):
    actual = superpixel_contrast(photos[0], method="exact", **options)

    expected = reference.superpixel_contrast(photos[0], slic(photos[0], **options))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    "options", [{}, {"sigma_position": 0.02}, {"sigma_color": 1}, {"steepness": 0}], ids=str
)
def test_fast_is_near_exact(photos, options):
    for pair in ((photos[0],), (photos[0], photos[3])):
        fast, exact = (superpixel_contrast(*pair, method=m, **options) for m in ("fast", "exact"))
        np.testing.assert_allclose(fast, exact, rtol=0, atol=0.01)


def other_photos():
    names = ("chelsea", "coffee", "rocket", "retina", "hubble_deep_field", "camera")
    for name in names:
        image = getattr(data, name)()
        scale = 640 / max(image.shape)
        yield cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def test_fast_is_near_exact_on_other_photographs():
    for image in other_photos():
        fast, exact = (superpixel_contrast(image, method=m) for m in ("fast", "exact"))
        np.testing.assert_allclose(fast, exact, rtol=0, atol=0.01)


@pytest.mark.parametrize("part", ["osie/images", "indoor_boxes/images"])
def test_fast_is_near_exact_on_the_photographs(shared, part):
    paths = sorted((shared / "data" / part).iterdir())[:40]
    photographs = [cv2.imread(str(path)) for path in paths]
    assert len(photographs) >= 5
    for image, following in itertools.pairwise(photographs):
        small = cv2.resize(image, (640, 480), interpolation=cv2.INTER_AREA)
        fast, exact = (superpixel_contrast(small, method=m, color="bgr") for m in ("fast", "exact"))
        np.testing.assert_allclose(fast, exact, rtol=0, atol=0.01)
        if following.shape == image.shape and len(paths) < 9:
            pair = (superpixel_contrast(image, following, method=m) for m in ("fast", "exact"))
            np.testing.assert_allclose(*pair, rtol=0, atol=0.01)


def test_auto_is_exact_for_few_superpixels(photos):
    np.testing.assert_array_equal(
        superpixel_contrast(photos[0]), superpixel_contrast(photos[0], method="exact")
    )


def test_superpixels_without_pixels_do_not_count():
    """Where position weighs nothing and colours are equal, the first of four tiles takes all."""
    image = np.zeros((40, 42, 3), np.uint8)
    image[:, 20:], image[9:17, 25:31] = 90, (255, 40, 10)
    options = {"region_size": 6, "regularizer": 0}
    labels = slic(image, **options)
    assert labels.max() + 1 < 49

    for method, tolerance in (("exact", 2e-5), ("fast", 0.01)):
        actual = superpixel_contrast(image, **options, method=method)
        expected = reference.superpixel_contrast(image, labels)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def test_smooth_averages_near_superpixels(photos):
    image = photos[0][:60, :70]
    grid, labels = slic(image, relabel=False), slic(image)
    tiles = np.empty(labels.max() + 1, int)
    tiles[labels] = grid
    values = np.empty(len(tiles))
    values[labels] = superpixel_contrast(image)

    actual = superpixel_contrast(image, smooth=True)

    expected = reference.averaged(image, labels, tiles, values, 10)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("smooth", [False, True])
def test_change_is_the_difference_of_two_maps(photos, signed, smooth):
    actual = superpixel_change(photos[1], photos[0], signed=signed, smooth=smooth)

    now, before = (superpixel_contrast(photos[k], smooth=smooth) for k in (1, 0))
    np.testing.assert_array_equal(actual, now - before if signed else np.maximum(now - before, 0))
    assert not signed or actual.min() < 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2, 3)], ids=str)
@pytest.mark.parametrize("smooth", [False, True])
def test_tiny_and_uniform_images_score_zero(shape, smooth):
    image = np.full(shape, 200, np.uint8)
    for method in ("exact", "fast"):
        options = {"method": method, "smooth": smooth, "region_size": 3}
        assert not superpixel_contrast(image, **options).any()
        assert not superpixel_contrast(image, image, **options).any()
        assert not superpixel_change(image, image, **options).any()


def test_regions_larger_than_the_image(photos):
    assert not superpixel_contrast(photos[0], region_size=10**9).any()


def test_stacks_are_scored_frame_by_frame(photos):
    stack, others = np.stack(photos[:2]), np.stack(photos[2:])

    for axis in (-1, 1):
        moved = [np.moveaxis(each, -1, axis) for each in (stack, others)]
        alone = superpixel_contrast(moved[0], channel_axis=axis)
        pairs = superpixel_contrast(*moved, channel_axis=axis)
        change = superpixel_change(*moved, channel_axis=axis)
        for i in range(2):
            np.testing.assert_array_equal(alone[i], superpixel_contrast(stack[i]))
            np.testing.assert_array_equal(pairs[i], superpixel_contrast(stack[i], others[i]))
            np.testing.assert_array_equal(change[i], superpixel_change(stack[i], others[i]))


@pytest.mark.parametrize("smooth", [False, True])
def test_out_is_filled_and_returned(photos, smooth):
    calls = (
        lambda **options: superpixel_contrast(photos[0], smooth=smooth, **options),
        lambda **options: superpixel_change(*photos[:2], smooth=smooth, **options),
    )
    for call in calls:
        expected = call()
        for dtype, wanted in ((np.float32, expected), (np.uint8, as_bytes(expected))):
            out = np.full(expected.shape, 7, dtype)
            assert call(out=out) is out
            np.testing.assert_array_equal(out, wanted)


def test_any_number_of_threads_gives_the_same_bits():
    image = cv2.resize(data.astronaut(), (400, 300))
    before, results = numba.get_num_threads(), []
    try:
        for count in range(1, min(4, numba.config.NUMBA_NUM_THREADS) + 1):
            numba.set_num_threads(count)
            for method in ("exact", "fast"):
                results.append(superpixel_contrast(image, method=method, region_size=6))
            results.append(superpixel_contrast(image, smooth=True))
    finally:
        numba.set_num_threads(before)

    for i, other in enumerate(results):
        np.testing.assert_array_equal(other, results[i % 3])


BAD_OPTIONS = [
    ("region_size", 0), ("regularizer", -1), ("method", "quick"), ("sigma_color", 0),
    ("sigma_color", np.nan), ("sigma_position", -1), ("sigma_position", 1e9), ("steepness", -1),
    ("steepness", np.inf), ("steepness", "6"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD_OPTIONS)
def test_bad_options_are_refused(name, value):
    image = np.zeros((4, 5), np.uint8)
    for call in (superpixel_contrast, lambda *_, **o: superpixel_change(image, image, **o),
                 lambda *_, **o: SuperpixelMotion(**o)):  # fmt: skip
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            call(image, **{name: value})


def test_frames_of_two_forms_are_refused():
    frame = np.zeros((4, 5), np.uint8)
    for other in (np.zeros((5, 4), np.uint8), np.zeros((4, 5, 3), np.uint8), frame.astype("u2")):
        with pytest.raises(fastsal.ImageError, match="`image` and `reference` must have the same"):
            superpixel_contrast(frame, other)
        with pytest.raises(fastsal.ImageError, match="`frame` and `previous` must have the same"):
            superpixel_change(frame, other)


def test_signed_maps_need_floats():
    frame, out = np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.uint8)
    with pytest.raises(fastsal.ImageError, match="`out` must be float32"):
        superpixel_change(frame, frame, signed=True, out=out)
    with pytest.raises(fastsal.ImageError, match="`out` must be float32"):
        SuperpixelChange(signed=True).update(frame, out=out)


def random_superpixels(rng, count):
    """Return pixels, middles and colours of superpixels in an image of 100 x 100."""
    sums = np.ones((count, 6), np.int64)
    place = rng.random((count, 2), np.float32) * 100
    return sums, place, rng.random((count, 3), np.float32) * 90


@pytest.mark.parametrize("method", ["exact", "fast"])
def test_memory_grows_with_superpixels_not_with_pairs(method, rng):
    count = 20_000
    described, values = random_superpixels(rng, count), np.empty(count, np.float32)
    args = (described, described, (100, 100), (20.0, 0.25), 6.0, method, values)
    _cpu.score(*args)  # compiles

    tracemalloc.start()
    _cpu.score(*args)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 300 * 4 * count  # a row of pairs for each would be 20,000 * 4 * count


@pytest.mark.cuda
def test_a_device_holds_no_pairs_either(cuda_device, rng, monkeypatch):
    from fastsal.algorithms.superpixel_contrast import _cuda

    count, sizes = 70, []
    original = _cuda.workspace
    monkeypatch.setattr(
        _cuda, "workspace", lambda tag, shape, dtype: (
            sizes.append(np.prod(shape)) or original(tag, shape, dtype)
        ),
    )  # fmt: skip
    monkeypatch.setattr(_cuda, "PAIRS_OF_ONE_PART", 0)
    described = random_superpixels(rng, count)
    on_device = tuple(map(cuda_device.to_device, described))
    values, expected = cuda_device.device_array(count, np.float32), np.empty(count, np.float32)
    args = ((100, 100), (20.0, 0.25), 6.0, "exact")

    _cuda.score(on_device, on_device, *args, values)

    _cpu.score(described, described, *args, expected)
    np.testing.assert_allclose(values.copy_to_host(), expected, rtol=0, atol=1e-4)
    assert sum(sizes) <= 64 * count < count**2


@pytest.mark.cuda
@pytest.mark.parametrize(("channels", "smooth"), [(1, True), (3, False), (3, True)])
def test_a_device_gives_about_the_same_map(cuda_device, rng, smooth, channels):
    scene = tiny_scene(rng)
    frame, other = scene[0, ..., :channels], scene[1, ..., :channels]
    options = {"region_size": 4, "smooth": smooth}

    for pair in ((frame,), (frame, other)):
        expected = superpixel_contrast(*pair, **options, backend="cpu")
        actual = superpixel_contrast(*pair, **options, backend="cuda")
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4)


@pytest.mark.cuda
def test_device_frames_in_device_maps_out(cuda_device, rng):
    scene = tiny_scene(rng)
    held = [cuda_device.to_device(each) for each in scene[:2]]
    out = cuda_device.to_device(np.zeros((6, 7), np.uint8))
    options = {"region_size": 4}

    actual = superpixel_change(*held, **options, signed=True)
    assert superpixel_contrast(held[0], **options, out=out) is out

    expected = superpixel_change(*scene[:2], **options, signed=True, backend="cpu")
    assert type(actual) is type(held[0])
    np.testing.assert_allclose(actual.copy_to_host(), expected, rtol=0, atol=1e-4)
    expected = superpixel_contrast(scene[0], **options, backend="cpu")
    assert np.abs(out.copy_to_host() - 255 * expected).max() < 0.6
