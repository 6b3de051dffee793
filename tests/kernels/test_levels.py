import numpy as np
import pytest

import fastsal
from fastsal import images
from fastsal.call import Call
from fastsal.kernels.levels import in_levels

STATIC = [row for row in fastsal.METHODS.values() if row.kind == "static"]


def converted(array, backend, dtype):
    frames = images.as_frames(array, channel_axis=None, dtypes=images.DTYPES)
    with Call(backend, None, frames) as call:
        levels = in_levels(call, call.inputs[0], dtype)
        return call.on_host(levels.pixels).reshape(array.shape)


def test_sixteen_bits_are_rounded_to_eight(backend):
    levels = np.arange(0, 65_536, 1 if backend == "cpu" else 83, dtype=np.uint16)[None]

    np.testing.assert_array_equal(
        converted(levels, backend, np.uint8), np.floor(levels / 257 + 0.5).astype(np.uint8)
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_floats_are_rounded(backend, dtype, rng):
    white = np.iinfo(dtype).max
    exact = (np.arange(0, white + 1, max(1, white // 300)) / white).astype(np.float32)
    values = np.concatenate([exact, rng.random(300, np.float32), [0, 1]]).astype(np.float32)[None]

    np.testing.assert_array_equal(
        converted(values, backend, dtype), np.rint(values * np.float32(white)).astype(dtype)
    )


def test_large_images(rng):
    values = rng.random((300, 301), np.float32)

    np.testing.assert_array_equal(
        converted(values, "cpu", np.uint16), np.rint(values * np.float32(65_535)).astype(np.uint16)
    )


def test_their_own_levels_are_not_copied():
    frames = images.as_frames(np.zeros((3, 4), np.uint8))

    assert in_levels(Call("cpu", None, frames), frames, np.uint8) is frames


# Allowed differences between maps of one picture in three dtypes, if not 1e-4. Luma is rounded to
# the levels of its dtype, and the spectrum of integers uses rounded pixels.
TOLERANCE = {"lc": 0.01, "fine-grained": 0, "spectral-residual": 0.1}


@pytest.mark.parametrize("row", STATIC, ids=lambda row: row.key)
@pytest.mark.parametrize("channels", [1, 3])
def test_one_picture_in_every_dtype_has_one_map(row, channels, rng):
    function = getattr(fastsal, row.function)
    shape = (60, 80, 3)[: 2 if channels == 1 else 3]
    image = rng.integers(0, 40, shape, dtype=np.uint8)
    image[20:30, 40:55] += 180
    expected = function(image)
    tolerance = TOLERANCE.get(row.key, 1e-4)

    for other in (image * np.uint16(257), image / 255, (image / 255).astype(np.float32)):
        np.testing.assert_allclose(function(other), expected, rtol=0, atol=tolerance)
        filled = np.empty(shape[:2], np.uint8)
        assert function(other, out=filled) is filled
