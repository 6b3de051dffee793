import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference.frame_difference import WHITE
from reference.frame_difference import frame_difference as reference
from reference.luma import luma

import fastsal
from fastsal import frame_difference
from fastsal.algorithms.frame_difference import FrameDifference
from fastsal.kernels import threads
from fastsal.kernels.launch import PARALLEL_FROM

DTYPES = [np.uint8, np.uint16, np.float32, np.float64]
SHAPES = [(1, 1), (1, 9), (11, 1), (7, 5), (33, 31)]
# Grey bytes need half the work per pixel, so twice the number of pixels.
LARGE = [(1, PARALLEL_FROM - 1), (1, PARALLEL_FROM), (3, PARALLEL_FROM // 3 + 1), (257, 257),
         (1, 4 * PARALLEL_FROM - 1), (1, 4 * PARALLEL_FROM), (760, 701)]  # fmt: skip


def pair_of(rng, shape, dtype=np.uint8):
    if np.dtype(dtype).kind == "f":
        return rng.random((2, *shape)).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, (2, *shape), dtype=dtype)


def rounded(saliency):
    return np.rint(255 * saliency).astype(np.uint8)


def tolerance(dtype):
    """Integers give the correctly rounded share; floats round at every step of their luma."""
    return 1e-7 if np.dtype(dtype).kind == "u" else 5e-7


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_the_definition(backend, shape, dtype, rng):
    frame, previous = pair_of(rng, shape, dtype)

    actual = frame_difference(frame, previous, backend=backend)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    np.testing.assert_allclose(actual, reference(frame, previous), rtol=0, atol=tolerance(dtype))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("color", ["rgb", "bgr"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_colours_are_compared_by_luma(backend, dtype, color, channels, rng):
    frame, previous = pair_of(rng, (9, 8, channels), dtype)

    actual = frame_difference(frame, previous, color=color, backend=backend)

    expected = reference(luma(frame, color), luma(previous, color))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance(dtype))


def test_is_cv2_absdiff(backend, rng):
    frame, previous = pair_of(rng, (31, 37))
    out = np.empty_like(frame)

    frame_difference(frame, previous, out=out, backend=backend)

    np.testing.assert_array_equal(out, cv2.absdiff(frame, previous))


@pytest.mark.parametrize("shape", [(31, 37, 3), (270, 259, 3)], ids=str)
@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_is_cv2_absdiff_of_cvtcolor(color, shape, rng):
    frame, previous = pair_of(rng, shape)
    code = cv2.COLOR_RGB2GRAY if color == "rgb" else cv2.COLOR_BGR2GRAY
    out = np.empty(shape[:2], np.uint8)

    frame_difference(frame, previous, color=color, out=out, backend="cpu")

    gray = [cv2.cvtColor(each, code) for each in (frame, previous)]
    np.testing.assert_array_equal(out, cv2.absdiff(*gray))


def test_float_luma_is_that_of_opencv(backend, rng):
    image, black = rng.random((9, 11, 3), np.float32), np.zeros((9, 11, 3), np.float32)
    for color, code in (("rgb", cv2.COLOR_RGB2GRAY), ("bgr", cv2.COLOR_BGR2GRAY)):
        actual = frame_difference(image, black, color=color, backend=backend)
        np.testing.assert_allclose(actual, cv2.cvtColor(image, code), rtol=0, atol=1.3e-7)


def test_no_level_wraps_around(backend):
    frame = np.array([[0, 255, 3, 5]], np.uint8)
    previous = np.array([[255, 0, 5, 3]], np.uint8)

    out = frame_difference(frame, previous, out=np.empty((1, 4), np.uint8), backend=backend)

    np.testing.assert_array_equal(out, [[255, 255, 2, 2]])


@pytest.mark.parametrize(
    ("dtype", "threshold"), [(np.uint8, 20), (np.uint8, 0), (np.uint16, 6000), (np.float32, 0.25)]
)
@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 3)], ids=str)
def test_threshold_gives_zeros_and_ones(backend, shape, dtype, threshold, rng):
    frame, previous = pair_of(rng, shape, dtype)
    gray = (frame, previous) if len(shape) == 2 else (luma(frame), luma(previous))

    actual = frame_difference(frame, previous, threshold=threshold, backend=backend)

    expected = reference(*gray, threshold)
    assert expected.any()
    assert threshold == 0 or not expected.all()
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_change_equal_to_the_threshold_is_not_beyond_it(backend, dtype):
    frame, previous = np.array([[19, 20, 21]], dtype), np.zeros((1, 3), dtype)

    actual = frame_difference(frame, previous, threshold=20, backend=backend)

    np.testing.assert_array_equal(actual, [[0, 0, 1]])


