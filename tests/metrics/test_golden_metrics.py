"""Recorded values of pysaliency, of MIT's code run in Octave, of POT and of PySODMetrics."""

import json
import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fastsal import metrics
from fastsal.metrics import inputs, ranking


@pytest.fixture(scope="module")
def folder(recordings):
    return recordings / "metrics"


@pytest.fixture(scope="module")
def arrays(folder):
    """Return the recorded inputs; inputs missing in the small recording are computed again."""
    found = dict(np.load(folder / "inputs.npz"))
    rows, cols = np.mgrid[:72, :96]
    centre = np.exp(-0.5 * (((cols / 96 - 0.5) / 0.25) ** 2 + ((rows / 72 - 0.5) / 0.25) ** 2))
    found.setdefault("centerbias", centre)
    for name in [key[4:-2] for key in found if key.startswith("fix_") and key.endswith("_x")]:
        counts = np.zeros((72, 96))
        np.add.at(counts, tuple(points_of(found, name).astype(int).T), 1)
        found.setdefault(f"fdm_{name}", gaussian_filter(counts, 4.0, mode="reflect"))
    return found


@pytest.fixture(scope="module")
def pairs(folder, arrays):
    """Return (map, fixations, values of pysaliency, values of MIT's code) of every pair."""
    peer = json.loads((folder / "pysaliency.json").read_text())["single"]
    mit = json.loads((folder / "mit_octave.json").read_text())
    names = [key.split("|") for key in peer]
    found = [
        (name, points, peer[f"{name}|{points}"], mit[f"{name}|{points}"])
        for name, points in names
        if f"map_{name}" in arrays and f"fdm_{points}" in arrays
    ]
    assert len(found) >= 4
    return found


def points_of(arrays, name):
    return np.stack([arrays[f"fix_{name}_y"], arrays[f"fix_{name}_x"]], axis=1)


def test_values_of_pysaliency(arrays, pairs):
    for name, which, peer, _ in pairs:
        saliency, points = arrays[f"map_{name}"], points_of(arrays, which)
        density, centre = arrays[f"fdm_{which}"], arrays["centerbias"]
        found = {
            "AUC_uniform": metrics.auc(saliency, points),
            "AUC_unfixated": metrics.auc(saliency, points, negatives="unfixated"),
            "AUC_Judd_nojitter": metrics.auc_judd(saliency, points, convention="pysaliency"),
            "AUC_Judd_jitter42": metrics.auc_judd(
                saliency, points, convention="pysaliency", jitter=1e-7, seed=42
            ),
            "NSS": metrics.nss(saliency, points),
            "CC_fdm": metrics.cc(saliency, density),
            "CC_fdm_swapped": metrics.cc(density, saliency),
            "SIM_fdm": metrics.similarity(saliency, density),
            "KLDiv_default_fdm": metrics.kl_divergence(density, saliency),
            "MIT_KLDiv_fdm": metrics.kl_divergence(density, saliency, convention="pysaliency-mit"),
            "IG_vs_uniform_bits": metrics.information_gain(saliency, None, points),
            "IG_vs_centerbias_bits": metrics.information_gain(saliency, centre, points),
        }
        for metric, value in found.items():
            # pysaliency does not take an all-zero map of 8 bits.
            if not isinstance(peer[metric], str):
                tolerance = 1e-10 if "KL" in metric else 1e-12
                expected = pytest.approx(peer[metric], abs=tolerance, rel=0, nan_ok=True)
                assert value == expected, (name, which, metric)


def test_values_of_mit(arrays, pairs):
    for name, which, _, mit in pairs:
        saliency, fixated = arrays[f"map_{name}"], arrays[f"bin_{which}"].astype(bool)
        density, centre = arrays[f"fdm_{which}"], arrays["centerbias"]
        found = {
            "AUC_Judd_nojitter": metrics.auc_judd(saliency, fixated),
            "NSS": metrics.nss(saliency, fixated, ddof=1),
            "SIM": metrics.similarity(saliency, density, scale="minmax"),
            "KLdiv": metrics.kl_divergence(density, saliency, convention="mit"),
            "IG_centerbias": metrics.information_gain(saliency, centre, fixated, convention="mit"),
        }
        if saliency.min() < saliency.max():  # else pysaliency's 0 is documented
            found["CC"] = metrics.cc(saliency, density)
        if saliency.min() < 0:  # where MIT's divergence is no number that means anything
            del found["KLdiv"]
        for metric, value in found.items():
            tolerance = 1e-10 if metric == "KLdiv" else 1e-12
            expected = pytest.approx(mit[metric], abs=tolerance, rel=0, nan_ok=True)
            assert value == expected, (name, which, metric)


