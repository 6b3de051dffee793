import copy
import pickle

import numpy as np
import pytest

import fastsal
from fastsal import runtime
from fastsal.registry import BUILT_IN

COPIES = {
    "pickle": lambda stream: pickle.loads(pickle.dumps(stream)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}
STATIC = [key for key, row in BUILT_IN.items() if row.kind == "static"]
MOTION = [key for key, row in BUILT_IN.items() if row.kind == "motion"]
OBJECTNESS = [key for key, row in BUILT_IN.items() if row.kind == "objectness"]
# Regions so small that the small frames here have several.
OPTIONS = {key: {"region_size": 4} for key in BUILT_IN if key.startswith("superpixel")}
if runtime.is_simulated():
    OPTIONS["spectral-residual"] = {"size": (8, 8)}  # by default 64 x 64 for every frame


def stream_of(key, **options):
    return fastsal.Stream(key, **OPTIONS.get(key, {}), **options)


@pytest.fixture
def small(backend):
    """Return a shape of frames that the simulator gets through too."""
    return (6, 7, 3) if backend == "cuda" else (9, 11, 3)


def frames_of(rng, count=3, shape=(9, 11, 3)):
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.mark.parametrize("key", STATIC)
def test_static_methods_take_each_frame_alone(backend, key, rng, small):
    function = getattr(fastsal, fastsal.METHODS[key].function)
    stream, options = stream_of(key, backend=backend), OPTIONS.get(key, {})

    for frame in frames_of(rng, 2, small):
        expected = function(frame, backend=backend, **options)
        np.testing.assert_array_equal(stream.update(frame), expected)
        if fastsal.METHODS[key].state:  # it starts from where it ended the frame before
            stream.reset()


@pytest.mark.parametrize("key", OBJECTNESS)
def test_methods_for_objects_keep_the_boxes_of_the_last_frame(key, rng):
    function = getattr(fastsal, fastsal.METHODS[key].function)
    stream = fastsal.Stream(key)

    for frame in frames_of(rng, shape=(30, 40, 3)):
        assert stream.update(frame).max() == 1
        boxes, _ = function(frame, max_boxes=len(stream.boxes))
        np.testing.assert_array_equal(stream.boxes, boxes)
        assert len(boxes)


@pytest.mark.parametrize("key", MOTION)
def test_motion_methods_begin_knowing_nothing(backend, key, rng, small):
    first, second = frames_of(rng, 2, small)
    stream = stream_of(key, backend=backend)
    # Nothing has moved yet; or, for a model of the background, nothing is background yet.
    nothing = 1 if key == "bin-wang" else 0

    assert (stream.update(first) == nothing).all()
    moved = stream.update(second)
    if key != "flow":  # frames of noise are a cut for it; its own tests check moving objects
        assert moved.any()
    stream.reset()
    assert (stream.update(first) == nothing).all()


@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_out_is_filled_and_returned(key, dtype, rng):
    fresh, reused = stream_of(key), stream_of(key)
    out = np.empty((9, 11), dtype)

    for frame in frames_of(rng):
        saliency = fresh.update(frame)
        assert reused.update(frame, out=out) is out
        expected = saliency if dtype == np.float32 else np.rint(255 * saliency)
        np.testing.assert_array_equal(out, expected)
        assert saliency.dtype == np.float32
        assert 0 <= saliency.min() <= saliency.max() <= 1


@pytest.mark.parametrize("key", BUILT_IN)
def test_order_of_the_channels(key, rng):
    rgb, bgr = stream_of(key), stream_of(key, color="bgr")

    for frame in frames_of(rng):
        np.testing.assert_array_equal(rgb.update(frame), bgr.update(frame[..., ::-1]))


@pytest.mark.parametrize("key", BUILT_IN)
def test_streams_do_not_see_each_other(key, rng):
    frames = frames_of(rng, 4)
    alone = [stream_of(key) for _ in range(2)]
    maps = [[stream.update(frame) for frame in frames[k::2]] for k, stream in enumerate(alone)]
    mixed = [stream_of(key) for _ in range(2)]

    for i, frame in enumerate(frames):
        np.testing.assert_array_equal(mixed[i % 2].update(frame), maps[i % 2][i // 2])


@pytest.mark.parametrize("key", BUILT_IN)
def test_frames_may_change_their_size(key, rng):
    stream = stream_of(key)
    for shape in ((9, 11, 3), (11, 9, 3), (4, 5), (9, 11)):
        first, second = frames_of(rng, 2, shape)
        assert stream.update(first).shape == shape[:2]
        expected = stream_of(key)
        expected.update(first)
        np.testing.assert_array_equal(stream.update(second), expected.update(second))


def test_options_go_to_the_method(rng):
    first, second, _ = frames_of(rng)
    stream = fastsal.Stream("frame-difference", threshold=30)
    stream.update(first)

    np.testing.assert_array_equal(
        stream.update(second), fastsal.frame_difference(second, first, threshold=30)
    )


def test_it_names_its_method():
    assert fastsal.Stream("lc").method is fastsal.METHODS["lc"]


def test_bad_options_are_refused_when_it_is_made():
    with pytest.raises(TypeError, match="method 'lc' takes no options; got threshold"):
        fastsal.Stream("lc", threshold=3)
    with pytest.raises(ValueError, match="`threshold` must be None or a number from 0 up; got -1"):
        fastsal.Stream("frame-difference", threshold=-1)


@pytest.mark.parametrize("key", BUILT_IN)
def test_bad_frames_are_refused_and_forgotten(key, rng):
    frames = frames_of(rng)
    stream, expected = stream_of(key), stream_of(key)
    for frame in frames:
        with pytest.raises(fastsal.ImageError):
            stream.update(frame[..., 0].astype(np.int64))
        np.testing.assert_array_equal(stream.update(frame), expected.update(frame))


@pytest.mark.parametrize("option", ["color", "backend"])
def test_bad_names_are_refused_at_the_first_frame_at_the_latest(option):
    for key in BUILT_IN:
        with pytest.raises(ValueError, match=f"`{option}` must be .*; got 'cmyk'"):
            fastsal.Stream(key, **{option: "cmyk"}).update(np.zeros((4, 5, 3), np.uint8))


@pytest.mark.parametrize("key", STATIC + MOTION)
@pytest.mark.parametrize(
    ("option", "error"),
    [({"backend": "gpu"}, ValueError), ({"color": "RGB"}, ValueError), ({"color": 3}, ValueError)],
    ids=str,
)
def test_what_cannot_be_is_refused_before_the_first_frame(key, option, error):
    with pytest.raises(error, match="must be"):
        fastsal.Stream(key, **option)


@pytest.mark.parametrize("key", STATIC + MOTION)
def test_a_backend_that_cannot_run_is_refused_before_the_first_frame(key, monkeypatch):
    monkeypatch.setattr(runtime, "why_no_cuda", lambda: "there is none")
    with pytest.raises(fastsal.BackendUnavailableError, match="there is none"):
        fastsal.Stream(key, backend="cuda")
    monkeypatch.setenv("FASTSAL_BACKEND", "cuda")
    with pytest.raises(fastsal.BackendUnavailableError, match="there is none"):
        fastsal.Stream(key)


def test_options_may_be_called_as_parameters_are():
    stream = fastsal.Stream("superpixel", method="exact", region_size=4)
    assert stream.update(np.eye(9, dtype=np.uint8)).shape == (9, 9)


@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("seen", [0, 1, 3])
def test_streams_can_be_copied_at_any_time(key, seen, backend, rng, small):
    frames = frames_of(rng, seen + 2, small)
    options = {"bidirectional": True, "memory": 0.5} if key == "flow" else {}
    stream = stream_of(key, backend=backend, **options)
    for frame in frames[:seen]:
        stream.update(frame)

    twins = {way: copied(stream) for way, copied in COPIES.items()}
    maps = {way: [twin.update(frame) for frame in frames[seen:]] for way, twin in twins.items()}

    expected = [stream.update(frame) for frame in frames[seen:]]
    for way, found in maps.items():
        for mine, saliency in zip(expected, found, strict=True):
            np.testing.assert_array_equal(mine, saliency, err_msg=way)
    stream.reset()


@pytest.mark.parametrize("key", MOTION)
@pytest.mark.parametrize(
    "other", [lambda f: f[..., 0], lambda f: np.dstack([f, f[..., :1]]), lambda f: f / 255],
    ids=["grey", "four channels", "floats"],
)  # fmt: skip
def test_frames_of_another_form_start_anew(key, other, rng):
    first, second = frames_of(rng, 2)
    for before, after in ((first, other(second)), (other(first), second)):
        stream = stream_of(key)
        stream.update(before)
        np.testing.assert_array_equal(stream.update(after), stream_of(key).update(after))


@pytest.mark.parametrize("key", BUILT_IN)
def test_channels_in_front(key, rng):
    stream, expected = stream_of(key, channel_axis=0), stream_of(key)

    for frame in frames_of(rng):
        turned = np.moveaxis(frame, -1, 0)
        np.testing.assert_array_equal(stream.update(turned), expected.update(frame))
    with pytest.raises(fastsal.ImageError, match="pass channel_axis=0"):
        expected.update(turned)


@pytest.mark.parametrize("axis", [4, -5, 1.5, "last", True])
def test_bad_channel_axes_are_refused_before_the_first_frame(axis):
    for key in BUILT_IN:
        with pytest.raises(
            fastsal.ImageError, match="`channel_axis` must be None or an integer from -4 to 3"
        ):
            fastsal.Stream(key, channel_axis=axis)
