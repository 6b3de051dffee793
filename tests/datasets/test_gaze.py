"""Fixations from gaze: simulated recordings, and the definitions applied sample by sample."""

import numpy as np
import pytest
from gaze_samples import GEOMETRY, pixels_of, recording
from reference import gaze as reference

from fastsal.datasets import fixations_from_gaze, gaze

DEGREE = 42  # pixels at the centre of the simulated screen, about
# Parts of "i-dt" below its shortest duration are lost where drift and the end of a saccade
# together exceed the dispersion.
EXACTNESS = {"i-vt": 25, "i-dt": 100}  # ms


def assert_found(made, found, *, milliseconds, degrees=0.3):
    assert len(found) == len(made.fixations)
    np.testing.assert_allclose(found[:, :2], made.fixations[:, :2], atol=degrees * DEGREE)
    ends, expected = found[:, 2:].sum(1), made.fixations[:, 2:].sum(1)
    np.testing.assert_allclose(found[:, 2], made.fixations[:, 2], atol=milliseconds)
    np.testing.assert_allclose(ends, expected, atol=milliseconds)


@pytest.mark.parametrize("method", ["i-vt", "i-dt"])
@pytest.mark.parametrize("rate", [500, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_simulated_fixations_are_found(rate, method, seed):
    made = recording(np.random.default_rng(seed), rate=rate)

    found = fixations_from_gaze(made.times, made.points, method=method, **GEOMETRY)

    assert_found(made, found, milliseconds=EXACTNESS[method])


@pytest.mark.parametrize("rate", [500, 1000])
def test_noise_of_a_tenth_of_a_degree(rate, rng):
    made = recording(rng, rate=rate, noise=0.1)

    found = fixations_from_gaze(made.times, made.points, **GEOMETRY)

    assert_found(made, found, milliseconds=30)


@pytest.mark.parametrize("method", ["i-vt", "i-dt"])
@pytest.mark.parametrize("rate", [500, 1000])
def test_blinks_end_fixations(rate, method, rng):
    made = recording(rng, rate=rate, blinks=True)
    assert np.isnan(made.points).any()

    found = fixations_from_gaze(made.times, made.points, method=method, **GEOMETRY)

    assert_found(made, found, milliseconds=EXACTNESS[method])


@pytest.mark.parametrize("method", ["i-vt", "i-dt"])
def test_short_losses_do_not_end_fixations(method, rng):
    made = recording(rng, rate=1000, dropouts=True)
    assert np.isnan(made.points).any()

    found = fixations_from_gaze(made.times, made.points, method=method, **GEOMETRY)

    assert_found(made, found, milliseconds=EXACTNESS[method])


def test_losses_longer_than_allowed_end_fixations():
    times = np.arange(0.0, 600, 2)
    points = np.full((300, 2), 500.0)
    points[(times >= 250) & (times < 320)] = np.nan

    assert len(fixations_from_gaze(times, points, max_gap=75)) == 1
    assert len(fixations_from_gaze(times, points, max_gap=60)) == 2
    assert len(fixations_from_gaze(times, points, max_gap=60, method="i-dt")) == 2


def test_missing_rows_are_as_nan(rng):
    made = recording(rng, rate=500, blinks=True, dropouts=True)
    seen = np.isfinite(made.points).all(1)

    np.testing.assert_array_equal(
        fixations_from_gaze(made.times[seen], made.points[seen], **GEOMETRY),
        fixations_from_gaze(made.times, made.points, **GEOMETRY),
    )


def test_an_hour_later_the_same_fixations(rng):
    made = recording(rng, rate=1000)
    now = fixations_from_gaze(made.times, made.points, **GEOMETRY)

    later = fixations_from_gaze(made.times + 3.6e6, made.points, **GEOMETRY)

    np.testing.assert_allclose(later - [0, 0, 3.6e6, 0], now, atol=1e-6)


def test_blocks_do_not_matter(rng, monkeypatch):
    made = recording(rng, rate=500)
    whole = fixations_from_gaze(made.times, made.points, **GEOMETRY)
    monkeypatch.setattr(gaze, "_BLOCK", 97)

    np.testing.assert_array_equal(fixations_from_gaze(made.times, made.points, **GEOMETRY), whole)


def test_degrees_are_those_of_trigonometry(rng):
    points = rng.uniform(0, 1080, (20, 2))
    expected = reference.degrees(points, *GEOMETRY.values())
    np.testing.assert_allclose(pixels_of(expected), points, atol=1e-9)

    actual = gaze._degrees(points, *GEOMETRY.values())

    np.testing.assert_allclose(actual, expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_dispersion_as_defined(seed):
    rng = np.random.default_rng(seed)
    angles = np.cumsum(rng.normal(0, 0.12, (300, 2)), axis=0)
    times = np.arange(300) * 4.0
    expected = reference.dispersion_windows(angles, times, 1.0, 60, 4.0)
    expected = reference.joined(expected, angles, times, 75, 0.5)
    assert expected

    points = pixels_of(angles)
    found = fixations_from_gaze(times, points, method="i-dt", min_duration=60, **GEOMETRY)

    means = [points[first:stop].mean(0) for first, stop in expected]
    np.testing.assert_allclose(found[:, :2], means)
    np.testing.assert_allclose(found[:, 2], [times[first] for first, _ in expected])
    np.testing.assert_allclose(found[:, 3], [4.0 * (stop - first) for first, stop in expected])


@pytest.mark.parametrize("rate", [60, 120, 500, 1000])
def test_speeds_as_defined(rate, rng):
    times = np.sort(rng.choice(np.arange(120) * 1000 / rate, 90, replace=False))
    angles = np.cumsum(rng.normal(0, 0.1, (90, 2)), axis=0)

    actual = gaze._speeds(times, angles)

    np.testing.assert_allclose(actual, reference.speeds(angles, times, 20), rtol=1e-6)


def test_nothing_seen_is_no_fixation():
    assert fixations_from_gaze([], np.empty((0, 2))).shape == (0, 4)
    assert fixations_from_gaze([0, 2, 4], np.full((3, 2), np.nan)).shape == (0, 4)
    assert fixations_from_gaze([0], [[5, 5]]).shape == (0, 4)


def test_one_sample_may_be_a_fixation():
    found = fixations_from_gaze([7], [[5, 6]], min_duration=0)

    np.testing.assert_array_equal(found, [[5, 6, 7, 0]])


@pytest.mark.parametrize(
    ("times", "points", "options", "said"),
    [
        ([0, 1], [[1, 1]], {}, "`points` must have shape (2, 2), a row and a column per time"),
        ([[0, 1]], [[1, 1]], {}, "`times` must have shape (n,); got (1, 2)"),
        ([0, 2, 2], np.ones((3, 2)), {}, "`times` must increase; got 2 after 2 at index 2"),
        ([0, np.nan], np.ones((2, 2)), {}, "`times` must be finite"),
        ([0], [[1, 1]], {"method": "i-hmm"}, "`method` must be 'i-vt' or 'i-dt'; got 'i-hmm'"),
        ([0], [[1, 1]], {"velocity": 0}, "`velocity` must be a number from"),
        ([0], [[1, 1]], {"dispersion": -1}, "`dispersion` must be a number from"),
        ([0], [[1, 1]], {"min_duration": -1}, "`min_duration` must be a number from 0 up"),
        ([0], [[1, 1]], {"max_gap": "no"}, "`max_gap` must be a number from 0 up; got 'no'"),
        ([0], [[1, 1]], {"screen": 1080}, "`screen` must be two integers"),
        ([0], [[1, 1]], {"screen_mm": (0, 1)}, "`screen_mm` must be a number from"),
        ([0], [[1, 1]], {"screen_mm": 9}, "`screen_mm` must be two numbers, height and width"),
        ([0], [[1, 1]], {"distance_mm": 0}, "`distance_mm` must be a number from"),
    ],
    ids=str,
)
def test_bad_input_is_refused(times, points, options, said):
    with pytest.raises(ValueError, match="`") as refusal:
        fixations_from_gaze(times, points, **options)

    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
