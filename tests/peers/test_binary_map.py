"""The same bits as the live OpenCV cuts maps into, whichever OpenCV is installed."""

import cv2
import numpy as np
import pytest

import fastsal
from fastsal.algorithms.binary_map import opencv_binary_map, state_of_seed

F32 = np.float32

contrib = pytest.mark.skipif(
    not hasattr(cv2, "saliency"), reason="needs opencv-contrib-python instead of opencv-python"
)


@pytest.fixture(scope="module")
def photographs(shared):
    paths = sorted((shared / "data" / "osie" / "images").glob("*.jpg"))
    assert len(paths) == 40
    return [cv2.imread(str(path)) for path in paths]


def test_otsu_of_photographs_is_that_of_threshold(photographs):
    for photo in photographs:
        saliency = fastsal.fine_grained(photo, color="bgr")
        levels = np.rint(255 * saliency).astype(np.uint8)
        _, expected = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        for each in (saliency, levels):
            np.testing.assert_array_equal(fastsal.binary_map(each), expected)


def test_otsu_of_one_level_is_that_of_threshold():
    for level in (0, 1, 200):
        levels = np.full((5, 6), level, np.uint8)
        _, expected = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        np.testing.assert_array_equal(fastsal.binary_map(levels), expected)


def live(saliency, seed, calls=1):
    """Return OpenCV's binary maps of calls one after the other."""
    module = cv2.saliency.StaticSaliencyFineGrained_create()
    cv2.setRNGSeed(seed)
    return [module.computeBinaryMap(saliency)[1] for _ in range(calls)]


@contrib
def test_kmeans_of_photographs(photographs):
    static = cv2.saliency
    makers = (static.StaticSaliencyFineGrained_create, static.StaticSaliencySpectralResidual_create)
    for i, photo in enumerate(photographs[::2]):
        for make in makers:
            _, saliency = make().computeSaliency(photo)
            seed = 7 * i - 5
            state = state_of_seed(seed)
            for expected in live(saliency, seed, 2):
                actual, state = opencv_binary_map(saliency, state)
                np.testing.assert_array_equal(actual, expected)


@contrib
@pytest.mark.parametrize("shape", [(5, 1), (1, 7), (3, 3), (99, 130), (480, 640)], ids=str)
@pytest.mark.parametrize("power", [1, 8])
def test_kmeans_of_sizes_and_seeds(shape, power, rng):
    for seed in (-1, 0, 1, 123456789):
        saliency = rng.random(shape, dtype=F32) ** F32(power)

        actual = fastsal.binary_map(saliency, method="kmeans", seed=seed, backend="cpu")

        np.testing.assert_array_equal(actual, live(saliency, seed)[0])


@contrib
@pytest.mark.parametrize("scale", [-1, 1e-30, 255, 1e12, 1e25])
def test_kmeans_of_values_of_any_size(scale, rng):
    saliency = (rng.random((60, 70), dtype=F32) - F32(0.2)) * F32(scale)

    actual, _ = opencv_binary_map(saliency, state_of_seed(3))

    np.testing.assert_array_equal(actual, live(saliency, 3)[0])


@contrib
@pytest.mark.parametrize("kind", ["bytes", "256ths"])
def test_kmeans_of_whole_numbers_and_half_way_values(kind, rng):
    levels = rng.integers(0, 256, (400, 500)).astype(F32)
    saliency = levels if kind == "bytes" else levels / F32(256)

    actual, _ = opencv_binary_map(saliency, state_of_seed(11))

    np.testing.assert_array_equal(actual, live(saliency, 11)[0])


@contrib
@pytest.mark.parametrize("seed", [0, 5])
def test_kmeans_of_a_4k_map(seed, rng):
    small = rng.random((27, 48), dtype=F32)
    saliency = cv2.resize(small, (3840, 2160), interpolation=cv2.INTER_LINEAR)
    saliency += rng.random(saliency.shape, dtype=F32) * F32(0.05)

    actual, _ = opencv_binary_map(saliency, state_of_seed(seed))

    np.testing.assert_array_equal(actual, live(saliency, seed)[0])


@contrib
def test_edge_cases_of_opencv():
    for saliency in (np.zeros((4, 5), F32), np.full((4, 5), 0.3, F32), np.full((9, 9), 77, F32)):
        np.testing.assert_array_equal(
            opencv_binary_map(saliency, state_of_seed(2))[0], live(saliency, 2)[0]
        )
    with pytest.raises(cv2.error):
        live(np.zeros((2, 2), F32), 1)
