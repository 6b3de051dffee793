"""Every metric against its definition: dtypes, ties, extreme values, layouts, threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import set_num_threads
from reference import metrics as reference
from scipy.ndimage import gaussian_filter

from fastsal import metrics
from fastsal.kernels import threads
from fastsal.metrics._cpu import ranks

MAPS = ("uint8", "uint16", "float32", "float64", "ties", "signed", "tiny", "huge", "subnormal")
QUICK = settings(max_examples=60, deadline=None, derandomize=True)


def map_of(kind, rng, shape=(23, 31)):
    values = rng.random(shape)
    if kind == "ties":
        return np.round(values * 4)
    if kind == "signed":
        return values - 0.5
    scales = {"tiny": 1e-200, "huge": 1e300, "subnormal": 5e-322}
    if kind in scales:
        return values * scales[kind]
    dtype = np.dtype(kind)
    return (
        (values * np.iinfo(dtype).max).astype(dtype) if dtype.kind == "u" else values.astype(dtype)
    )


def points_in(shape, count, rng):
    return np.stack([rng.integers(0, length, count) for length in shape], axis=1)


def at(values, points):
    return values[points[:, 0], points[:, 1]]


@pytest.fixture(params=MAPS)
def saliency(request, rng):
    return map_of(request.param, rng)


@pytest.fixture
def points(saliency, rng):
    return points_in(saliency.shape, 40, rng)


@pytest.fixture
def positive(rng):
    return map_of("float64", rng)


def test_auc_is_that_of_all_pairs(saliency, points):
    fixated = np.zeros(saliency.shape, bool)
    fixated[tuple(points.T)] = True
    pairs = at(saliency, points), saliency.ravel()
    others = at(saliency, points[:15])

    assert metrics.auc(saliency, points) == pytest.approx(reference.auc(*pairs), abs=1e-14)
    assert metrics.auc(saliency, points) == pytest.approx(reference.auc_by_ranks(*pairs), abs=1e-14)
    assert metrics.auc(saliency, points, negatives="unfixated") == pytest.approx(
        reference.auc(pairs[0], saliency[~fixated]), abs=1e-14
    )
    assert metrics.auc(saliency, points, negatives=points[:15]) == pytest.approx(
        reference.auc(pairs[0], others), abs=1e-14
    )


@QUICK
@given(st.data())
def test_auc_by_counting_by_sorting_and_by_pairs(data):
    """Levels of 8 bits are counted, floats are put into buckets, and infinities are sorted."""
    special = [-np.inf, -1e308, -1.0, -5e-324, -0.0, 0.0, 5e-324, 0.5, 1.0, 1e308, np.inf]
    value = st.one_of(st.sampled_from(special), st.floats(-2, 2, allow_nan=False, width=32))
    kind = data.draw(st.sampled_from(["levels", "few", "any"]))
    element = {
        "levels": st.integers(0, 255).map(float),
        "few": st.sampled_from([0.1, 0.2, 0.30000000000000004, 0.3]),
        "any": value,
    }[kind]
    rows, cols = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    flat = data.draw(st.lists(element, min_size=rows * cols, max_size=rows * cols))
    saliency = np.array(flat).reshape(rows, cols)
    place = st.tuples(st.integers(0, rows - 1), st.integers(0, cols - 1))
    points = np.array(data.draw(st.lists(place, min_size=1, max_size=12)))

    expected = reference.auc(at(saliency, points), saliency.ravel())

    assert metrics.auc(saliency, points) == pytest.approx(expected, abs=1e-14)
    if kind == "levels":
        assert metrics.auc(saliency.astype(np.uint8), points) == metrics.auc(saliency, points)
    below, equal, missing = ranks.ranks(saliency.ravel(), np.unique(at(saliency, points)))
    by_sort = ranks._ranks_by_sort(saliency.ravel(), np.unique(at(saliency, points)))
    np.testing.assert_array_equal(below, by_sort[0])
    np.testing.assert_array_equal(equal, by_sort[1])
    assert missing == by_sort[2] == 0


@pytest.mark.parametrize("spread", [1e-300, 1e-9, 1, 1e9, 1e290])
def test_ranks_where_values_are_close_to_edges_of_buckets(rng, spread):
    """Neighbours one bit apart from a value fall on the correct side with any rounding."""
    values = np.unique((1 + np.arange(64)) * spread / 7)
    around = [values, np.nextafter(values, -np.inf), np.nextafter(values, np.inf)]
    pixels = np.concatenate([*around, rng.random(500) * 10 * spread])

    below, equal, missing = ranks.ranks(pixels, values)
    expected = ranks._ranks_by_sort(pixels, values)

    np.testing.assert_array_equal(below, expected[0])
    np.testing.assert_array_equal(equal, expected[1])
    assert missing == 0


def test_auc_judd_without_jitter(saliency, points):
    pixels = np.unique(points, axis=0)
    expected = reference.auc_judd(saliency, pixels)
    assert metrics.auc_judd(saliency, points) == pytest.approx(expected, abs=1e-12)


def test_jitter_breaks_ties_and_follows_its_seed(rng):
    saliency, points = np.zeros((20, 30)), points_in((20, 30), 9, rng)

    first = metrics.auc_judd(saliency, points, jitter=1e-7, seed=1)

    assert np.isnan(metrics.auc_judd(saliency, points))
    assert 0 < first < 1
    assert first == metrics.auc_judd(saliency, points, jitter=1e-7, seed=1)
    assert first != metrics.auc_judd(saliency, points, jitter=1e-7, seed=2)


def test_sampled_areas(saliency, points, rng):
    """With the draws that the documented generators make."""
    scaled = reference.minmax(usual(saliency)).ravel()
    pixels = np.unique(points, axis=0)
    positives = at(scaled.reshape(saliency.shape), pixels)
    drawn = np.random.default_rng(5).integers(0, saliency.size, (20, len(pixels)))
    other = np.unique(points_in(saliency.shape, 25, rng), axis=0)
    generator, values = np.random.default_rng(6), at(scaled.reshape(saliency.shape), other)
    count = min(len(pixels), len(other))
    draws = [values[generator.permutation(len(other))[:count]] for _ in range(20)]

    borji = metrics.auc_borji(saliency, points, splits=20, seed=5)
    shuffled = metrics.auc_shuffled(saliency, points, other, splits=20, step=0.05, seed=6)

    expected = reference.sampled_auc(positives, scaled[drawn], 0.1)
    assert borji == pytest.approx(expected, abs=1e-12)
    expected = reference.sampled_auc(positives, np.array(draws), 0.05)
    assert shuffled == pytest.approx(expected, abs=1e-12)


def usual(saliency):
    """Return a map in float64, of a magnitude that NumPy's sums of squares bear."""
    values = saliency.astype(np.float64)
    peak = np.abs(values).max()
    return values / peak if not 1e-100 < peak < 1e100 else values


