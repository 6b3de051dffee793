"""Ctrl-C where Python drops exceptions."""

import signal
import sys
import threading
import time

import pytest

from fastsal.concurrency.interrupts import heeded_interrupts


class Dropped:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(0)  # where it is raised at the latest


def test_an_interrupt_in_a_finaliser_is_raised_all_the_same() -> None:
    def interrupted() -> None:
        with heeded_interrupts():
            Dropped()
            time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_the_hook_is_the_main_threads_and_goes_with_it() -> None:
    before, inside, leave = sys.unraisablehook, threading.Event(), threading.Event()

    def other() -> None:
        with heeded_interrupts():
            inside.set()
            leave.wait(10)

    with heeded_interrupts():
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(10)
    assert sys.unraisablehook is before
    leave.set()
    thread.join()
    assert sys.unraisablehook is before
