from functools import partial

import pytest

import fastsal
from fastsal.bench.peers import peers_of


@pytest.mark.benchmark(group="flow_saliency")
def bench_flow_saliency(timed, frames, backend, out):
    pair = frames(), frames()
    timed("flow of two frames", lambda: fastsal.flow_saliency(*pair, out=out, backend=backend))


@pytest.mark.benchmark(group="flow_saliency")
def bench_flow_saliency_stream(timed, frames, scene, backend, out):
    stream = fastsal.Stream("flow", backend=backend)
    timed("flow", lambda: stream.update(frames(), out=out), partial(peers_of, "flow", scene))


@pytest.mark.benchmark(group="flow_saliency")
def bench_flow_saliency_by_both_neighbours(timed, frames, backend, out):
    stream = fastsal.Stream("flow", backend=backend, bidirectional=True)
    timed("flow bidirectional", lambda: stream.update(frames(), out=out))
