import pytest

import fastsal
from fastsal.pipelines.bench import inputs


@pytest.mark.benchmark(group="frame_difference")
def bench_frame_difference(timed, image, backend, out):
    previous = inputs.moved(image)
    timed(lambda: fastsal.frame_difference(image, previous, out=out, backend=backend))


@pytest.mark.benchmark(group="frame_difference")
def bench_frame_difference_stream(timed, image, backend, out):
    stream = fastsal.Stream("frame-difference", backend=backend)
    timed(lambda: stream.update(image, out=out))
