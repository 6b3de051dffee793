"""The three streams of superpixel maps: their states, and their maps of real videos."""

import cv2
import numpy as np
import pytest
from reference import superpixel_contrast as reference
from reference import superpixels as slic_reference
from superpixel_frames import as_bytes, panned_photos, tiny_scene

import fastsal
from fastsal.algorithms.superpixel_contrast import (
    SuperpixelChange,
    SuperpixelContrast,
    SuperpixelMotion,
    superpixel_contrast,
)

STREAMS = [SuperpixelContrast, SuperpixelMotion, SuperpixelChange]
KEYS = ["superpixel", "superpixel-motion", "superpixel-change"]
PAPER = {"sigma_position": 0.25, "steepness": 6.0}
LOCAL = {"sigma_position": 0.03, "steepness": 0.0}


@pytest.fixture(scope="module")
def photos():
    return panned_photos()


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


def segmented_in_turn(frames):
    """Return labels 0, 1, ... of each frame: to the end, then by one round from the last means."""
    centers = slic_reference.first_centers(slic_reference.as_unit(frames[0]), 10)
    iterations = 100
    for frame in frames:
        image = slic_reference.as_unit(frame)
        labels = slic_reference.slic(frame, 10, 1.0, max_iter=iterations, centers=centers)[0]
        yield slic_reference.renumbered(labels)
        kept = np.unique(labels)  # a region that the clean-up gave away starts where it did before
        centers[kept] = slic_reference.update(image, labels, len(centers))[kept]
        iterations = 1


@pytest.mark.parametrize("options", [{}, PAPER], ids=["defaults", "paper"])
def test_motion_over_a_stream_is_its_definition(photos, options):
    stream, labels = SuperpixelMotion(**options), list(segmented_in_turn(photos))

    maps = [stream.update(photo) for photo in photos]

    assert not maps[0].any()
    for k in range(1, len(photos)):
        pair = photos[k], labels[k], photos[k - 1], labels[k - 1]
        expected = reference.superpixel_contrast(*pair, **(options or LOCAL))
        assert np.abs(maps[k] - expected).mean() < 1e-3  # a label or two round another way


@pytest.mark.parametrize("key", KEYS)
def test_every_frame_is_segmented_once(key, photos, monkeypatch):
    from fastsal.algorithms.superpixels import _cpu

    iterations, original = [], _cpu.slic
    monkeypatch.setattr(_cpu, "slic", lambda *args: (iterations.append(args[7]), original(*args)))
    stream = fastsal.Stream(key)
    for photo in photos:
        stream.update(photo)

    assert iterations == [100, 1, 1, 1]


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
    with pytest.raises(fastsal.ImageError, match="`frame` must be a single image"):
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
        np.testing.assert_array_equal(out, as_bytes(saliency))


def test_two_streams_do_not_disturb_each_other(photos):
    alone = SuperpixelMotion()
    expected = [alone.update(each) for each in photos]
    first, second = SuperpixelMotion(), SuperpixelChange(region_size=7)

    for photo, saliency in zip(photos, expected, strict=True):
        np.testing.assert_array_equal(first.update(photo), saliency)
        second.update(photo[::-1])


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (1, 1, 3)], ids=str)
@pytest.mark.parametrize("region_size", [10, 10**9])
def test_tiny_frames(key, shape, region_size, rng):
    frames = rng.integers(0, 256, (3, *shape), dtype=np.uint8)
    stream = fastsal.Stream(key, region_size=region_size)

    for frame in frames:
        saliency = stream.update(frame)
        assert saliency.shape == shape[:2]
        assert 0 <= saliency.min() <= saliency.max() <= 1


def contrast_of(maps, masks):
    """Return how much more a map holds inside a mask than outside, over all frames."""
    pairs = [(saliency, mask) for saliency, mask in zip(maps, masks, strict=True) if mask.any()]
    inside = np.sum([saliency[mask].mean() for saliency, mask in pairs])
    return inside / np.sum([saliency[~mask].mean() for saliency, mask in pairs])


@pytest.mark.parametrize(("name", "least"), [("car-shadow", 4), ("libby", 1.8)])
def test_motion_shows_what_moves_though_the_camera_moves_too(shared, name, least):
    folder = shared / "data" / "davis" / name
    frames = [cv2.imread(str(path)) for path in sorted((folder / "frames").iterdir())]
    paths = sorted((folder / "masks").iterdir())
    masks = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 0 for path in paths]
    default = fastsal.Stream("superpixel-motion", color="bgr")
    paper = fastsal.Stream("superpixel-motion", color="bgr", **PAPER)

    local = contrast_of([default.update(frame) for frame in frames], masks)
    wide = contrast_of([paper.update(frame) for frame in frames], masks)

    assert local > least
    assert 1.5 < wide < 2.3  # rare colours score, moving or not
    assert local > wide


def test_motion_and_change_show_people_who_walk(shared):
    video = cv2.VideoCapture(str(shared / "data" / "videos" / "vtest.avi"))
    frames = [video.read()[1] for _ in range(301)][::3]
    video.release()
    ground = np.median(frames[::5], axis=0).astype(np.uint8)
    people = [cv2.absdiff(frame, ground).max(2) > 35 for frame in frames]

    def ratio(key, **options):
        stream = fastsal.Stream(key, color="bgr", **options)
        return contrast_of([stream.update(frame) for frame in frames], people)

    assert ratio("superpixel-motion") > 2.5
    assert ratio("superpixel-motion", **PAPER) < 1.2  # by these constants they do not show
    assert ratio("superpixel-change") > 3


@pytest.mark.cuda
@pytest.mark.parametrize("kind", STREAMS)
def test_streams_of_device_frames(cuda_device, rng, kind):
    scene = tiny_scene(rng)
    on_device, on_host = kind(region_size=4), kind(region_size=4, backend="cpu")
    buffer = cuda_device.to_device(scene[0])
    for frame in scene:
        buffer.copy_to_device(frame)
        actual = on_device.update(buffer)
        expected = on_host.update(frame)
        np.testing.assert_allclose(actual.copy_to_host(), expected, rtol=0, atol=1e-4)
