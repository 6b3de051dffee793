"""Programs in separate processes: a hang or an abort does not end the suite.

Each leads its own process group, and ends with the test that started it. tests/conftest.py lets
Ctrl-C reach them where the suite itself was started to ignore it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap


@contextlib.contextmanager
def started(command, **options):
    """Start a program with text output in pipes; at the end kill the rest of its group."""
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, start_new_session=True, **{**usual, **options})
    try:
        yield process
    finally:
        end(process)


def end(process):
    """Kill a program that leads a process group, with all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def heed_signals():
    """Restore the default action of signals that this process was started to ignore.

    ``nohup`` and a shell's ``&`` make a process ignore Ctrl-C, and so all processes that it starts.
    """
    for name, action in (
        ("SIGINT", signal.default_int_handler),
        ("SIGTERM", signal.SIG_DFL),
        ("SIGQUIT", signal.SIG_DFL),
    ):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, action)


def run_python(code, *arguments, timeout=100, environment=None, check=True, cwd=None):
    """Run `code` and return its output; at `timeout` end it and all processes it forked."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    with started(command, env={**os.environ, **(environment or {})}, cwd=cwd) as process:
        try:
            out, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, errors = process.communicate()
            raise AssertionError(f"hung for {timeout} s\n{out}\n{errors}") from None
    if check:
        assert process.returncode == 0, f"exit status {process.returncode}\n{out}\n{errors}"
    return out.strip()


def without_compiling(text):
    """Return a program's output without lines on compiling, which a cold cache brings."""
    lines = text.splitlines(keepends=True)
    return "".join(
        line for line in lines if not line.removeprefix("fastsal: ").startswith("compiling ")
    )
