"""Fast mode of `slic`: its definition bit for bit, connected regions, and its streams."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import superpixels_fast as reference
from scipy.ndimage import binary_dilation
from skimage import data, measure
from skimage.segmentation import find_boundaries
from superpixel_frames import panned_photos, tiny_scene

import fastsal
from fastsal.algorithms.superpixels import slic
from fastsal.algorithms.superpixels.options import checked_options

SHAPES = [(1, 1), (1, 9), (11, 1), (7, 5), (31, 47, 3), (20, 21, 4)]
KEYS = ["superpixel", "superpixel-motion", "superpixel-change"]


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut()[::2, ::2])


@pytest.fixture
def threads():
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def random_image(rng, shape, dtype=np.uint8):
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def pieces_of_each_label(labels):
    """Return the number of 4-connected components of each label."""
    components, count = measure.label(labels + 1, connectivity=1, return_num=True)
    owners = np.zeros(count + 1, int)
    owners[components.ravel()] = labels.ravel()
    return np.bincount(owners[1:], minlength=labels.max() + 1)


def boundaries_shared(labels, others):
    """Return the fraction of boundary pixels that are at most one pixel off another boundary."""
    found, expected = (find_boundaries(each, mode="inner") for each in (labels, others))
    return binary_dilation(expected, np.ones((3, 3)))[found].mean()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
def test_labels_are_those_of_the_definition(shape, dtype, rng, backend):
    image = random_image(rng, shape, dtype)
    options = {"region_size": 4, "regularizer": 0.3, "max_iter": 3}

    actual = slic(image, **options, mode="fast", relabel=False, backend=backend)

    np.testing.assert_array_equal(actual, reference.slic(image, 4, 0.3, max_iter=3)[0])


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 40), cols=st.integers(1, 70), channels=st.sampled_from([None, 1, 3, 4]),
    size=st.integers(1, 45), stiffness=st.sampled_from([0.0, 0.01, 0.1, 1.0, 16.0, 1e20]),
    least=st.none() | st.integers(0, 30), max_iter=st.integers(1, 5),
    levels=st.sampled_from([2, 3, 256]), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_image(rows, cols, channels, size, stiffness, least, max_iter, levels, seed):
    shape = (rows, cols) if channels is None else (rows, cols, channels)
    image = np.random.default_rng(seed).integers(0, levels, shape) * (255 // (levels - 1))
    image = image.astype(np.uint8)
    options = {"region_size": size, "regularizer": stiffness, "min_region_size": least}

    labels = slic(image, **options, max_iter=max_iter, mode="fast", relabel=False, backend="cpu")

    expected = reference.slic(image, size, stiffness, least, max_iter)[0]
    np.testing.assert_array_equal(labels, expected)
    assert pieces_of_each_label(labels).max() == 1
    numbered = slic(image, **options, max_iter=max_iter, mode="fast", backend="cpu")
    firsts, inverse = np.unique(labels, return_index=True, return_inverse=True)[1:]
    order = np.argsort(np.argsort(firsts))
    np.testing.assert_array_equal(numbered, order[inverse].reshape(labels.shape))


def test_colours_in_the_other_order_give_the_same_labels(photo):
    labels = slic(photo, mode="fast")

    np.testing.assert_array_equal(slic(photo[..., ::-1].copy(), mode="fast", color="bgr"), labels)


@pytest.mark.parametrize("regularizer", [0.01, 1.0])
def test_no_label_is_in_two_pieces(photo, regularizer):
    labels = slic(photo, regularizer=regularizer, mode="fast")

    assert (pieces_of_each_label(labels) == 1).all()
    assert np.bincount(labels.ravel()).min() >= 2


def test_large_second_components_are_regions_of_their_own(photo):
    options = {"region_size": 20, "regularizer": 0.01, "mode": "fast", "relabel": False}
    tiles, smallest = 13 * 13, 20**2 // 36

    labels = slic(photo, **options)

    firsts = np.unique(labels[labels >= tiles])
    assert len(firsts) > 5
    for label in firsts:
        found = np.flatnonzero(labels == label)
        assert found[0] == label - tiles
        assert len(found) >= smallest
    assert slic(photo, **options, min_region_size=2000).max() < tiles


@pytest.mark.parametrize(("size", "iterations"), [(3, 10), (10, 10), (20, 30), (200, 100)])
def test_larger_regions_take_more_iterations_by_default(photo, size, iterations):
    labels = slic(photo, region_size=size, mode="fast")

    expected = slic(photo, region_size=size, mode="fast", max_iter=iterations)
    np.testing.assert_array_equal(labels, expected)
    assert checked_options(size, 1.0, None, None, "fast").max_iter == iterations


@pytest.mark.parametrize("size", [3, 10, 37])
def test_any_number_of_threads_gives_the_same_bits(size, threads):
    image = np.ascontiguousarray(data.astronaut()[:300])
    results = []
    for count in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        threads(count)
        results.append(slic(image, region_size=size, regularizer=0.05, mode="fast", backend="cpu"))

    for labels in results[1:]:
        np.testing.assert_array_equal(labels, results[0])


def test_large_images_follow_the_definition():
    image = np.ascontiguousarray(data.astronaut()[:280, :300])  # large enough for all threads

    labels = slic(image, regularizer=0.02, max_iter=4, mode="fast", relabel=False, backend="cpu")

    np.testing.assert_array_equal(labels, reference.slic(image, 10, 0.02, max_iter=4)[0])


def test_starts_from_labels_of_the_last_frame(photo):
    labels = slic(photo, mode="fast")

    again = slic(photo, initial=labels, max_iter=1, mode="fast")

    assert (pieces_of_each_label(again) == 1).all()
    assert boundaries_shared(again, labels) > 0.85


def test_starts_from_given_centres(photo):
    first = reference.Fast(photo, 10, 1.0)
    places = [(row, col) for row in range(5, 256, 10) for col in range(5, 256, 10)]
    centers = np.array([[row, col, *photo[row, col] / 255] for row, col in places])
    offsets = reference.units_of(np.array(places) - first.origins, first.scale)
    units = np.hstack([offsets, [8 * photo[row, col].astype(int) for row, col in places]])

    labels = slic(photo, initial=centers, max_iter=2, mode="fast", relabel=False)

    expected = reference.slic(photo, 10, 1.0, max_iter=2, centers=units)[0]
    np.testing.assert_array_equal(labels, expected)


def test_labels_are_close_to_the_exact_ones(photo):
    assert boundaries_shared(slic(photo, mode="fast"), slic(photo)) > 0.85


def test_auto_is_fast_above_1080p_only():
    options = checked_options(10, 1.0, None, None, "auto", name="slic")

    assert not options.is_fast((1080, 1920))
    assert options.is_fast((1081, 1920))


@pytest.mark.parametrize("key", KEYS)
def test_streams_in_fast_mode_follow_the_definition(key):
    frames = panned_photos()[:3]
    stream = fastsal.Stream(key, slic="fast")
    maps = [stream.update(frame) for frame in frames]

    assert all(each.shape == frames[0].shape[:2] for each in maps)
    labels, centers = None, None
    for frame, saliency in zip(frames, maps, strict=True):
        rounds = 10 if centers is None else 1
        labels, centers = reference.slic(
            frame, 10, 1.0, max_iter=rounds, centers=centers, stream=True
        )
        if key == "superpixel":  # one value for each region
            lows = np.full(labels.max() + 1, 2.0, np.float32)
            np.minimum.at(lows, labels.ravel(), saliency.ravel())
            np.testing.assert_array_equal(lows[labels], saliency)


def test_maps_of_fast_mode_are_close_to_exact_ones():
    for frame in panned_photos():
        fast = fastsal.superpixel_contrast(frame, slic="fast")
        exact = fastsal.superpixel_contrast(frame, slic="exact")
        assert np.corrcoef(fast.ravel(), exact.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("smooth", [False, True])
def test_functions_take_fast_mode(smooth):
    first, second = panned_photos()[:2]
    options = {"slic": "fast", "smooth": smooth}
    change = fastsal.superpixel_change(second, first, signed=True, **options)
    maps = [fastsal.superpixel_contrast(each, **options) for each in (first, second)]

    np.testing.assert_array_equal(change, maps[1] - maps[0])
    against = fastsal.superpixel_contrast(second, first, **options)
    assert (against.min(), against.max()) == (0, 1) or smooth


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(9, 11), (12, 10, 3), (7, 13, 4)])
def test_devices_give_the_same_bits(shape, dtype, rng, cuda_device):
    image = random_image(rng, shape, dtype)
    for regularizer in (0.01, 1.0):
        options = {"region_size": 4, "regularizer": regularizer, "max_iter": 3, "mode": "fast"}
        expected = slic(image, **options, relabel=False, backend="cpu")

        actual = slic(image, **options, relabel=False, backend="cuda")

        np.testing.assert_array_equal(actual, expected)
        expected = slic(image, **options, backend="cpu")
        np.testing.assert_array_equal(slic(image, **options, backend="cuda"), expected)


@pytest.mark.cuda
@pytest.mark.parametrize("key", KEYS)
def test_streams_of_devices_agree(key, rng, cuda_device):
    scene = tiny_scene(rng)
    host, device = (
        fastsal.Stream(key, slic="fast", region_size=3, method="exact", backend=backend)
        for backend in ("cpu", "cuda")
    )
    for frame in scene:
        np.testing.assert_allclose(device.update(frame), host.update(frame), atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "quick"}, "`mode` must be 'exact' or 'fast'"),
        ({"mode": "auto"}, "`mode` must be"),
        ({"mode": "fast", "region_size": 9000}, "`region_size` must be at most 8192 in fast mode"),
        ({"mode": "fast", "max_iter": 0}, "`max_iter` must be"),
    ],
)
def test_bad_options_of_slic(options, message):
    with pytest.raises(ValueError, match=message):
        slic(np.zeros((9, 9), np.uint8), **options)


@pytest.mark.parametrize("key", KEYS)
def test_bad_options_of_streams(key):
    with pytest.raises(ValueError, match="`slic` must be 'auto', 'exact' or 'fast'"):
        fastsal.Stream(key, slic="quick")
    with pytest.raises(ValueError, match="`slic` must be 'auto', 'exact' or 'fast'"):
        fastsal.superpixel_change(np.zeros((9, 9)), np.zeros((9, 9)), slic=None)
