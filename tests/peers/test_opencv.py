"""The same numbers as the live OpenCV, on real photographs; whichever OpenCV is installed."""

import itertools

import cv2
import numpy as np
import pytest

import fastsal


@pytest.fixture(scope="module")
def photographs(shared):
    paths = sorted((shared / "data" / "osie" / "images").glob("*.jpg"))
    assert len(paths) == 40
    return [cv2.imread(str(path)) for path in paths]


def luminance_contrast(gray):
    """LC by OpenCV's histogram and look-up table, as people write it."""
    counts = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    levels = np.arange(256)
    contrast = np.abs(levels[:, None] - levels) @ counts
    present = contrast[counts > 0]
    scores = (contrast - present.min()) / (present.max() - present.min())
    return cv2.LUT(gray, scores.astype(np.float32))


def test_luminance_contrast_of_colour_photographs(photographs):
    for photo in photographs:
        expected = luminance_contrast(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY))
        actual = fastsal.luminance_contrast(photo, color="bgr")
        np.testing.assert_allclose(actual, expected, atol=2e-7)


def test_frame_difference_of_colour_photographs(photographs):
    for photo, other in itertools.pairwise(photographs):
        grays = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in (photo, other)]
        actual = fastsal.frame_difference(photo, other, color="bgr", out=np.empty_like(grays[0]))
        np.testing.assert_array_equal(actual, cv2.absdiff(*grays))


def test_frame_difference_over_a_real_video(shared):
    capture = cv2.VideoCapture(str(shared / "data" / "videos" / "vtest.avi"))
    stream = fastsal.Stream("frame-difference", color="bgr", threshold=25)
    previous = None
    for _ in range(100):
        found, frame = capture.read()
        assert found
        moving = stream.update(frame)
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        if previous is not None:
            _, expected = cv2.threshold(cv2.absdiff(gray, previous), 25, 1, cv2.THRESH_BINARY)
            np.testing.assert_array_equal(moving, expected)
        previous = gray
    capture.release()
