import copy
import pickle

import numba
import numpy as np
import pytest
from reference.bin_wang import BinWang as Reference
from reference.luma import luma

import fastsal
from fastsal.algorithms.bin_wang import BinWang, BinWangMaps
from fastsal.algorithms.bin_wang import _cpu_candidates as suspects
from fastsal.kernels.launch import PARALLEL_FROM

VIDEOS = ["blink48x32", "move61x47", "dark40x30"]


@pytest.fixture(scope="module")
def golden(shared):
    return np.load(shared / "golden" / "opencv" / "binwang.npz")


def video(rng, shape, count, *, stop_at=60):
    """Yield a still scene with noise, blinking pixels and an object that comes and stays."""
    scene = rng.integers(20, 200, shape)
    blinks = rng.random(shape) < 0.2
    height, width = shape
    for t in range(count):
        frame = scene + rng.integers(0, 8, shape)
        frame[blinks & (rng.random(shape) < 0.5)] += 45
        left = min(t, stop_at) * width // (2 * stop_at)
        frame[height // 3 : height // 3 + 4, left : left + 5] = 250
        yield frame.astype(np.uint8)


def moved_to(stream, backend):
    """Return a copy of a stream that goes on elsewhere: a model knows no backend."""
    other = pickle.loads(pickle.dumps(stream))
    other._backend = backend
    return other


@pytest.mark.parametrize("name", VIDEOS)
@pytest.mark.parametrize("version", [4, 5])
def test_equals_opencv(name, version, golden):
    shape = golden[f"shape__{name}"]
    masks = np.unpackbits(golden[f"mask_cv{version}__{name}"], count=np.prod(shape)).reshape(shape)
    stream = BinWang(opencv5=version == 5, backend="cpu")

    for i, (frame, mask) in enumerate(zip(golden[f"frames__{name}"], masks, strict=True)):
        actual = stream.update(frame)
        np.testing.assert_array_equal(actual, mask, err_msg=f"frame {i}")
    assert actual.dtype == np.uint8
    assert 0 < masks[60:].mean() < 1


@pytest.mark.parametrize("opencv5", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (9, 70), (17, 13)], ids=str)
def test_matches_the_definition(shape, opencv5, rng):
    stream, reference = BinWang(opencv5=opencv5, backend="cpu"), Reference(shape, opencv5)

    for i, frame in enumerate(video(rng, shape, 330)):
        np.testing.assert_array_equal(
            stream.update(frame), reference.update(frame), err_msg=f"frame {i}"
        )


