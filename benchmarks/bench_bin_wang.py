import pytest

import fastsal
from fastsal.pipelines.bench import inputs

SETTLED = 260  # frames until the model is in use, and with it the comparison of blocks


@pytest.mark.benchmark(group="bin_wang")
def bench_bin_wang(timed, image, backend, out):
    frames = [image, inputs.moved(image)]
    stream = fastsal.Stream("bin-wang", backend=backend)
    for _ in range(SETTLED):
        stream.update(image, out=out)
    turn = iter(range(1 << 30))
    timed(lambda: stream.update(frames[next(turn) % 2], out=out))
