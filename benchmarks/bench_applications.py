"""Quality and compression beside scikit-image and plain encodes.

The peers of compression are the encodes without saliency: their times are the part that
compression cannot do without.
"""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from fastsal.applications import compress_image, psnr, regions_of, ssim
from fastsal.bench import inputs

QUALITY = 80


@pytest.fixture
def pair(size):
    """Return a grey photograph and a JPEG of it."""
    image = cv2.cvtColor(inputs.photograph(size), cv2.COLOR_RGB2GRAY)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=30)
    return image, np.asarray(Image.open(buffer))


@pytest.mark.benchmark(group="applications")
def bench_psnr(timed_alone, size, pair):
    timed_alone(
        "psnr",
        lambda: psnr(*pair),
        lambda: {"skimage": lambda: peak_signal_noise_ratio(*pair)},
        size=size,
    )


@pytest.mark.benchmark(group="applications")
@pytest.mark.parametrize("window", ["gaussian", "uniform"])
def bench_ssim(timed_alone, size, pair, window):
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    options = options if window == "gaussian" else {}
    timed_alone(
        f"ssim, {window}",
        lambda: ssim(*pair, window=window),
        lambda: {"skimage": lambda: structural_similarity(*pair, **options)},
        size=size,
    )


@pytest.mark.benchmark(group="applications")
def bench_compress_image(timed_alone, size, tmp_path):
    image = inputs.photograph(size)
    target = tmp_path / "a.jpg"
    saliency = np.linspace(0, 1, image.shape[0] * image.shape[1]).reshape(image.shape[:2])

    def plain():
        Image.fromarray(image).save(target, quality=QUALITY, subsampling=0, optimize=True)

    timed_alone(
        "compress_image, map given",
        lambda: compress_image(image, target, saliency=saliency, quality=QUALITY),
        lambda: {"Pillow, plain": plain},
        size=size,
    )


@pytest.mark.benchmark(group="applications")
def bench_regions_of(timed_alone, size):
    saliency = np.random.default_rng(0).random(inputs.SIZES[size], dtype=np.float32)
    saliency = cv2.GaussianBlur(saliency, (0, 0), 20)
    timed_alone("regions_of", lambda: regions_of(saliency), size=size)
