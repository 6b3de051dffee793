"""Stacks of the host that go through a device in parts."""

from itertools import count

import numpy as np
import pytest

import fastsal
from fastsal import chunked, devices, images
from fastsal.kernels import launch
from fastsal.kernels.kernel import watched

SHAPE = (5, 4, 6, 3)
FRAME_BYTES = 4 * 6 * (3 + 4)

CALLS = {
    "luminance_contrast": lambda stack, **options: fastsal.luminance_contrast(stack, **options),
    "frame_difference": lambda stack, **options: fastsal.frame_difference(
        stack, stack[::-1], **options
    ),
}


DEEP = 6
DEEP_CALLS = {
    "binary_map": lambda stack: fastsal.binary_map(stack[..., 0], backend="cuda"),
    "center_surround": lambda stack: fastsal.center_surround(stack, backend="cuda"),
    "fine_grained": lambda stack: fastsal.fine_grained(stack, backend="cuda"),
    "frame_difference": lambda stack: fastsal.frame_difference(
        stack / 255, stack[::-1] / 255, backend="cuda"
    ),
    "itti_koch": lambda stack: fastsal.itti_koch(stack, backend="cuda"),
    "luminance_contrast": lambda stack: fastsal.luminance_contrast(stack, backend="cuda"),
    "spectral_residual": lambda stack: fastsal.spectral_residual(
        stack, size=(4, 4), backend="cuda"
    ),
}


@pytest.fixture
def two_at_a_time(monkeypatch):
    monkeypatch.setattr(chunked, "PART_BYTES", 2 * FRAME_BYTES)


@pytest.fixture
def stack(rng):
    return rng.integers(0, 256, SHAPE, dtype=np.uint8)


@pytest.mark.cuda
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_parts_make_the_same_map(name, dtype, cuda_device, stack, monkeypatch):
    whole = CALLS[name](stack, out=np.empty(SHAPE[:3], dtype), backend="cuda")
    monkeypatch.setattr(chunked, "PART_BYTES", 2 * FRAME_BYTES)
    out = np.empty(SHAPE[:3], dtype)

    found = CALLS[name](stack, out=out, backend="cuda")

    assert found is out
    np.testing.assert_array_equal(found, whole)


@pytest.mark.cuda
@pytest.mark.parametrize("name", DEEP_CALLS)
def test_more_frames_than_a_grid_holds_make_the_same_map(name, cuda_device, rng, monkeypatch):
    stack = rng.integers(0, 256, (DEEP + 2, 4, 6, 3), dtype=np.uint8)
    whole = DEEP_CALLS[name](stack)
    monkeypatch.setattr(launch, "MOST_DEEP", DEEP)

    np.testing.assert_array_equal(DEEP_CALLS[name](stack), whole)


@pytest.mark.cuda
def test_one_part_is_on_its_way_while_another_is_computed(cuda_device, monkeypatch):
    monkeypatch.setattr(chunked, "PART_BYTES", 4 * 4 * 6 * (2 + 4))
    told, upload = [], devices.upload
    streams = [devices.side_stream(number) for number in range(2)]

    def note_upload(array, tag):
        told.append(("up", streams.index(devices.current_stream()), array.shape[0]))
        return upload(array, tag)

    monkeypatch.setattr(devices, "upload", note_upload)
    for number, stream in enumerate(streams):
        monkeypatch.setattr(
            stream, "synchronize", lambda number=number: told.append(("down", number)), False
        )

    def of_part(number):
        return [("up", number, 4), ("up", number, 4), ("run", number)]

    pair = np.zeros((12, 4, 6), np.uint8), np.zeros((12, 4, 6), np.uint8)
    with watched(lambda launch, start: told.append(("run", streams.index(launch.stream)))):
        fastsal.frame_difference(*pair, channel_axis=None, backend="cuda")

    assert told == [*of_part(0), *of_part(1), ("down", 0), *of_part(0), ("down", 1), ("down", 0)]


@pytest.mark.cuda
def test_parts_are_alike_and_allocate_nothing_anew(cuda_device, two_at_a_time, stack, monkeypatch):
    fastsal.luminance_contrast(stack, backend="cuda")
    made, device_array = [], cuda_device.device_array
    monkeypatch.setattr(
        "numba.cuda.device_array",
        lambda *args, **options: made.append(args) or device_array(*args, **options),
    )

    fastsal.luminance_contrast(stack, backend="cuda")

    assert made == []


@pytest.mark.cuda
@pytest.mark.parametrize("count", [1, 3])
def test_few_frames_are_one_part(count, cuda_device, two_at_a_time, stack):
    seen = []

    with watched(lambda launch, start: seen.append(launch.stream)):
        fastsal.luminance_contrast(stack[:count], backend="cuda")

    assert set(seen) == {0}


@pytest.mark.cuda
def test_an_out_that_does_not_fit_is_refused_before_any_work(cuda_device, two_at_a_time, stack):
    with (
        watched(lambda launch, start: pytest.fail("launched")),
        pytest.raises(fastsal.ImageError, match="`out` must be"),
    ):
        fastsal.luminance_contrast(stack, out=np.empty((4, 4, 6), np.float32), backend="cuda")


@pytest.mark.cuda
def test_other_calls_between_the_parts_change_nothing(cuda_device, two_at_a_time, stack):
    image, numbers = cuda_device.to_device(stack[0]), count(1)

    def fill(call):
        fastsal.luminance_contrast(image)
        call.saliency.copy_to_device(np.full((2, 24), next(numbers), np.float32))

    found = chunked.compute(fill, "cuda", None, images.as_frames(stack))

    np.testing.assert_array_equal(found[:, 0, 0], [1, 1, 2, 3, 3])


@pytest.mark.cuda
def test_other_calls_do_not_change_where_a_whole_stack_is_fetched(cuda_device, stack, monkeypatch):
    fetched, fetch = [], devices.fetch
    monkeypatch.setattr(
        devices, "fetch", lambda *args: fetched.append(devices.current_stream()) or fetch(*args)
    )

    other = cuda_device.to_device(stack[0]).bind(cuda_device.stream())
    chunked.compute(
        lambda call: call.saliency is None or fastsal.luminance_contrast(other),
        "cuda", None, images.as_frames(stack),
    )  # fmt: skip

    assert fetched == [0]


@pytest.mark.cuda
def test_the_first_part_that_fails_is_told_of_when_all_have_ended(
    cuda_device, two_at_a_time, stack, monkeypatch
):
    ended = []

    def fail(number):
        ended.append(number)
        raise RuntimeError(f"part {number}")

    for number in range(2):
        monkeypatch.setattr(
            devices.side_stream(number), "synchronize", lambda number=number: fail(number), False
        )

    with pytest.raises(RuntimeError, match="part 0"):
        fastsal.luminance_contrast(stack[:4], backend="cuda")

    assert ended == [0, 1]
    assert devices.current_stream() == 0


@pytest.mark.cuda
def test_after_an_error_calls_run_on_the_default_stream_again(cuda_device, two_at_a_time, stack):
    def fail(launch, start):
        raise KeyboardInterrupt

    with watched(fail), pytest.raises(KeyboardInterrupt):
        fastsal.luminance_contrast(stack, backend="cuda")

    assert devices.current_stream() == 0
    found = chunked.compute(
        lambda call: call.saliency.copy_to_device(np.ones((2, 24), np.float32)),
        "cuda", None, images.as_frames(stack),
    )  # fmt: skip
    assert (found == 1).all()
