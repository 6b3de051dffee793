import importlib

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.bing_maps import map_of

import fastsal
from fastsal import runtime
from fastsal.algorithms.bing import SPACES, BingMaps, BingModel, bing
from fastsal.algorithms.bing.streams import _weights


@pytest.fixture(scope="module")
def small_model():
    rng = np.random.default_rng(5)
    filters = {space: rng.normal(size=(8, 8)).astype(np.float32) for space in SPACES}
    sizes = np.arange(36, dtype=np.int32)
    return BingModel(filters, sizes, {space: rng.normal(size=(36, 2)) for space in SPACES})


def backend_module(backend):
    return importlib.import_module(f"fastsal.algorithms.bing._{backend}")


def test_map_is_that_of_the_best_boxes(backend, small_model, rng):
    frame = rng.integers(0, 256, (12, 17, 3), dtype=np.uint8)
    options = {"training_path": small_model, "max_boxes": 40, "backend": backend}
    stream = BingMaps(**options)

    saliency = stream.update(frame)

    boxes, scores = bing(frame, **options)
    np.testing.assert_array_equal(stream.boxes, boxes)
    np.testing.assert_array_equal(stream.scores, scores)
    assert saliency.dtype == np.float32
    assert saliency.max() == 1
    np.testing.assert_allclose(saliency, map_of(boxes, scores, (12, 17)), atol=1e-7)


@pytest.mark.parametrize("shape", [(120, 160), (300, 401)], ids=str)
def test_real_sizes_match_the_definition(shape, rng):
    frame = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    frame[40:90, 30:120] = 230
    stream = BingMaps(backend="cpu")

    saliency = stream.update(frame)

    assert 0 < len(stream.boxes) <= 100
    np.testing.assert_allclose(
        saliency, map_of(stream.boxes, stream.scores, shape), rtol=0, atol=1e-7
    )


def test_the_object_is_what_stands_out():
    frame = np.full((240, 320, 3), 40, np.uint8)
    frame[64:192, 96:224] = 220

    saliency = BingMaps(max_boxes=30).update(frame)

    assert saliency[64:192, 96:224].mean() > 1.5 * np.delete(saliency, np.s_[64:192], 0).mean()


def test_all_weights_fit_into_31_bits():
    scores = np.linspace(9, -9, 27_000, dtype=np.float32)
    weights = _weights(scores)

    assert weights.dtype == np.int32
    assert weights.astype(np.int64).sum() < 1 << 31
    assert (weights[0], weights[-1]) == (65535, 0)
    np.testing.assert_array_equal(_weights(np.float32([3, 3])), [65535, 65535])


@given(data=st.data(), shape=st.tuples(st.integers(1, 20), st.integers(1, 20)))
@settings(deadline=None, max_examples=40)
def test_any_boxes(data, shape):
    boxes, weights = [], []
    for _ in range(data.draw(st.integers(0, 6))):
        left, top = (data.draw(st.integers(0, side - 1)) for side in shape[::-1])
        width = data.draw(st.integers(1, shape[1] - left))
        boxes.append((left, top, width, data.draw(st.integers(1, shape[0] - top))))
        weights.append(data.draw(st.integers(0, 65535)))
    out = np.empty(shape[0] * shape[1], np.float32)
    expected = np.zeros(shape)
    for (left, top, width, height), weight in zip(boxes, weights, strict=True):
        expected[top : top + height, left : left + width] += weight

    boxes = np.array(boxes, np.int32).reshape(-1, 4)
    backend_module("cpu").fill_map(boxes, np.array(weights, np.int32), shape[1], out)

    expected /= max(expected.max(), 1)
    np.testing.assert_allclose(out.reshape(shape), expected, rtol=0, atol=1e-7)


def test_small_images_have_no_boxes_and_no_map(backend, small_model):
    stream = BingMaps(training_path=small_model, backend=backend)

    assert not stream.update(np.zeros((5, 40), np.uint8)).any()
    assert stream.boxes.shape == (0, 4)
    assert stream.scores.shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_out_is_filled_and_returned(backend, dtype, small_model, rng):
    frame = rng.integers(0, 256, (9, 11), dtype=np.uint8)
    stream = BingMaps(training_path=small_model, backend=backend)
    expected, out = stream.update(frame), np.full((9, 11), 7, dtype)

    assert stream.update(frame, out=out) is out

    scaled = expected if dtype == np.float32 else np.rint(255 * expected)
    np.testing.assert_array_equal(out, scaled)


def test_reset_forgets_the_boxes(small_model, rng):
    stream = BingMaps(training_path=small_model)
    stream.update(rng.integers(0, 256, (20, 20), dtype=np.uint8))
    assert len(stream.boxes)
    stream.reset()
    assert len(stream.boxes) == len(stream.scores) == 0


def test_any_number_of_threads_gives_the_same_bits(small_model, rng):
    frame = rng.integers(0, 256, (300, 301, 3), dtype=np.uint8)
    many = BingMaps(training_path=small_model).update(frame)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = BingMaps(training_path=small_model).update(frame)
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


def test_streams_tell_their_boxes(rng):
    frame = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    stream = fastsal.Stream("bing", max_boxes=5)
    stream.update(frame)

    np.testing.assert_array_equal(stream.boxes, fastsal.bing(frame, max_boxes=5)[0])
    assert fastsal.Stream("lc").boxes is None


@pytest.mark.parametrize(
    "frame",
    [np.zeros((2, 9, 9, 3), np.uint8), np.full((9, 9), 2, np.float32), np.zeros((0, 9), np.uint8)],
    ids=["a stack", "floats", "empty"],
)
def test_bad_frames_are_refused(frame, small_model):
    stream = BingMaps(training_path=small_model)
    with pytest.raises(fastsal.ImageError, match=" must "):
        stream.update(frame)
    with pytest.raises(fastsal.ImageError, match="`out` must"):
        stream.update(np.zeros((9, 9), np.uint8), out=np.zeros((8, 9), np.float32))


@pytest.mark.cuda
def test_device_frames_stay_on_the_device(cuda_device, small_model, rng):
    frame = rng.integers(0, 256, (9, 11), dtype=np.uint8)
    stream = BingMaps(training_path=small_model)

    saliency = stream.update(cuda_device.to_device(frame))

    assert not isinstance(saliency, np.ndarray)
    expected = BingMaps(training_path=small_model, backend="cpu").update(frame)
    np.testing.assert_array_equal(saliency.copy_to_host(), expected)


@pytest.mark.cuda
def test_same_bits_as_on_the_cpu(cuda_device):
    boxes = np.int32([[0, 0, 9, 5], [3, 2, 4, 3], [8, 4, 1, 1], [3, 2, 4, 3]])
    weights = np.int32([5, 65535, 77, 0])
    on_cpu = np.empty(45, np.float32)
    backend_module("cpu").fill_map(boxes, weights, 9, on_cpu)

    on_device = cuda_device.to_device(np.empty(45, np.float32))
    backend_module("cuda").fill_map(boxes, weights, 9, on_device)

    np.testing.assert_array_equal(on_device.copy_to_host(), on_cpu)


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    if runtime.is_simulated():
        monkeypatch.setattr("fastsal.kernels.launch.THREADS", 8)
