"""Progress lines of compiling, and the processes that help."""

import logging
import os
import subprocess
import sys
import time

import pytest
from processes import run_python

from fastsal import runtime
from fastsal.kernels import watch
from fastsal.pipelines import compiling, forms, helpers
from fastsal.registry import BUILT_IN

pytestmark = pytest.mark.skipif(runtime.is_simulated(), reason="the simulator compiles nothing")


def shown(keys=("lc",), before=0.0, during=0.0, slow=None):
    """Return the lines about one kernel of given times, after a quick one."""
    said = []
    module, kernel, _ = forms.forms_of(["lc"])[0]
    with compiling.Compiling(keys, said.append):
        for name, seconds in (("a", 0.0), (slow or f"{module}.{kernel}", during)):
            for each in watch._watchers:
                each.started(name)
            time.sleep(seconds)
            for each in watch._watchers:
                each.done(name)
            time.sleep(before)
    assert not watch._watchers
    return said


def test_a_quick_start_is_silent(monkeypatch):
    monkeypatch.setattr(compiling, "PATIENCE", 0.2)
    assert shown() == []
    assert shown(before=0.3) == [
        "compiling lc, 3 kernels, once per machine"
    ]  # the second began late


def test_a_slow_start_is_announced_once_while_it_compiles(monkeypatch, capsys):
    monkeypatch.setattr(compiling, "PATIENCE", 0.05)
    assert shown(during=0.3) == ["compiling lc, 3 kernels, once per machine"]
    keys = list(BUILT_IN)
    assert shown(keys, during=0.3)[0].startswith(f"compiling {len(keys)} methods, ")
    assert capsys.readouterr() == ("", "")  # stderr is no terminal


def test_kernels_of_no_method_are_announced_without_its_name(monkeypatch):
    monkeypatch.setattr(compiling, "PATIENCE", 0.05)
    said = shown(during=0.3, slow="fastsal.metrics.a_kernel")
    assert said == ["compiling other kernels of this command, once per machine"]


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(compiling, "PATIENCE", 0.05)
    shown(during=0.3)
    assert "compiling" in capsys.readouterr().err


COLD = """
import os, sys
from fastsal.cli.main import main
sys.exit(main(["image", sys.argv[1], "-m", "lc", "-o", sys.argv[2]]))
"""


def test_the_first_call_of_the_command_line(tmp_path):
    import cv2
    import numpy as np

    picture = tmp_path / "photo.png"
    cv2.imwrite(str(picture), np.zeros((300, 300, 3), np.uint8))
    command = [sys.executable, "-c", COLD, str(picture), str(tmp_path / "map.png")]
    errors = []
    for _ in range(2):
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=200,
            env={**os.environ, "FASTSAL_CACHE_DIR": str(tmp_path / "cache")},
        )  # fmt: skip
        errors.append(done.stderr)
    assert errors == ["fastsal: compiling lc, 3 kernels, once per machine\n", ""]


def test_calls_of_the_library_are_logged(caplog):
    with caplog.at_level(logging.INFO, "fastsal"), watch.compiling(test_a_quick_start_is_silent):
        pass
    assert "test_a_quick_start_is_silent, once per machine" in caplog.text


@pytest.mark.parametrize("key", ["lc", "itti-koch", "frame-difference"])
def test_recorded_forms_are_those_that_a_first_map_needs(key):
    printed = run_python(
        """
import sys
import numpy as np, fastsal
from fastsal.kernels.forms import compile_form
from fastsal.pipelines.forms import for_this_processor, forms_of
key = sys.argv[1]
for form in for_this_processor(forms_of([key])):
    compile_form(form)
from numba.core import event
recorder = event.RecordingListener()
event.register("numba:compile", recorder)
from fastsal.kernels import watch
class Watcher:
    names = []
    def started(self, name): self.names.append(name)
    def done(self, name): self.names.append(name)
with watch.watching(Watcher()):
    stream = fastsal.Stream(key)
    for _ in range(2):
        stream.update(np.zeros((480, 640, 3), np.uint8))
print(Watcher.names)
""",
        key,
        timeout=200,
    )
    assert printed == "[]"


def test_a_method_without_recorded_forms_is_announced_without_a_number():
    assert forms.recorded_methods() <= set(BUILT_IN)
    assert forms.forms_of(["new"]) == []
    watched = compiling.Compiling(["new"], (said := []).append)
    with watched:
        watched.started("kernel")
        watched._look()
        watched.done("kernel")
    assert said == ["compiling new, once per machine"]


def test_helpers_are_stopped():
    started = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])]
    helpers.stop(started)
    assert started[0].returncode is not None


def test_shares_begin_at_different_places_and_cover_all():
    items = list(range(10))
    for total in (1, 3, 7):
        shares = [helpers._rotated(items, f"{index}/{total}") for index in range(total)]
        assert all(sorted(each) == items for each in shares)
        assert len({each[0] for each in shares}) == total
