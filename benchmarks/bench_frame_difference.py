from functools import partial

import cv2
import numpy as np
import pytest

import fastsal
from fastsal.bench import inputs
from fastsal.bench.peers import peers_of


@pytest.mark.benchmark(group="frame_difference")
def bench_frame_difference(timed, frames, scene, placed, backend):
    """Bytes to bytes, as cv2.absdiff, of frames that are new each time."""
    out = placed(np.empty(scene[0].shape[:2], np.uint8))
    timed(
        "frame-difference of two frames",
        lambda: fastsal.frame_difference(frames(), frames(), out=out, backend=backend),
        lambda: _absdiff(scene),
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


def _absdiff(scene):
    following = inputs.in_turn(scene)
    first, second, out = (np.empty(scene[0].shape[:2], np.uint8) for _ in range(3))
    if scene[0].ndim == 2:
        return {"cv2.absdiff": lambda: cv2.absdiff(following(), following(), dst=out)}

    def opencv():
        cv2.cvtColor(following(), cv2.COLOR_RGB2GRAY, dst=first)
        cv2.cvtColor(following(), cv2.COLOR_RGB2GRAY, dst=second)
        cv2.absdiff(first, second, dst=out)

    return {"cv2.cvtColor twice + absdiff": opencv}
