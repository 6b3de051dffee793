"""Explanation maps and segmentation beside scikit-image and PAIR's package, where installed.

The network costs nothing: it returns one array for every batch. So the work of the methods counts.
"""

import importlib.util

import numpy as np
import pytest
from skimage import segmentation

from fastsal import explain
from fastsal.superpixels import felzenszwalb

SCALES = (50, 100, 150, 250, 500, 1200)
MOST = 600_000  # pixels up to which the slow peers run


def saliency():
    """Return PAIR's package, or None if it is not installed."""
    if importlib.util.find_spec("saliency") is None:
        return None
    import saliency.core

    return saliency.core


def small(peers, photo):
    """Return the peers if they end within seconds."""
    return peers if photo.shape[0] * photo.shape[1] <= MOST else {}


def attribution_of(photo):
    return (photo.astype(np.float64) - 127) / 255


class Free:
    """A network that costs nothing."""

    def __init__(self, shape, count):
        self.gradients = np.ones((count, *shape), np.float32)

    def __call__(self, batch, call_model_args=None, expected_keys=None):
        return {key: self.gradients[: len(batch)] for key in expected_keys}


@pytest.mark.benchmark(group="explain")
@pytest.mark.parametrize("scales", [(100,), SCALES], ids=["one-scale", "six-scales"])
def bench_felzenszwalb(timed, photo, kind, scales):
    axis = -1 if kind == "colour" else None

    def peers():
        def run():
            for scale in scales:
                segmentation.felzenszwalb(photo, scale=scale, min_size=150, channel_axis=axis)

        return small({"scikit-image": run}, photo)

    timed(
        f"felzenszwalb, {len(scales)} scales",
        lambda: felzenszwalb(photo, scale=scales, min_size=150, channel_axis=axis),
        peers,
    )


@pytest.mark.benchmark(group="explain")
@pytest.mark.parametrize("mode", ["full", "fast"])
def bench_xrai(timed, photo, mode):
    values, attribution = photo / 255, attribution_of(photo)

    def peers():
        package = saliency()
        if package is None:
            return {}
        options = package.XRAIParameters(algorithm=mode)

        def run():
            package.XRAI().GetMask(
                values, None, base_attribution=attribution, extra_parameters=options
            )

        return small({"saliency": run}, photo)

    timed(f"xrai, {mode}", lambda: explain.xrai(values, attribution=attribution, mode=mode), peers)


@pytest.mark.benchmark(group="explain")
def bench_integrated_gradients(timed, photo):
    values = (photo / 255).astype(np.float32)
    model = Free(values.shape, 8)

    def peers():
        package = saliency()
        if package is None:
            return {}
        method = package.IntegratedGradients()
        return small(
            {"saliency": lambda: method.GetMask(values, model, x_steps=100, batch_size=8)}, photo
        )

    timed(
        "integrated_gradients, 100 steps",
        lambda: explain.integrated_gradients(values, model, steps=100, rule="pair"),
        peers,
    )


@pytest.mark.benchmark(group="explain")
def bench_heatmap(timed, photo, kind):
    attribution = attribution_of(photo).astype(np.float32)

    def peers():
        package = saliency()
        if package is None or kind == "grey":
            return {}
        return {"saliency": lambda: package.VisualizeImageGrayscale(attribution)}

    timed("heatmap", lambda: explain.heatmap(attribution), peers)
