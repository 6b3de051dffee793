"""Documented results of special maps, fixations and masks, and refusals of bad input."""

import math
import warnings

import numpy as np
import pytest

from fastsal import ImageError, metrics

POINTS = np.array([[1, 2], [3, 4], [3, 4]])
SHAPE = (6, 8)
NAN = pytest.approx(math.nan, nan_ok=True)


@pytest.fixture
def density(rng):
    return rng.random(SHAPE) + 0.1


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -2.5, 1e300, 5e-324, 7])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_constant_maps(density, value, dtype):
    with np.errstate(all="ignore"):
        constant = np.full(SHAPE, value).astype(dtype)
    if not np.isfinite(constant).all() or (dtype == "uint8" and value < 0):
        return
    uniform = np.ones(SHAPE)

    assert metrics.auc(constant, POINTS) == 0.5
    assert metrics.auc(constant, POINTS, negatives="unfixated") == 0.5
    assert metrics.auc(constant, POINTS, negatives=[(0, 0)]) == 0.5
    assert metrics.auc_judd(constant, POINTS) == NAN
    assert metrics.auc_judd(constant, POINTS, convention="pysaliency") == 0.5
    assert metrics.auc_borji(constant, POINTS) == NAN
    assert metrics.auc_shuffled(constant, POINTS, [(0, 0)]) == NAN
    assert metrics.nss(constant, POINTS) == 0
    assert metrics.nss(constant, POINTS, ddof="mit") == NAN
    assert metrics.cc(constant, density) == 0
    assert metrics.cc(density, constant) == NAN
    assert metrics.cc(constant, constant) == NAN
    expected = metrics.similarity(uniform, density)
    assert metrics.similarity(constant, density) == pytest.approx(expected, abs=1e-12)
    zero = not constant.any()
    assert metrics.similarity(constant, density, scale="minmax") == (0 if zero else NAN)
    for convention in ("pysaliency", "pysaliency-mit", "mit"):
        found = metrics.kl_divergence(density, constant, convention=convention)
        expected = metrics.kl_divergence(density, uniform, convention=convention)
        if zero and convention == "mit":
            assert 20 < found < 40
            assert metrics.kl_divergence(constant, density, convention=convention) == 0
        else:
            assert found == pytest.approx(expected, abs=1e-10)
    assert metrics.information_gain(constant, None, POINTS) == pytest.approx(0, abs=1e-12)
    assert metrics.information_gain(constant, density, POINTS, convention="mit") == NAN
    assert metrics.emd(constant, uniform) == pytest.approx(0, abs=1e-12)


def test_one_pixel():
    one = np.ones((1, 1))
    assert metrics.auc(one, [(0, 0)]) == 0.5
    assert metrics.auc(one, [(0, 0)], negatives="unfixated") == NAN
    assert metrics.nss(one, [(0, 0)]) == 0
    assert metrics.nss(one, [(0, 0)], ddof=1) == NAN
    assert metrics.similarity(one, one) == 1
    assert metrics.kl_divergence(one, one) == 0
    assert metrics.emd(one, one) == 0
    found = metrics.evaluate_mask(one, one.astype(bool))
    assert found["mean_absolute_error"] == 0
    assert found["s_measure"] == 1


def test_no_fixation_one_fixation_all_fixated(rng, density):
    saliency, nothing = rng.random(SHAPE), np.empty((0, 2))
    everything = np.ones(SHAPE, bool)

    for function in (
        metrics.auc, metrics.auc_judd, metrics.auc_borji, metrics.nss,
        lambda a, b: metrics.information_gain(a, None, b),
        lambda a, b: metrics.auc_shuffled(a, b, POINTS),
        lambda a, b: metrics.auc(a, POINTS, negatives=b),
    ):  # fmt: skip
        assert function(saliency, nothing) == NAN
        assert function(saliency, np.zeros(SHAPE, bool)) == NAN
    assert not metrics.density_map([], SHAPE, sigma=2).any()
    best = np.unravel_index(saliency.argmax(), SHAPE)
    assert metrics.auc(saliency, [best]) == 1 - 0.5 / saliency.size
    assert metrics.auc_judd(saliency, [best]) == pytest.approx(1)
    assert metrics.auc_borji(saliency, [best]) == NAN
    assert metrics.auc(saliency, everything) == 0.5
    assert metrics.auc(saliency, everything, negatives="unfixated") == NAN
    assert metrics.auc_judd(saliency, everything) == NAN
    assert metrics.nss(saliency, everything) == pytest.approx(0, abs=1e-12)


