"""Everything public can be sent to another process."""

import importlib
import pickle

import numpy as np
import prose
import pytest

import fastsal

FUNCTIONS = {
    f"{module}.{name}": getattr(importlib.import_module(module), name)
    for module in prose.public_modules()
    for name in importlib.import_module(module).__all__
    if callable(getattr(importlib.import_module(module), name))
}
STREAMS = [key for key, method in fastsal.METHODS.items() if method.kind != "network"]


def test_every_kind_of_name_is_here():
    assert len(FUNCTIONS) > 60
    assert {"fastsal.lc", "fastsal.nothing"}.isdisjoint(FUNCTIONS)
    assert {"fastsal.boolean_map", "fastsal.distributed.map_images"} <= FUNCTIONS.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_and_classes(name):
    assert pickle.loads(pickle.dumps(FUNCTIONS[name])) == FUNCTIONS[name]


@pytest.mark.parametrize("key", STREAMS)
def test_streams_continue_with_equal_maps(key, rng):
    frames = rng.integers(0, 256, (4, 48, 64, 3), dtype=np.uint8)
    stream = fastsal.Stream(key)
    for frame in frames[:2]:
        stream.update(frame)
    copy = pickle.loads(pickle.dumps(stream))
    for frame in frames[2:]:
        np.testing.assert_array_equal(copy.update(frame), stream.update(frame))


def test_methods_and_errors():
    for method in fastsal.METHODS.values():
        assert pickle.loads(pickle.dumps(method)) == method
    error = pickle.loads(pickle.dumps(fastsal.ImageError("photo.jpg: damaged")))
    assert type(error) is fastsal.ImageError
    assert str(error) == "photo.jpg: damaged"
