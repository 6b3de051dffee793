"""On which stream kernels run, and in which order calls on several streams follow each other."""

import copy
import inspect
import pickle
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from numba import config
from wide_blocks import WIDE_BLOCKS

import fastsal
from fastsal import devices, images, runtime
from fastsal.algorithms.flow_saliency import state
from fastsal.call import Call
from fastsal.kernels.kernel import Kernel, watched
from fastsal.kernels.launch import THREADS  # a device's: tests make the simulator's smaller
from fastsal.registry import BUILT_IN

SIZE = (12, 17)


# Their next steps depend on the results of their kernels.
ASK_THEIR_KERNELS = ("bing", "region_stats")


@contextmanager
def watching(name=""):
    """Yield a growing list of launches; mostly nothing runs, because nothing needs the results."""
    seen = []

    def watch(launch, start):
        seen.append(launch)
        if name in ASK_THEIR_KERNELS:
            start()

    with watched(watch):
        yield seen


@pytest.fixture
def order(monkeypatch, cuda_device):
    """Return a list of ("record" or "wait", stream) that grows with the calls of events."""
    told = []

    class Event:
        def record(self, stream=0):
            told.append(("record", stream))

        def wait(self, stream=0):
            told.append(("wait", stream))

    monkeypatch.setattr("numba.cuda.event", Event)
    return told


def frames_of(rng, dtype=np.uint8, count=2):
    return [rng.integers(0, 256, (*SIZE, 3), dtype=dtype) for _ in range(count)]


def streams_of(launches):
    return {launch.stream for launch in launches}


@pytest.mark.cuda
@pytest.mark.parametrize("key", BUILT_IN)
def test_methods_run_on_the_stream_of_their_frames(key, cuda_device, rng):
    stream = cuda_device.stream()
    method = fastsal.Stream(key)

    with watching(key) as launches:
        for frame in frames_of(rng):
            method.update(
                cuda_device.to_device(frame).bind(stream),
                out=cuda_device.device_array(SIZE, np.float32).bind(stream),
            )

    assert launches
    assert streams_of(launches) == {stream}


COMPETING = fastsal.IttiOptions(norm="iterative")

OTHERS = {
    "slic": lambda image: fastsal.slic(image, region_size=4, max_iter=2),
    "region_stats": lambda image: fastsal.region_stats(
        image, fastsal.slic(image, region_size=9, max_iter=1)
    ),
    "binary_map": lambda image: fastsal.binary_map(image),
    "binary_map by kmeans": lambda image: fastsal.binary_map(image, method="kmeans"),
    "flow_saliency": lambda image: fastsal.flow_saliency(image, image, return_flow=True),
    "itti_koch by competition": lambda image: fastsal.itti_koch(image, preset=COMPETING),
    "superpixel_change": lambda image: fastsal.superpixel_change(image, image),
    "slic in fast mode": lambda image: fastsal.slic(image, region_size=4, max_iter=2, mode="fast"),
}


@pytest.mark.cuda
@pytest.mark.parametrize("name", OTHERS)
def test_other_functions_run_on_the_stream_of_their_image(name, cuda_device, rng):
    stream = cuda_device.stream()
    (frame,) = frames_of(rng, count=1)
    image = frame[..., 0].copy() if name.startswith("binary_map") else frame

    with watching(name) as launches:
        OTHERS[name](cuda_device.to_device(image).bind(stream))

    assert launches
    assert streams_of(launches) == {stream}


PAIRS = {
    "frame_difference": fastsal.frame_difference,
    "frame_difference of floats": fastsal.frame_difference,
    "flow_saliency": lambda one, other: fastsal.flow_saliency(one, other, return_flow=True),
    "superpixel_contrast": lambda one, other: fastsal.superpixel_contrast(one, reference=other),
    "superpixel_change": fastsal.superpixel_change,
}


def test_every_function_of_two_images_is_tested():
    taking_two = {
        row.function
        for row in BUILT_IN.values()
        if {"previous", "reference"} & set(inspect.signature(_function_of(row.key)).parameters)
    }
    assert taking_two == {name.partition(" ")[0] for name in PAIRS}


@pytest.mark.cuda
@pytest.mark.parametrize("name", PAIRS)
def test_two_images_on_two_streams_run_on_that_of_the_first(name, cuda_device, rng):
    first, second = cuda_device.stream(), cuda_device.stream()
    pair = frames_of(rng)
    if name.endswith("floats"):
        pair = [(each / 255).astype(np.float32) for each in pair]
    one, other = (cuda_device.to_device(each) for each in pair)

    with watching() as launches:
        PAIRS[name](one.bind(first), other.bind(second))

    assert launches
    assert streams_of(launches) == {first}
    assert devices.current_stream() == 0


