import threading
import time

import pytest

from fastsal.live.frame_queue import FrameQueue, Grabbed


def taken(queue):
    frames = []
    try:
        while (grabbed := queue.take(1.0)) is not None:
            frames.append(grabbed.frame)
    except EOFError:
        pass
    return frames


def test_the_newest_frame_wins_and_the_others_are_counted():
    queue = FrameQueue()
    for number in range(5):
        assert queue.put(Grabbed(number, 0.0))
    queue.end()

    assert taken(queue) == [4]
    assert (queue.captured, queue.dropped) == (5, 4)


def test_a_lossless_one_makes_the_source_wait():
    queue = FrameQueue(2, lossless=True)

    def produce():
        for number in range(50):
            queue.put(Grabbed(number, 0.0))
        queue.end()

    thread = threading.Thread(target=produce)
    thread.start()
    time.sleep(0.05)
    assert queue.captured == 2

    assert taken(queue) == list(range(50))
    assert queue.dropped == 0
    thread.join()


def test_a_cameras_frames_in_a_pause_do_not_count():
    queue = FrameQueue()
    queue.put(Grabbed(0, 0.0))
    queue.pause(True)
    queue.put(Grabbed(1, 0.0))
    assert queue.take(0.01) is None
    queue.pause(False)
    queue.put(Grabbed(2, 0.0))

    assert queue.take(1.0).frame == 2
    assert (queue.captured, queue.dropped) == (1, 0)


def test_a_files_frames_in_a_pause_are_kept():
    queue = FrameQueue(2, lossless=True)
    queue.put(Grabbed(0, 0.0))
    queue.pause(True)
    queue.put(Grabbed(1, 0.0))
    queue.pause(False)
    queue.end()

    assert taken(queue) == [0, 1]
    assert (queue.captured, queue.dropped) == (2, 0)


def test_closing_frees_a_source_that_waits():
    queue = FrameQueue(1, lossless=True)
    queue.put(Grabbed(0, 0.0))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(queue.put(Grabbed(1, 0.0))))
    thread.start()
    queue.close()
    thread.join(5)

    assert answers == [False]
    assert (queue.captured, queue.dropped) == (1, 1)
    assert queue.put(Grabbed(2, 0.0)) is False


def test_without_a_frame_it_answers_in_time():
    began = time.perf_counter()
    assert FrameQueue().take(0.05) is None
    assert time.perf_counter() - began < 2


def test_an_error_comes_after_the_frames_before_it():
    queue = FrameQueue()
    queue.put(Grabbed("last", 0.0))
    queue.end(OSError("unplugged"))

    assert queue.take(1.0).frame == "last"
    with pytest.raises(OSError, match="unplugged"):
        queue.take(1.0)
