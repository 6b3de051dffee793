from functools import partial

import pytest

import fastsal
from fastsal.bench.peers import peers_of


@pytest.mark.benchmark(group="bing")
def bench_bing(timed, image, photo, backend):
    timed("bing", lambda: fastsal.bing(image, backend=backend), partial(peers_of, "bing", [photo]))