@pytest.mark.cuda
@pytest.mark.parametrize("key", BUILT_IN)
def test_frames_on_two_streams_by_turns_each_run_on_their_own(key, cuda_device, rng):
    streams = [cuda_device.stream(), cuda_device.stream()]
    method = fastsal.Stream(key)

    for frame, stream in zip(frames_of(rng, count=4), streams * 2, strict=True):
        with watching(key) as launches:
            method.update(cuda_device.to_device(frame).bind(stream))

        assert launches
        assert streams_of(launches) == {stream}
        assert devices.current_stream() == 0


@pytest.mark.cuda
def test_checks_and_calls_inside_a_call_do_not_change_its_stream(cuda_device, rng):
    stream, other = cuda_device.stream(), cuda_device.stream()
    one, two = (cuda_device.to_device(each) for each in frames_of(rng))
    frames = images.as_frames(one.bind(stream))

    with Call("auto", None, frames) as call:
        images.as_frames(two.bind(other))
        with watching() as inner:
            fastsal.luminance_contrast(two.bind(other))
        with watching() as launches:
            call.kernels("fastsal.algorithms.luminance_contrast").luminance_contrast(
                call.inputs[0].pixels, 3, frames.weights, call.saliency
            )

    assert streams_of(inner) == {other}
    assert streams_of(launches) == {stream}


@pytest.mark.cuda
def test_a_call_that_fails_leaves_no_stream_behind(cuda_device, rng):
    def fail(launch, start):
        raise KeyboardInterrupt

    image = cuda_device.to_device(frames_of(rng)[0]).bind(cuda_device.stream())
    with watched(fail), pytest.raises(KeyboardInterrupt):
        fastsal.luminance_contrast(image)

    assert devices.current_stream() == 0


@pytest.mark.cuda
def test_arrays_of_the_host_run_on_the_default_stream(cuda_device, rng):
    with watching() as launches, devices.on_stream(cuda_device.stream()):
        fastsal.luminance_contrast(frames_of(rng, count=1)[0], backend="cuda")

    assert streams_of(launches) == {0}


@pytest.mark.cuda
def test_other_streams_of_a_call_wait_before_and_after(cuda_device, order, rng):
    mine, second, third = (cuda_device.stream() for _ in range(3))
    frame, previous = (cuda_device.to_device(each) for each in frames_of(rng))
    out = cuda_device.device_array(SIZE, np.float32)

    with watching() as launches:
        fastsal.frame_difference(frame.bind(mine), previous.bind(second), out=out.bind(third))

    assert streams_of(launches) == {mine}
    before = [("record", second), ("wait", mine), ("record", third), ("wait", mine)]
    after = [("record", mine), ("wait", third), ("record", mine), ("wait", second)]
    assert order == before + after


@pytest.mark.cuda
def test_one_stream_waits_for_nothing(cuda_device, order, rng):
    stream = cuda_device.stream()
    frame, previous = (cuda_device.to_device(each).bind(stream) for each in frames_of(rng))

    with watching():
        fastsal.frame_difference(frame, previous)

    assert order == []


STATEFUL = ["frame-difference", "flow", "bin-wang", "superpixel", "superpixel-change"]


@pytest.mark.cuda
@pytest.mark.parametrize("key", STATEFUL)
def test_what_keeps_state_takes_its_frames_in_turn(key, cuda_device, order, rng):
    first, second = cuda_device.stream(), cuda_device.stream()
    one, other, last = frames_of(rng, count=3)
    method = fastsal.Stream(key)

    with watching():
        for frame, stream in ((one, first), (other, second), (last, second)):
            method.update(cuda_device.to_device(frame).bind(stream))

    assert order == [
        ("record", first), ("wait", second), ("record", second), ("record", second),
    ]  # fmt: skip


def is_a_launch(launch):
    """Return whether a device takes grids and blocks of these sizes."""
    blocks = (launch.blocks if isinstance(launch.blocks, tuple) else (launch.blocks,)) + (1, 1)
    x, y, z = blocks[:3]
    return (
        1 <= launch.threads <= 1024 and 1 <= x < 1 << 31 and 1 <= min(y, z) <= max(y, z) < 1 << 16
    )


# BING is left out: it depends on results of its kernels, and the images are far too large for the
# simulator. Its grids are those of its plan for every image.
CALLS = {key: {} for key in BUILT_IN if key != "bing"}
OPTIONS = {  # that take other kernels than the default
    "itti-koch by fixation": {"preset": "fixation"},
    "itti-koch by competition": {"preset": COMPETING},
    "itti-koch reduced": {"preset": fastsal.IttiOptions(working_size=640)},
}

STACKS = [(64, 4320, 7680, 3), (70_000, 1, 1), (1, 1, 70_000), (2, 70_000, 1), (3, 1, 5)]


