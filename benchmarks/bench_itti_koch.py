import dataclasses

import pytest

from fastsal import IttiOptions, itti_koch, scanpath

PRESETS = {
    "default": IttiOptions.DEFAULT,
    "paper": IttiOptions.PAPER,
    "fixation": IttiOptions.FIXATION,
    "iterative": dataclasses.replace(IttiOptions.DEFAULT, norm="iterative"),
    "working size 400": dataclasses.replace(IttiOptions.DEFAULT, working_size=400),
}


@pytest.mark.benchmark(group="itti_koch")
@pytest.mark.parametrize("preset", PRESETS)
def bench_itti_koch(timed, image, backend, out, preset):
    method = "itti-koch" + (f" {preset}" if preset != "default" else "")
    timed(method, lambda: itti_koch(image, preset=PRESETS[preset], out=out, backend=backend))


@pytest.mark.benchmark(group="scanpath")
def bench_scanpath(timed, photo):
    saliency = itti_koch(photo, backend="cpu")
    timed("scanpath", lambda: scanpath(saliency, 10), moved=4)
