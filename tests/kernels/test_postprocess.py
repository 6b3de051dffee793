import importlib
from fractions import Fraction

import numba
import numpy as np
import pytest
from reference.postprocess import postprocess as reference

from fastsal import runtime
from fastsal.kernels import launch, postprocess
from fastsal.kernels.postprocess import _formulas
from fastsal.kernels.postprocess._cpu_upsample import LANES, ends_of, places_of, upsample_row

OPTIONS = {
    "as it is": (0.0, 0.0, False),
    "stretched": (0.0, 0.0, True),
    "blurred": (0.04, 0.0, False),
    "blurred beyond the borders": (0.7, 0.0, False),
    "central": (0.0, 1.0, False),
    "all": (0.08, 0.4, True),
}


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """The simulator takes long to start those that have nothing to do."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 8)


@pytest.fixture
def finished(backend, request):
    """Return a function that finishes maps on one bench and returns the result on the host."""
    bench = importlib.import_module(f"fastsal.kernels.postprocess._{backend}")

    def run(maps, shape, smooth, center_bias, rescale, dtype=np.float32):
        work, out = maps.copy(), np.empty((len(maps), shape[0] * shape[1]), dtype)
        if backend == "cuda":
            device = request.getfixturevalue("cuda_device")
            held = device.to_device(out)
            bench.postprocess(device.to_device(work), shape[1], smooth, center_bias, rescale, held)
            out = held.copy_to_host()
        else:
            bench.postprocess(work, shape[1], smooth, center_bias, rescale, out)
        return out.reshape(len(maps), *shape)

    return run


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize(
    ("small", "large"), [((1, 1), (1, 1)), ((1, 3), (4, 3)), ((3, 4), (5, 9))], ids=str
)
def test_matches_the_definition(finished, small, large, options, rng):
    maps = rng.random((2, *small), np.float32)

    actual = finished(maps, large, *options)

    for values, saliency in zip(maps, actual, strict=True):
        np.testing.assert_allclose(saliency, reference(values, large, *options), atol=2e-6)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize(
    ("small", "large"),
    [((48, 64), (480, 641)), ((270, 480), (271, 480)), ((17, 5), (300, 256)), ((60, 70), (30, 20))],
)
def test_large_maps_match_the_definition(small, large, options, rng):
    bench = importlib.import_module("fastsal.kernels.postprocess._cpu")
    maps = rng.random((1, *small), np.float32) + np.linspace(0, 3, small[1], dtype=np.float32)
    out = np.empty((1, large[0] * large[1]), np.float32)

    bench.postprocess(maps.copy(), large[1], *options, out)

    expected = reference(maps[0], large, *options)
    np.testing.assert_allclose(out.reshape(large), expected, atol=1e-5)


@pytest.mark.parametrize("source", [1, 2, 9, 64])
def test_rows_of_any_width(source, rng):
    """Results equal the formula for each single column to the bit."""
    values, ends = rng.random(source, np.float32), ends_of(source)
    for width in (5, 7, 8, 9, 63, 64, 65, 640, 1001):
        places = [_formulas.between(col, source, width) for col in range(width)]
        firsts, shares = places_of(source, width, 0, width)
        target = np.full(width + 1, -1, np.float32)

        upsample_row(values, firsts, shares, ends, target[:width])

        np.testing.assert_array_equal(places_of(source, width, 3, width)[0], firsts[3:])
        np.testing.assert_array_equal(places_of(source, width, 3, width)[1], shares[3:])
        nexts = [min(first + 1, source - 1) for first, _ in places]
        expected = [
            _formulas.lerp(values[first], values[after], np.float32(share))
            for (first, share), after in zip(places, nexts, strict=True)
        ]
        np.testing.assert_array_equal(target[:width], np.float32(expected))
        assert target[width] == -1


@pytest.mark.parametrize("source", [1, 2, 9, 64])
def test_eight_values_can_be_read_from_the_last_place_on(source):
    firsts, _ = places_of(source, 1001, 0, 1001)

    assert firsts.max() == source - 1
    assert ends_of(source).shape[1] >= source - 1 + LANES


def test_bytes_are_the_nearest(finished, rng):
    maps = rng.random((2, 4, 5), np.float32)

    actual = finished(maps, (6, 8), 0.1, 0.5, True, np.uint8)

    expected = 255 * finished(maps, (6, 8), 0.1, 0.5, True)
    np.testing.assert_allclose(actual, expected, atol=0.501)


@pytest.mark.parametrize("level", [0, 0.3, 77])
@pytest.mark.parametrize("smooth", [0, 0.3])
def test_one_value_everywhere_becomes_exactly_nothing(finished, level, smooth):
    maps = np.full((1, 3, 5), level, np.float32)

    for center_bias in (0, 0.5):
        assert not finished(maps, (4, 5), smooth, center_bias, True).any()


def test_blur_is_round_in_the_picture_not_in_the_map(finished):
    """A map of square pixels, and one squeezed, end up with the same blob."""
    maps = np.zeros((1, 9, 9), np.float32)
    maps[0, 4, 4] = 1

    blob = finished(maps, (9, 18), 0.1, 0, True)[0]

    # It has fallen as far three pixels down as three across; of the map it would be 0.003.
    np.testing.assert_allclose(blob[7, 8:10].mean(), blob[4, 5:7].mean(), atol=0.1)
    assert blob[7, 8:10].mean() > 0.15


@pytest.mark.parametrize("shape", [(1, 300, 310), (40, 30, 60)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape, rng):
    bench = importlib.import_module("fastsal.kernels.postprocess._cpu")
    maps = rng.random(shape, np.float32)
    many, one = np.empty((2, shape[0], 400 * 300), np.float32)
    assert maps.size >= launch.PARALLEL_FROM

    bench.postprocess(maps.copy(), 300, 0.03, 0.5, True, many)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        bench.postprocess(maps.copy(), 300, 0.03, 0.5, True, one)
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


def test_options_come_back_as_floats():
    assert postprocess.checked(0, 1) == (0.0, 1.0)
    assert postprocess.checked(np.float32(0.5), Fraction(1, 4)) == (0.5, 0.25)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "much", "0.5", True, None])
@pytest.mark.parametrize("name", ["smooth", "center_bias"])
def test_other_options_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a number from 0 to 1; got"):
        postprocess.checked(**{"smooth": 0.0, "center_bias": 0.0, name: value})
