import threading
import time

import pytest

from fastsal.live.latest_frame import Grabbed, Mailbox


def taken(mailbox):
    frames = []
    try:
        while (grabbed := mailbox.take(1.0)) is not None:
            frames.append(grabbed.frame)
    except EOFError:
        pass
    return frames


def test_the_newest_frame_wins_and_the_others_are_counted():
    mailbox = Mailbox()
    for number in range(5):
        assert mailbox.put(Grabbed(number, 0.0))
    mailbox.end()

    assert taken(mailbox) == [4]
    assert (mailbox.captured, mailbox.dropped) == (5, 4)


def test_a_lossless_one_makes_the_source_wait():
    mailbox = Mailbox(2, lossless=True)

    def produce():
        for number in range(50):
            mailbox.put(Grabbed(number, 0.0))
        mailbox.end()

    thread = threading.Thread(target=produce)
    thread.start()
    time.sleep(0.05)
    assert mailbox.captured == 2

    assert taken(mailbox) == list(range(50))
    assert mailbox.dropped == 0
    thread.join()


def test_a_cameras_frames_in_a_pause_do_not_count():
    mailbox = Mailbox()
    mailbox.put(Grabbed(0, 0.0))
    mailbox.pause(True)
    mailbox.put(Grabbed(1, 0.0))
    assert mailbox.take(0.01) is None
    mailbox.pause(False)
    mailbox.put(Grabbed(2, 0.0))

    assert mailbox.take(1.0).frame == 2
    assert (mailbox.captured, mailbox.dropped) == (1, 0)


def test_a_files_frames_in_a_pause_are_kept():
    mailbox = Mailbox(2, lossless=True)
    mailbox.put(Grabbed(0, 0.0))
    mailbox.pause(True)
    mailbox.put(Grabbed(1, 0.0))
    mailbox.pause(False)
    mailbox.end()

    assert taken(mailbox) == [0, 1]
    assert (mailbox.captured, mailbox.dropped) == (2, 0)


def test_closing_frees_a_source_that_waits():
    mailbox = Mailbox(1, lossless=True)
    mailbox.put(Grabbed(0, 0.0))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(mailbox.put(Grabbed(1, 0.0))))
    thread.start()
    mailbox.close()
    thread.join(5)

    assert answers == [False]
    assert (mailbox.captured, mailbox.dropped) == (1, 1)
    assert mailbox.put(Grabbed(2, 0.0)) is False


def test_without_a_frame_it_answers_in_time():
    began = time.perf_counter()
    assert Mailbox().take(0.05) is None
    assert time.perf_counter() - began < 2


def test_an_error_comes_after_the_frames_before_it():
    mailbox = Mailbox()
    mailbox.put(Grabbed("last", 0.0))
    mailbox.end(OSError("unplugged"))

    assert mailbox.take(1.0).frame == "last"
    with pytest.raises(OSError, match="unplugged"):
        mailbox.take(1.0)