def test_duplicates_and_fractions_of_pixels(rng):
    saliency = rng.random(SHAPE)
    assert metrics.nss(saliency, POINTS + 0.999) == metrics.nss(saliency, POINTS)
    values = saliency[tuple(POINTS.T)]
    expected = (values.mean() - saliency.mean()) / saliency.std()
    assert metrics.nss(saliency, POINTS) == pytest.approx(expected, abs=1e-12)
    fixated = np.zeros(SHAPE, bool)
    fixated[tuple(POINTS.T)] = True
    assert metrics.nss(saliency, fixated) == metrics.nss(saliency, POINTS[:2])
    assert metrics.auc_judd(saliency, POINTS) == metrics.auc_judd(saliency, fixated)


@pytest.mark.parametrize("outside", [(-1, 0), (-0.5, 3), (6, 0), (2, 8.0), (np.inf, 1), (0, -9e18)])
def test_fixations_outside_are_dropped_and_counted(rng, outside):
    saliency = rng.random(SHAPE)
    points = [*POINTS.tolist(), outside]
    text = "1 of 4 fixations lie outside"

    with pytest.warns(UserWarning, match=text):
        assert metrics.nss(saliency, points) == metrics.nss(saliency, POINTS)
    with pytest.warns(UserWarning, match=text):
        metrics.density_map(points, SHAPE, sigma=1)
    with pytest.warns(UserWarning, match=text):
        metrics.evaluate(saliency, points)
    for call in (
        lambda: metrics.auc(saliency, points, strict=True),
        lambda: metrics.density_map(points, SHAPE, sigma=1, strict=True),
        lambda: metrics.evaluate(saliency, points, strict=True),
    ):
        with pytest.raises(ImageError, match=f"`fixations` must lie inside the map; {text}"):
            call()


def test_negative_maps_are_shifted(rng, density):
    signed = rng.random(SHAPE) - 0.5
    shifted = signed - signed.min()
    for scale in ("sum", "minmax"):
        expected = metrics.similarity(shifted, density, scale=scale)
        assert metrics.similarity(signed, density, scale=scale) == pytest.approx(expected)
    for convention in ("pysaliency", "mit", "pysaliency-mit"):
        found = metrics.kl_divergence(density, signed, convention=convention)
        expected = metrics.kl_divergence(density, shifted, convention=convention)
        assert found == pytest.approx(expected, abs=1e-12)


def test_a_peak_above_a_large_negative_level(density):
    """The mean of the map rounds to its minimum."""
    saliency = np.full(SHAPE, -1.0)
    saliency[2, 2] = np.nextafter(-1.0, 0)
    peak = np.zeros(SHAPE)
    peak[2, 2] = 1
    assert metrics.similarity(saliency, density) == pytest.approx(
        metrics.similarity(peak, density), abs=1e-12
    )
    assert metrics.information_gain(saliency, None, [(2, 2)]) == pytest.approx(np.log2(48))


def test_a_density_of_zero_where_people_looked():
    saliency = np.zeros(SHAPE)
    saliency[0, 0] = 1
    assert metrics.information_gain(saliency, None, POINTS) == -math.inf
    assert metrics.information_gain(saliency, saliency, POINTS) == NAN


def test_names_of_conventions(rng, density):
    saliency = rng.random(SHAPE)
    assert metrics.nss(saliency, POINTS, ddof="mit") == metrics.nss(saliency, POINTS, ddof=1)
    assert metrics.nss(saliency, POINTS, ddof="pysaliency") == metrics.nss(saliency, POINTS)
    for name, scale in (("mit", "minmax"), ("pysaliency", "sum")):
        assert metrics.similarity(saliency, density, scale=name) == metrics.similarity(
            saliency, density, scale=scale
        )


def test_infinities_are_for_ranks_only(density):
    saliency = density.copy()
    saliency[0, 0], saliency[1, 2] = -np.inf, np.inf
    assert metrics.auc(saliency, [(1, 2)]) == 1 - 0.5 / saliency.size
    assert metrics.auc(saliency, [(0, 0)]) == 0.5 / saliency.size
    message = r"must hold finite values only; got -inf at row 0, column 0"
    for call in (
        lambda: metrics.nss(saliency, POINTS),
        lambda: metrics.cc(saliency, density),
        lambda: metrics.cc(density, saliency),
        lambda: metrics.similarity(saliency, density),
        lambda: metrics.kl_divergence(density, saliency),
        lambda: metrics.kl_divergence(saliency, density),
        lambda: metrics.information_gain(saliency, None, POINTS),
        lambda: metrics.information_gain(density, saliency, POINTS),
        lambda: metrics.auc_borji(saliency, POINTS),
        lambda: metrics.auc_shuffled(saliency, POINTS, POINTS),
        lambda: metrics.emd(saliency, density),
        lambda: metrics.evaluate(saliency, POINTS),
        lambda: metrics.evaluate_mask(saliency, density > 0.5),
    ):
        with pytest.raises(ImageError, match=message):
            call()


