import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from processes import heed_signals

from fastsal import runtime
from fastsal.io.opencv_logging import quiet_opencv

# All that CI's machine may lack. Any other skip there is a check that did not run, and fails.
MAY_SKIP_IN_CI = (
    "no CUDA driver or device was found",
    "needs a real CUDA device",
    "65,536 levels take the simulator seconds",
    "needs opencv-contrib-python instead of opencv-python",  # CI has an environment with it
    "opencv-contrib-python is not installed",
    "the simulator compiles nothing",  # CI compiles without it too
)

# They run first, so that no worker waits for another's last test.
LONG = ("test_memory.py", "test_readme.py", "test_simd.py", "test_warmup.py")

heed_signals()

if runtime.is_simulated():
    import simulator

    simulator.install()

# No process that compiles on after a test.
os.environ["FASTSAL_NATIVE"] = "0"

GOLDEN = Path(__file__).parent / "golden"
# Tests of an optional package run where it is installed: .ci/run has a step for each.
_OPTIONAL = {
    "optional/cluster": "moto",
    "optional/neural": "torch",
    "optional/notebooks": "nbclient",
    "optional/torch": "torch",
}
collect_ignore = [path for path, name in _OPTIONAL.items() if not importlib.util.find_spec(name)]

SHARED = Path(__file__).parents[2] / "shared"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Return the number of cores that this process may use, which can be below the machine's."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, 8)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _loud((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _loud((yield))


def _loud(report):
    """Let a test, or a module of them, that CI skips fail."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr)
        if not any(allowed in reason for allowed in MAY_SKIP_IN_CI):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _untraced_compiler():
    """Keep coverage's tracer out of Numba's compiler, which it makes half as slow again."""
    coverage = "coverage" in sys.modules and sys.modules["coverage"].Coverage.current()
    if not coverage or runtime.is_simulated():
        yield
        return
    from numba.core import event

    class Pause(event.Listener):
        depth = 0

        def on_start(self, _):
            self.depth += 1
            if self.depth == 1 and is_main():
                coverage.stop()

        def on_end(self, _):
            self.depth -= 1
            if self.depth == 0 and is_main():
                coverage.start()

    def is_main():  # other threads' tracers are not for this one to stop
        return threading.current_thread() is threading.main_thread()

    with event.install_listener("numba:compile", Pause()):
        yield


@pytest.fixture(scope="session", autouse=True)
def _quiet_from_the_first_video():
    """Let fastsal set FFmpeg's log level before a test opens a video: the level is read once."""
    with quiet_opencv:
        pass


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def backend(request):
    if request.param == "cuda" and (reason := runtime.why_no_cuda()):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def cuda_device():
    """Return `numba.cuda` for tests that put arrays on a device, or its simulator."""
    if reason := runtime.why_no_cuda():
        pytest.skip(reason)
    from numba import cuda

    return cuda


@pytest.fixture(scope="session")
def shared():
    """Return the folder of recorded data beside the repository."""
    if not SHARED.is_dir():
        assert not os.environ.get("CI"), f"{SHARED} is missing"
        pytest.skip("the folder of recorded data is not here")
    return SHARED


@pytest.fixture(scope="session", params=["small", "all"])
def recordings(request):
    """Return the folder of other programs' outputs: the repository's own, then the larger one."""
    if request.param == "small":
        return GOLDEN
    return request.getfixturevalue("shared") / "golden"


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Let the simulator, a Python thread per CUDA thread, run few of them, and not too often."""
    if runtime.is_simulated():
        from fastsal.algorithms.superpixel_contrast import _maps
        from fastsal.kernels import launch

        monkeypatch.setattr(launch, "THREADS", 32)
        monkeypatch.setattr(_maps, "MAX_ITER", 2)  # the CPU, compared with, does no more then


@pytest.fixture(autouse=True)
def _silent_compiler(monkeypatch):
    """Keep the announcement of compiling out of stderr: it depends on earlier tests."""
    from fastsal.pipelines import compiling

    monkeypatch.setattr(compiling, "PATIENCE", 3600.0)


@pytest.fixture
def make_video(tmp_path):
    """Return a call that writes a clip; its frame k is a flat grey of level 8 * k (modulo 256)."""
    from fastsal.io.videos import VideoWriter

    def make(name="in.avi", frames=20, size=(64, 48), fps=10.0):
        target = tmp_path / name
        with VideoWriter(target, fps, size) as writer:
            for index in range(frames):
                writer.write(np.full((size[1], size[0], 3), 8 * index % 256, np.uint8))
        return target

    return make


@pytest.fixture(params=["av", "opencv"])
def encoder(request, monkeypatch):
    """Write videos by PyAV, and then as where it is not installed."""
    if request.param == "av":
        pytest.importorskip("av", reason="PyAV is not installed")
    else:
        monkeypatch.setattr("fastsal.io.encoders.has_av", lambda: False)
    return request.param


@pytest.fixture
def tiny_disk(tmp_path):
    """Return a file system of one megabyte."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"mount failed: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
