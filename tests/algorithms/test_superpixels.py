import re

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import superpixels as reference
from skimage import data, measure
from skimage.color import rgb2lab

import fastsal
from fastsal import runtime
from fastsal.algorithms.superpixels import (
    _cpu,
    draw_boundaries,
    region_stats,
    slic,
    slic_like_skimage,
)
from fastsal.kernels.color import _cpu_lab

SHAPES = [(1, 1), (1, 9), (11, 1), (7, 5), (31, 47, 3)]


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut()[::3, ::3])


@pytest.fixture
def threads():
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def random_image(rng, shape, dtype=np.uint8):
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def sizes_of_pieces(labels):
    """The pixels of each 4-connected piece of one label."""
    pieces = measure.label(labels + 1, connectivity=1)
    return pieces, np.bincount(pieces.ravel())[1:]


def test_labels_are_those_of_vl_slic(recordings):
    with np.load(recordings / "vlfeat" / "vlslic.npz") as archive:
        golden = dict(archive)
    keys = [key for key in golden if not key.endswith("_image")]
    assert len(keys) >= 6

    for key in keys:
        name, size, regularizer = re.fullmatch(r"(\w+)_rs(\d+)_reg([\d.]+)", key).groups()
        actual = slic(
            golden[f"{name}_image"],
            region_size=int(size),
            regularizer=float(regularizer),
            relabel=False,
            backend="cpu",
        )
        assert actual.dtype == np.int32
        np.testing.assert_array_equal(actual, golden[key], err_msg=key)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("region_size", [1, 4, 100])
def test_matches_the_definition(shape, region_size, rng):
    image = random_image(rng, shape)

    actual = slic(image, region_size=region_size, regularizer=0.5, relabel=False, backend="cpu")

    np.testing.assert_array_equal(actual, reference.slic(image, region_size, 0.5)[0])


@pytest.mark.parametrize("plain", [False, True])
@given(
    rows=st.integers(1, 40), cols=st.integers(1, 60), channels=st.sampled_from([0, 1, 3]),
    size=st.integers(1, 22), stiffness=st.sampled_from([0, 0.01, 1, 100]),
    least=st.none() | st.integers(0, 20), max_iter=st.sampled_from([1, 2, 3, 100]),
    levels=st.sampled_from([1, 3, 256]), seed=st.integers(0, 99),
)  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_any_image(plain, rows, cols, channels, size, stiffness, least, max_iter, levels, seed):
    shape = (rows, cols, channels) if channels else (rows, cols)
    image = np.random.default_rng(seed).integers(0, levels, shape).astype(np.uint8) * (
        255 // levels
    )
    options = {"region_size": size, "regularizer": stiffness, "min_region_size": least}
    with pytest.MonkeyPatch.context() as patch:
        if plain:
            patch.setattr(_cpu, "MAX_SIZE", 0)
        actual = slic(image, **options, max_iter=max_iter, relabel=False, backend="cpu")

    expected = reference.slic(image, size, stiffness, least, max_iter)[0]
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("max_iter", [1, 100])
@pytest.mark.parametrize("size", [7, 20])
def test_any_number_of_threads_gives_the_same_bits(size, max_iter, threads):
    image = data.astronaut()[:400, :501]
    results = []
    for count in range(1, min(8, numba.config.NUMBA_NUM_THREADS) + 1):
        threads(count)
        labels = slic(image, region_size=size, max_iter=max_iter, regularizer=0.1, backend="cpu")
        results.append((labels, *region_stats(image, labels, backend="cpu")))

    for other in results[1:]:
        for one, same in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_other_dtypes_give_the_same_labels(dtype, photo):
    white = 1 / 255 if np.dtype(dtype).kind == "f" else 257
    image = (photo * np.float64(white)).astype(dtype)

    actual, expected = slic(image, backend="cpu"), slic(photo, backend="cpu")

    assert np.mean(actual != expected) < 0.01  # thirds round another way


def test_channels(photo):
    expected = slic(photo)
    with_alpha = np.dstack([photo, photo[..., 0]])

    np.testing.assert_array_equal(slic(photo[..., ::-1], color="bgr"), expected)
    np.testing.assert_array_equal(slic(with_alpha), expected)
    np.testing.assert_array_equal(slic(photo[..., :1]), slic(photo[..., 0]))


def test_grey_after_colour_sees_nothing_of_it(photo):
    gray = np.ascontiguousarray(photo[..., 1])
    alone = slic(gray)

    slic(photo)

    np.testing.assert_array_equal(slic(gray), alone)


