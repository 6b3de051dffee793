"""Retargeting against a general optimiser, naive resampling, and the shape of salient squares."""

import pickle
import sys

import numpy as np
import pytest
from reference import retargeting as reference

import fastsal
from fastsal.applications import RetargetStream, deformation, retarget
from fastsal.errors import FastsalError, ImageError
from fastsal.io.pictures import read_image
from fastsal.io.videos import VideoReader
from fastsal.kernels import resample


def square(size, top, left, shape=(1080, 1920)):
    """Return a flat picture with a square, and its map."""
    image, saliency = np.full((*shape, 3), 60, np.uint8), np.zeros(shape, np.float32)
    image[top : top + size, left : left + size] = (220, 180, 40)
    saliency[top : top + size, left : left + size] = 1
    return image, saliency


def extent(image):
    """Return the width and height of the square in a picture, in fractions of pixels."""
    inside = (image[..., 0].astype(float) - 60) / 160
    row, col = inside.sum(1).argmax(), inside.sum(0).argmax()
    return inside[row].sum(), inside[:, col].sum()


@pytest.mark.parametrize("target", [(40, 30), (40, 90), (17, 61), (80, 120)])
@pytest.mark.parametrize("min_scale", [0.15, 0.6])
def test_sizes_have_the_least_energy(rng, target, min_scale):
    source = 40, 60
    importance = 0.09 + 0.91 * rng.random((5, 7)) ** 3
    aspect = (target[1] / source[1]) / (target[0] / source[0])
    found = deformation.solve(importance, aspect, min_scale)
    sizes = [scales * length / scales.size for scales, length in zip(found, target, strict=True)]
    expected = reference.solved(importance, source, target, min_scale)
    for ours, theirs in zip(sizes, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4)
        assert (ours * ours.size / sum(ours) >= min_scale - 1e-6).all()
    energies = [reference.energy(importance, source, target, *pair) for pair in (sizes, expected)]
    assert energies[0] <= energies[1] * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_resampling_is_the_mean_of_each_area(rng, dtype, channels):
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    pixels = (rng.random((13, 17, channels)) * white).astype(dtype)
    edges = [
        np.r_[0, np.sort(rng.random(count - 1)) * size, size] for count, size in ((9, 13), (25, 17))
    ]
    taps = [resample.taps_between(each, each[-1].astype(int)) for each in edges]
    found = resample.resample(pixels, *taps)
    expected = reference.resampled(pixels, *edges)
    tolerance = 2e-6 if dtype == "float32" else 0.51
    np.testing.assert_allclose(found.astype(float), expected, atol=tolerance, rtol=0)
    assert found.dtype == pixels.dtype


def test_resampling_on_all_threads_gives_the_same_bits(rng):
    pixels = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    taps = [resample.taps_between(np.linspace(0, n, 150), n) for n in (300, 400)]
    small = [
        resample.resample(np.ascontiguousarray(pixels[..., [k]]), *taps)[..., 0] for k in range(3)
    ]
    np.testing.assert_array_equal(resample.resample(pixels, *taps), np.dstack(small))


