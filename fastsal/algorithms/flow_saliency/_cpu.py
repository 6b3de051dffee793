"""Flow saliency on the CPU: levels of a frame, a flow per cell, the camera's motion, residuals."""

import numpy as np

from ...kernels import launch
from . import _cpu_camera, _cpu_flow


def new_levels(shapes):
    """Return arrays for the levels of a frame, of these shapes."""
    return [_cpu_flow.new_level(shape) for shape in shapes]


def new_field(shape):
    """Return zeros for all cells, with one value or several for each."""
    return np.zeros(shape, np.float32)


def fill_levels(pixels, channels, weights, width, levels):
    """Fill `levels` from the pixels, (1, H * width * channels), of a frame."""
    _cpu_flow.fill_levels(pixels.reshape(-1), channels, weights, width, levels)


def fill_scores(levels, previous, terms, reach, flow, scores):
    """Fill `flow`, (2, h, w), from a frame to the previous one, and `scores`, (h, w).

    The camera's motion has `terms` terms. With a `reach` the reference is the mean motion within
    `reach` cells. All scores of a cut are -1.
    """
    _cpu_flow.fill_flow(levels, previous, flow)
    camera = launch.scratch("flow camera", (8,), np.float32)
    _cpu_camera.fit_camera(flow, terms, camera)
    reference = launch.scratch("flow reference", flow.shape, np.float32)
    _cpu_camera.fill_reference(flow, camera, reach, reference)
    is_fitted = terms > 0 or reach > 0
    _cpu_camera.fill_scores(levels[0], previous[0], flow, reference, is_fitted, scores)


def blend(scores, others, memory, kept, shown):
    """Fill `kept` and `shown` with the minimum of two scores, smoothed over time by `memory`."""
    _cpu_camera.blend(scores, others, np.float32(memory), kept, shown)


def scale(down, across, flow):
    """Scale `flow` to other units."""
    flow[0] *= np.float32(down)
    flow[1] *= np.float32(across)
