"""``python -m fastsal``, and where the ``fastsal`` script starts.

Imports nothing before it can answer Ctrl-C: the rest of the program takes a while to load.
"""

import os
import sys

# OpenBLAS's threads would spin for 0.1 s after NumPy is loaded: 0.25 CPU seconds on two cores.
# This is a power of two in processor cycles, after which they sleep: a third of a millisecond.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "20")


def run() -> None:
    """Run one command and leave with its exit status."""
    status = 130
    try:
        try:
            status = _status_of_main()
        except KeyboardInterrupt:  # while loading, or once more while the first was dealt with
            if sys.stderr is not None:
                sys.stderr.write("fastsal: interrupted\n")
        import gc
        import signal

        # The work is done and its status is known: a late signal must not change it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if status > 128:
            _leave_at_once(status)
        gc.freeze()  # Python need not look through all that was loaded for garbage: 60 ms
    except KeyboardInterrupt:
        pass
    sys.exit(status)


def _leave_at_once(status: int) -> None:
    """End without freeing anything: half-made objects of LLVM crash when they are freed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue  # closed
    os._exit(status)


def _status_of_main() -> int:
    from .concurrency.interrupts import Terminated, raise_on_signals

    try:
        raise_on_signals()
        from .cli.main import main

        return main()
    except Terminated as stop:  # while loading
        return stop.status


if __name__ == "__main__":
    run()