@pytest.mark.parametrize("size", [5, 10])
def test_relabelled_in_the_order_of_first_pixels(photo, size):
    labels = slic(photo, region_size=size, relabel=False)

    np.testing.assert_array_equal(slic(photo, region_size=size), reference.renumbered(labels))


@given(
    seed=st.integers(0, 999), size=st.integers(2, 12), least=st.integers(1, 30),
    rows=st.integers(1, 40), cols=st.integers(1, 40),
)  # fmt: skip
@settings(deadline=None, max_examples=50)
def test_no_piece_is_smaller_than_the_minimum(seed, size, least, rows, cols):
    image = np.random.default_rng(seed).integers(0, 4, (rows, cols, 3)).astype(np.uint8) * 80
    options = {"region_size": size, "regularizer": 0.01, "backend": "cpu"}

    labels = slic(image, min_region_size=least, **options)

    pieces, sizes = sizes_of_pieces(labels)
    small = set(np.flatnonzero(sizes < least) + 1)
    # The definition keeps the piece of the first pixel, because no piece precedes it.
    assert small <= {pieces[0, 0]}


def test_one_region_for_a_region_size_beyond_the_image(backend, rng):
    image = random_image(rng, (6, 9, 3))
    for size in (9, 10, 10**12):
        assert not slic(image, region_size=size, backend=backend).any()


def test_a_row_longer_than_its_regions_takes_little_memory(rng):
    image = random_image(rng, (2, 30_000))

    actual = slic(image, region_size=9_000, max_iter=3, relabel=False)

    np.testing.assert_array_equal(actual, reference.slic(image, 9_000, 1.0, max_iter=3)[0])


@pytest.mark.parametrize("shape", [(48, 57, 3), (48, 57)], ids=str)
def test_starts_from_given_centres(shape, rng):
    image = random_image(rng, shape)
    centers = reference.slic(image, 10, 1.0, max_iter=4)[3]

    actual = slic(image, initial=centers[:, [1, 0, *range(2, centers.shape[1])]], max_iter=2,
                  relabel=False)  # fmt: skip

    expected = reference.slic(image, 10, 1.0, max_iter=2, centers=centers)[0]
    np.testing.assert_array_equal(actual, expected)


def test_given_centres_have_the_channels_of_the_image(photo):
    centers = reference.first_centers(reference.as_unit(photo), 10)[:, [1, 0, 2, 3, 4]]

    np.testing.assert_array_equal(
        slic(photo[..., ::-1], color="bgr", initial=centers[:, [0, 1, 4, 3, 2]]),
        slic(photo, initial=centers),
    )


@pytest.mark.parametrize("relabel", [True, False])
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint16])
def test_starts_from_labels_however_numbered(photo, relabel, dtype):
    following = np.roll(photo, 2, axis=1)
    labels = slic(photo, relabel=relabel)

    actual = slic(following, initial=labels.astype(dtype), max_iter=1, relabel=False)

    centers = reference.centers_from_labels(following, labels, 10)
    expected = reference.slic(following, 10, 1.0, max_iter=1, centers=centers)[0]
    assert np.mean(actual != expected) < 1e-3  # its sums round another way


def test_two_rounds_from_the_last_frame_do(photo):
    following = np.roll(photo, 1, axis=1)
    whole = reference.slic(following, 10, 1.0)[2]

    labels = slic(following, initial=slic(photo), max_iter=2, min_region_size=0, relabel=False)

    image = reference.as_unit(following)
    centers = reference.update(image, labels, 18 * 18)
    assert reference.assign(image, centers, 10, 1.0)[1].sum() < 1.06 * whole


