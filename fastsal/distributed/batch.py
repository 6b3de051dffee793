"""One batch on the client: jobs, their tasks and results."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from ..io.video_writer import add_remark
from ..pipelines.progress import progress_bar
from .report import BatchReport
from .sources import Source
from .tasks import Tasks

TRIES = 2  # of a file that fails, on two workers


class Job(NamedTuple):
    """One source and the files to make of it."""

    number: int
    source: Source
    targets: tuple[str, ...]  # names in the folder of outputs


class Task(NamedTuple):
    """One call on a worker."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    jobs: tuple[Job, ...]
    step: str  # its name, for the dashboard of Dask
    avoid: str = ""  # address of a worker that has failed with it
    is_alone: bool = False  # on the cluster: a worker that ends takes its waiting tasks along


class Plan(Protocol):
    """The tasks of a kind of job."""

    def first(self, jobs: Sequence[Job]) -> Iterable[Task]:
        """Return the first tasks of all jobs."""

    def after(self, task: Task, result: Any, ledger: Ledger) -> Iterable[Task]:
        """Note the result of a task, and return the tasks that follow from it."""

    def after_fault(self, task: Task, fault: str, ledger: Ledger) -> Iterable[Task]:
        """Note that a task had no result, and return the tasks that follow from that."""


class Ledger:
    """Results of the jobs.

    Parameters
    ----------
    jobs : sequence of Job
    unit : str
        Name of one job in the progress bar.
    skipped : sequence of Source
    progress : bool
    """

    def __init__(
        self, jobs: Sequence[Job], unit: str, skipped: Sequence[Source], progress: bool
    ) -> None:
        self._jobs = jobs
        self._skipped = [source.given for source in skipped]
        self._is_done = bytearray(1 + max((job.number for job in jobs), default=-1))
        self._count = 0  # of finished jobs
        self._failed: dict[int, str] = {}
        self._tries: Counter[int] = Counter()
        self._workers: Counter[str] = Counter()
        self._began = self._last = time.monotonic()
        self.bar = progress_bar(
            desc=f"{unit}s", unit=unit, total=len(jobs) + len(skipped), initial=len(skipped),
            shown=progress,
        )  # fmt: skip

    def start(self) -> None:
        """Note that the first task is about to be sent."""
        self._began = self._last = time.monotonic()

    @property
    def left(self) -> int:
        """Number of jobs that have no output and no failure yet."""
        return len(self._jobs) - self._count - len(self._failed)

    def finish(self, job: Job, worker: str) -> None:
        """Note the outputs of a job."""
        if not self._is_done[job.number]:
            self._failed.pop(job.number, None)
            self._is_done[job.number] = True
            self._count += 1
            self._workers[worker] += 1
            self._note(1)

    def fail(self, job: Job, message: str) -> None:
        """Note that a job has failed for good."""
        self._failed[job.number] = message
        self._note(1)

    def may_retry(self, job: Job) -> bool:
        """Count a failure, and return whether the job may be tried again."""
        self._tries[job.number] += 1
        return self._tries[job.number] < TRIES

    def report(self) -> BatchReport:
        """Return the report of all jobs until now."""
        given = {job.number: job.source.given for job in self._jobs}
        return BatchReport(
            done=[given[index] for index, is_done in enumerate(self._is_done) if is_done],
            skipped=self._skipped,
            failed=[(given[index], self._failed[index]) for index in sorted(self._failed)],
            seconds=self._last - self._began,
            workers=dict(self._workers),
        )

    def _note(self, number: int) -> None:
        self._last = time.monotonic()
        self.bar.update(number)


def run(plan: Plan, jobs: Sequence[Job], ledger: Ledger, client: Any) -> None:
    """Run all tasks of a plan; a bounded number of them is on the cluster at a time."""
    ledger.start()
    waiting = deque[Task]()
    first = iter(plan.first(jobs))
    with Tasks(client) as tasks:
        try:
            while True:
                while not tasks.is_full:
                    if waiting and waiting[0].is_alone and not tasks.is_empty:
                        break
                    task = waiting.popleft() if waiting else next(first, None)
                    if task is None:
                        break
                    tasks.submit(task)
                if tasks.is_empty:
                    return
                task, result, fault = tasks.next()
                if fault:
                    waiting.extend(plan.after_fault(task, fault, ledger))
                else:
                    waiting.extend(plan.after(task, result, ledger))
        except BaseException as error:
            remark = f"{len(jobs) - ledger.left} of {len(jobs)} files are finished; run it again"
            add_remark(error, f"{remark} to continue")
            raise
