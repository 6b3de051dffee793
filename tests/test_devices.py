"""Arrays of other libraries, recognised and handled, with stand-ins that need no GPU."""

import gc
import sys
import weakref
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import fastsal
from fastsal import devices, runtime


class Stranger:
    """A device array of a library unknown to fastsal."""

    def __init__(self, shape, typestr="|u1", strides=None):
        self.shape = shape
        self.__cuda_array_interface__ = {
            "shape": shape,
            "typestr": typestr,
            "strides": strides,
            "data": (4096, False),
            "version": 3,
        }


class Tensor:
    """The attributes of a PyTorch tensor that fastsal uses."""

    __module__ = "torch"

    def __init__(self, array, dtype=None, is_cuda=True):
        self.array, self.is_cuda, self.requires_grad = array, is_cuda, False
        self.device = "cuda:0" if is_cuda else SimpleNamespace(type="cpu")
        self.shape = array.shape
        self.dtype = dtype or f"torch.{array.dtype}"

    @property
    def __cuda_array_interface__(self):
        raise AttributeError("host tensors have none, and tensors with gradients raise")

    def __array__(self, dtype=None, copy=None):
        return self.array

    def movedim(self, source, destination):
        return Tensor(np.moveaxis(self.array, source, destination))

    def detach(self):
        return self

    def resolve_neg(self):
        return self

    def numpy(self):
        return self.array

    def contiguous(self):
        return Tensor(np.ascontiguousarray(self.array))

    def is_contiguous(self):
        return self.array.flags.c_contiguous


class Cupy(Stranger):
    __module__ = "cupy._core.core"