@pytest.mark.parametrize("place", [(0, 0), (1, 2), (5, 7)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_is_refused(density, dtype, place):
    saliency = density.astype(dtype)
    saliency[place] = np.nan
    message = f"got nan at row {place[0]}, column {place[1]}"
    for call in (
        lambda: metrics.auc(saliency, POINTS),
        lambda: metrics.auc(saliency, POINTS, negatives="unfixated"),
        lambda: metrics.auc_judd(saliency, POINTS),
        lambda: metrics.auc_judd(saliency, POINTS, convention="pysaliency"),
        lambda: metrics.auc_judd(saliency, POINTS, jitter=1),
        lambda: metrics.auc_borji(saliency, POINTS),
        lambda: metrics.auc_shuffled(saliency, POINTS, POINTS),
        lambda: metrics.nss(saliency, POINTS),
        lambda: metrics.cc(saliency, density),
        lambda: metrics.cc(density, saliency),
        lambda: metrics.similarity(density, saliency),
        lambda: metrics.kl_divergence(saliency, density),
        lambda: metrics.kl_divergence(density, saliency, convention="mit"),
        lambda: metrics.information_gain(saliency, None, POINTS),
        lambda: metrics.information_gain(density, saliency, POINTS),
        lambda: metrics.emd(density, saliency),
        lambda: metrics.evaluate(saliency, POINTS, metrics=["auc"]),
        lambda: metrics.evaluate(density, POINTS, density=saliency),
        lambda: metrics.evaluate_mask(saliency, density > 0.5),
        lambda: metrics.mean_absolute_error(saliency, density > 0.5),
    ):
        with pytest.raises(ImageError, match=message):
            call()


def test_nan_at_a_fixation_of_another_image(density):
    density[1, 2] = np.nan
    with pytest.raises(ImageError, match="NaN"):
        metrics.auc(density, POINTS, negatives=[(0, 0)])


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((2, 3, 3)), np.zeros(4), np.zeros((0, 4)), np.zeros((2, 2), complex),
        np.zeros((2, 2), "longdouble"), np.array([["a"]]), None, "map.png", 3.0,
    ],
)  # fmt: skip
def test_what_is_no_map(value, density):
    for call in (
        lambda: metrics.auc(value, POINTS),
        lambda: metrics.cc(value, density),
        lambda: metrics.kl_divergence(density, value),
        lambda: metrics.evaluate(value, POINTS),
        lambda: metrics.s_measure(value, density > 0.5),
    ):
        with pytest.raises(ImageError) as caught:
            call()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "value", [[1, 2], [[1, 2, 3]], [["a", "b"]], [[np.nan, 1]], np.zeros((3, 2), complex), 5, None]
)
def test_what_is_no_fixation(value, density):
    for call in (
        lambda: metrics.auc(density, value),
        lambda: metrics.nss(density, value),
        lambda: metrics.density_map(value, SHAPE, sigma=1),
        lambda: metrics.auc_shuffled(density, POINTS, value),
    ):
        with pytest.raises(ImageError, match=r"`(fixations|other)`|expected (fixations|other)"):
            call()


def test_what_is_no_mask(density):
    for mask, text in (
        (density, "got float64"),
        ((density > 0.5).astype(np.uint8), "got values up to 1"),
        (np.zeros((2, 2, 1), bool), r"got \(2, 2, 1\)"),
        ((density > 0.5).astype(np.int64), "got int64"),
    ):
        with pytest.raises(ImageError, match=f"`mask` must be .*{text}"):
            metrics.evaluate_mask(density, mask)


def test_masks_of_bytes(density):
    mask = np.array([[0, 128, 129, 255]], np.uint8)
    saliency = np.array([[0.0, 0.0, 1.0, 1.0]])
    assert metrics.mean_absolute_error(saliency, mask) == 0