def test_float_threshold_is_compared_as_the_frames_are(backend):
    frame, previous = np.float32([[0.1]]), np.float32([[0]])

    assert frame_difference(frame, previous, threshold=0.1, backend=backend)[0, 0] == 0


@pytest.mark.parametrize("threshold", [255, 256, 1e6, 10**400])
def test_nothing_is_beyond_a_threshold_above_white(backend, threshold):
    frame, previous = np.full((2, 3), 255, np.uint8), np.zeros((2, 3), np.uint8)

    assert not frame_difference(frame, previous, threshold=threshold, backend=backend).any()


@pytest.mark.parametrize("threshold", [-1, -1e-9, np.nan, np.inf, -np.inf, "20", [20], 1j])
def test_bad_threshold_is_refused(threshold):
    frame = np.zeros((2, 3), np.uint8)

    with pytest.raises(ValueError, match="`threshold` must be None or a number from 0 up; got"):
        frame_difference(frame, frame, threshold=threshold)
    with pytest.raises(ValueError, match="`threshold` must be None or a number from 0 up; got"):
        FrameDifference(threshold=threshold)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("threshold", [None, 0.125])
def test_bytes_are_rounded_shares(backend, dtype, threshold, rng):
    frame, previous = pair_of(rng, (9, 11), dtype)
    options = {"threshold": threshold, "backend": backend}

    out = frame_difference(frame, previous, out=np.empty((9, 11), np.uint8), **options)

    np.testing.assert_array_equal(out, rounded(frame_difference(frame, previous, **options)))


@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 3), (2, 5, 7, 3)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_out_is_filled_and_returned(backend, shape, dtype, rng):
    frame, previous = pair_of(rng, shape)
    expected = frame_difference(frame, previous, backend=backend)
    out = np.full(expected.shape, 7, dtype)

    assert frame_difference(frame, previous, out=out, backend=backend) is out

    np.testing.assert_array_equal(out, expected if dtype == np.float32 else rounded(expected))


@pytest.mark.parametrize("channel_axis", [0, 1, 2, 3, -1, -4])
def test_stacks_are_compared_frame_by_frame(backend, channel_axis, rng):
    frames = pair_of(rng, (3, 5, 6, 3))
    stacks = [np.moveaxis(each, -1, channel_axis) for each in frames]

    actual = frame_difference(*stacks, channel_axis=channel_axis, backend=backend)

    for i in range(3):
        np.testing.assert_array_equal(
            actual[i], frame_difference(frames[0, i], frames[1, i], backend=backend)
        )


