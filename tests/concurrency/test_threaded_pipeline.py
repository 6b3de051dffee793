"""The three stages: order, threads, and a clean end whichever of them fails, stalls or is slow."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fastsal.concurrency import threaded_pipeline
from fastsal.concurrency.threaded_pipeline import run_stages

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def numbered(count: int) -> Iterator[np.ndarray]:
    for index in range(count):
        yield np.full((2, 2), index)


def same(frame: np.ndarray) -> np.ndarray:
    return frame


def failing_at(index: int, error: BaseException) -> Callable[[np.ndarray], np.ndarray]:
    def step(frame: np.ndarray) -> np.ndarray:
        if frame[0, 0] == index:
            raise error
        return frame

    return step


def failing_source(count: int, error: BaseException) -> Iterator[np.ndarray]:
    yield from numbered(count)
    raise error


def ids(frames: list[np.ndarray]) -> list[int]:
    return [int(frame[0, 0]) for frame in frames]


@pytest.mark.parametrize("count", [0, 1, 3, 500])
def test_every_frame_once_and_in_order(count: int) -> None:
    written: list[np.ndarray] = []
    ticks: list[int] = []
    timings = run_stages(numbered(count), same, written.append, on_frame=lambda: ticks.append(1))
    assert ids(written) == list(range(count))
    assert len(ticks) == count
    assert timings.dropped == 0
    assert len(timings.compute) == len(timings.latency) == len(timings.written) == count


def test_rendering_runs_in_the_calling_thread_and_the_rest_elsewhere() -> None:
    seen: dict[str, threading.Thread] = {}

    def source() -> Iterator[np.ndarray]:
        seen["read"] = threading.current_thread()
        yield np.zeros(1)

    def render(frame: np.ndarray) -> np.ndarray:
        seen["render"] = threading.current_thread()
        return frame

    def write(frame: np.ndarray) -> None:
        seen["write"] = threading.current_thread()

    run_stages(source(), render, write)
    assert seen["render"] is threading.current_thread()
    assert len(set(seen.values())) == 3


def test_memory_is_bounded_by_the_queues() -> None:
    handed, finished, widest = [0], [0], [0]

    def source() -> Iterator[np.ndarray]:
        for frame in numbered(200):
            handed[0] += 1
            widest[0] = max(widest[0], handed[0] - finished[0])
            yield frame

    def write(frame: np.ndarray) -> None:
        time.sleep(0.001)
        finished[0] += 1

    run_stages(source(), same, write)
    assert widest[0] <= 2 * threaded_pipeline._DEPTH + 3


@pytest.mark.parametrize("at", [0, 1, 7, 99])
@pytest.mark.parametrize("kind", [ValueError, MemoryError, KeyboardInterrupt, SystemExit])
def test_renderer_raises(at: int, kind: type[BaseException]) -> None:
    written: list[np.ndarray] = []
    error = kind("boom")
    with pytest.raises(kind) as caught:
        run_stages(numbered(10_000), failing_at(at, error), written.append)
    assert caught.value is error
    assert ids(written) == list(range(at))


@pytest.mark.parametrize("count", [0, 1, 7, 99])
def test_reader_raises_and_what_it_gave_is_written(count: int) -> None:
    written: list[np.ndarray] = []
    with pytest.raises(ValueError, match="boom"):
        run_stages(failing_source(count, ValueError("boom")), same, written.append)
    assert ids(written) == list(range(count))


@pytest.mark.parametrize("at", [0, 1, 7, 99])
def test_writer_raises(at: int) -> None:
    with pytest.raises(OSError, match="boom"):
        run_stages(numbered(10_000), same, failing_at(at, OSError("boom")))


def test_writer_raises_on_the_last_frame() -> None:
    with pytest.raises(OSError, match="boom"):
        run_stages(numbered(3), same, failing_at(2, OSError("boom")))


def test_a_live_source_without_end_is_left_when_rendering_fails() -> None:
    asked = [0]

    def source() -> Iterator[np.ndarray]:
        while True:
            asked[0] += 1
            time.sleep(0.001)
            yield np.full((2, 2), asked[0])

    with pytest.raises(ValueError, match="boom"):
        run_stages(source(), failing_at(1, ValueError("boom")), same, live=True)
    asked_then = asked[0]
    time.sleep(0.05)
    assert asked[0] == asked_then


def test_progress_raises() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stages(numbered(100), same, same, on_frame=interrupted)


def test_first_exception_wins() -> None:
    written = threading.Event()

    def write(frame: np.ndarray) -> None:
        written.set()
        raise OSError("first")

    def render(frame: np.ndarray) -> np.ndarray:
        if frame[0, 0] == 1:
            assert written.wait(30)
            time.sleep(0.05)
            raise ValueError("second")
        return frame

    with pytest.raises(OSError, match="first"):
        run_stages(numbered(100), render, write)


@pytest.mark.parametrize("slow", ["read", "render", "write"])
@pytest.mark.parametrize("failing", [None, "read", "render", "write"])
def test_slow_stages(slow: str, failing: str | None) -> None:
    def step(stage: str) -> Callable[[np.ndarray], np.ndarray]:
        def act(frame: np.ndarray) -> np.ndarray:
            if stage == slow:
                time.sleep(0.005)
            if stage == failing and frame[0, 0] == 20:
                raise ValueError(stage)
            return frame

        return act

    written: list[np.ndarray] = []

    def write(frame: np.ndarray) -> None:
        written.append(step("write")(frame))

    def run() -> None:
        run_stages(map(step("read"), numbered(40)), step("render"), write)

    if failing is None:
        run()
        assert ids(written) == list(range(40))
        return
    with pytest.raises(ValueError, match=failing):
        run()
    assert ids(written) == list(range(20))


def test_stalled_reader_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threaded_pipeline, "_READER_GRACE", 0.2)
    leave = threading.Event()

    def source() -> Iterator[np.ndarray]:
        yield from numbered(2)
        leave.wait(60)

    with pytest.raises(ValueError, match="boom"):
        run_stages(source(), failing_at(1, ValueError("boom")), same)
    (reader,) = (t for t in threading.enumerate() if t.name == "fastsal-read")
    leave.set()
    reader.join(30)
    assert not reader.is_alive()


def test_stalled_writer_is_waited_for() -> None:
    leave, written = threading.Event(), []

    def write(frame: np.ndarray) -> None:
        leave.wait(60)
        written.append(frame)

    def render(frame: np.ndarray) -> np.ndarray:
        if frame[0, 0] == 3:
            threading.Timer(0.3, leave.set).start()
            raise ValueError("boom")
        return frame

    with pytest.raises(ValueError, match="boom"):
        run_stages(numbered(100), render, write)
    assert ids(written) == [0, 1, 2]


def test_live_source_drops_instead_of_waiting() -> None:
    written: list[np.ndarray] = []

    def render(frame: np.ndarray) -> np.ndarray:
        time.sleep(0.01)
        return frame

    timings = run_stages(numbered(100), render, written.append, live=True)
    assert timings.dropped > 0
    assert len(written) + timings.dropped == 100
    assert ids(written) == sorted(ids(written))


def test_exception_does_not_keep_the_frames() -> None:
    import gc
    import weakref

    references: list[Any] = []

    def render(frame: np.ndarray) -> np.ndarray:
        references.append(weakref.ref(frame))
        if len(references) == 5:
            raise ValueError("boom")
        return frame

    gc.disable()
    try:
        with pytest.raises(ValueError, match="boom"):
            run_stages(numbered(100), render, same)
    finally:
        gc.enable()
    gc.collect()
    assert [reference() for reference in references] == [None] * 5