def test_values_of_mit_that_draw(arrays, pairs):
    """With the recorded draws, which are 1-based and count along columns."""
    others = np.argwhere(arrays["other_bin"].T > 0)[:, ::-1]
    ordered = np.unique(others, axis=0)
    place = [int(np.flatnonzero((ordered == each).all(1))[0]) for each in others]
    orders = np.array(place)[arrays["randperm"].astype(int) - 1]
    for name, which, _, mit in pairs:
        saliency = arrays[f"map_{name}"]
        height, width = saliency.shape
        drawn = arrays[f"randi_{which}"].T.astype(int) - 1
        drawn = drawn % height * width + drawn // height
        ranked = ranking.Ranked(
            inputs.as_map(saliency, "saliency"), np.argwhere(arrays[f"bin_{which}"])
        )

        by_borji = ranking.borji(ranked, lambda _, drawn=drawn: drawn, 20, 0.1)
        by_shuffling = ranking.shuffled(ranked, others, lambda n, _: orders[:, :n], 0.1)

        close = {"abs": 1e-12, "rel": 0, "nan_ok": True}
        assert by_borji == pytest.approx(mit["AUC_Borji_mock20"], **close), (name, which)
        assert by_shuffling == pytest.approx(mit["AUC_shuffled_mock20"], **close), (name, which)


def test_shuffled_auc_of_pysaliency(shared):
    folder = shared / "golden" / "metrics"
    arrays = np.load(folder / "inputs.npz")
    peer = json.loads((folder / "pysaliency.json").read_text())["dataset3"]
    cols, rows = peer["shuffled_nonfix_xy_image0"]
    points = np.stack([arrays["ds0_y"], arrays["ds0_x"]], 1)
    others = np.stack([rows, cols], 1)

    found = metrics.auc(arrays["ds0_map"], points, negatives=others)

    assert found == pytest.approx(peer["AUC_per_image_shuffled"][0], abs=1e-12)


def test_densities_of_scipy(arrays):
    for name in ("a", "b", "one", "u"):
        if f"fdm_{name}" in arrays:
            expected = arrays[f"fdm_{name}"]
            found = metrics.density_map(points_of(arrays, name), expected.shape, sigma=4)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_distances_of_pot(folder, arrays):
    recorded = json.loads((folder / "emd.json").read_text())
    names = [key for key in recorded if "|" in key]
    for name in names:
        first, second = (arrays[f"emd_{each}"] for each in name.split("|"))
        found = metrics.emd(first, second)
        assert found == pytest.approx(recorded[name]["EMD_exact_POT"], abs=1e-12), name
    assert len(names) == 6


def test_values_of_pysodmetrics(folder, arrays):
    recorded = json.loads((folder / "pysod.json").read_text())
    count = 0
    for key, expected in recorded.items():
        saliency, _, mask = key.partition("|")
        if f"sod_pr_{saliency}" not in arrays or f"sod_gt_{mask}" not in arrays:
            continue
        count += 1
        found = metrics.evaluate_mask(arrays[f"sod_pr_{saliency}"], arrays[f"sod_gt_{mask}"])
        f, e = found["f_measure"], found["e_measure"]
        values = {
            "MAE": found["mean_absolute_error"],
            "Sm": found["s_measure"],
            "wFm": found["weighted_f_measure"],
            "adpFm": f.adaptive,
            "meanFm": f.mean,
            "maxFm": f.max,
            "adpEm": e.adaptive,
            "meanEm": e.mean,
            "maxEm": e.max,
        }
        for metric, value in values.items():
            tolerance = 1e-3 if metric == "wFm" else 1e-12
            assert math.isclose(value, expected[metric], rel_tol=tolerance, abs_tol=1e-12), (
                key, metric,
            )  # fmt: skip
        for curve, name in ((f, "Fm_curve"), (e, "Em_curve")):
            if expected[name]:
                np.testing.assert_allclose(curve.values, expected[name], rtol=0, atol=1e-12)
    assert count >= 6