@pytest.mark.parametrize("size", [200, 300, 540, 700])
def test_a_salient_square_keeps_its_aspect_ratio(rng, size):
    places = [((1080 - size) // 2, (1920 - size) // 2)]
    places += [tuple(rng.integers(0, (1080 - size, 1920 - size))) for _ in range(4)]
    for place in places:
        image, saliency = square(size, *place)
        width, height = extent(retarget(image, (1080, 960), saliency=saliency))
        assert width / height == pytest.approx(1, abs=0.02)
        assert width > 0.7 * size  # half of it in a plain scaling


def test_the_size_of_the_image_gives_the_image(rng):
    for dtype in ("uint8", "uint16", "float32", "float64"):
        white = 1 if dtype.startswith("float") else np.iinfo(dtype).max
        for shape in ((31, 45), (31, 45, 3)):
            image = (rng.random(shape) * white).astype(dtype)
            found = retarget(image, (31, 45), saliency=rng.random((31, 45)))
            assert found.dtype == image.dtype
            np.testing.assert_array_equal(found, image)
            assert not np.shares_memory(found, image)


@pytest.mark.parametrize("saliency", [0, 0.5, 255])
def test_a_uniform_map_gives_plain_scaling(rng, saliency):
    image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    found = retarget(image, (60, 40), saliency=np.full((60, 80), saliency))
    expected = (image[:, ::2].astype(float) + image[:, 1::2]) / 2
    assert np.abs(found - expected).max() <= 0.51


def test_no_strength_gives_plain_scaling(rng):
    image, saliency = rng.integers(0, 256, (60, 80), dtype=np.uint8), rng.random((60, 80))
    plain = retarget(image, (50, 90), saliency=np.ones((60, 80)))
    weak = retarget(image, (50, 90), saliency=saliency, strength=0)
    rigid = retarget(image, (50, 90), saliency=saliency, min_scale=1)
    for each in (weak, rigid):
        np.testing.assert_allclose(each.astype(int), plain, atol=1)


def test_a_flipped_image_gives_a_flipped_result(rng):
    image, saliency = rng.random((60, 81, 3)), rng.random((60, 81)) ** 6
    found = retarget(image, (45, 77), saliency=saliency)
    flipped = retarget(image[::-1, ::-1], (45, 77), saliency=saliency[::-1, ::-1])
    np.testing.assert_allclose(flipped, found[::-1, ::-1], atol=1e-4)


def test_scales_of_a_map_do_not_matter(rng):
    image, saliency = rng.integers(0, 256, (60, 80), dtype=np.uint8), rng.random((60, 80))
    found = retarget(image, (60, 40), saliency=saliency)
    for factor in (1e-300, 1e300):
        np.testing.assert_array_equal(retarget(image, (60, 40), saliency=saliency * factor), found)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 5, 3), (101, 51, 3)])
@pytest.mark.parametrize("size", [(1, 1), (9, 4), (1, 30), (20, 400)])
def test_odd_shapes(rng, shape, size):
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    found = retarget(image, size, saliency="lc")
    assert found.shape == (*size, *shape[2:])
    assert image.min() <= found.min() <= found.max() <= image.max()


def test_forms_of_images_and_saliency(rng):
    image = rng.integers(0, 256, (40, 60, 4), dtype=np.uint8)
    expected = retarget(image[..., :3], (40, 30), saliency=fastsal.whitened(image[..., :3]))
    for each in (image, image[..., :3][:, ::-1][:, ::-1]):
        np.testing.assert_array_equal(retarget(each, (40, 30), saliency="whitened"), expected)
        found = retarget(each, (40, 30), saliency=fastsal.whitened)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (ValueError, "`size` must be two integers", {"size": (0, 4)}),
        (ValueError, "`size` must be two integers", {"size": 4}),
        (ValueError, "`size` must be two integers from 1 to 32768", {"size": (1 << 20, 4)}),
        (ValueError, "`strength` must be a number from 0 to 1", {"strength": 1.1}),
        (ValueError, r"`min_scale` must be a number from 0.01 to 1", {"min_scale": 0}),
        (ValueError, "`grid` must be an integer from 1 to 200", {"grid": 0}),
        (ValueError, "`saliency` must be a method for single images", {"saliency": "flow"}),
        (ValueError, "`method` must be lc", {"saliency": "nothing"}),
        (ImageError, "must be a map of the image's shape", {"saliency": np.ones((3, 3))}),
        (ImageError, "finite values only", {"saliency": np.full((30, 40), np.nan)}),
        (ImageError, "must not be negative", {"saliency": np.full((30, 40), -1.0)}),
        (ImageError, "`image` must", {"image": np.ones(3)}),
    ],
)
def test_refusals(error, message, options):
    arguments = {"image": np.zeros((30, 40), np.uint8), "size": (30, 20), **options}
    with pytest.raises(error, match=message) as caught:
        retarget(arguments.pop("image"), arguments.pop("size"), **arguments)
    assert "\n" not in str(caught.value)


