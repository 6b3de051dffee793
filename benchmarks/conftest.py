"""Fixtures of all suites: inputs, backends, threads, and a clock for our calls and the peers."""

import numpy as np
import pytest

from fastsal import runtime
from fastsal.bench import inputs, suite
from fastsal.bench.compare import identity
from fastsal.bench.sidebyside import SideBySide, copy_bandwidth

_SIZES = ("VGA", "720p", "1080p", "4K")


def pytest_configure():
    from fastsal.kernels import threads

    threads.layer()  # before Numba starts one that it chooses


def pytest_addoption(parser):
    parser.addoption("--sizes", default=",".join(_SIZES), help="of inputs.SIZES, comma-separated")
    parser.addoption("--threads", default="all", help="numbers of CPU threads, comma-separated")
    parser.addoption("--row-seconds", type=float, default=0.7, help="how long ours and peers run")


def pytest_generate_tests(metafunc):
    option = metafunc.config.getoption
    if "size" in metafunc.fixturenames:
        metafunc.parametrize("size", inputs.sizes_of(option("--sizes")), scope="session")
    if "threads" in metafunc.fixturenames:
        metafunc.parametrize("threads", suite.threads_of(option("--threads")), scope="session")
    if "place" in metafunc.fixturenames:
        places = ["cpu"] if _why_no_device() else ["cpu", "cuda", "cuda-resident"]
        metafunc.parametrize("place", places)


def pytest_report_header():
    return f"no rows on a device: {reason}" if (reason := _why_no_device()) else None


def _why_no_device():
    return "it is simulated" if runtime.is_simulated() else runtime.why_no_cuda()


@pytest.fixture(scope="session", params=["grey", "colour"])
def kind(request):
    return request.param


@pytest.fixture
def photo(size, kind):
    """Return a photograph on the host."""
    image = inputs.photograph(size)
    return inputs.gray(image) if kind == "grey" else image


@pytest.fixture
def scene(size, kind):
    """Return the frames of a scene on the host."""
    return inputs.scene(size, kind)


@pytest.fixture
def backend(place):
    return place.partition("-")[0]


@pytest.fixture
def placed(place):
    """Return a function that brings an array to where it is computed with.

    `place` is "cpu", "cuda", or "cuda-resident" where inputs and maps lie on the device.
    """
    if place != "cuda-resident":
        return lambda array: array
    from numba import cuda

    return cuda.to_device


@pytest.fixture
def image(photo, placed):
    return placed(photo)


@pytest.fixture
def frames(scene, placed):
    """Return a call that gives the next frame of a scene."""
    return inputs.in_turn([placed(frame) for frame in scene])


@pytest.fixture
def out(photo, placed):
    return placed(np.empty(photo.shape[:2], np.float32))


@pytest.fixture(scope="session")
def bandwidth():
    """Return a function for the bytes per second that a copy moves on a number of threads."""
    known = {}

    def measured(threads):
        if threads not in known:
            known[threads] = copy_bandwidth(threads)
        return known[threads]

    return measured


@pytest.fixture
def timed(request, timed_alone, size, kind, threads, bandwidth):
    """Time a method on frames, with its throughput, as `timed_alone`.

    `moved` are the bytes per pixel that any implementation must read and write, by default a frame
    and a float32 map.
    """
    place = request.getfixturevalue("place") if "place" in request.fixturenames else "cpu"
    pixels = int(np.prod(inputs.SIZES[size]))

    def run(method, call, peers=dict, *, moved=None):
        call, peers = (call, peers) if place == "cpu" else (_synchronised(call), dict)
        info = timed_alone(method, call, peers, size=size, kind=kind, backend=place)
        if info:
            bytes_moved = pixels * (moved or 4 + (3 if kind == "colour" else 1))
            copied = bandwidth(threads) if place == "cpu" else None
            info.update(suite.throughput_of(info["ms"], pixels, bytes_moved, copied))

    return run


@pytest.fixture(scope="session")
def named():
    """Return the names of all rows until now; two rows must not have one name."""
    return set()


@pytest.fixture
def timed_alone(request, benchmark, threads, named):
    """Time a call alternating with its peers; keep the results in `extra_info`, and return it.

    `peers` returns them by name, None for one that is not installed. pytest-benchmark's own
    table is of one call of ours after each set of rounds.
    """

    def run(method, call, peers=dict, **about):
        about = {"method": method, "threads": threads, "backend": "cpu", **about}
        assert identity(about) not in named, f"two rows are called {about}"
        named.add(identity(about))
        with suite.on_threads(threads):
            if not benchmark.enabled:
                benchmark(call)
                return None
            others = peers()
            present = {name: peer for name, peer in others.items() if peer is not None}
            seconds = request.config.getoption("--row-seconds")
            game = SideBySide({suite.OURS: call, **present}, seconds)
            benchmark.pedantic(call, setup=game.play, rounds=game.sets)
        benchmark.extra_info.update(
            **about,
            **suite.times_of(game.rounds),
            missing=sorted(others.keys() - present.keys()),
            disturbed=game.share_disturbed,
        )
        return benchmark.extra_info

    return run


def _synchronised(call):
    from numba import cuda

    def run():
        call()
        cuda.synchronize()

    return run
