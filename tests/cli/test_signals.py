"""Ctrl-C and SIGTERM at any time: the exit status, one line, and nothing left behind."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from fastsal.io.pictures import write_image
from fastsal.io.videos import VideoReader, VideoWriter

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals to one process are for Unix"),
    pytest.mark.timeout(280),
]

COMMANDS = {
    "image": ["image", "photos", "-m", "all", "-o", "out"],
    "video": ["video", "clips", "-m", "lc", "-o", "out/"],
    "webcam": ["webcam", "--source", "synthetic", "--headless", "--record", "out/r.mp4",
               "--json", "out/r.json"],
    "demo": ["demo", "-o", "out"],
    "evaluate": ["evaluate", "folder", "photos", "-o", "out"],
    "bench": ["bench", "--sizes", "vga", "--json", "out/b.json"],
    "warmup": ["warmup"],
    "info": ["info"],
}  # fmt: skip
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
LINE = {signal.SIGINT: "fastsal: interrupted", signal.SIGTERM: "fastsal: terminated"}
USUAL = (
    "fastsal: compiling",
    "coffee: ",
    "built-in clip: ",
    "rocket: ",
    "timing: ",
    "measuring: ",
    "compiling: ",
)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of photographs and clips, large enough to be interrupted."""
    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(3)
    (folder / "photos").mkdir()
    for index in range(12):
        picture = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
        write_image(folder / "photos" / f"{index:02}.png", picture)
    fixations = "".join(f"{index:02}.png,{40 * index},200\n" for index in range(12))
    (folder / "photos" / "fixations.csv").write_text(f"image,x_px,y_px\n{fixations}")
    (folder / "clips").mkdir()
    rows = rng.integers(0, 256, (480, 1, 1), dtype=np.uint8).repeat(640, 1).repeat(3, 2)
    for name in ("a.avi", "b.avi"):
        with VideoWriter(folder / "clips" / name, 10, (640, 480)) as writer:
            for index in range(400):
                writer.write(rows + np.uint8(37 * index % 256))
    return folder


