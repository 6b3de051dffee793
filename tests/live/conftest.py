import os
import shutil
import subprocess
import threading
import time

import numpy as np
import pytest
from processes import started

from fastsal import runtime

if runtime.is_simulated():
    collect_ignore_glob = ["test_*.py"]  # nothing here is about kernels


class FakeSource:
    """Frames of numbers 0, 1, 2, ... at a pace; then the end, or an error."""

    is_camera = False

    def __init__(self, count, *, gap=0.0, size=(64, 48), error=None, stalls=False, is_live=True):
        self.size, self.is_live = size, is_live
        self._count, self._gap, self._error, self._stalls = count, gap, error, stalls
        self._next = 0
        self.closed = threading.Event()

    def read(self):
        if self._next == self._count:
            if self._stalls:
                self.closed.wait(20)
            if self._error is not None:
                raise self._error
            return None
        time.sleep(self._gap)
        width, height = self.size
        frame = np.full((height, width, 3), self._next % 256, np.uint8)
        frame[: height // 2, : width // 2] = 255 - self._next % 256
        self._next += 1
        return frame

    def close(self):
        self.closed.set()


class FakeScreen:
    """Keeps the shown pictures, and presses keys at given frames."""

    def __init__(self, keys=(), closes_at=None, wait=0.0):
        self.shown, self.is_closed, self.full = [], False, False
        self._keys, self._closes_at, self._wait = dict(keys), closes_at, wait

    def show(self, picture):
        time.sleep(self._wait)
        self.shown.append(picture)

    def key(self, milliseconds):
        return self._keys.pop(len(self.shown), "")

    def is_open(self):
        return self._closes_at is None or len(self.shown) < self._closes_at

    def toggle_full_screen(self):
        self.full = not self.full

    def close(self):
        self.is_closed = True


@pytest.fixture
def fake_source():
    return FakeSource


@pytest.fixture
def fake_screen():
    return FakeScreen


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    """Every session ends its threads."""
    yield
    deadline = time.monotonic() + 5
    while (left := _ours()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def _ours():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("fastsal-")]


@pytest.fixture(scope="session")
def screen(tmp_path_factory):
    """Return a call that gives all that `display` shows, BGR, read from the server's own memory.

    A program that takes screenshots holds up all others meanwhile, and at times for ever.
    """
    path = tmp_path_factory.mktemp("screen") / "Xvfb_screen0"

    def picture():
        dump = path.read_bytes()  # an X window dump: header, colours, pixels in 32 bits
        head = np.frombuffer(dump, ">u4", 25)
        height, line, start = head[5], head[12], head[0] + 12 * head[19]
        pixels = np.frombuffer(dump, np.uint8, height * line, start)
        return pixels.reshape(height, -1, 4)[:, : head[4], :3].copy()

    picture.folder = path.parent
    return picture


@pytest.fixture(scope="session")
def display(screen):
    """Start an X server with a window manager, and return the environment that shows there."""
    tools = ("Xvfb", "openbox", "xdotool", "xwininfo", "wmctrl")
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1024x24", "-nolisten",
               "tcp", "-fbdir", str(screen.folder)]  # fmt: skip
    silent = {"stdout": None, "stderr": subprocess.DEVNULL}
    with started(command, pass_fds=[writing], **silent) as server:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            environment = {**os.environ, "DISPLAY": f":{pipe.readline().strip()}"}
        with started(["openbox"], env=environment, **silent):
            yield environment
        server.terminate()  # so that it removes its lock
        server.wait(10)
