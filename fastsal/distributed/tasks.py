"""Tasks on a Dask cluster: few at a time, so that scheduler and client stay small."""

from __future__ import annotations

import queue
import time
import uuid
import zlib
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..errors import FastsalError
from ..io.reasons import text_of

if TYPE_CHECKING:
    from .batch import Task

_AHEAD = 3  # tasks per thread: one runs, and the next are there when it ends
_TICK = 0.5
_PATIENCE = 300.0  # seconds without any worker


def _packed_call(task: Task) -> bytes:
    """Return the function and arguments of a task in few bytes.

    Dask's client and scheduler remember their last 1,000 messages. With plain arguments these
    held 1.3 kB for each image file.
    """
    from distributed.protocol.pickle import dumps

    return zlib.compress(dumps((task.function, task.arguments)), 1)


def _unpacked_call(packed: bytes) -> Any:
    """Run a task on a worker."""
    from distributed.protocol.pickle import loads

    function, arguments = loads(zlib.decompress(packed))
    return function(*arguments)


class Tasks:
    """Submit tasks and collect their results in any order.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._running: dict[Any, Task] = {}
        self._bound: dict[Any, frozenset[str]] = {}  # to these workers
        self._ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._room = 0
        self._looked = -float("inf")
        self._served = time.monotonic()  # when there was a worker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        futures, self._running = list(self._running), {}
        if futures and self._client.status == "running":
            self._client.cancel(futures, asynchronous=False, force=True)

    @property
    def is_full(self) -> bool:
        """Whether the cluster has enough to do."""
        self._look()
        is_taken = any(task.is_alone for task in self._running.values())
        return is_taken or len(self._running) >= max(1, self._room)

    @property
    def is_empty(self) -> bool:
        """Whether no task is on the cluster."""
        return not self._running

    def submit(self, task: Task) -> None:
        """Send a task to a worker, to another one than `task.avoid` if there is another one."""
        others = [each for each in self._addresses if each != task.avoid] if task.avoid else []
        # Exactly those: Dask's other choice, a preference, gives most tasks to the idle worker.
        future = self._client.submit(
            _unpacked_call, _packed_call(task), key=f"fastsal-{task.step}-{uuid.uuid4().hex}",
            workers=others or None,
        )  # fmt: skip
        self._running[future] = task
        if others:
            self._bound[future] = frozenset(others)
        future.add_done_callback(self._ready.put)

    def next(self) -> tuple[Task, Any, str]:
        """Wait for a task; return it with its result, or with the reason why there is none.

        Raises
        ------
        FastsalError
            The scheduler does not answer, or there has been no worker for minutes.
        """
        while True:
            try:
                future = self._ready.get(timeout=_TICK)  # so that Ctrl-C is seen
            except queue.Empty:
                self._look()
                continue
            if future in self._running:
                return self._taken(future)

    def _taken(self, future: Any) -> tuple[Task, Any, str]:
        from concurrent.futures import CancelledError

        from distributed.scheduler import KilledWorker

        self._check_scheduler()
        task = self._running[future]
        try:
            result, fault = future.result(), ""
        except KilledWorker:
            result, fault = None, "its workers ended several times; the memory may be too small"
        except CancelledError as error:
            self._check_scheduler()
            raise FastsalError("the cluster has cancelled the tasks") from error
        # A task catches errors of files; a worker with another version of fastsal fails like this,
        # for example.
        except Exception as error:
            self._check_scheduler()
            result, fault = None, " ".join(text_of(error).split())
        self._drop(future)
        return task, result, fault

    def _drop(self, future: Any) -> None:
        del self._running[future]
        self._bound.pop(future, None)
        future.release()

    def _look(self) -> None:
        """Read, once a second at most, how many workers there are."""
        self._check_scheduler()
        now = time.monotonic()
        if now - self._looked < 2 * _TICK:
            return
        self._looked = now
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        self._addresses = list(found)
        self._room = _AHEAD * sum(each["nthreads"] for each in found.values())
        for future, workers in list(self._bound.items()):
            if workers.isdisjoint(found):  # all of them have gone
                task = self._running[future]
                self._drop(future)
                self.submit(task._replace(avoid=""))
        if found:
            self._served = now
        elif now - self._served > _PATIENCE:
            raise FastsalError(
                f"the cluster has had no worker for {_PATIENCE / 60:g} minutes; start workers"
            )

    def _check_scheduler(self) -> None:
        if self._client.status != "running":
            raise FastsalError("the connection to the scheduler is lost")
