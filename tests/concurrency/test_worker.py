"""A thread that is waited for again after an interrupt."""

import signal
import threading
import time

import pytest

from fastsal.concurrency.worker import Worker

pytestmark = pytest.mark.timeout(60)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_an_interrupted_wait_can_be_made_again() -> None:
    leave, ended = threading.Event(), []

    def work() -> None:
        leave.wait(10)
        time.sleep(0.05)
        ended.append(True)

    worker = Worker(work, "fastsal-test")
    worker.start()
    main = threading.main_thread().ident
    assert main is not None
    for _ in range(3):
        threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            worker.wait()
        assert not worker.wait(0.01)
    leave.set()
    assert worker.wait()
    assert ended
    assert "fastsal-test" not in [thread.name for thread in threading.enumerate()]


def test_a_wait_ends_in_time_and_one_after_the_end_at_once() -> None:
    leave = threading.Event()
    worker = Worker(lambda: bool(leave.wait(10)) and None, "fastsal-test")
    worker.start()
    began = time.monotonic()
    assert not worker.wait(0.2)
    assert time.monotonic() - began < 5
    leave.set()
    assert worker.wait()
    assert worker.wait(0.0)
