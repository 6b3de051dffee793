"""The helpers that start programs."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from processes import run_python, started

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
print(child.pid, flush=True)
time.sleep(100)
"""


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_program_ends_with_its_children():
    with started([sys.executable, "-c", FAMILY]) as process:
        child = int(process.stdout.readline())
        assert is_running(child)
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)
    assert process.returncode == -signal.SIGKILL


def test_ctrl_c_reaches_programs_under_nohup():
    code = f"""
    import signal, sys
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from processes import heed_signals, started

    heed_signals()
    code = "import time; print(1, flush=True); time.sleep(100)"
    with started([sys.executable, "-c", code]) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=50)
        print(process.returncode)
    """
    assert int(run_python(code)) in (1, 130, -signal.SIGINT)
