"""PSNR, SSIM and MS-SSIM against scikit-image, recordings of it, and slow definitions."""

import json
import math

import numpy as np
import pytest
from reference import quality as reference
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

import fastsal
from fastsal.applications import ms_ssim, psnr, ssim, structure
from fastsal.errors import ImageError

GAUSSIAN = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
OPTIONS = {"gaussian": GAUSSIAN, "uniform": {}}
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0, "float64": 1.0}


def pair(rng, shape=(70, 90), dtype="uint8"):
    """Return a smooth image with a noisy copy."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    smooth = 0.5 + 0.4 * np.sin(rows / 7) * np.cos(cols / 11)
    if len(shape) == 3:
        smooth = smooth[..., None] * np.linspace(0.5, 1, shape[2])
    noisy = np.clip(smooth + rng.normal(0, 0.05, shape), 0, 1)
    white = WHITE[dtype]
    images = (smooth * white, noisy * white)
    if dtype.startswith("uint"):
        images = tuple(map(np.rint, images))
    return tuple(each.astype(dtype) for each in images)


def planes(first, second):
    """Return the channels of both images."""
    stacked = np.stack([first, second]).reshape(2, *first.shape[:2], -1)
    return np.moveaxis(stacked, -1, 0)


@pytest.mark.parametrize("dtype", WHITE)
@pytest.mark.parametrize("shape", [(70, 90), (41, 53, 3)])
def test_equal_to_scikit_image(rng, dtype, shape):
    first, second = pair(rng, shape, dtype)
    # scikit-image computes float32 images in float32.
    floats = [each.astype("float64" if dtype == "float32" else dtype) for each in (first, second)]
    white, axis = WHITE[dtype], None if len(shape) == 2 else -1
    expected = peak_signal_noise_ratio(*floats, data_range=white)
    assert psnr(first, second) == pytest.approx(expected, rel=1e-12)
    for window, options in OPTIONS.items():
        expected = structural_similarity(*floats, data_range=white, channel_axis=axis, **options)
        assert ssim(first, second, window=window) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", [(11, 11), (7, 30), (300, 9)])
def test_small_and_narrow_images(rng, shape):
    first, second = pair(rng, shape)
    for window, options in OPTIONS.items():
        if min(shape) < 11 and window == "gaussian":
            with pytest.raises(ImageError, match="sides of at least 11 pixels"):
                ssim(first, second)
        else:
            expected = structural_similarity(first, second, **options)
            assert ssim(first, second, window=window) == pytest.approx(expected, abs=1e-12)


def test_recordings(shared):
    folder = shared / "golden" / "metrics"
    with np.load(folder / "iqa.npz") as arrays:
        first, second, weights = arrays["a"], arrays["b"], arrays["w"]
        inside = np.average(arrays["ssim_map_default"][3:-3, 3:-3], weights=weights[3:-3, 3:-3])
    values = json.loads((folder / "iqa.json").read_text())
    uniform = {"window": "uniform"}
    for found, expected in [
        (psnr(first, second), values["psnr"]),
        (psnr(first, second, saliency=weights), values["wpsnr_fdm_a"]),
        (ssim(first, second, **uniform), values["ssim_default_win7"]),
        (ssim(first, second, saliency=weights, **uniform), inside),
        (ssim(first, second), values["ssim_wang_gauss"]),
        (ssim(first, second, saliency=weights), values["ssim_wang_interior_weighted_fdm_a"]),
    ]:
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", [(40, 60), (37, 45, 3)])
def test_weighted_values(rng, shape):
    first, second = pair(rng, shape)
    saliency = rng.random(shape[:2]).astype(np.float32)
    error = (first.astype(float) - second) ** 2
    weights = saliency.reshape(*shape[:2], *[1] * (len(shape) - 2)) * np.ones(shape)
    expected = 10 * np.log10(255**2 / np.average(error, weights=weights))
    assert psnr(first, second, saliency=saliency) == pytest.approx(expected, rel=1e-12)

    maps = [reference.ssim_terms(x, y, 255)[0] for x, y in planes(first, second)]
    means = [np.average(each, weights=saliency[5:-5, 5:-5]) for each in maps]
    assert ssim(first, second, saliency=saliency) == pytest.approx(np.mean(means), abs=1e-12)


def test_strips_give_the_same_mean(rng, monkeypatch):
    first, second = pair(rng, (150, 80))
    saliency = rng.random(first.shape)
    whole = [ssim(first, second), ssim(first, second, saliency=saliency)]
    monkeypatch.setattr(structure, "_STRIP", 1)
    assert [ssim(first, second), ssim(first, second, saliency=saliency)] == pytest.approx(
        whole, abs=1e-14
    )


@pytest.mark.parametrize("shape", [(161, 176), (170, 163, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_ms_ssim_follows_its_definition(rng, shape, weighted):
    first, second = pair(rng, shape)
    saliency = rng.random(shape[:2]) ** 4
    weights = saliency if weighted else np.ones(shape[:2])
    values = [reference.ms_ssim(x, y, 255, weights) for x, y in planes(first, second)]
    found = ms_ssim(first, second, saliency=saliency if weighted else None)
    assert 0.5 < found < 0.999
    assert found == pytest.approx(np.mean(values), abs=1e-12)


def test_a_negative_image_counts_as_0(rng):
    first = rng.integers(0, 256, (161, 161), dtype=np.uint8)
    assert ms_ssim(first, 255 - first) == 0
    assert ssim(first, 255 - first) < 0


def test_equal_images(rng):
    image = rng.random((170, 170, 3))
    assert psnr(image, image) == psnr(image, image, saliency=image[..., 0]) == math.inf
    assert ssim(image, image) == ms_ssim(image, image) == pytest.approx(1, abs=1e-12)


def test_saliency_says_where_errors_matter(rng):
    image = pair(rng, (170, 200))[0]
    distorted = image.copy()
    distorted[:80, :80] = 255 - distorted[:80, :80]
    there = np.zeros(image.shape)
    there[:80, :80] = 1
    for score in (psnr, ssim, ms_ssim):
        outside = score(image, distorted, saliency=there[::-1, ::-1])
        assert score(image, distorted, saliency=there) < score(image, distorted) < outside


def test_equal_weights_give_the_plain_scores(rng):
    first, second = pair(rng, (170, 180))
    border = np.zeros(first.shape)
    border[0] = 1
    for score in (psnr, ssim, ms_ssim):
        plain = pytest.approx(score(first, second), abs=1e-12)
        for value in (0, 3):
            assert score(first, second, saliency=np.full(first.shape, value)) == plain
    # No window has its centre on the border.
    assert ssim(first, second, saliency=border) == pytest.approx(ssim(first, second), abs=1e-12)


def test_saliency_by_key_and_by_function(rng):
    first, second = pair(rng, (60, 80, 3))
    saliency = fastsal.whitened(first)
    expected = ssim(first, second, saliency=saliency)
    assert ssim(first, second, saliency="whitened") == expected
    assert ssim(first, second, saliency=fastsal.whitened) == expected
    assert ssim(first, second, saliency=saliency.tolist()) == pytest.approx(expected)
    assert expected != ssim(first, second)


def test_alpha_strides_and_byte_order_change_nothing(rng):
    first, second = pair(rng, (40, 50, 3), "uint16")
    alpha = rng.integers(0, 65536, (2, 40, 50, 1), dtype=np.uint16)
    both = [
        np.concatenate([each, a], axis=2) for each, a in zip((first, second), alpha, strict=True)
    ]
    swapped = [each.astype(">u2") for each in (first, second)]
    flipped = [np.asfortranarray(each)[::-1] for each in (first, second)]
    for score in (psnr, ssim):
        expected = pytest.approx(score(first, second), rel=1e-12)
        for images in (both, swapped, flipped):
            assert score(*images) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((20, 21), np.uint8)}, "must have the same shape and dtype; got uint8"),
        ({"image": np.zeros((20, 20))}, "must have the same shape and dtype"),
        ({"image": np.full((20, 20), 1.5)}, "floats of `image` must be in"),
        ({"image": np.full((20, 20), np.nan)}, "floats of `image` must be finite"),
        ({"image": np.full((20, 20), -0.5)}, "floats of `image` must be in"),
        ({"image": np.zeros((2, 20, 20, 3))}, "`image` must be a single image"),
        ({"image": np.zeros((20, 20), np.int32)}, "`image` must have dtype"),
        ({"image": np.zeros((0, 20), np.uint8)}, "`image` must not be empty"),
        ({"saliency": np.ones((20, 21))}, "`saliency` must be a map of the image's shape"),
        ({"saliency": np.full((20, 20), -1.0)}, "`saliency` must not be negative"),
        ({"saliency": np.full((20, 20), np.nan)}, "`saliency` must hold finite values"),
        ({"saliency": np.full((20, 20), np.inf)}, "`saliency` must hold finite values"),
    ],
)
def test_refusals(change, message):
    arguments = {"reference": np.zeros((20, 20), np.uint8), "image": np.zeros((20, 20), np.uint8)}
    for score in (psnr, ssim):
        with pytest.raises(ImageError, match=message):
            score(**(arguments | change))


def test_wrong_options():
    image = np.zeros((20, 20), np.uint8)
    with pytest.raises(ValueError, match="`window` must be 'gaussian' or 'uniform'"):
        ssim(image, image, window="box")
    with pytest.raises(ValueError, match="did you mean whitened"):
        psnr(image, image, saliency="whitend")
    with pytest.raises(ValueError, match="compares frames"):
        psnr(image, image, saliency="bin-wang")
    with pytest.raises(ImageError, match="sides of at least 161 pixels"):
        ms_ssim(image, image)
