"""Read, render, write: three stages with bounded queues between them, and one way to stop."""

import queue
import threading
import time
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .bounded import BoundedQueue
from .worker import Worker

Frame = Any  # an array, alone or in a tuple with its metadata

_DEPTH = 4
_TICK = 0.1
_READER_GRACE = 5.0


@dataclass
class Timings:
    """Seconds, one entry per frame; arrays, because a long video has very many of them."""

    compute: "array[float]" = field(default_factory=lambda: array("d"))
    latency: "array[float]" = field(default_factory=lambda: array("d"))
    written: "array[float]" = field(default_factory=lambda: array("d"))
    dropped: int = 0


@dataclass
class _End:
    """Last thing in a queue: after all frames before it, the sender's exception if it had one."""

    error: BaseException | None = None


def run_stages(
    frames: Iterable[Frame],
    render: Callable[[Frame], Frame],
    write: Callable[[Frame], None],
    *,
    live: bool = False,
    on_frame: Callable[[], object] = lambda: None,
) -> Timings:
    """Pass every frame through `render` and on to `write`, the three overlapping.

    Returns when all is written, or raises the first exception of any stage after the two
    threads have ended, with everything rendered until then written.

    Parameters
    ----------
    frames : iterable of ndarray
        Iterated in a thread. If it raises, the frames before that are still finished.
    render : callable
        Called in the calling thread, so that its context, such as `use_backend`, applies.
    write : callable
        Called in a thread.
    live : bool
        Drop frames, and count them, where rendering does not keep up; otherwise the source waits.
    on_frame : callable
        Called in the calling thread after each frame rendered.

    Returns
    -------
    Timings
    """
    return _Line(frames, render, write, live).run(on_frame)


class _Line:
    def __init__(
        self,
        frames: Iterable[Frame],
        render: Callable[[Frame], Frame],
        write: Callable[[Frame], None],
        live: bool,
    ) -> None:
        self._frames = frames
        self._render = render
        self._write = write
        self._live = live
        self._timings = Timings()
        self._stop = threading.Event()
        self._failed = threading.Lock()
        self._error: BaseException | None = None
        self._inbox: BoundedQueue[Any] = BoundedQueue(_DEPTH)
        self._outbox: BoundedQueue[Any] = BoundedQueue(_DEPTH)
        self._reader = Worker(self._read_all, "fastsal-read")
        self._writer = Worker(self._write_all, "fastsal-write")

    def run(self, on_frame: Callable[[], object]) -> Timings:
        try:
            self._reader.start()
            self._writer.start()
            self._render_all(on_frame)
            self._put(self._outbox, _End())
            self._writer.wait()
        except BaseException as error:
            self._fail(error)
        self._stop.set()
        self._writer.wait()
        self._reader.wait(_READER_GRACE)
        # Taken out, because line, exception and traceback would keep each other, and the frames.
        first, self._error = self._error, None
        if first is not None:
            raise first
        return self._timings

    def _fail(self, error: BaseException) -> None:
        with self._failed:
            if self._error is None:
                self._error = error
        self._stop.set()

    def _read_all(self) -> None:
        end = _End()
        try:
            for frame in self._frames:
                item = frame, time.perf_counter()
                if self._live:
                    self._timings.dropped += not self._inbox.put(item)
                else:
                    self._put(self._inbox, item)
                if self._stop.is_set():
                    return
        except BaseException as error:
            end.error = error
        self._put(self._inbox, end)

    def _render_all(self, on_frame: Callable[[], object]) -> None:
        while (item := self._take(self._inbox)) is not None:
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            frame, read_at = item
            began = time.perf_counter()
            picture = self._render(frame)
            self._timings.compute.append(time.perf_counter() - began)
            if not self._put(self._outbox, (picture, read_at)):
                return
            on_frame()

    def _write_all(self) -> None:
        try:
            while (item := self._take(self._outbox, drain=True)) is not None:
                if isinstance(item, _End):
                    return
                picture, read_at = item
                self._write(picture)
                now = time.perf_counter()
                self._timings.written.append(now)
                self._timings.latency.append(now - read_at)
        except BaseException as error:
            self._fail(error)

    def _put(self, box: BoundedQueue[Any], item: object) -> bool:
        """Wait for a free place; False if the pipeline has stopped meanwhile."""
        while not self._stop.is_set():
            if box.put(item, _TICK):
                return True
        return False

    def _take(self, box: BoundedQueue[Any], drain: bool = False) -> Any:
        """Wait for an item; None when the line has stopped and, if to be drained, is empty."""
        while drain or not self._stop.is_set():
            try:
                return box.get(_TICK)
            except queue.Empty:
                if self._stop.is_set():
                    return None
        return None