def test_constant_maps_against_masks():
    mask = np.zeros(SHAPE, bool)
    mask[1:3, 2:5] = True
    fraction = mask.mean()
    for saliency, value in (
        (np.full(SHAPE, 51, np.uint8), 0.2), (np.full(SHAPE, 0.2), 0.2),
        (np.full(SHAPE, -3.0), 0), (np.full(SHAPE, 9.0), 1),
    ):  # fmt: skip
        expected = fraction * (1 - value) + (1 - fraction) * value
        assert metrics.mean_absolute_error(saliency, mask) == pytest.approx(expected)


@pytest.mark.parametrize("value", [0, 3.5])
def test_empty_and_full_masks(value, rng):
    saliency = rng.random(SHAPE) + value
    scaled = (saliency - saliency.min()) / (saliency.max() - saliency.min())
    empty = metrics.evaluate_mask(saliency, np.zeros(SHAPE, bool))
    full = metrics.evaluate_mask(saliency, np.ones(SHAPE, bool))
    assert empty["mean_absolute_error"] == pytest.approx(scaled.mean())
    assert empty["s_measure"] == pytest.approx(1 - scaled.mean())
    assert full["s_measure"] == pytest.approx(scaled.mean())
    assert empty["f_measure"].max == empty["weighted_f_measure"] == 0
    assert full["f_measure"].values[-1] == 1


def test_sizes_that_differ(rng):
    saliency, large = rng.random((6, 8)), rng.random((12, 16))
    mask = large > 0.5
    for call in (
        lambda **options: metrics.cc(saliency, large, **options),
        lambda **options: metrics.similarity(saliency, large, **options),
        lambda **options: metrics.kl_divergence(large, saliency, **options),
        lambda **options: metrics.emd(saliency, large, **options),
        lambda **options: metrics.nss(saliency, mask, **options),
        lambda **options: metrics.auc(saliency, mask, **options),
        lambda **options: metrics.s_measure(saliency, mask, **options),
        lambda **options: metrics.information_gain(saliency, large, POINTS, **options),
        lambda **options: metrics.evaluate(saliency, POINTS, density=large, **options)["cc"],
        lambda **options: metrics.evaluate(saliency, mask, density=large, **options)["cc"],
        lambda **options: metrics.evaluate(saliency, POINTS, baseline=large, **options)["auc"],
        lambda **options: metrics.evaluate_mask(saliency, mask, **options)["s_measure"],
    ):
        with pytest.raises(ImageError, match="pass resize=True"):
            call()
        assert np.isfinite(call(resize=True))


def test_resizing_is_that_of_pysaliency(rng):
    from scipy.ndimage import zoom

    saliency, large = rng.random((6, 8)), rng.random((13, 15))
    expected = zoom(saliency, [13 / 6, 15 / 8], order=1, mode="nearest")
    assert metrics.cc(saliency, large, resize=True) == metrics.cc(expected, large)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda a: metrics.auc(a, POINTS, negatives="others"), "`negatives` must be 'all' or"),
        (lambda a: metrics.auc_judd(a, POINTS, jitter=-1), "`jitter` must be"),
        (lambda a: metrics.auc_judd(a, POINTS, seed=-1), "`seed` must be"),
        (lambda a: metrics.auc_judd(a, POINTS, convention="x"), "`convention` must be"),
        (lambda a: metrics.auc_borji(a, POINTS, splits=0), "`splits` must be"),
        (lambda a: metrics.auc_borji(a, POINTS, step=0), "`step` must be"),
        (lambda a: metrics.auc_shuffled(a, POINTS, POINTS, step=2), "`step` must be"),
        (lambda a: metrics.nss(a, POINTS, ddof=2), "`ddof` must be 0, 1, 'pysaliency' or 'mit'"),
        (lambda a: metrics.nss(a, POINTS, ddof=True), "`ddof` must be"),
        (lambda a: metrics.similarity(a, a, scale="max"), "`scale` must be"),
        (lambda a: metrics.kl_divergence(a, a, convention=None), "`convention` must be"),
        (lambda a: metrics.information_gain(a, a, POINTS, convention=0), "`convention` must be"),
        (lambda a: metrics.emd(a, a, grid=(7, 1)), "`grid` must have at most 6 rows"),
        (lambda a: metrics.emd(a, a, grid=5), "`grid` must be two integers"),
        (lambda a: metrics.density_map(POINTS, (6,), sigma=1), "`shape` must be two integers"),
        (lambda a: metrics.density_map(POINTS, SHAPE, sigma=0), "`sigma` must be a number above 0"),
        (lambda a: metrics.density_map(POINTS, SHAPE, sigma=1, mode="edge"), "`mode` must be"),
        (lambda a: metrics.f_measure(a, a > 0.5, beta2=0), "`beta2` must be a number above 0"),
        (lambda a: metrics.weighted_f_measure(a, a > 0.5, beta2="1"), "`beta2` must be"),
        (lambda a: metrics.evaluate(a, POINTS, metrics=["auc", "mae"]), "`metrics` must be"),
        (lambda a: metrics.evaluate(a, POINTS, metrics="auc"), "`metrics` must be a list"),
        (lambda a: metrics.evaluate(a, POINTS, metrics=["cc"]), "`density` must be given"),
        (lambda a: metrics.evaluate(a, None, metrics=["auc"]), "`fixations` must be given"),
        (lambda a: metrics.evaluate_mask(a, a > 0.5, metrics=["auc"]), "`metrics` must be"),
    ],
)
def test_wrong_options(call, text, density):
    with pytest.raises(ValueError, match=text) as caught:
        call(density)
    assert "\n" not in str(caught.value)


