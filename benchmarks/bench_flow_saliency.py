import pytest

import fastsal
from fastsal.pipelines.bench import inputs


@pytest.mark.benchmark(group="flow_saliency")
def bench_flow_saliency(timed, image, backend, out):
    previous = inputs.moved(image)
    timed(lambda: fastsal.flow_saliency(image, previous, out=out, backend=backend))


@pytest.mark.benchmark(group="flow_saliency")
@pytest.mark.parametrize("bidirectional", [False, True], ids=["last", "both"])
def bench_flow_saliency_stream(timed, image, backend, out, bidirectional):
    stream = fastsal.Stream("flow", backend=backend, bidirectional=bidirectional)
    frames = [image, inputs.moved(image)]

    def update():
        frames.reverse()
        stream.update(frames[0], out=out)

    timed(update)
