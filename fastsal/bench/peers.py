"""Peers of every method: implementations of other libraries.

``cv2.saliency`` and ``cv2.ximgproc`` are in opencv-contrib-python only. Every peer is shown the
same frames in the same order, and a preallocated output where it takes one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..algorithms.bing import DEFAULT_FOLDER
from ..io.opencv_logging import silent_stdout
from . import inputs

Image = NDArray[np.uint8]
Calls = dict[str, Callable[[], Any] | None]  # None: it is not installed

# Frames until BinWang's background model is in use. Every pixel has a first level after 51 frames,
# and about 110 later it compares blocks too. From then on a frame costs the same.
SETTLED = 200

_DISTANCES = np.abs(np.arange(256, dtype=np.float32)[:, None] - np.arange(256, dtype=np.float32))


def peers_of(key: str, frames: list[Image]) -> Calls:
    """Return the peers of a method by name: calls that take the next of RGB or grey frames."""
    make = _PEERS.get(key)
    return make(frames) if make is not None else {}


def _luminance_contrast(frames: list[Image]) -> Calls:
    following, shape = inputs.in_turn(frames), frames[0].shape[:2]
    gray, out = np.empty(shape, np.uint8), np.empty(shape, np.float32)
    indices = np.empty(shape, np.intp)

    def opencv() -> None:
        levels = _gray_into(following(), gray)
        counts = cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel()
        cv2.LUT(levels, _scores(counts), dst=out)

    def numpy() -> None:
        # NumPy would convert levels to indices twice and buffer `out` for its range check. Both
        # need new arrays, and page faults make their time vary.
        np.copyto(indices, _gray_into(following(), gray))
        counts = np.bincount(indices.ravel(), minlength=256)
        np.take(_scores(counts.astype(np.float32)), indices, out=out, mode="clip")

    return {"cv2.calcHist + LUT": opencv, "NumPy": numpy}


def _scores(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    # `@` would keep a second BLAS thread awake for 65,536 products, which disturbs other calls.
    contrast = np.einsum("ij,j->i", _DISTANCES, counts)
    present = contrast[counts > 0]
    scores: NDArray[np.float32] = (contrast - present.min()) / max(np.ptp(present), 1)
    return scores


def _frame_difference(frames: list[Image]) -> Calls:
    """As in a stream, the last frame's luma is kept, and maps are float32 in [0, 1]."""
    following, shape = inputs.in_turn(frames), frames[0].shape[:2]
    first, second, gap = (np.empty(shape, np.uint8) for _ in range(3))
    out = np.empty(shape, np.float32)
    grays = [first, second]
    last = [_gray_into(following(), first)]

    def opencv() -> None:
        grays.reverse()
        gray = _gray_into(following(), grays[0])
        cv2.absdiff(gray, last[0], dst=gap)
        cv2.multiply(gap, 1 / 255, dst=out, dtype=cv2.CV_32F)
        last[0] = gray

    return {"cv2.absdiff, as float32": opencv}


def _background(frames: list[Image]) -> Calls:
    models = {
        "cv2 MOG2": cv2.createBackgroundSubtractorMOG2,
        "cv2 KNN": cv2.createBackgroundSubtractorKNN,
    }
    calls: Calls = {name: _subtractor(make(), frames) for name, make in models.items()}
    calls["cv2.saliency"] = _settled_saliency(frames) if hasattr(cv2, "saliency") else None
    return calls


def _subtractor(model: Any, frames: list[Image]) -> Callable[[], Any]:
    following = inputs.in_turn(frames)
    for _ in range(2 * len(frames)):
        model.apply(following())
    return lambda: model.apply(following())


def _settled_saliency(frames: list[Image]) -> Callable[[], Any]:
    following, gray = inputs.in_turn(frames), np.empty(frames[0].shape[:2], np.uint8)
    model = _model(gray.shape)

    def opencv() -> Any:
        return model.computeSaliency(_gray_into(following(), gray))

    for _ in range(0 if gray.shape in _IN_USE else SETTLED):
        opencv()
    _IN_USE.add(gray.shape)
    return opencv


_IN_USE: set[tuple[int, ...]] = set()


@cache
def _model(shape: tuple[int, int]) -> Any:
    """Return one model for all rows of a size, because it takes half a minute to start."""
    saliency: Any = vars(cv2)["saliency"]  # of the contrib wheel, as ximgproc below
    model = saliency.MotionSaliencyBinWangApr2014_create()
    model.setImagesize(shape[1], shape[0])
    model.init()
    return model


def _static(name: str) -> Callable[[list[Image]], Calls]:
    def make(frames: list[Image]) -> Calls:
        if not hasattr(cv2, "saliency"):
            return {"cv2.saliency": None}
        peer = getattr(cv2.saliency, name)()
        following = inputs.in_turn([_as_opencv(frame) for frame in frames])
        out = np.empty(frames[0].shape[:2], np.float32)
        return {"cv2.saliency": lambda: peer.computeSaliency(following(), out)}

    return make


