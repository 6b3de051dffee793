"""Fixed cost of a call: every method on 64 x 64 pixels, where hardly anything is computed."""

from functools import partial

import pytest

from fastsal.bench import inputs
from fastsal.bench.peers import peers_of
from fastsal.bench.suite import call_of
from fastsal.registry import BUILT_IN


@pytest.mark.benchmark(group="calls")
@pytest.mark.parametrize("key", BUILT_IN)
def bench_call(timed_alone, kind, key):
    frames = inputs.frames_of(key, "64x64", kind)
    timed_alone(
        key, call_of(key, "cpu", frames), partial(peers_of, key, frames), size="64x64", kind=kind
    )