@pytest.mark.parametrize("shape", [(30, 41, 3), (30, 41, 4), (30, 41)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_statistics_are_those_of_regionprops(shape, dtype, rng):
    image = random_image(rng, shape, dtype)
    labels = slic(image, region_size=6, backend="cpu")

    actual = region_stats(image, labels, backend="cpu")

    color = image[..., :3] if len(shape) == 3 else np.dstack([image] * 3)
    white = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    regions = measure.regionprops(labels + 1, color / white)
    mean = np.array([each.intensity_mean for each in regions])
    np.testing.assert_array_equal(actual.area, [each.area for each in regions])
    np.testing.assert_array_equal(actual.bbox, [each.bbox for each in regions])
    centroid = [each.centroid for each in regions]
    np.testing.assert_allclose(actual.centroid, centroid, rtol=2e-7, atol=0)
    np.testing.assert_allclose(actual.mean_color, rgb2lab(mean[None])[0], rtol=0, atol=2e-4)
    kinds = [each.dtype for each in actual]
    assert kinds == [np.int64, np.float32, np.float32, np.int32]


def test_statistics_of_as_many_regions_as_pixels(rng):
    image, labels = random_image(rng, (300, 301)), np.arange(300 * 301).reshape(300, 301)

    stats = region_stats(image, labels)

    np.testing.assert_array_equal(stats.area, 1)
    np.testing.assert_array_equal(stats.centroid, np.argwhere(image >= 0))


def test_labels_are_left_alone(photo):
    labels = slic(photo)
    before = labels.copy()

    region_stats(photo, labels)
    slic(photo, initial=labels)

    np.testing.assert_array_equal(labels, before)
    assert labels.flags.writeable


BAD_LABELS = {
    "shape": (np.zeros((4, 4), int), r"integers of shape \(4, 5\); got int64 of shape \(4, 4\)"),
    "dtype": (np.zeros((4, 5)), "`labels` must be integers"),
    "booleans": (np.zeros((4, 5), bool), "`labels` must be integers"),
    "gap": (np.eye(4, 5, dtype=int) * 2, "every number from 0 to 2; got none equal to 1"),
    "negative": (-np.eye(4, 5, dtype=int), "`labels` must be from 0 to 20; got -1 to 0"),
    "too large": (np.eye(4, 5, dtype=int) * 21, "`labels` must be from 0 to 20; got 0 to 21"),
    "far too large": (np.eye(4, 5, dtype=int) * 2**40, "`labels` must be from 0 to 20"),
}


@pytest.mark.parametrize(("labels", "message"), BAD_LABELS.values(), ids=BAD_LABELS.keys())
def test_bad_labels_are_refused(labels, message):
    with pytest.raises(fastsal.ImageError, match=message):
        region_stats(np.zeros((4, 5), np.uint8), labels)


BAD_INITIAL = {
    "shape": np.zeros((4, 4), int),
    "negative": np.full((4, 5), -1),
    "too large": np.full((4, 5), 21),
    "centres": np.zeros((3, 3)),
    "centres of nan": np.full((2, 3), np.nan),
    "centres outside": np.full((2, 3), 7.0),
}


@pytest.mark.parametrize("initial", BAD_INITIAL.values(), ids=BAD_INITIAL.keys())
def test_bad_initial_is_refused(initial):
    with pytest.raises(fastsal.ImageError, match="`initial` must"):
        slic(np.zeros((4, 5), np.uint8), region_size=4, initial=initial)


BAD_OPTIONS = [
    ("region_size", 0), ("region_size", -3), ("region_size", 2.5), ("region_size", None),
    ("regularizer", -1), ("regularizer", np.nan), ("regularizer", np.inf), ("regularizer", "1"),
    ("max_iter", 0), ("max_iter", 1.0), ("min_region_size", -1), ("min_region_size", "9"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD_OPTIONS)
def test_bad_options_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        slic(np.zeros((4, 5), np.uint8), **{name: value})


@pytest.mark.parametrize("image", [np.zeros((2, 4, 5, 3), np.uint8), np.zeros((0, 4)), [["a"]]])
def test_what_is_no_image_is_refused(image):
    for call in (slic, lambda each: region_stats(each, np.zeros((4, 5), int))):
        with pytest.raises(fastsal.ImageError):
            call(image)


def test_lab_of_whole_images(rng):
    planes = rng.random((40, 50, 3), np.float32)
    planes[0, :2] = [[0, 0, 0], [1, 1, 1]]
    expected = rgb2lab(planes.astype(np.float64))

    _cpu_lab.convert_to_lab(planes)

    np.testing.assert_allclose(planes, expected, rtol=0, atol=3e-4)


@pytest.mark.parametrize("start_label", [0, 1])
def test_like_skimage_numbers_connected_pieces(photo, start_label):
    labels = slic_like_skimage(photo, 150, start_label=start_label)

    pieces, sizes = sizes_of_pieces(labels)
    np.testing.assert_array_equal(labels, pieces - 1 + start_label)
    assert 90 < len(sizes) < 190
    assert sizes[1:].min() >= int(0.5 * 14**2)


def test_like_skimage_segments_about_as_well(photo):
    from skimage.segmentation import slic as peer

    lab = rgb2lab(photo)

    def spread_within(labels):
        area = np.maximum(np.bincount(labels.ravel()), 1)
        means = [np.bincount(labels.ravel(), lab[..., k].ravel()) / area for k in range(3)]
        return np.mean((lab - np.stack(means, -1)[labels]) ** 2)

    ours, theirs = slic_like_skimage(photo, 300), peer(photo, 300)
    assert spread_within(ours) < 1.1 * spread_within(theirs)


@pytest.mark.parametrize(
    ("image", "options"),
    [
        ("grey", {"channel_axis": None}), ("photo", {"convert2lab": False}),
        ("first", {"channel_axis": 0}), ("photo", {"sigma": 1.5}),
        ("photo", {"enforce_connectivity": False}), ("floats", {"compactness": 0.1}),
    ],
)  # fmt: skip
def test_like_skimage_takes_its_options(photo, image, options):
    image = {
        "photo": photo, "grey": photo[..., 0], "first": np.moveaxis(photo, -1, 0),
        "floats": photo * 3.0 - 100,
    }[image]  # fmt: skip

    labels = slic_like_skimage(image, 100, **options)

    assert labels.shape == photo.shape[:2]
    assert labels.min() == 1
    assert labels.max() > 30
    np.testing.assert_array_equal(np.unique(labels), np.arange(1, labels.max() + 1))


@pytest.mark.parametrize(
    "options",
    [
        {"n_segments": 0}, {"compactness": 0}, {"compactness": np.nan}, {"max_num_iter": 0},
        {"sigma": -1}, {"min_size_factor": -0.1}, {"start_label": 2},
    ],
)  # fmt: skip
def test_like_skimage_refuses_bad_options(options):
    with pytest.raises(ValueError, match="must be"):
        slic_like_skimage(np.zeros((8, 8, 3)), **options)


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8)), np.zeros((8, 8, 2)), np.zeros((0, 8, 3)), np.full((8, 8, 3), np.nan)],
    ids=["grey", "two channels", "empty", "nan"],
)
def test_like_skimage_refuses_what_is_no_image(image):
    with pytest.raises(fastsal.ImageError):
        slic_like_skimage(image)


