"""A queue that stays whole at whichever of its steps Ctrl-C strikes."""

import queue
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from fastsal.concurrency.bounded import BoundedQueue

pytestmark = pytest.mark.timeout(120)


class Step(Exception):
    """Stands for Ctrl-C."""


def interrupted(call: Callable[[], object], at: int) -> bool:
    """Make a call and raise at its `at`-th line of Python; whether it had that many."""
    left = [at]

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line" or event == "return":
            left[0] -= 1
            if left[0] == 0:
                sys.settrace(None)
                raise Step
        return trace

    before = sys.gettrace()
    try:
        sys.settrace(trace)
        call()
    except Step:
        return True
    finally:
        sys.settrace(before)
    return False


class Receiver:
    """A thread that takes items until None."""

    def __init__(self, box: Any) -> None:
        self.got: list[object] = []
        self.thread = threading.Thread(target=self._run, args=(box,), daemon=True)
        self.thread.start()
        time.sleep(0.01)  # for it to wait

    def _run(self, box: Any) -> None:
        while (item := box.get()) is not None:
            self.got.append(item)


def steps_that_hang(
    make: Callable[[], Any], end: Callable[[Any], object], patience: float
) -> list[int]:
    """Interrupt a put at each of its steps; at which ones does the receiver hear of no end?"""
    hung, at = [], 0
    while True:
        at += 1
        box = make()
        receiver = Receiver(box)
        if not interrupted(lambda box=box: box.put("item"), at):  # type: ignore[misc]
            box.put(None)
            assert at > 1
            return hung
        ender = threading.Thread(target=end, args=(box,), daemon=True)
        ender.start()
        receiver.thread.join(patience)
        if receiver.thread.is_alive():
            hung.append(at)
        assert receiver.got in ([], ["item"])


def test_no_interrupt_of_a_put_leaves_the_receiver_waiting() -> None:
    assert not steps_that_hang(lambda: BoundedQueue(2), lambda box: box.put_last(None), 10.0)


def test_some_interrupt_of_a_put_into_the_queue_of_python_does() -> None:
    # Else this file proves nothing.
    assert steps_that_hang(lambda: queue.Queue(2), lambda box: box.put(None), 0.5)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_an_interrupted_get_leaves_the_sender_free(at: int) -> None:
    box: BoundedQueue[str] = BoundedQueue(2)
    box.put("first")
    assert interrupted(box.get, at)
    assert box.put("second", timeout=1.0)
    assert box.get(timeout=1.0) in ("first", "second")


def test_items_come_out_in_order_and_a_full_one_refuses() -> None:
    box: BoundedQueue[int] = BoundedQueue(3)
    assert [box.put(index) for index in range(5)] == [True] * 3 + [False] * 2
    began = time.monotonic()
    assert not box.put(9, timeout=0.05)
    assert time.monotonic() - began > 0.04
    assert box.get() == 0
    assert box.put(3)
    box.put_last(4)
    assert [box.get() for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(queue.Empty):
        box.get(timeout=0.01)
