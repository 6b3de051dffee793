"""Heat maps and element scores against NumPy."""

import numpy as np
import pytest

import fastsal
from fastsal import explain
from fastsal.explain.heatmaps import percentile_of


def reference(attribution, sign, percentile):
    if sign == "absolute":
        sums = np.abs(attribution).sum(2)
    else:
        sums = attribution.sum(2)
        sums = {"positive": np.maximum(sums, 0), "negative": np.maximum(-sums, 0)}.get(sign, sums)
    if sign == "signed":
        return np.clip(sums / np.percentile(np.abs(sums), percentile), -1, 1)
    high, low = np.percentile(sums, percentile), sums.min()
    return np.clip((sums - low) / (high - low), 0, 1)


@pytest.mark.parametrize("sign", ["absolute", "positive", "negative", "signed"])
@pytest.mark.parametrize("percentile", [99, 100, 60])
@pytest.mark.parametrize("shape", [(12, 15, 3), (300, 400, 3), (9, 8, 1), (10, 9, 7)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_heat_maps_are_those_of_numpy(rng, sign, percentile, shape, dtype):
    attribution = (rng.standard_normal(shape) ** 3).astype(dtype)
    found = explain.heatmap(attribution, sign=sign, percentile=percentile)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference(attribution.astype(float), sign, percentile),
                               rtol=0, atol=2e-6)  # fmt: skip


def test_absolute_maps_are_those_of_pair(shared):
    data = np.load(shared / "golden" / "xai" / "sinquad.npz")
    for percentile in (99, 95, 100, 50):
        found = explain.heatmap(data["pair_grad_c1"], percentile=percentile)
        np.testing.assert_allclose(found, data[f"pair_vis_gray_p{percentile}"], rtol=0, atol=1e-6)


def test_one_channel_needs_no_axis(rng):
    attribution = rng.standard_normal((20, 30))
    np.testing.assert_array_equal(
        explain.heatmap(attribution), explain.heatmap(attribution[..., None])
    )
    turned = np.asfortranarray(attribution)
    np.testing.assert_array_equal(explain.heatmap(turned), explain.heatmap(attribution))
    assert turned.flags.writeable


@pytest.mark.parametrize("value", [0.0, 2.5, -3.0])
def test_constant_maps(value):
    attribution = np.full((6, 7, 2), value)
    for sign in ("absolute", "positive", "negative"):
        np.testing.assert_array_equal(explain.heatmap(attribution, sign=sign), 0)
    np.testing.assert_array_equal(explain.heatmap(attribution, sign="signed"), np.sign(value))


def test_few_values_above_a_constant():
    attribution = np.zeros((100, 100))
    attribution[3, 4] = 1e-320
    attribution[5, 6] = 1.0
    for sign in ("absolute", "positive", "signed"):
        found = explain.heatmap(attribution, sign=sign)
        assert found.max() == found[5, 6] == 1
        assert np.count_nonzero(found) <= 2


@pytest.mark.parametrize("kind", ["normal", "zeros", "steps", "sorted", "outlier"])
@pytest.mark.parametrize("percentile", [0, 1, 50, 99, 99.9999, 100])
def test_percentiles_are_those_of_numpy(rng, kind, percentile):
    values = rng.standard_normal(200_001)
    if kind == "zeros":
        values[:150_000] = 0
    elif kind == "steps":
        values = np.round(values)
    elif kind == "sorted":
        values = np.sort(values)
    elif kind == "outlier":
        values[7] = 1e30
    assert percentile_of(values, percentile) == np.percentile(values, percentile)


@pytest.mark.parametrize(
    ("attribution", "options", "message"),
    [
        (np.zeros(5), {}, r"`attribution` must be of shape \(H, W\) or \(H, W, C\); got \(5,\)"),
        (np.zeros((0, 5)), {}, "`attribution` must have elements"),
        (np.full((3, 3, 2), np.nan), {}, "`attribution` must be finite"),
        (np.full((3, 3, 2), -np.inf), {"sign": "positive"}, "`attribution` must be finite"),
        (np.zeros((3, 3)), {"sign": "both"}, "`sign` must be 'absolute'"),
        (np.zeros((3, 3)), {"percentile": 101}, "`percentile` must be a number from 0 to 100"),
    ],
)
def test_wrong_input_is_one_line(attribution, options, message):
    with pytest.raises(ValueError, match=message) as error:
        explain.heatmap(attribution, **options)
    assert "\n" not in str(error.value)


def test_element_scores(rng):
    attribution = rng.standard_normal((4, 5, 6))
    np.testing.assert_array_equal(explain.element_scores(attribution), attribution.sum(-1))
    assert explain.element_scores([1, 2]) == 3
    with pytest.raises(fastsal.ImageError, match="`attribution` must have elements"):
        explain.element_scores(np.zeros((3, 0)))