@pytest.mark.parametrize("channels", [0, 1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_boundaries_are_drawn_where_regions_meet(channels, dtype, rng):
    from skimage.segmentation import find_boundaries

    image = random_image(rng, (24, 31, channels) if channels else (24, 31), dtype)
    labels = slic(image, region_size=8)

    picture = draw_boundaries(image, labels, line=(1, 2, 3))

    edges = find_boundaries(labels)
    white = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    color = image[..., :3] if channels in (3, 4) else np.dstack([image] * 3)
    assert picture.dtype == np.uint8
    assert 0.1 < edges.mean() < 0.9
    assert (picture[edges] == (1, 2, 3)).all()
    np.testing.assert_array_equal(picture[~edges], np.rint(color[~edges] * (255 / white)))


def test_drawing_leaves_its_inputs_alone(photo):
    labels, before = slic(photo, region_size=20), photo.copy()

    draw_boundaries(photo, labels)

    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize(
    ("labels", "line", "error", "message"),
    [
        (np.zeros((4, 4), int), (1, 2, 3), fastsal.ImageError, r"`labels` .* \(4, 5\); got int64"),
        (np.zeros((4, 5)), (1, 2, 3), fastsal.ImageError, "`labels` must be integers"),
        (np.zeros((4, 5), int), (1, 2), ValueError, "`line` must be three integers from 0 to 255"),
        (np.zeros((4, 5), int), (1, 2, 256), ValueError, "`line` must be"),
        (np.zeros((4, 5), int), (0.5, 0, 0), ValueError, "`line` must be"),
        (np.zeros((4, 5), int), "red", ValueError, "`line` must be"),
    ],
)
def test_what_cannot_be_drawn_is_refused(labels, line, error, message):
    with pytest.raises(error, match=message):
        draw_boundaries(np.zeros((4, 5), np.uint8), labels, line=line)
    with pytest.raises(fastsal.ImageError):
        draw_boundaries(np.zeros((4, 5), int), np.zeros((4, 5), int))


@pytest.mark.cuda
def test_device_arrays_are_not_drawn(cuda_device):
    image, labels = np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.int32)
    with pytest.raises(fastsal.ImageError, match="`image` must be on the host"):
        draw_boundaries(cuda_device.to_device(image), labels)
    with pytest.raises(fastsal.ImageError, match="`labels` must be on the host"):
        draw_boundaries(image, cuda_device.to_device(labels))


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(8, 9, 3), (1, 7), (7, 6, 4)], ids=str)
def test_a_device_gives_the_same_labels(shape, cuda_device, rng):
    image = random_image(rng, shape)
    for options in (
        {"region_size": 4, "max_iter": 3, "relabel": False},
        {"region_size": 3, "max_iter": 2, "min_region_size": 4, "color": "bgr"},
    ):
        expected = slic(image, **options, backend="cpu")
        np.testing.assert_array_equal(slic(image, **options, backend="cuda"), expected)


