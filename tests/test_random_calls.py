"""Random calls of the public functions: the map of the plain array, or one line that says why not.

Shapes, dtypes, layouts, byte orders, containers and options are drawn from a seed. An image that
has a clear meaning must have the result of the same image as a contiguous native array.
"""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

import fastsal

MAPS = [row for row in fastsal.METHODS.values() if row.kind == "static"]
PAIRS = ["frame_difference", "flow_saliency", "superpixel_change"]
OTHERS = ["slic", "bing", "binary_map", "scanpath", "salient_boxes"]
NUMBERS = [0, 1, 0.5, Fraction(1, 3), 1e200, -1e200, 10**400, float("nan"), float("inf"), True, "1",
           None, np.float32(0.25), -1, 5e-324, 2.5]  # fmt: skip
OPTIONS = {
    "image_signature": ["smooth", "center_bias"],
    "center_surround": ["smooth", "center_bias"],
    "itti_koch": ["smooth", "center_bias"],
    "superpixel_contrast": ["regularizer", "sigma_color", "sigma_position", "steepness"],
    "superpixel_change": ["regularizer", "sigma_color", "sigma_position", "steepness"],
    "frame_difference": ["threshold"],
    "slic": ["regularizer", "region_size", "max_iter", "min_region_size"],
    "bing": ["nss", "max_boxes"],
    "salient_boxes": ["max_boxes", "min_area"],
    "binary_map": ["seed"],
    "scanpath": ["n"],
}
TAKEN = ("u1", "u2", "f4", "f8")
BLOCK = 100


class Like:
    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return self._array


class Sub(np.ndarray):
    pass


def drawn_image(rng, channels):
    """Return a small image in some dtype, mostly one that is taken."""
    height, width = (int(side) for side in rng.integers(1, 40, 2))
    shape = (height, width, channels) if channels else (height, width)
    levels = rng.integers(0, 256, shape, dtype=np.uint8)
    if rng.random() < 0.1:
        levels[...] = levels.flat[0]
    dtype = rng.choice(["u1", "u1", "<u2", ">u2", "<f4", ">f4", "<f8", ">f8", "f2", "i4", "?"])
    if dtype in ("u1", "i4", "?"):
        return levels.astype(dtype)
    if dtype in ("<u2", ">u2"):
        return (levels.astype(np.uint16) * 257).astype(dtype)
    values = levels / 255
    if rng.random() < 0.1:
        values.flat[0] = rng.choice([np.nan, np.inf, -0.1, 1.1, 1e300])
    with np.errstate(over="ignore"):
        return values.astype(dtype)


def laid_out(rng, array):
    """Return the same values in another layout of memory."""
    steps = rng.choice([-2, -1, 1, 3], array.ndim)
    large = np.zeros([abs(step) * side for step, side in zip(steps, array.shape, strict=True)],
                     array.dtype, order=rng.choice(["C", "F"]))  # fmt: skip
    view = large[tuple(slice(None, None, int(step)) for step in steps)]
    view[...] = array
    if rng.random() < 0.3:
        view.setflags(write=False)
    return view


def contained(rng, array):
    """Return the array in a container, and whether its values have a clear meaning there."""
    kind = rng.choice(["plain", "list", "like", "memoryview", "subclass", "masked", "mask", "pil"])
    if kind == "list":
        return list(array), True
    if kind == "like":
        return Like(array), True
    if kind == "memoryview" and array.dtype.isnative:
        return memoryview(array), True
    if kind == "subclass":
        return array.view(Sub), True
    if kind == "masked":
        return np.ma.array(array, mask=False), True
    if kind == "mask":
        return np.ma.array(array, mask=rng.random(array.shape) < 0.5), None
    if kind == "pil" and array.dtype == np.uint8 and array.shape[2:] in ((), (3,), (4,)):
        return Image.fromarray(np.ascontiguousarray(array)), True
    return array, True


def drawn_call(rng):
    """Return the name of a function, its arguments, the same ones in plain arrays, and options."""
    name = rng.choice([*(row.function for row in MAPS), *PAIRS, *OTHERS])
    of_maps = name in ("binary_map", "scanpath", "salient_boxes")
    image = drawn_image(rng, 0 if of_maps else int(rng.choice([0, 1, 2, 3, 3, 4])))
    plain = np.ascontiguousarray(image, image.dtype.newbyteorder("="))
    strange, is_clear = contained(rng, laid_out(rng, image))
    options = {}
    if (known := OPTIONS.get(name)) and rng.random() < 0.5:
        options[str(rng.choice(known))] = NUMBERS[rng.integers(len(NUMBERS))]
    if not of_maps and rng.random() < 0.3:
        options["color"] = "bgr"
    count = 2 if name in PAIRS else 1
    if is_clear is None and not np.ma.is_masked(strange):
        is_clear = True
    return name, (strange,) * count, (plain,) * count, options, is_clear is True


def must_score(name, image, options):
    """Return whether a call has no fault, so that a refusal is one of the library."""
    if set(options) - {"color"} or image.shape[2:] == (2,) or image.dtype.str[1:] not in TAKEN:
        return False
    if name in ("binary_map", "scanpath", "salient_boxes") and image.dtype.itemsize == 2:
        return False  # maps are bytes or floats
    return image.dtype.kind != "f" or bool(np.all((image >= 0) & (image <= 1)))


def outcome(name, arguments, options):
    """Return the results as a list of arrays, or the message of an error raised on purpose."""
    try:
        results = getattr(fastsal, name)(*arguments, **options)
    except (fastsal.FastsalError, ValueError, TypeError) as error:
        message = str(error)
        assert "\n" not in message
        assert message
        return message
    return list(results) if isinstance(results, tuple) else [results]


def check_calls(seed, count):
    """Make `count` random calls; return how many gave results, and how many were refused."""
    rng, scored = np.random.default_rng(seed), 0
    for _ in range(count):
        name, strange, plain, options, is_clear = drawn_call(rng)
        found = outcome(name, strange, options)
        if not is_clear:
            assert isinstance(found, str), name
            continue
        expected = outcome(name, plain, options)
        case = name, [each.shape for each in plain], plain[0].dtype, type(strange[0]), options
        assert isinstance(found, str) == isinstance(expected, str), (case, found, expected)
        if isinstance(found, str):
            assert not must_score(name, plain[0], options), (case, found)
            continue
        scored += 1
        for mine, right in zip(found, expected, strict=True):
            np.testing.assert_array_equal(mine, right, err_msg=str(case))
            assert np.isfinite(mine).all(), case
    return scored, count - scored


@pytest.mark.parametrize("seed", range(3))
def test_random_calls_are_right_or_refused_in_one_line(seed):
    scored, refused = check_calls(seed, BLOCK)

    assert scored > BLOCK // 4
    assert refused > BLOCK // 10
