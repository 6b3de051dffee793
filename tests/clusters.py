"""Schedulers, workers and photographs for the tests of `fastsal.distributed`."""

import os
import socket
import sys
import time

import cv2
import numpy as np
from processes import started
from skimage import data

# Programs that a worker runs when it starts.
SLOW = "time.sleep(0.05)"
BROKEN = "raise OSError(5, 'this worker cannot read')"
# Dask runs such a program twice, the second time with the names of the first.
PRELOAD = """
import time
from fastsal.io import pictures
def changed(read):
    def slow(self, **options):
        {}
        return read(self, **options)
    return slow
if pictures.ImageFile.read.__name__ == "read":
    pictures.ImageFile.read = changed(pictures.ImageFile.read)
"""


def make_photos(folder, count):
    folder.mkdir()
    picture = data.astronaut()[..., ::-1]
    for index in range(count):
        top, left = 4 * (index % 16), 16 * (index // 16)
        cv2.imwrite(str(folder / f"{index:03}.jpg"), picture[top : top + 180, left : left + 240])
    return folder


class Processes:
    """A scheduler and workers, each a process with a separate command."""

    def __init__(self, folder, stack):
        self.folder = folder
        self._stack = stack
        self._number = 0
        self.address = self.scheduler = None

    def start_scheduler(self, **environment):
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        arguments = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        self.scheduler = self._start(arguments, environment)
        wait_until(lambda: is_open(port))
        return self.address

    def start_worker(self, preload="", *arguments):
        self._number += 1
        name = f"worker-{self._number}"
        command = ["worker", self.address, "--name", name, "--nthreads", "1", "--no-dashboard"]
        command += ["--local-directory", str(self.folder), *arguments]
        if preload:
            path = self.folder / f"{name}.py"
            path.write_text(PRELOAD.format(preload))
            command += ["--preload", str(path)]
        return self._start(command, {})

    def wait_for_workers(self, count):
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)

    def _start(self, arguments, environment):
        log = self._stack.enter_context((self.folder / f"log-{time.monotonic_ns()}").open("w"))
        command = [sys.executable, "-m", "dask", *arguments]
        return self._stack.enter_context(
            started(command, stdout=log, stderr=log, env={**os.environ, **environment})
        )


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def is_open(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, timeout=60):
    limit = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.02)


def outputs(folder):
    """Return the content of all visible files of a folder by name."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert not [name for name in found if name.startswith(".")], "a partial file was left"
    return found


def pixels(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
