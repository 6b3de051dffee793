from functools import partial

import cv2
import numpy as np
import pytest

import fastsal
from fastsal.pipelines.bench.peers import peers_of


@pytest.mark.benchmark(group="frame_difference")
def bench_frame_difference(timed, frames, scene, placed, backend):
    """Bytes to bytes, as cv2.absdiff."""
    pair, out = (frames(), frames()), placed(np.empty(scene[0].shape[:2], np.uint8))
    timed(
        "frame-difference of two frames",
        lambda: fastsal.frame_difference(*pair, out=out, backend=backend),
        lambda: _absdiff(*scene[:2]),
        moved=7 if scene[0].ndim == 3 else 3,
    )


@pytest.mark.benchmark(group="frame_difference")
def bench_frame_difference_stream(timed, frames, scene, backend, out):
    stream = fastsal.Stream("frame-difference", backend=backend)
    timed(
        "frame-difference",
        lambda: stream.update(frames(), out=out),
        partial(peers_of, "frame-difference", scene),
    )


def _absdiff(frame, previous):
    first, second, out = (np.empty(frame.shape[:2], np.uint8) for _ in range(3))
    if frame.ndim == 2:
        return {"cv2.absdiff": lambda: cv2.absdiff(frame, previous, dst=out)}

    def opencv():
        cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY, dst=first)
        cv2.cvtColor(previous, cv2.COLOR_RGB2GRAY, dst=second)
        cv2.absdiff(first, second, dst=out)

    return {"cv2.cvtColor twice + absdiff": opencv}