def test_nss_and_cc(saliency, points, positive):
    for ddof in (0, 1):
        expected = reference.nss(usual(saliency), points, ddof)
        assert metrics.nss(saliency, points, ddof=ddof) == pytest.approx(expected, abs=1e-12)
    expected = reference.cc(usual(saliency), positive)
    assert metrics.cc(saliency, positive) == pytest.approx(expected, abs=1e-12)
    assert metrics.cc(positive, saliency) == pytest.approx(expected, abs=1e-12)
    assert metrics.cc(saliency, saliency) == pytest.approx(1, abs=1e-12)


def test_similarity_divergence_and_gain(saliency, points, positive):
    values = usual(saliency)
    close = {"abs": 1e-10}

    assert metrics.similarity(saliency, positive) == pytest.approx(
        reference.similarity(values, positive), abs=1e-12
    )
    assert metrics.similarity(saliency, positive, scale="minmax") == pytest.approx(
        reference.similarity(reference.minmax(values), reference.minmax(positive)), abs=1e-12
    )
    assert metrics.kl_divergence(positive, saliency) == pytest.approx(
        reference.kl_divergence(positive, values), **close
    )
    assert metrics.kl_divergence(saliency, positive) == pytest.approx(
        reference.kl_divergence(values, positive), **close
    )
    density = reference.density_of(values)
    if (at(density, points) > 0).all():
        expected = reference.information_gain(values, positive, points)
        assert metrics.information_gain(saliency, positive, points) == pytest.approx(
            expected, **close
        )


