import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from processes import run_python
from reference.luma import luma
from reference.spectral_residual import spectral_residual as reference

import fastsal
from fastsal import runtime
from fastsal.algorithms.spectral_residual import _cpu, _cpu_logs, residual_map, spectral_residual
from fastsal.images import Frames
from fastsal.kernels import launch

TOLERANCE = 2e-7
BGR = (3735, 19235, 9798)


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """The simulator takes long to start those that have nothing to do."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 8)


def random_image(rng, shape, dtype=np.uint8):
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


@pytest.fixture(scope="module")
def golden(shared):
    folder = shared / "golden" / "opencv"
    files = folder / "images.npz", folder / "spectral_residual.npz"
    with np.load(files[0]) as images, np.load(files[1]) as maps:
        return [(name, images[name.split("__")[0]], maps[name]) for name in maps]


def size_in(name):
    """Return the working size in the name of a golden map, as rows and columns."""
    if "__W" not in name:
        return (64, 64)
    cols, rows = name.split("__W")[1].split("_H")
    return int(rows), int(cols)


def test_golden_data(golden):
    assert len(golden) == 27
    for name, image, expected in golden:
        actual = spectral_residual(image, size=size_in(name), color="bgr", backend="cpu")
        np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE, err_msg=name)


def test_golden_data_of_other_dtypes(shared):
    """OpenCV does not scale values; the drop-in calls the kernel with such values."""
    with np.load(shared / "golden" / "opencv" / "spectral_residual_dtypes.npz") as data:
        for name in [key[3:] for key in data if key.startswith("in_")]:
            image, expected = data[f"in_{name}"], data[f"out_{name}"]
            pixels, out = image.reshape(1, -1), np.empty(expected.shape, np.float32)
            args = (pixels, image[0, 0].size, BGR, image.shape[1], (64, 64), 1.0)
            _cpu.spectral_residual(*args, out.reshape(1, -1))
            np.testing.assert_allclose(out, expected, rtol=0, atol=TOLERANCE, err_msg=name)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (7, 1), (9, 13), (20, 17)], ids=str)
@pytest.mark.parametrize("size", [(8, 8), (5, 6)], ids=str)
def test_matches_the_definition(backend, shape, size, dtype, rng):
    image = random_image(rng, shape, dtype)

    actual = spectral_residual(image, size=size, backend=backend)

    assert actual.dtype == np.float32
    assert actual.flags.c_contiguous
    gray = 255 * image if dtype == np.float32 else image
    np.testing.assert_allclose(actual, reference(gray, size), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_integers_of_either_sign(backend, dtype, rng):
    """Only the drop-in accepts signed integers."""
    info = np.iinfo(dtype)
    image = rng.integers(info.min // 2, info.max // 2, (9, 13), dtype=dtype)
    frames = Frames(image.reshape(1, -1), 1, False, image.shape)

    actual = residual_map(frames, (8, 8), 1.0, out=None, backend=backend)

    np.testing.assert_allclose(actual, reference(image, (8, 8)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (2, 2), (3, 1), (16, 4)], ids=str)
def test_spectra_of_any_size(backend, size, rng):
    image = random_image(rng, (9, 11))

    actual = spectral_residual(image, size=size, backend=backend)

    np.testing.assert_allclose(actual, reference(image, size), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(16, 16), (16, 64), (128, 32), (32, 256)], ids=str)
def test_spectra_whose_sides_are_powers_of_two(size, rng):
    """Only half of these spectra is transformed, unlike those of other sizes."""
    left = np.where(np.arange(40) < 20, 255, 0) * np.ones((50, 1))
    for image in (random_image(rng, (50, 40)), left.astype(np.uint8), left.T.astype(np.uint8)):
        actual = spectral_residual(image, size=size, backend="cpu")

        np.testing.assert_allclose(actual, reference(image, size), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("size", [(16, 32), (32, 16), (9, 12)], ids=str)
def test_the_spectrum_of_an_image_that_is_its_own_mirror_image(size, rng):
    """All of its phases are 0 or pi."""
    image = random_image(rng, size)
    image //= 2
    image += np.roll(image[::-1, ::-1], 1, axis=(0, 1))

    actual = spectral_residual(image, size=size, backend="cpu")

    np.testing.assert_allclose(actual, reference(image, size), rtol=0, atol=TOLERANCE)


def test_logarithm_and_exponential():
    for value in (*np.geomspace(1, 1e300, 400), 1.0, 2.0, 2.0**0.5, np.nextafter(2, 0)):
        assert abs(_cpu_logs.logarithm(value) - np.log(value)) < 1e-9
    for value in np.linspace(-700, 700, 1001):
        assert abs(_cpu_logs.exponential(value) / np.exp(value) - 1) < 1e-9


def test_spectra_beyond_float32_are_no_numbers():
    """The result must be NaN, and must not look like a map."""
    assert _cpu_logs.logarithm(np.inf) == np.inf
    assert np.isnan([_cpu_logs.logarithm(np.nan), _cpu_logs.exponential(np.nan)]).all()


@pytest.mark.parametrize(
    "image",
    [
        np.full((8, 8), 77, np.uint8),
        np.full((8, 8), 65535, np.uint16),
        np.zeros((8, 8), np.uint8),
        np.tile(np.uint8([0, 255]), (8, 4)),
        np.kron([[0, 1] * 2, [1, 0] * 2] * 2, np.full((2, 2), 200)).astype(np.uint8),
        np.arange(64, dtype=np.uint8).reshape(8, 8),
    ],
    ids=["flat", "flat 16 bits", "black", "stripes", "checks", "ramp"],
)
def test_terms_that_cancel_leave_no_noise(backend, image):
    actual = spectral_residual(image, size=(8, 8), backend=backend)

    np.testing.assert_allclose(actual, reference(image, (8, 8)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(480, 640), (257, 256), (70, 1001)], ids=str)
def test_sizes_past_the_parallel_path(shape, rng):
    image = random_image(rng, shape)

    actual = spectral_residual(image, backend="cpu")

    np.testing.assert_allclose(actual, reference(image), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_colour_is_scored_by_its_luma(backend, color, dtype, channels, rng):
    image = random_image(rng, (10, 9, channels), dtype)

    actual = spectral_residual(image, size=(8, 8), color=color, backend=backend)

    expected = spectral_residual(luma(image, color), size=(8, 8), backend="cpu")
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)


def test_floats_in_shares_of_255(rng):
    image = random_image(rng, (64, 64, 3))  # no resizing, so nothing but luma is rounded

    actual = spectral_residual(image / 255, backend="cpu")

    np.testing.assert_allclose(actual, spectral_residual(image, backend="cpu"), atol=0.03)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(9, 7), (2, 9, 7, 3)], ids=str)
def test_out_is_filled_and_returned(backend, shape, dtype, rng):
    image = random_image(rng, shape)
    expected = spectral_residual(image, size=(8, 8), backend=backend)
    out = np.full(expected.shape, 7, dtype)

    assert spectral_residual(image, size=(8, 8), out=out, backend=backend) is out

    np.testing.assert_array_equal(
        out, expected if dtype == np.float32 else np.rint(255 * expected).astype(np.uint8)
    )


@pytest.mark.parametrize("shape", [(3, 6, 7), (3, 6, 7, 3)], ids=str)
def test_stack_is_scored_frame_by_frame(backend, shape, rng):
    stack = random_image(rng, shape)
    options = {"size": (8, 8), "backend": backend}

    actual = spectral_residual(stack, channel_axis=None if len(shape) == 3 else -1, **options)

    for frame, saliency in zip(stack, actual, strict=True):
        np.testing.assert_array_equal(saliency, spectral_residual(frame, **options))


def test_frames_of_two_sizes_and_spectra_by_turns(rng):
    small, large = random_image(rng, (30, 40)), random_image(rng, (300, 400, 3))
    for size in ((64, 64), (16, 64), (33, 20)):
        for image in (small, large, small):
            gray = luma(image) if image.ndim == 3 else image
            np.testing.assert_allclose(
                spectral_residual(image, size=size, backend="cpu"),
                reference(gray, size),
                rtol=0,
                atol=TOLERANCE,
            )


def test_any_number_of_threads_gives_the_same_bits(rng):
    image = random_image(rng, (301, 402, 3))
    many = spectral_residual(image, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = spectral_residual(image, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize(
    ("dtype", "channels"), [("u1", 1), ("u1", 3), ("u1", 4), ("u2", 1), ("u2", 3)], ids=str
)
def test_nothing_behind_an_image_is_read(dtype, channels):
    """The image ends where a page begins that nobody may read."""
    printed = run_python(
        """
        import ctypes, mmap, sys
        import numpy as np
        from fastsal.algorithms.spectral_residual._cpu_shrink import shrink

        channels, page = int(sys.argv[2]), mmap.PAGESIZE
        pages = np.frombuffer(mmap.mmap(-1, 2 * page), np.uint8)
        pages[:page] = np.arange(page) % 251
        behind = ctypes.c_void_p(pages.ctypes.data + page)
        assert ctypes.CDLL(None).mprotect(behind, ctypes.c_size_t(page), 0) == 0
        height, width, weights = 9, 21, (3735, 19235, 9798)
        image = pages[:page].view(sys.argv[1])[-height * width * channels :]
        actual, expected = np.zeros((2, 16, 32))  # so large that the last pixel is needed
        with_room = np.zeros(image.size + 4, image.dtype)[: image.size]
        with_room[:] = image
        shrink(with_room, channels, weights, width, expected)
        shrink(image, channels, weights, width, actual)
        print(expected.any(), np.array_equal(actual, expected))
        """,
        dtype,
        channels,
    )
    assert printed == "True True"


@pytest.mark.parametrize("size", [0, (64,), (64, 0), (-5, 64), (64.5, 64), (4097, 1), None, "ab"])
def test_sizes_that_are_none_are_refused(size):
    with pytest.raises(
        ValueError, match="`size` must be two integers from 1 to 4096, rows and columns; got"
    ):
        spectral_residual(np.zeros((4, 4), np.uint8), size=size)


@pytest.mark.parametrize(
    "image",
    [
        np.full((4, 4), np.nan, np.float32),
        np.full((4, 4), 2, np.float32),
        np.zeros((4, 4), np.int16),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
    ],
    ids=["NaN", "floats past 1", "int16", "two channels", "empty"],
)
def test_images_that_are_none_are_refused(image):
    with pytest.raises(fastsal.ImageError, match="image"):
        spectral_residual(image)


@given(
    image=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=30),
        elements=st.integers(0, 255),
    ),
    size=st.tuples(st.sampled_from([1, 2, 8, 16]), st.sampled_from([1, 4, 16])),
)
@settings(deadline=None, max_examples=60)
def test_any_small_image(image, size):
    actual = spectral_residual(image, size=size, backend="cpu")

    np.testing.assert_allclose(actual, reference(image, size), rtol=0, atol=TOLERANCE)


@pytest.mark.cuda
def test_a_long_stack_goes_through_in_groups(cuda_device, rng, monkeypatch):
    from fastsal.algorithms.spectral_residual import _cuda

    monkeypatch.setattr(_cuda, "GROUP", 32)
    stack = random_image(rng, (5, 3, 4, 3))

    np.testing.assert_allclose(
        spectral_residual(stack, size=(4, 4), backend="cuda"),
        spectral_residual(stack, size=(4, 4), backend="cpu"),
        rtol=0,
        atol=1e-6,
    )


@pytest.mark.cuda
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)], ids=str)
def test_device_array_in_device_array_out(shape, cuda_device, rng):
    image = random_image(rng, shape)
    held = cuda_device.to_device(image)
    out = cuda_device.to_device(np.full((4, 6), 7, np.uint8))

    actual = spectral_residual(held, size=(8, 8))

    assert type(actual) is type(held)
    expected = spectral_residual(image, size=(8, 8), backend="cpu")
    np.testing.assert_allclose(actual.copy_to_host(), expected, rtol=0, atol=1e-6)
    assert spectral_residual(held, size=(8, 8), out=out) is out
    np.testing.assert_array_equal(out.copy_to_host(), np.rint(255 * expected))