def test_arrays_on_a_device_are_refused(density):
    class OnDevice:
        @property
        def __cuda_array_interface__(self):
            return {"shape": SHAPE, "typestr": "<f8", "data": (1, True), "version": 3}

    for call in (
        lambda: metrics.auc(OnDevice(), POINTS),
        lambda: metrics.auc(density, OnDevice()),
        lambda: metrics.evaluate_mask(density, OnDevice()),
    ):
        with pytest.raises(
            ImageError, match="must be in host memory, since metrics run on the CPU"
        ):
            call()


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_evaluate_gives_what_the_functions_give(rng, density, dtype):
    saliency = (rng.random(SHAPE) * 200).astype(dtype)
    other = [(0, 0), (5, 5), (2, 2)]
    names = [
        "auc", "auc_judd", "auc_borji", "auc_shuffled", "sauc", "nss", "cc", "similarity",
        "kl_divergence", "information_gain", "emd",
    ]  # fmt: skip
    maps = {"density": density, "other": other, "baseline": density}

    found = metrics.evaluate(saliency, POINTS, **maps, metrics=names)

    assert list(found) == names
    assert found == {
        "auc": metrics.auc(saliency, POINTS),
        "auc_judd": metrics.auc_judd(saliency, POINTS),
        "auc_borji": metrics.auc_borji(saliency, POINTS),
        "auc_shuffled": metrics.auc_shuffled(saliency, POINTS, other),
        "sauc": metrics.auc(saliency, POINTS, negatives=other),
        "nss": metrics.nss(saliency, POINTS),
        "cc": metrics.cc(saliency, density),
        "similarity": metrics.similarity(saliency, density),
        "kl_divergence": metrics.kl_divergence(density, saliency),
        "information_gain": metrics.information_gain(saliency, density, POINTS),
        "emd": metrics.emd(saliency, density),
    }
    assert list(metrics.evaluate(saliency, POINTS)) == ["auc", "auc_judd", "nss"]
    assert list(metrics.evaluate(saliency, None, density=density)) == [
        "cc", "similarity", "kl_divergence",
    ]  # fmt: skip
    assert all(type(value) is float for value in found.values())


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_evaluate_mask_gives_what_the_functions_give(rng, dtype):
    saliency = (rng.random(SHAPE) * 200).astype(dtype)
    mask = rng.random(SHAPE) > 0.6

    found = metrics.evaluate_mask(saliency, mask)

    for name, value in found.items():
        expected = getattr(metrics, name)(saliency, mask)
        if isinstance(value, metrics.Curve):
            np.testing.assert_array_equal(value.values, expected.values)
            assert value[1:] == expected[1:]
        else:
            assert type(value) is float
            assert value == expected
    assert list(metrics.evaluate_mask(saliency, mask, metrics=["s_measure"])) == ["s_measure"]


def test_maps_of_booleans_and_integers(rng):
    saliency = rng.integers(0, 2, SHAPE).astype(bool)
    for dtype in ("int64", "int8", "float16", "uint32"):
        found = metrics.evaluate(saliency.astype(dtype), POINTS)
        assert found == pytest.approx(metrics.evaluate(saliency, POINTS), abs=1e-12)


def test_the_callers_arrays_stay_as_they_are(rng, density):
    saliency, before = density.copy(), density.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics.evaluate(saliency, POINTS, density=saliency, baseline=saliency)
        metrics.evaluate_mask(saliency, saliency > 0.5)
        metrics.auc_judd(saliency, POINTS, jitter=1)
    np.testing.assert_array_equal(saliency, before)
    assert saliency.flags.writeable
