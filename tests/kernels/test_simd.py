"""Pixels in blocks of 64, and the plain loops for processors that have no such blocks."""

import cv2
import numpy as np
import pytest
from processes import run_python

import fastsal
from fastsal.algorithms.luminance_contrast._cpu_paint import paint
from fastsal.kernels.color._cpu import luma_span
from fastsal.kernels.simd import llvm

RGB = (9798, 19235, 3735)
TO_GRAY = {3: cv2.COLOR_RGB2GRAY, 4: cv2.COLOR_RGBA2GRAY}


@pytest.mark.parametrize("channels", TO_GRAY)
def test_luma_of_any_number_of_pixels(channels, rng):
    for count in (*range(1, 131), 1000, 8192):
        pixels = rng.integers(0, 256, (1, count, channels), dtype=np.uint8)
        gray = np.full(count + 2, 77, np.uint8)

        luma_span(pixels.reshape(-1), channels, RGB, gray, 1, count)

        expected = cv2.cvtColor(pixels, TO_GRAY[channels])[0]
        np.testing.assert_array_equal(gray[1:count], expected[1:])
        assert gray[0] == 77
        assert (gray[count:] == 77).all()


def test_luma_of_the_brightest_and_darkest():
    colors = np.array(np.meshgrid(*[[0, 1, 127, 128, 254, 255]] * 3), np.uint8).reshape(3, -1).T
    gray = np.empty(len(colors), np.uint8)

    luma_span(colors.reshape(-1).copy(), 3, RGB, gray, 0, len(colors))

    np.testing.assert_array_equal(gray, cv2.cvtColor(colors[None], cv2.COLOR_RGB2GRAY)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("bands", [1, 2, 3])
@pytest.mark.parametrize("has_blocks", [True, False])
def test_every_score_is_found(monkeypatch, has_blocks, bands, dtype, rng):
    """With the scores in any order, so that no two bytes of one can be swapped unseen."""
    if not has_blocks:
        monkeypatch.setattr(llvm, "has_byte_shuffles", lambda: False)
    scores = rng.random(256).astype(np.float32) if dtype == np.float32 else rng.permutation(256)
    scores = scores.astype(dtype)
    for count in (1, 63, 64, 65, 191, 192, 256, 1000):
        gray = rng.integers(0, 256, count, dtype=np.uint8)
        saliency = np.zeros(count + 1, dtype)

        paint(gray, scores, saliency[:count], bands)

        np.testing.assert_array_equal(saliency[:count], scores[gray])
        assert saliency[count] == 0


ANSWERS = """
import hashlib, numpy as np, fastsal
from fastsal.algorithms.superpixels import slic
from fastsal.kernels.simd import llvm
rng, digest = np.random.default_rng(3), hashlib.sha256()
for shape in [(17, 19, 3), (300, 301), (260, 263, 4)]:  # on one thread, and on all
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    for dtype in (np.float32, np.uint8):
        out = np.empty(shape[:2], dtype)
        digest.update(fastsal.luminance_contrast(image, out=out))
        digest.update(fastsal.frame_difference(image, image[::-1], out=out))
        digest.update(fastsal.fine_grained(image, out=out))
        digest.update(fastsal.fine_grained(image, exact=True, out=out))
        digest.update(fastsal.spectral_residual(image, out=out))
    digest.update(slic(image, mode="fast"))
"""


@pytest.mark.parametrize("switch", [{"NUMBA_CPU_NAME": "generic"}, {"FASTSAL_SIMD": "0"}], ids=str)
def test_plain_loops_give_the_same_bits(switch):
    code = ANSWERS + "print(llvm.has_byte_shuffles(), digest.hexdigest())"

    plain = run_python(code, environment=switch, timeout=300).split()

    assert plain[0] == "False"
    here = {"fastsal": fastsal}
    exec(ANSWERS, here)
    assert here["digest"].hexdigest() == plain[1]
