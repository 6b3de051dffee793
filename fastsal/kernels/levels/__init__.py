"""Pixels scaled to the levels of another dtype, for methods that are defined on 8 or 16 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from ... import images
from ...call import Call


def in_levels(call: Call, frames: images.Frames, dtype: DTypeLike) -> images.Frames:
    """Return an input of the call with its pixels in the levels of `dtype`, rounded.

    White stays white. Frames of `dtype` are returned unchanged. Others use a work array of this
    thread, which the next call overwrites.
    """
    pixels, wanted = frames.pixels, np.dtype(dtype)
    if pixels.dtype == wanted:
        return frames
    levels = call.workspace("pixels in levels", pixels.shape, wanted)
    call.kernels(__package__).fill_levels(pixels, images.WHITE[wanted], levels)
    return frames._replace(pixels=call.read_only(levels))
