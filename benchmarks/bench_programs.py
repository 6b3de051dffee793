"""Whole programs, against the imports they cannot do without."""

import os
import subprocess
import sys

import cv2
import pytest

from fastsal.bench import inputs


@pytest.fixture
def program(threads):
    """Return a function that makes a call: it runs Python, held to as many threads, to its end."""
    held = ("NUMBA_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "OMP_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(held, str(threads))}

    def call_of(*arguments, **more):
        command = [sys.executable, *map(str, arguments)]
        options = {"check": True, "stdout": subprocess.DEVNULL, "env": {**environment, **more}}
        return lambda: subprocess.run(command, **options)

    return call_of


@pytest.fixture
def image_command(tmp_path):
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), inputs.photograph("720p"))
    return "-m", "fastsal", "image", photo, "-m", "lc", "-o", tmp_path / "map.png"


@pytest.mark.benchmark(group="programs")
def bench_import(timed_alone, program):
    timed_alone(
        "import fastsal",
        program("-c", "import fastsal"),
        lambda: {"import numpy": program("-c", "import numpy")},
    )


@pytest.mark.benchmark(group="programs")
def bench_image_command(timed_alone, program, image_command):
    timed_alone(
        "fastsal image, caches warm",
        program(*image_command),
        lambda: {"import numba, cv2": program("-c", "import numba, cv2")},
    )


@pytest.mark.benchmark(group="programs")
def bench_image_command_that_compiles(benchmark, program, image_command, tmp_path):
    command = program(*image_command, FASTSAL_CACHE_DIR=str(tmp_path / "cold"))
    benchmark.pedantic(command, rounds=1)
    if benchmark.stats:  # not with --benchmark-disable
        ms = 1e3 * benchmark.stats.stats.median
        benchmark.extra_info.update(method="fastsal image, caches cold", backend="cpu", ms=ms)
