"""Flow saliency on a CUDA device: levels of a frame, a flow per cell, the camera's, residuals."""

import numpy as np
from numba import cuda, float32

from ...devices import settled, workspace
from . import _cuda_camera, _cuda_flow


def new_levels(shapes):
    """Return arrays for the levels of a frame, of these shapes."""
    return [cuda.device_array(shape, np.int16) for shape in shapes]


def new_field(shape):
    """Return zeros for all cells, with one value or several for each."""
    return settled(np.zeros(shape, np.float32))


def fill_levels(pixels, channels, weights, width, levels):
    """Fill `levels` from the pixels, (1, H * width * channels), of a frame."""
    _cuda_flow.fill_levels(pixels, channels, weights, width, levels)


def fill_scores(levels, previous, terms, reach, flow, scores):
    """Fill `flow`, (2, h, w), from a frame to the previous one, and `scores`, (h, w).

    The camera's motion has `terms` terms. With a `reach` the reference is the mean motion within
    `reach` cells. All scores of a cut are -1.
    """
    _cuda_flow.fill_flow(levels, previous, flow)
    camera = workspace("flow camera", (8,), np.float32)
    _cuda_camera.fit_camera(flow, terms, camera)
    reference = workspace("flow reference", flow.shape, np.float32)
    _cuda_camera.fill_reference(flow, camera, reach, reference)
    is_fitted = terms > 0 or reach > 0
    _cuda_camera.fill_scores(levels[0], previous[0], flow, reference, is_fitted, scores)


def blend(scores, others, memory, kept, shown):
    """Fill `kept` and `shown` with the minimum of two scores, smoothed over time by `memory`."""
    _cuda_camera.blend(scores, others, float32(memory), kept, shown)


def scale(down, across, flow):
    """Scale `flow` to other units."""
    _cuda_camera.scale(float32(down), float32(across), flow)
