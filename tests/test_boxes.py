"""Corners of boxes."""

import numpy as np
import pytest

import fastsal


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
def test_corners_cut_out_the_box(dtype):
    image = np.arange(80).reshape(8, 10)
    boxes = np.array([[2, 1, 3, 4], [0, 0, 10, 8]], dtype)
    for (x, y, w, h), corners in zip(boxes.astype(int), fastsal.as_xyxy(boxes), strict=True):
        left, top, right, bottom = corners.astype(int)
        np.testing.assert_array_equal(image[top:bottom, left:right], image[y : y + h, x : x + w])
    np.testing.assert_array_equal(fastsal.as_xyxy(boxes[0]), fastsal.as_xyxy(boxes)[0])
    assert fastsal.as_xyxy(np.empty((0, 4), np.int32)).shape == (0, 4)


@pytest.mark.parametrize("wrong", [3, [1, 2, 3], [["a"] * 4], np.zeros((2, 2, 4)), None])
def test_other_arrays_are_refused(wrong):
    with pytest.raises(ValueError, match="`boxes` must be numbers of shape"):
        fastsal.as_xyxy(wrong)
