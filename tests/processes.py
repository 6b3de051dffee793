"""Python in a process of its own, so that neither a hang nor an abort takes the suite along."""

import os
import signal
import subprocess
import sys
import textwrap


def run_python(code, *arguments, timeout=100, environment=None, check=True, cwd=None):
    """Run `code` and return what it printed; at `timeout` end it and all processes it forked."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        start_new_session=True,
    )
    try:
        out, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, errors = process.communicate()
        raise AssertionError(f"hung for {timeout} s\n{out}\n{errors}") from None
    if check:
        assert process.returncode == 0, f"exit status {process.returncode}\n{out}\n{errors}"
    return out.strip()