@pytest.mark.parametrize("offset", [0, 1, 1e6, -1e6])
def test_large_offsets_lose_no_digits(rng, offset):
    """The values are exact in float64, so the definition is exact too."""
    steps = rng.integers(0, 1024, (90, 100)).astype(np.float64) / 1024
    points = points_in(steps.shape, 20, rng)
    expected = metrics.nss(steps, points)
    outlier = steps + offset
    outlier[0, :4] += 2.0**30

    # A mean is rounded to a bit of the offset.
    tolerance = 1e-12 + 1e-15 * abs(offset)
    assert metrics.nss(steps + offset, points) == pytest.approx(expected, abs=tolerance)
    assert metrics.cc(steps + offset, steps) == pytest.approx(1, abs=1e-12)
    assert metrics.nss(outlier, points) == pytest.approx(reference.nss(outlier, points), rel=1e-10)


def test_maps_of_any_layout(rng):
    wide = rng.random((40, 60))
    points = points_in((20, 20), 12, rng)
    strided, expected = wide[::2, ::-3], np.ascontiguousarray(wide[::2, ::-3])
    swapped = expected.astype(">f8")
    density = metrics.density_map(points, (20, 20), sigma=2)

    for value in (strided, expected.T.copy().T, swapped, expected.tolist()):
        assert metrics.evaluate(value, points, density=density) == metrics.evaluate(
            expected, points, density=density
        )


@pytest.mark.parametrize("mode", ["reflect", "nearest", "constant", "mirror", "wrap"])
@pytest.mark.parametrize("sigma", [0.1, 1.3, 9])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (17, 5), (40, 33)])
def test_densities_are_those_of_scipy(rng, shape, sigma, mode):
    for count in (1, 3, 200):
        points = points_in(shape, count, rng)
        counts = np.zeros(shape)
        np.add.at(counts, tuple(points.T), 1)
        expected = gaussian_filter(counts, sigma, mode=mode)

        found = metrics.density_map(points + 0.75, shape, sigma=sigma, mode=mode)

        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(1, expected.max()))


def test_corners_of_a_density():
    shape = (30, 40)
    for row in (0, 29):
        for col in (0, 39):
            counts = np.zeros(shape)
            counts[row, col] = 1
            found = metrics.density_map([(row, col)], shape, sigma=6, mode="nearest")
            np.testing.assert_allclose(
                found, gaussian_filter(counts, 6, mode="nearest"), atol=1e-13
            )


MASKS = ("blob", "noise", "pixel", "corner", "row", "empty", "full")


def mask_of(kind, shape, rng):
    mask = np.zeros(shape, bool)
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    if kind == "blob":
        mask |= ((rows - 9) / 6) ** 2 + ((cols - 14) / 9) ** 2 < 1
    if kind == "noise":
        mask |= rng.random(shape) < 0.3
    if kind == "pixel":
        mask[7, 20] = True
    if kind == "corner":
        mask[-1, -1] = True
    if kind == "row":
        mask[4] = True
    return mask | (kind == "full")


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64", "ties", "binary"])
@pytest.mark.parametrize("which", MASKS)
def test_metrics_of_masks(rng, which, kind):
    shape = (23, 31)
    mask = mask_of(which, shape, rng)
    saliency = rng.random(shape) > 0.5 if kind == "binary" else map_of(kind, rng)
    values = saliency / 255 if saliency.dtype == np.uint8 else saliency.astype(np.float64)
    values = (values - values.min()) / (values.max() - values.min())

    found = metrics.evaluate_mask(saliency, mask)

    assert found["mean_absolute_error"] == pytest.approx(np.abs(values - mask).mean(), abs=1e-12)
    curves = {
        "f_measure": (reference.f_measures, reference.f_measure),
        "e_measure": (reference.e_measures, reference.e_measure),
    }
    for name, (curve, single) in curves.items():
        expected = curve(values, mask)
        np.testing.assert_allclose(found[name].values, expected, rtol=0, atol=1e-12)
        assert found[name].mean == pytest.approx(expected.mean(), abs=1e-12)
        assert found[name].max == expected.max().__class__(found[name].values.max())
        adaptive = single(values >= min(2 * values.mean(), 1), mask)
        assert found[name].adaptive == pytest.approx(adaptive, abs=1e-12)
    expected = reference.s_measure(values, mask)
    assert found["s_measure"] == pytest.approx(expected, abs=1e-10)
    expected = reference.weighted_f_measure(values, mask)
    assert found["weighted_f_measure"] == pytest.approx(expected, abs=1e-12)


