"""Memory stays flat over a long video."""

import gc

import numpy as np
import psutil
import pytest

import fastsal
from fastsal.kernels.launch import PARALLEL_FROM
from fastsal.registry import BUILT_IN

FRAMES = 1600
ALLOWED = 1 << 20  # bytes in all: 800 a frame would be a leak
# These take milliseconds a frame.
SHARE_OF_FRAMES = {
    "center-surround": 4, "itti-koch": 5, "superpixel": 5, "superpixel-motion": 5,
    "superpixel-change": 5, "flow": 10, "bing": 20, "boolean-map": 10, "minimum-barrier": 5,
    "whitened": 5,
}  # fmt: skip
SHARE_ON_ALL_THREADS = 5  # at least: they wait for each other if other tests run


def resident():
    gc.collect()
    return psutil.Process().memory_info().rss


# Sizes that run on one thread, and on all of them.
@pytest.mark.parametrize("size", [(60, 80), (256, 258)], ids=str)
@pytest.mark.parametrize("key", BUILT_IN)
def test_resident_memory_is_flat(key, size, rng):
    frames = rng.integers(0, 256, (8, *size, 3), dtype=np.uint8)
    stream, out = fastsal.Stream(key), np.empty(size, np.uint8)
    share = SHARE_OF_FRAMES.get(key, 1)
    is_parallel = size[0] * size[1] >= PARALLEL_FROM
    count = FRAMES // (max(share, SHARE_ON_ALL_THREADS) if is_parallel else share)

    def feed(first, last):
        for i in range(first, last):
            stream.update(frames[i % 8], out=out if i % 2 else None)

    feed(0, count // 5)
    for _ in range(3):  # other growth in a process of many tests comes once, a leak every time
        before = resident()
        feed(count // 5, count)
        if (grown := resident() - before) < ALLOWED:
            break

    assert grown < ALLOWED


def test_streams_that_come_and_go_leave_nothing(rng):
    frame = rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)

    def use(count):
        for _ in range(count):
            stream = fastsal.Stream("frame-difference")
            stream.update(frame)
            stream.update(frame)

    use(200)
    before = resident()
    use(800)

    assert resident() - before < ALLOWED
