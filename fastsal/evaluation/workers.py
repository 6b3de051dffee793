"""Processes with one thread each, which score samples.

They are separate programs rather than children of `multiprocessing`. Its "spawn" runs the caller's
script again, and its "fork" copies the threads of numerical libraries in any state.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self

from ..errors import FastsalError

_CODE = "from fastsal.evaluation.workers import serve; serve()"
_ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_BYTES = 500 * 1024**2  # a process, at its largest
_AHEAD = 2  # jobs per process that wait; few, so that another program's scores are seen


class Answer(NamedTuple):
    """Result of a job."""

    job: Any
    result: Any
    fault: str  # why there is no result, or ""


class Compiling(NamedTuple):
    """A process has begun to compile a kernel."""

    kernel: str


class Workers:
    """A fixed number of processes.

    Parameters
    ----------
    count : int
    scorer : object
        Pickled and sent to each process. It is called with a job and returns the result.
    """

    def __init__(self, count: int, scorer: Any) -> None:
        self._count = count
        self._scorer = pickle.dumps(scorer)
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer | Compiling] = queue.SimpleQueue()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._is_closed = False

    def __enter__(self) -> Self:
        for _ in range(self._count):
            threading.Thread(target=self._feed, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._is_closed = True
        for _ in range(self._count):
            self._jobs.put(None)
        for process in list(self._processes):
            process.kill()
        for process in list(self._processes):
            process.wait()

    def run(self, jobs: Iterable[Any]) -> Iterator[Answer | Compiling]:
        """Yield answers as they come, in any order; jobs are taken when a process is free."""
        waiting = 0
        source = iter(jobs)
        is_over = False
        while True:
            while not is_over and waiting < _AHEAD * self._count:
                try:
                    self._jobs.put((next(source),))
                    waiting += 1
                except StopIteration:
                    is_over = True
            if not waiting:
                return
            try:
                answer = self._answers.get(timeout=0.5)  # so that Ctrl-C works on any system
            except queue.Empty:
                continue
            waiting -= isinstance(answer, Answer)
            yield answer

    def _feed(self) -> None:
        """Give jobs to one process, and start another if it ends."""
        process = None
        while (item := self._jobs.get()) is not None and not self._is_closed:
            (job,) = item
            try:
                process = process or self._started()
                self._answers.put(self._asked(process, job))
            except (OSError, EOFError, pickle.UnpicklingError) as error:
                self._answers.put(Answer(job, None, _fault(process, error)))
                if process is not None:
                    _end(process)
                    self._processes.discard(process)
                    process = None
        if process is not None:
            _end(process)

    def _asked(self, process: subprocess.Popen[bytes], job: Any) -> Answer:
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump(job, process.stdin)
        process.stdin.flush()
        while isinstance(found := pickle.load(process.stdout), Compiling):
            self._answers.put(found)
        result, fault = found
        return Answer(job, result, fault)

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            **dict.fromkeys(_ONE_THREAD, "1"),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, start_new_session=True,
        )  # fmt: skip
        self._processes.add(process)
        if self._is_closed:  # meanwhile
            process.kill()
        assert process.stdin is not None
        process.stdin.write(self._scorer)
        process.stdin.flush()
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # the answer is not needed


def _fault(process: subprocess.Popen[bytes] | None, error: Exception) -> str:
    if process is None:
        return f"no process could be started: {error}"
    try:
        status = process.wait(5)
    except subprocess.TimeoutExpired:
        return f"its process sent no valid answer: {error}"
    cause = f"signal {-status}" if status < 0 else f"status {status}"
    return f"its process ended with {cause}; the memory may be too small"


def serve() -> None:
    """Answer jobs from stdin until it closes."""
    jobs = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # Libraries that print must not reach the answers.
    os.dup2(2, 1)
    import cv2

    from ..kernels import watch

    cv2.setNumThreads(1)
    scorer = pickle.load(jobs)

    def send(answer: Any) -> None:
        pickle.dump(answer, answers)
        answers.flush()

    with watch.watching(_Watch(send)):
        while True:
            try:
                job = pickle.load(jobs)
            except EOFError:
                return
            send(attempt(scorer, job))


def attempt(scorer: Any, job: Any) -> tuple[Any, str]:
    """Return the result of a job and "", or None and the reason why there is none."""
    try:
        return scorer(job), ""
    # An error in one sample must not stop the others.
    except Exception as error:
        return None, reason_of(error)


def reason_of(error: Exception) -> str:
    """Return an error as one line; errors that are not fastsal's are named by their type."""
    if isinstance(error, MemoryError):
        return "out of memory"
    text = " ".join(str(error).split())
    is_plain = isinstance(error, FastsalError) or type(error) in (TypeError, ValueError)
    return text if is_plain and text else f"{type(error).__name__}: {text}"


class _Watch:
    """Reports each kernel that is compiled."""

    def __init__(self, send: Any) -> None:
        self._send = send

    def started(self, name: str) -> None:
        """Take note that a kernel is about to be compiled."""
        self._send(Compiling(name))

    def done(self, name: str) -> None:
        """Take note that a kernel has been compiled or loaded."""


def default_count() -> int:
    """Return the number of cores that this process may use, or fewer if the memory is small."""
    from ..pipelines.helpers import count

    return count() + 1
