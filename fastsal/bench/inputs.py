"""Pinned inputs: a real photograph scaled to each size, a scene of photographs that move, noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from itertools import cycle
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..validation import joined

Image = NDArray[np.uint8]
Kind = Literal["colour", "grey"]

SIZES = {
    "64x64": (64, 64),
    "320x240": (240, 320),
    "VGA": (480, 640),
    "720p": (720, 1280),
    "1080p": (1080, 1920),
    "4K": (2160, 3840),
    "16MP": (4096, 4096),
    "8K": (4320, 7680),
}

_FRAMES, _SCENE_BYTES = 24, 200 << 20
_SENSOR_NOISE = 2.0  # standard deviation, in grey levels


@cache
def photograph(size: str) -> Image:
    """Return scikit-image's "coffee" as uint8 RGB of that size."""
    from skimage import data

    return _scaled(data.coffee(), SIZES[size])


@cache
def noise(size: str) -> Image:
    """Return uint8 RGB noise of that size."""
    return np.random.default_rng(7).integers(0, 256, (*SIZES[size], 3), dtype=np.uint8)


@lru_cache(maxsize=4)
def scene(size: str, kind: Kind = "colour") -> list[Image]:
    """Return frames of a scene before a static camera, uint8, RGB or grey, to be shown in a cycle.

    Two pictures move back and forth in front of the photograph, a hundredth of the width per frame.
    Every pixel has sensor noise. The last frame leads on to the first.
    """
    if kind == "grey":
        return [gray(frame) for frame in scene(size)]
    from skimage import data

    rows, cols = SIZES[size]
    ground, rng = photograph(size), np.random.default_rng(3)
    person = _scaled(data.astronaut()[:300, 100:350], (rows // 3, cols // 6))
    cat = _scaled(data.chelsea(), (rows // 5, cols // 6))
    grain = rng.normal(0, _SENSOR_NOISE, ground.shape).astype(np.int8)
    count = int(min(_FRAMES, max(4, _SCENE_BYTES // ground.nbytes)))
    steps = [*range(0, count, 2), *range(count - 1, 0, -2)]  # back and forth, without a stop
    return [
        _grainy(_with(_with(ground, person, rows // 3, cols * (20 + step) // 100),
                      cat, 3 * rows // 4, cols * (60 - step) // 100), grain, index)
        for index, step in enumerate(steps)
    ]  # fmt: skip


def frames_of(method: str, size: str, kind: Kind = "colour") -> list[Image]:
    """Return the input of a method: a photograph, or a scene if it needs several frames."""
    from ..registry import METHODS

    if METHODS[method].kind == "motion" or METHODS[method].state:
        return scene(size, kind)
    image = photograph(size)
    return [gray(image) if kind == "grey" else image]


def in_turn(frames: list[Image]) -> Callable[[], Image]:
    """Return a call that gives the next frame."""
    return cycle(frames).__next__


def gray(image: Image) -> Image:
    """Return OpenCV's luma of an RGB image."""
    levels: Image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return levels


def moved(image: Image) -> Image:
    """Return the image four columns to the right, as a frame that follows it."""
    return np.ascontiguousarray(np.roll(image, 4, axis=1))


def _scaled(image: Image, shape: tuple[int, int]) -> Image:
    scaled: Image = cv2.resize(image, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return scaled


def _with(ground: Image, figure: Image, top: int, left: int) -> Image:
    frame = ground.copy()
    frame[top : top + figure.shape[0], left : left + figure.shape[1]] = figure
    return frame


def _grainy(frame: Image, grain: NDArray[np.int8], index: int) -> Image:
    noisy: Image = cv2.add(frame, np.roll(grain, 7919 * index), dtype=cv2.CV_8U)
    return noisy


def sizes_of(names: str) -> list[str]:
    """Return the sizes that a comma-separated list names, in any case.

    Raises
    ------
    ValueError
        If there is no such size.
    """
    known = {size.lower(): size for size in SIZES}
    chosen = []
    for name in names.split(","):
        if name.strip().lower() not in known:
            raise ValueError(f"`size` must be {joined(SIZES)}; got {name!r}")
        chosen.append(known[name.strip().lower()])
    return chosen
