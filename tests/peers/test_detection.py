"""OpenCV's HOG detector finds nearly all people of whole frames on salient regions."""

import cv2
import numpy as np
import pytest

import fastsal
from fastsal.applications import detect_salient
from fastsal.boxes import iou

pytest.importorskip("cv2.saliency", reason="opencv-contrib-python is not installed")

VAN = np.array((1056, 38, 74, 147))  # parked; HOG takes it for a person


def finder():
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    return lambda part: hog.detectMultiScale(part, winStride=(8, 8), padding=(8, 8), scale=1.05)


def test_walking_people_are_found_on_a_third_of_the_pixels(shared):
    detector, stream = finder(), fastsal.Stream("bin-wang", color="bgr")
    capture = cv2.VideoCapture(str(shared / "data" / "videos" / "vtest.avi"))
    hits = people = searched = pixels = 0

    def counted(part):
        nonlocal searched
        searched += part.shape[0] * part.shape[1]
        return detector(part)

    for index in range(281):
        frame = cv2.resize(capture.read()[1], (1200, 900))
        saliency = stream.update(frame)
        if index < 200 or index % 16:
            continue
        pixels += saliency.size
        whole, _ = detector(frame)
        found, _ = detect_salient(
            frame, counted, saliency=saliency, pad=0.5, min_size=(192, 96), align=8, max_boxes=16
        )
        for box in whole:
            if iou(VAN, box) < 0.5:
                people += 1
                hits += iou(box, found).max(initial=0) >= 0.5
    print(hits, people, searched / pixels)
    assert people > 15
    assert hits >= 0.85 * people
    assert searched < 0.4 * pixels
