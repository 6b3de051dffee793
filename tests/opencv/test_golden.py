"""Every array that OpenCV made, through the drop-in."""

import numpy as np
import pytest

from fastsal import opencv


def test_fine_grained(golden):
    images, maps = golden("images"), golden("fine_grained")
    finder = opencv.StaticSaliencyFineGrained_create()

    assert len(maps) >= 19

    for name in maps:
        found, actual = finder.computeSaliency(images[name])
        assert found is True
        np.testing.assert_array_equal(actual, maps[name], err_msg=name)


def test_spectral_residual(golden):
    images, maps = golden("images"), golden("spectral_residual")
    assert len(maps) >= 11

    for name, expected in maps.items():
        finder = opencv.StaticSaliencySpectralResidual_create()
        picture, _, size = name.partition("__W")
        if size:
            width, height = map(int, size.split("_H"))
            finder.setImageWidth(width)
            finder.setImageHeight(height)
        found, actual = finder.computeSaliency(images[picture])
        assert found is True
        np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-7, err_msg=name)


def test_spectral_residual_of_other_dtypes(shared):
    data = np.load(shared / "golden" / "opencv" / "spectral_residual_dtypes.npz")
    names = [key[3:] for key in data if key.startswith("in_")]
    assert len(names) == 6

    for name in names:
        _, actual = opencv.StaticSaliencySpectralResidual_create().computeSaliency(
            data[f"in_{name}"]
        )
        np.testing.assert_allclose(actual, data[f"out_{name}"], rtol=0, atol=2e-7, err_msg=name)


def test_binary_maps(golden):
    data, finder = golden("binary_map"), opencv.StaticSaliencySpectralResidual_create()
    names = [key for key in data if key.startswith("bin__")]
    assert len(names) >= 42

    for name in names:
        _, number, seed = name.split("__")
        seed, _, call = seed.removeprefix("seed").partition("_call")
        opencv.setRNGSeed(int(seed))
        for _ in range(int(call or 1)):
            done, actual = finder.computeBinaryMap(data[f"map__{number}"])
        assert done is True
        np.testing.assert_array_equal(actual, data[name], err_msg=name)


def test_bing(golden, bing, version):
    images, data = golden("images"), golden("bing")
    images["flat90_100x120"] = np.full((100, 120, 3), 90, np.uint8)
    names = [key for key in data if key.startswith("boxes__")]
    assert len(names) >= 6

    for name in names:
        picture, _, nss = name.removeprefix("boxes__").partition("__NSS")
        bing.setNSS(int(nss or 2))
        found, boxes = bing.computeSaliency(images[picture])
        expected = data[name]
        assert found is True
        assert boxes.dtype == np.int32
        assert boxes.shape == ((len(expected), 1, 4) if version < (5,) else expected.shape)
        np.testing.assert_array_equal(boxes.reshape(-1, 4), expected, err_msg=name)
        if f"values__{picture}" in data and not nss:
            values = bing.getobjectnessValues()
            assert values.dtype == np.float32
            np.testing.assert_array_equal(values, data[f"values__{picture}"], err_msg=name)


@pytest.mark.parametrize(("version", "options"), [(4, {}), (5, {"opencv5": True})], ids=["4", "5"])
def test_bin_wang(golden, version, options):
    data = golden("binwang")
    videos = [key.removeprefix("frames__") for key in data if key.startswith("frames__")]
    assert "blink48x32" in videos

    for video in videos:
        _compare_bin_wang(data, video, version, options)


def _compare_bin_wang(data, video, version, options):
    shape = data[f"shape__{video}"]
    masks = np.unpackbits(data[f"mask_cv{version}__{video}"], count=np.prod(shape)).reshape(shape)
    finder = opencv.MotionSaliencyBinWangApr2014_create(**options)
    finder.setImagesize(int(shape[2]), int(shape[1]))
    assert finder.init() is True

    for i, (frame, mask) in enumerate(zip(data[f"frames__{video}"], masks, strict=True)):
        found, actual = finder.computeSaliency(frame)
        assert found is True
        assert actual.dtype == np.uint8
        np.testing.assert_array_equal(actual, mask, err_msg=f"{video}, frame {i}")
