"""Ctrl-C that arrives where Python drops exceptions, brought up again where it does not."""

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_DELAY = 0.01


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill"):  # ends a wait as well, which the other way outlasts
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


@contextmanager
def heeded_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt again when it was raised in a callback or finaliser.

    What C code calls back, llvmlite's compiler for one, has nobody to raise it to: Python says
    "Exception ignored" and goes on. While code compiles, that is where one Ctrl-C in a dozen lands.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    previous = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            # Later and from another thread, because raised in this hook it would be lost as well.
            timer = threading.Timer(_DELAY, _interrupt)
            timer.daemon = True
            timer.start()
        else:
            previous(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        if sys.unraisablehook is hook:
            sys.unraisablehook = previous
