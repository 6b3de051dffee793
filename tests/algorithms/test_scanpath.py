import os
import signal
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from processes import started
from reference import scanpath as reference

import fastsal
from fastsal.algorithms.scanpath import scanpath


def blobs(shape, *places, width=3.0):
    """Return a map of Gaussians: (row, column, height) each."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    heights = [
        height * np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * width**2))
        for row, col, height in places
    ]
    return np.max(heights, 0).astype(np.float32)


@pytest.mark.parametrize(("shape", "scale"), [((60, 80), 1), ((480, 640), 8), ((1080, 1440), 18)])
def test_goes_from_the_highest_to_the_lowest(shape, scale):
    places = [(10, 12, 0.6), (40, 60, 1.0), (12, 65, 0.8), (50, 10, 0.3)]
    places = [(row * scale, col * scale, height) for row, col, height in places]

    foci = scanpath(blobs(shape, *places, width=3.0 * scale), 4)

    order = sorted(places, key=lambda place: -place[2])
    assert foci.dtype == np.int64
    assert np.abs(foci - [place[:2] for place in order]).max() <= scale / 2


@given(
    saliency=hnp.arrays(
        np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)),
        elements=st.floats(0, 1, width=32),
    ),
    n=st.integers(1, 6),
)  # fmt: skip
@settings(deadline=None, max_examples=80)
def test_any_map(saliency, n):
    foci, times = scanpath(saliency, n, return_times=True)

    assert foci.shape == ((n, 2) if saliency.any() else (0, 2))
    assert times.shape == foci.shape[:1]
    assert (np.diff(times) > 0).all()
    radius = min(saliency.shape) / 6
    for later in range(1, len(foci)):
        assert saliency[tuple(foci[later])] > 0
        for earlier in range(later):
            apart = np.hypot(*(foci[later] - foci[earlier]))
            # Nobody returns before 0.7 seconds have passed.
            assert apart > radius or times[later] - times[earlier] >= 0.7


def test_each_is_the_greatest_that_is_free():
    saliency = np.random.default_rng(4).random((50, 60), np.float32)
    foci = scanpath(saliency, 8)

    rows, cols = np.mgrid[:50, :60]
    free = saliency.copy()
    for row, col in foci:
        assert saliency[row, col] == free.max()
        free[(rows - row) ** 2 + (cols - col) ** 2 <= (50 / 6) ** 2] = 0


def test_shifts_take_thirty_to_seventy_milliseconds():
    saliency = blobs((60, 80), (10, 12, 1.0), (40, 60, 0.5), (12, 65, 0.01))

    _, times = scanpath(saliency, 3, return_times=True)

    shifts = np.diff(times, prepend=0)
    assert shifts[0] == pytest.approx(0.03, abs=1e-4)
    assert 0.03 < shifts[1] < shifts[2] < 0.07
    assert shifts[2] == pytest.approx(0.07, abs=2e-3)


def test_returns_when_nothing_else_is_left():
    saliency = np.zeros((60, 60), np.float32)
    saliency[30, 30] = 1

    foci, times = scanpath(saliency, 3, return_times=True)

    assert (foci == 30).all()
    np.testing.assert_allclose(times, [0.03, 0.76, 1.49], atol=1e-3)


def test_bytes_stand_for_255ths():
    levels = np.random.default_rng(5).integers(0, 256, (70, 90), dtype=np.uint8)

    bytes_, floats = (
        scanpath(each, 5, return_times=True) for each in (levels, levels / np.float32(255))
    )

    np.testing.assert_array_equal(bytes_[0], floats[0])
    np.testing.assert_allclose(bytes_[1], floats[1], rtol=1e-6)


def test_an_object_of_one_level_is_met_inside():
    mask = np.zeros((640, 640), np.float32)
    mask[200:300, 400:500] = 1

    row, col = scanpath(mask, 1)[0]

    assert 200 < row < 299
    assert 400 < col < 499


@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (130, 131), (40, 6), (200, 129)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_like_the_definition(backend, shape, dtype, rng):
    """Maps of few levels have many pixels per cell that equal the maximum."""
    levels = rng.integers(0, 6, shape).astype(dtype)
    saliency = levels if dtype == np.uint8 else levels / np.float32(8)
    unit = 255 if dtype == np.uint8 else 1

    foci, times = scanpath(saliency, 7, return_times=True, backend=backend)

    expected_foci, expected_times = reference.scanpath(saliency / unit, 7)
    np.testing.assert_array_equal(foci, expected_foci)
    np.testing.assert_allclose(times, expected_times, rtol=1e-6)


@pytest.mark.cuda
def test_a_map_on_a_device_stays_there_but_for_its_cells(cuda_device, monkeypatch):
    saliency = blobs((130, 140), (40, 50, 1), (110, 25, 0.5))
    fetched = []
    monkeypatch.setattr(
        "fastsal.algorithms.scanpath._cuda.fetch",
        lambda array: fetched.append(array.size) or array.copy_to_host(),
    )

    foci = scanpath(cuda_device.to_device(saliency), 2)

    np.testing.assert_array_equal(foci, [[40, 50], [110, 25]])
    assert sum(fetched) <= 3 * 65 * 70


@pytest.mark.cuda
def test_a_device_finds_the_same_to_the_bit(cuda_device, rng):
    saliency = rng.random((131, 137), np.float32)

    found = [scanpath(saliency, 9, return_times=True, backend=each) for each in ("cpu", "cuda")]

    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_backends_that_are_none_are_refused():
    with pytest.raises(ValueError, match="`backend` must be"):
        scanpath(np.zeros((4, 5), np.float32), backend="gpu")


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", None])
def test_bad_counts_are_refused(n):
    with pytest.raises(ValueError, match="`n` must be an integer from 1 to 1000000; got"):
        scanpath(np.zeros((4, 5), np.float32), n)


def test_a_path_too_long_is_refused():
    with pytest.raises(ValueError, match="`n` must be an integer from 1 to 1000000; got 30000000"):
        scanpath(np.ones((4, 5), np.float32), 30_000_000)


def test_a_path_in_parts_is_the_same(monkeypatch, rng):
    saliency = rng.random((60, 70), np.float32)
    whole = scanpath(saliency, 50, return_times=True)
    monkeypatch.setattr("fastsal.algorithms.scanpath._foci.VISITS", 7 * 60 * 70)
    parts = scanpath(saliency, 50, return_times=True)
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_array_equal(whole[1], parts[1])
    reference_foci, reference_times = reference.scanpath(saliency, 50)
    np.testing.assert_array_equal(parts[0], reference_foci)
    np.testing.assert_allclose(parts[1], reference_times, rtol=1e-6)
    assert len(scanpath(np.zeros((60, 70), np.float32), 50)) == 0


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process")
def test_a_long_path_can_be_interrupted():
    code = """
import numpy, fastsal
saliency = numpy.random.default_rng(0).random((400, 500), numpy.float32)
fastsal.scanpath(saliency, 2)
print("ready", flush=True)
fastsal.scanpath(saliency, 1_000_000)
"""
    with started([sys.executable, "-c", code]) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in err


@pytest.mark.parametrize(
    "saliency",
    [
        np.zeros((4, 5, 6), np.float32),
        np.zeros((0, 5), np.float32),
        np.zeros((4, 5), np.int64),
        np.full((4, 5), np.nan),
        np.full((4, 5), 2.0),
    ],
    ids=["stack", "empty", "int64", "NaN", "range"],
)
def test_bad_maps_are_refused(saliency):
    with pytest.raises(fastsal.ImageError, match="saliency"):
        scanpath(saliency)
