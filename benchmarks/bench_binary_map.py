import cv2
import numpy as np
import pytest

import fastsal


@pytest.fixture
def saliency(photo):
    return fastsal.fine_grained(photo, backend="cpu")


@pytest.mark.benchmark(group="binary_map")
@pytest.mark.parametrize("method", ["otsu", "adaptive", "kmeans"])
def bench_binary_map(timed, saliency, placed, backend, method):
    levels, out = placed(saliency), placed(np.empty(saliency.shape, np.uint8))
    timed(
        f"binary-map {method}",
        lambda: fastsal.binary_map(levels, method=method, out=out, backend=backend),
        lambda: _PEERS[method](saliency),
        moved=5,
    )


def _otsu(saliency):
    levels, out = (np.empty(saliency.shape, np.uint8) for _ in range(2))

    def opencv():
        cv2.convertScaleAbs(saliency, dst=levels, alpha=255)
        cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU, dst=out)

    return {"cv2.convertScaleAbs + threshold": opencv}


def _adaptive(saliency):
    out = np.empty(saliency.shape, np.uint8)
    return {"NumPy": lambda: np.multiply(saliency > 2 * saliency.mean(), np.uint8(255), out=out)}


def _kmeans(saliency):
    if not hasattr(cv2, "saliency"):
        return {"cv2.saliency": None}
    out, module = (
        np.empty(saliency.shape, np.uint8),
        cv2.saliency.StaticSaliencyFineGrained_create(),
    )
    return {"cv2.saliency": lambda: module.computeBinaryMap(saliency, out)}


_PEERS = {"otsu": _otsu, "adaptive": _adaptive, "kmeans": _kmeans}


@pytest.mark.benchmark(group="salient_boxes")
def bench_salient_boxes(timed, saliency):
    timed("salient-boxes", lambda: fastsal.salient_boxes(saliency), moved=4)
