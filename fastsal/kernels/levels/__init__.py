"""Pixels scaled to the levels of another dtype, for methods that are defined on 8 or 16 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from ... import devices, images, runtime
from .. import launch


def in_levels(frames: images.Frames, target: runtime.Backend, dtype: DTypeLike) -> images.Frames:
    """Return frames of uint16 or float32 with their pixels in the levels of `dtype`, rounded.

    White stays white. Frames of `dtype` are returned as they are. Others use a work array of this
    thread, which the next call overwrites.
    """
    pixels, wanted = frames.pixels, np.dtype(dtype)
    if pixels.dtype == wanted:
        return frames
    if target == "cpu":
        levels = launch.scratch("pixels in levels", pixels.shape, wanted)
    else:
        levels = devices.workspace("pixels in levels", pixels.shape, wanted)
    runtime.backend_module(__package__, target).fill_levels(pixels, images.WHITE[wanted], levels)
    return frames._replace(pixels=images.read_only(levels) if target == "cpu" else levels)