def test_a_missing_solver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "piqp", None)
    for work in (lambda: retarget(np.eye(4), (4, 2)), lambda: RetargetStream((4, 2))):
        with pytest.raises(FastsalError, match="run `pip install piqp`"):
            work()


def moving_square(frames, step=12):
    for i in range(frames):
        image, saliency = square(60, 60, step * i, (180, 320))
        yield image, saliency


def test_a_still_stream_is_the_function():
    image, saliency = square(60, 50, 200, (180, 320))
    stream = RetargetStream((180, 160), saliency=lambda frame: saliency)
    expected = retarget(image, (180, 160), saliency=saliency)
    for _ in range(4):
        np.testing.assert_allclose(stream.update(image).astype(int), expected, atol=1)


def test_widths_change_slowly_except_at_cuts():
    maps = {}
    stream = RetargetStream((180, 160), saliency=lambda frame: maps["now"], memory=0)
    last, changes = None, []
    for image, saliency in moving_square(20):
        maps["now"] = saliency
        stream.update(image)
        if last is not None:
            changes.append(np.abs(stream.cols - last).max() / 160)
            assert np.abs(stream.rows.sum() - 180) < 1e-6
        last = stream.cols
    assert max(changes) <= 0.004 + 1e-9
    assert max(changes) > 0.0035  # the limit was needed
    stream.update(255 - image)  # a cut
    fresh = RetargetStream((180, 160), saliency=lambda frame: maps["now"])
    fresh.update(255 - image)
    np.testing.assert_allclose(stream.cols, fresh.cols, atol=1e-6)


def test_videos_with_and_without_a_cut(shared):
    for name, cuts, frames in (("vtest.avi", 0, 60), ("nasa_13013.mp4", 1, 60)):
        stream = RetargetStream((90, 80), saliency="lc", color="bgr")
        last, jumps = None, 0
        start = 6.0 if cuts else 0  # the cut is at frame 202
        with VideoReader(
            shared / "data" / "videos" / name, start=start, resize=(160, 90)
        ) as reader:
            for _, frame in zip(range(frames), reader, strict=False):
                assert stream.update(frame).shape == (90, 80, 3)
                jumps += last is not None and np.abs(stream.cols - last).max() > 0.0041 * 80
                last = stream.cols
        assert jumps == cuts


def test_streams_restart_and_travel(rng):
    frames = rng.integers(0, 256, (6, 40, 60, 3), dtype=np.uint8)
    stream = RetargetStream((40, 30), saliency="flow")
    assert stream.cols is None
    for frame in frames[:3]:
        stream.update(frame)
    copy = pickle.loads(pickle.dumps(stream))
    for frame in frames[3:]:
        np.testing.assert_array_equal(stream.update(frame), copy.update(frame))
    stream.update(frames[0][:20])  # another shape
    stream.reset()
    fresh = RetargetStream((40, 30), saliency="flow")
    for frame in frames:
        np.testing.assert_array_equal(stream.update(frame), fresh.update(frame))


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("`memory` must be a number from 0 to 0.999", {"memory": 1}),
        ("`saliency` must be the key of a method or a function", {"saliency": np.ones((3, 3))}),
        ("`method` must be lc", {"saliency": "nothing"}),
        ("`color` must", {"color": "hsv"}),
    ],
)
def test_refusals_of_streams(message, options):
    with pytest.raises(ValueError, match=message):
        RetargetStream((4, 4), **options).update(np.zeros((4, 4, 3), np.uint8))


def test_photographs_keep_what_is_salient(shared):
    """Salient pixels keep more of their width than by plain scaling, on photographs."""
    paths = sorted((shared / "data" / "osie" / "images").glob("*.jpg"))[:8]
    gains = []
    for path in paths:
        image = read_image(path)
        saliency = fastsal.boolean_map(image)
        width = image.shape[1]
        marks = np.where(saliency > np.quantile(saliency, 0.9), 255, 0).astype(np.uint8)
        kept = retarget(marks, (image.shape[0], width // 2), saliency=saliency)
        gains.append(kept.sum() / (marks.sum() / 2))
    assert min(gains) > 1
    assert np.mean(gains) > 1.1