def test_grey_stacks(backend, rng):
    stacks = pair_of(rng, (3, 5, 6))

    actual = frame_difference(*stacks, channel_axis=None, backend=backend)

    np.testing.assert_allclose(actual, reference(*stacks), rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_leaves_its_inputs_alone(backend, dtype, rng):
    frame, previous = pair_of(rng, (8, 8, 3), dtype)
    before = frame.copy(), previous.copy()

    frame_difference(frame, previous, backend=backend)

    np.testing.assert_array_equal((frame, previous), before)
    assert frame.flags.writeable


def test_equal_frames_do_not_differ(backend, rng):
    frame, _ = pair_of(rng, (6, 7, 3))

    assert not frame_difference(frame, frame, backend=backend).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", LARGE, ids=str)
def test_sizes_around_the_parallel_path(shape, dtype, rng):
    gray = pair_of(rng, shape, dtype)
    colour = pair_of(rng, (*shape, 3), dtype)

    actual = frame_difference(*gray, backend="cpu")
    of_colour = frame_difference(*colour, backend="cpu")
    over = frame_difference(*gray, threshold=WHITE[gray.dtype.str[1:]] / 4, backend="cpu")

    np.testing.assert_allclose(actual, reference(*gray), rtol=0, atol=tolerance(dtype))
    np.testing.assert_allclose(
        of_colour, reference(luma(colour[0]), luma(colour[1])), rtol=0, atol=tolerance(dtype)
    )
    np.testing.assert_array_equal(over, reference(*gray, WHITE[gray.dtype.str[1:]] / 4))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(760, 701), (300, 401, 3), (5, 200, 201, 3)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape, dtype, rng):
    pair = pair_of(rng, shape, dtype)
    many = frame_difference(*pair, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = frame_difference(*pair, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize("shape", [(760, 701), (363, 367, 3)], ids=str)
def test_the_callers_chunk_size_holds_afterwards(shape, rng):
    frame, previous = pair_of(rng, shape)
    threads.layer()  # starts the layer, which keeps the size
    numba.set_parallel_chunksize(2)
    try:
        frame_difference(frame, previous, backend="cpu")

        assert numba.get_parallel_chunksize() == 2
    finally:
        numba.set_parallel_chunksize(0)


@given(
    pair=hnp.arrays(
        np.uint8, st.tuples(st.just(2), st.integers(1, 12), st.integers(1, 12)),
        elements=st.integers(0, 255),
    ),
    threshold=st.none() | st.integers(0, 300),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_any_small_pair(pair, threshold):
    actual = frame_difference(*pair, threshold=threshold, backend="cpu")

    np.testing.assert_allclose(actual, reference(*pair, threshold), rtol=0, atol=1e-7)
    np.testing.assert_array_equal(
        actual, frame_difference(*pair[::-1], threshold=threshold, backend="cpu")
    )


OTHERS = {
    "shape": np.zeros((5, 4), np.uint8),
    "dtype": np.zeros((4, 5), np.uint16),
    "channels": np.zeros((4, 5, 3), np.uint8),
    "rank": np.zeros((1, 4, 5, 1), np.uint8),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_frames_of_two_forms_are_refused(other):
    frame = np.zeros((4, 5), np.uint8)
    for pair in ((frame, other), (other, frame)):
        with pytest.raises(fastsal.ImageError, match="`frame` and `previous` must have the same"):
            frame_difference(*pair)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 3)], ids=str)
def test_stream_compares_with_the_frame_before(backend, shape, dtype, rng):
    frames = [pair_of(rng, shape, dtype)[0] for _ in range(4)]
    stream = FrameDifference(backend=backend)

    maps = [stream.update(frame) for frame in frames]

    assert not maps[0].any()
    for previous, frame, saliency in zip(frames, frames[1:], maps[1:], strict=False):
        np.testing.assert_array_equal(saliency, frame_difference(frame, previous, backend=backend))


def test_stream_survives_reuse_of_the_callers_buffer(backend, rng):
    frames = [pair_of(rng, (9, 11))[0] for _ in range(4)]
    buffer = np.empty((9, 11), np.uint8)
    stream = FrameDifference(backend=backend)

    for i, frame in enumerate(frames):
        buffer[:] = frame
        saliency = stream.update(buffer)
        expected = frame_difference(frame, frames[max(i - 1, 0)], backend=backend)
        np.testing.assert_array_equal(saliency, expected)


def test_stream_keeps_earlier_maps(backend, rng):
    stream = FrameDifference(backend=backend)
    maps = [stream.update(pair_of(rng, (5, 6))[0]) for _ in range(4)]
    copies = [each.copy() for each in maps]

    stream.update(pair_of(rng, (5, 6))[0])

    np.testing.assert_array_equal(maps, copies)


def test_stream_options(backend, rng):
    frames = pair_of(rng, (9, 11, 3))
    stream = FrameDifference(threshold=30, color="bgr", backend=backend)

    stream.update(frames[0])
    out = np.empty((9, 11), np.uint8)

    assert stream.update(frames[1], out=out) is out
    np.testing.assert_array_equal(
        out, 255 * reference(luma(frames[1], "bgr"), luma(frames[0], "bgr"), 30)
    )


def test_reset_forgets(backend, rng):
    first, second = pair_of(rng, (5, 6))
    stream = FrameDifference(backend=backend)
    stream.update(first)

    stream.reset()

    assert not stream.update(second).any()
    np.testing.assert_array_equal(
        stream.update(first), frame_difference(first, second, backend=backend)
    )


CHANGES = {
    "size": ((4, 6), np.uint8),
    "dtype": ((4, 5), np.uint16),
    "as many pixels": ((5, 4), np.uint8),
    "as many pixels in a row": ((1, 20), np.uint8),
}


@pytest.mark.parametrize(("shape", "dtype"), CHANGES.values(), ids=CHANGES.keys())
def test_frame_of_another_form_starts_anew(backend, shape, dtype, rng):
    stream = FrameDifference(backend=backend)
    stream.update(pair_of(rng, (4, 5))[0])
    first, second = pair_of(rng, shape, dtype)

    saliency = stream.update(first)

    assert saliency.shape == shape
    assert not saliency.any()
    np.testing.assert_array_equal(
        stream.update(second), frame_difference(second, first, backend=backend)
    )


def test_refused_frame_leaves_the_stream_as_it_was(backend, rng):
    first, second = pair_of(rng, (4, 5))
    stream = FrameDifference(backend=backend)
    stream.update(first)

    with pytest.raises(fastsal.ImageError):
        stream.update(np.zeros((4, 5), np.int64))
    with pytest.raises(fastsal.ImageError):
        stream.update(first, out=np.zeros((5, 4), np.float32))

    np.testing.assert_array_equal(
        stream.update(second), frame_difference(second, first, backend=backend)
    )


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (9, 13), (9, 13, 3), (2, 5, 4, 3)], ids=str)
@pytest.mark.parametrize("threshold", [None, 40])
def test_same_bits_as_on_the_cpu(threshold, shape, dtype, cuda_device, rng):
    pair = pair_of(rng, shape, dtype)
    map_shape = shape[:3] if len(shape) == 4 else shape[:2]
    for out in (np.float32, np.uint8):
        maps = [
            frame_difference(
                *pair, threshold=threshold, out=np.empty(map_shape, out), backend=backend
            )
            for backend in ("cpu", "cuda")
        ]
        np.testing.assert_array_equal(*maps)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(9, 13), (9, 13, 3)], ids=str)
