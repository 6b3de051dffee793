import itertools

import cv2
import numba
import numpy as np
import pytest
from reference import superpixel_contrast as reference
from skimage import data

import fastsal
from fastsal.algorithms.superpixel_contrast import (
    SuperpixelChange,
    SuperpixelContrast,
    SuperpixelMotion,
    _maps,
    superpixel_change,
    superpixel_contrast,
)
from fastsal.algorithms.superpixels import slic

STREAMS = [SuperpixelContrast, SuperpixelMotion, SuperpixelChange]


@pytest.fixture(scope="module")
def photos():
    whole = cv2.resize(data.astronaut(), (160, 160), interpolation=cv2.INTER_AREA)
    return [np.ascontiguousarray(whole[k : k + 120, 2 * k : 2 * k + 130]) for k in range(4)]


@pytest.fixture
def scene(rng, monkeypatch):
    """Tiny frames that even the simulator gets through, segmented in two rounds at the most."""
    monkeypatch.setattr(_maps, "_ROUNDS", 2)
    frames = rng.integers(0, 256, (3, 6, 7, 3), dtype=np.uint8)
    frames[:, :3] //= 5
    frames[:, 2:, :3, 1:] //= 3
    return frames


def rounded(saliency):
    return np.rint(255 * saliency).astype(np.uint8)


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
        for dtype, wanted in ((np.float32, expected), (np.uint8, rounded(expected))):
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
        with pytest.raises(ValueError, match=f"{name} must be"):
            call(image, **{name: value})


def test_frames_of_two_forms_are_refused():
    frame = np.zeros((4, 5), np.uint8)
    for other in (np.zeros((5, 4), np.uint8), np.zeros((4, 5, 3), np.uint8), frame.astype("u2")):
        with pytest.raises(fastsal.ImageError, match="expected image and reference of the same"):
            superpixel_contrast(frame, other)
        with pytest.raises(fastsal.ImageError, match="expected frame and previous of the same"):
            superpixel_change(frame, other)


def test_signed_maps_need_floats():
    frame, out = np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.uint8)
    with pytest.raises(fastsal.ImageError, match="expected out as float32"):
        superpixel_change(frame, frame, signed=True, out=out)
    with pytest.raises(fastsal.ImageError, match="expected out as float32"):
        SuperpixelChange(signed=True).update(frame, out=out)


def test_stream_of_single_frames_follows_the_function(photos):
    stream = SuperpixelContrast()

    maps = [stream.update(each) for each in photos]

    np.testing.assert_array_equal(maps[0], superpixel_contrast(photos[0]))
    for photo, saliency in zip(photos[1:], maps[1:], strict=True):
        whole = superpixel_contrast(photo)
        assert np.corrcoef(saliency.ravel(), whole.ravel())[0, 1] > 0.8
        assert (saliency.min(), saliency.max()) == (0, 1)


@pytest.mark.parametrize("smooth", [False, True])
def test_change_over_a_stream_is_the_difference_of_its_maps(photos, smooth):
    stream, single = SuperpixelChange(signed=True, smooth=smooth), SuperpixelContrast(smooth=smooth)

    before = single.update(photos[0])
    assert not stream.update(photos[0]).any()
    for photo in photos[1:]:
        now = single.update(photo)
        np.testing.assert_array_equal(stream.update(photo), now - before)
        before = now


def test_motion_over_a_stream_compares_with_the_frame_before(photos):
    stream = SuperpixelMotion()

    assert not stream.update(photos[0]).any()
    for previous, photo in itertools.pairwise(photos):
        whole = superpixel_contrast(photo, previous)
        assert np.corrcoef(stream.update(photo).ravel(), whole.ravel())[0, 1] > 0.8


