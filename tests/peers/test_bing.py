"""OpenCV's own BING runs with models that fastsal has trained, and finds the same boxes."""

import cv2
import numpy as np
import pytest

import fastsal
from benchmarks import boxes as folders
from fastsal.algorithms.bing import ranked_boxes

pytestmark = pytest.mark.skipif(
    not hasattr(cv2, "saliency"), reason="needs opencv-contrib-python instead of opencv-python"
)


@pytest.fixture(scope="module")
def photos(shared):
    return folders.photographs(shared / "data" / "indoor_boxes")


@pytest.fixture(scope="module", params=["trained", "default"])
def model(request, photos):
    if request.param == "default":
        return fastsal.BingModel.default()
    few = photos[2:8]
    return fastsal.train_bing(
        [each.image for each in few], [each.boxes for each in few], progress=False
    )


def test_opencv_runs_with_our_models(model, photos, tmp_path):
    model.save(tmp_path)
    theirs = cv2.saliency.ObjectnessBING_create()
    theirs.setTrainingPath(str(tmp_path))
    theirs.setBBResDir(str(tmp_path / "boxes"))

    for photo in photos[:3]:
        found, expected = theirs.computeSaliency(np.ascontiguousarray(photo.image[..., ::-1]))
        ranked = ranked_boxes(photo.image, training_path=model)

        boxes = np.concatenate([each.boxes for each in ranked])
        corners = np.concatenate([boxes[:, :2] + 1, boxes[:, :2] + boxes[:, 2:]], axis=1)
        assert found
        np.testing.assert_array_equal(corners, expected.reshape(-1, 4))