def energy_of(image, labels, size):
    """Return the sum of distances from the means of the regions."""
    image = reference.as_unit(image)
    centers = reference.update(image, labels, labels.max() + 1)
    return reference.assign(image, centers, size, 1.0)[1].sum(dtype=np.float64)


@pytest.mark.cuda
def test_a_device_segments_as_well(cuda_device, photo):
    size, rounds = 10, 100
    if runtime.is_simulated():
        photo, size, rounds = np.ascontiguousarray(photo[40:56, 60:80]), 6, 4
    options = {"region_size": size, "max_iter": rounds, "min_region_size": 0, "relabel": False}

    actual, expected = (slic(photo, **options, backend=each) for each in ("cuda", "cpu"))

    assert np.mean(actual == expected) >= 0.995
    energies = energy_of(photo, actual, size), energy_of(photo, expected, size)
    assert energies[0] == pytest.approx(energies[1], rel=1e-3)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_device_arrays_in_device_arrays_out(dtype, cuda_device, rng):
    image = random_image(rng, (6, 7, 3), dtype)
    held = cuda_device.to_device(image)
    labels = slic(image, region_size=3, max_iter=1, backend="cpu")

    on_device = slic(held, region_size=3, max_iter=1)
    stats = region_stats(held, on_device)
    again = slic(held, region_size=3, max_iter=1, initial=on_device)

    assert {type(on_device), *map(type, stats)} == {type(held)}
    np.testing.assert_array_equal(on_device.copy_to_host(), labels)
    expected = region_stats(image, labels, backend="cpu")
    for actual, wanted in zip(stats, expected, strict=True):
        np.testing.assert_allclose(actual.copy_to_host(), wanted, rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(
        again.copy_to_host(), slic(image, region_size=3, max_iter=1, initial=labels, backend="cpu")
    )


@pytest.mark.cuda
def test_devices_refuse_what_the_host_refuses(cuda_device):
    held = cuda_device.to_device(np.zeros((2, 3), np.uint8))
    for labels, message in (
        (np.zeros((2, 3), np.int32), "both be device arrays"),
        (cuda_device.to_device(np.zeros((2, 3), np.int64)), "int32"),
        (
            cuda_device.to_device(np.full((2, 3), 7, np.int32)),
            "`labels` must be from 0 to 6; got 7 to 7",
        ),
        (
            cuda_device.to_device(np.full((2, 3), 2, np.int32)),
            "every number from 1 to 2; got none equal to 1",
        ),
    ):
        with pytest.raises(fastsal.ImageError, match=message):
            region_stats(held, labels)


@pytest.mark.parametrize("relabel", [lambda n: n, lambda n: n % 7], ids=["many", "seven"])
def test_statistics_of_labels_that_start_at_1(backend, relabel, rng):
    image = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    labels = relabel(np.arange(99, dtype=np.int32).reshape(9, 11))

    for mine, expected in zip(
        fastsal.region_stats(image, labels + 1, backend=backend),
        fastsal.region_stats(image, labels, backend=backend),
        strict=True,
    ):
        assert mine.dtype == expected.dtype
        np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize("labels", [[[1, 1, 3]], [[0, 1, 3]], [[2, 3, 3]]], ids=str)
def test_gaps_are_refused_wherever_labels_start(labels):
    with pytest.raises(fastsal.ImageError, match="`labels` must use every number from"):
        fastsal.region_stats(np.zeros((1, 3), np.uint8), labels)


def test_channels_in_front_of_regions(rng):
    image = rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)
    turned, labels = np.moveaxis(image, -1, 0), fastsal.slic(image)

    np.testing.assert_array_equal(fastsal.slic(turned, channel_axis=0), labels)
    pairs = zip(
        fastsal.region_stats(turned, labels, channel_axis=0),
        fastsal.region_stats(image, labels),
        strict=True,
    )
    for mine, expected in pairs:
        np.testing.assert_array_equal(mine, expected)
    np.testing.assert_array_equal(
        fastsal.superpixels.draw_boundaries(turned, labels, channel_axis=0),
        fastsal.superpixels.draw_boundaries(image, labels),
    )