def passing_by(rng, shape, count, at=(200, 380), flickers=range(320, 340)):
    """Yield a scene at rest in which something grows along the lower and the right border.

    It does so twice, at first for 40 frames; in between the pixel in the corner flickers.
    """
    scene = rng.integers(20, 200, shape).astype(np.uint8)
    height, width = shape
    for t in range(count):
        frame = scene.copy()
        since = t - at[1] if t >= at[1] else t - at[0]
        if 0 <= since < 40 or t >= at[1]:
            across = min(since, 30) * width // 40
            frame[-7:, across : across + 9] = frame[across * height // width :, -5:] = 110
        if t in flickers:
            frame[-1, -1] ^= 64 * (t & 1)
        yield frame


@pytest.mark.parametrize("opencv5", [False, True])
@pytest.mark.parametrize("shape", [(11, 75), (6, 130)], ids=str)
def test_tiles_at_the_border_rest_too(shape, opencv5, rng):
    """Without that they would be compared with all templates in every frame."""
    stream, reference = BinWang(opencv5=opencv5, backend="cpu"), Reference(shape, opencv5)
    calm, live = [], []

    for i, frame in enumerate(passing_by(rng, shape, 630)):
        actual, expected = stream.update(frame), reference.update(frame)
        np.testing.assert_array_equal(actual, expected, err_msg=f"frame {i}")
        calm.append(stream._model["calm"].copy())
        live.append(stream._model["live"].copy())

    assert not np.any(live[199])
    assert np.any(live[620])  # the last object has stayed long enough to become a template
    if opencv5:
        assert not np.any(calm)  # its rule moves the activity of any pixel
    else:
        assert np.all(calm[199])
        assert not np.all(calm[200:])


@pytest.mark.parametrize("opencv5", [False, True])
def test_first_frames_match_the_definition(backend, opencv5, rng):
    shape = (6, 9)
    stream, reference = BinWang(opencv5=opencv5, backend=backend), Reference(shape, opencv5)

    for frame in video(rng, shape, 6):
        np.testing.assert_array_equal(stream.update(frame), reference.update(frame))


def test_the_definition_is_that_of_opencv(golden):
    frames = golden["frames__move61x47"][:260, :16, :24]
    stream, reference = BinWang(backend="cpu"), Reference((16, 24))

    for frame in frames:
        np.testing.assert_array_equal(stream.update(frame), reference.update(frame))


def scene_cut(rng, shape, count, cut):
    """Yield a dark scene that becomes a ramp and stays one.

    Its dark end is similar to the background, and so makes its neighbours similar. That spreads
    right and down within a frame, left and up by one pixel per frame.
    """
    first, second = rng.integers(60, 90, shape), np.linspace(230, 95, shape[1])
    second = second.astype(int) + rng.integers(-6, 7, shape)
    for t in range(count):
        yield ((first if t < cut else second) + rng.integers(0, 5, shape)).astype(np.uint8)


STOP = 160  # by then the model is full, so new objects must resemble a template
ABSORBED = STOP + 200  # the mask of this frame is the first to make a template of it


def stopped_objects(shape, count):
    """Yield a grey scene with a bright and a dark object that stand still from frame `STOP` on.

    Each is a whole block of 4 x 4 pixels: across blocks it would look like noise to the coarse
    masks.
    """
    for t in range(count):
        frame = np.full(shape, 120, np.uint8)
        if t >= STOP:
            frame[4:8, 4:8], frame[4:8, 12:16] = 250, 6
        yield frame


@pytest.mark.parametrize(
    ("opencv5", "unfilled"), [(False, 0), (True, 0), ("5.0", 0), ("5.1", 255)], ids=str
)
def test_what_stops_is_absorbed_if_it_is_like_an_empty_template(opencv5, unfilled):
    shape = (10, 20)
    stream = BinWang(opencv5=opencv5, backend="cpu")
    reference = Reference(shape, bool(opencv5), unfilled)

    for t, frame in enumerate(stopped_objects(shape, ABSORBED + 2)):
        mask = stream.update(frame)
        np.testing.assert_array_equal(mask, reference.update(frame))
        if t in (STOP, ABSORBED):
            assert mask[4:8, 4:8].all()
            assert mask[4:8, 12:16].all()

    bright, dark = mask[4:8, 4:8], mask[4:8, 12:16]
    assert (bright == (unfilled == 0)).all()
    assert (dark == (unfilled == 255)).all()


@pytest.mark.cuda
def test_suspects_like_an_empty_template_on_a_device(cuda_device):
    frames = list(stopped_objects((10, 20), ABSORBED + 3))
    for opencv5 in ("5.0", "5.1"):
        on_cpu = BinWang(opencv5=opencv5, backend="cpu")
        for frame in frames[: ABSORBED - 2]:
            on_cpu.update(frame)
        on_device = moved_to(on_cpu, "cuda")
        for frame in frames[ABSORBED - 2 :]:
            np.testing.assert_array_equal(on_device.update(frame), on_cpu.update(frame))


@pytest.mark.parametrize("opencv5", ["4", "5", "6.0", ""])
def test_versions_that_have_no_rules_are_refused(opencv5):
    with pytest.raises(ValueError, match=r"`opencv5` must be True, False, '5\.0' or '5\.1'; got"):
        BinWang(opencv5=opencv5)


def test_suspects_are_settled_in_raster_order(rng):
    shape, seen = (11, 70), 0
    stream, reference = BinWang(backend="cpu"), Reference(shape)

    for i, frame in enumerate(scene_cut(rng, shape, 500, 240)):
        np.testing.assert_array_equal(
            stream.update(frame), reference.update(frame), err_msg=f"frame {i}"
        )
        verdicts = stream._model["verdicts"]
        seen += int(stream._model["suspects"].any() and 0 < verdicts.mean() < 1)
    assert seen > 20


@pytest.mark.parametrize("opencv5", [False, True])
@pytest.mark.parametrize("shape", [(257, 259), (3, PARALLEL_FROM // 3 + 1)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape, opencv5, rng):
    many, one = BinWang(opencv5=opencv5), BinWang(opencv5=opencv5)
    before = numba.get_num_threads()
    for frame in scene_cut(rng, shape, 330, 110):
        expected = many.update(frame)
        numba.set_num_threads(1)
        try:
            actual = one.update(frame)
        finally:
            numba.set_num_threads(before)
        np.testing.assert_array_equal(actual, expected)


def test_bands_give_the_bits_of_one_span(monkeypatch, rng):
    """The same large frames, once in bands and once in one go on this thread."""
    frames = list(scene_cut(rng, (257, 259), 330, 110))
    expected = [stream.update(frame) for stream in [BinWang()] for frame in frames]
    monkeypatch.setattr("fastsal.kernels.launch.PARALLEL_FROM", 1 << 30)
    stream = BinWang()

    for frame, mask in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(stream.update(frame), mask)


def test_counting_is_rare(monkeypatch, rng):
    """Bounds from one frame on the next's counts spare nearly all frames a sweep to count."""
    from fastsal.algorithms.bin_wang import _cpu

    sweeps = []
    sweep = _cpu._sweep
    monkeypatch.setattr(
        _cpu, "_sweep", lambda *args, **options: (sweeps.append(args[2]), sweep(*args, **options))
    )
    stream = BinWang()
    for frame in video(rng, (32, 48), 300):
        stream.update(frame)

    assert 1 <= sweeps.count(_cpu.MATCH) < 20
    assert len(sweeps) == 300 + sweeps.count(_cpu.MATCH)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_colours_are_taken_by_luma(backend, color, channels, rng):
    frames = rng.integers(0, 256, (3, 5, 7, channels), dtype=np.uint8)
    ours, gray = BinWang(color=color, backend=backend), BinWang(backend=backend)

    for frame in frames:
        np.testing.assert_array_equal(ours.update(frame), gray.update(luma(frame, color)))


@pytest.mark.parametrize("when", [0, 30, 270])
def test_a_pickled_stream_goes_on(when, rng):
    stream = BinWang((9, 70))
    frames = list(video(rng, (9, 70), when + 60))
    for frame in frames[:when]:
        stream.update(frame)
    copies = [pickle.loads(pickle.dumps(stream)), copy.deepcopy(stream), copy.copy(stream)]

    for frame in frames[when:]:
        expected = stream.update(frame)
        for each in copies:
            np.testing.assert_array_equal(each.update(frame), expected)


def test_a_pickled_pickle_that_saw_no_frame_goes_on(rng):
    frames = list(video(rng, (9, 8), 80))
    stream = BinWang()
    for frame in frames[:60]:
        stream.update(frame)
    twice = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(stream))))

    for frame in frames[60:]:
        np.testing.assert_array_equal(twice.update(frame), stream.update(frame))


def test_reset_forgets(backend, rng):
    frames = list(video(rng, (6, 7), 4))
    stream, fresh = BinWang(backend=backend), BinWang(backend=backend)
    for frame in frames:
        stream.update(frame)
    stream.reset()

    for frame in frames:
        np.testing.assert_array_equal(stream.update(frame), fresh.update(frame))


def test_frame_of_another_shape_starts_anew(rng):
    stream, fresh = BinWang(), BinWang()
    for frame in video(rng, (6, 7), 60):
        stream.update(frame)

    for frame in video(rng, (7, 6), 60):
        np.testing.assert_array_equal(stream.update(frame), fresh.update(frame))


def test_first_masks_are_ones_and_a_still_scene_then_is_background():
    stream, frame = BinWang(), np.full((5, 6), 90, np.uint8)
    masks = [stream.update(frame) for _ in range(60)]

    np.testing.assert_array_equal([mask.mean() for mask in masks], [1] * 51 + [0] * 9)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_out_is_filled_and_returned(backend, dtype, rng):
    (frame,) = video(rng, (5, 6), 1)
    out = np.full((5, 6), 7, dtype)

    assert BinWang(backend=backend).update(frame, out=out) is out
    np.testing.assert_array_equal(out, 1)


@pytest.mark.parametrize(("dtype", "white"), [(None, 1), (np.float32, 1), (np.uint8, 255)])
def test_maps_are_scaled_as_streams_have_them(backend, dtype, white, rng):
    stream = BinWangMaps(backend=backend)
    (frame,) = video(rng, (5, 6), 1)
    out = None if dtype is None else np.empty((5, 6), dtype)

    saliency = stream.update(frame, out=out)

    assert saliency.dtype == (dtype or np.float32)
    np.testing.assert_array_equal(saliency, white)


def test_maps_are_the_masks(rng):
    maps, masks = BinWangMaps(), BinWang()
    for frame in video(rng, (9, 12), 80):
        saliency, mask = maps.update(frame), masks.update(frame)
        np.testing.assert_array_equal(saliency, mask)
    assert 0 < mask.mean() < 1


def test_leaves_its_input_alone_and_keeps_earlier_masks(rng):
    stream, frames = BinWang(), list(video(rng, (9, 12), 60))
    before = np.array(frames)
    masks = [stream.update(frame) for frame in frames]

    np.testing.assert_array_equal(frames, before)
    np.testing.assert_array_equal(masks[:51], 1)
    assert not np.shares_memory(masks[0], masks[1])


@pytest.mark.parametrize("shape", [5, (5,), (5, 6, 3), (0, 5), (5, -1), (5.5, 4), "ab", [None, 3]])
def test_bad_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`shape` must be two integers from 1 up"):
        BinWang(shape)


FRAMES = {
    "another shape": np.zeros((6, 5), np.uint8),
    "a stack": np.zeros((2, 5, 6, 3), np.uint8),
    "floats": np.full((5, 6), 2, np.float32),
    "16 bits": np.zeros((5, 6), np.int16),
    "empty": np.zeros((0, 6), np.uint8),
    "two channels": np.zeros((5, 6, 2), np.uint8),
    "none": None,
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_bad_frame_is_refused_and_changes_nothing(frame, rng):
    stream, untouched = BinWang((5, 6)), BinWang((5, 6))
    frames = list(video(rng, (5, 6), 55))
    for each in frames[:53]:
        stream.update(each)
        untouched.update(each)

    with pytest.raises(fastsal.ImageError, match=" must "):
        stream.update(frame)
    with pytest.raises(fastsal.ImageError, match="`out` must"):
        stream.update(frames[0], out=np.zeros((6, 5), np.uint8))

    for each in frames[53:]:
        np.testing.assert_array_equal(stream.update(each), untouched.update(each))


def test_wrong_names_are_refused():
    with pytest.raises(ValueError, match="`color` must be"):
        BinWang(color="hsv").update(np.zeros((5, 6), np.uint8))
    with pytest.raises(ValueError, match="`backend` must be"):
        BinWang(backend="gpu").update(np.zeros((5, 6), np.uint8))


@pytest.mark.cuda
@pytest.mark.parametrize("opencv5", [False, True])
@pytest.mark.parametrize("when", [50, 150, 300])
def test_same_bits_as_on_the_cpu(when, opencv5, cuda_device, rng):
    shape = (6, 9)
    frames = list(video(rng, shape, when + 4, stop_at=20))
    on_cpu = BinWang(opencv5=opencv5, backend="cpu")
    for frame in frames[:when]:
        on_cpu.update(frame)
    on_device = moved_to(on_cpu, "cuda")

    for frame in frames[when:]:
        np.testing.assert_array_equal(on_device.update(frame), on_cpu.update(frame))

    for ours, theirs in zip(_planes(on_device), _planes(on_cpu), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.cuda
def test_suspects_are_settled_alike_on_a_device(cuda_device, rng):
    frames, seen = list(scene_cut(rng, (6, 9), 448, 240)), 0
    on_cpu = BinWang(backend="cpu")
    for i, frame in enumerate(frames):
        moves = i >= 440
        on_device = moved_to(on_cpu, "cuda") if moves else None
        expected = on_cpu.update(frame)
        if moves:
            np.testing.assert_array_equal(on_device.update(frame), expected)
            for ours, theirs in zip(_planes(on_device), _planes(on_cpu), strict=True):
                np.testing.assert_array_equal(ours, theirs)
            seen += on_cpu._model["suspects"].any()
    assert seen > 2


@pytest.mark.cuda
def test_device_frames_stay_on_the_device(cuda_device, rng):
    on_device, on_host = BinWang(), BinWang(backend="cpu")
    for frame in video(rng, (5, 6, 3)[:2], 3):
        held = cuda_device.to_device(frame)
        actual = on_device.update(held)
        assert type(actual) is type(held)
        assert actual.dtype == np.uint8
        np.testing.assert_array_equal(actual.copy_to_host(), on_host.update(frame))


def _planes(stream):
    """Return the model with the code's bits that do not outlive a frame left out."""
    templates, shorts, codes, controls = stream.__getstate__()["_planes"]
    codes[3] = np.where(codes[3] & 1, codes[3] & 3, 0)
    return templates, shorts, codes, controls


def test_votes_are_counted_as_the_definition_has_it():
    """A chain of candidates: each resembles only the one before, once that is accepted."""
    verdicts = np.array([[255, 16 << 3, 16 << 3, 0, 16 << 3], [16 << 2, 2, 0, 0, 0]], np.uint8)
    suspects._scan(np.array([4, 2]), verdicts)

    np.testing.assert_array_equal(verdicts, [[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]])
