"""A thread that can be waited for again after Ctrl-C interrupts a wait."""

import queue
import threading
import time
from collections.abc import Callable

_TICK = 0.1  # waits are short, because on Windows a long one cannot be interrupted


class Worker:
    """A daemon thread that does one piece of work.

    After an interrupt of `threading.Thread.join`, Python 3.11 and 3.12 consider the thread ended
    although it runs. The next join returns at once, and objects that the thread still uses are
    freed. `wait` of this class can be repeated.

    Parameters
    ----------
    work : callable
        Must not raise.
    name : str
        Name of the thread.
    """

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._work = work
        self._has_ended = False
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        # A daemon: work that never returns must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, limit: float = float("inf")) -> bool:
        """Wait for the end, at most `limit` seconds; return whether it has come."""
        deadline = time.monotonic() + limit
        while not self._has_ended and (left := deadline - time.monotonic()) > 0:
            try:
                self._ended.get(timeout=min(_TICK, left))
            except queue.Empty:
                continue
        if self._has_ended:
            self._thread.join()  # which has nothing left to do
        return self._has_ended

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._has_ended = True
            self._ended.put(None)
