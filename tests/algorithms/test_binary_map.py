import warnings

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import binary_map as reference

import fastsal
from fastsal import runtime
from fastsal.algorithms.binary_map import (
    _cpu_kmeans,
    binary_map,
    opencv_binary_map,
    salient_boxes,
    state_of_seed,
)
from fastsal.algorithms.binary_map._cpu_assign import CHUNK, describe, fill_intervals
from fastsal.algorithms.binary_map._formulas import nearest
from fastsal.kernels import launch

BY = {
    "otsu": reference.by_otsu,
    "adaptive": reference.by_twice_the_mean,
    "kmeans": reference.by_kmeans,
}
F32 = np.float32
UNIT = F32(1 / 255)


@pytest.fixture(autouse=True)
def _few_threads(_small_blocks, monkeypatch):
    """k-means makes the threads of a block wait for each other, which takes the simulator long."""
    if runtime.is_simulated():
        from fastsal.algorithms.binary_map import _cuda_kmeans

        monkeypatch.setattr(launch, "THREADS", 5)
        monkeypatch.setattr(_cuda_kmeans, "SPAN", 4)


@pytest.fixture(autouse=True)
def _quiet_reference():
    """Sums of huge values overflow, in the reference too."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def smooth(rng, shape):
    rows, cols = np.mgrid[: shape[0], : shape[1]] / max(shape)
    a, b = rng.uniform(1, 9, 2)
    return (0.5 + 0.25 * np.sin(a * rows) + 0.25 * np.cos(b * cols + rows)).astype(F32)


# Maps in [0, 1] of every usual kind, and difficult cases of floating point.
KINDS = {
    "noise": lambda rng, shape: rng.random(shape, dtype=F32),
    "smooth": smooth,
    "sparse": lambda rng, shape: rng.random(shape, dtype=F32) ** F32(9),
    "255ths": lambda rng, shape: rng.integers(0, 256, shape).astype(F32) * UNIT,
    "half-way": lambda rng, shape: rng.integers(0, 257, shape).astype(F32) / F32(256),
    "few": lambda rng, shape: rng.integers(0, 3, shape).astype(F32) / F32(2),
    "binary": lambda rng, shape: (rng.random(shape) > 0.9).astype(F32),
    "bytes": lambda rng, shape: rng.integers(0, 256, shape, dtype=np.uint8),
}
# Further ones, of any size, as OpenCV takes them.
WILD = {
    "0 to 255": lambda rng, shape: rng.random(shape, dtype=F32) * F32(255),
    "whole to 255": lambda rng, shape: rng.integers(0, 256, shape).astype(F32),
    "negative": lambda rng, shape: rng.random(shape, dtype=F32) - F32(0.5),
    "all negative": lambda rng, shape: -rng.random(shape, dtype=F32),
    "denormal": lambda rng, shape: rng.random(shape, dtype=F32) * F32(1e-43),
    "tiny": lambda rng, shape: rng.random(shape, dtype=F32) * F32(1e-25),
    "huge": lambda rng, shape: rng.random(shape, dtype=F32) * F32(1e12),
    "beyond squares": lambda rng, shape: rng.random(shape, dtype=F32) * F32(1e25),
    "huge range": lambda rng, shape: F32(10) ** rng.uniform(-30, 10, shape).astype(F32),
    "nearly constant": lambda rng, shape: (
        np.nextafter(F32(0.7), F32(9)) * rng.integers(1, 2, shape).astype(F32)
        + rng.integers(0, 3, shape).astype(F32) * F32(2**-24)
    ),
    "offset": lambda rng, shape: F32(1000) + rng.random(shape, dtype=F32),
}
SEEDED = {**{name: KINDS[name] for name in KINDS if name != "bytes"}, **WILD}
LARGE = {"noise", "smooth", "255ths", "half-way", "few", "negative", "huge range", "whole to 255"}


@pytest.fixture(scope="module")
def golden(shared):
    return np.load(shared / "golden" / "opencv" / "binary_map.npz")


def test_equals_the_golden_data_bit_for_bit(golden):
    names = [name for name in golden if name.startswith("bin__") and "call" not in name]
    assert len([name for name in golden if name.startswith("bin__")]) == 77
    for name in names:
        _, source, seed = name.split("__")
        saliency, state = golden[f"map__{source}"], state_of_seed(int(seed.removeprefix("seed")))
        for call in ("", "_call2", "_call3"):
            if name + call in golden:
                binary, state = opencv_binary_map(saliency, state)
                np.testing.assert_array_equal(binary, golden[name + call], err_msg=name + call)


def test_golden_maps_in_range_by_seed(golden):
    count = 0
    for name in golden:
        if not name.startswith("bin__") or "call" in name:
            continue
        _, source, seed = name.split("__")
        saliency = golden[f"map__{source}"]
        if saliency.min() >= 0 and saliency.max() <= 1:
            seed = int(seed.removeprefix("seed"))
            actual = binary_map(saliency, method="kmeans", seed=seed, backend="cpu")
            np.testing.assert_array_equal(actual, golden[name], err_msg=name)
            count += 1
    assert count == 50


@pytest.mark.parametrize("method", BY)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 5), (9, 1), (23, 17), (47, 61)], ids=str)
def test_matches_the_definition(shape, kind, method, rng):
    saliency = KINDS[kind](rng, shape)

    actual = binary_map(saliency, method=method, backend="cpu")

    assert actual.dtype == np.uint8
    assert actual.flags.c_contiguous
    np.testing.assert_array_equal(actual, BY[method](saliency))


@pytest.mark.cuda
@pytest.mark.parametrize("method", BY)
@pytest.mark.parametrize("kind", ["noise", "half-way", "bytes"])
def test_matches_the_definition_on_a_device(kind, method, cuda_device, rng):
    saliency = KINDS[kind](rng, (4, 6))

    actual = binary_map(saliency, method=method, seed=3, backend="cuda")

    expected = BY[method](saliency, 3) if method == "kmeans" else BY[method](saliency)
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("kind", SEEDED)
@pytest.mark.parametrize("shape", [(2, 3), (31, 33), (50, 41)], ids=str)
def test_kmeans_of_any_seed_and_range(shape, kind, rng):
    for seed in (0, 1, -5, 2**40):
        saliency = SEEDED[kind](rng, shape)

        actual, _ = opencv_binary_map(saliency, state_of_seed(seed), backend="cpu")

        np.testing.assert_array_equal(actual, reference.by_kmeans(saliency, seed), err_msg=seed)


@pytest.mark.parametrize("kind", sorted(LARGE))
def test_kmeans_around_the_parallel_path(kind, rng):
    for shape in ((255, 257), (300, 301)):
        saliency = SEEDED[kind](rng, shape)
        assert (saliency.size < launch.PARALLEL_FROM) == (shape == (255, 257))

        actual, _ = opencv_binary_map(saliency, state_of_seed(9), backend="cpu")

        np.testing.assert_array_equal(actual, reference.by_kmeans(saliency, 9))


@pytest.mark.parametrize("method", ["otsu", "adaptive"])
@pytest.mark.parametrize("kind", KINDS)
def test_thresholds_around_the_parallel_path(kind, method, rng):
    for shape in ((255, 257), (256, 256), (301, 303)):
        saliency = KINDS[kind](rng, shape)

        np.testing.assert_array_equal(
            binary_map(saliency, method=method, backend="cpu"), BY[method](saliency)
        )


@pytest.mark.parametrize("kind", SEEDED)
def test_centres_are_the_same_bits(kind, rng):
    """A binary map shows little of the sums behind it; the centres show every bit."""
    for length in (5, 300, 5000):
        values = SEEDED[kind](rng, (length,)) if kind != "smooth" else smooth(rng, (length, 1))
        values = np.ascontiguousarray(values, F32).ravel()
        starts = rng.uniform(-1, 2, 5).astype(F32) * np.ptp(values) + values.min()
        labels, expected, spread = reference.cluster(values, starts)

        centres, sizes, actual_spread = clustered(values, starts)

        np.testing.assert_array_equal(centres, expected)
        np.testing.assert_array_equal(sizes, np.bincount(labels, minlength=5))
        np.testing.assert_allclose(actual_spread, spread, rtol=1e-9, atol=1e-30)


def clustered(values, starts):
    count = -(-values.size // CHUNK)
    chunks = (np.empty((count, 2), F32), np.empty(count, np.int64), np.empty(count, np.int32))
    describe(values, *chunks, 0, count)
    centres, old = starts.copy(), np.empty(5, F32)
    sizes, moved = np.empty(5, np.int64), np.empty(5, np.int64)
    spread = _cpu_kmeans.cluster(values, chunks, centres, old, sizes, moved)
    return centres, sizes, spread


def test_long_sums_are_the_same_bits(rng):
    """Past 2**24 values that are added to sums of their own size are rounded to nothing."""
    for values in (
        rng.integers(0, 256, 400_000).astype(F32),
        np.full(400_000, 255, F32),
        rng.random(400_000, dtype=F32) * F32(0.1) + F32(0.9),
    ):
        starts = F32([values.min(), values.mean(), values.max(), -1, 300])

        centres, _, _ = clustered(values, starts)

        np.testing.assert_array_equal(centres, reference.cluster(values, starts)[1])


CENTRES = st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=3)
NUDGES = st.lists(st.integers(-3, 3), min_size=5, max_size=5)


@given(CENTRES, NUDGES, st.permutations(range(5)), st.integers(-80, 80))
@settings(deadline=None, max_examples=300)
def test_cells_tell_values_apart_as_distances_do(centres, nudges, order, power):
    """Centres a few bits from each other are where rounded distances deceive."""
    few = [F32(centres[i % len(centres)]) * F32(2.0**power) for i in range(5)]
    near = [_stepped(few[i], nudges[i]) for i in range(5)]
    near = F32([near[i] for i in order])
    low, high = min(near.min(), F32(-2)), max(near.max(), F32(2))
    edges, owners = np.empty(5, F32), np.empty(5, np.int64)
    if not fill_intervals(near, low, high, edges, owners):
        return

    around = [_stepped(each, i) for each in (*near, *edges[np.isfinite(edges)]) for i in (-1, 0, 1)]
    values = np.clip(F32([*around, *np.linspace(low, high, 97)]), low, high)

    cells = np.sum(values[:, None] > edges[:4], axis=1)
    expected = [nearest(value, *near) for value in values]
    np.testing.assert_array_equal(owners[cells], expected)


def _stepped(value, steps):
    for _ in range(abs(steps)):
        value = np.nextafter(F32(value), F32(np.inf * np.sign(steps)))
    return F32(value)


@given(
    hnp.arrays(
        F32,
        st.tuples(st.integers(1, 12), st.integers(5, 12)),
        elements=st.one_of(
            st.floats(-1, 1, width=32), st.sampled_from(F32([0, 0.5, 0.25, 1, 1 - 2**-24]))
        ),
    ),
    st.integers(-(2**40), 2**40),
)
@settings(deadline=None, max_examples=150)
def test_any_small_map(saliency, seed):
    with np.errstate(all="ignore"):
        actual, _ = opencv_binary_map(saliency, state_of_seed(seed), backend="cpu")

        np.testing.assert_array_equal(actual, reference.by_kmeans(saliency, seed))


def test_without_a_seed_each_call_is_a_programs_first(rng):
    saliency = rng.random((40, 50), dtype=F32)

    first = binary_map(saliency, method="kmeans")

    np.testing.assert_array_equal(first, binary_map(saliency, method="kmeans"))
    np.testing.assert_array_equal(first, binary_map(saliency, method="kmeans", seed=0))
    others = [binary_map(saliency, method="kmeans", seed=seed) for seed in range(1, 9)]
    assert any((first != other).any() for other in others)


@pytest.mark.parametrize("method", BY)
def test_maps_of_one_value(backend, method):
    for value in (0, 0.3, 1) if backend == "cpu" else (0.3,):
        binary = binary_map(np.full((2, 4), value, F32), method=method, backend=backend)
        assert (binary == (255 if method != "adaptive" and value else 0)).all()


def test_maps_that_saturate_are_all_foreground(rng):
    saliency = rng.random((40, 50), dtype=F32) * F32(200) + F32(50)

    assert (opencv_binary_map(saliency, state_of_seed(1))[0] == 255).all()


@pytest.mark.parametrize("method", BY)
@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf, -np.inf, 255])
def test_floats_of_other_ranges_are_refused(method, value):
    saliency = np.zeros((4, 4), F32)
    saliency[2, 1] = value

    with pytest.raises(fastsal.ImageError, match=r"^floats of `saliency` must be in \[0, 1\]; got"):
        binary_map(saliency, method=method)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_opencv_crashes_on_is_refused(value):
    saliency = np.zeros((4, 4), F32)
    saliency[2, 1] = value

    with pytest.raises(fastsal.ImageError, match=r"^floats of `saliency` must be finite"):
        opencv_binary_map(saliency, 1)


@pytest.mark.parametrize(
    ("saliency", "message"),
    [
        (np.zeros((4, 4), np.uint16), "dtype uint8, float32 or float64; got uint16"),
        (np.zeros((4, 4), bool), "got bool"),
        (np.zeros((0, 4), F32), "`saliency` must not be empty"),
        (np.zeros(9, F32), "`saliency` must have shape"),
        (np.zeros((2, 4, 4, 3), F32), "`saliency` must have shape"),
        ([[0.5, 0.1], [0.2]], "`saliency` must be an array"),
    ],
    ids=["uint16", "bool", "empty", "rank 1", "rank 4", "ragged"],
)
def test_what_is_no_map_is_refused(saliency, message):
    for call in (binary_map, salient_boxes):
        with pytest.raises(fastsal.ImageError, match=message) as error:
            call(saliency)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (4, 1), (3, 2, 2)], ids=str)
def test_kmeans_needs_five_pixels(shape):
    with pytest.raises(fastsal.ImageError, match="at least 5 pixels for k-means; got"):
        binary_map(np.zeros(shape, F32), method="kmeans")
    assert binary_map(np.ones(shape, F32), method="otsu").shape == shape


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "mean"}, "`method` must be 'otsu', 'adaptive' or 'kmeans'; got 'mean'"),
        ({"method": None}, "got None"),
        ({"seed": 1.5}, "`seed` must be an integer; got 1.5"),
        ({"seed": "1"}, "`seed` must be"),
        ({"backend": "gpu"}, "`backend` must be"),
    ],
    ids=str,
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        binary_map(np.zeros((4, 4), F32), **options)


@pytest.mark.parametrize("method", BY)
def test_out_is_filled_and_returned(backend, method, rng):
    saliency = rng.random((2, 4), dtype=F32)
    out = np.full((2, 4), 7, np.uint8)

    assert binary_map(saliency, method=method, out=out, backend=backend) is out

    np.testing.assert_array_equal(out, binary_map(saliency, method=method, backend="cpu"))


@pytest.mark.parametrize(
    "out",
    [np.zeros((4, 5), F32), np.zeros((5, 4), np.uint8), np.zeros((4, 10), np.uint8)[:, ::2], [0]],
    ids=["float32", "shape", "not contiguous", "list"],
)
def test_out_that_does_not_fit_is_refused(out):
    with pytest.raises(fastsal.ImageError, match="`out` must"):
        binary_map(np.zeros((4, 5), F32), out=out)


@pytest.mark.parametrize("method", BY)
@pytest.mark.parametrize("shape", [(2, 3, 5), (40, 41, 61), (3, 260, 261)], ids=str)
def test_stack_is_cut_map_by_map(method, shape, rng):
    stack = KINDS["255ths"](rng, shape)

    actual = binary_map(stack, method=method, seed=4, backend="cpu")

    for frame, binary in zip(stack, actual, strict=True):
        alone = binary_map(frame, method=method, seed=4, backend="cpu")
        np.testing.assert_array_equal(binary, alone)


@pytest.mark.parametrize("method", BY)
def test_floats_of_64_bits_are_taken_as_of_32(method, rng):
    saliency = rng.random((30, 40))

    np.testing.assert_array_equal(
        binary_map(saliency, method=method), binary_map(saliency.astype(F32), method=method)
    )


@pytest.mark.parametrize("method", BY)
def test_memory_in_any_order(method, rng):
    saliency = rng.random((30, 40), dtype=F32)
    for view in (saliency[::-1], saliency[:, ::2], saliency.T, saliency.astype(">f4")):
        np.testing.assert_array_equal(
            binary_map(view, method=method),
            binary_map(np.ascontiguousarray(view, F32), method=method),
        )


@pytest.mark.parametrize("method", BY)
@pytest.mark.parametrize("shape", [(301, 402), (30, 51, 61)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(method, shape, rng):
    saliency = rng.random(shape, dtype=F32) ** 3
    many = binary_map(saliency, method=method, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = binary_map(saliency, method=method, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


def test_leaves_its_input_alone(backend, rng):
    saliency = rng.random((3, 4), dtype=F32)
    before = saliency.copy()

    binary_map(saliency, method="kmeans", backend=backend)

    np.testing.assert_array_equal(saliency, before)


@pytest.mark.cuda
@pytest.mark.parametrize("method", BY)
def test_device_stack_in_device_stack_out(method, cuda_device, rng):
    stack = rng.random((2, 2, 3), dtype=F32)
    held = cuda_device.to_device(stack)

    actual = binary_map(held, method=method)

    assert type(actual) is type(held)
    expected = binary_map(stack, method=method, backend="cpu")
    np.testing.assert_array_equal(actual.copy_to_host(), expected)


@pytest.mark.cuda
def test_many_rounds_of_spans_on_a_device(cuda_device, rng):
    # Sums pass many powers of two, and some values lie half-way: more than one round of spans.
    saliency = KINDS["half-way"](rng, (5, 10))

    np.testing.assert_array_equal(
        binary_map(saliency, method="kmeans", seed=2, backend="cuda"),
        reference.by_kmeans(saliency, 2),
    )


@pytest.mark.cuda
@pytest.mark.parametrize("method", BY)
def test_what_is_no_number_on_a_device_is_taken_as_nothing(method, cuda_device, rng):
    saliency = rng.random((2, 3), dtype=F32)
    saliency[1, 2] = 0
    held = saliency.copy()
    held[1, 2] = np.nan

    actual = binary_map(cuda_device.to_device(held), method=method)

    expected = binary_map(saliency, method=method, backend="cpu")
    np.testing.assert_array_equal(actual.copy_to_host(), expected)


@pytest.mark.cuda
def test_out_on_a_device_is_filled(cuda_device, rng):
    saliency = rng.random((2, 5), dtype=F32)
    out = cuda_device.to_device(np.zeros((2, 5), np.uint8))

    assert binary_map(cuda_device.to_device(saliency), out=out) is out

    np.testing.assert_array_equal(out.copy_to_host(), binary_map(saliency, backend="cpu"))


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 14), st.integers(1, 14)),
               elements=st.sampled_from([0, 0, 10, 200, 255])),
    st.integers(1, 6),
    st.sampled_from([0, 0.01, 0.05, 0.3, 1]),
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_boxes_of_any_small_map(saliency, max_boxes, min_area):
    boxes, scores = salient_boxes(saliency, max_boxes=max_boxes, min_area=min_area)

    assert (boxes.dtype, scores.dtype) == (np.int32, F32)
    binary = reference.by_otsu(saliency)
    found = [] if binary.all() else reference.boxes(binary, saliency.astype(np.float64))
    found = [each for each in found if each[4] >= min_area * saliency.size]
    whole = max(saliency.sum(dtype=np.int64), 1)
    expected = sorted((each[5] / whole for each in found), reverse=True)[:max_boxes]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert len(boxes) == len(scores)
    pairs = {(each[:4], round(each[5] / whole, 5)) for each in found}
    actual = {
        (tuple(box.tolist()), round(float(score), 5))
        for box, score in zip(boxes, scores, strict=True)
    }
    assert actual <= pairs


@pytest.mark.parametrize("method", BY)
def test_boxes_by_every_method(method):
    saliency = np.zeros((50, 60), F32)
    saliency[5:15, 20:50] = 0.9
    saliency[30:40, 2:12] = 0.95
    saliency[45, 55] = 1

    boxes, scores = salient_boxes(saliency, method=method)

    np.testing.assert_array_equal(boxes, [[20, 5, 30, 10], [2, 30, 10, 10]])
    np.testing.assert_allclose(scores, F32([270, 95]) / 366, rtol=1e-5)
    assert len(salient_boxes(saliency, method=method, min_area=0)[0]) == 3


def test_no_boxes_where_nothing_stands_out():
    boxes, scores = salient_boxes(np.full((9, 9), 0.4, F32))

    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_boxes": 0}, "`max_boxes` must be an integer from 1 up; got 0"),
        ({"max_boxes": 2.5}, "max_boxes"),
        ({"min_area": -0.1}, "`min_area` must be a number from 0 to 1; got -0.1"),
        ({"min_area": 20}, "min_area"),
        ({"min_area": np.nan}, "min_area"),
        ({"min_area": "all"}, "min_area"),
        ({"method": "mean"}, "`method` must be"),
    ],
    ids=str,
)
def test_unknown_options_of_boxes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        salient_boxes(np.zeros((4, 4), F32), **options)


def test_boxes_of_a_stack_are_refused():
    with pytest.raises(fastsal.ImageError, match=r"one map \(H, W\); got shape \(2, 4, 4\)"):
        salient_boxes(np.zeros((2, 4, 4), F32))


@pytest.mark.cuda
def test_boxes_of_a_map_on_a_device(cuda_device):
    saliency = np.zeros((20, 30), F32)
    saliency[3:9, 4:11] = 0.5

    boxes, scores = salient_boxes(cuda_device.to_device(saliency))

    np.testing.assert_array_equal(boxes, [[4, 3, 7, 6]])
    np.testing.assert_array_equal(scores, [1])


@pytest.mark.parametrize("method", ["otsu", "adaptive", "kmeans"])
@pytest.mark.parametrize(
    "value", [0, 1e-45, 1e-38, 2**-53, 1.5e-16, 1e-10, 0.001, 0.0019, 0.002, 1]
)
@pytest.mark.parametrize("shape", [(1, 5), (3, 3), (40, 50)], ids=str)
def test_maps_of_one_small_value(backend, shape, value, method):
    if backend == "cuda" and shape != (3, 3):
        shape = (2, 3)
    saliency = np.full(shape, value, np.float32)
    is_background = method == "adaptive" or np.rint(np.float32(255) * np.float32(value)) == 0

    binary = fastsal.binary_map(saliency, method=method, backend=backend)

    assert (binary == (0 if is_background else 255)).all()
