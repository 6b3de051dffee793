"""Ctrl-C and SIGTERM as exceptions, raised again where Python would lose them."""

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_DELAY = 0.01
_received: list[int] = []  # signals that end the program
_IMPORTS = "<frozen importlib"  # prefix of the import system's file names


class Terminated(SystemExit):
    """SIGTERM or SIGHUP, which ends the program."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.status = 128 + number  # exit status, as in shells
        super().__init__(self.status)


def raise_on_signals() -> None:
    """Raise KeyboardInterrupt on Ctrl-C and `Terminated` on SIGTERM and SIGHUP, once.

    During an import the signal waits for its end. There, C extensions such as NumPy's
    ``import_array`` replace or print exceptions. A signal that was ignored when the program
    started, as under ``nohup``, stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _terminate)
    sys.unraisablehook = _unraisable


def received_status() -> int:
    """Return the exit status of the signal that has ended the program; 0 without one.

    Code that was interrupted in a callback may first fail with another error.
    """
    return 128 + _received[0] if _received else 0


def _unraisable(unraisable: Any) -> None:
    # Finalisers of objects that the signal left half made fail: llvmlite's, for one.
    if not _received:
        sys.__unraisablehook__(unraisable)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _imports(frame):
        _send_later(number)
    else:
        _received.append(number)
        raise KeyboardInterrupt


def _terminate(number: int, frame: FrameType | None) -> None:
    if _imports(frame):
        _send_later(number)
    else:
        _received.append(number)
        signal.signal(number, signal.SIG_IGN)  # a second one must not interrupt the clean-up
        raise Terminated(number)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTS):
            return True
        frame = frame.f_back
    return False


def _send_later(number: int) -> None:
    def send() -> None:
        time.sleep(_DELAY)
        if hasattr(signal, "pthread_kill"):  # ends a wait too; the other way does not
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        else:
            _thread.interrupt_main(signal.Signals(number))

    _thread.start_new_thread(send, ())


@contextmanager
def heeded_interrupts() -> Iterator[None]:
    """Raise Ctrl-C and SIGTERM again that were raised in a callback or finaliser.

    Callbacks from C code, such as llvmlite's compiler, have no caller that could receive it. Python
    prints "Exception ignored" and goes on. While code compiles, that is where one Ctrl-C in a dozen
    lands.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    previous = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        # It is sent later from another thread, because it would be lost in this hook as well.
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            _send_later(signal.SIGINT)
        elif issubclass(unraisable.exc_type, Terminated):
            number = unraisable.exc_value.number
            signal.signal(number, _terminate)
            _send_later(number)
        else:
            previous(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        if sys.unraisablehook is hook:
            sys.unraisablehook = previous
