"""Metrics beside pysaliency, SciPy and PySODMetrics, where these are installed.

pysaliency 0.2.22 needs numpy < 2.4, and imports PyTorch without using it for metrics: an empty
module stands in for it if it is not installed.
"""

import importlib.util
import sys
import types
import warnings
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fastsal import metrics
from fastsal.bench import inputs

SIGMA = 35


@cache
def pysaliency():
    """Return the modules of metrics and of ROC curves, or None if pysaliency is not installed."""
    if importlib.util.find_spec("pysaliency") is None or not hasattr(np, "trapz"):
        return None
    stands_in = "torch" not in sys.modules and importlib.util.find_spec("torch") is None
    if stands_in:
        sys.modules["torch"] = types.ModuleType("torch")
    try:
        from pysaliency import metrics as peer
        from pysaliency import roc
    finally:
        if stands_in:
            del sys.modules["torch"]
    return peer, roc


@pytest.fixture
def saliency(size):
    """Return a map of float64 in [0, 1]: smooth, with some noise, as models give."""
    rng = np.random.default_rng(0)
    values = gaussian_filter(rng.random(inputs.SIZES[size]), 20)
    values = (values - values.min()) / max(np.ptp(values), 1e-9)
    return values + 0.01 * rng.random(values.shape)


@pytest.fixture
def levels(saliency):
    return np.round(255 * saliency / saliency.max()).astype(np.uint8)


@pytest.fixture
def points_of(size):
    rng = np.random.default_rng(1)
    return lambda count: np.stack([rng.integers(0, n, count) for n in inputs.SIZES[size]], axis=1)


@pytest.fixture
def density(points_of, size):
    return metrics.density_map(points_of(100), inputs.SIZES[size], sigma=SIGMA)


def auc_of_pysaliency(saliency, points):
    _, roc = pysaliency()
    values = saliency.astype(np.float64)
    return lambda: roc.general_rocs_per_positive(
        values[points[:, 0], points[:, 1]], values.ravel()
    ).mean()


def one(name, make):
    """Return a peer of pysaliency by name; None if it is not installed."""
    return lambda: {name: make(*pysaliency()) if pysaliency() else None}


@pytest.mark.benchmark(group="metrics")
@pytest.mark.parametrize("count", [100, 1000])
@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def bench_auc(timed_alone, size, saliency, levels, points_of, count, dtype):
    values, points = levels if dtype == "uint8" else saliency, points_of(count)
    timed_alone(
        f"auc {dtype}, {count} fixations",
        lambda: metrics.auc(values, points),
        one("pysaliency", lambda *_: auc_of_pysaliency(values, points)),
        size=size,
    )


@pytest.mark.benchmark(group="metrics")
def bench_nss(timed_alone, size, saliency, points_of):
    points = points_of(100)
    rows, cols = points.T
    timed_alone(
        "nss",
        lambda: metrics.nss(saliency, points),
        one("pysaliency", lambda peer, _: lambda: peer.NSS(saliency, cols, rows).mean()),
        size=size,
    )


@pytest.mark.benchmark(group="metrics")
def bench_cc(timed_alone, size, saliency, density):
    timed_alone(
        "cc",
        lambda: metrics.cc(saliency, density),
        one("pysaliency", lambda peer, _: lambda: peer.CC(saliency, density)),
        size=size,
    )


@pytest.mark.benchmark(group="metrics")
def bench_similarity(timed_alone, size, saliency, density):
    timed_alone(
        "similarity",
        lambda: metrics.similarity(saliency, density),
        one("pysaliency", lambda peer, _: lambda: peer.SIM(saliency, density)),
        size=size,
    )


@pytest.mark.benchmark(group="metrics")
@pytest.mark.parametrize("convention", ["pysaliency", "pysaliency-mit"])
def bench_kl_divergence(timed_alone, size, saliency, density, convention):
    name = "MIT_KLDiv" if convention == "pysaliency-mit" else "image_based_kl_divergence"

    def peer_of(peer, _):
        def run():
            with np.errstate(divide="ignore"):  # of log(0), which it means
                return getattr(peer, name)(saliency, density)

        return run

    timed_alone(
        f"kl_divergence, {convention}",
        lambda: metrics.kl_divergence(density, saliency, convention=convention),
        one("pysaliency", peer_of),
        size=size,
    )


@pytest.mark.benchmark(group="metrics")
@pytest.mark.parametrize("count", [100, 1000])
def bench_density_map(timed_alone, size, points_of, count):
    shape, points = inputs.SIZES[size], points_of(count)

    def scipy():
        counts = np.zeros(shape)
        np.add.at(counts, tuple(points.T), 1)
        return gaussian_filter(counts, SIGMA)

    timed_alone(
        f"density_map, {count} fixations",
        lambda: metrics.density_map(points, shape, sigma=SIGMA),
        lambda: {"SciPy": scipy},
        size=size,
    )


@pytest.mark.benchmark(group="metrics")
def bench_evaluate(timed_alone, size, saliency, density, points_of):
    points = points_of(100)
    timed_alone(
        "evaluate",
        lambda: metrics.evaluate(saliency, points, density=density, baseline=density),
        size=size,
    )


def pysodmetrics(levels, mask):
    """Return the five metrics of PySODMetrics, one after the other."""
    if importlib.util.find_spec("py_sod_metrics") is None:
        return {"PySODMetrics": None}
    import py_sod_metrics as peer

    def run():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own warning that a class will be removed
            for make in (
                peer.MAE, peer.Fmeasure, peer.Emeasure, peer.Smeasure, peer.WeightedFmeasure,
            ):  # fmt: skip
                make().step(levels, mask)

    return {"PySODMetrics": run}


@pytest.mark.benchmark(group="metrics")
@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def bench_evaluate_mask(timed_alone, size, saliency, levels, dtype):
    values = levels if dtype == "uint8" else saliency
    rows, cols = (np.linspace(-1, 1, length) for length in saliency.shape)
    mask = (np.hypot(rows[:, None] - 0.1, cols) < 0.5).astype(np.uint8) * 255
    timed_alone(
        f"evaluate_mask {dtype}",
        lambda: metrics.evaluate_mask(values, mask),
        lambda: pysodmetrics(levels, mask),
        size=size,
    )