Numba = type("DeviceNDArray", (), {"__cuda_ndarray__": True, "dtype": np.dtype("u1")})


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (Stranger((2, 3)), True),
        (Cupy((2, 3)), True),
        (Numba(), True),
        (Tensor(np.zeros((2, 3))), True),
        (Tensor(np.zeros((2, 3)), is_cuda=False), False),
        (np.zeros((2, 3)), False),
        (np.ma.zeros((2, 3)), False),
        ([[1, 2]], False),
        (None, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_where_an_array_lies(array, expected):
    assert devices.is_device_array(array) is expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (Stranger((2, 3)), "numba"),
        (Cupy((2, 3)), "cupy"),
        (Numba(), "numba"),
        (Tensor(np.zeros(2)), "torch"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whose_array_it_is(array, expected):
    assert devices.library_of(array) == expected


def test_a_library_whose_name_begins_alike_is_a_stranger():
    array = type("Array", (Stranger,), {"__module__": "torchlike.arrays"})((2, 3))

    assert devices.library_of(array) == "numba"


def test_dtype():
    assert devices.dtype_of(Tensor(np.zeros(2, np.uint16))) == np.uint16
    assert devices.dtype_of(Stranger((2, 3), "<f4")) == np.float32
    assert devices.dtype_of(Numba()) == np.uint8


@pytest.mark.parametrize("dtype", ["torch.bfloat16", "torch.float8_e4m3fn"])
def test_dtype_that_numpy_lacks_is_refused(dtype):
    with pytest.raises(fastsal.ImageError, match=rf"got {dtype}"):
        fastsal.luminance_contrast(Tensor(np.zeros((2, 3)), dtype))


@pytest.mark.parametrize(
    ("strides", "expected"),
    [
        (None, True),
        ((12, 4), True),
        ((16, 4), False),
        ((12, 8), False),
        ((-12, 4), False),
        ((4, 8), False),
    ],
)
def test_contiguous_strangers(strides, expected):
    assert devices.is_contiguous(Stranger((2, 3), "<f4", strides)) is expected


def test_strides_of_single_rows_do_not_matter():
    assert devices.is_contiguous(Stranger((1, 3), "<f4", (999, 4)))


def test_tensors_are_made_contiguous_with_channels_last():
    image = np.arange(24).reshape(3, 2, 4)

    moved = devices.contiguous(Tensor(image), 0)

    assert moved.is_contiguous()
    np.testing.assert_array_equal(moved.array, np.moveaxis(image, 0, -1))
    np.testing.assert_array_equal(devices.contiguous(Tensor(image.T), None).array, image.T)


def test_cupy_arrays_are_made_contiguous_by_cupy(monkeypatch):
    asked = []
    cupy = ModuleType("cupy")
    cupy.moveaxis = lambda array, axis, last: asked.append((axis, last)) or array
    cupy.ascontiguousarray = lambda array: asked.append("contiguous") or array
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    array = Cupy((3, 2, 4))

    assert devices.contiguous(array, 0) is array
    assert asked == [(0, -1), "contiguous"]


def test_strangers_that_need_a_copy_are_refused():
    with pytest.raises(fastsal.ImageError, match="a device array must be C-contiguous"):
        devices.contiguous(Stranger((2, 3), "<f4", (4, 8)), None)


@pytest.mark.parametrize("array", [Stranger((2, 3)), Cupy((2, 3)), Tensor(np.zeros((2, 3), "u1"))])
def test_the_default_stream_of_other_libraries_is_always_the_same(array, monkeypatch):
    current = SimpleNamespace(ptr=0, cuda_stream=0)
    cuda = SimpleNamespace(
        current_stream=lambda device: current, get_current_stream=lambda: current
    )
    for name in ("torch", "cupy"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(cuda=cuda))
    monkeypatch.setattr("numba.cuda.default_stream", object)  # a new one each time
    monkeypatch.setattr(
        "numba.cuda.as_cuda_array", lambda array, sync: SimpleNamespace(), raising=False
    )

    assert [devices.borrow(array).stream for _ in range(2)] == [0, 0]


def test_new_arrays_come_from_the_library_and_device_of_the_image(monkeypatch):
    torch = ModuleType("torch")
    torch.float32 = object()
    torch.empty = lambda shape, dtype, device: SimpleNamespace(
        shape=shape, dtype=dtype, device=device
    )
    monkeypatch.setitem(sys.modules, "torch", torch)

    made = devices.empty((2, 3), np.float32, like=Tensor(np.zeros((2, 3))))

    assert (made.shape, made.dtype, made.device) == ((2, 3), torch.float32, "cuda:0")


@pytest.mark.parametrize("function", [fastsal.luminance_contrast, fastsal.overlay])
def test_tensors_on_the_host_give_tensors(function, monkeypatch):
    torch = ModuleType("torch")
    torch.from_numpy = Tensor
    monkeypatch.setitem(sys.modules, "torch", torch)
    tensor = Tensor(np.eye(4, dtype=np.uint8), is_cuda=False)
    arguments = (tensor,) if function is fastsal.luminance_contrast else (tensor, tensor)

    made = function(*arguments)

    assert isinstance(made, Tensor)
    plain = (tensor.array,) * len(arguments)
    np.testing.assert_array_equal(made.array, function(*plain))


def test_an_interface_alone_is_enough():
    class Bare:
        __cuda_array_interface__ = Stranger((2, 3)).__cuda_array_interface__

    assert devices.is_device_array(Bare())
    assert devices.shape_of(Bare()) == (2, 3)
    assert devices.is_contiguous(Bare())
    if not runtime.is_simulated():
        with pytest.raises(fastsal.FastsalError, match="device"):
            fastsal.luminance_contrast(Bare())


def test_interfaces_that_are_broken_are_refused():
    class Broken:
        __cuda_array_interface__ = {"shape": (2, 3)}  # noqa: RUF012

    with pytest.raises(fastsal.ImageError, match="a CUDA array interface must have shape"):
        fastsal.luminance_contrast(Broken())


@pytest.mark.parametrize("array", [Stranger((2, 3)), Cupy((2, 3)), Tensor(np.zeros((2, 3), "u1"))])
def test_device_arrays_are_refused_on_the_cpu(array):
    with pytest.raises(fastsal.BackendUnavailableError, match="copy them to the host"):
        devices_borrowed(array)


def devices_borrowed(array):
    """Call a public function, with the borrowing that needs a driver left out."""
    with pytest.MonkeyPatch.context() as patch:
        view = SimpleNamespace(reshape=lambda shape: view, dtype=np.dtype("u1"), stream=0)
        patch.setattr(devices, "contiguous", lambda array, axis: array)
        patch.setattr(devices, "borrow", lambda array: view)
        return fastsal.luminance_contrast(array, backend="cpu")


@pytest.mark.cuda
def test_workspaces_are_kept_until_their_form_changes(cuda_device):
    first = devices.workspace("test", (2, 3), np.uint8)

    assert devices.workspace("test", (2, 3), np.uint8) is first
    assert devices.workspace("other", (2, 3), np.uint8) is not first
    assert devices.workspace("test", (3, 2), np.uint8) is not first
    assert devices.workspace("test", (3, 2), np.float32).dtype == np.float32
    zeroed = devices.workspace("zeroed", (2, 3), np.uint32, zeroed=True)
    assert not zeroed.copy_to_host().any()


@pytest.mark.cuda
def test_two_streams_of_one_thread_have_workspaces_of_their_own(cuda_device):
    made = {}
    for stream in (cuda_device.stream(), cuda_device.stream(), 0):
        with devices.on_stream(stream):
            made[stream] = devices.workspace("stream", (2, 3), np.uint8)

    assert len({id(array) for array in made.values()}) == 3
    for stream, array in made.items():
        with devices.on_stream(stream):
            assert devices.workspace("stream", (2, 3), np.uint8) is array


@pytest.mark.cuda
def test_two_devices_have_workspaces_of_their_own(cuda_device, monkeypatch):
    first = devices.workspace("device", (2, 3), np.uint8)
    monkeypatch.setattr(devices, "_current_device", lambda: 1)

    assert devices.workspace("device", (2, 3), np.uint8) is not first


@pytest.mark.cuda
def test_arrays_from_the_host_do_not_run_on_the_last_stream(cuda_device):
    image = np.zeros((4, 5), np.uint8)
    fastsal.luminance_contrast(image, backend="cuda")
    first = devices.workspace("host", (2, 3), np.uint8)

    with devices.on_stream(cuda_device.stream()):
        fastsal.luminance_contrast(image, backend="cuda")

    assert devices.workspace("host", (2, 3), np.uint8) is first


@pytest.mark.cuda
def test_any_number_of_streams_keeps_few_workspaces(cuda_device):
    streams = [cuda_device.stream() for _ in range(50)]
    arrays = []
    for stream in streams:
        with devices.on_stream(stream):
            arrays.append(weakref.ref(devices.workspace("many", (2, 3), np.uint8)))
    gc.collect()

    assert sum(array() is not None for array in arrays) <= 8


@pytest.mark.cuda
@pytest.mark.parametrize("function", [fastsal.luminance_contrast, fastsal.frame_difference])
@pytest.mark.parametrize("offset", [0, 50, 99])
def test_out_that_overlaps_an_input_is_refused(cuda_device, function, offset):
    memory = cuda_device.to_device(np.zeros(400, np.uint8))
    image, out = (memory[at : at + 100].reshape(10, 10) for at in (100, 100 + offset))
    apart = memory[200:300].reshape(10, 10)
    inputs = (image,) if function is fastsal.luminance_contrast else (apart, image)

    with pytest.raises(fastsal.ImageError, match="`out` must not overlap"):
        function(*inputs, out=out)

    free = memory[300:400].reshape(10, 10)
    assert function(*inputs, out=free) is free


def test_overlap_of_arrays_of_any_library():
    first, second = Stranger((2, 3), "<f4"), Stranger((4,))  # 4096 to 4120, and to 4100
    assert devices.overlap(first, second)
    second.__cuda_array_interface__["data"] = (4120, False)
    assert not devices.overlap(first, second)
    assert not devices.overlap(second, first)
    second.__cuda_array_interface__["data"] = (4119, False)
    assert devices.overlap(first, second)


@pytest.mark.cuda
def test_arrays_of_numba_are_borrowed_as_they_are(cuda_device):
    array = cuda_device.to_device(np.zeros((2, 3), np.uint8))

    assert devices.is_device_array(array)
    assert devices.library_of(array) == "numba"
    assert devices.borrow(array) is array
    assert devices.contiguous(array, None) is array