def test_nearest_pixels_of_large_masks(rng):
    """Distances and choices among pixels as near: as SciPy's transform, beyond a window too."""
    from scipy.ndimage import convolve, distance_transform_edt

    mask = rng.random((150, 330)) < 0.0005
    mask[40:60, 100:140] = True
    saliency = rng.random(mask.shape)
    saliency.flat[:2] = 0, 1
    distance, (rows, cols) = distance_transform_edt(~mask, return_indices=True)
    error = np.abs(saliency - mask)
    near = np.where(mask, error, error[rows, cols])
    line = np.exp(-(np.arange(-3, 4) ** 2) / 50)
    window = np.outer(line, line) / line.sum() ** 2
    average = convolve(near, window, mode="constant")
    weight = np.where(mask, 1, 2 - np.exp(np.log(0.5) / 5 * distance))
    least = np.where(mask & (average < error), average, error) * weight
    hits, wrong = mask.sum() - least[mask].sum(), least[~mask].sum()
    recall, precision = 1 - least[mask].mean(), hits / (hits + wrong)

    found = metrics.weighted_f_measure(saliency, mask)

    assert found == pytest.approx(2 * recall * precision / (recall + precision), abs=1e-10)


def scores_of(saliency, points, density, mask):
    scores = metrics.evaluate(
        saliency, points, density=density, other=points[::3], baseline=density
    )
    curves = metrics.evaluate_mask(saliency, mask)
    blurred = metrics.density_map(points, saliency.shape, sigma=20)
    return [*scores.values(), *(np.array(value).tobytes() for value in (
        curves["f_measure"].values, curves["e_measure"].values, curves["s_measure"],
        curves["weighted_f_measure"], curves["mean_absolute_error"], blurred,
    ))]  # fmt: skip


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_bits_do_not_depend_on_threads(rng, dtype):
    saliency = map_of(dtype, rng, (411, 523))
    points = points_in(saliency.shape, 77, rng)
    density, mask = gaussian_filter(rng.random(saliency.shape), 9), saliency > saliency.mean()
    all_threads = threads.count()
    try:
        found = []
        for count in (all_threads, 1):
            set_num_threads(count)
            found.append(scores_of(saliency, points, density, mask))
    finally:
        set_num_threads(all_threads)
    assert found[0] == found[1]


def test_large_maps_agree_with_the_definition(rng):
    """Their number of pixels is large enough for all threads."""
    saliency = map_of("float32", rng, (301, 404))
    points = points_in(saliency.shape, 50, rng)
    density = metrics.density_map(points, saliency.shape, sigma=12)
    found = metrics.evaluate(saliency, points, density=density, baseline=density)

    pairs = at(saliency, points), saliency.ravel()
    assert found["auc"] == pytest.approx(reference.auc_by_ranks(*pairs), abs=1e-12)
    assert found["nss"] == pytest.approx(reference.nss(saliency, points), abs=1e-12)
    assert found["cc"] == pytest.approx(reference.cc(saliency, density), abs=1e-12)
    assert found["similarity"] == pytest.approx(reference.similarity(saliency, density), abs=1e-12)
    expected = reference.kl_divergence(density, saliency)
    assert found["kl_divergence"] == pytest.approx(expected, abs=1e-10)
    expected = reference.information_gain(saliency, density, points)
    assert found["information_gain"] == pytest.approx(expected, abs=1e-10)
    levels = np.round(saliency * 255).astype(np.uint8)
    pairs = at(levels, points), levels.ravel()
    assert metrics.auc(levels, points) == pytest.approx(reference.auc_by_ranks(*pairs), abs=1e-12)


def test_emd_of_shifted_mass():
    a, b = np.zeros((2, 9, 12))
    a[2, 3], b[5, 7] = 4, 9

    assert metrics.emd(a, b) == pytest.approx(5, abs=1e-9)
    assert metrics.emd(a, a) == 0
    whole = metrics.emd(np.kron(a, np.ones((20, 20))), np.kron(b, np.ones((20, 20))), grid=(9, 12))
    assert whole == pytest.approx(5, abs=1e-9)


def test_emd_over_cells_that_end_within_pixels(rng):
    """Mass is kept, and moving all of it by one row costs a row."""
    a = np.zeros((10, 7))
    a[0] = rng.random(7)
    found = metrics.emd(a, a[::-1], grid=(4, 3))
    assert found == pytest.approx(3, abs=1e-9)