def test_every_frame_is_segmented_once(photos, monkeypatch):
    from fastsal.algorithms.superpixels import _cpu

    rounds, original = [], _cpu.slic
    monkeypatch.setattr(_cpu, "slic", lambda *args: (rounds.append(args[7]), original(*args)))
    for kind in STREAMS:
        stream = kind()
        for photo in photos:
            stream.update(photo)
    assert rounds == [100, 1, 1, 1] * 3


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_may_start_anew(kind, photos):
    fresh = [kind() for _ in range(2)]
    expected = [fresh[0].update(each) for each in photos[:2]]
    stream = kind()
    stream.update(photos[3])
    stream.update(photos[2])

    stream.reset()
    after_reset = [stream.update(each) for each in photos[:2]]
    for other in (photos[0][:50], photos[0][..., 0], photos[0].astype(np.uint16)):
        stream.update(other)  # another shape, other channels, another dtype
        np.testing.assert_array_equal(stream.update(photos[0]), expected[0])

    np.testing.assert_array_equal(after_reset, expected)


@pytest.mark.parametrize("kind", STREAMS)
def test_refused_frame_leaves_the_stream_as_it_was(kind, photos):
    stream, same = kind(), kind()
    for each in (stream, same):
        each.update(photos[0])

    with pytest.raises(fastsal.ImageError):
        stream.update(photos[0].astype(int))
    with pytest.raises(fastsal.ImageError, match="one image"):
        stream.update(photos[0][None])
    with pytest.raises(fastsal.ImageError):
        stream.update(photos[0][:9], out=np.zeros((2, 2), np.float32))

    np.testing.assert_array_equal(stream.update(photos[1]), same.update(photos[1]))


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_keep_earlier_maps_and_fill_out(kind, photos):
    stream, same = kind(), kind()
    maps = [stream.update(each) for each in photos]
    out = np.empty(maps[0].shape, np.uint8)

    for saliency, photo in zip(maps, photos, strict=True):
        assert same.update(photo, out=out) is out
        np.testing.assert_array_equal(out, rounded(saliency))


def test_two_streams_do_not_disturb_each_other(photos):
    alone = SuperpixelMotion()
    expected = [alone.update(each) for each in photos]
    first, second = SuperpixelMotion(), SuperpixelChange(region_size=7)

    for photo, saliency in zip(photos, expected, strict=True):
        np.testing.assert_array_equal(first.update(photo), saliency)
        second.update(photo[::-1])


def test_what_moves_tells_on_car_shadow(shared):
    """By the definition the ratio is 2.0: rare colours score, moving or not."""
    folder = shared / "data" / "davis" / "car-shadow"
    pairs = zip(sorted((folder / "frames").iterdir()), sorted((folder / "masks").iterdir()),
                strict=True)  # fmt: skip
    plain = SuperpixelMotion(color="bgr")
    local = SuperpixelMotion(color="bgr", sigma_position=0.02, steepness=0)
    inside, outside = np.zeros((2, 2))
    for path, mask_path in itertools.islice(pairs, 0, None, 2):
        frame = cv2.imread(str(path))
        mask = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE) > 0
        maps = np.stack([stream.update(frame) for stream in (plain, local)])
        inside += maps[:, mask].mean(1)
        outside += maps[:, ~mask].mean(1)

    assert inside[0] > 1.6 * outside[0]
    assert inside[1] > 4 * outside[1]


@pytest.mark.cuda
@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_device_gives_about_the_same_map(cuda_device, scene, smooth, channels):
    frame, other = scene[0, ..., :channels], scene[1, ..., :channels]
    options = {"region_size": 4, "smooth": smooth}

    for pair in ((frame,), (frame, other)):
        expected = superpixel_contrast(*pair, **options, backend="cpu")
        actual = superpixel_contrast(*pair, **options, backend="cuda")
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4)


@pytest.mark.cuda
def test_device_frames_in_device_maps_out(cuda_device, scene):
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


@pytest.mark.cuda
@pytest.mark.parametrize("kind", STREAMS)
def test_streams_of_device_frames(cuda_device, scene, kind):
    on_device, on_host = kind(region_size=4), kind(region_size=4, backend="cpu")
    buffer = cuda_device.to_device(scene[0])
    for frame in scene:
        buffer.copy_to_device(frame)
        actual = on_device.update(buffer)
        expected = on_host.update(frame)
        np.testing.assert_allclose(actual.copy_to_host(), expected, rtol=0, atol=1e-4)