@pytest.mark.cuda
@pytest.mark.parametrize("shape", STACKS, ids=str)
@pytest.mark.parametrize("name", CALLS | OPTIONS)
def test_grids_fit_the_device_whatever_the_size(name, shape, cuda_device, monkeypatch):
    """Memory here is made, but hardly touched."""
    monkeypatch.setattr("fastsal.kernels.launch.THREADS", THREADS)  # for nothing runs
    key = name.partition(" ")[0]
    channel_axis = -1 if len(shape) == 4 else None
    if shape[0] > 1 << 16 and key.startswith(("superpixel", "flow")):
        shape = (2, *shape[1:])  # they take frame by frame
    takes_stacks = "out" in inspect.signature(_function_of(key)).parameters
    if not takes_stacks:
        shape = shape[1:]
        channel_axis = -1 if len(shape) == 3 else None
    if key == "bin-wang" and shape[0] > 4000 and shape[1] > 4000:
        shape = (2000, 2000, 3)  # its model starts on the host, and would fill memory there
    image = cuda_device.device_array(shape, np.uint8)

    with watching() as launches:
        if takes_stacks:
            inputs = [image] * _inputs_of(key)
            _function_of(key)(*inputs, channel_axis=channel_axis, **OPTIONS.get(name, {}))
        else:
            method = fastsal.Stream(key)
            method.update(image)
            method.update(image)

    assert launches
    assert [launch for launch in launches if not is_a_launch(launch)] == []
    assert [launch for launch in launches if launch.threads > threads_of(launch.kernel)] == []


def threads_of(name):
    """Return the most threads that the PTX gate has found registers for."""
    return WIDE_BLOCKS.get(name, THREADS)


def _function_of(key):
    return getattr(fastsal, fastsal.METHODS[key].function)


def _inputs_of(key):
    names = inspect.signature(_function_of(key)).parameters
    return 2 if "previous" in names else 1


@pytest.mark.cuda
def test_calls_of_flow_saliency_share_their_levels_in_turn(cuda_device, order, rng, monkeypatch):
    monkeypatch.setattr(state, "_of_thread", threading.local())  # as if none had been before
    first, second = cuda_device.stream(), cuda_device.stream()
    image = cuda_device.to_device(frames_of(rng, count=1)[0])

    with watching():
        for stream in (first, second):
            fastsal.flow_saliency(image.bind(stream), image.bind(stream))

    assert order[-3:] == [("record", first), ("wait", second), ("record", second)]


@pytest.mark.cuda
def test_a_model_is_pickled_on_the_default_stream_after_its_last_frame(cuda_device, order, rng):
    stream = cuda_device.stream()
    finder = fastsal.BinWang()
    with watching():
        finder.update(cuda_device.to_device(frames_of(rng, count=1)[0]).bind(stream))

    with devices.on_stream(cuda_device.stream()):  # of another call
        pickle.dumps(finder)

    assert order == [("record", stream), ("wait", 0)]


class Compiled:
    """Interface of a compiled kernel that fastsal uses; `form` is called for each of its forms."""

    def __init__(self, form):
        self._form = form
        self.py_func = is_a_launch  # any function

    def __getitem__(self, form):
        return self._form(*form)


class DefaultStream:
    """Numba's default stream; Numba returns a new object on every request."""

    def __int__(self):
        return 0


@pytest.fixture
def real_device(monkeypatch):
    monkeypatch.setattr(runtime, "is_simulated", lambda: False)


def test_a_kernel_takes_one_form_for_the_default_stream(real_device):
    forms = []
    kernel = Kernel(Compiled(lambda *form: forms.append(form)))

    for stream in (DefaultStream(), DefaultStream(), 0):
        with devices.on_stream(stream):
            kernel[1, 32]

    assert forms == [(1, 32, 0)]


def test_threads_that_form_kernels_leave_the_warning_of_numba_on(real_device, monkeypatch):
    monkeypatch.setattr(config, "CUDA_LOW_OCCUPANCY_WARNINGS", 1)
    inside = [threading.Event(), threading.Event()]

    def form(number, *_):
        inside[number].set()
        if number == 0:
            inside[1].wait(0.2)  # which it would be, if both could be here
        else:
            first.join()

    kernel = Kernel(Compiled(form))
    first, second = (threading.Thread(target=lambda n=n: kernel[n, 32]) for n in range(2))
    first.start()
    inside[0].wait()
    second.start()
    second.join()

    assert config.CUDA_LOW_OCCUPANCY_WARNINGS == 1


def test_copies_of_turns_start_anew():
    turns = devices.Turns()

    assert isinstance(pickle.loads(pickle.dumps(turns)), devices.Turns)
    assert copy.deepcopy(turns) is not turns


def test_numba_arrays_keep_their_stream_through_the_checks():
    """Their reshape forgets it; this is the real class, which the simulator lacks."""
    array = pytest.importorskip("numba_cuda") and _array_of_numba(stream=5)

    assert array.reshape(6).stream == 0
    assert images.as_frames(array).stream == 5
    assert devices.current_stream() == 0


def _array_of_numba(stream):
    from numba.cuda.cudadrv import devicearray

    if not hasattr(devicearray, "DeviceNDArray"):
        pytest.skip("needs a real CUDA device")
    return devicearray.DeviceNDArray((2, 3), (3, 1), np.uint8, stream=stream, gpu_data=object())