def test_device_arrays_in_device_array_out(shape, dtype, cuda_device, rng):
    pair = pair_of(rng, shape, dtype)
    held = [cuda_device.to_device(each) for each in pair]

    actual = frame_difference(*held)

    assert type(actual) is type(held[0])
    np.testing.assert_allclose(
        actual.copy_to_host(), frame_difference(*pair, backend="cpu"), rtol=0, atol=1e-6
    )


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_device_out_is_filled_and_returned(dtype, cuda_device, rng):
    pair = pair_of(rng, (9, 13))
    out = cuda_device.to_device(np.full((9, 13), 7, dtype))

    assert frame_difference(*map(cuda_device.to_device, pair), out=out) is out

    expected = frame_difference(*pair, out=np.empty((9, 13), dtype), backend="cpu")
    np.testing.assert_array_equal(out.copy_to_host(), expected)


@pytest.mark.cuda
def test_stream_of_device_frames(cuda_device, rng):
    frames = [pair_of(rng, (9, 11, 3))[0] for _ in range(3)]
    buffer = cuda_device.to_device(frames[0])
    on_device, on_host = FrameDifference(), FrameDifference(backend="cpu")

    for frame in frames:
        buffer.copy_to_device(frame)
        np.testing.assert_array_equal(
            on_device.update(buffer).copy_to_host(), on_host.update(frame)
        )


@pytest.mark.cuda
def test_frames_in_two_places_are_refused(cuda_device):
    frame = np.zeros((4, 5), np.uint8)

    with pytest.raises(fastsal.ImageError, match=r"on the host and .* on a device"):
        frame_difference(frame, cuda_device.to_device(frame))


@pytest.mark.cuda
def test_stream_that_moves_to_a_device_starts_anew(cuda_device, rng):
    first, second = pair_of(rng, (4, 5))
    stream = FrameDifference()
    stream.update(first)

    assert not stream.update(cuda_device.to_device(second)).copy_to_host().any()


def test_a_stream_refuses_stacks():
    with pytest.raises(
        fastsal.ImageError, match=r"`frame` must be a single image; got a stack of shape \(2, 4, 5"
    ):
        fastsal.FrameDifference().update(np.zeros((2, 4, 5, 3), np.uint8))
