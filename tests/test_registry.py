import dataclasses
import inspect
import re

import numpy as np
import pytest

import fastsal
from fastsal import registry

ROWS = list(registry._ROWS)
ids = [row.key for row in ROWS]
BUILT_IN = list(registry.BUILT_IN.values())
built_in = list(registry.BUILT_IN)


def test_keys_are_unique_and_in_the_order_of_the_table():
    assert list(fastsal.METHODS) == ids
    assert len(set(ids)) == len(ids)
    assert len({row.title for row in ROWS}) == len(ids)
    assert {"lc", "frame-difference"} <= set(ids)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_rows_are_whole(row):
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", row.key)
    assert row.title.strip() == row.title != ""
    assert row.kind in ("static", "motion", "objectness", "network")
    assert re.search(r"\b(19|20)\d\d\b", row.paper), "no year"
    assert row.dtypes
    assert all(np.dtype(name).name == name for name in row.dtypes)
    assert fastsal.METHODS[row.key] is row


@pytest.mark.parametrize("row", BUILT_IN, ids=built_in)
def test_the_function_stands_at_the_front_door(row):
    function = getattr(fastsal, row.function)

    assert row.function in fastsal.__all__
    assert callable(function)
    assert inspect.getmodule(function).__name__.startswith(f"fastsal.algorithms.{row.package}.")


@pytest.mark.parametrize("row", BUILT_IN, ids=built_in)
def test_made_objects_take_frames(row):
    made = row.make()

    assert callable(made.update)
    assert callable(made.reset)
    assert list(inspect.signature(made.update).parameters) == ["frame", "out"]


@pytest.mark.parametrize("row", BUILT_IN, ids=built_in)
@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3)], ids=str)
def test_the_dtypes_it_names_are_taken_and_no_others(row, shape):
    for dtype in ("uint8", "uint16", "float32", "int8", "int64", "bool", "complex64"):
        frame = np.zeros(shape, dtype)
        if dtype in row.dtypes:
            assert row.make().update(frame).shape == (5, 6)
        else:
            with pytest.raises(fastsal.ImageError, match=f"got {dtype}"):
                row.make().update(frame)


@pytest.mark.parametrize("row", BUILT_IN, ids=built_in)
def test_unknown_options_are_refused_by_name(row):
    with pytest.raises(TypeError, match=f"^method '{row.key}' takes .*; got speed, zoom$"):
        row.make(zoom=3, speed=1)


@pytest.mark.parametrize(
    "row", [row for row in BUILT_IN if row.state is None], ids=lambda row: row.key
)
@pytest.mark.parametrize("option", ["image", "out"])
def test_frames_and_outputs_are_no_options(row, option):
    with pytest.raises(TypeError, match="takes "):
        row.make(**{option: np.zeros((2, 3), np.uint8)})


def test_the_options_there_are_are_named():
    with pytest.raises(
        TypeError, match=r"'bin-wang' takes only the options opencv5; got threshold$"
    ):
        fastsal.Stream("bin-wang", threshold=3)
    with pytest.raises(TypeError, match=r"'lc' takes no options; got threshold$"):
        fastsal.Stream("lc", threshold=3)


@pytest.mark.parametrize(
    ("key", "hint"),
    [("", ""), (None, ""), (3, ""), ("nonsense", ""), ("LC", "; did you mean lc?"),
     ("luminance_contrast", "; did you mean lc?"), ("BinWang", "; did you mean bin-wang?"),
     ("superpixel_contrast", "; did you mean superpixel?"),
     ("Spectral Residuals", "; did you mean spectral-residual?"),
     ("frame_diference", "; did you mean frame-difference?")],
    ids=str,
)  # fmt: skip
def test_unknown_keys_are_refused_with_those_there_are(key, hint):
    for call in (registry.method_of, fastsal.Stream, lambda key: fastsal.warmup([key])):
        with pytest.raises(ValueError, match="`method` must be lc, fine-grained, ") as error:
            call(key)
        assert str(error.value).endswith(f"got {key!r}{hint}")
        assert "\n" not in str(error.value)


def test_the_table_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        fastsal.METHODS["mine"] = ROWS[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        ROWS[0].key = "mine"


def test_networks_need_a_file_and_pytorch():
    networks = [row for row in ROWS if row.kind == "network"]

    assert [row.key for row in networks] == ["tased", "stra-net", "stavis"]
    assert [*BUILT_IN, *networks] == ROWS
    assert all("weights" in row.options() for row in networks)