def _boxes(frames: list[Image]) -> Calls:
    """OpenCV's BING with our model; its files and output are discarded."""
    if not hasattr(cv2, "saliency"):
        return {"cv2.saliency": None}
    peer = cv2.saliency.ObjectnessBING_create()
    peer.setTrainingPath(str(DEFAULT_FOLDER))
    peer.setBBResDir(f"{_folder().name}/")
    bgr = [_as_opencv(frame) for frame in frames]
    following = inputs.in_turn([f if f.ndim == 3 else np.dstack([f] * 3) for f in bgr])

    def opencv() -> Any:
        with silent_stdout():
            return peer.computeSaliency(following())

    return {"cv2.saliency": opencv}


def _as_opencv(image: Image) -> Image:
    return np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else image


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes when the program ends."""
    return tempfile.TemporaryDirectory()


def slic_peers(frames: list[Image], region_size: int) -> Calls:
    """Return SLIC in ten rounds with as many regions, without any saliency."""
    from skimage.segmentation import slic

    following, shape = inputs.in_turn(frames), frames[0].shape
    count = -(-shape[0] // region_size) * -(-shape[1] // region_size)
    axis = -1 if len(shape) == 3 else None
    has_ximgproc = hasattr(cv2, "ximgproc")
    return {
        "skimage slic": lambda: slic(following(), count, start_label=0, channel_axis=axis),
        "cv2.ximgproc": (lambda: _ximgproc(following(), region_size)) if has_ximgproc else None,
    }


def _ximgproc(image: Image, region_size: int) -> Any:
    ximgproc: Any = vars(cv2)["ximgproc"]  # of the contrib wheel, which type checkers do not see
    made = ximgproc.createSuperpixelSLIC(image, ximgproc.SLIC, region_size)
    made.iterate(10)
    return made.getLabels()


def _flow(frames: list[Image]) -> Calls:
    """Return OpenCV's flows, each minus its median: a common way to find moving objects."""
    shape, small = frames[0].shape[:2], _working_size(frames[0])
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def full() -> Callable[[], tuple[Image, Image]]:
        return _pairs(frames, lambda gray: gray)

    def reduced() -> Callable[[], tuple[Image, Image]]:
        return _pairs(frames, lambda gray: cv2.resize(gray, small, interpolation=cv2.INTER_AREA))

    of_farneback, of_reduced, of_dis = full(), reduced(), full()
    calls: Calls = {
        "cv2 Farneback less median": lambda: _less_median(_farneback(*of_farneback())),
        "cv2 Farneback less median, 320": lambda: cv2.resize(
            _less_median(_farneback(*of_reduced())), shape[::-1], interpolation=cv2.INTER_LINEAR
        ),
    }
    if min(shape) >= _LEAST_FOR_DIS:
        calls["cv2 DIS less median"] = lambda: _less_median(finder.calc(*of_dis(), None))
    return calls


def _pairs(
    frames: list[Image], prepared: Callable[[Image], Image]
) -> Callable[[], tuple[Image, Image]]:
    """Return a function that gives the last and the next grey frame; each is prepared once."""
    following = inputs.in_turn(frames)

    def take() -> Image:
        frame = following()
        return prepared(_gray_into(frame, np.empty(frame.shape[:2], np.uint8)))

    kept = [take()]

    def pair() -> tuple[Image, Image]:
        kept.append(take())
        return kept.pop(0), kept[0]

    return pair


_LEAST_FOR_DIS = 128  # it crashes on small pictures


def _working_size(image: Image) -> tuple[int, int]:
    height, width = image.shape[:2]
    scale = min(1, 320 / max(height, width))
    return round(width * scale), round(height * scale)


def _farneback(gray: Image, moved: Image) -> Any:
    return cv2.calcOpticalFlowFarneback(gray, moved, None, 0.5, 3, 15, 3, 5, 1.2, 0)


def _less_median(flow: Any) -> Any:
    return np.linalg.norm(flow - np.median(flow, axis=(0, 1)), axis=2)


def _gray_into(image: Image, out: Image) -> Image:
    if image.ndim == 2:
        return image
    gray: Image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY, dst=out)
    return gray


_PEERS: dict[str, Callable[[list[Image]], Calls]] = {
    "lc": _luminance_contrast,
    "frame-difference": _frame_difference,
    "bin-wang": _background,
    "fine-grained": _static("StaticSaliencyFineGrained_create"),
    "spectral-residual": _static("StaticSaliencySpectralResidual_create"),
    "bing": _boxes,
    "superpixel": lambda frames: slic_peers(frames, 10),
    "flow": _flow,
}