def start(
    inputs: Path, out: Path, arguments: list[str], cache: Path | None = None
) -> subprocess.Popen[str]:
    """Start a command in a folder with the inputs and an empty folder ``out``."""
    for each in inputs.iterdir():
        (out / each.name).symlink_to(each)
    (out / "out").mkdir()
    environment = dict(os.environ)
    if cache is not None:
        environment["FASTSAL_CACHE_DIR"] = str(cache)
    return subprocess.Popen(
        [sys.executable, "-m", "fastsal", *arguments],
        cwd=out, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
        # As at a terminal, also where the tests run under `nohup` or in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Send the signal, wait, and return exit status and stderr; nothing is left running."""
    try:
        process.send_signal(number)
        _, err = process.communicate(timeout=100)
        wait_for(lambda: not _members(process.pid), 3, "a process is left")
        return process.returncode, err
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _members(session: int) -> list[psutil.Process]:
    """Return the processes of a session that run."""
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(each.pid) == session and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found


def check_end(folder: Path, status: int, err: str, number: signal.Signals) -> None:
    """See that the command said one line and left whole files alone.

    Ctrl-C keeps the frames of an unfinished video that play, and names the file.
    """
    if status == 0:
        return  # it had ended before
    lines = [line for line in err.splitlines() if not line.startswith(USUAL)]
    assert status == STATUS[number], f"exit status {status}\n{err}"
    assert len(lines) == 1, f"exit status {status}\n{err}"
    assert lines[0].startswith(LINE[number])
    for hidden in (folder / "out").glob(".*"):
        assert number == signal.SIGINT, hidden
        assert f"/{hidden.name})" in lines[0], err
        with VideoReader(hidden) as reader:
            assert sum(1 for _ in reader) > 0
    for path in (folder / "out").glob("*.mp4"):
        with VideoReader(path) as reader:
            assert sum(1 for _ in reader) > 0


def trial(
    inputs: Path, folder: Path, command: str, number: signal.Signals, delay: float,
    cache: Path | None = None,
) -> tuple[int, str]:  # fmt: skip
    """Run a command, send it the signal after `seconds`, and check the end."""
    process = start(inputs, folder, COMMANDS[command], cache)
    time.sleep(delay)
    status, err = end(process, number)
    check_end(folder, status, err, number)
    return status, err


@pytest.mark.parametrize("number", STATUS, ids=lambda each: each.name)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal_at_any_time_ends_a_command_with_one_line(
    inputs: Path, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    # Python itself takes the first 50 ms; within the next second lie the imports.
    rng = random.Random(f"{command} {number}")
    for index, delay in enumerate((rng.uniform(0.1, 0.9), rng.uniform(0.9, 3))):
        folder = tmp_path / str(index)
        folder.mkdir()
        trial(inputs, folder, command, number, delay)


def wait_for(
    condition: Callable[[], bool], seconds: float = 60, fault: str = "it did not begin"
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, fault
        time.sleep(0.02)


@pytest.mark.parametrize(("name", "seconds"), [("video", 0.0), ("webcam", 0.0), ("webcam", 1.0)])
def test_sigterm_while_a_video_is_written_leaves_no_partial_file(
    inputs: Path, tmp_path: Path, name: str, seconds: float
) -> None:
    process = start(inputs, tmp_path, COMMANDS[name])
    wait_for(lambda: any(path.stat().st_size for path in (tmp_path / "out").glob(".*")))
    time.sleep(seconds)
    status, err = end(process, signal.SIGTERM)
    assert (status, err) == (143, "fastsal: terminated\n")
    left = sorted(path.name for path in (tmp_path / "out").iterdir())
    # A live session ends as by its key: recording and report are whole.
    assert left == ([] if name == "video" else ["r.json", "r.mp4"])


@pytest.mark.parametrize("number", STATUS, ids=lambda each: each.name)
def test_a_signal_while_code_compiles(inputs: Path, tmp_path: Path, number: signal.Signals) -> None:
    status, _ = trial(inputs, tmp_path, "image", number, 4.0, cache=tmp_path / "cache")
    assert status == STATUS[number]


@pytest.mark.parametrize(
    "module", ["numpy._core.multiarray", "cv2", "numba.core.types", "fastsal.pipelines.demo"]
)
@pytest.mark.parametrize("number", STATUS, ids=lambda each: each.name)
def test_a_signal_while_a_module_loads(tmp_path: Path, module: str, number: int) -> None:
    """The import gets an exception of C code's in place of Ctrl-C, unless the signal waits."""
    code = f"""
import runpy, signal, sys
class Finder:
    sent = False
    def find_spec(name, path, target=None):
        if name == {module!r} and not Finder.sent:
            Finder.sent = True
            try:
                signal.raise_signal({int(number)})
                for _ in range(1000): pass
            except BaseException as error:
                raise ImportError("a C extension lost it") from error
sys.meta_path.insert(0, Finder)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ['fastsal', 'demo', '-o', {str(tmp_path / "out")!r}]
runpy.run_module('fastsal', run_name='__main__')
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False
    )
    lines = [line for line in done.stderr.splitlines() if not line.startswith(USUAL)]
    assert lines == [LINE[signal.Signals(number)]]
    assert done.returncode == STATUS[signal.Signals(number)]


def test_a_signal_that_was_ignored_from_the_start_stays_ignored(inputs: Path) -> None:
    code = """
import signal, subprocess, sys, time
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN)
process = subprocess.Popen([sys.executable, "-m", "fastsal", "info"], stdout=subprocess.PIPE)
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    time.sleep(0.2)
    process.send_signal(each)
out, _ = process.communicate(timeout=60)
assert process.returncode == 0 and b"compiled code" in out
"""
    subprocess.run([sys.executable, "-c", code], timeout=100, check=True)
