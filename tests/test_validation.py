"""Options out of range, of the wrong type or beyond float32: the right answer, or one line."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import fastsal
from fastsal import validation
from fastsal.superpixels import slic_like_skimage

IMAGE = np.zeros((20, 24, 3), np.uint8)
IMAGE[5:9, 6:11] = 200, 90, 30
NO_NUMBERS = [True, np.True_, "1", None, 1j, [1], np.array([1.0, 2.0]), float("nan"), np.nan,
              float("inf"), -float("inf"), Decimal(1)]  # fmt: skip


@pytest.mark.parametrize("value", [0.5, Fraction(1, 2), np.float32(0.5), np.float64(0.5)])
def test_numbers_come_back_as_floats(value):
    number = validation.number("share", value, 0, 1)

    assert (type(number), number) == (float, 0.5)


@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 1.1, 10**400, -(10**400), 10**5000], ids=type)
def test_other_values_are_refused_in_one_short_line(value):
    with pytest.raises(ValueError, match=r"^`share` must be a number from 0 to 1; got ") as error:
        validation.number("share", value, 0, 1)
    assert len(str(error.value)) < 130


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)], ids=type)
def test_integers_come_back_as_ints(value):
    assert type(validation.integer("count", value, 1)) is int


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, 2.0, 11, 10**400], ids=type)
def test_other_counts_are_refused(value):
    with pytest.raises(ValueError, match=r"^`count` must be an integer from 1 to 10; got "):
        validation.integer("count", value, 1, 10)


def test_values_are_shown_in_one_line():
    assert validation.shown(np.zeros((9, 9))).count("\n") == 0
    assert len(validation.shown("x" * 1000)) == 80

    class Silent:
        def __repr__(self):
            raise RuntimeError

    assert validation.shown(Silent()) == "a value of type Silent"


HUGE = [1e200, 10**400, Fraction(10**40), np.float64(1e300)]
TINY = [5e-324, 1e-200, Fraction(1, 10**400), np.float32(1e-45)]
CALLS = {
    "compactness": lambda value: slic_like_skimage(IMAGE, 20, value),
    "n_segments": lambda value: slic_like_skimage(IMAGE, value),
    "min_size_factor": lambda value: slic_like_skimage(IMAGE, 20, min_size_factor=value),
    "sigma": lambda value: slic_like_skimage(IMAGE, 20, sigma=value),
    "regularizer": lambda value: fastsal.slic(IMAGE, regularizer=value),
    "region_size": lambda value: fastsal.slic(IMAGE, region_size=value),
    "max_iter": lambda value: fastsal.slic(IMAGE, max_iter=value),
    "min_region_size": lambda value: fastsal.slic(IMAGE, min_region_size=value),
    "steepness": lambda value: fastsal.superpixel_contrast(IMAGE, steepness=value),
    "sigma_color": lambda value: fastsal.superpixel_contrast(IMAGE, sigma_color=value),
    "sigma_position": lambda value: fastsal.superpixel_contrast(IMAGE, sigma_position=value),
    "threshold": lambda value: fastsal.frame_difference(IMAGE, IMAGE[::-1], threshold=value),
    "smooth": lambda value: fastsal.image_signature(IMAGE, smooth=value),
    "center_bias": lambda value: fastsal.center_surround(IMAGE, center_bias=value),
    "alpha": lambda value: fastsal.overlay(IMAGE, IMAGE[..., 0], alpha=value),
    "memory": lambda value: fastsal.FlowSaliency(memory=value).update(IMAGE),
    "border": lambda value: fastsal.itti_koch(IMAGE, preset=fastsal.IttiOptions(border=value)),
    "working_size": lambda value: fastsal.itti_koch(
        IMAGE, preset=fastsal.IttiOptions(working_size=value)
    ),
    "weights": lambda value: fastsal.itti_koch(
        IMAGE, preset=fastsal.IttiOptions(weights=(value, value, value))
    ),
    "min_area": lambda value: fastsal.salient_boxes(IMAGE[..., 0], min_area=value)[1],
    "max_boxes": lambda value: fastsal.salient_boxes(IMAGE[..., 0], max_boxes=value)[1],
    "n": lambda value: fastsal.scanpath(IMAGE[..., 0], value),
    "seed": lambda value: fastsal.binary_map(IMAGE[..., 0], method="kmeans", seed=value),
    "nss": lambda value: fastsal.bing(IMAGE, nss=value)[1],
    "size": lambda value: fastsal.spectral_residual(IMAGE, size=(value, value)),
}


def outcome(call, value):
    """Return the result and None, or None and the message of an error raised on purpose."""
    try:
        return call(value), None
    except (ValueError, TypeError) as error:
        return None, str(error)


@pytest.mark.parametrize("value", [*HUGE, *TINY, *NO_NUMBERS, Fraction(1, 2), -1, 0, 1], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_every_option_is_checked(name, value):
    result, message = outcome(CALLS[name], value)

    if message is None:
        assert np.isfinite(result).all()
    else:
        assert f"`{name}` must " in message
        assert "\n" not in message


@pytest.mark.parametrize("name", CALLS)
def test_booleans_are_not_numbers(name):
    with pytest.raises(ValueError, match=f"`{name}` must "):
        CALLS[name](True)
