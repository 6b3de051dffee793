"""Any image or `out` gives the right answer, or one line that says why not."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastsal
from fastsal import images

MODEST = settings(deadline=None, max_examples=80)
INTEGERS = ("uint8", "uint16")
FLOATS = ("float32", "float64")

shapes = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5)
channel_axes = st.none() | st.integers(-6, 6)
any_dtype = st.one_of(
    hnp.scalar_dtypes(),
    st.sampled_from(["u1", "u2", ">u2", "f4", "f8", ">f4", "f2", "O", "U3", "S2", "V4"]).map(
        np.dtype
    ),
    st.just(np.dtype([("red", "u1"), ("green", "u1")])),
)


def is_image(shape, channel_axis):
    """Say whether API conventions take this shape, from their words."""
    if 0 in shape or len(shape) not in (2, 3, 4):
        return False
    if len(shape) == 2:
        return True
    if channel_axis is None:
        return len(shape) == 3
    return -len(shape) <= channel_axis < len(shape) and shape[channel_axis] in (1, 3, 4)


def one_line(error):
    message = str(error.value if hasattr(error, "value") else error)
    assert "\n" not in message
    assert " must " in message
    return message


def call_both(image, **options):
    """Return both functions' results for `image`, or their errors' messages."""
    answers = []
    for function, arguments in (
        (fastsal.luminance_contrast, (image,)),
        (fastsal.frame_difference, (image, image)),
    ):
        try:
            answers.append(function(*arguments, backend="cpu", **options))
        except fastsal.ImageError as error:
            answers.append(one_line(error))
    return answers


@given(shape=shapes, dtype=any_dtype, channel_axis=channel_axes)
@settings(deadline=None, max_examples=300)
def test_arrays_of_any_form_are_scored_or_refused(shape, dtype, channel_axis):
    image = np.zeros(shape, dtype)
    contrast, difference = call_both(image, channel_axis=channel_axis)

    for answer in (contrast, difference):
        if dtype.name in INTEGERS + FLOATS and is_image(shape, channel_axis):
            has_channels = len(shape) > 2 and channel_axis is not None
            expected = np.delete(shape, channel_axis) if has_channels else shape
            assert answer.shape == tuple(expected)
            assert not answer.any()
        else:
            assert isinstance(answer, str), (answer, shape, channel_axis)


def twisted(draw, array):
    """Return the values of `array` in a memory layout drawn at random."""
    steps = draw(st.tuples(*[st.sampled_from([-2, -1, 1, 2, 3])] * array.ndim))
    order = draw(st.permutations(range(array.ndim)))
    large = np.zeros([abs(step) * array.shape[i] for i, step in enumerate(steps)], array.dtype)
    large = np.transpose(np.transpose(large, order).copy(), np.argsort(order))
    view = large[tuple(slice(None, None, step) for step in steps)]
    view[...] = array
    if draw(st.booleans()):
        view = view.astype(view.dtype.newbyteorder(), order="K")
    if draw(st.booleans()):
        view.flags.writeable = False
    np.testing.assert_array_equal(view, array)
    return view


image_shapes = st.sampled_from([(1, 1), (1, 7), (6, 1), (4, 5), (3, 4, 3), (4, 3, 4), (2, 3, 4, 3)])


@given(data=st.data(), shape=image_shapes, dtype=st.sampled_from(INTEGERS + FLOATS))
@MODEST
def test_memory_layout_does_not_matter(data, shape, dtype):
    drawn = data.draw(hnp.arrays(np.uint8, shape))
    image = (drawn / 255).astype(dtype) if dtype in FLOATS else drawn.astype(dtype)
    other = image[::-1].copy()
    strange = twisted(data.draw, image)

    np.testing.assert_array_equal(
        fastsal.frame_difference(strange, other, backend="cpu"),
        fastsal.frame_difference(image.copy(), other, backend="cpu"),
    )
    np.testing.assert_array_equal(strange, image)
    np.testing.assert_array_equal(
        fastsal.luminance_contrast(strange, backend="cpu"),
        fastsal.luminance_contrast(image.copy(), backend="cpu"),
    )


@pytest.mark.parametrize("shape", [(20, 21), (300, 301), (257, 259, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("offset", [1, 3])
def test_memory_off_the_machines_alignment(offset, dtype, shape, rng):
    values = rng.integers(0, 2, shape).astype(dtype)
    image = np.frombuffer(b"-" * offset + values.tobytes(), dtype, -1, offset).reshape(shape)
    assert not image.flags.aligned

    actual = call_both(image)
    expected = call_both(values)

    for answer, right in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(answer, right)


@pytest.mark.parametrize("shape", [(3, 65_535), (65_535, 3), (1, 65_536), (2, 65_537, 3)], ids=str)
def test_very_wide_and_very_tall(shape, rng):
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    contrast, difference = call_both(image)

    assert contrast.shape == shape[:2]
    assert contrast.max() == 1
    assert not difference.any()
    # The same pixels in another order have the same levels and so the same scores.
    turned, _ = call_both(np.swapaxes(image, 0, 1))
    np.testing.assert_array_equal(turned.T, contrast)


OBJECTS = {
    "None": None,
    "a string": "photo.png",
    "bytes": b"photo",
    "a number": 5,
    "a list of ints": [[1, 2], [3, 4]],
    "an empty list": [],
    "a ragged list": [[1, 2], [3]],
    "a ragged list of arrays": [np.zeros((2, 2), np.uint8), np.zeros((3, 2), np.uint8)],
    "a set": {1},
    "a dict": {},
    "a function": len,
    "a type": np.ndarray,
}


@pytest.mark.parametrize("image", OBJECTS.values(), ids=OBJECTS.keys())
def test_other_objects_are_refused(image):
    for answer in call_both(image):
        assert isinstance(answer, str)
        assert "got" in answer


def test_what_turns_into_an_array_is_taken():
    rows = [np.arange(4, dtype=np.uint8), np.zeros(4, np.uint8)]
    expected = fastsal.luminance_contrast(np.stack(rows))

    class Picture:
        def __array__(self, dtype=None, copy=None):
            return np.stack(rows)

    for image in (rows, Picture(), memoryview(np.stack(rows)), np.ma.array(np.stack(rows))):
        actual = fastsal.luminance_contrast(image)
        assert type(actual) is np.ndarray
        np.testing.assert_array_equal(actual, expected)


def test_an_object_whose_array_fails_is_refused():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("cannot be called on a tensor that requires grad")

    with pytest.raises(fastsal.ImageError, match=r"got Tensor .cannot be called") as error:
        fastsal.luminance_contrast(Tensor())
    one_line(error)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1e-6, 1.00001, 255])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)], ids=str)
def test_floats_outside_the_unit_range_are_refused(shape, dtype, value):
    good, bad = np.full(shape, 0.5, dtype), np.full(shape, 0.5, dtype)
    bad[2, 3] = value

    for pair in ((good, bad), (bad, good)):
        with pytest.raises(fastsal.ImageError, match=r"in \[0, 1\]; got values from") as error:
            fastsal.frame_difference(*pair)
        assert ("previous" if pair[1] is bad else "frame") in one_line(error)


def test_floats_at_the_ends_of_the_range_are_taken():
    frame = np.array([[0.0, -0.0, 1.0, 5e-324]])

    np.testing.assert_array_equal(fastsal.frame_difference(frame, frame[:, ::-1]), [[0, 1, 1, 0]])


MESSAGES = [
    (
        np.zeros((4, 5), np.int64),
        {},
        "`image` must have dtype uint8, uint16, float32 or float64; got int64 of shape (4, 5)",
    ),
    (np.zeros((0, 5), np.uint8), {}, "`image` must not be empty; got shape (0, 5)"),
    (
        np.zeros(5, np.uint8),
        {},
        "(H, W), (H, W, 3) or (H, W, 4), or be a stack of these; got shape (5,)",
    ),
    (
        np.zeros((9, 5, 7), np.uint8),
        {},
        "must have 1, 3 or 4 channels; got 7 in shape (9, 5, 7); for a stack of grey images, pass "
        "channel_axis=None",
    ),
    (None, {}, "`image` must be an array; got NoneType; cv2.imread returns None if it cannot read"),
    ("photo.jpg", {}, "got str; read the file first, for example with cv2.imread and color='bgr'"),
    (
        Path("photo.jpg"),
        {},
        "Path; read the file first, for example with cv2.imread and color='bgr'",
    ),
    (
        np.zeros((3, 5, 7), np.uint8),
        {},
        "got 7 in shape (3, 5, 7); if channels come first, pass channel_axis=0; for a stack of "
        "grey images, pass channel_axis=None",
    ),
    (
        np.zeros((2, 3, 5, 7), np.uint8),
        {},
        "got 7 in shape (2, 3, 5, 7); if channels come first, pass channel_axis=1",
    ),
    (np.zeros((2, 5, 7, 2), np.uint8), {}, "3 or 4 channels; got 2 in shape (2, 5, 7, 2)"),
    (
        np.zeros((4, 5, 3), np.uint8),
        {"channel_axis": 3},
        "`channel_axis` must be None or an integer from -3 to 2; got 3",
    ),
    (np.zeros((4, 5, 3), np.uint8), {"channel_axis": "last"}, "from -3 to 2; got 'last'"),
    (np.zeros((4, 5, 3), np.uint8), {"channel_axis": 2.0}, "from -3 to 2; got 2.0"),
]


@pytest.mark.parametrize(("image", "options", "message"), MESSAGES, ids=[m for *_, m in MESSAGES])
def test_messages(image, options, message):
    with pytest.raises(fastsal.ImageError) as error:
        fastsal.luminance_contrast(image, **options)

    assert message in one_line(error)


@pytest.mark.parametrize("color", ["RGB", "gbr", "", None, 3, ["rgb"], {}])
def test_bad_color_is_refused(color):
    with pytest.raises(ValueError, match=r"`color` must be 'rgb' or 'bgr'; got"):
        fastsal.luminance_contrast(np.zeros((4, 5, 3), np.uint8), color=color)


def test_image_errors_are_value_errors_of_fastsal():
    assert issubclass(fastsal.ImageError, ValueError)
    assert issubclass(fastsal.ImageError, fastsal.FastsalError)


def read_only(array):
    array.flags.writeable = False
    return array


FLAWED = {
    "float64": lambda: np.zeros((4, 5)),
    "bool": lambda: np.zeros((4, 5), bool),
    "big-endian": lambda: np.zeros((4, 5), ">f4"),
    "another shape": lambda: np.zeros((5, 4), np.float32),
    "another rank": lambda: np.zeros((1, 4, 5), np.float32),
    "flat": lambda: np.zeros(20, np.float32),
    "Fortran order": lambda: np.zeros((4, 5), np.float32, order="F"),
    "negative strides": lambda: np.zeros((4, 5), np.float32)[::-1],
    "gaps": lambda: np.zeros((4, 10), np.float32)[:, ::2],
    "read-only": lambda: read_only(np.zeros((4, 5), np.float32)),
    "broadcast": lambda: np.broadcast_to(np.zeros(5, np.float32), (4, 5)),
    "a list": lambda: [[0.0] * 5] * 4,
    "a string": lambda: "out",
    "True": lambda: True,
}


@pytest.mark.parametrize("make", FLAWED.values(), ids=FLAWED.keys())
def test_flawed_out_is_refused_before_any_work(make):
    image, out = np.eye(4, 5, dtype=np.uint8), make()
    before = np.array(out)

    for function, arguments in (
        (fastsal.luminance_contrast, (image,)),
        (fastsal.frame_difference, (image, image[::-1])),
    ):
        with pytest.raises(fastsal.ImageError, match="`out` must ") as error:
            function(*arguments, out=out)
        one_line(error)

    np.testing.assert_array_equal(np.array(out), before)


@given(start=st.integers(0, 30), dtype=st.sampled_from(["uint8", "float32"]))
@MODEST
def test_overlapping_out_is_refused_and_touching_is_not(start, dtype):
    memory = np.arange(100, dtype=np.uint8)
    image = memory[start : start + 20].reshape(4, 5)
    size = 20 * np.dtype(dtype).itemsize
    out = memory[8 : 8 + size].view(dtype).reshape(4, 5)
    expected = fastsal.luminance_contrast(image.copy(), out=np.empty((4, 5), dtype))

    if start + 20 <= 8 or start >= 8 + size:
        np.testing.assert_array_equal(fastsal.luminance_contrast(image, out=out), expected)
    else:
        with pytest.raises(fastsal.ImageError, match="must not overlap the image"):
            fastsal.luminance_contrast(image, out=out)
        np.testing.assert_array_equal(memory, np.arange(100, dtype=np.uint8))


def test_out_may_not_overlap_either_frame():
    frames = np.random.default_rng(0).random((2, 4, 5), np.float32)
    for out in frames:
        with pytest.raises(fastsal.ImageError, match="must not overlap"):
            fastsal.frame_difference(*frames, out=out)


def test_subclasses_and_odd_places_of_out(tmp_path, rng):
    image = rng.integers(0, 256, (300, 301), dtype=np.uint8)
    expected = fastsal.luminance_contrast(image)
    unaligned = np.frombuffer(bytearray(expected.nbytes + 1), np.float32, -1, 1)
    mapped = np.lib.format.open_memmap(tmp_path / "map.npy", "w+", np.float32, image.shape)
    for out in (unaligned.reshape(image.shape), mapped, np.ma.zeros(image.shape, np.float32)):
        assert fastsal.luminance_contrast(image, out=out) is out
        np.testing.assert_array_equal(np.asarray(out), expected)


def test_kernels_get_one_read_only_view_without_a_copy():
    image = np.zeros((4, 5, 3), np.uint8)

    frames = images.as_frames(image)

    assert np.shares_memory(frames.pixels, image)
    assert not frames.pixels.flags.writeable
    assert image.flags.writeable
    assert frames.pixels.shape == (1, 60)
    assert (frames.channels, frames.shape, frames.flat_shape) == (3, (4, 5), (1, 20))


@given(shape=hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=4), axis=channel_axes)
@MODEST
def test_frames_hold_the_pixels_in_order(shape, axis):
    assume(is_image(shape, axis))
    image = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)

    frames = images.as_frames(image, channel_axis=axis, dtypes=("uint16",))

    grey = len(shape) == 2 or axis is None
    last = image[..., None] if grey else np.moveaxis(image, axis, -1)
    np.testing.assert_array_equal(frames.pixels.reshape(*frames.shape, frames.channels), last)


def on_device(cuda, array):
    return cuda.to_device(np.ascontiguousarray(array))


@pytest.mark.cuda
@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 5)), np.zeros((4, 5), np.int8), np.zeros(5, np.uint8), np.zeros((4, 5, 2), "u1")],
    ids=["float64", "int8", "one axis", "two channels"],
)
def test_bad_device_images_are_refused(image, cuda_device):
    with pytest.raises(fastsal.ImageError) as error:
        fastsal.luminance_contrast(on_device(cuda_device, image))
    one_line(error)


@pytest.mark.cuda
def test_device_doubles_are_refused(cuda_device):
    frame = on_device(cuda_device, np.zeros((4, 5)))
    with pytest.raises(fastsal.ImageError, match="on a device; got float64"):
        fastsal.frame_difference(frame, frame)


@pytest.mark.cuda
def test_device_channels_that_would_need_a_copy_are_refused(cuda_device):
    image = on_device(cuda_device, np.zeros((3, 4, 5), np.uint8))
    with pytest.raises(fastsal.ImageError, match="with the channels last; got strides") as error:
        fastsal.luminance_contrast(image, channel_axis=0)
    one_line(error)


@pytest.mark.cuda
@pytest.mark.parametrize("name", ["float64", "another shape", "another rank", "a list"])
def test_flawed_device_out_is_refused(name, cuda_device):
    out = FLAWED[name]()
    out = on_device(cuda_device, out) if isinstance(out, np.ndarray) else out
    with pytest.raises(fastsal.ImageError, match="`out` must ") as error:
        fastsal.luminance_contrast(on_device(cuda_device, np.zeros((4, 5), np.uint8)), out=out)
    one_line(error)


@pytest.mark.cuda
def test_out_must_lie_where_the_image_does(cuda_device):
    image, out = np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.float32)

    with pytest.raises(fastsal.ImageError, match=r"`out` must be a device array, .* ndarray"):
        fastsal.luminance_contrast(on_device(cuda_device, image), out=out)
    with pytest.raises(fastsal.ImageError, match="`out` must be a NumPy array"):
        fastsal.luminance_contrast(image, out=on_device(cuda_device, out))
