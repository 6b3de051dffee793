"""How people do the same without fastsal: the peers of every method, as far as they are here.

``cv2.saliency`` and ``cv2.ximgproc`` are in opencv-contrib-python only; what is missing is left
out. Every peer gets the same frames, and a preallocated output where it takes one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...algorithms.bing import DEFAULT_FOLDER
from ..quiet import silent_stdout
from . import inputs

Image = NDArray[np.uint8]
Calls = dict[str, Callable[[], Any]]

_DISTANCES = np.abs(np.arange(256, dtype=np.float32)[:, None] - np.arange(256, dtype=np.float32))
_SAMPLES = 48  # frames that background models have seen before the clock starts


def peers_of(key: str, image: Image) -> Calls:
    """Return the peers of a method by name: calls on one RGB or grey image."""
    make = _PEERS.get(key)
    return make(image) if make is not None else {}


def _luminance_contrast(image: Image) -> Calls:
    gray, out = np.empty(image.shape[:2], np.uint8), np.empty(image.shape[:2], np.float32)

    def opencv() -> None:
        levels = _gray_into(image, gray)
        counts = cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel()
        contrast = _DISTANCES @ counts
        present = contrast[counts > 0]
        scores = (contrast - present.min()) / max(present.max() - present.min(), 1)
        cv2.LUT(levels, scores, dst=out)

    return {"cv2.calcHist + LUT": opencv}


def _frame_difference(image: Image) -> Calls:
    moved = inputs.moved(image)
    first, second, out = (np.empty(image.shape[:2], np.uint8) for _ in range(3))
    return {
        "cv2.absdiff": lambda: cv2.absdiff(
            _gray_into(image, first), _gray_into(moved, second), dst=out
        )
    }


def _background(image: Image) -> Calls:
    frames = [image, inputs.moved(image)]
    calls: Calls = {
        f"cv2 {name}": _seen(make(), frames, lambda model, frame: model.apply(frame))
        for name, make in (("MOG2", cv2.createBackgroundSubtractorMOG2),
                           ("KNN", cv2.createBackgroundSubtractorKNN))
    }  # fmt: skip
    if hasattr(cv2, "saliency"):
        grays = [inputs.gray(frame) if frame.ndim == 3 else frame for frame in frames]
        model = cv2.saliency.MotionSaliencyBinWangApr2014_create()
        model.setImagesize(image.shape[1], image.shape[0])
        model.init()
        calls["cv2.saliency"] = _seen(model, grays, lambda model, gray: model.computeSaliency(gray))
    return calls


def _seen(model: Any, frames: list[Image], apply: Callable[[Any, Image], Any]) -> Callable[[], Any]:
    """Return a call that shows a model its next frame, after it has seen many."""
    count = 0

    def call() -> Any:
        nonlocal count
        count += 1
        return apply(model, frames[count % len(frames)])

    for _ in range(_SAMPLES):
        call()
    return call


def _static(name: str) -> Callable[[Image], Calls]:
    def make(image: Image) -> Calls:
        if not hasattr(cv2, "saliency"):
            return {}
        peer = getattr(cv2.saliency, name)()
        frame = np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else image
        out = np.empty(image.shape[:2], np.float32)
        return {"cv2.saliency": lambda: peer.computeSaliency(frame, out)}

    return make


def _boxes(image: Image) -> Calls:
    """OpenCV's BING with the model that ours has; it writes files and prints, here to nowhere."""
    if not hasattr(cv2, "saliency"):
        return {}
    peer = cv2.saliency.ObjectnessBING_create()
    peer.setTrainingPath(str(DEFAULT_FOLDER))
    peer.setBBResDir(f"{_folder().name}/")
    frame = np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else np.dstack([image] * 3)

    def opencv() -> Any:
        with silent_stdout():
            return peer.computeSaliency(frame)

    return {"cv2.saliency": opencv}


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes when the program ends."""
    return tempfile.TemporaryDirectory()


def _superpixels(image: Image) -> Calls:
    from skimage.segmentation import slic

    count = -(-image.shape[0] // 10) * -(-image.shape[1] // 10)
    axis = -1 if image.ndim == 3 else None
    calls: Calls = {
        "skimage slic alone": lambda: slic(image, count, start_label=0, channel_axis=axis)
    }
    if hasattr(cv2, "ximgproc"):
        calls["cv2.ximgproc SLIC alone"] = lambda: _ximgproc(image)
    return calls


def _ximgproc(image: Image) -> Any:
    ximgproc: Any = vars(cv2)["ximgproc"]  # of the contrib wheel, which type checkers do not see
    made = ximgproc.createSuperpixelSLIC(image, ximgproc.SLIC, 10)
    made.iterate(10)
    return made.getLabels()


def _flow(image: Image) -> Calls:
    """Return OpenCV's flows, each less its median: how people find what moves against a camera."""
    moved, small = inputs.moved(image), _working_size(image)
    grays = [np.empty(image.shape[:2], np.uint8) for _ in range(2)]
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def pair() -> list[Image]:
        return [_gray_into(each, gray) for each, gray in zip((image, moved), grays, strict=True)]

    def reduced() -> list[Image]:
        return [cv2.resize(each, small, interpolation=cv2.INTER_AREA) for each in pair()]

    calls: Calls = {
        "cv2 Farneback less median": lambda: _less_median(_farneback(*pair())),
        "cv2 Farneback less median, 320": lambda: _enlarged(
            _less_median(_farneback(*reduced())), image
        ),
    }
    if min(image.shape[:2]) >= _LEAST_FOR_DIS:
        calls["cv2 DIS less median"] = lambda: _less_median(_found(finder, *pair()))
    return calls


_LEAST_FOR_DIS = 128  # it crashes on small pictures


def _working_size(image: Image) -> tuple[int, int]:
    height, width = image.shape[:2]
    share = min(1, 320 / max(height, width))
    return round(width * share), round(height * share)


def _farneback(gray: Image, moved: Image) -> Any:
    return cv2.calcOpticalFlowFarneback(gray, moved, None, 0.5, 3, 15, 3, 5, 1.2, 0)


def _found(finder: Any, gray: Image, moved: Image) -> Any:
    return finder.calc(gray, moved, None)


def _less_median(flow: Any) -> Any:
    return np.linalg.norm(flow - np.median(flow, axis=(0, 1)), axis=2)


def _enlarged(saliency: Any, image: Image) -> Any:
    return cv2.resize(saliency, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _gray_into(image: Image, out: Image) -> Image:
    if image.ndim == 2:
        return image
    gray: Image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY, dst=out)
    return gray


_PEERS: dict[str, Callable[[Image], Calls]] = {
    "lc": _luminance_contrast,
    "frame-difference": _frame_difference,
    "bin-wang": _background,
    "fine-grained": _static("StaticSaliencyFineGrained_create"),
    "spectral-residual": _static("StaticSaliencySpectralResidual_create"),
    "bing": _boxes,
    "superpixel": _superpixels,
    "flow": _flow,
}
