"""The drop-in beside the live cv2.saliency: the same names, the same numbers on real pictures."""

import inspect
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from fastsal import opencv

live = pytest.importorskip("cv2.saliency", reason="opencv-contrib-python is not installed")
VERSION = tuple(map(int, cv2.__version__.split(".")[:2]))
RULES = "5.1" if VERSION >= (5, 1) else "5.0" if VERSION >= (5, 0) else False
MODEL = Path(__file__).parents[1] / "golden" / "opencv" / "bing_model"
NAMES = [name for name in dir(live) if not name.startswith("_")]
CLASSES = [name for name in NAMES if inspect.isclass(getattr(live, name))]


@pytest.fixture(scope="module")
def photographs(shared):
    paths = sorted((shared / "data" / "osie" / "images").glob("*.jpg"))
    assert len(paths) == 40
    return [cv2.imread(str(path)) for path in paths]


def pair(name):
    return getattr(live, f"{name}_create")(), getattr(opencv, f"{name}_create")()


def test_there_is_every_name():
    assert len(NAMES) >= 12
    assert set(NAMES) <= set(opencv.__all__)


@pytest.mark.parametrize("name", CLASSES)
def test_there_is_every_method_with_its_keywords(name):
    theirs, ours = getattr(live, name), getattr(opencv, name)
    for method in dir(theirs):
        if method.startswith("_"):
            continue
        assert hasattr(ours, method), method
        usage = re.match(r"\w+\(([^)]*)\)", getattr(theirs, method).__doc__)
        expected = re.findall(r"\w+", usage[1])
        parameters = inspect.signature(getattr(ours, method)).parameters
        if method != "create":
            assert [each for each in parameters if each != "self"] == expected, method
    bases = [base.__name__ for base in theirs.__mro__ if base.__name__ in (*CLASSES, "Algorithm")]
    assert bases == [base.__name__ for base in ours.__mro__ if base.__name__ in bases]


def test_spectral_residual_of_photographs(photographs):
    theirs, ours = pair("StaticSaliencySpectralResidual")
    for photo in photographs:
        np.testing.assert_allclose(
            ours.computeSaliency(photo)[1], theirs.computeSaliency(photo)[1], rtol=0, atol=2e-7
        )


@pytest.mark.parametrize("size", [(33, 57), (128, 100)], ids=str)
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.int32, np.int64, np.float32])
def test_spectral_residual_of_other_dtypes_and_sizes(photographs, dtype, size):
    gray = cv2.cvtColor(photographs[0], cv2.COLOR_BGR2GRAY)
    factor = {np.int8: 0.5, np.int16: -90, np.uint16: 255, np.int32: 70_001}.get(dtype, 1)
    image = (gray * float(factor)).astype(dtype)
    for each in (both := pair("StaticSaliencySpectralResidual")):
        each.setImageWidth(size[0])
        each.setImageHeight(size[1])
    theirs, ours = (each.computeSaliency(image)[1] for each in both)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-7)


def test_fine_grained_of_photographs(photographs):
    theirs, ours = pair("StaticSaliencyFineGrained")
    for photo in photographs:
        np.testing.assert_array_equal(
            ours.computeSaliency(photo)[1], theirs.computeSaliency(photo)[1]
        )


def test_binary_maps_of_photographs(photographs):
    theirs, ours = pair("StaticSaliencySpectralResidual")
    for module in (cv2, opencv):
        module.setRNGSeed(7)
    for photo in photographs:  # the state of the generator goes on from one to the next
        saliency = theirs.computeSaliency(photo)[1]
        np.testing.assert_array_equal(
            ours.computeBinaryMap(saliency)[1], theirs.computeBinaryMap(saliency)[1]
        )


@pytest.mark.parametrize("nss", [2, 0])
def test_bing_of_photographs(photographs, tmp_path, nss):
    both = theirs, ours = pair("ObjectnessBING")
    for each, folder in zip(both, ("theirs", "ours"), strict=True):
        each.setTrainingPath(str(MODEL))
        each.setNSS(nss)
        (tmp_path / folder).mkdir()
        each.setBBResDir(f"{tmp_path / folder}/")
    for photo in photographs[:: 1 if nss else 8]:
        expected, actual = theirs.computeSaliency(photo)[1], ours.computeSaliency(photo)[1]
        assert actual.shape == expected.shape
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
        np.testing.assert_array_equal(ours.getobjectnessValues(), theirs.getobjectnessValues())
    written = [tmp_path / each / "BBoxesB2W8I" / "bb.txt" for each in ("theirs", "ours")]
    assert written[0].read_bytes() == written[1].read_bytes()


def test_bing_of_images_without_boxes(tmp_path):
    both = pair("ObjectnessBING")
    for each in both:
        each.setTrainingPath(str(MODEL))
        each.setBBResDir(f"{tmp_path}/")
    theirs, ours = (each.computeSaliency(np.zeros((7, 50, 3), np.uint8)) for each in both)
    assert ours[0] is theirs[0] is True
    assert np.shape(ours[1]) == np.shape(theirs[1])
    assert both[0].getobjectnessValues() == both[1].getobjectnessValues() == ()


def test_bin_wang_of_a_real_video(shared):
    capture = cv2.VideoCapture(str(shared / "data" / "videos" / "vtest.avi"))
    theirs = live.MotionSaliencyBinWangApr2014_create()
    ours = opencv.MotionSaliencyBinWangApr2014_create(opencv5=RULES)
    for index in range(300):
        found, frame = capture.read()
        assert found
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        if index == 0:
            for each in (theirs, ours):
                each.setImagesize(gray.shape[1], gray.shape[0])
                assert each.init() is True
        expected = theirs.computeSaliency(gray)[1]
        actual = ours.computeSaliency(gray)[1]
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected, err_msg=f"frame {index}")
    assert 0 < actual.mean() < 0.5


@pytest.mark.parametrize("video", ["blink48x32", "dark40x30"])
def test_bin_wang_of_objects_that_stop(shared, video):
    frames = np.load(shared / "golden" / "opencv" / "binwang.npz")[f"frames__{video}"]
    theirs = live.MotionSaliencyBinWangApr2014_create()
    ours = opencv.MotionSaliencyBinWangApr2014_create(opencv5=RULES)
    for each in (theirs, ours):
        each.setImagesize(frames.shape[2], frames.shape[1])
        each.init()
    for frame in frames:
        np.testing.assert_array_equal(
            ours.computeSaliency(frame)[1], theirs.computeSaliency(frame)[1]
        )


def test_arrays_of_rank_1_and_arrays_to_fill(photographs):
    line = photographs[0][5, :, 0]
    for name in ("StaticSaliencySpectralResidual", "StaticSaliencyFineGrained"):
        theirs, ours = (each.computeSaliency(line)[1] for each in pair(name))
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-7)
        for each in pair(name):
            for shape in (line.shape, theirs.shape, (*theirs.shape, 1)):
                out = np.zeros(shape, np.float32)
                assert each.computeSaliency(line, out)[1] is out
                np.testing.assert_allclose(out.reshape(theirs.shape), theirs, rtol=0, atol=2e-7)
